"""What `planward check` looks at outside the configuration: secrets, files, the store, accounts, places to write to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from threading import Event
from typing import Any

import connectors
from config.problems import nearest, quote
from config.settings import Settings
from config.sources import AnySource
from core.daemon import compose
from core.errors import ConfigurationError, PlanwardError, StoreMissing
from core.model import Status
from core.ports import Target
from core.projects import ProjectJob
from core.publish.decision import markers_of
from core.store import items
from core.store.engine import Store


def missing_secrets(settings: Settings) -> list[str]:
    """A sentence for each secret that cannot be read, but for those of sources that this version does not read."""
    unread = tuple(f"sources.{name}." for name, source in settings.sources.items() if not connectors.reads(source.kind))
    missing = []
    for place, secret in settings.secrets():
        if place.startswith(unread):
            continue
        try:
            secret.reveal()
        except PlanwardError as error:
            missing.append(f"{place}: {error}")
    return missing


def unusable_files(settings: Settings) -> list[str]:
    """A sentence for each certificate file of a source that cannot be used for what it is named for."""
    unusable = []
    for name, source in settings.sources.items():
        for setting, certificates in (
            ("ca", (source.ca, None)),
            ("client_certificate", (None, source.client_certificate)),
        ):
            if not any(certificates):
                continue
            from connectors.transport import trust  # only who has such files pays for it

            try:
                trust(*certificates)
            except PlanwardError as error:
                unusable.append(f"sources.{name}.{setting}: {error}")
    return unusable


def store(settings: Settings) -> dict[str, Any]:
    """The state of the store, with the reason: ready, missing (no fault: it will be made), unusable, misconfigured."""
    found: dict[str, Any] = {"ok": True, "url": settings.masked_store, "state": "ready", "error": None, "advice": None}
    try:
        Store.open(settings.store).close()
    except StoreMissing:
        return {**found, "state": "missing"}
    except PlanwardError as error:
        state = "misconfigured" if isinstance(error, ConfigurationError) else "unusable"
        return {**found, "ok": False, "state": state, "error": str(error), "advice": error.advice}
    return found


def unknown_types(settings: Settings) -> list[str]:
    """A sentence for each type that a role names and that no item which is held of the project's sources is of.

    None where nothing is held yet, or the store cannot be asked.
    """
    unknown: list[str] = []
    try:
        with Store.open(settings.store) as opened, opened.read() as connection:
            held = {name: items.types(connection, one.sources) for name, one in settings.projects.items()}
    except PlanwardError:
        return unknown  # what is wrong with the store is told for itself
    for name, project in settings.projects.items():
        known = {kind.casefold() for kind in held[name]}
        for role, rule in project.roles.items():
            missing = [kind for kind in rule.type if known and kind.casefold() not in known]
            unknown += [
                f"{name}: no issue is of type {quote(kind)}, which role {role} names{_meant(nearest(kind, held[name]))}"
                for kind in missing
            ]
    return unknown


def unknown_statuses(said: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each status that the settings of a source name and that it said it does not have."""
    return [
        f"{name}: has no status {quote(status)}, which `statuses` names{_meant(one['near_statuses'].get(status))}"
        for name, one in said.items()
        for status in one["unknown_statuses"]
    ]


def _meant(near: str | None) -> str:
    return "" if near is None else f"; did you mean {quote(near)}?"


def _unknown(source: AnySource, listed: Sequence[Status]) -> list[str]:
    named = [name for names in getattr(source, "statuses", {}).values() for name in names]
    known = {text.casefold() for status in listed for text in (status.name, status.status_id)}
    return [name for name in named if name.casefold() not in known]


def accounts(settings: Settings) -> dict[str, dict[str, Any]]:
    """Who each source says that we are, how much it has to be read, and which statuses it does not have.

    Where it does not say one of these, why not: the account may be right, and the project that is to be read wrong.
    """
    said: dict[str, dict[str, Any]] = {}
    for job in compose.source_jobs(settings, Event()):
        one = said[job.name] = {
            "ok": False,
            "account": None,
            "name": None,
            "holds": None,
            "unknown_statuses": [],
            "near_statuses": {},
            "error": None,
            "advice": None,
        }
        try:
            with closing(job.open()) as source:
                identity = source.identify()
                one |= {"account": identity.account_id, "name": identity.name}
                one |= {"holds": source.holds()}
                listed = source.lists()
                unknown = _unknown(settings.sources[job.name], listed)
                near = {name: nearest(name, [status.name for status in listed]) for name in unknown}
                one |= {"unknown_statuses": unknown, "near_statuses": {k: v for k, v in near.items() if v}, "ok": True}
        except PlanwardError as error:
            one |= {"error": str(error), "advice": error.advice}
    return said


def targets(settings: Settings, jobs: Sequence[ProjectJob]) -> list[dict[str, Any]]:
    """Whether each place that is written to can be seen, and whether our comment stands there. Nothing is sent.

    Whether we may write there shows only when something is written.
    """
    known = compose.targets(settings, Event())
    opened: dict[str, Target] = {}
    seen: list[dict[str, Any]] = []
    with ExitStack() as stack:
        for project, topic in [(job.id, topic) for job in jobs for topic in job.topics]:
            place = {"project": project, "source": topic.source, "target": topic.target, "topic": topic.topic}
            markers = markers_of(project, topic.source, [topic.target], topic.topic)
            try:
                if topic.source not in opened:
                    opened[topic.source] = stack.enter_context(closing(known[topic.source].open()))
                comment = opened[topic.source].find(topic.target, markers)
            except PlanwardError as error:
                seen.append({**place, "ok": False, "comment": None, "error": str(error), "advice": error.advice})
            else:
                there = comment.remote_id if comment else None
                seen.append({**place, "ok": True, "comment": there, "error": None, "advice": None})
    return seen
