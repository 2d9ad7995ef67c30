"""Faults, people, restored databases and kills in any order: what must hold at every step, and what in the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.model import Publication, PublicationState
from core.publish import outbox as publishing
from core.publish.ledger import NOT_BEFORE_NOTE
from core.publish.outbox import Outcome, Result, publish_all
from core.store import outbox, runs
from core.store.engine import Store
from tests.conftest import SOAK
from tests.publish.world import START, US, Clock, KillableLedger, Killed, Stop, Tracker, targets, wanted

PROJECTS = count()
FAULTS = ("cut", "apply_and_cut", "refuse", "limit", "deny")


class Outbox(RuleBasedStateMachine):
    """One publication through a hard life. The store is shared, so each life has a project of its own."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.project = f"p{next(PROJECTS)}"
        self.clock = Clock()
        self.tracker = Tracker(clock=self.clock)
        KillableLedger.tracker = self.tracker
        self.text = "text 0"
        self.backup: Publication | None = None
        self.written_by_hand: dict[str, str] = {}
        with self.store.write() as connection:  # the source may have been held back in another life
            runs.set_note(connection, "jira", NOT_BEFORE_NOTE, START.isoformat())

    def _kept(self) -> Publication | None:
        with self.store.read() as connection:
            return outbox.get(connection, self.project, "jira", "ERP-1", "status")

    def _publish(self, *, send: bool = True, again: bool = False, stopped: bool = False) -> Outcome | None:
        """None when the process died on the way."""
        stop = Stop(self.clock)
        if stopped:
            stop.set()
        wish = wanted(self.text, project=self.project)
        with suppress(Killed):
            (outcome,) = publish_all(
                self.store, targets(self.tracker), [wish], send=send, now=self.clock, stop=stop, again=again
            )
            return outcome
        return None

    # --- what we do ---

    @rule(number=st.integers(0, 3))
    def the_content_changes(self, number: int) -> None:
        self.text = f"text {number}"

    @rule(fault=st.sampled_from((None, *FAULTS)), second=st.sampled_from((None, *FAULTS)))
    def a_cycle_with_faults(self, fault: str | None, second: str | None) -> None:
        self.tracker.faults = [one for one in (fault, second) if one is not None]
        self._publish()
        self.tracker.faults = []

    @rule(kill_in=st.integers(0, 10), fault=st.sampled_from((None, *FAULTS)))
    def a_cycle_that_is_killed(self, kill_in: int, fault: str | None) -> None:
        self.tracker.kill_in = kill_in
        self.tracker.faults = [] if fault is None else [fault]
        self._publish()
        self.tracker.kill_in, self.tracker.faults = None, []

    @rule(stopped=st.booleans())
    def an_outage(self, stopped: bool) -> None:
        self.tracker.down = True
        writes = self.tracker.writes
        self._publish(stopped=stopped)
        self.tracker.down = False
        assert self.tracker.writes == writes

    @rule()
    def a_cycle_without_rights(self) -> None:
        self.tracker.hidden = True
        writes = self.tracker.writes
        self._publish()
        self.tracker.hidden = False
        assert self.tracker.writes == writes

    @rule()
    def a_preview(self) -> None:
        calls = len(self.tracker.calls)
        outcome = self._publish(send=False)
        assert outcome is not None
        assert outcome.result is not Result.SENT
        assert len(self.tracker.calls) == calls

    @rule(again=st.booleans())
    def a_quiet_cycle_after_a_good_one(self, again: bool) -> None:
        outcome = self._publish(again=again)
        calls = len(self.tracker.calls)
        if outcome is not None and outcome.result in {Result.SENT, Result.UNCHANGED}:
            after = self._publish()
            assert after is not None
            assert after.result is Result.UNCHANGED
            assert len(self.tracker.calls) == calls

    # --- what others do ---

    @rule(seconds=st.sampled_from((1, 9, 60, 400)))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_by(seconds)

    @rule(seconds=st.sampled_from((0, 3, 9)))
    def the_target_shows_new_comments_late(self, seconds: int) -> None:
        self.tracker.lag = timedelta(seconds=seconds)

    @precondition(lambda self: self.tracker.live())
    @rule()
    def a_person_edits(self) -> None:
        note = self.tracker.live()[0]
        note.body, note.editor = "by hand", "li.wei"
        self.written_by_hand[note.remote_id] = note.body

    @precondition(lambda self: self.tracker.live())
    @rule()
    def a_person_deletes(self) -> None:
        self.tracker.live()[0].gone = True

    # --- what happens to the store ---

    @rule()
    def a_backup(self) -> None:
        kept = self._kept()
        # One taken in the middle of a send knows less than nothing of what came after.
        if kept is not None and kept.state not in {PublicationState.SENDING, PublicationState.UNKNOWN}:
            self.backup = kept

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_backup_is_restored(self) -> None:
        assert self.backup is not None
        self.clock.pass_by(10)  # longer than a comment takes to show
        with self.store.write() as connection:
            outbox.save(connection, self.backup)

    # --- what must hold ---

    @invariant()
    def there_is_at_most_one_comment_of_ours(self) -> None:
        assert len(self.tracker.live()) <= 1

    @invariant()
    def what_a_person_wrote_stands(self) -> None:
        for note in self.tracker.live():
            assert note.body == self.written_by_hand.get(note.remote_id, note.body)

    def teardown(self) -> None:
        """When faults stop, the comment says what it should, or a person does not want it."""
        self.clock.pass_by(1000)
        self.text = "the end"  # new content: while nothing changes, nobody looks what stands there
        for _ in range(3):  # an older database first learns that it is one, then takes its comment up again
            outcome = self._publish(again=True)
        assert outcome is not None
        live = self.tracker.live()
        if outcome.result is Result.MUTED:
            assert not live or live[0].editor != US
        else:
            assert outcome.result is Result.UNCHANGED
            assert [note.body for note in live] == [self.text]
        calls = len(self.tracker.calls)
        assert self._publish() == outcome
        assert len(self.tracker.calls) == calls


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://", create=True) as opened:
        yield opened


def test_the_outbox_survives_everything(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Outbox, "store", store, raising=False)
    monkeypatch.setattr(publishing, "Ledger", KillableLedger)

    run_state_machine_as_test(
        Outbox, settings=settings(max_examples=2000 if SOAK else 60, stateful_step_count=40 if SOAK else 25)
    )
