"""The people of the plan: what time they have, and what they need of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from core.document.messages import excluded_text, say, share_text, working_days_text
from core.model import Capacity


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityLine:
    """A person's time in words. `short` where the work does not fit in, `left_out` what is not counted and why."""

    capacity: Capacity
    person: str
    allocation: str
    planned: str
    absent: str
    available: str
    needed: str
    short: bool
    left_out: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGroup:
    """The people in one window, in the order of their addresses."""

    title: str
    lines: tuple[CapacityLine, ...]


def compose(capacities: Iterable[Capacity], people: Mapping[str, str], language: str) -> tuple[CapacityGroup, ...]:
    """From today on, then in the period. `people` are the names to show by e-mail address. Nobody is ranked."""
    held = list(capacities)
    groups = (
        CapacityGroup(
            title=say(f"dashboard.capacity.{window}", language),
            lines=tuple(_line(one, people.get(one.who, one.who), language) for one in held if one.window == window),
        )
        for window in ("ahead", "period")
    )
    return tuple(group for group in groups if group.lines)


def _line(one: Capacity, person: str, language: str) -> CapacityLine:
    planned, absent, available, needed = (
        working_days_text(seconds, one.day_seconds, language)
        for seconds in (one.planned_seconds, one.absent_seconds, one.available_seconds, one.needed_seconds)
    )
    keys = [
        say("dashboard.capacity.left_out.key", language, key=key, reason=excluded_text(reason, language))
        for key, reason in one.left_out
    ]
    return CapacityLine(
        capacity=one,
        person=person,
        allocation="–" if one.allocation is None else share_text(one.allocation),
        planned=planned,
        absent=absent,
        available=available,
        needed=needed,
        short=(one.needed_seconds or 0.0) > (one.available_seconds or 0.0) and one.available_seconds is not None,
        left_out=say("dashboard.capacity.left_out", language, person=person, keys=say("and", language).join(keys))
        if keys
        else None,
    )
