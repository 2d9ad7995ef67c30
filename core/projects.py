"""One project held against its plan and measured: all is read from the store, and every result goes back there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from core.document.digest import digest_of
from core.document.messages import finding_text
from core.history.calendar import WorkingCalendar
from core.history.period import period_at, previous
from core.kpi.facts import ProjectFacts, gather
from core.kpi.measure import measure_all
from core.model import (
    Baseline,
    Basis,
    Capacity,
    Clock,
    Event,
    Finding,
    Measurement,
    Period,
    PeriodKind,
    Person,
    Plan,
    Role,
)
from core.places import keep_places
from core.plan import across, capacity
from core.plan.absences import absences
from core.plan.baseline import Entry
from core.plan.match import RoleRule
from core.plan.people import addresses
from core.plan.reconcile import SHADOW_WORK, reconcile
from core.plan.state import Standing, State
from core.publish.outbox import Wanted
from core.report.status import DeliverableLine, Freshness, MilestoneLine, OpenFinding, StatusInputs, compose
from core.store import events, items, lists, plans, results, runs, ties
from core.store.engine import Store

MOST_MISSED = 36
"""Periods for which it is looked back for those in which nothing was measured."""
MISSED_AT_ONCE = 6
STALE_AFTER = timedelta(days=1)
"""How old the data of a source may be and still be called up to date, where it is to be read more often than that."""
CLOSING_LAG = timedelta(hours=1)
"""How long after a period's end a reading must begin to be trusted with all of it: trackers index late."""


CALENDARS = frozenset({"ics", "caldav", "google-calendar", "microsoft-calendar"})
"""Kinds of sources that hold events."""
CALENDAR_REACH = timedelta(days=190)
"""How far back of a moment events matter: two quarters, the longest rhythm of a meeting. Ahead: capacity's year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the configuration changes of a KPI; None leaves it as declared."""

    within: timedelta | None = None
    clock: Clock | None = None
    target: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Where something is to be written about the project: a source, the item there, and what about."""

    source: str
    target: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectJob:
    """A project as configured. `read_plan` reads the plan file anew.

    `kinds` tells the kind of each of its sources, `patience` for how long the last reading of each is called fresh
    while newer ones fail (see `stale_sources`).
    """

    id: str
    name: str
    read_plan: Callable[[], Plan | None]
    kinds: Mapping[str, str]
    patience: Mapping[str, timedelta]
    roles: Mapping[Role, RoleRule]
    calendar: WorkingCalendar
    period: PeriodKind
    rules: Mapping[str, Rule]
    topics: tuple[Topic, ...]
    people: tuple[Person, ...]
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What holding a project brought: open findings, stored measurements, and what should stand at its targets."""

    findings: int
    opened: int
    closed: int
    measurements: int
    wanted: tuple[Wanted, ...]


def hold(store: Store, job: ProjectJob, at: datetime) -> Held:
    """Keep the plan's version, enrol the items, find, measure and compose, in one transaction.

    While a source of the project was never read to its end, nothing is found or measured: what is not there may only
    not have come yet. Raises ConfigurationError when the plan file became unreadable, and StoreError.
    """
    plan = job.read_plan()
    with store.write() as connection:
        version = None if plan is None else plans.save_version(connection, job.id, plan, at)
        if unread(connection, job):
            return Held(findings=0, opened=0, closed=0, measurements=0, wanted=())
        keep_places(connection, job.id, plan, version, job.roles, job.kinds)
        baselines = plans.baselines(connection, job.id)
        present = period_at(job.period, at, job.calendar.zone)
        begun_on = plan.start_on if plan is not None else None
        ended = [*results.open_periods(connection, job.id, ended_by=at), *_missed(connection, job, present, begun_on)]
        since = min(period.start_at for period in (present, *ended))
        tied = ties.tied_ids(connection, list(job.kinds), since)
        enrolled = items.enrolled(connection, job.id, open_or_since=since, and_these=tied)
        facts = gather(enrolled, plan, baselines, job.calendar, at)
        found = _find(connection, job, plan, baselines, facts, since, at)
        # The issue that carries our own comment is no work of the project.
        carriers = {f"{topic.source}:{topic.target}" for topic in job.topics}
        found = [finding for finding in found if finding.kind != SHADOW_WORK or finding.subject not in carriers]
        details = [(finding, finding_text(finding, job.language)) for finding in found]
        opened, closed = results.sync_findings(connection, job.id, details, at)
        plans.save_milestones(connection, job.id, _milestones(facts))
        plans.save_deliverables(connection, job.id, _deliverables(facts))

        stale = stale_sources(connection, job.patience, at)
        _close(connection, job, ended, enrolled, baselines, at)
        read_until = _read_until(connection, job)
        measured = measure_all(facts, present, at, adjustments=job.rules, read_until=read_until, stale_sources=stale)
        frozen = _frozen(connection, job, present)  # none, unless the clock or the project's zone was set back
        for measurement in measured:
            if measurement.kpi not in frozen:
                results.save_measurement(connection, job.id, measurement, False)
        wanted = _wanted(connection, job, present, at)
    return Held(findings=len(found), opened=opened, closed=closed, measurements=len(measured), wanted=tuple(wanted))


