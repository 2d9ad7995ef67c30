"""What writing comments and writing dashboard issues have in common: who we are, and whether a text is still ours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from connectors.github.client import GithubClient, Query
from connectors.github.payloads import Actor, EditedNode, RestComment, RestIssue, RestUser
from connectors.github.queries import EDITOR
from connectors.github.questions import identify
from connectors.github.values import account_id, carries, is_bot, marker_line
from core.errors import NotThere, WriteRefused
from core.model import Identity
from core.ports import Posted, Written

LIMIT = 65_536
"""Characters that GitHub takes in a text."""
_ISSUE = re.compile(r"([A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+)#([1-9]\d*)")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")

Text = TypeVar("Text", RestComment, RestIssue)


class Desk:
    """One account that writes texts of ours."""

    def __init__(self, name: str, client: GithubClient) -> None:
        self._name = name
        self._client = client
        self._account: str | None = None

    def identify(self) -> Identity:
        """Who GitHub says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        found = identify(self._client, self._name)
        self._account = found.account_id
        return found

    def ours(self) -> str:
        """Our account's id. Raises RemoteError."""
        return self._account or self.identify().account_id

    def wrote(self, user: RestUser | None, body: str | None, markers: Collection[str]) -> bool:
        """Whether a text is ours and carries one of these markers. Anybody may copy one, so the author counts too."""
        return any(carries(body or "", marker) for marker in markers) and _account(user) == self.ours()

    def standing(self, remote_id: int, text: RestComment | RestIssue) -> Posted:
        """A text as it stands, with who wrote it last. Only the other interface tells of that. Raises RemoteError."""
        told = self._client.ask(EDITOR, EditedNode, {"id": text.node_id}).node
        if told is None:
            raise NotThere(f"{self._client.host} has no such text any more.")
        editor = _account(text.user) if told.last_edited_at is None else _actor(told.editor)
        return Posted(
            remote_id=str(remote_id),
            digest=_digest(text.body or ""),
            edition=_edition(told.last_edited_at or text.created_at),
            editor=editor,
            ours=editor is not None and editor == self.ours(),
        )


def oldest_first(client: GithubClient, path: str, kind: type[list[Text]], query: Query) -> Iterator[Text]:
    """All that stands in a list whose pages begin with the oldest; some of it may come twice. Raises RemoteError.

    What stands behind something that is deleted meanwhile moves towards the first page. So the pages are read to the
    last one, and from there back again, towards what moved.
    """
    last, more = 0, True
    while more:
        last += 1
        told = client.read(path, kind, query={**query, "per_page": 100, "page": last})
        yield from told.value
        more = told.more
    for page in range(last - 1, 0, -1):
        yield from client.read(path, kind, query={**query, "per_page": 100, "page": page}).value


def posted(remote_id: int, text: RestComment | RestIssue) -> Written:
    """What the answer to a new text tells."""
    return Written(remote_id=str(remote_id), edition=_edition(text.created_at))


def edited(remote_id: int) -> Written:
    """What the answer to an edit tells. Its time is that of an update, which may be a second off the edit's."""
    return Written(remote_id=str(remote_id), edition=None)


def browsed(url: str) -> str:
    """The address that people open, of the API's address."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").removesuffix("/api/v3")
    return f"{parts.scheme}://{parts.netloc.removeprefix('api.')}{path}"


def marked(marker: str, body: object) -> str:
    """The text with its marker in the first line, where cutting the text cannot lose it. Raises WriteRefused."""
    text = str(body)
    if not carries(text, marker):
        text = f"{marker_line(marker)}\n{text}"
    if len(text) > LIMIT:
        raise WriteRefused(f"The text is longer than the {LIMIT} characters that GitHub takes.")
    return text


def issue_of(target: str) -> tuple[str, str]:
    """The repository and number of a target such as `acme/erp#12`. Raises NotThere."""
    match = _ISSUE.fullmatch(target)
    if match is None:
        raise NotThere(f"{target} is no issue or pull request on GitHub.", advice="Write owner/name#number.")
    return match[1], match[2]


def repository_of(target: str) -> str:
    """The repository that a target names, such as `acme/erp`. Raises NotThere."""
    if not _REPOSITORY.fullmatch(target):
        raise NotThere(f"{target} is no repository on GitHub.", advice="Write owner/name.")
    return target


def _account(user: RestUser | None) -> str | None:
    return None if user is None else account_id(user.login, bot=user.type == "Bot")


def _actor(actor: Actor | None) -> str | None:
    return None if actor is None else account_id(actor.login, bot=is_bot(actor.login, actor.typename))


def _edition(at: str) -> str:
    return f"of {at}"


def _digest(body: str) -> str:
    """A fingerprint of a text that does not depend on how its lines end."""
    return hashlib.sha256("\n".join(line.rstrip() for line in body.strip().splitlines()).encode()).hexdigest()
