"""What is true of a story at an instant: worked out from its events by the definitions, without any product code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from math import ceil

from tests.sandbox.simulator.across import Across
from tests.sandbox.simulator.events import Event
from tests.sandbox.simulator.lives import OPEN, Life, replay
from tests.sandbox.simulator.meetings import Diary
from tests.sandbox.simulator.plans import PlanBook, PlannedDeliverable, PlannedMilestone, date_in
from tests.sandbox.simulator.worktime import WorkTime

Days = tuple[date, date]
"""A period by its first and last day."""

LIMIT = timedelta(hours=48)
SOON = timedelta(days=7)
"""No date of a story lies between 4 and 34 days ahead, so any idea of "soon" in between gives the same answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """What is true of one issue or pull request."""

    key: str
    role: str
    category: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    reopened: int
    leaf: bool
    pull: bool
    deliverable: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A KPI's true result. `evidence` gives each counted key its value, `excluded` the keys left out by reason."""

    value: float | None
    numerator: float | None
    denominator: float | None
    evidence: Mapping[str, float]
    excluded: Mapping[str, frozenset[str]] = field(default_factory=dict)
    variants: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def _ratio(
    evidence: Mapping[str, float], excluded: Mapping[str, set[str]], **more: Mapping[str, tuple[int, int]]
) -> Answer:
    n = sum(evidence.values())
    return Answer(
        value=n / len(evidence) if evidence else None,
        numerator=n,
        denominator=len(evidence),
        evidence=evidence,
        excluded={reason: frozenset(keys) for reason, keys in excluded.items() if keys},
        **more,
    )


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(1, ceil(share * len(ordered))) - 1] if ordered else None


LEFT_OUT = ("cancelled", "parent", "pull_request", "no_completion_date")
NO_DIARY = Diary()


