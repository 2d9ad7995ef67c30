"""Writing to Jira Cloud: one comment, posted once, found again by its marker, edited in place.

No write is ever sent twice here or below. A comment carries its marker in a property, set by the same request, and in
the link of its last paragraph; both can be copied by people, so only a comment by our own account counts as ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from threading import Event
from urllib.parse import quote

import msgspec

from config.sources import JiraSettings
from connectors.jira.client import Forbidden, JiraClient, Query
from connectors.jira.map import PROPERTY, by_age, carries, instant, property_marker
from connectors.jira.payloads import UNREADABLE, CommentPayload, IssueProject, ProjectPayload, Property
from connectors.jira.questions import comments, identify, site_address
from connectors.transport import ReadRetry
from core.errors import NotThere, WriteRefused
from core.model import Identity
from core.ports import Posted, Written

SERVICE_DESK = "service_desk"


class JiraTarget:
    """The issues of a Jira Cloud site as places for comments. Making one sends nothing."""

    def __init__(
        self, name: str, settings: JiraSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._client = JiraClient(settings, settings.write_token or settings.token, stop=stop, retry=retry)
        self._url = settings.url
        self._account: str | None = None
        self._site: str | None = None
        self._issues: dict[str, IssueProject] = {}

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._client.requests

    def identify(self) -> Identity:
        """Who Jira says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        found = identify(self._client, self.name)
        self._account = found.account_id
        return found

    def resolve(self, target: str) -> str:
        """The issue's id: Jira knows it by its key in any case and by those that it had before. Raises NotThere."""
        return str(self._issue(target).id)

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        """Our oldest comment on the issue with one of these markers, or None. Raises NotThere, RemoteError."""
        ours = self._ours()
        told = comments(self._client, quote(target, safe=""), newest_first=True, with_properties=True)
        found = [comment for comment in told if _author(comment) == ours and self._carries(comment, markers)]
        if not found:
            return None
        return self._posted(min(found, key=lambda comment: by_age(comment.id)))

    def read(self, target: str, remote_id: str) -> Posted | None:
        """The comment as it stands now, or None when it is gone. Raises RemoteError."""
        try:
            comment = self._client.read(_path(target, remote_id), CommentPayload).value
        except NotThere:
            return None
        return self._posted(comment)

    def address(self, target: str) -> str:
        """The address of the issue at the site, also where we reach it by a gateway. Raises RemoteError."""
        if self._site is None:
            self._site = site_address(self._client, self._url)
        return f"{self._site}/browse/{target}"

    def create(self, target: str, marker: str, body: object) -> Written:
        """Post a new comment and its marker with one request. `body` is an ADF document.

        Raises OutcomeUnknown when it may stand there now. Every other RemoteError says that it does not: WriteRefused,
        NotThere, RateLimited, AccessDenied, and whatever the questions asked before it end in.
        """
        self._ours()
        self._refuse_customers(target)
        content = {"body": body, "properties": [_property(marker)]}
        return _written(self._client.write("POST", _path(target), CommentPayload, body=content))

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        """Replace our comment's text, without mail to anybody where Jira lets us. Errors as for `create`."""
        self._ours()
        path, content = _path(target, remote_id), {"body": body, "properties": [_property(marker)]}
        try:
            query: Query = {"notifyUsers": "false"}
            return _written(self._client.write("PUT", path, CommentPayload, query=query, body=content))
        except Forbidden:
            # Only administrators may keep it quiet, and nothing was applied: this is another write, not the same again.
            return _written(self._client.write("PUT", path, CommentPayload, body=content))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ours(self) -> str:
        return self._account or self.identify().account_id

    def _carries(self, comment: CommentPayload, markers: Collection[str]) -> bool:
        if carries(comment, markers):
            return True
        if comment.properties is not None:
            return False
        # The list may leave properties out; then each comment of ours is asked for its own.
        try:
            found = self._client.read(f"comment/{comment.id}/properties/{PROPERTY}", Property).value
        except NotThere:
            return False
        return property_marker(bytes(found.value)) in markers

    def _posted(self, comment: CommentPayload) -> Posted:
        editor = comment.update_author or comment.author
        account = editor.account_id if editor else None
        return Posted(
            remote_id=comment.id,
            digest=_digest(bytes(comment.body)),
            edition=_edition(comment),
            editor=account,
            ours=account is not None and account == self._ours(),
        )

    def _refuse_customers(self, target: str) -> None:
        """Pass when the issue's project is none whose comments go to customers. Raises WriteRefused."""
        project = self._issue(target).fields.project
        if project.project_type_key is None and project.id is not None:
            project = self._client.read(f"project/{project.id}", ProjectPayload).value
        if project.project_type_key == SERVICE_DESK:
            raise WriteRefused(
                f"{target} is in a service project, where a comment is shown and mailed to the customer.",
                advice="Publish to an issue of another project.",
            )

    def _issue(self, target: str) -> IssueProject:
        """The issue, asked for once."""
        if target not in self._issues:
            path = f"issue/{quote(target, safe='')}"
            self._issues[target] = self._client.read(path, IssueProject, query={"fields": "project"}).value
        return self._issues[target]


def _path(target: str, remote_id: str | None = None) -> str:
    path = f"issue/{quote(target, safe='')}/comment"
    return path if remote_id is None else f"{path}/{quote(remote_id, safe='')}"


def _property(marker: str) -> dict[str, object]:
    return {"key": PROPERTY, "value": {"v": 1, "id": marker}}


def _written(comment: CommentPayload) -> Written:
    return Written(remote_id=comment.id, edition=_edition(comment))


def _edition(comment: CommentPayload) -> str | None:
    """When it was edited last, to the second: Jira may keep a time less exactly than it first told it."""
    try:
        return f"of {instant(comment.updated or comment.created):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return None  # the comment stands, whenever that was


def _author(comment: CommentPayload) -> str | None:
    return comment.author.account_id if comment.author else None


def _digest(body: bytes) -> str:
    """A fingerprint of a body that does not depend on the order of its members or on white space."""
    with suppress(*UNREADABLE):  # of those, as they came: the comment stands, whatever became of its text
        body = json.dumps(msgspec.json.decode(body), sort_keys=True).encode()
    return hashlib.sha256(body).hexdigest()
