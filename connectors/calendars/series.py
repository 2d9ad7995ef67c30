"""From the entries of one calendar to their occurrences within a window. Pure.

recurring-ical-events works out rules, exceptions and replacements. It gives all later occurrences of a "this and
following" change the same RECURRENCE-ID, so the original start of each is worked out here: that is its identity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from icalendar.prop import vDDDLists
from recurring_ical_events.adapters.event import EventAdapter
from recurring_ical_events.occurrence import Occurrence as LibraryOccurrence
from recurring_ical_events.series import Series as LibrarySeries

from connectors.calendars.entries import Entry, Time, Unreadable, aligned

MARGIN = timedelta(days=2)
"""How much wider is looked than asked, since days begin at other instants elsewhere."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that an event takes place. `original` is where its series first put it; None: it does not repeat."""

    entry: Entry
    uid: str
    original: str | None
    starts_at: datetime
    ends_at: datetime
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Series:
    """An event with its changed occurrences. `master` is None when only changed occurrences were published."""

    uid: str
    master: Entry | None
    changed: tuple[Entry, ...]

    @property
    def repeats(self) -> bool:
        """Whether its occurrences need their original start to be told apart."""
        return bool(self.changed) or (self.master is not None and self.master.repeats)


def by_uid(entries: Iterable[Entry]) -> list[tuple[str, list[Entry]]]:
    """The entries with the same UID together, in a fixed order whatever the order of the entries was.

    What does not repeat comes first: it is read even where series use up all patience.
    """
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: entry.rank, reverse=True):
        found[entry.uid].append(entry)
    order = sorted(found, key=lambda uid: (any(entry.repeats for entry in found[uid]), uid))
    return [(uid, found[uid]) for uid in order]


def gather(uid: str, entries: Sequence[Entry]) -> list[Series]:
    """The series of one UID, from its entries in the order of `by_uid`.

    UIDs are not always unique: events with the same one and another start are events of their own, and get a name of
    their own. Of several with the same start the latest version counts. Raises one of UNREADABLE.
    """
    masters: dict[str, Entry] = {}
    for entry in entries:
        if entry.replaces is None:
            masters.setdefault(stamp(entry.start), entry)
    changed = [entry for entry in entries if entry.replaces is not None]
    if not masters:
        return [Series(uid, None, tuple(changed))]
    owned: dict[str, list[Entry]] = {start: [] for start in sorted(masters)}
    for entry in changed:
        start = _owner(entry, masters)
        owned[start].append(_fitted(entry, masters[start]))
    return [
        Series(uid if number == 0 else f"{uid} ({start})", _without_moved(masters[start], own), tuple(own))
        for number, (start, own) in enumerate(owned.items())
    ]


def expand(series: Series, from_at: datetime, until_at: datetime, home: ZoneInfo, most: int) -> list[Occurrence]:
    """The occurrences that touch `[from_at, until_at)`. Days are those of `home`.

    Raises Unreadable for more than `most`, and one of UNREADABLE where the library fails.
    """
    found: dict[str | None, Occurrence] = {}
    for seen, one in enumerate(_worked_out(series, from_at - MARGIN, until_at + MARGIN)):
        if seen >= most:
            raise Unreadable(f"it takes place more than {most} times within the time that is looked at")
        occurrence = _occurrence(series, one, home)
        if _touches(occurrence, from_at, until_at):
            found.setdefault(occurrence.original, occurrence)
    return list(found.values())


def stamp(time: Time) -> str:
    """A day as `2026-03-02`, an instant as `2026-03-02T09:00:00Z`."""
    if not isinstance(time, datetime):
        return time.isoformat()
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _owner(changed: Entry, masters: dict[str, Entry]) -> str:
    """The start of the event whose occurrence was changed: the last that repeats and had begun, or the first."""
    assert changed.replaces is not None
    repeating = [start for start in sorted(masters) if masters[start].repeats] or sorted(masters)
    begun = [start for start in repeating if start[:10] <= stamp(changed.replaces)[:10]]
    return begun[-1] if begun else repeating[0]


