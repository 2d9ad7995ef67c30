"""The status of one project on one screen, composed from stored numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from core.document.messages import advice_text, finding_phrase, phrase, say, subject_text
from core.document.nodes import (
    Block,
    DateWord,
    Document,
    Emphasis,
    Heading,
    Inline,
    Inlines,
    List,
    Paragraph,
    Rule,
    StatusWord,
    Table,
    Text,
    Tone,
)
from core.model import Finding, Severity
from core.report import measures
from core.report.inputs import Freshness, MilestoneLine, OpenFinding, StatusInputs
from core.report.words import joined, key_link, listed, natural

__all__ = ["Freshness", "MilestoneLine", "OpenFinding", "StatusInputs", "compose"]

SECTION = 3  # the heading level under the document's title
MOST_FINDINGS = 8
"""Findings of one severity that are told; the others are counted, so that the first screen stays one."""

_SEVERITIES = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_TONES = {Severity.CRITICAL: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.NEUTRAL}


def compose(inputs: StatusInputs, language: str) -> Document:
    """The status report: verdict and reasons, milestones, measures, findings with what to do, and the small print.

    The same inputs in any order give the same document, and nothing in it changes because time passes.
    """
    inputs = replace(inputs, measurements=measures.ordered(inputs.measurements))
    blocks: list[Block] = [
        _verdict(inputs, language),
        *_milestones(inputs, language),
        *_measures(inputs, language),
        *_findings(inputs, language),
        Rule(),
        _small_print(inputs, language),
    ]
    return Document(tuple(blocks), title=say("status.title", language, project=inputs.name), language=language)


# --- the verdict ---


def _verdict(inputs: StatusInputs, language: str) -> Block:
    """One sentence: off course with a critical finding, at risk with a warning or a missed target."""
    severities = [one.finding.severity for one in inputs.findings]
    critical, warning = severities.count(Severity.CRITICAL), severities.count(Severity.WARNING)
    missed = [measures.title(one, inputs.rules, language) for one in inputs.measurements if one.met is False]
    stale = sorted(one.source for one in inputs.freshness if not one.fresh)

    reasons: list[Inlines] = []
    if critical:
        reasons.append(phrase("status.because.critical", language, n=critical))
    if warning:
        reasons.append(phrase("status.because.warning", language, n=warning))
    if missed:
        titles = joined([(Text(title),) for title in missed], language)
        reasons.append(phrase("status.because.missed", language, titles=titles))
    if critical:
        tone = Tone.BAD
    elif reasons:
        tone = Tone.WARNING
    elif stale or all(one.value is None for one in inputs.measurements):
        # What is out of date may hide anything; without a fault in sight that is no good news.
        tone = Tone.NEUTRAL
        if not stale:
            reasons.append(phrase("status.because.nothing_known", language))
    else:
        tone = Tone.GOOD
        reasons.append(phrase("status.because.nothing_wrong", language))
    if stale:
        sources = joined([(Text(source),) for source in stale], language)
        reasons.append(phrase("status.because.stale", language, sources=sources))
    verdict = StatusWord(say(f"status.verdict.{tone}", language), tone)
    return Paragraph(phrase("status.because", language, verdict=verdict, reasons=joined(reasons, language)))


# --- milestones ---


def _milestones(inputs: StatusInputs, language: str) -> Iterator[Block]:
    if not inputs.milestones:
        return
    yield Heading(SECTION, phrase("status.milestones", language))
    overdue = {
        one.finding.subject: one.finding.severity
        for one in inputs.findings
        if one.finding.kind == "overdue" and one.finding.facts.get("entry") == "milestone"
    }
    # By the date in force; what has none comes last.
    ordered = sorted(inputs.milestones, key=lambda line: (str(line.baseline_due_on or line.due_on or "~"), line.id))
    header = tuple(phrase(f"status.{name}", language) for name in ("milestone", "approved", "due", "state"))
    yield Table(header, tuple(_milestone(line, overdue.get(line.id), language) for line in ordered))


def _milestone(line: MilestoneLine, overdue: Severity | None, language: str) -> tuple[Inlines, ...]:
    none = Text(say("no_target", language))
    approved: Inline = none if line.baseline_due_on is None else DateWord(line.baseline_due_on)
    due: Inline = none if line.due_on is None else DateWord(line.due_on)
    return ((Text(f"{line.id} {line.name}"),), (approved,), (due,), _milestone_state(line, overdue, language))


def _milestone_state(line: MilestoneLine, overdue: Severity | None, language: str) -> Inlines:
    """The state in a word. One that is overdue is as bad as the finding that says so, which the verdict goes by."""
    committed_on = line.baseline_due_on or line.due_on
    if line.finished_on is not None:
        late = committed_on is not None and line.finished_on > committed_on
        word = say("status.finished_late" if late else "status.finished", language)
        state = StatusWord(word, Tone.WARNING if late else Tone.GOOD)
        return phrase("status.finished_on", language, state=state, on=line.finished_on)
    if overdue is not None:
        return (StatusWord(say("status.overdue", language), _TONES[overdue]),)
    return (StatusWord(say("status.open" if line.due_on else "status.dropped", language)),)


# --- measures ---


def _measures(inputs: StatusInputs, language: str) -> Iterator[Block]:
    if not inputs.measurements:
        return
    yield Heading(SECTION, phrase("status.kpis", language))
    header = tuple(phrase(f"status.{name}", language) for name in ("kpi", "value", "target", "met", "sample"))
    yield Table(header, tuple(measures.row(one, inputs.rules, language) for one in inputs.measurements))
    missed = [measures.missed_by(one, inputs.rules, inputs.urls, language) for one in inputs.measurements]
    if any(missed):
        yield List(tuple(line for line in missed if line is not None))


# --- findings ---


def _findings(inputs: StatusInputs, language: str) -> Iterator[Block]:
    yield Heading(SECTION, phrase("status.findings", language))
    if not inputs.findings:
        yield Paragraph(phrase("status.no_findings", language))
        return
    ordered = sorted(
        inputs.findings,
        key=lambda one: (
            _SEVERITIES.index(one.finding.severity),
            one.opened_on,
            one.finding.kind,
            natural(one.finding.subject),
        ),
    )
    lines: list[Inlines] = []
    for severity, group in groupby(ordered, key=lambda one: one.finding.severity):
        of_severity = list(group)
        lines += [_finding(one, inputs, language) for one in of_severity[:MOST_FINDINGS]]
        rest = len(of_severity) - MOST_FINDINGS
        if rest > 0:
            lines.append(phrase("status.more_findings", language, severity=_severity(severity, language), n=rest))
    yield List(tuple(lines))


def _finding(one: OpenFinding, inputs: StatusInputs, language: str) -> Inlines:
    finding = one.finding
    severity = _severity(finding.severity, language)
    sentence = finding_phrase(finding, language, _subject(finding, inputs))
    if finding.evidence and "key" not in finding.facts:
        keys = listed(finding.evidence, inputs.urls, language)
        sentence = (*sentence, *phrase("status.items", language, keys=keys))
    advice = advice_text(finding, language) or ""
    return phrase("status.finding", language, severity=severity, on=one.opened_on, sentence=sentence, advice=advice)


def _severity(severity: Severity, language: str) -> StatusWord:
    return StatusWord(say(f"severity.{severity}", language), _TONES[severity])


def _subject(finding: Finding, inputs: StatusInputs) -> Inlines:
    """The subject's words; where it is an item, its key leads there."""
    facts = finding.facts
    if "key" not in facts:
        return (Text(subject_text(finding)),)
    key = str(facts["key"])
    link = key_link(key, inputs.urls.get((str(facts.get("source")), key)))
    return (link, Text(f" {facts['name']}")) if facts.get("name") else (link,)


# --- the small print ---


def _small_print(inputs: StatusInputs, language: str) -> Block:
    period = inputs.period
    lines = [phrase("status.period", language, start=period.start_on, end=period.end_on)]
    if inputs.freshness:
        states = [_freshness(one, language) for one in sorted(inputs.freshness, key=lambda one: one.source)]
        lines.append(phrase("status.sources", language, states=joined(states, language)))
    for measured in inputs.measurements:
        lines.extend(measures.small_print(measured, inputs.rules, language))
    if inputs.measurements:
        versions = [(Emphasis(f"{one.kpi} {one.definition}"),) for one in inputs.measurements]
        lines.append(phrase("status.definitions", language, versions=joined(versions, language)))
    return List(tuple(lines))


def _freshness(one: Freshness, language: str) -> Inlines:
    if one.fresh:
        return phrase("status.up_to_date", language, source=one.source)
    if one.read_on is None:
        return phrase("status.never_read", language, source=one.source)
    return phrase("status.stale_since", language, source=one.source, on=one.read_on)
