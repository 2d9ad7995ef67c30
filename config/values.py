"""The kinds of single values that a setting can hold, each read from the text that was written.

Every reader also takes the value itself (a `timedelta`, a `date`, a number), so that settings can be made in code.
What cannot be read is a SettingError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from config.problems import SettingError, nearest, quote, suggest

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(r"([0-9]{1,9})([smhdw])")
DAYS = re.compile(r"(-?[0-9]{1,5}(?:\.[0-9]{1,3})?)d")
NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MOMENT = "([01]?[0-9]|2[0-3]):([0-5][0-9])"
HOURS = re.compile(rf"{MOMENT} *- *{MOMENT}")
EMAIL = re.compile(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
COUNTRY = re.compile(r"[A-Z]{2}")
REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
LONGEST_DURATION = timedelta(days=3660)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def read_text(value: Any) -> str:
    """The text, without white space around it."""
    if isinstance(value, (list, tuple)):
        raise SettingError("a list stands here; write one value")
    if isinstance(value, dict):
        raise SettingError("settings stand here; write one value")
    if not isinstance(value, str):
        raise SettingError("text is needed; write it in quotes")
    if not value.strip():
        raise SettingError("the text is empty; write some, or remove the setting")
    return value.strip()


def read_flag(value: Any) -> bool:
    """True or False."""
    if isinstance(value, bool):
        return value
    text = read_text(value)
    if text not in {"true", "false"}:
        raise SettingError(f"{quote(text)} is not a yes or no; write true or false")
    return text == "true"


def read_whole(value: Any) -> int:
    """A whole number from 1 on."""
    if isinstance(value, int):
        return value
    text = read_text(value)
    if not re.fullmatch(r"[1-9][0-9]{0,17}", text):
        raise SettingError(f"{quote(text)} is not a whole number; write digits only, like 12345")
    return int(text)


def read_date(value: Any) -> date:
    """A day."""
    if isinstance(value, date):
        return value
    text = read_text(value)
    if DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise SettingError(f"{quote(text)} is not in the calendar; write an existing day") from None
    raise SettingError(f"{quote(text)} is not a date; write year-month-day, like 2026-07-03")


def read_duration(value: Any) -> timedelta:
    """A stretch of time longer than none."""
    if isinstance(value, timedelta):
        return value
    text = read_text(value)
    found = DURATION.fullmatch(text)
    if not found:
        raise SettingError(
            f"{quote(text)} is not a duration; write a whole number with s, m, h, d or w, like 90s, 5m or 48h"
        )
    seconds = int(found[1]) * SECONDS[found[2]]
    if not 0 < seconds <= LONGEST_DURATION.total_seconds():
        raise SettingError(f"{quote(text)} is out of range; write more than 0s and at most {LONGEST_DURATION.days}d")
    return timedelta(seconds=seconds)


def read_lag(value: Any) -> float:
    """Working days, negative where the successor may begin earlier."""
    if isinstance(value, (int, float)):
        return float(value)
    text = read_text(value)
    found = DAYS.fullmatch(text)
    if not found:
        raise SettingError(f"{quote(text)} is not a number of days; write it with a d, like 5d or 0.5d")
    return float(found[1])


def read_effort(value: Any) -> float:
    """Days of work, more than none."""
    days = read_lag(value)
    if days <= 0:
        raise SettingError("an effort is more than 0 days; write for example 15d")
    return days


def read_share(value: Any) -> float:
    """A share from 0 to 1 out of `60%` or `0.6`."""
    number = _number(value)
    if number is None:
        raise SettingError(f"{quote(read_text(value))} is not a share; write a percentage, like 60%")
    if not 0 <= number <= 1:
        raise SettingError(f"{quote(str(value))} is not between 0% and 100%; write a percentage, like 60%")
    return number


def read_target(value: Any) -> float:
    """A share, seconds or a count out of `90%`, `48h` or `0.9`."""
    number = _number(value)
    if number is not None:
        return number
    text = read_text(value)
    if DURATION.fullmatch(text):
        return read_duration(text).total_seconds()
    raise SettingError(f"{quote(text)} is not a target; write a share like 0.9 or 90%, or a duration like 48h")


def _number(value: Any) -> float | None:
    if isinstance(value, (int, float)):
        return float(value)
    text = read_text(value)
    if NUMBER.fullmatch(text):
        return float(text)
    if text.endswith("%") and NUMBER.fullmatch(text[:-1].rstrip()):
        return float(text[:-1]) / 100
    return None


def read_list(value: Any) -> Any:
    """A list out of a list or a single text, which stands for a list of one."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, dict):
        raise SettingError("settings stand here; write a list, like [one, two]")
    if isinstance(value, (list, tuple)) and not value:
        raise SettingError("the list is empty; write at least one entry, or remove the setting")
    return value


