"""Truth across tools: items that contradict each other, reviews that wait, meetings and people that are missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase

from core.history.calendar import WorkingCalendar
from core.history.days import start_of_day
from core.history.period import following, period_at, previous
from core.model import (
    Category,
    Deliverable,
    Event,
    EventStatus,
    Finding,
    Kind,
    Meeting,
    Period,
    PeriodKind,
    Plan,
    Severity,
    Tie,
)
from core.plan.absences import Absences
from core.plan.state import Work

CONTRADICTION = "contradiction"
REVIEW_WAITING = "review_waiting"
MEETING_MISSING = "meeting_missing"
OWNER_AWAY = "owner_away"

REVIEW_WITHIN_DAYS = 2
"""Working days after which a requested review is called late."""
FOLLOWS_WITHIN_DAYS = 3
"""Working days in which an issue should follow the pull requests that did its work."""
AHEAD = timedelta(days=31)
"""How far ahead it matters whether an owner is away."""

Place = tuple[str, str]


def contradictions(work: Sequence[Work], ties: Iterable[Tie], calendar: WorkingCalendar, today: date) -> list[Finding]:
    """Items about the same work of which one is done and the other is not.

    - `done_while_open`: an issue is done, and an item that does its work is open.
      It may be a follow-up, but somebody should look.
    - `merged_while_open`: all that did the work of an issue is closed, something of it is done, and some working days
      later the issue is still open.

    What was cancelled contradicts nothing: a pull request may be given up.
    """
    by_place = {(one.item.source, one.item.key): one for one in work}
    parts: dict[Place, list[Work]] = {}
    for tie in ties:
        if tie.part in by_place and tie.whole in by_place:
            parts.setdefault(tie.whole, []).append(by_place[tie.part])
    found = []
    for place, doing in sorted(parts.items()):
        whole = by_place[place]
        still_open = [one for one in doing if one.is_open]
        done = [one for one in doing if one.category is Category.DONE]
        if whole.category is Category.DONE and still_open:
            found.append(
                _contradiction("done_while_open", Severity.WARNING, whole, still_open, whole.finished_at, calendar)
            )
        elif whole.is_open and done and not still_open:
            times = [one.finished_at for one in done if one.finished_at is not None]
            if times and calendar.add_working_days(calendar.day_of(max(times)), FOLLOWS_WITHIN_DAYS) < today:
                found.append(_contradiction("merged_while_open", Severity.INFO, whole, done, max(times), calendar))
    return found


def _contradiction(
    cause: str,
    severity: Severity,
    whole: Work,
    others: Sequence[Work],
    since: datetime | None,
    calendar: WorkingCalendar,
) -> Finding:
    places = sorted((one.item.source, one.item.key) for one in others)
    return Finding(
        kind=CONTRADICTION,
        severity=severity,
        subject=f"{whole.item.source}:{whole.item.key}",
        facts={
            "cause": cause,
            "key": whole.item.key,
            "name": whole.item.title,
            "source": whole.item.source,
            "owner": whole.item.assignee,
            "others": ", ".join(key for _, key in places),
            "since_on": calendar.day_of(since).isoformat() if since else None,
        },
        evidence=((whole.item.source, whole.item.key), *places),
    )


def waiting_reviews(work: Iterable[Work], calendar: WorkingCalendar, today: date) -> list[Finding]:
    """Pull requests whose review was requested and did not come within two working days."""
    found = []
    for one in sorted(work, key=lambda one: (one.item.source, one.item.key)):
        if one.item.kind is not Kind.PULL_REQUEST or one.category is not Category.WAITING:
            continue
        since_on = calendar.day_of(_in_category_since(one))
        if calendar.add_working_days(since_on, REVIEW_WITHIN_DAYS) < today:
            found.append(
                Finding(
                    kind=REVIEW_WAITING,
                    severity=Severity.WARNING,
                    subject=f"{one.item.source}:{one.item.key}",
                    facts={
                        "key": one.item.key,
                        "name": one.item.title,
                        "source": one.item.source,
                        "owner": one.item.reporter,
                        "since_on": since_on.isoformat(),
                    },
                    evidence=((one.item.source, one.item.key),),
                )
            )
    return found


def _in_category_since(one: Work) -> datetime:
    spans = one.history.spans
    since = spans[-1].entered_at
    for span in reversed(spans):
        if span.category is not one.category:
            break
        since = span.entered_at
    return since


def missing_meetings(
    plan: Plan | None, events: Sequence[Event], calendar: WorkingCalendar, at: datetime
) -> list[Finding]:
    """Meetings of the plan that were not held, or are not in the calendar, in their rhythm.

    - `not_held`: the last whole week (month, quarter) had none that was not cancelled, although the plan was running.
    - `not_planned`: that one had, and the next one has none yet.

    A week in which nobody works needs none. `events` are those of the project's calendars, as far back and ahead as two
    of the longest rhythm.
    """
    found = []
    for meeting in plan.meetings if plan else ():
        if plan is None or meeting.every is None:
            continue
        held = sorted(_held_on(meeting, events, calendar))
        present = period_at(PeriodKind(meeting.every), at, calendar.zone)
        last, coming = previous(present, calendar.zone), following(present, calendar.zone)
        for cause, severity, period in (
            ("not_held", Severity.WARNING, last),
            ("not_planned", Severity.INFO, coming),
        ):
            if _is_expected(period, plan, calendar) and not any(
                period.start_on <= day <= period.end_on for day in held
            ):
                found.append(_missing(cause, severity, meeting, period))
                break
    return found


def _held_on(meeting: Meeting, events: Iterable[Event], calendar: WorkingCalendar) -> set[date]:
    """The days on which something of that title takes place."""
    wanted = meeting.match.casefold()
    return {
        event.first_on or calendar.day_of(event.starts_at)
        for event in events
        if event.status is not EventStatus.CANCELLED and fnmatchcase(event.title.strip().casefold(), wanted)
    }


def _is_expected(period: Period, plan: Plan, calendar: WorkingCalendar) -> bool:
    """Whether the plan runs throughout the period, and somebody works in it."""
    if plan.start_on is None or plan.start_on > period.start_on:
        return False
    if plan.due_on is not None and plan.due_on < period.end_on:
        return False
    days = (period.end_on - period.start_on).days + 1
    return any(calendar.is_working_day(period.start_on + timedelta(days=day)) for day in range(days))


def _missing(cause: str, severity: Severity, meeting: Meeting, period: Period) -> Finding:
    return Finding(
        kind=MEETING_MISSING,
        severity=severity,
        subject=meeting.id,
        facts={
            "cause": cause,
            "name": meeting.name,
            "every": meeting.every,
            "from_on": period.start_on.isoformat(),
            "until_on": period.end_on.isoformat(),
        },
    )


def absent_owners(
    open_entries: Iterable[Deliverable], away: Absences, calendar: WorkingCalendar, today: date
) -> list[Finding]:
    """Deliverables whose owner is away for half of the working time that is left, or more.

    Only those with a date from today to a month ahead. Whether their work fits into the rest of the time is told by
    `core.plan.capacity`, where the plan gives their effort; what is told there needs no telling here.
    """
    found = []
    for entry in open_entries:
        if entry.owner is None or not today <= entry.due_on <= today + AHEAD:
            continue
        absent = away.get(entry.owner.casefold(), ())
        days = [today + timedelta(days=day) for day in range((entry.due_on - today).days + 1)]
        bounds = [(start_of_day(day, calendar.zone), calendar.end_of_day(day)) for day in days]
        worked = [calendar.working_seconds(*bound) for bound in bounds]
        taken = [time - calendar.working_seconds(*bound, absent) for time, bound in zip(worked, bounds, strict=True)]
        if any(taken) and 2 * sum(taken) >= sum(worked):
            away_on = [day for day, seconds in zip(days, taken, strict=True) if seconds]
            found.append(
                Finding(
                    kind=OWNER_AWAY,
                    severity=Severity.WARNING,
                    subject=entry.id,
                    facts={
                        "entry": "deliverable",
                        "name": entry.name,
                        "owner": entry.owner,
                        "due_on": entry.due_on.isoformat(),
                        "from_on": away_on[0].isoformat(),
                        "until_on": away_on[-1].isoformat(),
                    },
                )
            )
    return found
