"""GitHub's notations for times, days, people and texts of ours. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

MARK = "<!-- planward:"
"""How the first line of a text of ours begins, which is not shown to readers."""
CALIFORNIA = ZoneInfo("America/Los_Angeles")
GHOST = "ghost"
"""Stands for every account that was deleted."""
BOT = "[bot]"


def instant(text: str) -> datetime:
    """The UTC instant of an ISO text. Raises ValueError where there is no offset."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a time has no offset")
    return found if found.tzinfo is UTC else found.astimezone(UTC)


def due_day(text: str) -> date:
    """The day that a milestone is due: GitHub keeps it as a midnight in California. Raises ValueError."""
    return instant(text).astimezone(CALIFORNIA).date()


@lru_cache(maxsize=4096)
def account_id(login: str | None, *, bot: bool) -> str | None:
    """Our name for an account, or None for nobody and for those that are deleted.

    A bot's login is `name` in one interface and `name[bot]` in the other. It is the second here: people cannot have it.
    """
    if not login or login == GHOST:
        return None
    return login if not bot or login.endswith(BOT) else login + BOT


def is_bot(login: str | None, typename: str) -> bool:
    """Whether an account is a program's."""
    return typename == "Bot" or (login or "").endswith(BOT)


def marker_line(marker: str) -> str:
    """The first line of a text of ours."""
    return f"{MARK}{marker} -->"


def is_marked(body: str) -> bool:
    """Whether a text says of itself that Planward wrote it. Only with its author known may that be believed."""
    return body.lstrip().startswith(MARK)


def carries(body: str, marker: str) -> bool:
    """Whether a text carries this marker."""
    return body.lstrip().split("\n", 1)[0].strip() == marker_line(marker)
