"""The vocabulary of Planward: frozen values and nothing else. Read this first, then `core/cycle.py`.

Names are the field's. `*_at` is an aware UTC instant, `*_on` a date without a zone, a duration is a `timedelta` or
carries its unit in its name. Unknown is `None`, never `0` or `""`. The remote id is an item's identity; its key is a
label that can change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

# --- what the trackers hold -------------------------------------------------------------------------------------


class Category(StrEnum):
    """The standard meaning of a status, the same for every tracker."""

    TODO = "todo"
    ACTIVE = "active"
    WAITING = "waiting"
    DONE = "done"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """What sort of thing a work item is in its tracker."""

    ISSUE = "issue"
    PULL_REQUEST = "pull_request"


class Role(StrEnum):
    """What an item means to the project that it belongs to."""

    REQUIREMENT = "requirement"
    PROBLEM = "problem"
    RISK = "risk"
    CONFLICT = "conflict"
    CHANGE = "change"
    IMPROVEMENT = "improvement"
    DOCUMENT = "document"
    TASK = "task"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """An issue, task or pull request as its tracker shows it now.

    `status` is the tracker's own word, `tracker_category` what the tracker itself says that the word means (None when
    it does not say). The category that Planward works with is worked out by `core.history`, which knows the
    configured exceptions. `project` is the tracker's project or repository, not ours. People are account ids.
    """

    source: str
    remote_id: str
    key: str
    url: str
    title: str
    status: str
    status_id: str
    created_at: datetime
    updated_at: datetime
    kind: Kind = Kind.ISSUE
    project: str | None = None
    type: str | None = None
    tracker_category: Category | None = None
    resolution: str | None = None
    priority: str | None = None
    assignee: str | None = None
    reporter: str | None = None
    parent_id: str | None = None
    parent_key: str | None = None
    milestone: str | None = None
    labels: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()
    resolved_at: datetime | None = None
    due_on: date | None = None
    start_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One field of one entry of an item's history. Append-only.

    `remote_id` is the entry's id in the tracker and `position` its place among the fields changed by that entry.
    Values are the display texts of that moment, `from_id`/`to_id` the stable ids behind them. `field` is our word
    (`status`, `assignee`, `due_on`, ...) or the tracker's where we have none.
    """

    remote_id: str
    position: int
    field: str
    changed_at: datetime
    author: str | None = None
    from_value: str | None = None
    to_value: str | None = None
    from_id: str | None = None
    to_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """That somebody commented. The text stays in the tracker."""

    remote_id: str
    author: str | None
    created_at: datetime
    updated_at: datetime


class Provenance(StrEnum):
    """How we know of a link."""

    NATIVE = "native"
    KEY = "key"
    URL = "url"
    GUESS = "guess"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A typed relation, read from the item that holds it ("blocks", "is blocked by"). Its end may be unknown to us.

    `to_source` is None where a text names a key and does not say of which tracker.
    """

    remote_id: str
    kind: str
    to_source: str | None
    to_key: str
    provenance: Provenance = Provenance.NATIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One account in one source. Several make a person, joined by configuration, never by name alone."""

    source: str
    account_id: str
    name: str | None = None
    email: str | None = None
    active: bool = True
    bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One human as configured: an e-mail address in lower case, and an account id in each of some sources."""

    name: str
    email: str
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """Two items about the same work, as (source, key): the `part` closes the `whole`, or names it in its texts."""

    part: tuple[str, str]
    whole: tuple[str, str]
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A status that a source has, and the category that the tracker gives it (None when it gives none).

    `earlier` holds the categories that it had before, oldest first, each with the moment at which we saw it end: what
    was done under an earlier meaning keeps that meaning.
    """

    status_id: str
    name: str
    category: Category | None
    earlier: tuple[tuple[datetime, Category], ...] = ()


class EventStatus(StrEnum):
    """Whether an event takes place."""

    CONFIRMED = "confirmed"
    TENTATIVE = "tentative"
    CANCELLED = "cancelled"


class Response(StrEnum):
    """What somebody answered to an invitation."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """Somebody who is invited. Known by an e-mail address in lower case, or by nothing but a name."""

    email: str | None
    name: str | None
    response: Response = Response.UNANSWERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One occurrence of a meeting or an absence.

    Its identity is (source, calendar, uid, recurrence_start). `recurrence_start` is where the series first put this
    occurrence, however it was moved: an instant like `2026-03-02T09:00:00Z` or a day like `2026-03-02`; None for an
    event that does not repeat. A whole-day event has its days, both inclusive, in `first_on` and `last_on`, and its
    instants are their bounds in the calendar's zone. `busy` is False for what leaves its time free, `away` True where
    the calendar itself calls it an absence. `zone_guessed` tells that the instants rest on a zone that nobody named.
    """

    source: str
    calendar: str
    uid: str
    recurrence_start: str | None
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    first_on: date | None = None
    last_on: date | None = None
    status: EventStatus = EventStatus.CONFIRMED
    busy: bool = True
    away: bool = False
    organizer: str | None = None
    attendances: tuple[Attendance, ...] = ()
    zone_guessed: bool = False


