"""A token's expiry that the configuration knows is told before it is too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


@pytest.mark.parametrize(("days", "told"), [(29, "expires on"), (0, "expires on"), (-1, "expired on"), (32, None)])
def test_a_token_that_expires_within_the_month_is_told_with_its_day(
    days: int, told: str | None, place: Workplace
) -> None:
    day = (datetime.now(UTC) + timedelta(days=days)).date().isoformat()
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(
        text.replace("    kind: jira\n", f"    kind: jira\n    expires_on: {day}\n"), encoding="utf-8"
    )

    answer = place.planward("check")

    assert answer.code == 0
    if told is None:
        assert "its token" not in answer.out + answer.err
    else:
        assert f"acme-jira: its token {told} {day}" in " ".join(answer.out.split())