def read_address(value: Any) -> str:
    """A web address without credentials. It is never repeated in a message."""
    text = read_text(value)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise SettingError("this is not a web address; write one like https://acme.example") from None
    if parts.scheme not in {"https", "http"} or not host or port == 0 or re.search(r"\s", text):
        raise SettingError("this is not a web address; write one like https://acme.example")
    if parts.username is not None or parts.password is not None:
        raise SettingError("an address holds no user or password; write them as `user:` and as a secret reference")
    return text


def read_site(value: Any) -> str:
    """A web address to which paths are added: no query, no fragment, no slash at its end."""
    text = read_address(value)
    if "?" in text or "#" in text:
        raise SettingError("an address ends before `?` and `#`; write it without them")
    return text.rstrip("/")


def read_path(value: Any, info: ValidationInfo) -> Path:
    """A path; a relative one is meant from the folder of the configuration file."""
    if isinstance(value, Path):
        return value
    text = read_text(value)
    folder = (info.context or {}).get("folder")
    return folder / text if isinstance(folder, Path) else Path(text)


def read_email(value: Any) -> str:
    """An e-mail address."""
    text = read_text(value)
    if not EMAIL.fullmatch(text):
        raise SettingError(f"{quote(text)} is not an e-mail address; write one like li.wei@acme.example")
    return text


def read_name(value: Any) -> str:
    """A short name by which the file and the command line refer to something."""
    text = read_text(value)
    if not NAME.fullmatch(text):
        raise SettingError(f"{quote(text)} is not a name; use letters, digits, `-`, `_` and `.`, at most 64")
    return text


def read_country(value: Any) -> str:
    """The two letters of a country (ISO 3166-1)."""
    text = read_text(value)
    if not COUNTRY.fullmatch(text):
        like = text.upper() if COUNTRY.fullmatch(text.upper()) else "CN"
        raise SettingError(f"{quote(text)} is not a country code; write two capital letters, like {like}")
    return text


def read_zone(value: Any) -> str:
    """The name of a time zone that this machine knows."""
    text = read_text(value)
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(text, available_timezones())
        instead = f"did you mean `{near}`?" if near else "write one like Europe/Berlin or Asia/Shanghai"
        raise SettingError(f"{quote(text)} is not a time zone; {instead}") from None
    return text


def read_repository(value: Any) -> str:
    """A GitHub repository."""
    text = read_text(value)
    if not REPOSITORY.fullmatch(text):
        raise SettingError(f"{quote(text)} is not a repository; write owner/name, like acme/erp")
    return text


def read_weekdays(value: Any) -> frozenset[int]:
    """The days of the week, Monday is 0, out of `mon-fri`, `mon, wed` or a list of them."""
    if isinstance(value, (frozenset, set)):
        return frozenset(value)
    parts = value if isinstance(value, (list, tuple)) else read_text(value).split(",")
    days: set[int] = set()
    for part in parts:
        ends = [_weekday(end) for end in read_text(part).split("-", 1)]
        days.update((ends[0] + step) % 7 for step in range((ends[-1] - ends[0]) % 7 + 1))
    if not days:
        raise SettingError("no day is given; write days like mon-fri")
    return frozenset(days)


