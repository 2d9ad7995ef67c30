"""The stories pulled from their tools and worked out by the product's own rooms: its numbers are the true ones.

The store is left out, so that every story can be told at many moments; a whole cycle has its own test.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

import connectors
from config.load import load
from config.plan import read_plan
from config.settings import Settings
from config.sources import JiraSettings
from core.history.calendar import WorkingCalendar
from core.history.period import period_at, previous
from core.history.spans import StatusMapping, derive
from core.kpi.facts import ProjectFacts, gather
from core.kpi.measure import measure_all
from core.model import (
    Baseline,
    Clock,
    Enrolment,
    Event,
    Finding,
    History,
    Kind,
    Measurement,
    PeriodKind,
    Plan,
    Snapshot,
    Status,
    Tie,
    WorkItem,
)
from core.plan import across
from core.plan.absences import absences
from core.plan.capacity import lacking_time
from core.plan.match import RoleRule, enrol_all
from core.plan.reconcile import reconcile
from tests.sandbox.clock import Clock as SandboxClock
from tests.sandbox.simulator.export import version_file
from tests.sandbox.simulator.servers import servers
from tests.sandbox.simulator.story import SETTINGS, SOURCE, Story
from tests.sandbox.simulator.truth import Answer, Truth
from tests.sandbox.test_simulator import MOMENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """An item with its history and its place, as the store would give it."""

    item: WorkItem
    history: History
    enrolment: Enrolment


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A story as the product sees it: settings, plan, sign-offs, items."""

    story: Story
    settings: Settings
    plan: Plan
    baselines: Sequence[Baseline]
    items: Sequence[Enrolled]
    ties: Sequence[Tie]
    events: Sequence[Event]
    calendar: WorkingCalendar

    def facts(self, at: datetime) -> ProjectFacts:
        """The product's facts at an instant."""
        return gather(self.items, self.plan, self.baselines, self.calendar, at)


