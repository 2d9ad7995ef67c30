"""From settings to the jobs of a cycle: the one place where configuration, connectors and core meet."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import timedelta
from functools import partial
from threading import Event
from zoneinfo import ZoneInfo

import connectors
from config.plan import read_plan
from config.settings import ProjectSettings, Settings
from config.sources import AnySource, GithubSettings, JiraSettings
from core.document import adf, markdown
from core.document.nodes import Document
from core.errors import UsageError
from core.history.calendar import WorkingCalendar
from core.history.spans import StatusMapping
from core.model import Person, Plan
from core.plan.match import RoleRule
from core.projects import ProjectJob, Rule, Topic
from core.publish.outbox import Dialect, TargetOf
from core.sync.drain import SourceJob

MISSED_READINGS = 3
"""Readings that may fail before a source is called stale."""
OFTEN = timedelta(hours=1)
"""How often we are surely run: a timer may start us once an hour although `every` is shorter."""


def _markdown(document: Document, *, marker: str | None, url: str | None) -> str:  # noqa: ARG001
    """The document as GitHub takes it, whose connector puts the marker before it."""
    return markdown.render(document)


DIALECTS: dict[str, Dialect] = {"jira": adf.render, "github": _markdown}
"""What each kind of source takes as the text of a comment. Kinds that are not here are not written to."""


def source_jobs(settings: Settings, stop: Event, only: list[str] | None = None) -> list[SourceJob]:
    """The sources of the settings that this version reads, or those named in `only`.

    Raises UsageError for a name that is not there or not read.
    """
    readable = [name for name, source in settings.sources.items() if connectors.reads(source.kind)]
    for name in only or []:
        if name in settings.sources and name not in readable:
            raise UsageError(f"this version does not read sources of kind {settings.sources[name].kind} yet")
        _require(name, readable, "source")
    return [
        SourceJob(
            name=name,
            kind=source.kind,
            open=partial(connectors.source, name, source, stop=stop, zone=ZoneInfo(settings.timezone)),
            scope=_scope(source),
            mapping=_mapping(source),
            checks=dict(source.checks),
        )
        for name, source in settings.sources.items()
        if name in (only or readable)
    ]


def project_jobs(settings: Settings, only: str | None = None) -> list[ProjectJob]:
    """The projects of the settings, or the one named.

    Raises UsageError for a name that is not there, and ConfigurationError for a country without known holidays.
    """
    if only is not None:
        _require(only, settings.projects, "project")
    return [
        _project_job(settings, name, project)
        for name, project in settings.projects.items()
        if only is None or name == only
    ]


def patience_of(settings: Settings) -> dict[str, timedelta]:
    """How long each source that this version reads is waited for while its readings fail."""
    return {
        name: MISSED_READINGS * max(source.every, OFTEN)
        for name, source in settings.sources.items()
        if connectors.reads(source.kind)
    }


def targets(settings: Settings, stop: Event) -> dict[str, TargetOf]:
    """How to write to each source that comments can be written to."""
    return {
        name: TargetOf(open=partial(connectors.target, name, source, stop=stop), render=DIALECTS[source.kind])
        for name, source in settings.sources.items()
        if source.kind in DIALECTS
    }


def _require(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise UsageError(f"there is no {what} `{name}`", advice=f"Write one of {', '.join(known)}.")


def _project_job(settings: Settings, name: str, project: ProjectSettings) -> ProjectJob:
    work = project.working_time
    zone = ZoneInfo(work.zone or settings.timezone)
    read = [source for source in project.sources if connectors.reads(settings.sources[source].kind)]
    return ProjectJob(
        id=name,
        name=project.name,
        read_plan=partial(_plan, project),
        kinds={source: settings.sources[source].kind for source in read},
        patience={source: patience for source, patience in patience_of(settings).items() if source in read},
        roles={role: RoleRule(types=rule.type, labels=rule.label) for role, rule in project.roles.items()},
        calendar=WorkingCalendar(zone, work.country, work.days, work.opens, work.closes),
        period=project.period,
        rules={
            kpi: Rule(within=rule.within, clock=rule.clock, target=rule.target) for kpi, rule in project.kpis.items()
        },
        topics=topics(settings, project),
        people=tuple(
            Person(name=one.name, email=one.email.casefold(), accounts=one.accounts) for one in settings.people
        ),
        language=settings.language,
    )


def topics(settings: Settings, project: ProjectSettings) -> tuple[Topic, ...]:
    """Where this version writes about the project, named as the tracker does: a key of Jira's is in upper case."""
    return tuple(
        Topic(source=entry.to, target=_named(settings.sources[entry.to], target), topic=entry.topic)
        for entry in project.publish
        if (target := entry.item or entry.repository) is not None
    )


def _named(source: AnySource, target: str) -> str:
    return target.upper() if isinstance(source, JiraSettings) else target


def _plan(project: ProjectSettings) -> Plan | None:
    return None if project.plan is None else read_plan(project.plan)


def _mapping(source: AnySource) -> StatusMapping:
    if not isinstance(source, JiraSettings):
        return StatusMapping()
    return StatusMapping(
        overrides={status.casefold(): category for category, names in source.statuses.items() for status in names},
        cancelled_resolutions=frozenset(resolution.casefold() for resolution in source.cancelled_resolutions),
    )


def _scope(source: AnySource) -> str:
    """A digest of what a source is asked for: when it changes, everything is read again."""
    asked = [str(getattr(source, "url", "")), getattr(source, "projects", ()), getattr(source, "jql", None)]
    if isinstance(source, GithubSettings):
        asked.append(source.repositories)
    return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()
