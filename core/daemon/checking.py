"""`planward check`: whether the files, the secrets and the store are right, and what each source says to us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from config.load import load
from config.settings import Settings
from config.sources import AnySource, IcsSettings
from core.daemon import probes
from core.daemon.tables import NAME, SENTENCE, Column, print_table
from core.daemon.terminal import print_json, say
from core.document import messages
from core.errors import ConfigurationError

EXPIRY_WARNING = timedelta(days=30)
ACCOUNTS = (Column("source"), Column("reached"), Column("holds"), Column("account", folds=SENTENCE))
TARGETS = (
    Column("project", spare=True),
    Column("where", folds=NAME),
    Column("topic", spare=True),
    Column("seen"),
    Column("comment", folds=SENTENCE),
)
UNWATCHED = ("requirements", "documents", "risks", "retrospectives")
"""Parts of a plan that nothing is held against yet."""
STORE = {"ready": "ready", "missing": "not there yet; `planward sync` or `planward db upgrade` will make it"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found out. The mappings are as they stand in the JSON."""

    notes: list[str]
    secrets: list[str]
    files: list[str]
    store: dict[str, Any]
    accounts: dict[str, dict[str, Any]]
    targets: list[dict[str, Any]]

    @property
    def asked(self) -> list[dict[str, Any]]:
        """What the sources said: about our accounts, and about the places to write to."""
        return [*self.accounts.values(), *self.targets]

    @property
    def exit_code(self) -> int:
        """78 when something is wrong with the configuration, 1 when anything else is."""
        if self.secrets or self.files or self.store["state"] == "misconfigured":
            return ConfigurationError.exit_code
        return 0 if self.store["ok"] and all(one["ok"] for one in self.asked) else 1


def check(config: Path, *, online: bool, as_json: bool) -> int:
    """Report what was checked. Raises ConfigurationError with all problems of the files."""
    from core.daemon.compose import project_jobs

    settings = load(config)
    jobs = project_jobs(settings)  # raises what only shows when it is put together, such as a country without holidays
    said = probes.accounts(settings) if online else {}
    names = [*probes.unknown_statuses(said), *probes.unknown_types(settings)] if online else []
    found = Found(
        notes=[*_notes(settings, datetime.now(UTC).date()), *names],
        secrets=probes.missing_secrets(settings),
        files=probes.unusable_files(settings),
        store=probes.store(settings),
        accounts=said,
        targets=probes.targets(settings, jobs) if online else [],
    )
    if as_json:
        print_json(
            {
                "ok": found.exit_code == 0,
                "sources": list(settings.sources),
                "projects": list(settings.projects),
                "notes": found.notes,
                "missing_secrets": found.secrets,
                "unusable_files": found.files,
                "store": found.store,
                "accounts": found.accounts,
                "targets": found.targets,
            }
        )
    else:
        _show(settings, found)
    return found.exit_code


def _notes(settings: Settings, today: date) -> list[str]:
    """What is no mistake and should be known all the same."""
    import connectors

    notes = []
    for name, source in settings.sources.items():
        if not connectors.reads(source.kind):
            notes.append(f"{name}: this version does not read sources of kind {source.kind} yet")
        if source.expires_on is not None and source.expires_on - today <= EXPIRY_WARNING:
            verb = "expired" if source.expires_on < today else "expires"
            notes.append(f"{name}: its token {verb} on {source.expires_on.isoformat()}; make a new one")
    notes += [f"{place}: {note}" for place, secret in settings.secrets() if (note := secret.note())]
    for name, project in settings.projects.items():
        if project.plan is None:
            notes.append(f"{name}: has no plan, so nothing can be held against one")
        elif unwatched := [part for part in UNWATCHED if getattr(settings.plans[name], part)]:
            notes.append(f"{name}: this version keeps the plan's {', '.join(unwatched)} and does not watch them yet")
    return notes


def _show(settings: Settings, found: Found) -> None:
    sources, projects = len(settings.sources), len(settings.projects)
    say(f"{settings.path}: no mistakes found. Sources: {sources}, projects: {projects}.")
    for note in found.notes:
        say(f"Note: {note}" if note.endswith("?") else f"Note: {note}.")
    for problem in found.secrets:
        say(f"Missing: {problem}")
    for problem in found.files:
        say(f"Unusable: {problem}")
    say(f"Store: {found.store['url']}: {found.store['error'] or STORE[found.store['state']]}.")
    if not found.store["ok"]:
        say(found.store["advice"])
    language = settings.language
    if found.accounts:
        rows = [
            [
                name,
                _yes(one, language),
                "–" if one["holds"] is None else amount(settings.sources[name], one["holds"], language),
                one["error"] or one["name"] or one["account"],
            ]
            for name, one in found.accounts.items()
        ]
        print_table(messages.say("table.accounts", language), ACCOUNTS, rows, language)
    if found.targets:
        rows = [
            [
                one["project"],
                f"{one['source']} {one['target']}",
                one["topic"],
                _yes(one, language),
                one["error"] or messages.say(f"cell.comment.{'there' if one['comment'] else 'none'}", language),
            ]
            for one in found.targets
        ]
        print_table(messages.say("table.targets", language), TARGETS, rows, language)
    failed: dict[str, list[str]] = {}
    for name, one in [*found.accounts.items(), *((f"{one['source']} {one['target']}", one) for one in found.targets)]:
        if not one["ok"]:
            failed.setdefault(one["advice"], []).append(name)
    for advice, names in failed.items():
        say(f"{', '.join(names)}: {advice}")


def amount(source: AnySource, number: int, language: str) -> str:
    """How much there is of what a source of this kind has."""
    return messages.say("cell.events" if isinstance(source, IcsSettings) else "cell.items", language, n=number)


def _yes(one: dict[str, Any], language: str) -> str:
    return messages.say("cell.yes" if one["ok"] else "cell.no", language)
