"""Questions about work in the words that the server knows and that our token may use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.github.client import GithubClient, Value
from connectors.github.failures import TooHeavy, TooNarrow
from connectors.github.queries import TEAMS, Documents
from connectors.github.walk import SIZES

Document = Callable[[Documents], str]


class Inquiry:
    """Asks one GitHub, without the words that it `lacks`. That our token may not know teams is found out by asking."""

    def __init__(self, client: GithubClient, lacks: tuple[str, ...]) -> None:
        self._client = client
        self.lacks = lacks

    @property
    def host(self) -> str:
        """Whom we ask."""
        return self._client.host

    def ask(self, document: Document, kind: type[Value], variables: Mapping[str, object]) -> Value:
        """The data that answer a query, whole but for the names of teams. Raises TooHeavy, RemoteError."""
        try:
            return self._client.ask(document(Documents(self.lacks)), kind, variables)
        except TooNarrow:
            if TEAMS in self.lacks:
                raise
            self.lacks = (*self.lacks, TEAMS)
            return self._client.ask(document(Documents(self.lacks)), kind, variables)


def less(size: int, failure: TooHeavy) -> int:
    """The next smaller number of things to ask for at once. Raises the failure when there is none."""
    found = next((one for one in SIZES if one < size), None)
    if found is None:
        raise failure
    return found