# --- what one pull brings ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """Every occurrence of one calendar that touches `[from_at, until_at)`, as one whole good answer gave them.

    What is held of that stretch and not among them is gone.
    """

    calendar: str
    from_at: datetime
    until_at: datetime
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where reading stopped. Only the connector that wrote the token understands it."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An item with everything that came with it. None means "not asked or not whole", never "there is nothing".

    `changes` is the whole history, oldest first. `history_whole` is False when the tracker cut it.
    """

    item: WorkItem
    changes: tuple[Change, ...] | None = None
    comments: tuple[Comment, ...] | None = None
    links: tuple[Link, ...] | None = None
    history_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A record that could not be understood: kept by id with the reason, and counted, so that nothing is lost."""

    remote_id: str
    key: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One transaction's worth of a source: what came, and the cursor behind it.

    `complete` is True on the page that ends a walk with nothing missing. `warnings` are the tracker's own doubts about
    its answer. `expected` is an estimate of the walk's items for a progress bar, or None. `answered_at` is when the
    source answered by its own clock, None where it does not tell.
    """

    cursor: Cursor
    snapshots: tuple[Snapshot, ...] = ()
    identities: tuple[Identity, ...] = ()
    agendas: tuple[Agenda, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = False
    expected: int | None = None
    answered_at: datetime | None = None


# --- what history makes of it ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch `[entered_at, left_at)` of an item's life with one status, category and assignee.

    `left_at` is None for the last one. `category` is None where nobody knows what the status means.
    """

    status: str
    status_id: str | None
    category: Category | None
    assignee: str | None
    entered_at: datetime
    left_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """An item's life, worked out once from its changes.

    `started_at` is the first entry into an active span. `finished_at` is the entry into the last done span that was
    not left again; None also when the item is done and no change tells when. `reopened` counts exits from done.
    `complete` is False when changes are missing or contradict each other or the present state.
    """

    category: Category | None
    spans: tuple[Span, ...]
    started_at: datetime | None
    finished_at: datetime | None
    reopened: int
    complete: bool
    problem: str | None = None


# --- the plan ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """A dated promise of the plan."""

    id: str
    name: str
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """This one waits for `on`: finish-to-start unless `kind` says FF, SS or SF; `lag` in working days."""

    on: str
    kind: str = "FS"
    lag_days: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSelector:
    """Which items do the work of a plan entry. An item that meets any of these belongs.

    `keys` maps a kind of source ("jira", "github") to item keys.
    """

    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    milestones: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliverable:
    """A thing to be delivered, with its dates, its owner (an e-mail address) and the work behind it."""

    id: str
    name: str
    due_on: date
    start_on: date | None = None
    milestone: str | None = None
    owner: str | None = None
    effort_days: float | None = None
    depends_on: tuple[Dependency, ...] = ()
    work: WorkSelector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What the customer needs, with what makes it complete."""

    id: str
    name: str
    source: str | None = None
    priority: str | None = None
    owner: str | None = None
    due_on: date | None = None
    milestone: str | None = None
    acceptance: str | None = None
    specification: str | None = None
    deliverable: str | None = None
    work: WorkSelector | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A person (`who`, an e-mail address) or a thing (`what`) that the plan counts on. `allocation` is a share."""

    who: str | None = None
    what: str | None = None
    allocation: float | None = None
    from_on: date | None = None
    until_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDocument:
    """A document that is owed, once (`due_on`) or at a cadence (`every`: week, month, quarter)."""

    id: str
    name: str
    kind: str
    every: str | None = None
    due_on: date | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A meeting that should take place; `match` is a shell-style pattern for its title in the calendar."""

    id: str
    name: str
    match: str
    every: str | None = None
    minutes_within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A risk with its assessment and response."""

    id: str
    name: str
    probability: str | None = None
    impact: str | None = None
    response: str | None = None
    owner: str | None = None
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrospective:
    """A review owed within a number of days after a milestone."""

    id: str
    name: str
    after: str
    within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One version of a project plan."""

    name: str
    owner: str | None = None
    start_on: date | None = None
    due_on: date | None = None
    plan_due_on: date | None = None
    milestones: tuple[Milestone, ...] = ()
    deliverables: tuple[Deliverable, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    resources: tuple[Resource, ...] = ()
    documents: tuple[PlannedDocument, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    risks: tuple[Risk, ...] = ()
    retrospectives: tuple[Retrospective, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A plan frozen by a recorded sign-off. `approved_at` is when it was approved, `recorded_at` when we were told."""

    number: int
    plan: Plan
    approved_at: datetime
    approved_by: str
    reason: str | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """An item's place in a project: what it means there, and which deliverable it works for (None: no planned one)."""

    source: str
    remote_id: str
    role: Role
    deliverable: str | None


# --- what we found -----------------------------------------------------------------------------------------------


class Severity(StrEnum):
    """How much a finding matters."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person should know. It opens and closes by itself.

    `kind` and `subject` are its identity within a project. `facts` fill the message of its kind in any language:
    plain texts, numbers and ISO dates, never an age. `evidence` names the items behind it as (source, key).
    """

    kind: str
    severity: Severity
    subject: str
    facts: Mapping[str, str | int | float | None] = field(default_factory=dict)
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The working time of a person of the plan in a stretch of days, both inclusive, by the project's calendar.

    `window` is `period` for the reporting period and `ahead` from today on. Planned is the working time in which the
    plan takes them, absent what absences take of it, available their `allocation` of the rest. `allocation` is None
    where it changes within the stretch; absent and available are None where no calendar tells absences. Needed is the
    work left in what they own and have to finish by the last day, None where the plan gives no effort for any of it;
    `left_out` names what counts as nothing there, with the reason. `day_seconds` is a normal working day.
    """

    who: str
    window: str
    from_on: date
    until_on: date
    allocation: float | None
    day_seconds: float
    planned_seconds: float
    absent_seconds: float | None
    available_seconds: float | None
    needed_seconds: float | None
    left_out: tuple[tuple[str, str], ...] = ()


class Clock(StrEnum):
    """How time is counted: by the wall, or by the project's working calendar."""

    ELAPSED = "elapsed"
    WORKING = "working"


class PeriodKind(StrEnum):
    """How long a reporting period is."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A reporting period `[start_at, end_at)`; `start_on` and `end_on` are its first and last day."""

    kind: PeriodKind
    start_on: date
    end_on: date
    start_at: datetime
    end_at: datetime


class Unit(StrEnum):
    """What a measured value is counted in. Shares run from 0 to 1, durations are seconds."""

    SHARE = "share"
    SECONDS = "seconds"
    COUNT = "count"
    DATE = "date"


class Direction(StrEnum):
    """Which way is better."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """One counted thing of a measurement, or one left out (`value` is None and `reason` says why).

    `source` is None and `key` a plan id where the thing is part of the plan. `incomplete` marks an item whose history
    is cut or contradicts itself.
    """

    source: str | None
    key: str
    url: str | None
    value: float | None
    weight: float
    reason: str | None
    incomplete: bool = False


class Basis(StrEnum):
    """How a number about the past is known: as it was stored then, or rebuilt from tracker history."""

    FROZEN = "frozen"
    HISTORY = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The stored result of one KPI for one period, with the rows that it was counted from.

    `value` is None when there is no evidence, and `reason` then says what would make it measurable. `excluded` counts
    the left-out rows by reason. `statistics` holds p50, p85, p95 of durations and named variants of a ratio.
    """

    kpi: str
    definition: str
    period: Period
    as_of: datetime
    unit: Unit
    direction: Direction
    value: float | None
    reason: str | None
    target: float | None
    met: bool | None
    numerator: float | None
    denominator: float | None
    sample: int
    statistics: Mapping[str, float | None]
    excluded: Mapping[str, int]
    incomplete_items: int
    stale_sources: tuple[str, ...]
    basis: Basis
    restates: datetime | None
    evidence: tuple[EvidenceRow, ...]


# --- what is written back ----------------------------------------------------------------------------------------


class PublicationState(StrEnum):
    """Where a publication stands in the outbox.

    PREVIEW: nothing may be sent yet. PENDING: to be sent. SENDING: committed just before the one call. UNKNOWN: the
    call's outcome is not known, the target is probed first. SENT: stands there. FAILED: refused, will not be retried
    unless its content changes. MUTED: a person edited or deleted it; we leave it alone.
    """

    PREVIEW = "preview"
    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    SENT = "sent"
    FAILED = "failed"
    MUTED = "muted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What should stand at one target about one topic, and what we know of what stands there.

    `marker` identifies our text at the target. `digest` is of the inputs that should stand there, `sent_digest` of
    those that do. `remote_digest` is of the body as the target gave it back, which tells a person's later edit; until
    that was read after a write it is the edition that the write made, None where the target did not tell.

    `target` is how the configuration names the item; `item_id` is the tracker's own id of it, which stays when it is
    moved or named otherwise, None until the tracker was asked. `item_updated_at` is the item's `updated_at` as the
    store had it when we last looked what stands there: once it differs, a person may have edited or deleted our text.
    """

    id: str
    project: str
    source: str
    target: str
    topic: str
    marker: str
    state: PublicationState
    digest: str
    sent_digest: str | None = None
    remote_id: str | None = None
    remote_digest: str | None = None
    attempted_at: datetime | None = None
    sent_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    item_id: str | None = None
    item_updated_at: datetime | None = None
