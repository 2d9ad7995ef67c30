"""What the daemon read and did not take: it works by what it had before, and says so until that is put right."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Lock

import structlog
from sqlalchemy import Connection

from core.daemon.health import Health
from core.errors import ConfigurationError, StoreError
from core.model import Plan
from core.projects import ProjectJob
from core.store import runs
from core.store.engine import Store

log = structlog.stdlib.get_logger("planward")

NOBODY = ""
"""The source of notes about Planward itself: no source can be called so."""
NOTE = "refused"
CONFIGURATION = ""
"""Where the configuration stands among the projects, whose plans may be refused as well."""


class Refusals:
    """The problems of the configuration and of each project's plan, told in the log, by HTTP and to `status`."""

    def __init__(self, store: Store, health: Health, now: Callable[[], datetime]) -> None:
        self._store = store
        self._health = health
        self._now = now
        self._lock = Lock()
        self._problems: dict[str, tuple[str, ...]] = {}

    def refuse(self, what: str, problems: tuple[str, ...]) -> None:
        """Say that what was read is not in force. Said once for the same problems."""
        with self._lock:
            if self._problems.get(what) == problems:
                return
            self._problems[what] = problems
            for problem in problems:
                log.error("refused; the one before stays in force", problem=problem)
            self._keep()

    def accept(self, what: str) -> None:
        """What was read is in force."""
        with self._lock:
            if self._problems.pop(what, ()):
                self._keep()

    def begin(self) -> None:
        """All is in force: what an earlier process refused, it did not start with."""
        with self._lock:
            self._problems.clear()
            self._keep()

    def _keep(self) -> None:
        # A wrong plan is met by whoever reads the configuration as well as by the project.
        problems = list(dict.fromkeys(problem for one in self._problems.values() for problem in one))
        self._health.refused(problems)
        try:
            with self._store.write() as connection:
                note = {"at": self._now().isoformat(), "problems": problems}
                runs.set_note(connection, NOBODY, NOTE, json.dumps(note))
        except StoreError as error:  # it stands in the log and in `/healthz` all the same
            log.warning("a refusal could not be noted in the store", error=str(error))

    def patient(self, job: ProjectJob, plan: Plan | None) -> ProjectJob:
        """The project, which keeps the plan that was right last while its file is wrong."""
        read, known = job.read_plan, plan

        def read_plan() -> Plan | None:
            nonlocal known
            try:
                known = read()
            except ConfigurationError as error:
                self.refuse(job.id, error.problems)
            else:
                self.accept(job.id)
            return known

        return replace(job, read_plan=read_plan)


def refused(connection: Connection) -> tuple[datetime, list[str]] | None:
    """Since when and why what the daemon read last is not in force, or None where it is."""
    note = runs.get_note(connection, NOBODY, NOTE)
    value = json.loads(note) if note is not None else {}
    return (datetime.fromisoformat(value["at"]), value["problems"]) if value.get("problems") else None
