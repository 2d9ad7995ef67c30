"""What a status report is composed from: stored values only, dates in the project's own zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from core.kpi.measure import Adjustment
from core.model import Finding, Measurement, Period
from core.plan.state import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFinding:
    """A finding that is open, and the day on which it opened."""

    finding: Finding
    opened_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneLine:
    """A milestone: its approved date, its date in the present plan (None: dropped), and when it was finished."""

    id: str
    name: str
    baseline_due_on: date | None = None
    due_on: date | None = None
    finished_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableLine:
    """A deliverable: its milestone and owner (an e-mail address), its dates as a milestone's, and how far it is.

    `items` are its units of work. `finished_on` is None also where nobody knows when it was finished.
    """

    id: str
    name: str
    milestone: str | None = None
    owner: str | None = None
    baseline_due_on: date | None = None
    due_on: date | None = None
    finished_on: date | None = None
    items: int = 0
    finished_items: int = 0
    standing: Standing = Standing.OPEN

    @property
    def is_finished(self) -> bool:
        """Whether all of its work is done and it is still in the plan."""
        return self.due_on is not None and self.standing is Standing.FINISHED

    @property
    def is_cancelled(self) -> bool:
        """Whether all of its work was cancelled and it is still in the plan."""
        return self.due_on is not None and self.standing is Standing.CANCELLED


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """Whether a source is up to date, and the day of the last reading that succeeded, None where none did."""

    source: str
    fresh: bool
    read_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusInputs:
    """Everything that the status of a project says.

    The moment of measuring is not shown. `rules` are the configured adjustments of KPIs, `urls` the addresses of items
    by source and key, `people` the names of people by e-mail address.
    """

    name: str
    period: Period
    measurements: tuple[Measurement, ...] = ()
    findings: tuple[OpenFinding, ...] = ()
    milestones: tuple[MilestoneLine, ...] = ()
    deliverables: tuple[DeliverableLine, ...] = ()
    freshness: tuple[Freshness, ...] = ()
    rules: Mapping[str, Adjustment] = field(default_factory=dict)
    urls: Mapping[tuple[str, str], str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
