"""What the page of a project shows, composed from stored values: no clock, no store, no markup."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby

from core.dashboard import capacity, deliverables, tiles, timeline
from core.dashboard.capacity import CapacityGroup
from core.dashboard.deliverables import DeliverableGroup
from core.dashboard.tiles import Tile
from core.dashboard.timeline import Timeline
from core.document.messages import advice_text
from core.document.nodes import Inlines, StatusWord, Tone
from core.model import Capacity, Measurement, Severity
from core.report import measures, status
from core.report.inputs import MilestoneLine, OpenFinding, StatusInputs
from core.report.status import MOST_FINDINGS, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PageInputs:
    """Everything that the page of a project shows.

    `as_of` is the instant of the numbers in the project's zone, `today` the day on which the page is made. `past` are
    the frozen numbers of earlier periods, oldest first. `names` are those of the items and plan entries in evidence, by
    source ("" for the plan) and key. `capacity` is the time of the plan's people at that instant. `unread` are the
    sources that were never read to their end.
    """

    project: str
    status: StatusInputs
    as_of: datetime
    today: date
    past: tuple[Measurement, ...] = ()
    names: Mapping[tuple[str, str], str] = field(default_factory=dict)
    capacity: tuple[Capacity, ...] = ()
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """A finding as a sentence, and who answers for it where the plan says so."""

    said: Inlines
    opened_on: date
    owner: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings of one severity and kind, and what to do about each of them. `rest` waits to be unfolded."""

    word: StatusWord
    advice: str | None
    first: tuple[FindingLine, ...]
    rest: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """A source and whether its data is up to date."""

    said: Inlines
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """Counts for the first look. `next_milestone` is the first by date that is not finished, `next_state` its state."""

    targets_met: int
    targets: int
    milestones_finished: int
    milestones: int
    next_milestone: MilestoneLine | None
    next_state: StatusWord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectPage:
    """The page of one project. `sentence` is the verdict with its reasons, as in the status comment."""

    inputs: PageInputs
    language: str
    verdict: Verdict
    sentence: Inlines
    glance: Glance
    timeline: Timeline | None
    deliverables: tuple[DeliverableGroup, ...]
    tiles: tuple[Tile, ...]
    findings: tuple[FindingGroup, ...]
    capacity: tuple[CapacityGroup, ...]
    sources: tuple[SourceLine, ...]


def compose(inputs: PageInputs, language: str) -> ProjectPage:
    """The page of a project."""
    about = inputs.status
    judged = status.verdict(about, language)
    return ProjectPage(
        inputs=inputs,
        language=language,
        verdict=judged,
        sentence=status.sentence(judged, language),
        glance=_glance(about, language),
        timeline=timeline.draw(about, inputs.today, language),
        deliverables=deliverables.compose(about, language),
        tiles=tuple(
            tiles.compose(one, inputs.past, about, inputs.names, language)
            for one in measures.ordered(about.measurements)
        ),
        findings=tuple(_findings(about, language)),
        capacity=capacity.compose(inputs.capacity, about.people, language),
        sources=tuple(
            SourceLine(said=status.freshness_phrase(one, language), tone=Tone.GOOD if one.fresh else Tone.WARNING)
            for one in sorted(about.freshness, key=lambda one: one.source)
        ),
    )


def _glance(about: StatusInputs, language: str) -> Glance:
    aimed = [one.met for one in about.measurements if one.met is not None]
    unfinished = [line for line in status.milestones_in_order(about) if line.finished_on is None]
    upcoming = next((line for line in unfinished if line.due_on is not None), None)
    return Glance(
        targets_met=sum(aimed),
        targets=len(aimed),
        milestones_finished=len(about.milestones) - len(unfinished),
        milestones=len(about.milestones),
        next_milestone=upcoming,
        next_state=None if upcoming is None else status.milestone_word(upcoming, about, language),
    )


def _findings(about: StatusInputs, language: str) -> Iterator[FindingGroup]:
    """The findings, those together that call for the same, the most urgent first."""

    def what(one: OpenFinding) -> tuple[Severity, str | None]:
        return one.finding.severity, advice_text(one.finding, language)

    in_order = status.findings_in_order(about)
    places = {group: place for place, group in reversed(list(enumerate(map(what, in_order))))}
    for (severity, advice), group in groupby(sorted(in_order, key=lambda one: places[what(one)]), key=what):
        lines = tuple(
            FindingLine(
                said=status.finding_sentence(one.finding, about, language),
                opened_on=one.opened_on,
                owner=status.owner(one.finding, about),
            )
            for one in group
        )
        yield FindingGroup(
            word=status.severity_word(severity, language),
            advice=advice,
            first=lines[:MOST_FINDINGS],
            rest=lines[MOST_FINDINGS:],
        )