def _fitted(changed: Entry, master: Entry) -> Entry:
    """The changed occurrence with its original start as what its series has: a day, or a time."""
    assert changed.replaces is not None
    original = aligned(changed.replaces, master.start)
    if original == changed.replaces:
        return changed
    component = changed.component.copy()
    parameters = changed.component["RECURRENCE-ID"].params
    component.pop("RECURRENCE-ID")
    component.add("RECURRENCE-ID", original, parameters={k: v for k, v in parameters.items() if k == "RANGE"})
    return replace(changed, component=component, replaces=original)


def _without_moved(master: Entry, changed: Sequence[Entry]) -> Entry:
    """The series without exceptions where a changed occurrence stands.

    Some programs write both: the occurrence is not where it was, and there it is now. Taken by the letter, the
    exception would take out the changed one too.
    """
    listed = master.component.get("EXDATE")
    if listed is None or not changed:
        return master
    original = {entry.replaces for entry in changed if entry.replaces is not None}
    original |= {time.astimezone(_zone(master)).date() for time in original if isinstance(time, datetime)}
    kept = [one.dt for one in listed.dts if one.dt not in original]
    if len(kept) == len(listed.dts):
        return master
    component = master.component.copy()
    component.pop("EXDATE")
    if kept:
        component["EXDATE"] = vDDDLists(kept)
    return replace(master, component=component)


def _zone(entry: Entry) -> tzinfo | None:
    return entry.start.tzinfo if isinstance(entry.start, datetime) else None


def _worked_out(series: Series, from_at: datetime, until_at: datetime) -> Iterator[_Found]:
    entries = [*([series.master] if series.master is not None else []), *series.changed]
    yield from _Worked([_Adapter(entry) for entry in entries]).between(from_at, until_at)


def _occurrence(series: Series, found: _Found, home: ZoneInfo) -> Occurrence:
    start, end = found.start, found.end
    original = stamp(found.original) if series.repeats else None
    if not isinstance(start, datetime):
        first, last = start, max(start, end - timedelta(days=1))
        starts_at, ends_at = midnight(first, home), midnight(last + timedelta(days=1), home)
        return Occurrence(found.entry, series.uid, original, starts_at, ends_at, first, last)
    starts_at = start.astimezone(UTC)
    # Where clocks go forward, 02:30 is after 03:15.
    return Occurrence(found.entry, series.uid, original, starts_at, max(starts_at, end.astimezone(UTC)), None, None)


def _touches(occurrence: Occurrence, from_at: datetime, until_at: datetime) -> bool:
    # What takes no time is there at its instant.
    ends_at = max(occurrence.ends_at, occurrence.starts_at + timedelta.resolution)
    return occurrence.starts_at < until_at and ends_at > from_at


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """When the day begins in the zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


class _Adapter(EventAdapter):  # type: ignore[misc] # the library has no types
    """An entry as the library wants it."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(entry.component)
        self.entry = entry


class _Found(LibraryOccurrence):  # type: ignore[misc] # the library has no types
    """What the library found, with the entry that it was made from and its original start."""

    start: Any
    end: Any

    def __init__(self, adapter: _Adapter, start: Any = None, end: Any = None) -> None:
        super().__init__(adapter, start, end)
        self.entry = adapter.entry
        moved = adapter.this_and_future and start is not None
        replaced = adapter.entry.replaces is not None
        self.original: Time = self.start - adapter.move_recurrences_by if moved else self.start
        if replaced and not moved:
            assert adapter.entry.replaces is not None
            self.original = adapter.entry.replaces


class _Worked(LibrarySeries):  # type: ignore[misc] # the library has no types
    """The library's series, whose occurrences know where they came from."""

    def occurrence(self, adapter: _Adapter, start: Any = None, end: Any = None) -> _Found:
        return _Found(adapter, start, end)
