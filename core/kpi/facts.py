"""What KPIs judge: items and plan entries as they stood at a moment, with the project's calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.history.calendar import WorkingCalendar
from core.history.spans import CLOSED
from core.model import Baseline, Basis, Category, Clock, Plan, Role
from core.plan.baseline import Entry, Promise, in_force, promises
from core.plan.state import Enrolled, State, Work, state_of, work_at


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFacts:
    """An item as it stood at a moment."""

    work: Work
    calendar: WorkingCalendar

    @property
    def identity(self) -> tuple[str, str]:
        """Its source and remote id."""
        return self.work.item.source, self.work.item.remote_id

    @property
    def source(self) -> str:
        """Its source."""
        return self.work.item.source

    @property
    def key(self) -> str:
        """Its key."""
        return self.work.item.key

    @property
    def url(self) -> str:
        """Its address."""
        return self.work.item.url

    @property
    def role(self) -> Role:
        """What it means to the project."""
        return self.work.enrolment.role

    @property
    def incomplete(self) -> bool:
        """Whether its history is cut or contradicts itself."""
        return not self.work.history.complete

    @property
    def category(self) -> Category | None:
        """Its category at the moment, None where nobody knows."""
        return self.work.category

    @property
    def created_at(self) -> datetime:
        """When the tracker says that it was created."""
        return self.work.item.created_at

    @property
    def finished_at(self) -> datetime | None:
        """When it was finished: by its history, else by the tracker's resolution date. None: open, or nobody knows."""
        return self.work.finished_at

    @property
    def cancelled_at(self) -> datetime | None:
        """When it was cancelled, in the same way."""
        return self.work.cancelled_at

    @property
    def closed_at(self) -> datetime | None:
        """When it was finished or cancelled, None where it is open or nobody knows when."""
        return self.work.finished_at or self.work.cancelled_at

    @property
    def waiting_since(self) -> datetime:
        """Start of its first todo span; of its life where it never was todo."""
        spans = self.work.history.spans
        return next((span for span in spans if span.category is Category.TODO), spans[0]).entered_at

    def open_time(self, clock: Clock, until: datetime) -> timedelta:
        """How long it was open by that clock. Open stretches are added up: a reopening does not restart it."""
        spans = self.work.history.spans
        resolved_at = self.work.item.resolved_at
        closed = []
        undated = resolved_at is not None  # closed from its first span on: only the tracker tells since when
        for span in spans:
            undated = undated and span.category in CLOSED
            if span.category in CLOSED:
                entered_at, left_at = span.entered_at, span.left_at or until
                if undated and resolved_at is not None:
                    entered_at = max(entered_at, min(resolved_at, left_at))
                closed.append((entered_at, left_at))
        return timedelta(seconds=self.calendar.seconds(clock, spans[0].entered_at, until, closed))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFacts:
    """A deliverable or milestone with its promised dates and its state at a moment."""

    promise: Promise
    state: State
    calendar: WorkingCalendar

    @property
    def identity(self) -> tuple[str, str]:
        """What kind of entry it is, and its id."""
        return self.promise.entry.value, self.promise.id

    @property
    def source(self) -> None:
        """Plan entries have no source."""

    @property
    def key(self) -> str:
        """Its id in the plan."""
        return self.promise.id

    @property
    def url(self) -> None:
        """Plan entries have no address."""

    @property
    def role(self) -> None:
        """Plan entries have no role."""

    @property
    def work(self) -> None:
        """Plan entries are no items."""

    @property
    def incomplete(self) -> bool:
        """Whether the history of an item that does its work is cut or contradicts itself."""
        return self.state.incomplete

    def ended(self, day: date) -> datetime:
        """The instant at which that day has ended in the project's zone."""
        return self.calendar.end_of_day(day)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFacts:
    """Everything that the KPIs of one project judge at a moment."""

    items: tuple[ItemFacts, ...]
    plan: tuple[PlanFacts, ...]


def gather(
    enrolled: Iterable[Enrolled],
    plan: Plan | None,
    baselines: Sequence[Baseline],
    calendar: WorkingCalendar,
    at: datetime,
    *,
    basis: Basis = Basis.HISTORY,
) -> ProjectFacts:
    """The facts at the moment. `plan` is the version that held then; `basis` decides which baselines were known."""
    works = work_at(enrolled, at)
    baseline = in_force(baselines, at, basis)
    state = state_of(plan, baseline.plan if baseline else None, works)
    return ProjectFacts(
        items=tuple(ItemFacts(work=work, calendar=calendar) for work in works),
        plan=tuple(
            PlanFacts(
                promise=promise,
                state=(state.deliverables if promise.entry is Entry.DELIVERABLE else state.milestones)[promise.id],
                calendar=calendar,
            )
            for promise in promises(baselines, plan, at, basis)
        ),
    )
