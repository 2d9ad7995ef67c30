"""A dashboard on GitHub: an issue of its own, whose text we keep current and whose title is people's to change."""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from threading import Event

from config.sources import GithubSettings
from connectors.github.client import GithubClient
from connectors.github.desk import Desk, browsed, edited, marked, oldest_first, posted, repository_of
from connectors.github.login import writing
from connectors.github.payloads import NULL, RestIssue, RestRepository
from connectors.transport import ReadRetry
from core.errors import NotThere, OutcomeUnknown
from core.model import Identity
from core.ports import Posted, Written

TITLE = "Planward"
"""The title of a dashboard whose text begins with no heading."""
LONGEST_TITLE = 200
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


class GithubDashboard:
    """Repositories, such as `acme/erp`, as places for one issue a topic. Making one sends nothing."""

    def __init__(
        self, name: str, settings: GithubSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._site = browsed(settings.url)
        self._client = GithubClient(settings, writing(settings), stop=stop, retry=retry)
        self._desk = Desk(name, self._client)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def identify(self) -> Identity:
        """Who GitHub says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        return self._desk.identify()

    def resolve(self, target: str) -> str:
        """The repository's id, which stays when it is renamed. Raises NotThere, RemoteError."""
        return self._client.read(f"/repos/{repository_of(target)}", RestRepository).value.node_id

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        """Our oldest issue with one of these markers there, open or closed, or None. Raises NotThere, RemoteError."""
        path, ours = f"/repos/{repository_of(target)}/issues", self._desk.ours()
        query = {"state": "all", "sort": "created", "direction": "asc", "creator": ours}
        found = [
            issue
            for issue in oldest_first(self._client, path, list[RestIssue], query)
            if issue.pull_request == NULL and self._desk.wrote(issue.user, issue.body, markers)
        ]
        return self._standing(min(found, key=lambda issue: issue.number)) if found else None

    def read(self, target: str, remote_id: str) -> Posted | None:
        """The issue as it stands now, or None when it is gone. Raises RemoteError."""
        try:
            return self._standing(self._client.read(_path(target, remote_id), RestIssue).value)
        except NotThere:
            return None

    def address(self, target: str) -> str:
        """The web address of the repository. Raises NotThere for a target that is none."""
        return f"{self._site}/{repository_of(target)}"

    def create(self, target: str, marker: str, body: object) -> Written:
        """Open a new issue, with the first heading of its text as its title. `body` is Markdown.

        Raises OutcomeUnknown when it may stand there now. Every other RemoteError says that it does not: WriteRefused,
        NotThere, RateLimited, AccessDenied, and whatever the questions asked before it end in.
        """
        text = marked(marker, body)
        self._desk.ours()
        content = {"title": title_of(text), "body": text}
        place = f"/repos/{repository_of(target)}"
        written = self._client.write("POST", f"{place}/issues", RestIssue, content)
        if not written.repository_url.casefold().endswith(place.casefold()):
            raise OutcomeUnknown(f"{self._client.host} says that the issue went elsewhere than to {target}.")
        return posted(written.number, written)

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        """Replace our issue's text, and nothing else of it. Errors as for `create`."""
        text = marked(marker, body)
        self._desk.ours()
        written = self._client.write("PATCH", _path(target, remote_id), RestIssue, {"body": text})
        return edited(written.number)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _standing(self, issue: RestIssue) -> Posted:
        return self._desk.standing(issue.number, issue)


def title_of(text: str) -> str:
    """The words of the first heading of a Markdown text, or TITLE. A title shows no markup, so it is taken off."""
    heading = _HEADING.search(text)
    if heading is None:
        return TITLE
    words = html.unescape(_ESCAPED.sub(r"\1", heading[1])).strip()
    return words[:LONGEST_TITLE] or TITLE


def _path(target: str, remote_id: str) -> str:
    if not remote_id.isascii() or not remote_id.isdigit():
        raise NotThere(f"{remote_id} is no issue on GitHub.")
    return f"/repos/{repository_of(target)}/issues/{remote_id}"
