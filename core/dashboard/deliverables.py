"""The deliverables by milestone: how far each is, who owns it, and when it is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from core.document.messages import say
from core.document.nodes import StatusWord, Tone
from core.model import Finding
from core.report import status
from core.report.inputs import DeliverableLine, MilestoneLine, StatusInputs
from core.report.words import natural

MOST_OPEN = 8
"""Unfinished deliverables of a milestone that are shown without unfolding, and more only where they need attention."""
FEW = 12
"""Deliverables of a whole plan with which the finished ones need no folding."""

_ORDER = (Tone.BAD, Tone.WARNING, Tone.NEUTRAL, Tone.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableRow:
    """A deliverable in words. `due_on` is the date in force, `planned_on` the plan's own where that is another.

    `share` is how many per cent of its items are finished, None where it has none.
    """

    line: DeliverableLine
    word: StatusWord
    owner: str | None
    due_on: date | None
    planned_on: date | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableGroup:
    """The deliverables of a milestone; of none where `milestone` and its `word` are None.

    `first` are to be seen at once: what is unfinished, what needs attention before the rest, and in a short plan what
    is closed. `rest` and `closed` wait to be unfolded; `closed_title` says what the latter are.
    """

    milestone: MilestoneLine | None
    word: StatusWord | None
    finished: int
    total: int
    first: tuple[DeliverableRow, ...]
    rest: tuple[DeliverableRow, ...]
    closed: tuple[DeliverableRow, ...]
    closed_title: str


def compose(about: StatusInputs, language: str) -> tuple[DeliverableGroup, ...]:
    """The groups in the order of the milestones, then what belongs to none of them."""
    milestones = status.milestones_in_order(about)
    places = {milestone.id: place for place, milestone in enumerate(milestones)}
    found = _findings(about)

    def place(row: DeliverableRow) -> int:
        return places.get(row.line.milestone or "", len(places))

    rows = [_row(line, found.get(line.id, ()), about, language) for line in about.deliverables]
    rows.sort(key=lambda row: (_ORDER.index(row.word.tone), str(row.due_on), natural(row.line.id)))
    return tuple(
        _group((*milestones, None)[at], tuple(group), about, language)
        for at, group in groupby(sorted(rows, key=place), key=place)
    )


def _findings(about: StatusInputs) -> dict[str, list[Finding]]:
    """What was found about each deliverable."""
    found: dict[str, list[Finding]] = {}
    for finding in (one.finding for one in about.findings):
        if finding.facts.get("entry") == "deliverable":
            found.setdefault(finding.subject, []).append(finding)
    return found


def _row(line: DeliverableLine, found: Sequence[Finding], about: StatusInputs, language: str) -> DeliverableRow:
    due_on = line.baseline_due_on or line.due_on
    return DeliverableRow(
        line=line,
        word=status.deliverable_word(line, found, language),
        owner=None if line.owner is None else about.people.get(line.owner.casefold(), line.owner),
        due_on=due_on,
        planned_on=line.due_on if line.due_on != due_on else None,
        share=round(line.finished_items / line.items * 100, 2) if line.items else None,
    )


def _group(
    milestone: MilestoneLine | None, rows: Sequence[DeliverableRow], about: StatusInputs, language: str
) -> DeliverableGroup:
    closed = tuple(row for row in rows if _is_closed(row))
    shown, rest = _parted([row for row in rows if not _is_closed(row)])
    folded = len(about.deliverables) > FEW
    cancelled = sum(row.line.is_cancelled for row in rows)
    return DeliverableGroup(
        milestone=milestone,
        word=None if milestone is None else status.milestone_word(milestone, about, language),
        finished=sum(row.line.is_finished for row in rows),
        total=len(rows) - cancelled,
        first=(*shown, *(() if folded else closed)),
        rest=rest,
        closed=closed if folded else (),
        closed_title=say(
            "dashboard.deliverables.closed.cancelled" if cancelled else "dashboard.deliverables.closed",
            language,
            n=len(closed),
        ),
    )


def _is_closed(row: DeliverableRow) -> bool:
    return row.line.is_finished or row.line.is_cancelled


def _parted(rows: Sequence[DeliverableRow]) -> tuple[tuple[DeliverableRow, ...], tuple[DeliverableRow, ...]]:
    """What is shown at once, and the rest. What needs attention comes first and is never folded away."""
    urgent = sum(row.word.tone is not Tone.NEUTRAL for row in rows)
    shown = max(urgent, MOST_OPEN)
    return tuple(rows[:shown]), tuple(rows[shown:])
