"""How a KPI is declared: a pure function that judges one subject, and what is made of its judgements.

    @kpi("problems_resolved_in_time", role=Role.PROBLEM, in_period=..., unit=Unit.SHARE, target=at_least(0.90), ...)
    def problems_resolved_in_time(problem: ItemFacts, rule: Within, at: datetime) -> Evidence | LeftOut:

`core.kpi.measure` does the rest. Titles and explanations are messages of `core.document`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from core.model import Clock, Direction, Period, Role, Unit
from core.plan.state import Work


class Subject(Protocol):
    """What can be judged: the facts of an item (`work` is it) or of a plan entry (`work` and `source` are None)."""

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it the same subject, whatever its key is now: source and remote id, or kind of entry and id."""

    @property
    def source(self) -> str | None:
        """The source of the item."""

    @property
    def key(self) -> str:
        """The item's key or the plan entry's id."""

    @property
    def url(self) -> str | None:
        """Where to look at it."""

    @property
    def role(self) -> Role | None:
        """What the item means to the project."""

    @property
    def work(self) -> Work | None:
        """The item as it stood."""

    @property
    def incomplete(self) -> bool:
        """Whether the history behind it is cut or contradicts itself."""


S = TypeVar("S", bound=Subject)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A subject that counts. A yes or no is the value True or False; a duration is in seconds."""

    value: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A subject that does not count, and the reason as a stable word."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undated:
    """A subject that belongs to a period between two instants, both included, and nobody knows to which."""

    earliest: datetime
    latest: datetime
    left_out: LeftOut


@dataclass(frozen=True, slots=True)
class Within:
    """The rule of a limit: the time allowed, and the clock that it is counted by."""

    limit: timedelta
    clock: Clock = Clock.ELAPSED


@dataclass(frozen=True, slots=True)
class Target:
    """Which way is better, and the value to reach if there is one."""

    direction: Direction
    value: float | None = None


HIGHER_IS_BETTER = Target(Direction.UP)
LOWER_IS_BETTER = Target(Direction.DOWN)


def at_least(value: float) -> Target:
    """A target to reach or exceed."""
    return Target(Direction.UP, value)


def at_most(value: float) -> Target:
    """A target to stay at or below."""
    return Target(Direction.DOWN, value)


@dataclass(frozen=True, slots=True)
class Scope(Generic[S, R]):
    """What one measurement looked at: all subjects of the KPI, and those of the period with their judgements.

    Nothing is known of what happened after `read_until`.
    """

    subjects: Sequence[S]
    judged: Sequence[tuple[S, Evidence | LeftOut]]
    rule: R
    period: Period
    at: datetime
    read_until: datetime

    def no_items(self, otherwise: str) -> str:
        """Why there is no item in the period: there are none at all, or nobody has read that far, or else that."""
        if not self.subjects:
            return "no_items"
        return "not_read" if self.read_until <= self.period.start_at < self.at else otherwise


@dataclass(frozen=True, slots=True)
class Result:
    """What an aggregate makes of the evidence. `value` is None where there is nothing to make it of."""

    value: float | None
    numerator: float | None
    denominator: float | None
    statistics: Mapping[str, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi(Generic[S, R]):
    """A declared number.

    `of` is the class of facts that it judges, `role` the items that it is about (None: all). `in_period` gives the
    instant or day that puts a subject into a period; None keeps it out, Undated leaves it out of every period that it
    may belong to. `leaves`: an item with sub-tasks among the subjects is left out, because they are counted.
    `statistics` are shown beside the value. `missing` says as a stable word why there is no evidence. `smallest` is the
    sample below which a value is shown with a warning.
    """

    id: str
    of: type[S]
    judge: Callable[[S, R, datetime], Evidence | LeftOut]
    in_period: Callable[[S], datetime | date | Undated | None]
    aggregate: Callable[[Sequence[Evidence], Scope[S, R]], Result]
    unit: Unit
    target: Target
    rule: R
    missing: Callable[[Scope[S, R]], str]
    source: str
    role: Role | None
    leaves: bool
    statistics: Callable[[Scope[S, R]], Mapping[str, float | None]] | None
    smallest: int
    definition: str


KPIS: dict[str, Kpi[Any, Any]] = {}
"""Every declared KPI by id. `core.kpi.measure` imports the modules that declare them."""


def kpi(
    identity: str,
    *,
    of: type[S],
    in_period: Callable[[S], datetime | date | Undated | None],
    aggregate: Callable[[Sequence[Evidence], Scope[S, R]], Result],
    unit: Unit,
    target: Target,
    rule: R,
    missing: Callable[[Scope[S, R]], str],
    source: str,
    role: Role | None = None,
    leaves: bool = False,
    statistics: Callable[[Scope[S, R]], Mapping[str, float | None]] | None = None,
    smallest: int = 1,
    definition: str = "v1",
) -> Callable[[Callable[[S, R, datetime], Evidence | LeftOut]], Callable[[S, R, datetime], Evidence | LeftOut]]:
    """A decorator that declares the function as a KPI and gives it back unchanged. `Kpi` explains the arguments."""

    def declare(
        judge: Callable[[S, R, datetime], Evidence | LeftOut],
    ) -> Callable[[S, R, datetime], Evidence | LeftOut]:
        KPIS[identity] = Kpi(
            id=identity,
            of=of,
            judge=judge,
            in_period=in_period,
            aggregate=aggregate,
            unit=unit,
            target=target,
            rule=rule,
            missing=missing,
            source=source,
            role=role,
            leaves=leaves,
            statistics=statistics,
            smallest=smallest,
            definition=definition,
        )
        return judge

    return declare


# --- aggregates ---


def ratio(rows: Sequence[Evidence], _scope: Scope[Any, Any]) -> Result:
    """The share of yes: sum of value x weight over the sum of weights."""
    weight = sum(row.weight for row in rows)
    hits = sum(row.value * row.weight for row in rows)
    return Result(hits / weight if weight else None, hits, weight, {})


def percentiles(rows: Sequence[Evidence], _scope: Scope[Any, Any]) -> Result:
    """The median, with P85 and P95 beside it."""
    statistics = spread([row.value for row in rows])
    return Result(statistics["p50"], None, None, statistics)


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """p50, p85 and p95 by nearest rank: the smallest value that at least that share of them does not exceed."""
    ordered = sorted(values)
    # In whole numbers: 0.85 x 20 is not 17 in floating point.
    return {f"p{share}": ordered[-(-share * len(ordered) // 100) - 1] if ordered else None for share in (50, 85, 95)}
