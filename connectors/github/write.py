"""Writing to GitHub: one comment, posted once, found again by its marker, edited in place.

No write is ever sent twice here or below. Editing mails nobody; that is why one comment is kept instead of many sent.
"""

from __future__ import annotations

from collections.abc import Collection
from threading import Event

from config.sources import GithubSettings
from connectors.github.client import GithubClient
from connectors.github.desk import Desk, browsed, edited, issue_of, marked, oldest_first, posted
from connectors.github.login import writing
from connectors.github.payloads import RestComment, RestIssue
from connectors.transport import ReadRetry
from core.errors import NotThere, OutcomeUnknown
from core.model import Identity
from core.ports import Posted, Written


class GithubTarget:
    """Issues and pull requests, such as `acme/erp#12`, as places for comments. Making one sends nothing."""

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
        """The item's id, which stays when its repository is renamed. Raises NotThere, RemoteError."""
        repository, number = issue_of(target)
        return self._client.read(f"/repos/{repository}/issues/{number}", RestIssue).value.node_id

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        """Our oldest comment with one of these markers on the item, or None. Raises NotThere, RemoteError."""
        repository, number = issue_of(target)
        told = oldest_first(self._client, f"/repos/{repository}/issues/{number}/comments", list[RestComment], {})
        found = [one for one in told if self._desk.wrote(one.user, one.body, markers)]
        return self._standing(min(found, key=lambda comment: comment.id)) if found else None

    def read(self, target: str, remote_id: str) -> Posted | None:
        """The comment as it stands now, or None when it is gone. Raises RemoteError."""
        try:
            return self._standing(self._client.read(_path(target, remote_id), RestComment).value)
        except NotThere:
            return None

    def address(self, target: str) -> str:
        """The web address of the issue or pull request. Raises NotThere for a target that is none."""
        repository, number = issue_of(target)
        return f"{self._site}/{repository}/issues/{number}"

    def create(self, target: str, marker: str, body: object) -> Written:
        """Post a new comment. `body` is Markdown.

        Raises OutcomeUnknown when it may stand there now. Every other RemoteError says that it does not: WriteRefused,
        NotThere, RateLimited, AccessDenied, and whatever the questions asked before it end in.
        """
        text = marked(marker, body)
        self._desk.ours()
        repository, number = issue_of(target)
        path = f"/repos/{repository}/issues/{number}/comments"
        written = self._client.write("POST", path, RestComment, {"body": text})
        place = f"/repos/{repository}/issues/{number}".casefold()
        if not written.issue_url.casefold().endswith(place):
            raise OutcomeUnknown(f"{self._client.host} says that the comment went elsewhere than to {target}.")
        return posted(written.id, written)

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        """Replace our comment's text. Nobody gets a mail. Errors as for `create`."""
        text = marked(marker, body)
        self._desk.ours()
        written = self._client.write("PATCH", _path(target, remote_id), RestComment, {"body": text})
        return edited(written.id)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _standing(self, comment: RestComment) -> Posted:
        return self._desk.standing(comment.id, comment)


def _path(target: str, remote_id: str) -> str:
    repository, _ = issue_of(target)
    if not remote_id.isascii() or not remote_id.isdigit():
        raise NotThere(f"{remote_id} is no comment on GitHub.")
    return f"/repos/{repository}/issues/comments/{remote_id}"
