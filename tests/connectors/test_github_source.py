"""Reading the stand-in GitHub: the promises of every source, and what is GitHub's own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest

from config.secret import Secret
from connectors.github import walk
from connectors.github.fetch import GithubSource
from core.errors import AccessDenied, BadAnswer, NotThere, PlanwardError, RateLimited, SourceUnavailable
from core.history.spans import StatusMapping, derive
from core.model import Category, Cursor, Provenance, Snapshot
from core.store.engine import Store
from core.sync.drain import SourceJob, drain
from tests.connectors.contract import Mirror, SourceContract, updates
from tests.connectors.github_site import (
    PLANTED,
    REPOSITORY,
    START,
    US,
    grow,
    new_dashboard,
    new_source,
    reading,
    settings_for,
    truth,
)
from tests.sandbox.github import OLD_LACKS, GithubSandbox, GithubState
from tests.sandbox.server import Answer, Request

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class GithubWorld:
    """The sandbox as the contract wants it."""

    def __init__(self, github: GithubSandbox) -> None:
        self.github = github
        self.opened: list[GithubSource] = []

    def open(self) -> GithubSource:
        self.opened.append(new_source(self.github))
        return self.opened[-1]

    def open_with_wrong_credentials(self) -> GithubSource:
        self.opened.append(new_source(self.github, token=Secret(env="WRONG_TOKEN")))
        return self.opened[-1]

    def grow(self, count: int) -> None:
        grow(self.github.state, count)

    def touch(self, number: int) -> None:
        state = self.github.state
        state.clock.advance(MINUTE)
        key = list(map(state.key, state.items.values()))[number]
        state.rename(key, f"Touched at {state.clock.now()}", "bo")

    def truth(self) -> Mapping[str, datetime]:
        return truth(self.github.state)

    def sent(self) -> int:
        return len(self.github.requests)


class TestGithubAsASource(SourceContract):
    @pytest.fixture
    def world(self, github: GithubSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[GithubWorld]:
        monkeypatch.setenv("WRONG_TOKEN", "wrong")
        github.manners.page_ceiling = 10
        world = GithubWorld(github)
        yield world
        for source in world.opened:
            source.close()


@pytest.fixture
def source(github: GithubSandbox) -> Iterator[GithubSource]:
    """A source that reads the repository, quick to try again."""
    made = new_source(github)
    yield made
    made.close()


def only(mirror: Mirror) -> Snapshot:
    """The one snapshot that there is."""
    (snapshot,) = mirror.snapshots.values()
    return snapshot


def listings(github: GithubSandbox) -> list[dict[str, object]]:
    """The variables of the lists that were asked for."""
    bodies = [request.body for request in github.requests if request.path.endswith("/graphql")]
    return [body["variables"] for body in bodies if body["query"].startswith("query Listing")]


# --- what there is to be read -----------------------------------------------------------------------------------


def test_every_repository_that_is_not_there_is_named_before_anything_is_read(github: GithubSandbox) -> None:
    source = new_source(github, repositories=("acme/nope", REPOSITORY, "acme/never"))

    with pytest.raises(NotThere) as refused:
        source.holds()

    assert "acme/nope" in str(refused.value)
    assert "acme/never" in str(refused.value)
    assert REPOSITORY not in str(refused.value)
    source.close()


# --- what is asked, and what it costs ---------------------------------------------------------------------------


def test_a_quiet_poll_is_one_request_without_points(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 5)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    before = github.counts()

    (page,) = mirror.pull(source)

    after = github.counts()
    assert page.complete
    assert (page.snapshots, page.cursor) == ((), mirror.cursor)
    assert after["requests"] - before["requests"] == 1
    assert (after["graphql_points"], after["rest_points"]) == (before["graphql_points"], before["rest_points"])


@pytest.mark.parametrize(("pulls", "points"), [(1, 61), (2000, 51)], ids=["pull requests", "issues"])
def test_a_first_reading_of_1000_items_takes_12_requests(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, pulls: int, points: int
) -> None:
    grow(github_state, 1000, apart=MINUTE, pulls=pulls)
    mirror = Mirror()

    mirror.pull(source)

    # Ten pages at a point a hundred nested lists: five of an issue, six of a pull request; and one for the survey.
    assert updates(mirror) == truth(github_state)
    assert source.requests <= 12
    assert github.counts()["graphql_points"] <= points


@pytest.mark.parametrize(("changed", "pulls"), [(1, 3), (100, 1), (150, 1), (150, 3)])
def test_changed_items_take_one_request_and_two_a_hundred(
    source: GithubSource, github_state: GithubState, changed: int, pulls: int
) -> None:
    keys = grow(github_state, 300, apart=MINUTE, pulls=pulls)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    for key in keys[:changed]:
        github_state.rename(key, "All at once", "bo")
    before = source.requests

    mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert source.requests - before <= 1 + 2 * -(-changed // 100)


def test_what_the_store_holds_does_not_come_again(source: GithubSource, github_state: GithubState) -> None:
    keys = grow(github_state, 6, apart=MINUTE)
    github_state.clock.advance(2 * MINUTE)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(2 * MINUTE)
    github_state.rename(keys[0], "Touched", "bo")

    pages = mirror.pull(source)

    assert [s.item.key for page in pages for s in page.snapshots] == [keys[0]]


@pytest.mark.parametrize("wide", [False, True])
def test_a_second_change_in_the_second_in_which_the_first_was_read_is_not_missed(
    source: GithubSource, github_state: GithubState, wide: bool
) -> None:
    (key,) = grow(github_state, 1)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(key, "Touched", "bo")
    mirror.pull(source)
    github_state.close(key, "bo")  # the time of its update is the same

    mirror.pull(source, wide=wide)

    assert only(mirror).item.status_id == "completed"


def test_what_was_updated_as_it_was_read_comes_once_more_and_rewrites_nothing(
    source: GithubSource, github_state: GithubState
) -> None:
    key, other = grow(github_state, 2)
    job = SourceJob(
        name="acme-github",
        kind="github",
        open=lambda: source,
        scope="everything",
        mapping=StatusMapping(),
        checks=dict.fromkeys(("identity", "lists", "reread"), 24 * HOUR),
    )
    brought = []
    with Store.open("sqlite://", create=True) as store:
        for touched in (key, other, None, None):
            drained = drain(store, job, full=False, now=github_state.clock.now, stop=Event(), progress=lambda *_: None)
            assert drained.error is None
            brought.append((drained.items, drained.requests))
            github_state.clock.advance(MINUTE)
            if touched is not None:
                github_state.rename(touched, "Touched", "bo")

    # Survey, poll, list; the poll and the page with what was touched, and what was so before; the poll alone.
    assert brought == [(2, 3), (1, 2), (1, 2), (0, 1)]


def test_a_new_token_for_each_reading_does_not_make_it_read_what_did_not_change(
    github: GithubSandbox, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = grow(github_state, 3)
    mirror, asked = Mirror(), []
    for number in range(4):
        if number == 3:
            github_state.clock.advance(HOUR)
            github_state.rename(keys[0], "Touched", "bo")
        github_state.permit(US, f"token-{number}")  # as an app gets one for an hour
        monkeypatch.setenv("GITHUB_TOKEN", f"token-{number}")
        with reading(github) as source:
            mirror.pull(source)
            asked.append(source.requests)

    assert asked == [4, 1, 1, 2]
    assert updates(mirror) == truth(github_state)


def test_every_instant_that_we_send_is_utc_whatever_the_zone_of_the_machine(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        keys = grow(github_state, 2)
        mirror = Mirror()
        mirror.pull(source)
        begun = github_state.clock.now()
        github_state.clock.advance(HOUR)
        github_state.rename(keys[0], "Touched", "bo")

        mirror.pull(source)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert updates(mirror) == truth(github_state)
    assert listings(github)[-1]["filter"] == {"since": f"{begun - timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}"}


def test_several_repositories_are_read_and_polled_one_by_one(github: GithubSandbox, github_state: GithubState) -> None:
    github_state.add_repository("acme/ops")
    grow(github_state, 3)
    github_state.open_issue("acme/ops", "Elsewhere", author="ana")
    source, mirror = new_source(github, repositories=(REPOSITORY, "acme/ops")), Mirror()

    pages = mirror.pull(source)
    before = source.requests
    quiet = mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert pages[0].expected == 4
    assert (source.requests - before, [page.complete for page in quiet]) == (2, [False, True])


# --- pages and cursors ------------------------------------------------------------------------------------------


def test_a_page_that_is_too_much_is_halved_and_stays_so_for_the_repository(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    keys = grow(github_state, 60, pulls=1000)
    github.manners.page_ceiling = 25
    mirror = Mirror()

    mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(keys[0], "Touched", "bo")
    mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert [asked["size"] for asked in listings(github)] == [100, 50, 25, 25, 25, 25]


def test_resources_that_run_out_within_an_answer_halve_it_and_store_nothing_of_it(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 60, pulls=1000)
    github.manners.resources = 200
    mirror = Mirror()

    pages = mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert all(len(s.changes or ()) == 2 and len(s.comments or ()) == 1 for s in mirror.snapshots.values())
    assert pages[-1].complete
    assert [asked["size"] for asked in listings(github)] == [100, 50, 50]


def test_what_is_too_much_in_the_smallest_size_is_given_up(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 3)
    github.manners.page_ceiling = 5

    with pytest.raises(SourceUnavailable, match="in time"):
        Mirror().pull(source)

    assert [asked["size"] for asked in listings(github)] == [100, 50, 25, 10]


@pytest.mark.parametrize("error", ["RATE_LIMITED", "FORBIDDEN", "SOMETHING_ELSE", "NOT_FOUND"])
def test_data_that_come_with_errors_are_not_believed(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, error: str
) -> None:
    keys = grow(github_state, 3)
    mirror = Mirror()
    mirror.pull(source)
    held, cursor = dict(mirror.snapshots), mirror.cursor
    github_state.clock.advance(HOUR)
    github_state.rename(keys[0], "Touched", "bo")
    emptied = {"repository": {"id": github_state.repository(REPOSITORY).id, "nameWithOwner": REPOSITORY}}
    body = {"data": emptied, "errors": [{"type": error, "message": "Partly.", "path": ["repository", "issues"]}]}
    github.faults.add(what="status", where="graphql", code=200, body=body)

    with pytest.raises(PlanwardError):
        mirror.pull(source)

    assert (mirror.snapshots, mirror.cursor) == (held, cursor)
    mirror.pull(source)
    assert updates(mirror) == truth(github_state)


def test_an_item_on_a_later_page_of_the_list_is_not_missed_by_a_poll(
    source: GithubSource, github_state: GithubState
) -> None:
    keys = grow(github_state, 130, apart=MINUTE)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(keys[0], "The oldest of all", "bo")

    mirror.pull(source)

    assert updates(mirror) == truth(github_state)


def test_a_review_that_the_list_of_updates_does_not_show_is_found_by_reading_wide(
    source: GithubSource, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1, pulls=1)
    mirror = Mirror()
    mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.review(key, "bo", "APPROVED")

    mirror.pull(source, wide=True)

    assert only(mirror).item.status_id == "review"
    assert updates(mirror) == truth(github_state)


def test_a_place_in_a_list_that_is_forgotten_costs_the_list_and_not_the_walk(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 25)
    github.manners.page_ceiling = 10
    mirror = Mirror()
    for page, _ in zip(source.pull(None, mirror.known), range(2), strict=False):
        mirror.save(page)
    body = {"errors": [{"type": "INVALID_CURSOR_ARGUMENTS", "message": "`x` does not appear to be a valid cursor."}]}
    github.faults.add(what="status", where="graphql", code=200, body=body)

    pages = mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert pages[-1].complete


def test_a_walk_tells_by_the_servers_clock_when_it_began_also_when_it_goes_on_later(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 25)
    github.manners.page_ceiling = 10
    begun, mirror = github_state.clock.now(), Mirror()
    for page, _ in zip(source.pull(None, mirror.known), range(1), strict=False):
        mirror.save(page)
    github_state.clock.advance(HOUR)

    rest = mirror.pull(source)
    quiet = mirror.pull(source)

    assert {page.answered_at for page in rest} == {begun}
    assert [page.answered_at for page in quiet] == [begun + HOUR]


def test_the_clock_of_the_machine_is_not_gone_by(source: GithubSource, github_state: GithubState) -> None:
    grow(github_state, 1)
    mirror = Mirror()

    mirror.pull(source)

    assert mirror.cursor is not None
    (place,) = json.loads(mirror.cursor.token)["places"].values()
    assert place["since"] == int((github_state.clock.now() - timedelta(minutes=5)).timestamp())
    assert datetime.fromtimestamp(place["since"], UTC) + HOUR > START


# --- repositories that change -----------------------------------------------------------------------------------


def test_a_renamed_repository_is_the_same_one_and_all_its_items_get_their_new_keys(
    source: GithubSource, github_state: GithubState, github: GithubSandbox
) -> None:
    grow(github_state, 3)
    mirror = Mirror()
    mirror.pull(source)
    before = {s.item.remote_id: s.item.key for s in mirror.snapshots.values()}
    github_state.rename_repository(REPOSITORY, "acme/finance")
    github_state.clock.advance(HOUR)

    pages = mirror.pull(source)

    after = {s.item.remote_id: s.item.key for s in mirror.snapshots.values()}
    assert after == {remote_id: key.replace(REPOSITORY, "acme/finance") for remote_id, key in before.items()}
    assert pages[-1].complete
    mirror.pull(source)
    asked = source.requests
    mirror.pull(source)
    assert source.requests - asked == 1
    assert github.requests[-1].path == "/repos/acme/finance/issues"


def test_a_name_that_another_repository_took_is_an_error_and_stores_nothing(
    source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 3)
    mirror = Mirror()
    mirror.pull(source)
    held, cursor = dict(mirror.snapshots), mirror.cursor
    github_state.rename_repository(REPOSITORY, "acme/finance")
    github_state.add_repository(REPOSITORY)
    github_state.open_issue(REPOSITORY, "Somebody else's", author="ana")
    github_state.clock.advance(HOUR)

    with pytest.raises(BadAnswer, match=r"acme/erp is another repository"):
        mirror.pull(source)

    assert (mirror.snapshots, mirror.cursor) == (held, cursor)


def test_a_repository_that_is_not_there_is_named(github: GithubSandbox) -> None:
    source = new_source(github, repositories=(REPOSITORY, "acme/nope"))

    with pytest.raises(NotThere, match="acme/nope"):
        Mirror().pull(source)


def test_a_repository_that_goes_away_does_not_hold_up_the_others(
    github: GithubSandbox, github_state: GithubState
) -> None:
    github_state.add_repository("acme/ops")
    grow(github_state, 2)
    github_state.open_issue("acme/ops", "Elsewhere", author="ana")
    source, mirror = new_source(github, repositories=("acme/ops", REPOSITORY)), Mirror()
    mirror.pull(source)
    github_state.permit(US, PLANTED, repositories=(REPOSITORY,))
    github_state.clock.advance(HOUR)
    github_state.rename("acme/erp#1", "Touched", "bo")

    with pytest.raises(NotThere, match="acme/ops"):
        mirror.pull(source)

    assert len(mirror.snapshots) == 3
    assert "Touched" in {s.item.title for s in mirror.snapshots.values()}


def test_an_empty_repository_is_read_to_its_end(source: GithubSource, github_state: GithubState) -> None:
    mirror = Mirror()

    (page,) = mirror.pull(source)

    assert page.complete
    assert page.expected == 0
    grow(github_state, 1)
    mirror.pull(source)
    assert updates(mirror) == truth(github_state)


# --- what does not work -----------------------------------------------------------------------------------------


def test_a_broken_record_is_set_aside_and_asked_for_again(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = grow(github_state, 4)
    sound = github.server.app
    spoiled = [(b'"title":"Issue 1"', b'"title":null'), (b'"title":"Change 2"', b'"title":2')]

    def spoil(request: Request) -> Answer:
        answer = sound(request)
        for good, bad in spoiled:
            answer.body = answer.body.replace(good, bad)
        return answer

    monkeypatch.setattr(github.server, "app", spoil)
    mirror = Mirror()
    pages = mirror.pull(source)
    aside = [record.remote_id for page in pages for record in page.set_aside]
    assert set(aside) == {github_state.item(key).id for key in keys[1:3]}
    assert pages[-1].complete
    monkeypatch.setattr(github.server, "app", sound)
    again = [*aside, "I_gone", "unreadable-0123"]

    pages = mirror.pull(source, wide=True, again=again)

    assert updates(mirror) == truth(github_state)
    assert {s.item.key for s in pages[0].snapshots} == set(keys[1:3])


def test_a_primary_limit_inside_a_success_is_handed_on_with_its_end(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 1)
    github.limits.exhaust(github_state.tokens[PLANTED].account, "graphql")
    begun = time.monotonic()

    with pytest.raises(RateLimited) as caught:
        Mirror().pull(source)

    assert time.monotonic() - begun < 2
    assert timedelta(minutes=58) < caught.value.not_before - datetime.now(UTC) <= HOUR
    assert source.requests == 1


def test_the_last_points_are_left_to_others(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 5)
    account = github_state.tokens[PLANTED].account
    github.limits.spend(account, "graphql", 4945)
    mirror = Mirror()

    with pytest.raises(RateLimited) as caught:
        mirror.pull(source)

    assert timedelta(minutes=58) < caught.value.not_before - datetime.now(UTC) <= HOUR
    assert 0 < github.limits.budget(account, "graphql").remaining < 50
    github_state.clock.advance(HOUR)
    with pytest.raises(RateLimited):
        mirror.pull(source)


@pytest.mark.parametrize(
    ("status", "after", "least"), [(403, 3600, 3590), (429, 3600, 3590), (403, None, 55), (200, 3600, 3590)]
)
def test_a_secondary_limit_is_handed_on_at_once(
    github: GithubSandbox, source: GithubSource, status: int, after: int | None, least: int
) -> None:
    github.hold_back(status=status, retry_after=after)

    with pytest.raises(RateLimited) as caught:
        Mirror().pull(source)

    assert timedelta(seconds=least) < caught.value.not_before - datetime.now(UTC) <= HOUR
    assert source.requests == 1


def test_a_short_wait_is_kept_to_the_second(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 1)
    github.hold_back(retry_after=1)
    begun = time.monotonic()

    Mirror().pull(source)

    assert time.monotonic() - begun >= 1


def test_a_refusal_names_the_permission_that_is_missing(github: GithubSandbox, source: GithubSource) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "issues=read", "X-GitHub-SSO": "required; url=https://x.example"}
    github.faults.add(what="status", where="/issues", code=403, headers=headers, body={"message": "Not accessible"})

    with pytest.raises(AccessDenied, match=r"Not accessible.*issues=read.*single sign-on"):
        Mirror().pull(source)


@pytest.mark.parametrize("fault", ["cut_before", "cut_body"])
def test_a_connection_cut_a_few_times_loses_nothing(
    github: GithubSandbox, source: GithubSource, github_state: GithubState, fault: str
) -> None:
    grow(github_state, 5)
    github.faults.add(what=fault, times=3)
    mirror = Mirror()

    mirror.pull(source)

    assert updates(mirror) == truth(github_state)


def test_a_server_that_stays_broken_is_given_up_after_four_tries(github: GithubSandbox, source: GithubSource) -> None:
    github.faults.add(what="status", code=500, body="<html>down</html>", times=None)

    with pytest.raises(SourceUnavailable, match="500"):
        Mirror().pull(source)

    assert source.requests == 4


def test_stopping_ends_it_before_anything_is_sent(github: GithubSandbox) -> None:
    stop = Event()
    stop.set()
    source = GithubSource("acme-github", settings_for(github), stop=stop)

    with pytest.raises(SourceUnavailable, match="stopping"):
        Mirror().pull(source)

    assert github.requests == []


READS: list[tuple[str, str, Callable[[GithubSource], object]]] = [
    ("viewer", "graphql", lambda source: source.identify()),
    ("survey", "graphql", lambda source: Mirror().pull(source)),
    ("poll", "/issues", lambda source: Mirror().pull(source)),
]
NONSENSE = [
    ("html_login_200", AccessDenied),
    ("json_garbage", BadAnswer),
    ("truncated_json", BadAnswer),
    ("null_json", BadAnswer),
    ("gzip_bomb", BadAnswer),
]


@pytest.mark.parametrize(("name", "where", "ask"), READS, ids=[name for name, _, _ in READS])
@pytest.mark.parametrize(("fault", "error"), NONSENSE, ids=[fault for fault, _ in NONSENSE])
def test_nonsense_is_never_taken_for_an_answer(
    github: GithubSandbox,
    source: GithubSource,
    github_state: GithubState,
    name: str,
    where: str,
    ask: Callable[[GithubSource], object],
    fault: str,
    error: type[PlanwardError],
) -> None:
    grow(github_state, 1)
    github.faults.add(what=fault, where=where, times=None)

    with pytest.raises(error):
        ask(source)


def test_nothing_changed_since_nothing_was_told_is_no_answer(github: GithubSandbox, source: GithubSource) -> None:
    github.faults.add(what="status", where="/issues", code=304)

    with pytest.raises(BadAnswer, match="nothing changed"):
        Mirror().pull(source)


def test_a_renewed_token_is_used_without_a_restart(
    source: GithubSource, github_state: GithubState, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.identify()
    github_state.revoke_token(PLANTED)
    with pytest.raises(AccessDenied):
        source.identify()
    github_state.permit(US, "renewed")
    monkeypatch.setenv("GITHUB_TOKEN", "renewed")

    identity = source.identify()

    assert identity.account_id == US


# --- what is made of it -----------------------------------------------------------------------------------------


def test_the_statuses_are_ours(source: GithubSource) -> None:
    statuses = source.lists()

    assert [(status.status_id, status.category) for status in statuses] == [
        ("open", Category.TODO),
        ("in_progress", Category.ACTIVE),
        ("completed", Category.DONE),
        ("not_planned", Category.CANCELLED),
        ("duplicate", Category.CANCELLED),
        ("draft", Category.ACTIVE),
        ("review", Category.ACTIVE),
        ("review_requested", Category.WAITING),
        ("merged", Category.DONE),
        ("closed", Category.CANCELLED),
    ]


def test_long_histories_come_whole(source: GithubSource, github_state: GithubState) -> None:
    keys = grow(github_state, 3)
    for number in range(140):
        github_state.comment(keys[0], "bo", f"Comment {number}", at=github_state.clock.advance(MINUTE))
        github_state.label(keys[0], f"label {number % 60}", "bo")
        github_state.unlabel(keys[0], f"label {number % 60}", "bo")
    for number in range(30):
        github_state.label(keys[1], f"label {number}", "bo")
    mirror = Mirror()

    mirror.pull(source)

    first, second = (next(s for s in mirror.snapshots.values() if s.item.key == key) for key in keys[:2])
    assert len(first.changes or ()) == 2 + 280
    assert len(first.comments or ()) == 141
    assert len(second.item.labels) == 30
    assert all(snapshot.history_whole for snapshot in mirror.snapshots.values())
    assert source.requests == 4 + 3  # survey, poll, two lists; and the rest of all three, of the events in three pages


def test_comments_of_ours_are_left_out_and_those_that_copy_our_mark_are_not(
    source: GithubSource, github_state: GithubState
) -> None:
    (key,) = grow(github_state, 1)
    ours = "<!-- planward:01J -->\nOn course."
    github_state.comment(key, US, ours)
    github_state.comment(key, US, "Written by hand with the same account", at=github_state.clock.advance(MINUTE))
    github_state.comment(key, "bo", ours, at=github_state.clock.advance(MINUTE))
    mirror = Mirror()

    mirror.pull(source)

    assert [comment.author for comment in only(mirror).comments or ()] == ["ana", US, "bo"]


def test_an_issue_whose_pull_request_is_closed_comes_with_it(source: GithubSource, github_state: GithubState) -> None:
    issue = github_state.open_issue(REPOSITORY, "Broken", author="ana")
    github_state.clock.advance(MINUTE)
    pull = github_state.open_pull_request(REPOSITORY, "Mend", author="bo", body=f"Fixes #{issue.partition('#')[2]}")
    github_state.clock.advance(HOUR)
    mirror = Mirror()
    mirror.pull(source)
    before = {s.item.key: s.item.status_id for s in mirror.snapshots.values()}

    github_state.close(pull, "bo")
    mirror.pull(source)

    after = {s.item.key: s.item.status_id for s in mirror.snapshots.values()}
    assert before == {issue: "in_progress", pull: "review"}
    assert after == {issue: "open", pull: "closed"}
    links = {s.item.key: [(link.kind, link.to_key) for link in s.links or ()] for s in mirror.snapshots.values()}
    assert links == {issue: [("closed by", pull)], pull: [("closes", issue)]}


def test_every_history_leads_from_the_creation_to_the_present(source: GithubSource, github_state: GithubState) -> None:
    state, clock = github_state, github_state.clock
    issue = state.open_issue(REPOSITORY, "A", author="ana", assignees=["ana", "bo"], labels=["bug"])
    clock.advance(MINUTE)
    state.unassign(issue, "ana", "bo")
    clock.advance(MINUTE)
    state.close(issue, "bo", reason="NOT_PLANNED")
    clock.advance(MINUTE)
    state.reopen(issue, "ana")
    clock.advance(MINUTE)
    pull = state.open_pull_request(REPOSITORY, "B", author="ana", draft=True, body="Fixes #1", reviewers=["bo"])
    clock.advance(MINUTE)
    state.ready_for_review(pull, "ana")
    clock.advance(MINUTE)
    state.review(pull, "bo", "CHANGES_REQUESTED")
    clock.advance(MINUTE)
    state.convert_to_draft(pull, "ana")
    state.ready_for_review(pull, "ana")
    clock.advance(MINUTE)
    state.review(pull, "bo", "APPROVED")
    state.merge(pull, "bo")
    duplicate = state.open_issue(REPOSITORY, "C", author="ana")
    state.close(duplicate, "bo", duplicate_of=issue)
    mirror = Mirror()

    mirror.pull(source)

    statuses = {status.status_id: status for status in source.lists()}
    for snapshot in mirror.snapshots.values():
        history = derive(snapshot.item, snapshot.changes, statuses, StatusMapping(), whole=snapshot.history_whole)
        assert history.problem is None
    told = {s.item.key: [c.to_id for c in s.changes or () if c.field == "status"] for s in mirror.snapshots.values()}
    assert told[issue] == ["in_progress", "not_planned", "in_progress", "completed"]
    assert told[pull] == ["review_requested", "review", "merged"]
    assert told[duplicate] == ["duplicate"]
    assert {s.item.key: s.item.status_id for s in mirror.snapshots.values()}[duplicate] == "duplicate"


def test_links_milestones_and_days_arrive(source: GithubSource, github_state: GithubState) -> None:
    number = github_state.add_milestone(REPOSITORY, "M1", due_on=datetime(2026, 6, 26, 7, tzinfo=UTC))
    issue = github_state.open_issue(REPOSITORY, "Prepare ERP-7", author="ana", milestone=number)
    pull = github_state.open_pull_request(REPOSITORY, "Do it", author="bo", body="Closes #1", head="ERP-12-do-it")
    mirror = Mirror()

    mirror.pull(source)

    held = {s.item.key: s for s in mirror.snapshots.values()}
    assert held[issue].item.milestone == "M1"
    assert held[issue].item.due_on == date(2026, 6, 26)
    assert [(x.kind, x.to_source, x.to_key, x.provenance) for x in held[issue].links or ()] == [
        ("closed by", "acme-github", pull, Provenance.NATIVE),
        ("mentions", None, "ERP-7", Provenance.KEY),
    ]
    assert [(x.kind, x.to_source, x.to_key, x.provenance) for x in held[pull].links or ()] == [
        ("closes", "acme-github", issue, Provenance.NATIVE),
        ("mentions", None, "ERP-12", Provenance.KEY),
    ]


def test_a_server_with_an_older_schema_is_asked_only_what_it_knows(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    github.manners.lacks = OLD_LACKS
    keys = grow(github_state, 3)
    mirror = Mirror()

    mirror.pull(source)
    github_state.clock.advance(HOUR)
    github_state.rename(keys[0], "Touched", "bo")
    mirror.pull(source)

    assert updates(mirror) == truth(github_state)


def test_a_cursor_of_another_version_of_planward_means_from_the_beginning(
    source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 1)

    pages = list(source.pull(Cursor(token="[1, 2]"), Mirror().known))

    assert len(pages[0].snapshots) == 1


def test_a_wide_reading_that_was_broken_off_goes_on(
    github: GithubSandbox, source: GithubSource, github_state: GithubState
) -> None:
    grow(github_state, 25, apart=MINUTE)
    mirror = Mirror()
    mirror.pull(source)
    github.manners.page_ceiling = 10
    for page, _ in zip(source.pull(mirror.cursor, mirror.known, wide=True), range(1), strict=False):
        mirror.save(page)
    asked = len(listings(github))

    pages = mirror.pull(source, wide=True)

    assert pages[-1].complete
    assert listings(github)[asked]["issuesAfter"] is not None
    assert walk.SIZES[-1] == 10


def test_people_are_known_by_their_names_and_bots_as_such(source: GithubSource, github_state: GithubState) -> None:
    github_state.add_user("dependabot", kind="Bot")
    github_state.open_issue(REPOSITORY, "Bump", author="dependabot", assignees=["ana"])
    gone = github_state.open_issue(REPOSITORY, "Left", author="cy", assignees=["cy"])
    github_state.delete_user("cy")
    mirror = Mirror()

    mirror.pull(source)

    held = {s.item.key: s.item for s in mirror.snapshots.values()}
    assert (held[gone].reporter, held[gone].assignee) == (None, None)
    assert {(i.account_id, i.name, i.bot) for i in mirror.identities.values()} == {
        ("dependabot[bot]", None, True),
        ("ana", "Ana", False),
    }


def test_our_own_dashboard_is_no_work_and_somebody_elses_with_its_mark_is(github: GithubSandbox) -> None:
    dashboard = new_dashboard(github)
    dashboard.create(REPOSITORY, "m1", "# ERP upgrade\n")
    dashboard.close()
    github.state.open_issue(REPOSITORY, "A copy", author="ana", body="<!-- planward:m1 -->\n# ERP upgrade\n")

    with reading(github) as source:
        pages = Mirror()
        pages.pull(source)

    assert [snapshot.item.title for snapshot in pages.snapshots.values()] == ["A copy"]
