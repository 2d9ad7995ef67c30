"""The status of one project on one screen, composed from stored numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
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
from core.plan.reconcile import DUE_SOON, GHOST, OVERDUE
from core.plan.state import Standing
from core.report import measures
from core.report.inputs import DeliverableLine, Freshness, MilestoneLine, OpenFinding, StatusInputs
from core.report.urgency import SEVERITIES, urgency
from core.report.words import MOST_KEYS, joined, key_link, listed, shortened

__all__ = ["DeliverableLine", "Freshness", "MilestoneLine", "OpenFinding", "StatusInputs", "compose"]

SECTION = 3  # the heading level under the document's title
MOST_FINDINGS = 8
"""Findings of one severity that are told; the others are counted, so that the first screen stays one."""

_TONES = {Severity.CRITICAL: Tone.BAD, Severity.WARNING: Tone.WARNING, Severity.INFO: Tone.NEUTRAL}
_STANDINGS = {
    Standing.OPEN: "open",
    Standing.EMPTY: "no_work",
    Standing.UNKNOWN: "unknown",
    Standing.CANCELLED: "cancelled",
}
"""What is said of a deliverable that is not finished and of whose date there is nothing to say."""


def compose(inputs: StatusInputs, language: str) -> Document:
    """The status report: verdict and reasons, milestones, measures, findings with what to do, and the small print.

    The same inputs in any order give the same document, and nothing in it changes because time passes.
    """
    inputs = replace(inputs, measurements=measures.ordered(inputs.measurements))
    blocks: list[Block] = [
        Paragraph(sentence(verdict(inputs, language), language)),
        *_milestones(inputs, language),
        *_measures(inputs, language),
        *_findings(inputs, language),
        Rule(),
        _small_print(inputs, language),
    ]
    return Document(tuple(blocks), title=say("status.title", language, project=inputs.name), language=language)


# --- the verdict ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How the project stands, in a word and with the reasons for it."""

    word: StatusWord
    reasons: tuple[Inlines, ...]


def verdict(inputs: StatusInputs, language: str) -> Verdict:
    """Off course with a critical finding, at risk with a warning or a missed target."""
    severities = [one.finding.severity for one in inputs.findings]
    critical, warning = severities.count(Severity.CRITICAL), severities.count(Severity.WARNING)
    worst = critical or warning
    first = [(Text(subject_text(one.finding)),) for one in findings_in_order(inputs)[: min(worst, MOST_KEYS)]]
    named = {"subjects": shortened(first, worst, language)}
    missed = [
        measures.title(one, inputs.rules, language) for one in measures.ordered(inputs.measurements) if one.met is False
    ]
    stale = sorted(one.source for one in inputs.freshness if not one.fresh)

    reasons: list[Inlines] = []
    if critical:
        reasons.append(phrase("status.because.critical", language, n=critical, **named))
    if warning:
        variant = "warning" if critical else "warning.named"
        reasons.append(phrase(f"status.because.{variant}", language, n=warning, **named))
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
    return Verdict(word=StatusWord(say(f"status.verdict.{tone}", language), tone), reasons=tuple(reasons))


def sentence(judged: Verdict, language: str) -> Inlines:
    """The verdict and its reasons in one sentence."""
    reasons = joined(judged.reasons, language, "and_also")
    return phrase("status.because", language, verdict=judged.word, reasons=reasons)


# --- milestones ---


def _milestones(inputs: StatusInputs, language: str) -> Iterator[Block]:
    if not inputs.milestones:
        return
    yield Heading(SECTION, phrase("status.milestones", language))
    header = tuple(phrase(f"status.{name}", language) for name in ("milestone", "approved", "due", "state"))
    yield Table(header, tuple(_milestone(line, inputs, language) for line in milestones_in_order(inputs)))


def milestones_in_order(inputs: StatusInputs) -> tuple[MilestoneLine, ...]:
    """The milestones by the date in force; what has none comes last."""
    by_date = sorted(inputs.milestones, key=lambda line: (str(line.baseline_due_on or line.due_on or "~"), line.id))
    return tuple(by_date)


def _milestone(line: MilestoneLine, inputs: StatusInputs, language: str) -> tuple[Inlines, ...]:
    none = Text(say("no_target", language))
    approved: Inline = none if line.baseline_due_on is None else DateWord(line.baseline_due_on)
    due: Inline = none if line.due_on is None else DateWord(line.due_on)
    return ((Text(f"{line.id} {line.name}"),), (approved,), (due,), _state(line, inputs, language))


def _state(line: MilestoneLine, inputs: StatusInputs, language: str) -> Inlines:
    word = milestone_word(line, inputs, language)
    if line.finished_on is None:
        return (word,)
    return phrase("status.finished_on", language, state=word, on=line.finished_on)


def milestone_word(line: MilestoneLine, inputs: StatusInputs, language: str) -> StatusWord:
    """The state in a word, as bad as the worst of the findings that the verdict goes by.

    It is overdue or due soon itself, or at risk where one of its deliverables is overdue.
    """
    if line.finished_on is not None:
        return _finished(line, line.finished_on, language)
    parts = {one.id for one in inputs.deliverables if one.milestone == line.id}
    word, severities = "open", []
    for finding in (one.finding for one in inputs.findings):
        entry = finding.facts.get("entry")
        if entry == "milestone" and finding.subject == line.id and finding.kind in (OVERDUE, DUE_SOON):
            word = finding.kind
        elif entry == "deliverable" and finding.subject in parts and finding.kind == OVERDUE:
            word = "at_risk" if word == "open" else word
        else:
            continue
        severities.append(finding.severity)
    if line.due_on is None and word in ("open", "at_risk"):
        return StatusWord(say("status.dropped", language))
    tone = _TONES[min(severities, key=SEVERITIES.index)] if severities else Tone.NEUTRAL
    return StatusWord(say(f"status.{word}", language), tone)


