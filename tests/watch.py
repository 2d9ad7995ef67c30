"""Whole cycles in this process, over stand-in Jiras whose clock stands still: days pass between two of them in no time.

What a command does is put together here as `core.daemon` does it, only that a read is tried again without a pause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import yaml

from config.load import load
from config.settings import Settings
from config.sources import JiraSettings
from connectors.jira.fetch import JiraSource
from connectors.jira.write import JiraTarget
from connectors.transport import ReadRetry
from core.cycle import Cycle, run_cycle
from core.daemon import compose
from core.document import adf
from core.publish.outbox import TargetOf
from core.store.engine import Store
from core.sync.drain import SourceJob
from tests.sandbox.clock import Clock
from tests.sandbox.demo import with_dates
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.jira.adf import to_text
from tests.sandbox.jira.model import Comment
from tests.sandbox.jira.primary import SERVICE_ACCOUNT, SERVICE_TOKEN

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CARRIER = "ERP-1"
PLAN = {
    "name": "Upgrade",
    "deliverables": [{"id": "D1", "name": "Ordering works", "due": "2026-06-30", "work": {"label": "d1"}}],
}


def site(clock: Clock, project: str = "ERP") -> JiraState:
    """A Jira with a project of one planned task, which also carries the status comment where one is written."""
    state = JiraState(clock)
    state.add_project(project, f"{project} upgrade")
    state.add_status("1", "To Do", "new")
    state.add_status("3", "In Progress", "indeterminate")
    state.add_status("5", "Done", "done")
    state.add_user("ana", "Ana", "ana@example.com")
    state.add_issue(project, summary="Ordering", reporter="ana", labels=("d1",))
    return state


@dataclass(kw_only=True)
class Watch:
    """A configuration and its store, and the clock of the Jiras that it speaks of."""

    clock: Clock
    settings: Settings
    store: Store
    stop: Event = field(default_factory=Event)

    def cycle(self, after: timedelta = timedelta(0)) -> Cycle:
        """What one cycle did, so long after the last one."""
        self.clock.advance(after)
        return run_cycle(
            self.store,
            [self._quick(job) for job in compose.source_jobs(self.settings, self.stop)],
            compose.project_jobs(self.settings),
            {name: TargetOf(open=partial(self._target, name), render=adf.render) for name in self._jiras()},
            send=True,
            now=self.clock.now,
            stop=self.stop,
            progress=lambda *_: None,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the store answers."""
        with self.store.read() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    def held(self, source: str = "jira") -> dict[str, tuple[str, str, str | None]]:
        """Key, title and time of deletion of each item of a source, by its remote id."""
        columns = "remote_id, key, title, deleted_at"
        rows = self.rows(f"SELECT {columns} FROM planward_items WHERE source = '{source}'")
        return {remote_id: (key, title, deleted_at) for remote_id, key, title, deleted_at in rows}

    def _jiras(self) -> dict[str, JiraSettings]:
        return {name: one for name, one in self.settings.sources.items() if isinstance(one, JiraSettings)}

    def _quick(self, job: SourceJob) -> SourceJob:
        settings = self._jiras()[job.name]
        return replace(job, open=lambda: JiraSource(job.name, settings, stop=self.stop, retry=self._retry()))

    def _target(self, name: str) -> JiraTarget:
        return JiraTarget(name, self._jiras()[name], stop=self.stop, retry=self._retry())

    def _retry(self) -> ReadRetry:
        return ReadRetry(self.stop, first_pause=0.001)


@contextmanager
def watching(
    folder: Path, clock: Clock, sources: Mapping[str, Mapping[str, Any]], *, carrier: tuple[str, str] | None = None
) -> Iterator[Watch]:
    """A watch over these sources, named with what their settings say (`url`, `projects` or `jql`) beside the usual.

    The status comment goes to the source and issue named by `carrier`.
    """
    token = folder / "token"
    token.write_text(SERVICE_TOKEN, encoding="utf-8")
    token.chmod(0o600)
    usual = {
        "kind": "jira",
        "user": "planward@example.com",
        "token": {"file": "token"},
        "private_address": True,
    }
    project: dict[str, Any] = {"name": "Upgrade", "plan": "plan.yaml", "sources": list(sources)}
    if carrier is not None:
        project["publish"] = [{"to": carrier[0], "item": carrier[1], "topic": "status"}]
    content = {
        "store": f"sqlite:///{folder}/planward.db",
        "timezone": "UTC",
        "sources": {name: {**usual, **said} for name, said in sources.items()},
        "projects": {"erp": project},
    }
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN), encoding="utf-8")
    path = folder / "planward.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    settings = load(path)
    with Store.open(settings.store, create=True) as store:
        yield Watch(clock=clock, settings=settings, store=store)


def ours(state: JiraState, key: str = CARRIER) -> list[Comment]:
    """Our comments on an issue."""
    return [comment for comment in state.comments(key) if comment.author == SERVICE_ACCOUNT]


def said(state: JiraState, key: str = CARRIER) -> str:
    """The text of our one comment on an issue, dates as Jira shows them."""
    (comment,) = ours(state, key)
    return to_text(with_dates(comment.body))


def writes(jira: JiraSandbox) -> list[str]:
    """The methods of the requests so far that would write a comment."""
    return [one.method for one in jira.requests if one.method in {"POST", "PUT", "DELETE"} and "/comment" in one.path]


def truth(state: JiraState) -> dict[str, tuple[str, str, None]]:
    """What `Watch.held` answers when everything that Jira has is held, under its present name."""
    issues = (record.issue for record in state.records.values())
    return {issue.id: (issue.key, issue.summary, None) for issue in issues if issue is not None}
