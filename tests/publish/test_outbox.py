from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.document import adf
from core.errors import SecretNotFound, StoreError
from core.model import Publication, PublicationState
from core.ports import Posted, Written
from core.publish import outbox as publishing
from core.publish.decision import ANOTHER_ITEM
from core.publish.outbox import Outcome, Result, TargetOf, Wanted, publish_all
from core.store import outbox, runs
from core.store.engine import Store
from core.store.runs import Run
from tests.publish.world import (
    START,
    US,
    Clock,
    FakeTarget,
    KillableLedger,
    Killed,
    Note,
    Stop,
    Tracker,
    read,
    render,
    targets,
    wanted,
)


class Desk:
    """A store, a tracker and a clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = Clock()
        self.tracker = Tracker(clock=self.clock)
        self.stop = Stop(self.clock)

    def publish(
        self,
        *texts: str | Wanted,
        send: bool = True,
        look: bool = False,
        again: bool = False,
        unmute: bool = False,
    ) -> list[Outcome]:
        wishes = [wanted(text) if isinstance(text, str) else text for text in texts]
        return publish_all(
            self.store,
            targets(self.tracker),
            wishes,
            send=send,
            now=self.clock,
            stop=self.stop,
            look=look,
            again=again,
            unmute=unmute,
        )

    def result(
        self, text: str, *, send: bool = True, look: bool = False, again: bool = False, unmute: bool = False
    ) -> Result:
        return self.publish(text, send=send, look=look, again=again, unmute=unmute)[0].result

    def read(self, remote_id: str, *, renamed: str | None = None) -> None:
        """The item comes from the tracker, updated at this moment."""
        read(self.store, remote_id, self.clock.now, renamed=renamed)

    def all(self) -> list[Publication]:
        with self.store.read() as connection:
            return outbox.all(connection)

    def person_edits(self, text: str, account: str = "li.wei") -> None:
        self.clock.pass_by(30)
        self.note.edit(text, account, self.clock.now)

    def kept(self) -> Publication:
        with self.store.read() as connection:
            publication = outbox.get(connection, "erp", "jira", "ERP-1", "status")
        assert publication is not None
        return publication

    def restore(self, publication: Publication) -> None:
        with self.store.write() as connection:
            outbox.save(connection, publication)

    @property
    def note(self) -> Note:
        (note,) = self.tracker.live()
        return note


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://", create=True) as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def test_one_comment_is_posted_edited_and_left_alone_while_nothing_changes(desk: Desk) -> None:
    results = [desk.result(text) for text in ("a", "a", "b", "b")]

    assert results == [Result.SENT, Result.UNCHANGED, Result.SENT, Result.UNCHANGED]
    assert desk.note.body == "b"
    assert desk.tracker.calls == ["resolve", "find", "create", "read", "read", "edit", "read"]
    assert desk.kept().state is PublicationState.SENT
    assert desk.kept().attempts == 2


def test_preview_calls_nobody_and_shows_what_would_change(desk: Desk) -> None:
    (new,) = desk.publish("a", send=False)
    desk.result("a")
    (changed,) = desk.publish("b", send=False)
    (same,) = desk.publish("a", send=False)

    assert [new.result, changed.result, same.result] == [Result.PREVIEW, Result.PREVIEW, Result.UNCHANGED]
    assert new.diff is not None
    assert new.diff.splitlines()[2:] == ["@@ -0,0 +1 @@", "+a"]
    assert changed.diff is not None
    assert changed.diff.splitlines() == [
        "--- ERP-1 status (stands)",
        "+++ ERP-1 status (wanted)",
        "@@ -1 +1 @@",
        "-a",
        "+b",
    ]
    assert desk.tracker.writes == 1


def test_what_would_change_is_headed_in_the_language_of_the_text(desk: Desk) -> None:
    chinese = replace(wanted("甲"), document=replace(wanted("甲").document, language="zh-CN"))

    (new,) = desk.publish(chinese, send=False)

    assert new.diff is not None
    assert new.diff.splitlines()[:2] == ["--- ERP-1 status（现有）", "+++ ERP-1 status（应有）"]


def test_a_lost_answer_is_looked_for_and_not_sent_again(desk: Desk) -> None:
    desk.tracker.faults = ["apply_and_cut"]

    (outcome,) = desk.publish("a")

    assert outcome.result is Result.SENT
    assert desk.note.body == "a"
    assert desk.tracker.calls == ["resolve", "find", "create", "find"]


def test_a_lost_request_is_looked_for_and_sent_again_by_the_next_run_only(desk: Desk) -> None:
    desk.tracker.faults = ["cut"]

    assert desk.result("a") is Result.WAITING

    assert desk.stop.waited == [10.0]
    assert desk.tracker.calls == ["resolve", "find", "create", "find", "find"]

    # The target may still be at it: nothing is sent before it must have given up.
    assert desk.result("a") is Result.WAITING
    assert desk.tracker.writes == 1

    desk.tracker.clock.pass_by(60)

    assert desk.result("a") is Result.SENT
    assert len(desk.tracker.notes) == 1


def test_a_comment_that_shows_late_is_not_posted_twice(desk: Desk) -> None:
    desk.tracker.faults = ["apply_and_cut"]
    desk.tracker.lag = timedelta(seconds=5)

    assert desk.result("a") is Result.SENT

    assert desk.tracker.writes == 1


def test_stopping_ends_the_wait_and_keeps_the_doubt(desk: Desk) -> None:
    class Stopped(Stop):
        def wait(self, timeout: float | None = None) -> bool:
            self.set()
            return True

    desk.tracker.faults = ["cut"]
    desk.stop = Stopped(desk.clock)

    (outcome,) = desk.publish("a")

    assert outcome.result is Result.WAITING
    assert desk.kept().state is PublicationState.UNKNOWN
    assert desk.tracker.writes == 1


def test_a_preview_keeps_the_doubt(desk: Desk) -> None:
    desk.tracker.faults = ["apply_and_cut"]
    desk.tracker.kill_in = 3
    with pytest.raises(Killed):
        desk.publish("a")

    assert desk.result("b", send=False) is Result.PREVIEW

    assert desk.kept().state is PublicationState.UNKNOWN
    assert [desk.result("a"), desk.result("b")] == [Result.SENT, Result.SENT]
    assert desk.tracker.calls.count("create") == 1


def test_an_outage_keeps_the_doubt_and_what_it_is_about(desk: Desk) -> None:
    desk.tracker.faults = ["apply_and_cut"]
    desk.tracker.kill_in = 3
    with pytest.raises(Killed):
        desk.publish("a")
    desk.tracker.down = True
    desk.publish("b")
    desk.tracker.down = False

    assert desk.result("b") is Result.SENT

    assert desk.note.body == "b"
    assert desk.tracker.calls.count("create") == 1


def test_a_refused_comment_waits_for_new_content_or_for_a_person(desk: Desk) -> None:
    desk.tracker.faults = ["refuse"]

    results = [desk.result("a"), desk.result("a"), desk.result("a", again=True)]

    assert results == [Result.FAILED, Result.FAILED, Result.SENT]
    assert desk.tracker.writes == 2


def test_a_refused_edit_does_not_stop_the_next_content(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.faults = ["refuse"]

    results = [desk.result("b"), desk.result("b"), desk.result("c"), desk.result("c")]

    assert results == [Result.FAILED, Result.FAILED, Result.SENT, Result.UNCHANGED]
    assert desk.note.body == "c"


def test_content_that_returns_to_what_stands_there_needs_no_write(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.faults = ["refuse"]
    desk.result("b")

    assert desk.result("a") is Result.UNCHANGED

    assert desk.kept().state is PublicationState.SENT
    assert desk.kept().error is None


def test_a_target_that_says_wait_is_left_alone_until_then_with_all_it_has(desk: Desk) -> None:
    other = wanted("x", topic="dashboard")
    desk.tracker.faults = ["limit"]

    first = desk.publish("a", other)
    desk.clock.pass_by(299)
    second = desk.publish("a", other)
    desk.clock.pass_by(2)
    third = desk.publish("a", other)

    assert [outcome.result for outcome in (*first, *second)] == [Result.WAITING] * 4
    assert second[0].detail == "jira asked to be left alone until 2026-03-02 09:05:00 UTC"
    assert [outcome.result for outcome in third] == [Result.SENT] * 2
    assert desk.tracker.calls.count("create") == 3


def test_who_was_told_to_wait_while_reading_writes_nothing_until_then(desk: Desk) -> None:
    until = START + timedelta(minutes=10)
    told = Run(source="jira", started_at=START, finished_at=START, ok=False, error="wait", not_before=until)
    with desk.store.write() as connection:
        runs.record_run(connection, told)

    (waiting,) = desk.publish("a", look=True, again=True)
    calls = list(desk.tracker.calls)
    desk.clock.pass_by(600)

    assert (waiting.result, waiting.detail) == (
        Result.WAITING,
        "jira asked to be left alone until 2026-03-02 09:10:00 UTC",
    )
    assert calls == []
    assert desk.result("a") is Result.SENT


def test_who_was_told_to_wait_while_writing_reads_nothing_until_then(desk: Desk) -> None:
    read_before = Run(source="jira", started_at=START, finished_at=START, ok=True)
    with desk.store.write() as connection:
        runs.record_run(connection, read_before)
    desk.clock.pass_by(60)
    desk.tracker.faults = ["limit"]

    desk.result("a")

    with desk.store.read() as connection:
        assert runs.last_runs(connection)["jira"].not_before == START + timedelta(minutes=6)


def test_lost_rights_are_tried_again_in_the_next_cycle(desk: Desk) -> None:
    desk.tracker.faults = ["deny"]

    assert [desk.result("a"), desk.result("a")] == [Result.FAILED, Result.SENT]


def test_an_unreachable_or_hidden_target_is_a_failure_and_nothing_is_forgotten(desk: Desk) -> None:
    desk.tracker.down = True
    unreachable = desk.publish("a")[0]
    desk.tracker.down, desk.tracker.hidden = False, True
    hidden = desk.publish("a")[0]
    desk.tracker.hidden = False

    assert (unreachable.result, hidden.result) == (Result.FAILED, Result.FAILED)
    assert hidden.detail == "ERP-1 does not exist, or is hidden from us"
    assert desk.result("b") is Result.SENT


def test_a_comment_hidden_with_its_item_is_not_taken_for_deleted(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.hidden = True

    assert desk.result("b") is Result.FAILED
    desk.tracker.hidden = False
    assert desk.result("b", again=True) is Result.SENT


def test_a_persons_edit_is_respected(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")

    results = [desk.result("b"), desk.result("c"), desk.result("c", again=True)]

    assert results == [Result.MUTED] * 3
    assert desk.note.body == "mine"
    assert desk.kept().error == "a person or another installation edited our comment, so it is left as it is"


def test_a_persons_edit_is_respected_where_we_did_not_know_what_stands_there(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    with Store.open("sqlite://", create=True) as fresh:
        desk.store = fresh

        assert [desk.result("b"), desk.result("b")] == [Result.MUTED, Result.MUTED]

    assert desk.note.body == "mine"


def test_a_persons_edit_is_respected_where_ours_was_in_doubt(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.faults = ["apply_and_cut"]
    desk.tracker.kill_in = 2
    with pytest.raises(Killed):
        desk.publish("b")
    desk.person_edits("mine")

    assert [desk.result("b"), desk.result("c")] == [Result.MUTED, Result.MUTED]

    assert desk.note.body == "mine"


@pytest.mark.parametrize("misreading", [None, "lost", "limit", "old"])
def test_an_edit_by_our_own_account_that_we_do_not_know_of_is_respected(desk: Desk, misreading: str | None) -> None:
    desk.tracker.misreading = misreading
    desk.result("a")
    desk.clock.pass_by(400)
    desk.person_edits("mine, with the service's account", US)

    assert [desk.result("b"), desk.result("b", again=True)] == [Result.MUTED] * 2


@pytest.mark.parametrize("misreading", ["lost", "limit", "old"])
@pytest.mark.parametrize("before", [None, "old"])
def test_a_text_that_could_not_be_read_after_it_was_written_is_still_ours(
    desk: Desk, before: str | None, misreading: str
) -> None:
    if before is not None:
        desk.result(before)
        desk.clock.pass_by(30)
    desk.tracker.misreading = misreading

    first = desk.result("a")
    desk.clock.pass_by(400)

    assert [first, desk.result("b")] == [Result.SENT, Result.SENT]
    assert desk.note.body == "b"


def test_an_older_state_read_after_a_write_of_the_same_second_is_not_learnt(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.misreading = "old"

    assert [desk.result("b"), desk.result("c")] == [Result.SENT, Result.SENT]


def test_a_target_that_wants_to_be_left_alone_after_a_write_is_left_alone(desk: Desk) -> None:
    desk.tracker.misreading = "limit"

    results = [desk.result(text) for text in ("a", "a", "b")]

    assert results == [Result.SENT, Result.UNCHANGED, Result.WAITING]


def test_where_a_target_tells_no_editions_what_we_wrote_last_is_ours(desk: Desk) -> None:
    class Timeless(FakeTarget):
        def read(self, target: str, remote_id: str) -> Posted | None:
            found = super().read(target, remote_id)
            return None if found is None else replace(found, edition=None)

        def create(self, target: str, marker: str, body: object) -> Written:
            return replace(super().create(target, marker, body), edition=None)

    def result(text: str) -> Result:
        to = {"jira": TargetOf(open=lambda: Timeless(desk.tracker), render=render)}
        (outcome,) = publish_all(desk.store, to, [wanted(text)], send=True, now=desk.clock, stop=desk.stop)
        return outcome.result

    desk.tracker.misreading = "lost"
    results = [result("a"), result("b")]
    desk.person_edits("mine")

    assert [*results, result("c")] == [Result.SENT, Result.SENT, Result.MUTED]


def test_a_deleted_comment_is_not_posted_again(desk: Desk) -> None:
    desk.result("a")
    desk.note.gone = True

    results = [desk.result("b"), desk.result("b"), desk.result("b", again=True)]

    assert results == [Result.MUTED] * 3
    assert desk.tracker.live() == []


def test_a_deleted_comment_is_posted_anew_when_a_person_wants_it_back(desk: Desk) -> None:
    desk.result("a")
    desk.note.gone = True
    desk.result("b")

    results = [desk.result("b", unmute=True), desk.result("b"), desk.result("c")]

    assert results == [Result.SENT, Result.UNCHANGED, Result.SENT]
    assert (desk.note.remote_id, desk.note.body) == ("2", "c")


@pytest.mark.parametrize("account", ["li.wei", US])
def test_an_edited_comment_is_written_over_when_a_person_wants_it_back(desk: Desk, account: str) -> None:
    desk.result("a")
    desk.person_edits("mine", account)
    desk.result("a2")

    results = [desk.result("b", unmute=True), desk.result("b"), desk.result("c")]

    assert results == [Result.SENT, Result.UNCHANGED, Result.SENT]
    assert [(note.remote_id, note.body) for note in desk.tracker.live()] == [("1", "c")]


@pytest.mark.parametrize(("fault", "waits"), [("limit", 400), ("cut", 60), ("deny", 1)])
def test_a_wish_to_have_a_comment_back_outlives_a_failure(desk: Desk, fault: str, waits: float) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")
    desk.tracker.faults = [fault]
    desk.result("b", unmute=True)
    desk.clock.pass_by(waits)

    assert desk.result("b") is Result.SENT
    assert desk.note.body == "b"


def test_a_wish_that_cannot_be_begun_with_has_to_be_told_again(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")
    desk.tracker.misreading = "limit"
    other = wanted("x", topic="dashboard")

    (_, muted), (still,) = desk.publish(other, "b"), desk.publish("b", unmute=True)

    assert (muted.result, still.result) == (Result.MUTED, Result.MUTED)
    assert still.detail is not None
    assert still.detail.startswith("jira asked to be left alone until")
    desk.clock.pass_by(400)
    assert [desk.result("b"), desk.result("b", unmute=True)] == [Result.MUTED, Result.SENT]


def test_a_wish_to_have_a_comment_back_is_not_one_for_the_next_edit(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")
    desk.tracker.faults = ["deny"]
    desk.result("b", unmute=True)
    desk.person_edits("I said no")

    assert [desk.result("b"), desk.result("c")] == [Result.MUTED] * 2
    assert desk.note.body == "I said no"


def test_why_a_comment_is_muted_is_not_forgotten_over_an_outage(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")
    desk.tracker.down = True

    assert desk.result("b", unmute=True) is Result.FAILED
    assert desk.publish("b")[0].detail == "a person or another installation edited our comment, so it is left as it is"


def test_a_preview_shows_a_muted_comment_and_keeps_it_so(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")

    (shown,) = desk.publish("b", send=False, unmute=True)

    assert (shown.result, shown.detail) == (
        Result.MUTED,
        "a person or another installation edited our comment, so it is left as it is",
    )
    assert desk.result("b") is Result.MUTED


def test_a_lost_database_finds_its_comment(desk: Desk) -> None:
    desk.result("a")
    with Store.open("sqlite://", create=True) as fresh:
        desk.store = fresh

        assert [desk.result("b"), desk.result("b")] == [Result.SENT, Result.UNCHANGED]

    assert desk.note.body == "b"


def test_a_restored_database_posts_nothing_new(desk: Desk) -> None:
    desk.result("a")
    yesterday = desk.kept()
    desk.result("b")
    desk.restore(yesterday)

    assert desk.result("c") is Result.MUTED
    assert desk.result("c", unmute=True) is Result.SENT
    assert desk.note.body == "c"


def test_a_preview_that_was_restored_over_a_sent_comment_finds_it(desk: Desk) -> None:
    desk.result("a", send=False)
    before = desk.kept()
    desk.result("a")
    desk.restore(before)

    assert desk.result("b") is Result.SENT
    assert desk.note.body == "b"


def test_of_two_comments_with_our_marker_the_oldest_is_kept_up(desk: Desk) -> None:
    desk.result("a")
    copy = replace(desk.note, remote_id="99")
    desk.tracker.notes.append(copy)
    with Store.open("sqlite://", create=True) as fresh:
        desk.store = fresh
        desk.result("b")

    assert [note.body for note in desk.tracker.live()] == ["b", "a"]


def test_another_process_that_was_quicker_keeps_the_publication(desk: Desk) -> None:
    class Quicker(FakeTarget):
        def find(self, target: str, markers: Collection[str]) -> Any:
            desk.restore(replace(before, attempts=7, state=PublicationState.SENDING, attempted_at=START))
            return super().find(target, markers)

    desk.result("a", send=False)
    before = desk.kept()
    to = {"jira": TargetOf(open=lambda: Quicker(desk.tracker), render=render)}

    (outcome,) = publish_all(desk.store, to, [wanted("a")], send=True, now=desk.clock, stop=desk.stop)

    assert (outcome.result, outcome.detail) == (Result.WAITING, "another process is writing it")
    assert desk.tracker.writes == 0


def test_a_target_that_cannot_be_made_harms_no_other(desk: Desk) -> None:
    def nothing() -> FakeTarget:
        raise SecretNotFound("WRITE_TOKEN is not set")

    made: list[FakeTarget] = []

    def make() -> FakeTarget:
        made.append(FakeTarget(desk.tracker))
        return made[0]

    to = {"jira": TargetOf(open=make, render=render), "broken": TargetOf(open=nothing, render=render)}
    wishes = [replace(wanted("a"), source="broken"), wanted("a"), wanted("x", topic="dashboard")]

    outcomes = publish_all(desk.store, to, wishes, send=True, now=desk.clock, stop=desk.stop)

    assert [outcome.result for outcome in outcomes] == [Result.FAILED, Result.SENT, Result.SENT]
    assert outcomes[0].detail == "WRITE_TOKEN is not set"
    assert [target.closed for target in made] == [True]


def test_a_broken_store_is_raised(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise StoreError("the disk is gone")

    monkeypatch.setattr(outbox, "save", broken)

    with pytest.raises(StoreError):
        desk.publish("a")
    assert desk.tracker.writes == 0


def test_once_stopped_nothing_more_is_sent(desk: Desk) -> None:
    desk.stop.set()

    assert desk.result("a") is Result.WAITING
    assert desk.tracker.calls == []


def test_no_transaction_is_open_during_a_call(desk: Desk) -> None:
    class Asking(FakeTarget):
        def create(self, target: str, marker: str, body: object) -> Any:
            assert desk.kept().state is PublicationState.SENDING  # committed, and nobody holds the store
            return super().create(target, marker, body)

    to = {"jira": TargetOf(open=lambda: Asking(desk.tracker), render=render)}

    (outcome,) = publish_all(desk.store, to, [wanted("a")], send=True, now=desk.clock, stop=desk.stop)

    assert outcome.result is Result.SENT


def test_the_comment_on_jira_carries_the_publications_marker(desk: Desk) -> None:
    bodies: list[Any] = []

    class Seeing(FakeTarget):
        def create(self, target: str, marker: str, body: object) -> Any:
            bodies.append(body)
            return super().create(target, marker, "x")

    to = {"jira": TargetOf(open=lambda: Seeing(desk.tracker), render=adf.render)}

    publish_all(desk.store, to, [wanted("a")], send=True, now=desk.clock, stop=desk.stop)

    href = f"https://acme.example/browse/ERP-1#planward-{desk.kept().marker}"
    assert bodies[0]["content"][-1]["content"][0]["marks"][0]["attrs"]["href"] == href


@pytest.mark.parametrize("kill_in", range(15))
@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("fault", [None, "cut", "apply_and_cut"])
def test_killed_at_any_step_the_next_cycle_ends_as_an_undisturbed_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kill_in: int, before: str | None, fault: str | None
) -> None:
    monkeypatch.setattr(KillableLedger, "tracker", desk.tracker, raising=False)
    monkeypatch.setattr(publishing, "Ledger", KillableLedger)
    if before is not None:
        desk.publish(before)
    desk.tracker.faults = [fault] if fault else []
    desk.tracker.kill_in = kill_in
    with suppress(Killed):
        desk.publish("a")
    desk.tracker.kill_in, desk.tracker.faults = None, []
    desk.clock.pass_by(60)  # a target is given that long for a write whose answer did not come

    desk.publish("a")

    assert desk.note.body == "a"
    assert desk.note.editor == US
    assert desk.kept().state is PublicationState.SENT
    assert desk.result("a") is Result.UNCHANGED


def test_the_outbox_is_the_same_on_postgresql(postgres_url: str) -> None:
    with Store.open(postgres_url, create=True) as store:
        desk = Desk(store)
        desk.tracker.faults = ["cut", "limit"]

        first = desk.result("a")
        desk.clock.pass_by(60)
        (second,) = desk.publish("a")
        desk.clock.pass_by(301)
        results = [desk.result(text) for text in ("a", "b", "b")]

    assert (first, second.result) == (Result.WAITING, Result.WAITING)
    assert results == [Result.SENT, Result.SENT, Result.UNCHANGED]
    assert desk.note.body == "b"


def test_a_second_process_leaves_a_slow_write_alone(desk: Desk) -> None:
    class Slow(FakeTarget):
        """A target whose answer needs 25 seconds, within which another process comes by."""

        def create(self, target: str, marker: str, body: object) -> Written:
            desk.clock.pass_by(25)
            others.extend(desk.publish("a"))
            return super().create(target, marker, body)

    others: list[Outcome] = []
    slow = {"jira": TargetOf(open=lambda: Slow(desk.tracker), render=render)}

    (ours,) = publish_all(desk.store, slow, [wanted("a")], send=True, now=desk.clock, stop=desk.stop)

    assert [other.result for other in others] == [Result.WAITING]
    assert ours.result is Result.SENT
    assert len(desk.tracker.live()) == 1


# --- the item behind the name


def former(publication: Publication) -> Publication:
    """The publication as a version kept it that made the marker from the name of the target and knew no item."""
    return replace(publication, marker=publication.id, item_id=None, item_updated_at=None)


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("lost", [False, True])
def test_an_item_that_is_named_otherwise_keeps_its_one_comment(desk: Desk, lost: bool, earlier: bool) -> None:
    desk.result("a")
    desk.tracker.names = {"NEW-2": "ERP-1", "erp-1": "ERP-1"}
    if earlier:
        desk.restore(former(desk.kept()))
        desk.note.marker = desk.kept().id
    if lost:
        desk.store = Store.open("sqlite://", create=True)
        if earlier:
            desk.read("ERP-1", renamed="NEW-2")

    results = [desk.publish(wanted(text, target=target))[0].result for target, text in NAMINGS]

    assert results == [Result.SENT if lost else Result.UNCHANGED, Result.SENT, Result.SENT]
    assert desk.note.body == "c"
    assert [one.target for one in desk.all()] == ["erp-1"]


NAMINGS = (("NEW-2", "a"), ("NEW-2", "b"), ("erp-1", "c"))


def test_what_a_person_deleted_is_not_posted_again_under_another_name(desk: Desk) -> None:
    desk.result("a")
    desk.note.gone = True
    desk.result("b")
    desk.tracker.names = {"NEW-2": "ERP-1"}

    (outcome,) = desk.publish(wanted("b", target="NEW-2"))

    assert outcome.result is Result.MUTED
    assert desk.tracker.live() == []


def test_a_preview_of_another_name_does_not_forget_the_comment(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.names = {"NEW-2": "ERP-1"}
    desk.publish(wanted("a", target="NEW-2"), send=False)

    (outcome,) = desk.publish(wanted("a", target="NEW-2"))

    assert (outcome.result, desk.tracker.writes) == (Result.UNCHANGED, 1)


def test_the_text_that_stands_is_known_under_the_new_name_too(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.names = {"NEW-2": "ERP-1"}

    (outcome,) = desk.publish(wanted("b", target="NEW-2"))

    assert outcome.diff is not None
    assert outcome.diff.splitlines()[-2:] == ["-a", "+b"]


def test_two_items_of_a_project_and_two_projects_on_one_item_have_a_comment_each(desk: Desk) -> None:
    desk.tracker.names = {"NEW-2": "ERP-1"}
    wishes = [wanted("a"), wanted("b", target="ERP-5"), wanted("c", project="crm", target="NEW-2")]

    desk.publish(*wishes)
    again = desk.publish(*wishes)

    assert [outcome.result for outcome in again] == [Result.UNCHANGED] * 3
    assert sorted((note.target, note.body) for note in desk.tracker.live()) == [
        ("ERP-1", "a"),
        ("ERP-1", "c"),
        ("ERP-5", "b"),
    ]
    assert len({note.marker for note in desk.tracker.live()}) == 2


@pytest.mark.parametrize("first", ["ERP-1", "NEW-2"])
def test_an_item_that_is_named_twice_gets_one_comment_and_it_is_said(desk: Desk, first: str) -> None:
    desk.tracker.names = {"NEW-2": "ERP-1"}
    names = sorted(("ERP-1", "NEW-2"), key=lambda name: name != first)
    wishes = [wanted("a", target=name) for name in names]

    outcomes = [desk.publish(*wishes), desk.publish(*reversed(wishes))]

    assert [one.result for one in outcomes[0]] == [Result.SENT, Result.FAILED]
    assert [one.result for one in outcomes[1]] == [Result.FAILED, Result.UNCHANGED]
    assert outcomes[0][1].detail == f"{names[1]} is the same item as {names[0]}"
    assert len(desk.tracker.live()) == 1


TAKEN = {"NEW-2": "ERP-1", "ERP-1": "ERP-9"}
"""What ERP-1 was is called NEW-2 now, and its name was given to another item."""


@pytest.mark.parametrize("fault", ["limit", "deny", "refuse", "cut"])
def test_nothing_is_posted_to_an_item_that_took_the_name_of_the_one_meant(desk: Desk, fault: str) -> None:
    desk.tracker.faults = [fault]
    desk.result("a")
    desk.clock.pass_by(400)
    desk.tracker.names = TAKEN

    taken = [desk.publish("b", again=again)[0] for again in (False, True)]
    (renamed,) = desk.publish(wanted("b", target="NEW-2"))

    assert [(one.result, one.detail) for one in taken] == [(Result.FAILED, ANOTHER_ITEM)] * 2
    assert renamed.result is Result.SENT
    assert [(note.target, note.body) for note in desk.tracker.live()] == [("ERP-1", "b")]


def test_who_means_the_item_that_took_the_name_says_so_after_being_told(desk: Desk) -> None:
    desk.tracker.faults = ["deny"]
    desk.result("a")
    desk.tracker.names = TAKEN

    results = [desk.result("a", unmute=unmute) for unmute in (True, False, True, False)]

    assert results == [Result.FAILED, Result.FAILED, Result.SENT, Result.UNCHANGED]
    assert [(note.target, note.body) for note in desk.tracker.live()] == [("ERP-9", "a")]


def test_a_comment_wanted_back_is_not_posted_to_an_item_that_took_the_name(desk: Desk) -> None:
    desk.result("a")
    desk.note.gone = True
    desk.result("b")
    desk.tracker.names = TAKEN

    results = [desk.result("b", unmute=unmute) for unmute in (True, False, True)]

    assert results == [Result.FAILED, Result.MUTED, Result.SENT]
    assert [(note.target, note.body) for note in desk.tracker.live()] == [("ERP-9", "b")]


# --- what people do while nothing changes


def test_a_comment_is_looked_at_once_after_its_item_was_updated(desk: Desk) -> None:
    desk.read("ERP-1")
    desk.result("a")
    calls = len(desk.tracker.calls)
    desk.result("a")
    quiet = len(desk.tracker.calls) - calls
    desk.clock.pass_by(60)
    desk.read("ERP-1")

    results = [desk.result("a"), desk.result("a", send=False), desk.result("a")]

    assert quiet == 0
    assert results == [Result.UNCHANGED] * 3
    assert desk.tracker.calls[calls:] == ["read"]


@pytest.mark.parametrize("send", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_what_a_person_did_is_known_without_new_content(desk: Desk, send: bool, asked: bool) -> None:
    desk.result("a")
    desk.person_edits("mine")
    if not asked:
        desk.read("ERP-1")
    edited = desk.publish("a", send=send, look=asked)[0].detail
    desk.note.gone = True
    deleted = desk.publish("a", send=send, look=True)[0].detail

    assert edited == "a person or another installation edited our comment, so it is left as it is"
    assert deleted == "a person deleted our comment, so it is not posted again"
    assert desk.result("a", unmute=True, look=True) is Result.SENT
    assert desk.note.body == "a"


def test_a_publication_of_an_earlier_version_is_looked_at_once(desk: Desk) -> None:
    desk.result("a")
    desk.restore(former(desk.kept()))
    calls = len(desk.tracker.calls)

    assert [desk.result("a"), desk.result("a")] == [Result.UNCHANGED] * 2
    assert desk.tracker.calls[calls:] == ["resolve", "read"]


def test_who_asks_is_told_when_it_could_not_be_looked_at(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.down = True
    (shown,) = desk.publish("b", send=False, look=True)
    (asked,) = desk.publish("a", look=True)
    desk.tracker.down = False

    assert shown.result is Result.PREVIEW
    assert shown.diff is not None
    assert shown.detail == "what stands there was not looked at: the tracker does not answer"
    assert (asked.result, asked.detail) == (Result.FAILED, "the tracker does not answer")
    assert desk.result("a") is Result.UNCHANGED


def test_a_target_that_wants_to_be_left_alone_is_not_looked_at_either(desk: Desk) -> None:
    desk.tracker.misreading = "limit"
    desk.result("a")
    calls = len(desk.tracker.calls)

    (shown,) = desk.publish("a", look=True)

    assert shown.result is Result.UNCHANGED
    assert shown.detail is not None
    assert "asked to be left alone until" in shown.detail
    assert len(desk.tracker.calls) == calls


# --- another account of ours


def test_a_comment_of_our_former_account_is_not_called_a_persons(desk: Desk) -> None:
    desk.result("a")
    desk.tracker.account = "another-account"

    (outcome,) = desk.publish("b")

    assert outcome.result is Result.MUTED
    assert outcome.detail is not None
    assert "written by another account than the one that we use now" in outcome.detail


@pytest.mark.parametrize("foreign", [True, False])
def test_a_comment_of_our_former_account_is_written_over_or_another_posted_beside_it(desk: Desk, foreign: bool) -> None:
    desk.result("a")
    desk.tracker.account, desk.tracker.foreign = "another-account", foreign
    desk.result("b")

    results = [desk.result("b", unmute=True), desk.result("b"), desk.result("c")]

    assert results == [Result.SENT, Result.UNCHANGED, Result.SENT]
    assert [note.body for note in desk.tracker.live()] == (["c"] if foreign else ["a", "c"])


def test_an_edit_of_our_own_comment_that_is_refused_posts_no_second_one(desk: Desk) -> None:
    desk.result("a")
    desk.person_edits("mine")
    desk.result("b")
    desk.tracker.faults = ["refuse"]

    assert desk.result("b", unmute=True) is Result.FAILED
    assert len(desk.tracker.live()) == 1
