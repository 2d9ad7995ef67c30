"""What moves without GitHub calling it an update: reviews, links, milestones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from threading import Event

import pytest

from connectors.github.fetch import GithubSource
from connectors.github.looks import Look, Moved, Seen, after, moved
from core.errors import AccessDenied, BadAnswer, NotThere
from core.history.spans import StatusMapping
from core.model import Cursor, Page
from core.store import items
from core.store.engine import Store
from core.sync.drain import SourceJob, drain
from tests.connectors.contract import Mirror, updates
from tests.connectors.github_site import REPOSITORY, grow, new_source, truth
from tests.sandbox.github import GithubSandbox, GithubState

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def source(github: GithubSandbox) -> Iterator[GithubSource]:
    """A source that reads the repository, quick to try again."""
    made = new_source(github)
    yield made
    made.close()


def cycle(mirror: Mirror, source: GithubSource) -> list[Page]:
    """The upkeep that is due once an hour, and the reading after it."""
    source.lists()
    return mirror.pull(source)


def keys(pages: list[Page]) -> list[str]:
    """What a reading brought."""
    return sorted(snapshot.item.key for page in pages for snapshot in page.snapshots)


# --- two looks, held against each other -------------------------------------------------------------------------


def test_what_differs_between_two_looks_moved_with_what_it_closes_or_closed() -> None:
    before = Look({"P1": Seen("a", ("I1",)), "P2": Seen("b", ("I2",)), "P3": Seen("c", ("I3",))})
    now = Look({"P1": Seen("a", ("I1",)), "P2": Seen("b", ("I4",)), "P5": Seen("e")})

    assert moved(before, now) == Moved(pulls=("P2", "P3", "P5"), issues=("I2", "I4", "I3"), milestones=())


def test_a_milestone_moved_when_its_name_or_day_did_or_nobody_saw_it_before() -> None:
    before = Look(milestones={"M1": "2026-06-26 Go-live", "M2": "no day Later"})
    now = Look(milestones={"M1": "2026-07-03 Go-live", "M2": "no day Later", "M3": "no day New"})

    assert moved(before, now) == Moved(pulls=(), issues=(), milestones=("M1", "M3"))


def test_a_milestone_that_a_look_did_not_come_to_is_kept() -> None:
    before = Look({"P1": Seen("a")}, {"M1": "no day Old", "M2": "no day Later"})

    kept = after(before, Look({}, {"M2": "no day Sooner"}))

    assert kept == Look({}, {"M1": "no day Old", "M2": "no day Sooner"})
    assert after(None, kept) == kept


# --- what the list of updates does not show ---------------------------------------------------------------------


def reviewed(state: GithubState, key: str) -> None:
    state.review(key, "bo", "CHANGES_REQUESTED")


def pushed(state: GithubState, key: str) -> None:
    state.push(key, "ana")


def asked(state: GithubState, key: str) -> None:
    state.request_review(key, "ana", "bo")


def asked_no_more(state: GithubState, key: str) -> None:
    state.remove_review_request(key, "bo", "ana")


@pytest.mark.parametrize("deed", [reviewed, pushed, asked, asked_no_more], ids=lambda deed: deed.__name__)
def test_what_happens_to_a_pull_request_alone_is_found_by_the_next_look(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, deed: Callable[[GithubState, str], None]
) -> None:
    pulls = grow(github_state, 3, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    deed(github_state, pulls[1])
    points, requests = github.counts()["graphql_points"], source.requests

    quiet = mirror.pull(source)

    # GitHub does not call it an update: the list is as it was, and costs nothing.
    assert (keys(quiet), source.requests - requests, github.counts()["graphql_points"]) == ([], 1, points)
    assert keys(cycle(mirror, source)) == [pulls[1]]
    assert updates(mirror) == truth(github_state)
    assert source.requests - requests == 1 + 1 + 2  # the quiet poll, the look, the poll with what moved


def test_that_a_pull_request_is_a_draft_shows_in_the_list_and_is_read_at_once(
    source: GithubSource, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    github_state.convert_to_draft(key, "ana")

    assert keys(mirror.pull(source)) == [key]


def test_a_review_that_moves_no_time_of_its_pull_request_either_is_found(
    source: GithubSource, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    pull = github_state.item(key).pull
    assert pull is not None
    before = pull.updated_at
    github_state.clock.advance(HOUR)
    number = github_state.review(key, "bo", "APPROVED")
    pull.updated_at = before

    assert keys(cycle(mirror, source)) == [key]
    github_state.clock.advance(HOUR)
    github_state.dismiss_review(number, "ana")
    pull.updated_at = before
    assert keys(cycle(mirror, source)) == [key]

    (snapshot,) = mirror.snapshots.values()
    assert [(c.from_value, c.to_value) for c in snapshot.changes or () if c.field == "review"] == [
        (None, "approved"),
        ("approved", "dismissed"),
    ]


def test_a_link_made_or_undone_by_hand_moves_the_issue_too(source: GithubSource, github_state: GithubState) -> None:
    issue = github_state.open_issue(REPOSITORY, "Plan it", author="ana")
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="ana")
    mirror, statuses = Mirror(), []
    cycle(mirror, source)
    for deed in (github_state.connect, github_state.disconnect):
        github_state.clock.advance(HOUR)
        deed(pull, issue, "bo")

        assert keys(cycle(mirror, source)) == [issue, pull]

        (held,) = [s.item.status_id for s in mirror.snapshots.values() if s.item.key == issue]
        statuses.append(held)
    assert statuses == ["in_progress", "open"]


def test_a_link_made_or_ended_by_editing_the_text_of_a_pull_request_moves_the_issue_at_once(
    github: GithubSandbox, github_state: GithubState
) -> None:
    github_state.add_repository("acme/ops")
    issues = [github_state.open_issue(name, "Plan it", author="ana") for name in (REPOSITORY, "acme/ops")]
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="ana")
    github_state.clock.advance(MINUTE)
    source, mirror = new_source(github, repositories=(REPOSITORY, "acme/ops")), Mirror()
    cycle(mirror, source)

    def after(body: str) -> tuple[list[str], list[str | None]]:
        github_state.clock.advance(HOUR)
        github_state.edit_body(pull, body, "ana")
        read = keys(mirror.pull(source))
        source.lists()
        mirror.pull(source)
        return read, [s.item.status_id for s in mirror.snapshots.values() if s.item.key in issues]

    assert after("Fixes #1 and closes acme/ops#1.") == (sorted([*issues, pull]), ["in_progress"] * 2)
    assert after("Something else.") == (sorted([*issues, pull]), ["open"] * 2)
    source.close()


def test_an_issue_of_a_repository_that_is_not_read_does_not_come_with_its_pull_request(
    source: GithubSource, github_state: GithubState
) -> None:
    github_state.add_repository("acme/ops")
    github_state.open_issue("acme/ops", "Not ours", author="ana")
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="ana", body="Fixes acme/ops#1")

    assert keys(cycle(mirror, source)) == [pull, pull]  # by the look and by the list
    assert keys(mirror.pull(source)) == []


def test_a_merge_moves_the_issue_that_it_closes_though_github_does_not_say_so(
    source: GithubSource, github_state: GithubState
) -> None:
    issue = github_state.open_issue(REPOSITORY, "Plan it", author="ana")
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="ana", body="Fixes #1", base="release")
    mirror = Mirror()
    cycle(mirror, source)
    held = {s.item.key: s.item.status_id for s in mirror.snapshots.values()}
    assert held[issue] == "in_progress"
    github_state.clock.advance(HOUR)
    github_state.merge(pull, "bo")  # into another branch: the issue stays open, and nobody works on it any more

    assert keys(mirror.pull(source)) == [issue, pull]

    assert {s.item.key: s.item.status_id for s in mirror.snapshots.values()} == {issue: "open", pull: "merged"}


def test_a_milestone_that_gets_another_name_or_day_moves_all_that_is_in_it(
    source: GithubSource, github_state: GithubState
) -> None:
    number = github_state.add_milestone(REPOSITORY, "M1", due_on=date(2026, 6, 26))
    other = github_state.add_milestone(REPOSITORY, "M2", due_on=date(2026, 6, 26))
    issue = github_state.open_issue(REPOSITORY, "In it", author="ana", milestone=number)
    closed = github_state.open_issue(REPOSITORY, "Done in it", author="ana", milestone=number)
    github_state.close(closed, "ana")
    pull = github_state.open_pull_request(REPOSITORY, "Also in it", author="ana", milestone=number)
    github_state.open_issue(REPOSITORY, "Elsewhere", author="ana", milestone=other)
    github_state.clock.advance(MINUTE)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    github_state.edit_milestone(REPOSITORY, number, due_on=date(2026, 7, 3))

    assert keys(mirror.pull(source)) == []
    assert keys(cycle(mirror, source)) == [issue, closed, pull]
    github_state.edit_milestone(REPOSITORY, number, title="Go-live")
    assert keys(cycle(mirror, source)) == [issue, closed, pull]

    held = {s.item.key: (s.item.milestone, s.item.due_on) for s in mirror.snapshots.values()}
    assert {held[key] for key in (issue, closed, pull)} == {("Go-live", date(2026, 7, 3))}


# --- what a look costs ------------------------------------------------------------------------------------------


def test_a_look_at_which_nothing_moved_is_one_request_and_reads_nothing_again(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    github_state.add_milestone(REPOSITORY, "M1")
    grow(github_state, 9)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    requests, points = source.requests, github.counts()["graphql_points"]

    source.lists()

    assert source.requests - requests == 1
    assert github.counts()["graphql_points"] - points <= 2
    (page,) = mirror.pull(source)
    assert (page.snapshots, page.complete, source.requests - requests) == ((), True, 2)


def test_all_open_pull_requests_are_looked_at_in_pages_that_github_manages(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    pulls = grow(github_state, 25, apart=MINUTE, pulls=1)
    github.manners.page_ceiling = 10
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    for key in (pulls[0], pulls[24]):
        github_state.review(key, "bo")

    pages = cycle(mirror, source)

    assert keys(pages) == sorted([pulls[0], pulls[24]])
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]


# --- what goes wrong --------------------------------------------------------------------------------------------


def test_what_moved_is_read_again_after_a_reading_that_was_broken_off(
    source: GithubSource, github: GithubSandbox, github_state: GithubState
) -> None:
    pulls = grow(github_state, 3, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.clock.advance(HOUR)
    github_state.review(pulls[0], "bo")
    source.lists()
    github.faults.add(what="status", where="graphql", code=403, times=None)
    with pytest.raises(AccessDenied):
        mirror.pull(source)
    github.faults.clear()

    assert keys(mirror.pull(source)) == []
    assert keys(cycle(mirror, source)) == [pulls[0]]


def test_the_first_look_after_everything_was_read_without_one_reads_what_it_sees_again(
    source: GithubSource, github_state: GithubState
) -> None:
    pulls = grow(github_state, 2, pulls=1)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)

    assert keys(cycle(mirror, source)) == pulls
    assert keys(cycle(mirror, source)) == []


def test_a_look_is_kept_while_a_repository_is_renamed_and_read_wide(
    source: GithubSource, github_state: GithubState
) -> None:
    pulls = grow(github_state, 2, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    github_state.rename_repository(REPOSITORY, "acme/finance")
    github_state.clock.advance(HOUR)
    mirror.pull(source)
    mirror.pull(source, wide=True)
    github_state.clock.advance(HOUR)
    key = pulls[0].replace(REPOSITORY, "acme/finance")
    github_state.review(key, "bo")

    assert keys(cycle(mirror, source)) == [key]


def test_a_repository_that_is_not_there_is_told_of_by_the_reading_and_not_by_the_look(github: GithubSandbox) -> None:
    source = new_source(github, repositories=("acme/nope",))

    assert source.lists() != ()
    with pytest.raises(NotThere, match="acme/nope"):
        Mirror().pull(source)


def test_a_look_at_another_repository_of_that_name_is_not_believed(
    source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 2, pulls=1)
    mirror = Mirror()
    cycle(mirror, source)
    held, cursor = dict(mirror.snapshots), mirror.cursor
    github_state.rename_repository(REPOSITORY, "acme/finance")
    github_state.add_repository(REPOSITORY)
    github_state.open_pull_request(REPOSITORY, "Somebody else's", author="ana")
    github_state.clock.advance(HOUR)

    with pytest.raises(BadAnswer, match="another repository"):
        cycle(mirror, source)

    assert (mirror.snapshots, mirror.cursor) == (held, cursor)


def test_a_milestone_that_is_gone_when_it_is_asked_for_moves_nothing(
    source: GithubSource, github_state: GithubState
) -> None:
    number = github_state.add_milestone(REPOSITORY, "M1")
    mirror = Mirror()
    cycle(mirror, source)
    github_state.edit_milestone(REPOSITORY, number, title="M2")
    source.lists()
    github_state.repository(REPOSITORY).milestones.clear()

    assert keys(mirror.pull(source)) == []


def test_a_cursor_from_before_there_were_looks_is_understood(source: GithubSource, github_state: GithubState) -> None:
    grow(github_state, 2)
    mirror = Mirror()
    mirror.pull(source)
    assert mirror.cursor is not None
    assert "look" not in mirror.cursor.token
    mirror.cursor = Cursor(token=mirror.cursor.token)

    assert keys(mirror.pull(source)) == []


# --- when it is due ---------------------------------------------------------------------------------------------


def test_a_look_comes_once_an_hour_and_counts_as_upkeep(github: GithubSandbox, github_state: GithubState) -> None:
    (key,) = grow(github_state, 1, pulls=1)
    hours = ("identity", "lists", "reread")
    job = SourceJob(
        name="acme-github",
        kind="github",
        open=lambda: new_source(github),
        scope="everything",
        mapping=StatusMapping(),
        checks={check: HOUR if check == "lists" else 24 * HOUR for check in hours},
    )

    def reviews() -> list[str | None]:
        with store.read() as conn:
            found = items.changes(conn, job.name, [github_state.item(key).id])
        return [change.to_value for changes in found.values() for change in changes if change.field == "review"]

    def read() -> tuple[int, int, list[str | None]]:
        drained = drain(store, job, full=False, now=github_state.clock.now, stop=Event(), progress=lambda *_: None)
        assert drained.error is None
        return drained.requests_upkeep, drained.requests, reviews()

    with Store.open("sqlite://", create=True) as store:
        first = read()
        github_state.clock.advance(59 * MINUTE)
        github_state.review(key, "bo", "APPROVED")
        quiet = read()
        github_state.clock.advance(MINUTE)
        looked = read()
        github_state.clock.advance(MINUTE)
        again = read()

    # Upkeep: who we are and the look; read: what is there, the poll, and the list of pull requests.
    assert first == (2, 3, [])
    assert quiet == (0, 1, [])
    assert looked == (1, 2, ["approved"])
    assert again == (0, 1, ["approved"])