class Truth:
    """Everything that is known to be true at `at`.

    Periods are given by their first and last day; `month` and `previous_month` are those of `at`.
    """

    def __init__(
        self,
        events: Iterable[Event],
        keys: Mapping[int, str],
        plan: PlanBook,
        hours: WorkTime,
        at: datetime,
        diary: Diary = NO_DIARY,
    ) -> None:
        self.at = at
        self.plan = plan
        self.hours = hours
        self.today = hours.day_of(at)
        self.lives = replay(events, keys)
        self.parents = {life.parent for life in self.lives.values()}
        self.across = Across(lives=self.lives, plan=plan, diary=diary, hours=hours, today=self.today)

    # --- periods ---

    @property
    def month(self) -> Days:
        """First and last day of the month of `at`."""
        first = self.today.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)

    @property
    def previous_month(self) -> Days:
        """First and last day of the month before."""
        last = self.today.replace(day=1) - timedelta(days=1)
        return last.replace(day=1), last

    def _within(self, instant: datetime, period: Days) -> bool:
        return period[0] <= self.hours.day_of(instant) <= period[1]

    # --- items ---

    def _deliverable_of(self, issue: int) -> PlannedDeliverable | None:
        """The deliverable that names the issue, or the nearest issue above it that one names."""
        life = self.lives[issue]
        for entry in self.plan.deliverables:
            below = entry.parent is not None and entry.parent in {issue, life.parent}
            if below or issue in {entry.issue, entry.on_github} or entry.label in life.labels:
                return entry
        return None if life.parent is None else self._deliverable_of(life.parent)

    @cached_property
    def items(self) -> dict[str, ItemFacts]:
        """The facts of every issue and pull request, by key."""
        facts = {}
        for issue, life in self.lives.items():
            entry = self._deliverable_of(issue)
            facts[life.key] = ItemFacts(
                key=life.key,
                role=life.role,
                category=life.category,
                created_at=life.born,
                started_at=life.started_at,
                finished_at=life.finished_at,
                reopened=life.reopened,
                leaf=issue not in self.parents,
                pull=life.pull,
                deliverable=entry.id if entry else None,
            )
        return facts

    def _work(self, deliverable: str) -> list[Life]:
        """Its units of work. A pull request is how an issue gets done, and no deliverable has nothing else."""
        return [life for life in self._units() if self.items[life.key].deliverable == deliverable]

    def _units(self) -> list[Life]:
        return [life for issue, life in self.lives.items() if issue not in self.parents and not life.pull]

    # --- the plan ---

    @property
    def approved(self) -> list[int]:
        """The versions of the plan that were approved by now, in order."""
        return [approval.version for approval in self.plan.approvals if approval.at <= self.at]

    @cached_property
    def finished(self) -> dict[str, datetime]:
        """When deliverables and milestones were finished; those that are not are not here."""
        done: dict[str, datetime] = {}
        for entry in self.plan.deliverables:
            left = [life.finished_at for life in self._work(entry.id) if life.category != "cancelled"]
            if left and None not in left:
                done[entry.id] = max(at for at in left if at is not None)
        for milestone in self.plan.milestones:
            parts = [e.id for e in self.plan.deliverables if e.milestone == milestone.id and e.id not in self.cancelled]
            if parts and all(part in done for part in parts):
                done[milestone.id] = max(done[part] for part in parts)
        return done

    @cached_property
    def cancelled(self) -> dict[str, datetime]:
        """When deliverables were given up: all of their work was cancelled."""
        gone = {}
        for entry in self.plan.deliverables:
            ends = [life.cancelled_at for life in self._work(entry.id)]
            if ends and None not in ends:
                gone[entry.id] = max(at for at in ends if at is not None)
        return gone

    @cached_property
    def findings(self) -> dict[str, frozenset[str]]:
        """The subjects of each kind of finding: ids of the plan, or keys."""
        due = {
            subject: day
            for subject, day in self.plan.subjects(self.plan.latest).items()
            if subject not in self.finished and subject not in self.cancelled
        }
        unfinished = [e for e in self.plan.deliverables if e.id not in self.finished and e.id not in self.cancelled]
        doing = {life.key for life in self.lives.values() if life.doing}
        return {
            "overdue": frozenset(subject for subject, day in due.items() if day < self.today),
            "due_soon": frozenset(subject for subject, day in due.items() if self.today <= day <= self.today + SOON),
            "ghost": frozenset(
                e.id for e in self.plan.deliverables if not any(f.deliverable == e.id for f in self.items.values())
            ),
            "shadow_work": frozenset(
                f.key
                for f in self.items.values()
                if f.deliverable is None and f.key not in doing and f.category in OPEN
            ),
            "contradiction": frozenset(self.across.contradictions),
            "review_waiting": self.across.waiting_reviews,
            "meeting_missing": frozenset(self.across.missing_meetings),
            "owner_away": self.across.away_owners(unfinished),
            "capacity_short": frozenset(self._short_people),
        }

    @cached_property
    def _short_people(self) -> dict[str, str]:
        """The people with more to do than their days are enough for, with the reason."""
        left = {}
        for entry in self.plan.deliverables:
            if entry.effort is not None and entry.id not in self.finished and entry.id not in self.cancelled:
                works = [life for life in self._work(entry.id) if life.category != "cancelled"]
                share = sum(life.category != "done" for life in works) / len(works) if works else 1.0
                left[entry.id] = float(entry.effort.removesuffix("d")) * share
        return self.across.short_people(left)

    @property
    def causes(self) -> dict[tuple[str, str], str]:
        """Why there is a finding, by its kind and subject, where a kind has several causes."""
        return {
            **{("contradiction", subject): cause for subject, cause in self.across.contradictions.items()},
            **{("meeting_missing", subject): cause for subject, cause in self.across.missing_meetings.items()},
            **{("capacity_short", subject): cause for subject, cause in self._short_people.items()},
        }

    # --- KPIs ---

    def delivered_on_time(self, period: Days) -> Answer:
        """Deliverables and milestones with a committed date in the period, and those finished by it.

        The variants `first` and `latest` judge those whose first promise, or date in the plan file, is in the period.
        """
        evidence: dict[str, float] = {}
        excluded: dict[str, set[str]] = {}
        for subject, day in self._committed().items():
            if period[0] <= day <= period[1]:
                verdict = self._verdict(subject, day)
                if isinstance(verdict, str):
                    excluded.setdefault(verdict, set()).add(subject)
                else:
                    evidence[subject] = verdict
        first, latest = self._first_promises(), self.plan.subjects(self.plan.latest)
        return _ratio(
            evidence, excluded, variants={"first": self._tally(first, period), "latest": self._tally(latest, period)}
        )

    def _committed(self) -> dict[str, date]:
        return self.plan.subjects(self.approved[-1]) if self.approved else {}

    def _first_promises(self) -> dict[str, date]:
        entries: list[PlannedMilestone | PlannedDeliverable] = [*self.plan.milestones, *self.plan.deliverables]
        promised = {e.id: [day for v in self.approved if (day := date_in(e.due, v))] for e in entries}
        return {subject: days[0] for subject, days in promised.items() if days}

    def _verdict(self, subject: str, day: date) -> float | str:
        over = self.hours.end_of(day)
        if subject in self.cancelled and self.cancelled[subject] < over:
            return "cancelled"
        if self.at < over:
            return "pending"
        return float(subject in self.finished and self.finished[subject] < over)

    def _tally(self, dates: Mapping[str, date], period: Days) -> tuple[int, int]:
        inside = {subject: day for subject, day in dates.items() if period[0] <= day <= period[1]}
        verdicts = [v for subject, day in inside.items() if not isinstance(v := self._verdict(subject, day), str)]
        return int(sum(verdicts)), len(verdicts)

    def problems_resolved_in_time(self, period: Days, clock: str = "elapsed") -> Answer:
        """Problems found in the period, and those that were open for at most 48 hours in all."""
        evidence: dict[str, float] = {}
        excluded: dict[str, set[str]] = {"pending": set(), "cancelled": set(), "duplicate": set()}
        for issue, life in self.lives.items():
            if life.role != "problem" or issue in self.parents or not self._within(life.born, period):
                continue
            seconds = life.open_seconds(self.at, self.hours if clock == "working" else None)
            if life.category == "cancelled":
                excluded["duplicate" if life.resolution == "Duplicate" else "cancelled"].add(life.key)
            elif life.category != "done" and seconds <= LIMIT.total_seconds():
                excluded["pending"].add(life.key)
            else:
                evidence[life.key] = float(seconds <= LIMIT.total_seconds())
        return _ratio(evidence, excluded)

    def _finished_leaves(self, period: Days) -> list[Life]:
        units = self._units()
        return [life for life in units if life.finished_at is not None and self._within(life.finished_at, period)]

    def _not_finished(self, period: Days) -> dict[str, frozenset[str]]:
        """What flow leaves out: what was dropped or is no unit of work, and what may have been finished in the period.

        The latter is done since nobody knows when, but not before it came, nor after it was touched last.
        """
        out: dict[str, set[str]] = {reason: set() for reason in LEFT_OUT}
        for issue, life in self.lives.items():
            closed_at = life.finished_at or life.cancelled_at
            if life.category == "done" and closed_at is None:
                if self.hours.day_of(life.born) <= period[1] and period[0] <= self.hours.day_of(life.touched):
                    out["no_completion_date"].add(life.key)
            elif closed_at is not None and self._within(closed_at, period):
                if life.pull:
                    out["pull_request"].add(life.key)
                elif issue in self.parents:
                    out["parent"].add(life.key)
                elif life.category == "cancelled":
                    out["cancelled"].add(life.key)
        return {reason: frozenset(keys) for reason, keys in out.items() if keys}

    def lead_time(self, period: Days) -> Answer:
        """Seconds from the first todo stretch to finished, of the items finished in the period: the median."""
        evidence = {
            life.key: (life.finished_at - start).total_seconds()
            for life in self._finished_leaves(period)
            if life.finished_at is not None
            and (start := next((at for at, category in life.stretches if category == "todo"), None)) is not None
        }
        median = nearest_rank(list(evidence.values()), 0.5)
        return Answer(
            value=median, numerator=None, denominator=None, evidence=evidence, excluded=self._not_finished(period)
        )

    def throughput(self, period: Days) -> Answer:
        """The median of the weekly counts; items over weeks. Evidence: each item's ISO week, as 202607."""
        evidence: dict[str, float] = {}
        for life in self._finished_leaves(period):
            if life.finished_at is not None:
                year, week, _ = self.hours.day_of(life.finished_at).isocalendar()
                evidence[life.key] = float(year * 100 + week)
        weeks = self.finished_by_week(period)
        return Answer(
            value=nearest_rank(list(weeks.values()), 0.5),
            numerator=len(evidence) if weeks else None,
            denominator=len(weeks) or None,
            evidence=evidence,
            excluded=self._not_finished(period),
        )

    def finished_by_week(self, period: Days) -> dict[date, int]:
        """Items finished in each begun week of the period, by its Monday; days outside of the period do not count."""
        days = [self.hours.day_of(life.finished_at) for life in self._finished_leaves(period) if life.finished_at]
        monday = period[0] - timedelta(days=period[0].weekday())
        weeks: dict[date, int] = {}
        while monday <= period[1] and self.hours.at(max(monday, period[0]), time(0)) < self.at:
            weeks[monday] = sum(1 for day in days if monday <= day < monday + timedelta(days=7))
            monday += timedelta(days=7)
        return weeks

    def kpi(self, kpi: str, period: Days) -> Answer:
        """A KPI by its id; `problems_resolved_in_time/working` is the one by the working clock."""
        name, _, clock = kpi.partition("/")
        if name == "problems_resolved_in_time":
            return self.problems_resolved_in_time(period, clock or "elapsed")
        answers = {
            "delivered_on_time": self.delivered_on_time,
            "lead_time": self.lead_time,
            "throughput": self.throughput,
        }
        return answers[name](period)


KPIS = (
    "delivered_on_time",
    "problems_resolved_in_time",
    "problems_resolved_in_time/working",
    "lead_time",
    "throughput",
)
