"""Calls to a sandbox as a plain HTTP client makes them, for the sandbox's own tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubSandbox, GithubState

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
ERP = "acme/erp"


def site() -> GithubState:
    """A site with one private repository and two people, at START."""
    state = GithubState(Clock(START))
    state.add_user("li-wei", name="Li Wei", email="li.wei@example.com")
    state.add_user("ana", name="Ana Novak")
    state.add_repository(ERP)
    return state


def open_issues(state: GithubState, number: int, repository: str = ERP) -> list[str]:
    """The keys of new issues, opened a minute apart and long ago."""
    first = START - timedelta(days=30)
    return [
        state.open_issue(repository, f"Work {n}", author="li-wei", at=first + timedelta(minutes=n))
        for n in range(number)
    ]


class Caller:
    """A client of one sandbox with one token."""

    def __init__(self, github: GithubSandbox, token: str | None = None) -> None:
        self.url = github.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Authorization"] = f"token {token or github.token}"

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **parameters: Any
    ) -> requests.Response:
        """The answer, whatever it is; redirects are not followed."""
        return self.session.request(
            method,
            self.url + path,
            json=body,
            params=parameters,
            headers=headers,
            timeout=10,
            allow_redirects=False,
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a good answer."""
        answer = self.send("GET", path, **parameters)
        assert answer.ok, answer.text
        return answer.json()

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The whole answer of a query, errors and all."""
        answer = self.send("POST", "/graphql", {"query": document, "variables": variables})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def erp(self, selection: str, **variables: Any) -> Any:
        """What a good answer says of the repository `acme/erp`; variables are texts or whole numbers."""
        kinds = {name: "Int" if isinstance(value, int) else "String" for name, value in variables.items()}
        words = ", ".join(f"${name}: {kind}" for name, kind in kinds.items())
        head = f"query({words})" if words else "query"
        told = self.ask(f'{head} {{ repository(owner: "acme", name: "erp") {{ {selection} }} }}', **variables)
        assert "errors" not in told, told["errors"]
        return told["data"]["repository"]

    def timeline(self, number: int, fields: str = "", of: str = "Issue") -> list[dict[str, Any]]:
        """The entries of the timeline of an issue or, with `of`, a PullRequest."""
        inside = f"timelineItems(first: 100) {{ nodes {{ __typename ... on Node {{ id }} {fields} }} }}"
        found = self.erp(f"issueOrPullRequest(number: {number}) {{ ... on {of} {{ {inside} }} }}")
        told: list[dict[str, Any]] = found["issueOrPullRequest"]["timelineItems"]["nodes"]
        return told

    def kinds(self, number: int, of: str = "Issue") -> list[str]:
        """The types of the entries of a timeline."""
        return [entry["__typename"] for entry in self.timeline(number, of=of)]

    def close(self) -> None:
        """Hang up."""
        self.session.close()

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
