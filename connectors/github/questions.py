"""What is asked apart from lists: who we are, and what is there to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from connectors.github import queries
from connectors.github.client import GithubClient
from connectors.github.map import read_identity
from connectors.github.payloads import Enumeration, Surveyed, Viewer
from connectors.github.values import GHOST
from core.errors import AccessDenied, BadAnswer
from core.model import Identity


@dataclass(frozen=True, slots=True)
class Survey:
    """The repositories in the order asked for, and which of our words the server's schema lacks."""

    repositories: tuple[Surveyed, ...]
    lacks: tuple[str, ...]

    @property
    def items(self) -> int:
        """How many issues and pull requests there are."""
        return sum(found.issues.total_count + found.pull_requests.total_count for found in self.repositories)


def identify(client: GithubClient, source: str) -> Identity:
    """The account that GitHub takes us for, also as an app. Raises AccessDenied when that is nobody, RemoteError."""
    viewer = client.ask(queries.VIEWER, Viewer).viewer
    if not viewer.login or viewer.login == GHOST:
        raise AccessDenied(f"{client.host} takes us for a stranger.")
    return read_identity(source, viewer)


def survey(client: GithubClient, repositories: Sequence[str]) -> Survey:
    """What is there in repositories of these full names. Raises NotThere with the names of those that are not."""
    halves = [(owner, name) for owner, _, name in (full.partition("/") for full in repositories)]
    told = client.ask(queries.survey(halves), dict[str, msgspec.Raw])
    try:
        found = [msgspec.json.decode(told[f"r{number}"], type=Surveyed) for number in range(len(halves))]
        lacks: set[str] = set()
        for number, wanted in enumerate(queries.WANTED.values()):
            known = msgspec.json.decode(told[f"e{number}"], type=Enumeration | None)
            lacks |= set(wanted) - {value.name for value in (known.enum_values if known else None) or ()}
    except (KeyError, msgspec.MsgspecError) as error:
        raise BadAnswer(f"{client.host} does not tell what is in the repositories.") from error
    return Survey(tuple(found), tuple(sorted(lacks)))