def _find(
    connection: Connection,
    job: ProjectJob,
    plan: Plan | None,
    baselines: Sequence[Baseline],
    facts: ProjectFacts,
    since: datetime,
    at: datetime,
) -> list[Finding]:
    """What a person should know of the project at the moment, within each tool and across them."""
    work, today = [item.work for item in facts.items], job.calendar.day_of(at)
    tied = ties.ties(connection, list(job.kinds), since)
    found = reconcile(plan, baselines, work, job.kinds, at=at, today=today, ties=tied)
    found += across.contradictions(work, tied, job.calendar, today)
    found += across.waiting_reviews(work, job.calendar, today)
    known = _addresses(connection, job)
    held = _events(connection, job, at)
    # Without a calendar nobody knows what is missing in it.
    if held is not None and plan is not None:
        away = absences(held, job.calendar, known)
        found += across.missing_meetings(plan, held, job.calendar, at)
        found += capacity.lacking_time(plan, _states(facts), job.calendar, away, today, job.people)
    return [_with_address(finding, known) for finding in found]


def _states(facts: ProjectFacts) -> dict[str, State]:
    """The states of the deliverables by id."""
    return {one.promise.id: one.state for one in facts.plan if one.promise.entry is Entry.DELIVERABLE}


def _events(connection: Connection, job: ProjectJob, at: datetime) -> list[Event] | None:
    """What the project's calendars hold around the moment; None where it has none."""
    calendars = [source for source, kind in job.kinds.items() if kind in CALENDARS]
    if not calendars:
        return None
    return events.events(connection, calendars, at - CALENDAR_REACH, at + capacity.AHEAD)


def _addresses(connection: Connection, job: ProjectJob) -> Mapping[tuple[str, str], str]:
    """The e-mail addresses of those accounts in the project's sources that are known."""
    return addresses(job.people, [one for source in job.kinds for one in lists.identities(connection, source).values()])


def _with_address(finding: Finding, known: Mapping[tuple[str, str], str]) -> Finding:
    """The finding, its owner by e-mail address like the plan's own ones, where the account in the tracker is known."""
    source, owner = finding.facts.get("source"), finding.facts.get("owner")
    address = known.get((str(source), str(owner)))
    return finding if address is None else replace(finding, facts={**finding.facts, "owner": address})


def wanted_now(store: Store, job: ProjectJob, at: datetime) -> list[Wanted]:
    """What should stand at the project's targets by what is stored, without measuring anything anew."""
    with store.read() as connection:
        if unread(connection, job):
            return []
        return _wanted(connection, job, period_at(job.period, at, job.calendar.zone), at)


def capacities(
    connection: Connection, job: ProjectJob, period: Period, at: datetime, plan: Plan | None = None
) -> tuple[Capacity, ...]:
    """What the people of the plan have time for, in the period and from the moment's day on, by what is stored.

    `plan` is the stored one unless it is given. None before every source was read to its end: who is away may only not
    have come yet.
    """
    plan = plan or _plan_at(connection, job, at)
    if plan is None or unread(connection, job):
        return ()
    enrolled = items.enrolled(connection, job.id, open_or_since=at)
    states = _states(gather(enrolled, plan, (), job.calendar, at))
    held = _events(connection, job, at)
    away = None if held is None else absences(held, job.calendar, _addresses(connection, job))
    return capacity.capacities(plan, states, job.calendar, away, period, job.calendar.day_of(at))


