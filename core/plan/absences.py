"""Who is away when: what the calendars themselves call an absence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.history.calendar import Interval, WorkingCalendar
from core.history.days import end_of_day, start_of_day
from core.model import Event, EventStatus, Response

Absences = Mapping[str, tuple[Interval, ...]]
"""The stretches in which people are away, by e-mail address in lower case. They may overlap and lie in any order."""

NOBODY: Mapping[tuple[str, str], str] = {}


def absences(
    events: Iterable[Event], calendar: WorkingCalendar, known: Mapping[tuple[str, str], str] = NOBODY
) -> Absences:
    """When each person is away.

    One that was cancelled, that leaves its time free, or that the person declined, is none. A whole-day one takes its
    days in the project's zone, whatever the zone of the calendar that it stands in. `known` tells the address of whom
    an account belongs to, by (source, account id): a calendar may know people by another address than the plan does.
    Nobody is known by name.
    """
    joined = {(source, account.casefold()): address for (source, account), address in known.items()}
    found: dict[str, list[Interval]] = {}
    for event in events:
        if event.away and event.busy and event.status is not EventStatus.CANCELLED:
            for account in _who_is_away(event):
                found.setdefault(joined.get((event.source, account), account), []).append(_stretch(event, calendar))
    return {who: tuple(stretches) for who, stretches in found.items()}


def _who_is_away(event: Event) -> set[str]:
    """Whose absence it is: of those who did not decline it, or of whoever entered it where nobody is invited."""
    invited = {one.email.casefold() for one in event.attendances if one.email and one.response is not Response.DECLINED}
    if event.attendances:
        return invited
    return {event.organizer.casefold()} if event.organizer else set()


def _stretch(event: Event, calendar: WorkingCalendar) -> Interval:
    if event.first_on is not None and event.last_on is not None:
        return start_of_day(event.first_on, calendar.zone), end_of_day(event.last_on, calendar.zone)
    return event.starts_at, event.ends_at
