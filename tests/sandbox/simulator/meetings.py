"""The calendar of a story: meetings in their rhythm with all that comes between, and people who are away."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.sandbox.calendar.state import CalendarState
from tests.sandbox.simulator.cast import CAST, Member

CALENDAR = "team"
AHEAD = timedelta(days=200)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A meeting every week or, on the same day, every month. Times are on the wall clock of the story's zone.

    `meeting` is its id in the plan, None where the plan does not ask for it. `moved`, `cancelled` and `skipped` name
    occurrences by their original start; of a skipped one nothing is left to be seen. After `last` there is none.
    """

    title: str
    start: datetime
    every: str
    organizer: Member
    guests: tuple[Member, ...]
    meeting: str | None = None
    last: date | None = None
    moved: Mapping[datetime, datetime] = field(default_factory=dict)
    cancelled: Collection[datetime] = ()
    skipped: Collection[datetime] = ()

    def originals(self, until: date) -> Iterator[datetime]:
        """The original starts up to a day."""
        at = self.start
        while at.date() <= min(until, self.last or until):
            yield at
            at = at + WEEK if self.every == "week" else (at.replace(day=1) + timedelta(days=32)).replace(day=at.day)

    def held_on(self, until: date) -> set[date]:
        """The days on which it takes place, up to about a day."""
        gone = {*self.cancelled, *self.skipped}
        return {self.moved.get(at, at).date() for at in self.originals(until) if at not in gone}

    @property
    def rule(self) -> str:
        """Its rhythm as calendars write it."""
        rhythm = "FREQ=WEEKLY" if self.every == "week" else f"FREQ=MONTHLY;BYMONTHDAY={self.start.day}"
        return rhythm if self.last is None else f"{rhythm};UNTIL={self.last:%Y%m%d}T235959Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """Whole days on which somebody is away, both inclusive. `style` is the program that they entered it with.

    One that was called off is still to be seen in the calendar.
    """

    who: Member
    first: date
    last: date
    style: str = "outlook"
    called_off: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diary:
    """All that the team's calendar holds."""

    series: tuple[Series, ...] = ()
    absences: tuple[Absence, ...] = ()

    def away(self, who: Member) -> set[date]:
        """The days on which somebody is away."""
        return {
            absence.first + timedelta(days=day)
            for absence in self.absences
            if absence.who == who and not absence.called_off
            for day in range((absence.last - absence.first).days + 1)
        }


def enter(state: CalendarState, diary: Diary, zone: str) -> None:
    """Put the diary into an empty site of calendars."""
    for member in CAST:
        state.add_person(member.email, member.name)
    state.add_calendar(CALENDAR, zone=zone)
    for series in diary.series:
        uid = state.add_meeting(
            CALENDAR,
            series.title,
            series.start,
            zone=zone,
            rule=series.rule,
            organizer=series.organizer.email,
            guests=[guest.email for guest in series.guests],
        )
        for guest in series.guests:
            state.reply(CALENDAR, uid, guest.email, "ACCEPTED")
        for original, start in series.moved.items():
            state.move(CALENDAR, uid, start, original=original)
        for original in series.cancelled:
            state.cancel(CALENDAR, uid, original=original)
        for original in series.skipped:
            state.skip(CALENDAR, uid, original)
    for absence in diary.absences:
        uid = state.add_absence(CALENDAR, absence.who.email, absence.first, absence.last, style=absence.style)
        if absence.called_off:
            state.cancel(CALENDAR, uid)
