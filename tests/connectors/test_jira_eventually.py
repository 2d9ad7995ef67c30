"""Whatever people, the index, the network and we ourselves do: in the end the store is as Jira is."""

from __future__ import annotations

import os
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from config.secret import Secret
from config.sources import JiraSettings
from connectors.jira import fetch
from connectors.jira.fetch import JiraSource
from connectors.transport import ReadRetry
from core.errors import RemoteError
from tests.connectors.conftest import START
from tests.connectors.contract import Mirror, updates
from tests.connectors.test_jira_source import truth
from tests.sandbox.jira import Clock, JiraSandbox, JiraState

FAULTS = ["cut_before", "cut_body", "html_login_200", "truncated_json", "null_json", "stale_token"]
WHICH = st.integers(0, 10_000)


class AnyCourseOfEvents(RuleBasedStateMachine):
    """Issues come and change while we read, are cut off, forget pages and go on."""

    @initialize(ragged=st.booleans(), lag=st.integers(0, 10), resolution=st.sampled_from([1, 60]))
    def open(self, ragged: bool, lag: int, resolution: int) -> None:
        os.environ["PLANWARD_TEST_TOKEN"] = "sandbox-token"
        self.state = JiraState(Clock(START))
        self.state.add_project("ERP", "ERP upgrade")
        self.state.add_status("1", "To Do", "new")
        self.state.add_status("3", "In Progress", "indeterminate")
        self.state.add_user("ana", "Ana", "ana@example.com")
        self.jira = JiraSandbox(
            self.state,
            page_limit=3,
            ragged=ragged,
            index_lag=timedelta(minutes=lag),
            index_resolution=timedelta(seconds=resolution),
        ).__enter__()
        self.state.add_token(next(iter(self.state.users)), "sandbox-token")
        self.settings = JiraSettings(
            url=self.jira.url,
            user=self.jira.user,
            token=Secret(env="PLANWARD_TEST_TOKEN"),
            projects=("ERP",),
            private_address=True,
        )
        self.pages_at_once, fetch.PAGES_AT_ONCE = fetch.PAGES_AT_ONCE, 2
        self.mirror = Mirror()
        self.keys: list[str] = []

    def source(self) -> JiraSource:
        return JiraSource("acme", self.settings, retry=ReadRetry(first_pause=0.001))

    @rule(minutes=st.integers(0, 40))
    def time_goes_on(self, minutes: int) -> None:
        self.state.clock.advance(timedelta(minutes=minutes, seconds=1))

    @rule(count=st.integers(1, 15))
    def issues_come(self, count: int) -> None:
        self.keys += [self.state.add_issue("ERP", summary="New", reporter="ana") for _ in range(count)]

    @precondition(lambda self: self.keys)
    @rule(which=WHICH, kind=st.sampled_from(["status", "title", "comment", "link"]))
    def somebody_works(self, which: int, kind: str) -> None:
        key, other = self.keys[which % len(self.keys)], self.keys[which // 7 % len(self.keys)]
        self.state.clock.advance(timedelta(milliseconds=7))
        if kind == "status":
            self.state.transition(key, "In Progress" if which % 2 else "To Do", "ana")
        elif kind == "title":
            self.state.edit(key, author="ana", summary=f"Title {which}")
        elif kind == "comment":
            self.state.add_comment(key, "ana", f"Comment {which}")
        elif key != other:
            self.state.link("Blocks", key, other, "ana")

    @precondition(lambda self: self.keys)
    @rule(which=WHICH, minutes=st.integers(1, 14))
    def the_index_stalls(self, which: int, minutes: int) -> None:
        until = self.state.clock.now() + timedelta(minutes=minutes)
        self.state.stall_indexing(self.keys[which % len(self.keys)], until)

    @rule()
    def we_read(self) -> None:
        self.mirror.pull(self.source())

    @rule(pages=st.integers(0, 3), which=WHICH, lost=st.booleans())
    def we_are_killed_while_reading(self, pages: int, which: int, lost: bool) -> None:
        for number, page in enumerate(self.source().pull(self.mirror.cursor, self.mirror.known)):
            if number == pages and lost:
                break  # after it was fetched, before it was saved
            self.mirror.save(page)
            if self.keys:
                self.somebody_works(which + number, "title")
            if number == pages:
                break

    @rule(what=st.sampled_from(FAULTS), after=st.integers(0, 3), times=st.integers(1, 6))
    def we_read_over_a_bad_line(self, what: str, after: int, times: int) -> None:
        self.jira.faults.add(what=what, after=after, times=times)
        try:
            self.mirror.pull(self.source())
        except RemoteError:
            pass
        finally:
            self.jira.faults.clear()

    @invariant()
    def nothing_is_invented(self) -> None:
        if hasattr(self, "mirror"):
            assert set(self.mirror.snapshots) <= set(truth(self.jira))
            assert not self.mirror.set_aside

    def teardown(self) -> None:
        try:
            self.state.clock.advance(timedelta(minutes=15))
            self.mirror.pull(self.source())  # may end a walk that was broken off before the last changes
            pages = self.mirror.pull(self.source())
            fresh = Mirror()
            fresh.pull(self.source())

            assert pages[-1].complete
            assert updates(self.mirror) == truth(self.jira)
            assert {i: s.changes for i, s in self.mirror.snapshots.items()} == {
                i: s.changes for i, s in fresh.snapshots.items()
            }
        finally:
            fetch.PAGES_AT_ONCE = self.pages_at_once
            self.jira.__exit__(None, None, None)


TestAnyCourseOfEvents = AnyCourseOfEvents.TestCase
TestAnyCourseOfEvents.settings = settings(
    max_examples=max(1, (settings().max_examples or 50) // 2), stateful_step_count=25
)