def deliverable_word(line: DeliverableLine, findings: Iterable[Finding], language: str) -> StatusWord:
    """The state of a deliverable in a word, as bad as what was found about it. `findings` are those about it.

    A finish at an unknown time is not praised: it may have been late.
    """
    if line.is_finished:
        if line.finished_on is not None:
            return _finished(line, line.finished_on, language)
        return StatusWord(say("status.finished", language))
    found = {finding.kind: _TONES[finding.severity] for finding in findings}
    for kind in (OVERDUE, DUE_SOON):
        if kind in found:
            return StatusWord(say(f"status.{kind}", language), found[kind])
    word = _STANDINGS[line.standing] if line.due_on else "dropped"
    return StatusWord(say(f"status.{word}", language), found.get(GHOST, Tone.NEUTRAL))


def _finished(line: MilestoneLine | DeliverableLine, on: date, language: str) -> StatusWord:
    committed_on = line.baseline_due_on or line.due_on
    late = committed_on is not None and on > committed_on
    word = say("status.finished_late" if late else "status.finished", language)
    return StatusWord(word, Tone.WARNING if late else Tone.GOOD)


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
    lines: list[Inlines] = []
    for severity, group in groupby(findings_in_order(inputs), key=lambda one: one.finding.severity):
        of_severity = list(group)
        lines += [_finding(one, inputs, language) for one in of_severity[:MOST_FINDINGS]]
        rest = len(of_severity) - MOST_FINDINGS
        if rest > 0:
            lines.append(phrase("status.more_findings", language, severity=severity_word(severity, language), n=rest))
    yield List(tuple(lines))


def findings_in_order(inputs: StatusInputs) -> tuple[OpenFinding, ...]:
    """The findings as they should be looked at: the most severe first, and of those what is most urgent."""
    return tuple(sorted(inputs.findings, key=lambda one: urgency(one.finding, one.opened_on)))


def _finding(one: OpenFinding, inputs: StatusInputs, language: str) -> Inlines:
    name = owner(one.finding, inputs)
    return phrase(
        "status.finding",
        language,
        severity=severity_word(one.finding.severity, language),
        on=one.opened_on,
        sentence=finding_sentence(one.finding, inputs, language),
        advice=advice_text(one.finding, language) or "",
        owner=() if name is None else phrase("status.owner", language, owner=name),
    )


def owner(finding: Finding, inputs: StatusInputs) -> str | None:
    """Who answers for it, by name where the configuration has one.

    An assignee whom it does not know is an account's id, which tells a reader nothing.
    """
    held = str(finding.facts.get("owner") or "")
    if name := inputs.people.get(held.casefold()):
        return name
    return held if held and "entry" in finding.facts else None


def finding_sentence(finding: Finding, inputs: StatusInputs, language: str) -> Inlines:
    """What the finding says, with links to the items behind it."""
    linked = {}
    if "others" in finding.facts:
        linked["others"] = listed(finding.evidence[1:], inputs.urls, language)  # the first is the subject itself
    said = finding_phrase(finding, language, _subject(finding, inputs), **linked)
    if finding.evidence and "key" not in finding.facts:
        keys = listed(finding.evidence, inputs.urls, language)
        said = (*said, *phrase("status.items", language, keys=keys))
    return said


def severity_word(severity: Severity, language: str) -> StatusWord:
    """The severity in a word."""
    return StatusWord(say(f"severity.{severity}", language), _TONES[severity])


def _subject(finding: Finding, inputs: StatusInputs) -> Inlines:
    """The subject's words; where it is an item, its key leads there."""
    facts = finding.facts
    if "key" not in facts:
        return (Text(subject_text(finding)),)
    key = str(facts["key"])
    link = key_link(key, inputs.urls.get((str(facts.get("source")), key)))
    return (link, Text(f" “{facts['name']}”")) if facts.get("name") else (link,)


# --- the small print ---


def _small_print(inputs: StatusInputs, language: str) -> Block:
    period = inputs.period
    lines = [phrase("status.period", language, start=period.start_on, end=period.end_on)]
    if inputs.freshness:
        states = [freshness_phrase(one, language) for one in sorted(inputs.freshness, key=lambda one: one.source)]
        lines.append(phrase("status.sources", language, states=joined(states, language)))
    for measured in inputs.measurements:
        lines.extend(measures.small_print(measured, inputs.rules, language))
    if inputs.measurements:
        versions = [(Emphasis(f"{one.kpi} {one.definition}"),) for one in inputs.measurements]
        lines.append(phrase("status.definitions", language, versions=joined(versions, language)))
    return List(tuple(lines))


def freshness_phrase(one: Freshness, language: str) -> Inlines:
    """Whether the data of a source is up to date, as a state and never as an age."""
    if one.fresh:
        return phrase("status.up_to_date", language, source=one.source)
    if one.read_on is None:
        return phrase("status.never_read", language, source=one.source)
    return phrase("status.stale_since", language, source=one.source, on=one.read_on)
