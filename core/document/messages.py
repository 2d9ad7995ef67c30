"""Messages, dates, durations and shares in the reader's language, as text or as nodes of a document.

Nothing here knows the present: a text says "3 March 2026", never "3 days late".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from string import Formatter
from typing import TypeAlias

from core.document.catalogue import Wording, all_messages
from core.document.nodes import DateWord, Inline, Inlines, Text
from core.model import Clock, Direction, Finding, Measurement, Unit

LANGUAGES = ("en", "zh-CN")

Value: TypeAlias = Inline | Inlines | str | int | float | date | None
"""What may fill a placeholder."""

_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNKNOWN = "–"


@cache
def _catalogue() -> Mapping[str, Wording]:
    return all_messages()


def template(key: str, language: str) -> str | None:
    """The message with its placeholders, or None when there is no such message. Any language but zh-CN is English."""
    wording = _catalogue().get(key)
    if wording is None:
        return None
    return wording.zh if language == "zh-CN" else wording.en


def say(key: str, language: str, /, **values: Value) -> str:
    """The message as plain text. A value that is missing shows as a dash, a date in the language's own way.

    Raises KeyError for a message that does not exist.
    """
    return plain(phrase(key, language, **values), language)


def phrase(key: str, language: str, /, **values: Value) -> Inlines:
    """The message as nodes: a value that is a node or several stays one, anything else becomes a text or a date.

    Raises KeyError for a message that does not exist.
    """
    wording = template(key, language)
    if wording is None:
        raise KeyError(key)
    nodes: list[Inline] = []
    for literal, name, _, _ in Formatter().parse(wording):
        if literal:
            nodes.append(Text(literal))
        if name is not None:
            nodes.extend(_nodes(values.get(name)))
    return tuple(nodes)


def _nodes(value: Value) -> Inlines:
    match value:
        case None:
            return (Text(_UNKNOWN),)
        case tuple():
            return value
        case date():
            return (DateWord(value),)
        case str() | int() | float():
            return (Text(str(value)),)
        case _:
            return (value,)


def plain(inlines: Inlines, language: str) -> str:
    """The words of the nodes without any markup; not yet cleaned of hostile characters."""
    return "".join(_word(node, language) for node in inlines)


def _word(node: Inline, language: str) -> str:
    if isinstance(node, DateWord):
        return date_text(node.on, language)
    return getattr(node, "text", " ")


def date_text(on: date, language: str) -> str:
    """A day in words: "3 March 2026" or "2026年3月3日"."""
    if language == "zh-CN":
        return f"{on.year}年{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def month_text(on: date, language: str, *, with_year: bool) -> str:
    """The month of a day for the labels of a chart: "Mar", "Mar 2026", "3月" or "2026年3月"."""
    if language == "zh-CN":
        return f"{on.year}年{on.month}月" if with_year else f"{on.month}月"
    name = _MONTHS[on.month - 1][:3]
    return f"{name} {on.year}" if with_year else name


def short_day_text(on: date, language: str) -> str:
    """A day for the labels of a chart that names the year elsewhere: "2 Mar" or "3月2日"."""
    if language == "zh-CN":
        return f"{on.month}月{on.day}日"
    return f"{on.day} {_MONTHS[on.month - 1][:3]}"


def duration_text(seconds: float, language: str, clock: Clock = Clock.ELAPSED) -> str:
    """A duration in its two largest units: "2 d 4 h". Working time stays in hours, as its days have no 24 of them."""
    sign = "-" if seconds < 0 else ""
    minutes = int(abs(seconds) // 60)
    if minutes == 0:
        return say("minutes", language, n=0) if seconds == 0 else say("under_a_minute", language)
    days, rest = divmod(minutes, 24 * 60) if clock is Clock.ELAPSED else (0, minutes)
    hours, left = divmod(rest, 60)
    amounts = [(key, n) for key, n in (("days", days), ("hours", hours), ("minutes", left)) if n]
    first = ("days", "hours", "minutes").index(amounts[0][0])
    near = [(key, n) for key, n in amounts if ("days", "hours", "minutes").index(key) <= first + 1]
    return sign + " ".join(say(key, language, n=n) for key, n in near)


def working_days_text(seconds: float | None, day_seconds: float, language: str) -> str:
    """Working time in days of that length, to a hundredth: "12.25 d". A dash where nobody knows it."""
    if seconds is None:
        return _UNKNOWN
    return say("days", language, n=f"{seconds / day_seconds:.2f}".rstrip("0").rstrip("."))


def limit_text(limit: timedelta, language: str) -> str:
    """A configured limit as people say it: "48 h" up to four days, then whole days where it has them."""
    hours, seconds = divmod(int(limit.total_seconds()), 3600)
    if seconds == 0 and (hours <= 96 or hours % 24):
        return say("hours", language, n=hours)
    return duration_text(limit.total_seconds(), language)


def share_text(share: float, target: float | None = None) -> str:
    """A share in per cent, with as many decimals as it takes to stand on its own side of the target.

    89.6 % of a wanted 90 % is not rounded up to it.
    """
    for decimals in range(5):
        text = f"{share * 100:.{decimals}f}"
        if target is None or _side(float(text), target * 100) == _side(share * 100, target * 100):
            break
    return f"{text} %"


def _side(value: float, target: float) -> int:
    """-1 below the target, 0 on it, 1 above it."""
    return 0 if math.isclose(value, target, abs_tol=1e-9) else (1 if value > target else -1)


def number_text(number: float) -> str:
    """A count, without a fraction that says nothing."""
    return str(int(number)) if float(number).is_integer() else f"{number:.1f}"


def value_text(
    unit: Unit, value: float, language: str, *, clock: Clock = Clock.ELAPSED, target: float | None = None
) -> str:
    """A measured value or target in the words of its unit. A date is counted in days since 1970-01-01."""
    match unit:
        case Unit.SHARE:
            return share_text(value, target)
        case Unit.SECONDS:
            return duration_text(value, language, clock)
        case Unit.DATE:
            return date_text(date(1970, 1, 1) + timedelta(days=int(value)), language)
        case Unit.COUNT:
            return number_text(value)


def target_text(measured: Measurement, language: str, clock: Clock = Clock.ELAPSED) -> str:
    """What was aimed at: "≥ 90 %", or a dash."""
    if measured.target is None:
        return say("no_target", language)
    sign = "≥" if measured.direction is Direction.UP else "≤"
    return f"{sign} {value_text(measured.unit, measured.target, language, clock=clock)}"


def kpi_title(kpi: str, language: str, within: timedelta | None = None, clock: Clock = Clock.ELAPSED) -> str:
    """The KPI's title, with its limit and clock in it where it has them. An unknown id is its own title."""
    if within is not None and template(f"kpi.{kpi}.within", language) is not None:
        limit = limit_text(within, language)
        return say(f"kpi.{kpi}.within", language, limit=limit, clock=say(clock.value, language))
    return say(f"kpi.{kpi}", language) if template(f"kpi.{kpi}", language) is not None else kpi


