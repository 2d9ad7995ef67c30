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
from sqlalchemy import delete

from core.model import Publication
from core.publish import outbox as publishing
from core.publish.decision import IN_DOUBT
from core.publish.outbox import Outcome, Result, publish_all
from core.store import outbox, runs, tables
from core.store.engine import Store
from core.store.runs import NOT_BEFORE_NOTE
from tests.conftest import SOAK
from tests.publish.world import START, US, Clock, KillableLedger, Killed, Note, Stop, Tracker, read, targets, wanted

PROJECTS = count()
NAMES = ("ERP-1", "erp-1", "NEW-2")
"""What the configuration calls the one item."""
FAULTS = ("cut", "apply_and_cut", "refuse", "limit", "deny")
MISREADINGS = ("lost", "limit", "old")


class Outbox(RuleBasedStateMachine):
    """One publication through a hard life. The store is shared, so each life has a project of its own."""

    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.project = f"p{next(PROJECTS)}"
        self.clock = Clock()
        self.tracker = Tracker(clock=self.clock, names=dict.fromkeys(NAMES, f"item of {self.project}"))
        self.name = NAMES[0]
        self.updated_at = START
        KillableLedger.tracker = self.tracker
        self.text = "text 0"
        self.backup: Publication | None = None
        self.written_by_hand: dict[str, str] = {}
        self.taken_for_ours: set[str] = set()
        self.interfered = False
        with self.store.write() as connection:  # the source may have been held back in another life
            runs.set_note(connection, "jira", NOT_BEFORE_NOTE, START.isoformat())

    def _kept(self) -> Publication | None:
        """What is known of our comment, under whatever name of its item."""
        with self.store.read() as connection:
            kept = sorted(outbox.all(connection, self.project), key=lambda one: (one.remote_id is None, -one.attempts))
        return kept[0] if kept else None

    def _publish(
        self,
        *,
        send: bool = True,
        look: bool = False,
        again: bool = False,
        unmute: bool = False,
        stopped: bool = False,
    ) -> Outcome | None:
        """None when the process died on the way."""
        if unmute:
            self.written_by_hand.clear()
        stop = Stop(self.clock)
        if stopped:
            stop.set()
        wish = wanted(self.text, project=self.project, target=self.name)
        with suppress(Killed):
            (outcome,) = publish_all(
                self.store,
                targets(self.tracker),
                [wish],
                send=send,
                now=self.clock,
                stop=stop,
                look=look,
                again=again,
                unmute=unmute,
            )
            return outcome
        return None

    # --- what we do ---

    @rule(number=st.integers(0, 3))
    def the_content_changes(self, number: int) -> None:
        self.text = f"text {number}"

    @rule(name=st.sampled_from(NAMES))
    def the_configuration_names_the_item_otherwise(self, name: str) -> None:
        self.name = name

    @rule(look=st.booleans())
    def a_cycle_that_looks(self, look: bool) -> None:
        if not look:
            self._read()
        outcome = self._publish(look=look)
        assert outcome is not None
        if outcome.result is Result.UNCHANGED and outcome.detail is None and not self._is_held_back():
            (note,) = self.tracker.live()
            assert note.body in {self.text, *self.taken_for_ours}

    def _read(self) -> None:
        updated_at = max([self.updated_at, *(note.edited_at for note in self.tracker.notes)])
        read(self.store, self.tracker.names[self.name], updated_at)

    def _is_held_back(self) -> bool:
        with self.store.read() as connection:
            return (runs.get_note(connection, "jira", NOT_BEFORE_NOTE) or "") > self.clock.now.isoformat()

    @rule(fault=st.sampled_from((None, *FAULTS)), second=st.sampled_from((None, *FAULTS)), unmute=st.booleans())
    def a_cycle_with_faults(self, fault: str | None, second: str | None, unmute: bool) -> None:
        self.tracker.faults = [one for one in (fault, second) if one is not None]
        self._publish(unmute=unmute)
        self.tracker.faults = []

    @rule(kill_in=st.integers(0, 18), fault=st.sampled_from((None, *FAULTS)), unmute=st.booleans())
    def a_cycle_that_is_killed(self, kill_in: int, fault: str | None, unmute: bool) -> None:
        self.tracker.kill_in = kill_in
        self.tracker.faults = [] if fault is None else [fault]
        self._publish(unmute=unmute)
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

    @rule(look=st.booleans())
    def a_preview(self, look: bool) -> None:
        writes = self.tracker.writes
        outcome = self._publish(send=False, look=look)
        assert outcome is not None
        assert outcome.result is not Result.SENT
        assert self.tracker.writes == writes

    @rule(again=st.booleans(), unmute=st.booleans())
    def a_quiet_cycle_after_a_good_one(self, again: bool, unmute: bool) -> None:
        outcome = self._publish(again=again, unmute=unmute)
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

    @rule(how=st.sampled_from((None, *MISREADINGS)))
    def the_target_is_misread_after_writes(self, how: str | None) -> None:
        self.tracker.misreading = how

    @precondition(lambda self: self.tracker.live())
    @rule(account=st.sampled_from(("li.wei", US)))
    def a_person_edits(self, account: str) -> None:
        self.clock.pass_by(2)  # faster than that nobody is
        note = self.tracker.live()[0]
        note.edit(f"by hand at {self.clock.now}", account, self.clock.now)
        self.interfered = True
        self.written_by_hand.pop(note.remote_id, None)
        if account != US or self._can_be_told(note):
            self.written_by_hand[note.remote_id] = note.body
        else:
            self.taken_for_ours.add(note.body)

    def _can_be_told(self, note: Note) -> bool:
        """Whether an edit with our own account can be told from ours: we know of the comment and are not in doubt."""
        kept = self._kept()
        return kept is not None and kept.remote_id == note.remote_id and kept.state not in IN_DOUBT

    @precondition(lambda self: self.tracker.live())
    @rule()
    def a_person_deletes(self) -> None:
        self.clock.pass_by(2)
        self.updated_at = self.clock.now
        self.tracker.live()[0].gone = True
        self.interfered = True

    # --- what happens to the store ---

    @rule()
    def a_backup(self) -> None:
        kept = self._kept()
        # One taken in the middle of a send knows less than nothing of what came after.
        if kept is not None and kept.state not in IN_DOUBT:
            self.backup = kept

    @precondition(lambda self: self.backup is not None)
    @rule()
    def the_backup_is_restored(self) -> None:
        assert self.backup is not None
        self.clock.pass_by(10)  # longer than a comment takes to show
        with self.store.write() as connection:
            connection.execute(delete(tables.publications).where(tables.publications.c.project == self.project))
            outbox.save(connection, self.backup)
        self.interfered = True
        for note in self.tracker.live():
            if note.editor == US and not self._can_be_told(note):
                self.written_by_hand.pop(note.remote_id, None)
                self.taken_for_ours.add(note.body)

    # --- what must hold ---

    @invariant()
    def there_is_at_most_one_comment_of_ours(self) -> None:
        assert len(self.tracker.live()) <= 1

    @invariant()
    def what_a_person_wrote_stands(self) -> None:
        for note in self.tracker.live():
            assert note.body == self.written_by_hand.get(note.remote_id, note.body)

    def teardown(self) -> None:
        """When faults stop, the comment says what it should, or is muted for a reason until a person wants it back."""
        self.clock.pass_by(1000)
        self.tracker.misreading = None
        self.text = "the end"  # new content: while nothing changes, nobody looks what stands there
        self._settle(unmute=False)
        self._settle(unmute=True)

    def _settle(self, *, unmute: bool) -> None:
        for _ in range(2):
            outcome = self._publish(again=True, unmute=unmute)
        assert outcome is not None
        if outcome.result is Result.MUTED:
            assert self.interfered
            assert not unmute
        else:
            assert outcome.result is Result.UNCHANGED
            assert [note.body for note in self.tracker.live()] == [self.text]
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