def _weekday(text: str) -> int:
    name = text.strip().casefold()
    if name not in WEEKDAYS:
        raise SettingError(f"{quote(text.strip())} is not a day of the week; write days like mon-fri or mon, wed")
    return WEEKDAYS.index(name)


def read_hours(value: Any) -> tuple[time, time]:
    """When work begins and ends on a working day."""
    if isinstance(value, tuple):
        return value
    text = read_text(value)
    found = HOURS.fullmatch(text)
    if not found:
        raise SettingError(f'{quote(text)} are not hours of a day; write them like "09:00-18:00"')
    hours = time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4]))
    if hours[0] >= hours[1]:
        raise SettingError(f'the end of {quote(text)} is not after its beginning; write hours like "09:00-18:00"')
    return hours


def one_of(names: Iterable[str] | type[StrEnum]) -> BeforeValidator:
    """A reader that lets only these names through."""
    known = tuple(str(name) for name in names)

    def read_choice(value: Any) -> Any:
        text = read_text(value)
        if text not in known:
            raise SettingError(f"{quote(text)} is not known here; {suggest(text, known)}")
        return text

    return BeforeValidator(read_choice)


def matching(pattern: str, what: str, example: str) -> BeforeValidator:
    """A reader that lets only texts of this form through."""

    def read_form(value: Any) -> str:
        text = read_text(value)
        if not re.fullmatch(pattern, text):  # compiled on first use: most commands never need most of them
            raise SettingError(f"{quote(text)} is not {what}; write one like {example}")
        return text

    return BeforeValidator(read_form)


def _typed(read: Callable[..., Any], **schema: Any) -> tuple[BeforeValidator, WithJsonSchema]:
    return BeforeValidator(read), WithJsonSchema(schema)


Text = Annotated[str, BeforeValidator(read_text)]
Flag = Annotated[bool, BeforeValidator(read_flag)]
Whole = Annotated[int, *_typed(read_whole, type="integer", minimum=1)]
Day = Annotated[date, BeforeValidator(read_date)]
Duration = Annotated[timedelta, *_typed(read_duration, type="string", pattern=f"^{DURATION.pattern}$")]
Lag = Annotated[float, *_typed(read_lag, type="string", pattern=f"^{DAYS.pattern}$")]
Effort = Annotated[float, *_typed(read_effort, type="string", pattern=f"^{DAYS.pattern}$")]
Share = Annotated[float, *_typed(read_share, type=["string", "number"], pattern="^[0-9.]+ *%$", minimum=0, maximum=1)]
Target = Annotated[float, *_typed(read_target, type=["string", "number"], minimum=0)]
Address = Annotated[str, *_typed(read_address, type="string", format="uri")]
Site = Annotated[str, *_typed(read_site, type="string", format="uri")]
FilePath = Annotated[Path, *_typed(read_path, type="string")]
Email = Annotated[str, *_typed(read_email, type="string", format="email")]
Name = Annotated[str, *_typed(read_name, type="string", pattern=f"^{NAME.pattern}$")]
Country = Annotated[str, *_typed(read_country, type="string", pattern="^[A-Z]{2}$")]
Zone = Annotated[str, BeforeValidator(read_zone)]
Repository = Annotated[str, *_typed(read_repository, type="string", pattern=f"^{REPOSITORY.pattern}$")]
Weekdays = Annotated[
    frozenset[int],
    *_typed(read_weekdays, anyOf=[{"type": "string"}, {"type": "array", "items": {"enum": list(WEEKDAYS)}}]),
]
Hours = Annotated[tuple[time, time], *_typed(read_hours, type="string", pattern=f"^{HOURS.pattern}$")]

LISTED = _typed(read_list, anyOf=[{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}])
Texts = Annotated[tuple[Text, ...], *LISTED]
Repositories = Annotated[tuple[Repository, ...], *LISTED]