@pytest.fixture(
    scope="module", params=[(name, moment) for name in sorted(SETTINGS) for moment in MOMENTS], ids=": ".join
)
def watched(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """Each story at each moment, pulled through the connectors."""
    name, moment = request.param
    story = Story(name, now=datetime.fromisoformat(MOMENTS[moment]))
    return watch(story, tmp_path_factory.mktemp("story"))


def watch(story: Story, folder: Path) -> Watched:
    """Pull the story and put its items into their places."""
    with servers(story, SandboxClock(story.now)) as tools, pytest.MonkeyPatch.context() as patch:
        for name, secret in tools.secrets.items():
            patch.setenv(name, secret)
        tools.write_files(folder)
        settings = load(folder / "planward.yaml")
        statuses: dict[str, dict[str, Status]] = {}
        snapshots: list[Snapshot] = []
        events: list[Event] = []
        for name, configured in settings.sources.items():
            source = connectors.source(name, configured)
            statuses[name] = {status.status_id: status for status in source.lists()}
            for page in source.pull(None, lambda _: {}):
                snapshots += page.snapshots
                events += [event for agenda in page.agendas for event in agenda.events]
            source.close()
    jira_settings = settings.sources[SOURCE]
    assert isinstance(jira_settings, JiraSettings)
    project = settings.projects[story.project]
    plan = read_plan(folder / story.plan_file)
    mapping = StatusMapping(
        overrides={name.casefold(): kind for kind, names in jira_settings.statuses.items() for name in names},
        cancelled_resolutions=frozenset(text.casefold() for text in jira_settings.cancelled_resolutions),
    )
    roles = {role: RoleRule(types=rule.type, labels=rule.label) for role, rule in project.roles.items()}
    kinds = {name: source.kind for name, source in settings.sources.items()}
    places = enrol_all([one.item for one in snapshots], plan, roles, kinds)
    work = project.working_time
    return Watched(
        story=story,
        settings=settings,
        plan=plan,
        baselines=[
            Baseline(
                number=number,
                plan=read_plan(folder / version_file(story, approval.version)),
                approved_at=approval.at,
                approved_by=approval.by.email,
                reason=approval.reason,
                recorded_at=story.now,
            )
            for number, approval in enumerate(story.approvals(), start=1)
        ],
        items=[
            Enrolled(
                item=one.item,
                history=derive(one.item, one.changes, statuses[one.item.source], mapping, whole=one.history_whole),
                enrolment=place,
            )
            for one, place in zip(snapshots, places, strict=True)
        ],
        ties=list(ties_of(snapshots)),
        events=events,
        calendar=WorkingCalendar(story.zone, work.country, work.days, work.opens, work.closes),
    )


def ties_of(snapshots: Collection[Snapshot]) -> Iterator[Tie]:
    """What the links of all items tie together, as the store would tell it."""
    places = {one.item.key: (one.item.source, one.item.key) for one in snapshots}
    for one in snapshots:
        for link in one.links or ():
            own, end = places[one.item.key], places.get(link.to_key)
            if end is not None and link.kind in {"closes", "closed by", "mentions"}:
                part, whole = (end, own) if link.kind == "closed by" else (own, end)
                yield Tie(part=part, whole=whole, provenance=link.provenance)


def test_every_item_has_its_true_history_and_place(watched: Watched) -> None:
    true = watched.story.truth_now.items

    seen = {one.item.key: one for one in watched.items}

    assert seen.keys() == true.keys()
    for key, one in seen.items():
        facts, history = true[key], one.history
        assert history.category == facts.category, key
        assert (history.started_at, history.finished_at) == (facts.started_at, facts.finished_at), key
        assert history.reopened == facts.reopened, key
        assert (one.enrolment.role, one.enrolment.deliverable) == (facts.role, facts.deliverable), key
        assert (one.item.kind is Kind.PULL_REQUEST) == facts.pull, key
        # What was done when it came is the only thing that is not whole.
        assert history.complete == (facts.category != "done" or facts.finished_at is not None), key


def test_the_findings_are_the_true_ones(watched: Watched) -> None:
    truth = watched.story.truth_now

    found: dict[str, set[str]] = {}
    causes: dict[tuple[str, str], object] = {}
    for one in findings(watched):
        subject = one.subject.rpartition(":")[2]
        found.setdefault(one.kind, set()).add(subject)
        if one.kind in {"contradiction", "meeting_missing", "capacity_short"}:
            causes[one.kind, subject] = one.facts["cause"]

    assert found == {kind: set(subjects) for kind, subjects in truth.findings.items() if subjects}
    assert causes == truth.causes


def findings(watched: Watched) -> Iterator[Finding]:
    """What the product finds at the story's present, within each tool and across them."""
    truth, calendar = watched.story.truth_now, watched.calendar
    facts = watched.facts(truth.at)
    work = [one.work for one in facts.items]
    states = {one.key: one.state for one in facts.plan}
    away = absences(watched.events, calendar)
    kinds = {name: source.kind for name, source in watched.settings.sources.items()}
    yield from reconcile(
        watched.plan, watched.baselines, work, kinds, at=truth.at, today=truth.today, ties=watched.ties
    )
    yield from across.contradictions(work, watched.ties, calendar, truth.today)
    yield from across.waiting_reviews(work, calendar, truth.today)
    yield from across.missing_meetings(watched.plan, watched.events, calendar, truth.at)
    yield from lacking_time(watched.plan, states, calendar, away, truth.today)


@pytest.mark.parametrize("clock", list(Clock))
@pytest.mark.parametrize("kind", list(PeriodKind))
def test_the_numbers_and_their_evidence_are_the_true_ones(watched: Watched, kind: PeriodKind, clock: Clock) -> None:
    rules = watched.settings.projects[watched.story.project].kpis
    rules = {kpi: rule.model_copy(update={"clock": clock}) for kpi, rule in rules.items()}
    present = period_at(kind, watched.story.now, watched.story.zone)

    # The present period and the one before it as they are now, and the one before it as it was when it ended.
    before = previous(present, watched.story.zone)
    for period, at in ((present, watched.story.now), (before, watched.story.now), (before, before.end_at)):
        truth = watched.story.truth(at, filled=watched.story.now)
        for measured in measure_all(watched.facts(at), period, at, adjustments=rules):
            suffix = "/working" if measured.kpi == "problems_resolved_in_time" and clock is Clock.WORKING else ""
            assert_true(measured, truth.kpi(measured.kpi + suffix, (period.start_on, period.end_on)), truth)


def assert_true(measured: Measurement, true: Answer, truth: Truth) -> None:
    """The measurement is the true answer: value, parts, rows, rows left out, variants."""
    about = f"{measured.kpi} of {measured.period.start_on} at {truth.at}"
    assert measured.value == pytest.approx(true.value), about
    if true.denominator is not None:
        assert (measured.numerator or 0, measured.denominator or 0) == (true.numerator, true.denominator), about
    counted = {row.key: row.value for row in measured.evidence if row.value is not None}
    assert counted == pytest.approx(true.evidence), about
    left_out: dict[str, set[str]] = {}
    for row in measured.evidence:
        if row.reason is not None:
            left_out.setdefault(row.reason, set()).add(row.key)
    assert left_out == {reason: set(keys) for reason, keys in true.excluded.items()}, about
    for variant, (n, of) in true.variants.items():
        assert measured.statistics[variant] == pytest.approx(n / of if of else None), f"{about}, {variant}"
