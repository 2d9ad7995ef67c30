"""Calls to a sandbox as a plain HTTP client makes them, for the sandbox's own tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
LI = "5b10a2844c20165700ede21g"


def site(zone: str = "Europe/Berlin") -> JiraState:
    """A site with one project, three statuses and one person, at START."""
    state = JiraState(Clock(START), zone=zone)
    state.add_project("ERP", "ERP upgrade")
    state.add_status("1", "To Do", "new")
    state.add_status("3", "In Progress", "indeterminate")
    state.add_status("6", "Done", "done")
    state.add_user(LI, "Li Wei", "li.wei@example.com")
    return state


def add_issues(state: JiraState, number: int, project: str = "ERP") -> list[str]:
    """The keys of new issues, made a minute apart and long ago."""
    first = START - timedelta(days=30)
    return [
        state.add_issue(project, summary=f"Work {n}", reporter=LI, created=first + timedelta(minutes=n))
        for n in range(number)
    ]


class Caller:
    """A client of one sandbox with one credential."""

    def __init__(self, jira: JiraSandbox, user: str | None = None, token: str | None = None) -> None:
        self.url = jira.url + "/rest/api/3"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = (user or jira.user, token or jira.token)

    def send(self, method: str, path: str, body: Any = None, **parameters: Any) -> requests.Response:
        """The answer, whatever it is."""
        return self.session.request(method, f"{self.url}/{path}", json=body, params=parameters, timeout=10)

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a good answer."""
        answer = self.send("GET", path, **parameters)
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        """The JSON of a good answer."""
        answer = self.send("POST", path, body)
        assert answer.ok, answer.text
        return answer.json()

    def page(self, jql: str, **more: Any) -> Any:
        """One page of a search."""
        return self.post("search/jql", {"jql": jql, "fields": ["summary", "updated"], **more})

    def found(self, jql: str, **more: Any) -> list[str]:
        """The keys of all pages of a search."""
        keys: list[str] = []
        page = self.page(jql, **more)
        keys += [issue["key"] for issue in page["issues"]]
        while "nextPageToken" in page:
            page = self.page(jql, nextPageToken=page["nextPageToken"], **more)
            keys += [issue["key"] for issue in page["issues"]]
        return keys

    def close(self) -> None:
        """Hang up."""
        self.session.close()

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def document(*texts: str) -> dict[str, Any]:
    """A comment's body with a paragraph for each text."""
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": text}]} for text in texts]
    return {"type": "doc", "version": 1, "content": paragraphs}