def reason_text(code: str, language: str) -> str:
    """Why a number is missing, in words. A code that has none is shown with its underscores as spaces."""
    return _by_code("reason", code, language)


def excluded_text(code: str, language: str) -> str:
    """Why a row was left out, in words."""
    return _by_code("excluded", code, language)


def _by_code(family: str, code: str, language: str) -> str:
    return (
        say(f"{family}.{code}", language)
        if template(f"{family}.{code}", language) is not None
        else code.replace("_", " ")
    )


def finding_phrase(finding: Finding, language: str, name: Inlines | None = None, **linked: Inlines) -> Inlines:
    """What the finding says, as nodes. Its facts fill the placeholders; `name` stands for its subject, linked perhaps,
    and `linked` for those of its facts that are given as nodes.

    A kind without a message shows its own name and its subject.
    """
    shown = name if name is not None else (Text(subject_text(finding)),)
    facts: dict[str, Value] = {**{key: _fact(key, value) for key, value in finding.facts.items()}, **linked}
    for variant in (finding.facts.get("cause"), "counted" if _counts_tell(finding) else None):
        if variant is not None and template(f"finding.{finding.kind}.{variant}", language) is not None:
            return phrase(f"finding.{finding.kind}.{variant}", language, **{**facts, "name": shown})
    if template(f"finding.{finding.kind}", language) is not None:
        return phrase(f"finding.{finding.kind}", language, **{**facts, "name": shown})
    return (Text(f"{finding.kind.replace('_', ' ')}: "), *shown)


def _counts_tell(finding: Finding) -> bool:
    """Whether the counted work items show why it is not finished.

    They do not where all of them are done: then an item that is none of them is open, such as one named in the plan
    whose sub-tasks are counted, or a deliverable of the milestone has none.
    """
    items, finished = finding.facts.get("items"), finding.facts.get("finished_items")
    return bool(items) and items != finished


def subject_text(finding: Finding) -> str:
    """What the finding is about: the item's key with its title, or the plan entry's id with its name.

    A title is whatever somebody wrote in a tracker, perhaps half a sentence: so it stands in quotation marks.
    """
    facts = finding.facts
    if not facts.get("name"):
        return str(facts.get("key") or finding.subject)
    return f"{facts['key']} “{facts['name']}”" if facts.get("key") else f"{finding.subject} {facts['name']}"


def _fact(key: str, value: str | int | float | None) -> Value:
    if isinstance(value, str) and key.endswith("_on"):
        return date.fromisoformat(value)
    return value


def finding_text(finding: Finding, language: str) -> str:
    """What the finding says, as one sentence of plain text."""
    return plain(finding_phrase(finding, language), language)


def advice_text(finding: Finding, language: str) -> str | None:
    """What to do about a finding of its kind and cause, or None where nothing general can be said."""
    for key in (f"advice.{finding.kind}.{finding.facts.get('cause')}", f"advice.{finding.kind}"):
        if template(key, language) is not None:
            return say(key, language)
    return None
