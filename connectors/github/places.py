"""Where on GitHub something of ours can stand: `acme/erp#12` takes a comment, `acme/erp` an issue of its own."""

from __future__ import annotations

from collections.abc import Collection
from threading import Event

from config.sources import GithubSettings
from connectors.github.dashboard import GithubDashboard
from connectors.github.write import GithubTarget
from connectors.transport import ReadRetry
from core.model import Identity
from core.ports import Posted, Written


class GithubPlaces:
    """Both kinds of place as one target, told apart by the number in the target's name. Making one sends nothing."""

    def __init__(
        self, name: str, settings: GithubSettings, *, stop: Event | None = None, retry: ReadRetry | None = None
    ) -> None:
        self.name = name
        self._comments = GithubTarget(name, settings, stop=stop, retry=retry)
        self._dashboards = GithubDashboard(name, settings, stop=stop, retry=retry)

    @property
    def requests(self) -> int:
        """HTTP requests sent so far, retries included."""
        return self._comments.requests + self._dashboards.requests

    def identify(self) -> Identity:
        """Who GitHub says that we are. Raises AccessDenied when it takes us for nobody, RemoteError."""
        return self._comments.identify()

    def resolve(self, target: str) -> str:
        """The id of the item or repository. Raises NotThere, RemoteError."""
        return self._at(target).resolve(target)

    def find(self, target: str, markers: Collection[str]) -> Posted | None:
        """Our oldest comment or issue with one of these markers there, or None. Raises NotThere, RemoteError."""
        return self._at(target).find(target, markers)

    def read(self, target: str, remote_id: str) -> Posted | None:
        """The comment or issue as it stands now, or None when it is gone. Raises RemoteError."""
        return self._at(target).read(target, remote_id)

    def address(self, target: str) -> str:
        """The web address of the item or repository. Raises NotThere for a target that is neither."""
        return self._at(target).address(target)

    def create(self, target: str, marker: str, body: object) -> Written:
        """Post a new comment or issue. Raises RemoteError (nothing stands there) or OutcomeUnknown."""
        return self._at(target).create(target, marker, body)

    def edit(self, target: str, remote_id: str, marker: str, body: object) -> Written:
        """Replace our text. Errors as for `create`."""
        return self._at(target).edit(target, remote_id, marker, body)

    def close(self) -> None:
        """Let go of the connections."""
        self._comments.close()
        self._dashboards.close()

    def _at(self, target: str) -> GithubTarget | GithubDashboard:
        return self._comments if "#" in target else self._dashboards
