"""What holds for every measurement."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.history.period import parse_period
from core.kpi.declare import KPIS, Within, spread
from core.kpi.facts import ItemFacts, ProjectFacts, gather
from core.kpi.measure import measure, measure_all
from core.model import Category, Clock, Measurement, Role
from tests.builders import (
    CANCELLED,
    DONE,
    MONDAY,
    OFFICE,
    OPEN,
    UTC_ZONE,
    WAITING,
    baseline,
    deliverable,
    enrolled,
    facts,
    hours,
    milestone,
    moment,
    plan,
)

MARCH = parse_period("2026-03", UTC_ZONE)
END = MARCH.end_at


@dataclass(frozen=True)
class Adjusted:
    """What a configuration changes."""

    within: timedelta | None = None
    clock: Clock | None = None
    target: float | None = None


def project(steps: list[tuple[int, int, Category, int]]) -> ProjectFacts:
    """A project with an item for each: created after so many hours, closed so much later, as what, for which D."""
    wanted = plan(
        *(deliverable(f"D{number}", f"2026-03-{6 + 8 * number:02}", milestone="M1") for number in range(3)),
        milestones=[milestone("M1", "2026-03-27")],
    )
    everything = []
    for number, (created, closed, category, place) in enumerate(steps):
        born = MONDAY + timedelta(hours=created)
        stays = [(born, OPEN)] if category is OPEN else [(born, OPEN), (born + timedelta(hours=closed), category)]
        everything.append(
            enrolled(
                f"ERP-{number}",
                *stays,
                role=Role.PROBLEM if number % 2 else Role.TASK,
                deliverable=f"D{place}" if place < 3 else None,
                parent_id=str(number - 1) if place == 4 and number else None,
            )
        )
    return gather(everything, wanted, [baseline(wanted)], OFFICE, END)


PROJECTS = st.lists(
    st.tuples(
        st.integers(0, 600),
        st.integers(0, 300),
        st.sampled_from([OPEN, WAITING, DONE, DONE, CANCELLED]),
        st.integers(0, 4),
    ),
    max_size=12,
).map(project)


@given(PROJECTS)
def test_the_evidence_rows_give_the_value_again(everything: ProjectFacts) -> None:
    for found in measure_all(everything, MARCH, END, adjustments={}):
        counted = [row for row in found.evidence if row.value is not None]
        assert found.sample == len(counted)
        if found.kpi in {"delivered_on_time", "problems_resolved_in_time"}:
            hits = sum((row.value or 0) * row.weight for row in counted)
            weight = sum(row.weight for row in counted)
            assert (found.numerator, found.denominator) == (hits, weight)
            assert found.value == (hits / weight if weight else None)
        elif found.kpi == "lead_time":
            assert found.value == spread([row.value or 0 for row in counted])["p50"]
        elif found.value is not None:
            weeks = Counter(row.value for row in counted)
            counts = sorted([*weeks.values(), *[0] * (int(found.denominator or 0) - len(weeks))])
            assert found.value == counts[(len(counts) + 1) // 2 - 1]
            assert found.numerator == sum(counts)


@given(PROJECTS)
def test_every_row_counts_or_has_a_reason_and_every_number_fits_its_parts(everything: ProjectFacts) -> None:
    for found in measure_all(everything, MARCH, END, adjustments={}):
        assert all((row.value is None) != (row.reason is None) for row in found.evidence)
        assert found.excluded == Counter(row.reason for row in found.evidence if row.reason is not None)
        assert len({(row.source, row.key) for row in found.evidence}) == len(found.evidence)
        assert (found.value is None) <= (found.reason is not None)
        if found.kpi != "throughput" and found.value is None:
            assert found.sample == 0
        if found.numerator is not None and found.denominator is not None and found.kpi != "throughput":
            assert 0 <= found.numerator <= found.denominator
        assert (found.met is None) == (found.value is None or found.target is None)


@given(PROJECTS, st.randoms(use_true_random=False))
def test_the_order_of_the_subjects_does_not_matter_and_twice_is_once(everything: ProjectFacts, chance: Any) -> None:
    shuffled = [*everything.items, *everything.items]
    chance.shuffle(shuffled)
    turned = ProjectFacts(items=tuple(shuffled), plan=everything.plan[::-1])

    assert measure_all(turned, MARCH, END, adjustments={}) == measure_all(everything, MARCH, END, adjustments={})


def test_the_kpis_with_a_target_come_first() -> None:
    found = measure_all(project([]), MARCH, END, adjustments={})

    assert [one.kpi for one in found] == [
        "delivered_on_time",
        "problems_resolved_in_time",
        "lead_time",
        "throughput",
    ]


def test_an_empty_project_measures_nothing_and_says_why() -> None:
    found = measure_all(ProjectFacts(items=(), plan=()), MARCH, END, adjustments={})

    assert [(one.value, one.reason) for one in found] == [
        (None, "no_baseline"),
        (None, "no_items"),
        (None, "no_items"),
        (None, "no_items"),
    ]


# --- targets, rules and definitions ---


def problems(*opened_for: int) -> list[ItemFacts]:
    """Problems of Monday, each resolved after so many hours."""
    return [
        facts(f"ERP-{number}", ("Mon 09:00", OPEN), (MONDAY + hours(length), DONE))
        for number, length in enumerate(opened_for)
    ]


def adjusted(adjustment: Adjusted | None, *opened_for: int) -> Measurement:
    """The share of problems resolved in time, with what the configuration changes."""
    everything = ProjectFacts(items=tuple(problems(*opened_for)), plan=())
    changes = {"problems_resolved_in_time": adjustment} if adjustment else {}
    return measure_all(everything, MARCH, END, adjustments=changes)[1]


def test_the_declared_target_and_limit_hold_unless_they_are_configured() -> None:
    declared = adjusted(None, 1, 40, 50)
    stricter = adjusted(Adjusted(within=hours(24), target=0.3), 1, 40, 50)

    assert (declared.value, declared.target, declared.met, declared.definition) == (2 / 3, 0.9, False, "v1")
    assert (stricter.value, stricter.target, stricter.met) == (1 / 3, 0.3, True)
    assert stricter.definition == "v1 within 24h elapsed"


def test_another_clock_is_another_definition_and_the_declared_rule_is_not() -> None:
    assert adjusted(Adjusted(clock=Clock.WORKING), 1).definition == "v1 within 48h working"
    assert adjusted(Adjusted(within=hours(48), clock=Clock.ELAPSED), 1).definition == "v1"


def test_a_target_that_is_just_reached_is_met() -> None:
    assert adjusted(None, *[1] * 9, 50).met


def test_what_is_measured_says_for_when_by_what_and_from_which_sources() -> None:
    found = measure(
        KPIS["problems_resolved_in_time"],
        problems(1),
        Within(hours(48)),
        MARCH,
        moment("2026-03-10 09:00"),
        stale_sources=("jira",),
    )

    assert (found.period, found.as_of, found.stale_sources) == (MARCH, moment("2026-03-10 09:00"), ("jira",))
    (row,) = found.evidence
    assert (row.source, row.key, row.url) == ("jira", "ERP-0", "https://jira.example.org/browse/ERP-0")


# --- percentiles ---


@pytest.mark.parametrize(
    ("values", "p50", "p85", "p95"),
    [
        ([], None, None, None),
        ([7], 7, 7, 7),
        ([1, 2], 1, 2, 2),
        (list(range(1, 21)), 10, 17, 19),
        (list(range(100, 0, -1)), 50, 85, 95),
    ],
)
def test_percentiles_are_by_nearest_rank(
    values: list[float], p50: float | None, p85: float | None, p95: float | None
) -> None:
    assert spread(values) == {"p50": p50, "p85": p85, "p95": p95}
