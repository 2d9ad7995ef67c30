"""A tile for each KPI: value, target, sample, trend, what was left out, and the rows that it was counted from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from core.dashboard import trend
from core.dashboard.trend import Trend
from core.document.messages import excluded_text, number_text, reason_text, say, target_text
from core.document.nodes import Inline, StatusWord, Tone
from core.model import Basis, Direction, EvidenceRow, Measurement, Unit
from core.report import measures
from core.report.inputs import StatusInputs
from core.report.words import key_link

MOST_ROWS = 100
"""Rows of evidence on the page. A page of ten thousand rows helps nobody; the command line lists them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """A counted thing, linked where it has an address, with its name and what it counts or why it does not."""

    source: str | None
    link: Inline
    name: str
    result: str
    tone: Tone
    incomplete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """A share and its target, in per cent of the scale."""

    value: float
    target: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One KPI. `number` is None where it cannot be measured; `missing` then says why.

    `rebuilt_until` is the last day of the trend's periods that ended before anybody measured, None where none did.
    """

    measured: Measurement
    title: str
    result: StatusWord | None
    number: str | None
    caption: str | None
    missing: str | None
    beside: tuple[str, ...]
    target: str | None
    gauge: Gauge | None
    left_out: str | None
    trend: Trend | None
    rebuilt_until: date | None
    lines: tuple[EvidenceLine, ...]
    more: int


def shown_rows(measured: Measurement) -> tuple[EvidenceRow, ...]:
    """The rows that the page has room for: what missed first, then what counts, then what was left out."""

    def place(row: EvidenceRow) -> tuple[int, float, str, str]:
        if row.value is None:
            return 2, 0.0, row.source or "", row.key
        # Of durations the longest first: they are what a person would look at.
        against = row.value if measured.direction is Direction.UP and measured.unit is Unit.SHARE else -row.value
        return (0 if _missed(measured, row) else 1), against, row.source or "", row.key

    return tuple(sorted(measured.evidence, key=place)[:MOST_ROWS])


def compose(
    measured: Measurement,
    past: tuple[Measurement, ...],
    inputs: StatusInputs,
    names: Mapping[tuple[str, str], str],
    language: str,
) -> Tile:
    """The tile of a measurement. `names` are those of items and plan entries, by source ("" for the plan) and key."""
    rows = shown_rows(measured)
    result = measures.result(measured, language)
    gauge = None
    if measured.unit is Unit.SHARE and measured.value is not None:
        gauge = Gauge(
            value=round(min(max(measured.value, 0.0), 1.0) * 100, 2),
            target=None if measured.target is None else round(measured.target * 100, 2),
        )
    return Tile(
        measured=measured,
        title=measures.title(measured, inputs.rules, language),
        result=result if isinstance(result, StatusWord) else None,
        number=measures.number(measured, inputs.rules, language),
        caption=_caption(measured, language),
        missing=None if measured.value is not None else reason_text(measured.reason or "all_left_out", language),
        beside=() if measured.value is None else tuple(measures.beside(measured, inputs.rules, language)),
        target=None if measured.target is None else _target(measured, inputs, language),
        gauge=gauge,
        left_out=_left_out(measured, language),
        trend=trend.draw(past, measured, inputs.rules, language),
        rebuilt_until=max(
            (one.period.end_on for one in past if one.kpi == measured.kpi and one.basis is Basis.HISTORY), default=None
        ),
        lines=tuple(_lines(measured, rows, names, language)),
        more=len(measured.evidence) - len(rows),
    )


def _caption(measured: Measurement, language: str) -> str | None:
    """What stands small beside the value: of how many it is a share, or which middle it is."""
    if measured.value is None:
        return None
    if measured.unit is Unit.SHARE and measured.numerator is not None and measured.denominator is not None:
        counts = {"n": number_text(measured.numerator), "total": number_text(measured.denominator)}
        return say("cell.of", language, **counts)
    return say("dashboard.median", language) if "p50" in measured.statistics else None


def _target(measured: Measurement, inputs: StatusInputs, language: str) -> str:
    _, clock = measures.rule_of(measured.kpi, inputs.rules)
    return target_text(measured, language, clock)


def _left_out(measured: Measurement, language: str) -> str | None:
    reasons = [
        say("status.left_out.count", language, n=count, reason=excluded_text(code, language))
        for code, count in sorted(measured.excluded.items())
    ]
    return say("and", language).join(reasons) or None


def _missed(measured: Measurement, row: EvidenceRow) -> bool:
    return measured.unit is Unit.SHARE and row.value == (0.0 if measured.direction is Direction.UP else 1.0)


def _lines(
    measured: Measurement, rows: tuple[EvidenceRow, ...], names: Mapping[tuple[str, str], str], language: str
) -> Iterator[EvidenceLine]:
    for row in rows:
        counted = measures.counted(measured, row, language)
        if counted is None:
            tone = Tone.NEUTRAL
            counted = say("dashboard.row.left_out", language, reason=excluded_text(row.reason or "", language))
        elif measured.unit is Unit.SHARE:
            missed = _missed(measured, row)
            counted, tone = say("no" if missed else "yes", language), Tone.BAD if missed else Tone.GOOD
        else:
            tone = Tone.NEUTRAL
        yield EvidenceLine(
            source=row.source,
            link=key_link(row.key, row.url),
            name=names.get((row.source or "", row.key), ""),
            result=counted,
            tone=tone,
            incomplete=row.incomplete,
        )