def reconstruct(store: Store, job: ProjectJob, period: Period, at: datetime) -> list[Measurement]:
    """The KPIs of a period as of a moment, worked out anew from the stored histories and stored nowhere."""
    with store.read() as connection:
        facts = facts_at(connection, job, at)
        stale, read_until = stale_sources(connection, job.patience, at), _read_until(connection, job)
    return measure_all(
        facts, period, at, adjustments=job.rules, basis=Basis.HISTORY, read_until=read_until, stale_sources=stale
    )


def facts_at(connection: Connection, job: ProjectJob, at: datetime) -> ProjectFacts:
    """What the project's KPIs judge, as it stood at a moment by the stored histories."""
    baselines = plans.baselines(connection, job.id)
    return gather(items.enrolled(connection, job.id), _plan_at(connection, job, at), baselines, job.calendar, at)


def unread(connection: Connection, job: ProjectJob) -> list[str]:
    """The project's sources that were never read to their end."""
    success = runs.last_success(connection)
    return [source for source in job.kinds if source not in success]


def stale_sources(connection: Connection, patience: Mapping[str, timedelta], at: datetime) -> tuple[str, ...]:
    """The sources that are not up to date, given how long each is waited for while its readings fail.

    One that was never read; one whose last success is longer ago than that, and later ones failed; and one that nobody
    has read for more than a day, whatever the reason. One failure among frequent readings is none: the comment would be
    edited twice for every hiccup of a network. Silence alone is given the day, because a timer may start us once a day
    however short `every` is, and reports speak of days; what is older than a day is never called up to date, save where
    it is to be read less often than that.
    """
    last, success = runs.last_runs(connection), runs.last_success(connection)
    return tuple(
        source
        for source, waited in patience.items()
        if source not in success
        or at - success[source] > (max(waited, STALE_AFTER) if last[source].error is None else waited)
    )


def _read_until(connection: Connection, job: ProjectJob) -> datetime | None:
    """Until when all of the project's sources are read; None where it has none."""
    read_since = runs.read_since(connection)
    return min((read_since[source] for source in job.kinds if source in read_since), default=None)


def _plan_at(connection: Connection, job: ProjectJob, at: datetime) -> Plan | None:
    """The version of the plan that held at the moment; before the first one was kept, the first."""
    kept = plans.versions(connection, job.id)
    known = [version for version in kept if version.saved_at <= at] or kept[:1]
    return known[-1].plan if known else None


def _missed(connection: Connection, job: ProjectJob, present: Period, begun_on: date | None) -> list[Period]:
    """The latest periods in which nothing was measured, because nothing ran or was read, or nobody was there yet.

    They go back to the first measured one, or to the beginning of the plan where that is earlier. A few at a time,
    since the store is ours alone meanwhile; the next cycles take the others. None of long ago: whoever was away for
    years, or whose clock once was, wants no rows of nothing.
    """
    measured = set(results.measured_days(connection, job.id, job.period))
    first = min((*measured, *([begun_on] if begun_on else [])), default=present.start_on)
    missed: list[Period] = []
    period = previous(present, job.calendar.zone)
    for _ in range(MOST_MISSED):
        if period.end_on < first or len(missed) == MISSED_AT_ONCE:
            break
        if period.start_on not in measured:
            missed.append(period)
        period = previous(period, job.calendar.zone)
    return missed


def _close(
    connection: Connection,
    job: ProjectJob,
    ended: Sequence[Period],
    enrolled: Sequence[items.EnrolledItem],
    baselines: Sequence[Baseline],
    at: datetime,
) -> None:
    """Freeze the periods that have ended, as of their end, by the plan and the baselines known then.

    Only once each source was read to the end by a run that began well after the period: what happened in its last
    hours belongs to it. A number that leaves something out as pending waits until that is decided, and is frozen then.
    What ended before the project was first held was known to nobody then: it is rebuilt from history, and says so.
    """
    read_since = runs.read_since(connection)
    kept = plans.versions(connection, job.id)
    for period in ended:
        if any(read_since.get(source, period.end_at) < period.end_at + CLOSING_LAG for source in job.kinds):
            continue
        plan = _plan_at(connection, job, period.end_at)
        frozen = _frozen(connection, job, period)
        basis = Basis.HISTORY if kept and period.end_at <= kept[0].saved_at else Basis.FROZEN
        at_end, today = (
            measure_all(
                gather(enrolled, plan, baselines, job.calendar, moment, basis=basis),
                period,
                moment,
                adjustments=job.rules,
                basis=basis,
            )
            for moment in (period.end_at, at)
        )
        decided = {measurement.kpi: measurement for measurement in today}
        for ending in at_end:
            if ending.kpi not in frozen:
                measurement = decided[ending.kpi] if "pending" in ending.excluded else ending
                results.save_measurement(connection, job.id, measurement, "pending" not in measurement.excluded)


