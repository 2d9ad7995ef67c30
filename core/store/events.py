"""The occurrences of calendars: a stretch of one calendar is saved as a whole, and what left it is marked as gone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from core.model import Agenda, Attendance, Event, EventStatus
from core.store import tables
from core.store.runs import get_note, set_note
from core.store.tables import instant, micros
from core.store.text import clean
from core.store.upsert import Row, among, by_key, encoded, plain, raw, replace, serialise

FEW_GONE = 20
SHARE_GONE = 0.3
"""More than so many and more than such a share of a calendar gone at once is not believed at first."""
PROBATION = timedelta(hours=24)
"""For how long such an answer has to stay the same until it is."""

_NAMES = [column.name for column in tables.events.columns]
_DELETED_AT = _NAMES.index("deleted_at")
_UID = _NAMES.index("uid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What saving a stretch of a calendar brought: occurrences that are new or changed, and that are gone.

    `held_back` counts those that seem to be gone and are not believed to be.
    """

    changed: int
    deleted: int
    held_back: int


def save_agenda(conn: Connection, source: str, agenda: Agenda, at: datetime, *, unread: Collection[str] = ()) -> Agreed:
    """Save every occurrence in a stretch of a calendar; those held there that did not come again are gone.

    Of what came and could not be read, by its UID (`unread`), what is held stands.
    An answer in which a great part is gone is held back until it has stayed so for a day: a calendar that is broken,
    or shared with us no longer, looks the same as an empty one. What is gone beside others of its own UID was moved or
    taken out of a series that is still there, and counts for no part of that. Raises ValueError for a time without a
    zone.
    """
    serialise(conn, f"source {source}")
    agenda = clean(agenda)
    table = tables.events
    wanted = by_key(table, [_row(event, at) for event in agenda.events])
    within = _touching(micros(agenda.from_at), micros(agenda.until_at))
    again = among(conn, table.c.uid, sorted({row[_UID] for row in wanted.values()}))
    of_calendar = (table.c.source == source, table.c.calendar == agenda.calendar)
    stored = by_key(table, plain(conn, select(*raw(table.c)).where(*of_calendar, or_(within, again))))
    inside = plain(conn, select(*table.primary_key).where(*of_calendar, table.c.deleted_at.is_(None), within))

    gone = [key for key in inside if key not in wanted and key[_UID] not in unread]
    there = {row[_UID] for row in wanted.values()}
    absent = [key for key in gone if key[_UID] not in there]
    held_back = 0
    if _is_doubtful(conn, source, agenda, len(absent), len(inside), at):
        gone, held_back = [key for key in gone if key[_UID] in there], len(absent)
    changed = {key: row for key, row in wanted.items() if key not in stored or stored[key][:-1] != row[:-1]}
    left = {key: (*stored[key][:_DELETED_AT], micros(at), micros(at)) for key in gone}
    replace(conn, table, stored.values(), {**stored, **changed, **left}.values())
    return Agreed(changed=len(changed), deleted=len(gone), held_back=held_back)


def events(conn: Connection, sources: Collection[str], from_at: datetime, until_at: datetime) -> list[Event]:
    """The occurrences of these sources that touch `[from_at, until_at)` and are not gone, by start and identity."""
    table = tables.events
    of_sources = (table.c.source.in_(list(sources)), table.c.deleted_at.is_(None))
    query = select(*raw(table.c)).where(*of_sources, _touching(micros(from_at), micros(until_at)))
    return [_event(row) for row in plain(conn, query.order_by(*raw([table.c.starts_at]), *table.primary_key))]


def count(conn: Connection) -> dict[str, int]:
    """How many occurrences of each source are held that are not gone."""
    table = tables.events
    query = select(table.c.source, func.count().label("held")).where(table.c.deleted_at.is_(None))
    return {row.source: row.held for row in conn.execute(query.group_by(table.c.source).order_by(table.c.source))}


def _is_doubtful(conn: Connection, source: str, agenda: Agenda, gone: int, held: int, at: datetime) -> bool:
    """Whether so much is gone that it is not believed yet. What is found so the first time is noted.

    With it is noted how much was held then: what comes meanwhile does not make the same loss a smaller part.
    """
    note = f"shrunk {agenda.calendar}"
    since, _, first_held = (get_note(conn, source, note) or "").partition(" ")
    if gone <= FEW_GONE or gone <= SHARE_GONE * min(held, int(first_held or held)):
        if since:
            set_note(conn, source, note, "")
        return False
    if not since:
        set_note(conn, source, note, f"{at.isoformat()} {held}")
        return True
    return at - datetime.fromisoformat(since) < PROBATION


def _touching(begin: int, end: int) -> ColumnElement[bool]:
    """The condition that an occurrence touches the stretch, also one that takes no time."""
    starts_at, ends_at = raw([tables.events.c.starts_at, tables.events.c.ends_at])
    return and_(starts_at < end, or_(ends_at > begin, starts_at >= begin))


def _row(event: Event, at: datetime) -> Row:
    return encoded(
        tables.events,
        source=event.source,
        calendar=event.calendar,
        uid=event.uid,
        recurrence_start=event.recurrence_start or "",
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        all_day=event.all_day,
        first_on=event.first_on,
        last_on=event.last_on,
        status=event.status.value,
        busy=event.busy,
        away=event.away,
        organizer=event.organizer,
        zone_guessed=event.zone_guessed,
        attendances=event.attendances,
        deleted_at=None,
        saved_at=at,
    )


def _event(row: Row) -> Event:
    values = dict(zip(_NAMES, row, strict=True))
    return Event(
        source=values["source"],
        calendar=values["calendar"],
        uid=values["uid"],
        recurrence_start=values["recurrence_start"] or None,
        title=values["title"],
        starts_at=instant(values["starts_at"]),
        ends_at=instant(values["ends_at"]),
        all_day=bool(values["all_day"]),
        first_on=date.fromisoformat(values["first_on"]) if values["first_on"] else None,
        last_on=date.fromisoformat(values["last_on"]) if values["last_on"] else None,
        status=EventStatus(values["status"]),
        busy=bool(values["busy"]),
        away=bool(values["away"]),
        organizer=values["organizer"],
        attendances=msgspec.json.decode(values["attendances"], type=tuple[Attendance, ...]),
        zone_guessed=bool(values["zone_guessed"]),
    )
