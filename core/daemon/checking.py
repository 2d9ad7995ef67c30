"""`planward check`: whether the files are right, the secrets are there, and who we are at each source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from config.load import load
from config.settings import Settings
from core.daemon.terminal import print_json, print_table, say
from core.errors import PlanwardError

EXPIRY_WARNING = timedelta(days=30)


def check(config: Path, *, online: bool, as_json: bool) -> int:
    """Report what was checked. Raises ConfigurationError with all problems of the files."""
    from core.daemon.compose import project_jobs

    settings = load(config)
    project_jobs(settings)  # raises what only shows when it is put together, such as a country without holidays
    notes = _notes(settings, datetime.now(UTC).date())
    secrets = _missing_secrets(settings)
    accounts = _accounts(settings) if online else {}
    failed = [name for name, account in accounts.items() if not account["ok"]]
    if as_json:
        print_json(
            {
                "ok": not secrets and not failed,
                "sources": list(settings.sources),
                "projects": list(settings.projects),
                "notes": notes,
                "missing_secrets": secrets,
                "accounts": accounts,
            }
        )
    else:
        _show(settings, notes, secrets, accounts)
    return 78 if secrets else 1 if failed else 0


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
        notes += [
            f"{name}: this version does not write topic {entry.topic} to {entry.to} yet"
            for entry in project.publish
            if entry.topic != "status" or entry.item is None
        ]
    return notes


def _missing_secrets(settings: Settings) -> list[str]:
    import connectors

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


def _accounts(settings: Settings) -> dict[str, dict[str, Any]]:
    """Who each source says that we are, or why it says nothing."""
    from core.daemon.compose import source_jobs

    accounts: dict[str, dict[str, Any]] = {}
    for job in source_jobs(settings, Event()):
        try:
            source = job.open()
            try:
                identity = source.identify()
            finally:
                source.close()
        except PlanwardError as error:
            accounts[job.name] = {"ok": False, "error": str(error), "advice": error.advice}
        else:
            accounts[job.name] = {"ok": True, "account": identity.account_id, "name": identity.name}
    return accounts


def _show(settings: Settings, notes: list[str], secrets: list[str], accounts: dict[str, dict[str, Any]]) -> None:
    sources, projects = len(settings.sources), len(settings.projects)
    say(f"{settings.path}: no mistakes found. Sources: {sources}, projects: {projects}.")
    for note in notes:
        say(f"Note: {note}.")
    for problem in secrets:
        say(f"Missing: {problem}")
    if accounts:
        rows = [
            [name, "yes" if account["ok"] else "no", account.get("name") or account.get("account") or account["error"]]
            for name, account in accounts.items()
        ]
        print_table(None, ["source", "reached", "as"], rows)
        for account in accounts.values():
            if not account["ok"]:
                say(account["advice"])
