"""What people do to their calendars."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from copy import deepcopy
from datetime import date, datetime, timedelta
from typing import Any

from tests.sandbox.calendar.model import Calendar, Entry, Guest, Time
from tests.sandbox.clock import Clock

HOUR = timedelta(hours=1)


class CalendarState:
    """All calendars of the site. What is done is done at the clock's time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calendars: dict[str, Calendar] = {}
        self.people: dict[str, str] = {}
        self.lock = threading.RLock()
        self._made = 0

    def add_calendar(self, name: str, *, zone: str | None = None, secret: str | None = None) -> Calendar:
        """A new empty calendar. Its secret is told by nothing but its address."""
        with self.lock:
            made = Calendar(name, secret or f"private-{len(self.calendars) + 1:04d}c0ffee", zone, self.clock.now())
            self.calendars[name] = made
            return made

    def add_person(self, email: str, name: str) -> None:
        """Somebody who may be invited by e-mail address."""
        self.people[email] = name

    def add_meeting(
        self,
        calendar: str,
        title: str,
        start: Time,
        *,
        lasts: timedelta = HOUR,
        zone: str | None = None,
        rule: str | None = None,
        guests: Iterable[str] = (),
        organizer: str | None = None,
        uid: str | None = None,
        **fields: Any,
    ) -> str:
        """The UID of a new meeting. A naive start is in `zone`, or floating without one; a date is a whole day."""
        with self.lock:
            self._made += 1
            now = self.clock.now()
            whole_days = timedelta(days=max(1, lasts.days)) if not isinstance(start, datetime) else lasts
            entry = Entry(
                uid=uid or f"meeting-{self._made}@calendar.example",
                title=title,
                start=start,
                end=start + whole_days,
                zone=zone,
                rule=rule,
                organizer=organizer,
                guests=[Guest(email, self.people.get(email, email.partition("@")[0])) for email in guests],
                created=now,
                updated=now,
                **fields,
            )
            self._put(calendar, entry)
        return entry.uid

    def add_absence(
        self,
        calendar: str,
        email: str,
        first_on: date,
        last_on: date,
        *,
        title: str = "Holiday",
        style: str = "outlook",
    ) -> str:
        """The UID of an absence of whole days, both inclusive, as Outlook, Google or nobody in particular writes it."""
        with self.lock:
            google = style == "google"
            uid = f"absence-{self._made + 1}@google.com" if google else None
            return self.add_meeting(
                calendar,
                "Out of office" if google else title,
                first_on,
                lasts=last_on - first_on + timedelta(days=1),
                organizer=email,
                uid=uid,
                extra=["X-MICROSOFT-CDO-BUSYSTATUS:OOF"] if style == "outlook" else [],
            )

    def edit(self, calendar: str, uid: str, *, original: Time | None = None, **fields: Any) -> None:
        """Change a meeting, or with `original` one occurrence of its series (`and_later=True`: and all later ones)."""

        def change(entry: Entry) -> None:
            for name, value in fields.items():
                setattr(entry, name, value)

        self._change(calendar, uid, original, change)

    def move(self, calendar: str, uid: str, start: Time, *, original: Time | None = None) -> None:
        """Put a meeting or one occurrence elsewhere; it lasts as long as before."""

        def shift(entry: Entry) -> None:
            entry.start, entry.end = start, start + entry.lasts

        self._change(calendar, uid, original, shift)

    def cancel(self, calendar: str, uid: str, *, original: Time | None = None) -> None:
        """Call a meeting or one occurrence off; it stays to be seen as cancelled."""
        self.edit(calendar, uid, original=original, status="CANCELLED")

    def reply(self, calendar: str, uid: str, email: str, answer: str, *, original: Time | None = None) -> None:
        """Answer an invitation: ACCEPTED, DECLINED, TENTATIVE."""

        def note(entry: Entry) -> None:
            for guest in entry.guests:
                if guest.email == email:
                    guest.answer = answer

        self._change(calendar, uid, original, note)

    def skip(self, calendar: str, uid: str, original: Time) -> None:
        """Take one occurrence out of a series, without a trace but its exception."""

        def leave_out(entry: Entry) -> None:
            entry.skipped.append(original)

        self._change(calendar, uid, None, leave_out)

    def remove(self, calendar: str, uid: str) -> None:
        """Delete a meeting with all its occurrences."""
        with self.lock:
            home = self.calendars[calendar]
            home.entries = [entry for entry in home.entries if entry.uid != uid]
            home.changed = self.clock.now()

    def _change(self, calendar: str, uid: str, original: Time | None, change: Callable[[Entry], None]) -> None:
        with self.lock:
            entry = self._occurrence(calendar, uid, original)
            change(entry)
            entry.sequence += 1
            entry.updated = self.calendars[calendar].changed = self.clock.now()

    def _occurrence(self, calendar: str, uid: str, original: Time | None) -> Entry:
        """The entry of the series or of that occurrence, made when the occurrence was like the others until now."""
        held = {entry.original: entry for entry in self.calendars[calendar].entries if entry.uid == uid}
        if original in held:
            return held[original]
        assert original is not None
        made = deepcopy(held[None])
        made.original, made.rule, made.skipped = original, None, []
        made.start, made.end = original, original + made.lasts
        self._put(calendar, made)
        return made

    def _put(self, calendar: str, entry: Entry) -> None:
        home = self.calendars[calendar]
        home.entries.append(entry)
        home.changed = self.clock.now()
