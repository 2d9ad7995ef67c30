"""Measurements in words: title, value, target, result, and what each number leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from core.document.catalogue import KPI_TITLES
from core.document.messages import (
    duration_text,
    excluded_text,
    kpi_title,
    number_text,
    phrase,
    reason_text,
    say,
    share_text,
    target_text,
    value_text,
)
from core.document.nodes import Inlines, StatusWord, Text, Tone
from core.kpi.declare import KPIS, Within
from core.kpi.flow import THROUGHPUT, week_label
from core.kpi.measure import Adjustment
from core.model import Clock, Direction, EvidenceRow, Measurement, Unit
from core.report.words import joined, listed


def ordered(measurements: Iterable[Measurement]) -> tuple[Measurement, ...]:
    """The measurements as people look for them: those with a target first, each part in the order of the registry."""
    places = {kpi: place for place, kpi in enumerate(KPI_TITLES)}
    return tuple(sorted(measurements, key=lambda one: (one.target is None, places.get(one.kpi, len(places)), one.kpi)))


def rule_of(kpi: str, rules: Mapping[str, Adjustment]) -> tuple[timedelta | None, Clock]:
    """The limit and the clock that a KPI is measured by, as configured or else as declared."""
    declared = KPIS[kpi].rule if kpi in KPIS else None
    if not isinstance(declared, Within):
        return None, Clock.ELAPSED
    adjusted = rules.get(kpi)
    limit = declared.limit if adjusted is None or adjusted.within is None else adjusted.within
    clock = declared.clock if adjusted is None or adjusted.clock is None else adjusted.clock
    return limit, clock


def title(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> str:
    """The title of the measured KPI with its limit and clock."""
    return kpi_title(measured.kpi, language, *rule_of(measured.kpi, rules))


def value(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> str:
    """The value with what belongs beside it, or why there is none.

    How long the oldest open item is open stays out: it changes while nothing happens.
    """
    if measured.value is None:
        reason = reason_text(measured.reason or "all_left_out", language)
        return say("not_measurable", language, reason=reason)
    _, clock = rule_of(measured.kpi, rules)
    return say("and", language).join([_main(measured, clock, language), *beside(measured, rules, language)])


def number(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> str | None:
    """The bare value in the words of its unit, or None where there is none."""
    if measured.value is None:
        return None
    _, clock = rule_of(measured.kpi, rules)
    return value_text(measured.unit, measured.value, language, clock=clock, target=measured.target)


def _main(measured: Measurement, clock: Clock, language: str) -> str:
    assert measured.value is not None
    text = value_text(measured.unit, measured.value, language, clock=clock, target=measured.target)
    if measured.unit is Unit.SHARE and measured.numerator is not None and measured.denominator is not None:
        counts = {"n": number_text(measured.numerator), "total": number_text(measured.denominator)}
        return say("of", language, share=text, **counts)
    return say("median", language, value=text) if "p50" in measured.statistics else text


def beside(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> Iterator[str]:
    """What belongs beside a value: other statistics of the same things, and a doubt about it."""
    _, clock = rule_of(measured.kpi, rules)
    statistics = {name: number for name, number in measured.statistics.items() if number is not None}
    if measured.unit is Unit.SHARE:
        if "p50" in statistics:
            took = duration_text(statistics["p50"], language, clock)
            resolved = int(statistics.get("resolved", 0))
            yield say("median_of_resolved" if resolved else "median", language, value=took, n=resolved)
        if "first" in statistics:
            yield say("first_promise", language, value=share_text(statistics["first"]))
        if "latest" in statistics:
            yield say("latest_dates", language, value=share_text(statistics["latest"]))
    if measured.unit is Unit.SECONDS and "p85" in statistics:
        yield say("p85", language, value=duration_text(statistics["p85"], language, clock))
    if measured.reason is not None:
        yield reason_text(measured.reason, language)


def row(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> tuple[Inlines, ...]:
    """The measurement as a row of the table: title, value, target, result, sample."""
    _, clock = rule_of(measured.kpi, rules)
    return (
        (Text(title(measured, rules, language)),),
        (Text(value(measured, rules, language)),),
        (Text(target_text(measured, language, clock)),),
        (result(measured, language),),
        (Text(str(measured.sample)),),
    )


def counted(measured: Measurement, row: EvidenceRow, language: str) -> str | None:
    """What one item counts in the measurement, in words, or None where it is left out."""
    if row.value is None:
        return None
    if measured.unit is Unit.SHARE:
        return say("cell.yes" if row.value else "cell.no", language)
    if measured.kpi == THROUGHPUT:
        return week_label(row.value)
    return value_text(measured.unit, row.value, language)


def result(measured: Measurement, language: str) -> Text | StatusWord:
    """Whether the target was met, or a dash where there is none to meet."""
    if measured.met is None:
        return Text(say("no_target", language))
    tone = Tone.GOOD if measured.met else Tone.BAD
    return StatusWord(say("yes" if measured.met else "no", language), tone)


def missed_by(
    measured: Measurement, rules: Mapping[str, Adjustment], urls: Mapping[tuple[str, str], str], language: str
) -> Inlines | None:
    """Which items a share that missed its target was missed by, or None where none was or it is no share."""
    if measured.met is not False or measured.unit is not Unit.SHARE:
        return None
    against = 0.0 if measured.direction is Direction.UP else 1.0
    rows = [(row.source or "", row.key, row.url) for row in measured.evidence if row.value == against]
    if not rows:
        return None
    known = {**{(source, key): url for source, key, url in rows if url is not None}, **urls}
    keys = listed([(source, key) for source, key, _ in rows], known, language)
    return phrase("status.missed_by", language, title=title(measured, rules, language), keys=keys)


def small_print(measured: Measurement, rules: Mapping[str, Adjustment], language: str) -> Iterator[Inlines]:
    """What the number leaves out and what is doubtful in it."""
    name = title(measured, rules, language)
    if measured.excluded:
        reasons = [
            phrase("status.left_out.count", language, n=count, reason=excluded_text(code, language))
            for code, count in sorted(measured.excluded.items())
        ]
        yield phrase("status.left_out", language, title=name, reasons=joined(reasons, language))
    if measured.incomplete_items:
        yield phrase("status.incomplete", language, title=name, n=measured.incomplete_items)
