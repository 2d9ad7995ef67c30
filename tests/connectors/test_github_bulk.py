"""The many items of the bench, a few of them: what is counted there is what comes out of their histories."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from config.secret import Secret
from config.sources import GithubSettings
from connectors.github.fetch import GithubSource
from tests.connectors.contract import Mirror
from tests.sandbox.github import Clock, GithubSandbox, GithubState
from tests.sandbox.simulator.bulk_github import REPOSITORY, bulk


@pytest.mark.parametrize(("issues", "pulls"), [(20, 20), (16, 4), (4, 16)])
def test_many_items_hold_the_counts_that_are_told_of_them(
    issues: int, pulls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "github_pat_sandbox")
    state, mirror = GithubState(Clock(datetime(2026, 11, 28, 9, tzinfo=UTC))), Mirror()
    told = bulk(state, issues=issues, pulls=pulls)
    with GithubSandbox(state) as github:
        settings = GithubSettings(
            url=github.url, token=Secret(env="GITHUB_TOKEN"), private_address=True, repositories=(REPOSITORY,)
        )
        source = GithubSource("github", settings)
        mirror.pull(source)
        source.close()

    held = mirror.snapshots.values()
    kinds = Counter(snapshot.item.kind.value for snapshot in held)
    assert (kinds["issue"], kinds["pull_request"]) == (issues, pulls)
    assert sum(len(snapshot.changes or ()) for snapshot in held) == told.changes
    assert sum(len(snapshot.comments or ()) for snapshot in held) == told.comments == 3 * told.items
    of_all = [len(item.events) + len(item.pull.reviews if item.pull else ()) for item in state.items.values()]
    assert set(of_all) == {8}
    assert sum(of_all) == told.events