def _frozen(connection: Connection, job: ProjectJob, period: Period) -> set[str]:
    """The KPIs whose number for the period is frozen already."""
    return {one.kpi for one, frozen in results.measurements(connection, job.id, period) if frozen}


def _milestones(facts: ProjectFacts) -> list[plans.MilestoneRow]:
    return [
        plans.MilestoneRow(
            key=entry.promise.id,
            name=entry.promise.name,
            due_on=entry.promise.latest_on,
            baseline_due_on=entry.promise.committed_on,
            finished_at=entry.state.finished_at,
        )
        for entry in facts.plan
        if entry.promise.entry is Entry.MILESTONE
    ]


def _deliverables(facts: ProjectFacts) -> list[plans.DeliverableRow]:
    return [
        plans.DeliverableRow(
            key=entry.promise.id,
            name=entry.promise.name,
            milestone=entry.promise.milestone,
            owner=entry.promise.owner,
            due_on=entry.promise.latest_on,
            baseline_due_on=entry.promise.committed_on,
            items=entry.state.items,
            finished_items=entry.state.finished_items,
            finished_at=entry.state.finished_at,
            standing=entry.state.standing.value,
        )
        for entry in facts.plan
        if entry.promise.entry is Entry.DELIVERABLE
    ]


def _wanted(connection: Connection, job: ProjectJob, period: Period, at: datetime) -> list[Wanted]:
    """The project's documents, composed from what is stored, for each place that should hold one."""
    if not job.topics:
        return []
    document = compose(status_inputs(connection, job, period, at), job.language)
    digest = digest_of(document)
    return [
        Wanted(
            project=job.id,
            source=topic.source,
            target=topic.target,
            topic=topic.topic,
            document=document,
            digest=digest,
        )
        for topic in job.topics
    ]


def status_inputs(connection: Connection, job: ProjectJob, period: Period, at: datetime) -> StatusInputs:
    """What the status of the project says in that period, by what is stored."""
    day_of = job.calendar.day_of
    latest = {measurement.kpi: measurement for measurement, _ in results.measurements(connection, job.id, period)}
    found = results.open_findings(connection, job.id)
    success, stale = runs.last_success(connection), stale_sources(connection, job.patience, at)
    return StatusInputs(
        name=job.name,
        period=period,
        measurements=tuple(latest.values()),
        findings=tuple(OpenFinding(finding=one.finding, opened_on=day_of(one.opened_at)) for one in found),
        milestones=tuple(
            MilestoneLine(
                id=row.key,
                name=row.name,
                baseline_due_on=row.baseline_due_on,
                due_on=row.due_on,
                finished_on=None if row.finished_at is None else day_of(row.finished_at),
            )
            for row in plans.milestones(connection, job.id)
        ),
        deliverables=tuple(
            DeliverableLine(
                id=row.key,
                name=row.name,
                milestone=row.milestone,
                owner=row.owner,
                baseline_due_on=row.baseline_due_on,
                due_on=row.due_on,
                finished_on=None if row.finished_at is None else day_of(row.finished_at),
                items=row.items,
                finished_items=row.finished_items,
                standing=Standing(row.standing),
            )
            for row in plans.deliverables(connection, job.id)
        ),
        freshness=tuple(
            Freshness(
                source=source,
                fresh=source not in stale,
                read_on=day_of(success[source]) if source in success else None,
            )
            for source in job.kinds
        ),
        rules=job.rules,
        urls=items.urls(connection, {place for one in found for place in one.finding.evidence}),
        people={person.email: person.name for person in job.people},
    )
