"""The outbox on the stand-in Jira, whose comments are shown otherwise than the answers to their writing have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Event

import pytest

from config.sources import JiraSettings
from connectors.jira.write import JiraTarget
from connectors.transport import ReadRetry
from core.document import adf as dialect
from core.publish.outbox import Result, TargetOf, publish_all
from core.store.engine import Store
from tests.connectors.conftest import grow
from tests.publish.world import wanted
from tests.sandbox.jira import JiraSandbox, JiraState, adf
from tests.sandbox.jira.model import Comment
from tests.sandbox.jira.primary import SERVICE_ACCOUNT

LOST = ("status", "cut_before", "html_login_200")
"""What becomes of the question how the comment is kept."""


class Desk:
    """A store, and an issue of a Jira that gives the nodes of a text ids of its own once it keeps it."""

    def __init__(self, store: Store, jira: JiraSandbox, settings: JiraSettings, key: str) -> None:
        self.store = store
        self.jira = jira
        self.settings = settings
        self.key = key

    def result(self, text: str) -> Result:
        def open_target() -> JiraTarget:
            return JiraTarget("jira", self.settings, retry=ReadRetry(first_pause=0.01))

        to = {"jira": TargetOf(open=open_target, render=dialect.render)}
        wishes = [wanted(text, target=self.key)]
        (outcome,) = publish_all(self.store, to, wishes, send=True, now=self.jira.clock.now, stop=Event())
        self.jira.clock.advance(timedelta(hours=1))
        return outcome.result

    def lose_what_stands(self, fault: str, *, after: int) -> None:
        """Let the question for a comment fail from now on, but for the first few times."""
        code = {"code": 503} if fault == "status" else {}
        self.jira.faults.add(what=fault, where="^GET .*/comment/[0-9]+$", times=None, after=after, **code)

    @property
    def comment(self) -> Comment:
        return self.jira.state.comments(self.key)[-1]


@pytest.fixture
def desk(state: JiraState, settings: Callable[..., JiraSettings]) -> Iterator[Desk]:
    (key,) = grow(state, 1)
    with JiraSandbox(state, node_ids=True) as jira, Store.open("sqlite://", create=True) as store:
        yield Desk(store, jira, settings(jira), key)


def test_the_form_in_which_jira_keeps_a_comment_is_not_a_persons_edit(desk: Desk) -> None:
    results = [desk.result(text) for text in ("a", "b", "b", "c")]

    assert results == [Result.SENT, Result.SENT, Result.UNCHANGED, Result.SENT]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("before", [None, "old"])
def test_nor_is_it_one_where_it_could_not_be_read_after_the_write(desk: Desk, fault: str, before: str | None) -> None:
    if before is not None:
        desk.result(before)
    desk.lose_what_stands(fault, after=0 if before is None else 1)  # an edit is preceded by a look
    first = desk.result("a")
    desk.jira.faults.clear()

    assert [first, desk.result("b"), desk.result("c")] == [Result.SENT] * 3
    assert adf.to_text(desk.comment.body).startswith("c")


@pytest.mark.parametrize("editor", ["ana", SERVICE_ACCOUNT])
def test_a_persons_edit_is_one_also_where_that_form_was_never_read(desk: Desk, editor: str) -> None:
    desk.lose_what_stands("status", after=0)
    desk.result("a")
    desk.jira.faults.clear()
    desk.jira.state.edit_comment(desk.comment.id, editor, "I know better.")

    assert [desk.result("b"), desk.result("c")] == [Result.MUTED] * 2
    assert adf.to_text(desk.comment.body).strip() == "I know better."
