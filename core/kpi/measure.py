"""From judgements to stored measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.kpi import flow, progress  # noqa: F401 - importing them declares their KPIs
from core.kpi.declare import KPIS, Evidence, Kpi, LeftOut, R, S, Scope, Subject, Undated, Within
from core.kpi.facts import ItemFacts, ProjectFacts
from core.model import Basis, Clock, Direction, EvidenceRow, Kind, Measurement, Period
from core.plan.state import is_parent, parents_of

SMALL_SAMPLE = "small_sample"
"""The reason beside a value whose sample is too small to rely on."""


class Adjustment(Protocol):
    """What a configuration may change of a KPI; None leaves it as declared."""

    @property
    def within(self) -> timedelta | None:
        """The limit."""

    @property
    def clock(self) -> Clock | None:
        """The clock of the limit."""

    @property
    def target(self) -> float | None:
        """The target."""


def measure_all(
    facts: ProjectFacts,
    period: Period,
    at: datetime,
    *,
    adjustments: Mapping[str, Adjustment],
    basis: Basis = Basis.HISTORY,
    read_until: datetime | None = None,
    stale_sources: tuple[str, ...] = (),
) -> list[Measurement]:
    """Every declared KPI of the project for the period as of the moment, which the facts have to be gathered at.

    `read_until` is when the sources were read last; None: well after the moment.
    """
    return [
        measure(
            declared,
            facts.items if declared.of is ItemFacts else facts.plan,
            _rule(declared, adjustments.get(declared.id)),
            period,
            at,
            target=adjustment.target if (adjustment := adjustments.get(declared.id)) else None,
            basis=basis,
            read_until=read_until,
            stale_sources=stale_sources,
        )
        # What has a target comes first.
        for declared in sorted(KPIS.values(), key=lambda declared: declared.target.value is None)
    ]


def measure(
    declared: Kpi[S, R],
    subjects: Sequence[S],
    rule: R,
    period: Period,
    at: datetime,
    *,
    target: float | None = None,
    basis: Basis = Basis.HISTORY,
    read_until: datetime | None = None,
    stale_sources: tuple[str, ...] = (),
) -> Measurement:
    """The KPI's value for the period as of the moment, with a row for every subject that counts or was left out.

    `subjects` are facts gathered at the moment; a subject that comes twice counts once, and their order does not
    matter. `target` replaces the declared one; `read_until` is as for `measure_all`. Without evidence the value is None
    and `reason` says why: what the KPI itself calls it, or `all_pending`, or `all_left_out` where everything of the
    period had a reason. Beside a value the reason can be `small_sample`.
    """
    scope = _judge(declared, subjects, rule, period, at, at if read_until is None else read_until)
    counted = [judgement for _, judgement in scope.judged if isinstance(judgement, Evidence)]
    excluded = Counter(judgement.reason for _, judgement in scope.judged if isinstance(judgement, LeftOut))
    result = declared.aggregate(counted, scope)
    reason = None
    if result.value is None:
        reason = _missing(declared, scope, excluded)
    elif declared.smallest > len(counted):
        reason = SMALL_SAMPLE
    wanted = declared.target.value if target is None else target
    return Measurement(
        kpi=declared.id,
        definition=_definition(declared, rule),
        period=period,
        as_of=at,
        unit=declared.unit,
        direction=declared.target.direction,
        value=result.value,
        reason=reason,
        target=wanted,
        met=_met(declared.target.direction, result.value, wanted),
        numerator=result.numerator,
        denominator=result.denominator,
        sample=len(counted),
        statistics={**result.statistics, **(declared.statistics(scope) if declared.statistics else {})},
        excluded=dict(sorted(excluded.items())),
        incomplete_items=sum(subject.incomplete for subject, one in scope.judged if isinstance(one, Evidence)),
        stale_sources=stale_sources,
        basis=basis,
        restates=None,
        evidence=tuple(_row(subject, judgement) for subject, judgement in scope.judged),
    )


def _judge(
    declared: Kpi[S, R], subjects: Sequence[S], rule: R, period: Period, at: datetime, read_until: datetime
) -> Scope[S, R]:
    """The KPI's subjects, each once and in order, and the judgements of those that belong to the period."""
    distinct = {subject.identity: subject for subject in subjects if declared.role in {None, subject.role}}
    known = sorted(distinct.values(), key=lambda subject: (subject.source or "", subject.key, subject.identity))
    parents = (
        parents_of(subject.work for subject in known if subject.work is not None) if declared.leaves else frozenset()
    )
    judged: list[tuple[S, Evidence | LeftOut]] = []
    for subject in known:
        moment = declared.in_period(subject)
        if isinstance(moment, Undated):
            if moment.earliest < period.end_at and moment.latest >= period.start_at:
                judged.append((subject, moment.left_out))
            continue
        if moment is None:
            continue
        if isinstance(moment, datetime):
            inside = period.start_at <= moment < period.end_at
        else:
            inside = period.start_on <= moment <= period.end_on
        if not inside:
            continue
        if declared.leaves and subject.work is not None and subject.work.item.kind is Kind.PULL_REQUEST:
            judged.append((subject, LeftOut("pull_request")))
        elif subject.work is not None and is_parent(subject.work, parents):
            judged.append((subject, LeftOut("parent")))
        else:
            judged.append((subject, declared.judge(subject, rule, at)))
    return Scope(known, judged, rule, period, at, read_until)


def _missing(declared: Kpi[S, R], scope: Scope[S, R], excluded: Mapping[str, int]) -> str:
    if not excluded:
        return declared.missing(scope)
    return "all_pending" if set(excluded) == {"pending"} else "all_left_out"


def _row(subject: Subject, judgement: Evidence | LeftOut) -> EvidenceRow:
    return EvidenceRow(
        source=subject.source,
        key=subject.key,
        url=subject.url,
        value=float(judgement.value) if isinstance(judgement, Evidence) else None,
        weight=judgement.weight if isinstance(judgement, Evidence) else 0.0,
        reason=judgement.reason if isinstance(judgement, LeftOut) else None,
        incomplete=subject.incomplete,
    )


def _met(direction: Direction, value: float | None, target: float | None) -> bool | None:
    if value is None or target is None:
        return None
    return value >= target if direction is Direction.UP else value <= target


def _rule(declared: Kpi[Any, Any], adjustment: Adjustment | None) -> Any:
    """The declared rule, with the configured limit and clock where it has them."""
    rule = declared.rule
    if adjustment is None or not isinstance(rule, Within):
        return rule
    limit = rule.limit if adjustment.within is None else adjustment.within
    return Within(limit, rule.clock if adjustment.clock is None else Clock(adjustment.clock))


def _definition(declared: Kpi[S, R], rule: R) -> str:
    """The version, and the rule where it is not the declared one: another limit is another definition."""
    if rule == declared.rule or not isinstance(rule, Within):
        return declared.definition
    return f"{declared.definition} within {rule.limit.total_seconds() / 3600:g}h {rule.clock.value}"
