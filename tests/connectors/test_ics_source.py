"""Reading the stand-in calendars: what every source promises, and what is a published calendar's own."""

from __future__ import annotations

import json
import logging
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Event as Flag
from threading import Timer
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import respx

import connectors
from config.secret import Secret
from config.sources import IcsSettings
from connectors.calendars import reading
from connectors.calendars.ics import IcsCalendar
from connectors.transport import ReadRetry
from core.errors import (
    AccessDenied,
    AddressRefused,
    BadAnswer,
    ConfigurationError,
    NotThere,
    PlanwardError,
    RateLimited,
    SecretNotFound,
    SourceUnavailable,
)
from core.model import Agenda, Cursor, Event, EventStatus, Page, Response
from tests.connectors.contract import Mirror
from tests.sandbox.calendar import CalendarSandbox, CalendarState, Clock
from tests.sandbox.server import Answer, Server

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BERLIN = "Europe/Berlin"
WEEKLY = datetime(2026, 3, 2, 10)  # noqa: DTZ001 - by the wall clock of the zone
ANA, BO = "ana@example.com", "bo@example.com"
DAY = timedelta(days=1)
Open = Callable[..., IcsCalendar]


@pytest.fixture
def state() -> CalendarState:
    """A team's calendar with a weekly meeting, one single meeting and an absence."""
    state = CalendarState(Clock(START))
    state.add_calendar("team", zone=BERLIN, secret="private-7f3a91c0ffee")
    state.add_person(ANA, "Ana")
    state.add_person(BO, "Bo")
    state.add_meeting("team", "Weekly", WEEKLY, zone=BERLIN, rule="FREQ=WEEKLY", guests=(ANA, BO), uid="weekly")
    state.add_meeting("team", "Kick-off", datetime(2026, 3, 3, 13, tzinfo=UTC), organizer=ANA, uid="kick-off")
    state.add_absence("team", BO, date(2026, 3, 9), date(2026, 3, 13))
    return state


@pytest.fixture(params=["both", "etag", "modified", "none"])
def validators(request: pytest.FixtureRequest) -> str:
    """By what the server tells that nothing changed."""
    return str(request.param)


@pytest.fixture
def calendars(state: CalendarState) -> Iterator[CalendarSandbox]:
    """The server with that calendar, listening."""
    with CalendarSandbox(state) as sandbox:
        yield sandbox


@pytest.fixture
def open_source(monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Makes sources that read an address, quick to try again; closes them."""
    opened: list[IcsCalendar] = []

    def build(address: str, *, zone: str = "UTC", stop: Flag | None = None, **settings: Any) -> IcsCalendar:
        monkeypatch.setenv("CALENDAR_URL", address)
        given = IcsSettings(**{"url": Secret(env="CALENDAR_URL"), "private_address": True, **settings})
        retry = ReadRetry(stop, first_pause=0.001)
        opened.append(IcsCalendar("team-calendar", given, stop=stop, retry=retry, zone=ZoneInfo(zone)))
        return opened[-1]

    yield build
    for source in opened:
        source.close()


@pytest.fixture
def source(calendars: CalendarSandbox, open_source: Open) -> IcsCalendar:
    """A source that reads the team's calendar."""
    return open_source(calendars.address("team"))


def pull(source: IcsCalendar, cursor: Cursor | None = None, *, wide: bool = False) -> Page:
    """The one page of a pull."""
    (page,) = source.pull(cursor, Mirror().known, wide=wide)
    assert page.complete
    assert not page.snapshots
    assert not page.identities
    return page


def agenda(page: Page) -> Agenda:
    (found,) = page.agendas
    return found


def titled(page: Page, title: str) -> list[Event]:
    return [event for event in agenda(page).events if event.title == title]


# --- what every source promises ------------------------------------------------------------------------------------


def test_making_a_source_and_asking_who_we_are_sends_nothing(source: IcsCalendar, calendars: CalendarSandbox) -> None:
    identity = source.identify()

    assert (identity.source, identity.account_id) == ("team-calendar", "127.0.0.1")
    assert source.lists() == ()
    assert source.requests == len(calendars.requests) == 0


def test_the_configuration_leads_to_it(calendars: CalendarSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALENDAR_URL", calendars.address("team"))
    settings = IcsSettings(url=Secret(env="CALENDAR_URL"), private_address=True)

    made = connectors.source("team-calendar", settings)

    assert connectors.reads("ics")
    assert isinstance(made, IcsCalendar)
    assert len(list(made.pull(None, Mirror().known))) == 1
    made.close()
    with pytest.raises(ConfigurationError, match="nothing can be written"):
        connectors.target("team-calendar", settings)


def test_a_first_pull_brings_the_whole_agenda(source: IcsCalendar) -> None:
    page = pull(source)

    told = agenda(page)
    assert told.calendar == "team-calendar"
    assert told.from_at == datetime(2025, 1, 26, tzinfo=UTC)  # 400 days before 2 March 2026
    assert told.until_at == datetime(2027, 4, 6, tzinfo=UTC)
    assert len(titled(page, "Weekly")) == 58  # Mondays from 2 March 2026 to 5 April 2027
    assert {event.source for event in told.events} == {"team-calendar"}
    assert not page.set_aside
    assert not page.warnings
    assert source.requests == 1


def test_it_tells_of_meetings_and_absences_as_people_made_them(source: IcsCalendar) -> None:
    page = pull(source)

    (kick_off,) = titled(page, "Kick-off")
    assert (kick_off.uid, kick_off.recurrence_start, kick_off.organizer) == ("kick-off", None, ANA)
    assert (kick_off.starts_at, kick_off.ends_at) == (START.replace(day=3, hour=13), START.replace(day=3, hour=14))
    (absence,) = titled(page, "Holiday")
    assert (absence.away, absence.all_day, absence.organizer) == (True, True, BO)
    assert (absence.first_on, absence.last_on) == (date(2026, 3, 9), date(2026, 3, 13))
    weekly = titled(page, "Weekly")
    assert [f"{event.starts_at:%m-%d %H:%M}" for event in weekly[3:5]] == ["03-23 09:00", "03-30 08:00"]
    assert [guest.email for guest in weekly[0].attendances] == [ANA, BO]


def test_what_people_do_arrives(source: IcsCalendar, state: CalendarState) -> None:
    first = WEEKLY
    page = pull(source)
    state.clock.advance(timedelta(minutes=5))
    state.move("team", "weekly", first + timedelta(days=1), original=first)
    state.cancel("team", "weekly", original=first + timedelta(days=7))
    state.skip("team", "weekly", first + timedelta(days=14))
    state.reply("team", "weekly", BO, "DECLINED", original=first + timedelta(days=21))
    state.edit("team", "weekly", original=first + timedelta(days=28), and_later=True, title="Weekly, later")
    state.remove("team", "kick-off")

    page = pull(source, page.cursor)

    weekly = titled(page, "Weekly")
    assert [event.recurrence_start for event in weekly] == [
        "2026-03-02T09:00:00Z",
        "2026-03-09T09:00:00Z",
        "2026-03-23T09:00:00Z",
    ]
    assert weekly[0].starts_at == datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert weekly[1].status is EventStatus.CANCELLED
    assert [guest.response for guest in weekly[2].attendances] == [Response.UNANSWERED, Response.DECLINED]
    later = titled(page, "Weekly, later")
    assert len(later) == 54
    assert len({event.recurrence_start for event in later}) == 54
    assert titled(page, "Kick-off") == []


@pytest.mark.parametrize("restless", [False, True])
def test_a_quiet_poll_is_one_request_and_brings_nothing(
    state: CalendarState, open_source: Open, validators: str, restless: bool
) -> None:
    with CalendarSandbox(state, validators=validators, restless=restless) as calendars:
        source = open_source(calendars.address("team"))
        cursor = pull(source).cursor
        for _ in range(2):
            before = source.requests

            page = pull(source, cursor)

            assert page.agendas == ()
            assert page.cursor == cursor or restless
            assert source.requests - before == 1
            cursor = page.cursor


def test_a_change_is_seen_whatever_the_server_says_of_versions(
    state: CalendarState, open_source: Open, validators: str
) -> None:
    with CalendarSandbox(state, validators=validators, restless=True) as calendars:
        source = open_source(calendars.address("team"))
        cursor = pull(source).cursor
        state.clock.advance(timedelta(minutes=5))
        state.edit("team", "kick-off", title="Kick-off, again")

        page = pull(source, cursor)

        assert len(titled(page, "Kick-off, again")) == 1
        assert pull(source, page.cursor).agendas == ()


def test_a_feed_that_is_the_same_to_the_byte_is_not_read_again(
    state: CalendarState, open_source: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CalendarSandbox(state, validators="none") as calendars:
        source = open_source(calendars.address("team"))
        cursor = pull(source).cursor
        monkeypatch.setattr("connectors.calendars.ics.read_apart", None)

        assert pull(source, cursor).agendas == ()


def test_the_window_moves_on_with_the_servers_day(state: CalendarState, open_source: Open, validators: str) -> None:
    with CalendarSandbox(state, validators=validators) as calendars:
        source = open_source(calendars.address("team"))
        first = pull(source)
        state.clock.advance(DAY)

        second = pull(source, first.cursor)

        assert agenda(second).from_at - agenda(first).from_at == DAY
        assert agenda(second).until_at - agenda(first).until_at == DAY
        assert pull(source, second.cursor).agendas == ()


def test_reading_wide_reads_all_whatever_the_server_says(source: IcsCalendar, calendars: CalendarSandbox) -> None:
    page = pull(source)

    again = pull(source, page.cursor, wide=True)

    assert again.agendas == page.agendas
    assert again.cursor == page.cursor
    assert source.requests == len(calendars.requests) == 2


def test_another_zone_of_the_configuration_reads_all_again(calendars: CalendarSandbox, open_source: Open) -> None:
    page = pull(open_source(calendars.address("team")))

    again = pull(open_source(calendars.address("team"), zone="Asia/Shanghai"), page.cursor)

    assert len(again.agendas) == 1


@pytest.mark.parametrize("token", ["", "{nonsense", "null", "[]", '{"version": 1}', '{"version": 0, "zone": "UTC"}'])
def test_a_cursor_that_makes_no_sense_means_from_the_beginning(source: IcsCalendar, token: str) -> None:
    assert len(pull(source, Cursor(token=token)).agendas) == 1


def test_times_without_a_zone_are_in_the_configured_one(state: CalendarState, open_source: Open) -> None:
    state.add_calendar("plain")
    state.add_meeting("plain", "Floating", WEEKLY)
    state.add_meeting("plain", "Day", date(2026, 3, 2))
    with CalendarSandbox(state) as calendars:
        page = pull(open_source(calendars.address("plain"), zone="Asia/Shanghai"))

    assert titled(page, "Floating")[0].starts_at == datetime(2026, 3, 2, 2, tzinfo=UTC)
    assert titled(page, "Day")[0].starts_at == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_a_bad_event_is_named_beside_the_good_ones(source: IcsCalendar, state: CalendarState) -> None:
    state.add_meeting("team", "Bomb", WEEKLY, zone=BERLIN, rule="FREQ=SECONDLY", uid="bomb")
    state.add_meeting("team", "Nowhere", WEEKLY, zone="Customized Time Zone", uid="nowhere")

    page = pull(source)

    assert [(record.remote_id, record.key) for record in page.set_aside] == [("bomb", None)]
    assert "too often" in page.set_aside[0].reason
    assert page.warnings == ("events in a time zone that nobody knows, put into the calendar's own: 1",)
    assert titled(page, "Nowhere")[0].zone_guessed
    assert len(titled(page, "Weekly")) == 58


# --- what there is to be read ---


def test_it_tells_how_many_events_a_reading_brings(source: IcsCalendar) -> None:
    assert source.holds() == len(agenda(pull(source)).events) == 60


@pytest.mark.parametrize("fault", [{"what": "html_login_200"}, {"what": "status", "code": 404}], ids=["page", "404"])
def test_what_looks_like_a_wrong_link_is_told_with_how_the_right_one_looks(
    source: IcsCalendar, calendars: CalendarSandbox, fault: dict[str, Any]
) -> None:
    calendars.faults.add(times=None, **fault)

    with pytest.raises((AccessDenied, NotThere)) as refused:
        source.holds()

    assert "iCal format" in refused.value.advice
    assert ".ics" in refused.value.advice


# --- on any doubt nothing is yielded ---------------------------------------------------------------------------------

DOUBTS: list[tuple[dict[str, Any], type[PlanwardError], str]] = [
    ({"what": "html_login_200"}, AccessDenied, "web page"),
    ({"what": "status", "code": 200, "body": b""}, BadAnswer, "empty"),
    ({"what": "status", "code": 200, "body": b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n" * 2}, BadAnswer, "several"),
    ({"what": "status", "code": 200, "body": {"error": "gone"}}, BadAnswer, "no calendar"),
    ({"what": "truncated_json"}, BadAnswer, "cut off"),
    ({"what": "cut_body"}, SourceUnavailable, "broke off"),
    ({"what": "cut_before"}, SourceUnavailable, "broke off"),
    ({"what": "gzip_bomb"}, BadAnswer, "larger than 16 MiB"),
    ({"what": "status", "code": 401}, AccessDenied, "credentials"),
    ({"what": "status", "code": 403}, AccessDenied, "allow"),
    ({"what": "status", "code": 404}, NotThere, "no such thing"),
    ({"what": "status", "code": 410}, BadAnswer, "410"),
    ({"what": "status", "code": 507}, BadAnswer, "507"),
    ({"what": "status", "code": 500}, SourceUnavailable, "500"),
    ({"what": "retry_after", "value": 3600}, RateLimited, "wait"),
    ({"what": "status", "code": 302, "headers": {"Location": "https://169.254.169.254/"}}, AddressRefused, "never"),
    ({"what": "status", "code": 302, "headers": {"Location": "http://127.0.0.1:9/x"}}, AddressRefused, "https"),
]


@pytest.mark.parametrize(("fault", "error", "words"), DOUBTS, ids=[f"{f['what']}-{w}" for f, _, w in DOUBTS])
def test_on_any_doubt_nothing_is_yielded_and_the_next_good_answer_counts(
    source: IcsCalendar, calendars: CalendarSandbox, fault: dict[str, Any], error: type[PlanwardError], words: str
) -> None:
    good = pull(source)
    calendars.clock.advance(DAY)
    calendars.faults.add(times=None, **fault)

    for cursor in (None, good.cursor):
        pages: list[Page] = []
        with pytest.raises(error, match=words):
            pages.extend(source.pull(cursor, Mirror().known))
        assert pages == []

    calendars.faults.clear()
    assert agenda(pull(source, good.cursor)).events == agenda(good).events


def test_a_hanging_server_is_given_up(
    source: IcsCalendar, calendars: CalendarSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.httpclient.TIMEOUT", (0.2, 0.2))
    calendars.faults.add(what="delay", seconds=1, times=None)

    with pytest.raises(SourceUnavailable, match="in time"):
        pull(source)


@pytest.mark.parametrize("mark", ['"\u00e9"', "x" * 2000])
def test_a_mark_that_cannot_be_sent_back_is_not_kept(state: CalendarState, open_source: Open, mark: str) -> None:
    content = published(*GOOD)
    headers = {"ETag": mark, "Last-Modified": mark}
    with Server(lambda request: Answer(200, content, dict(headers), "text/calendar"), clock=Clock(START)) as server:
        source = open_source(server.url)
        first = pull(source)

        assert pull(source, first.cursor).agendas == ()
        assert mark not in first.cursor.token


def test_a_server_that_says_unchanged_unasked_is_not_believed(source: IcsCalendar, calendars: CalendarSandbox) -> None:
    calendars.faults.add(what="status", code=304, times=None)

    with pytest.raises(BadAnswer, match="not asked"):
        pull(source)


def test_a_day_at_the_edge_of_time_is_a_bad_answer(state: CalendarState, open_source: Open) -> None:
    with CalendarSandbox(state) as calendars:
        calendars.clock.set(datetime(9999, 12, 1, tzinfo=UTC))
        with pytest.raises(BadAnswer, match="9999"):
            pull(open_source(calendars.address("team")))


@pytest.mark.parametrize("scheme", ["webcal", "webcals", "WebCal", "https"])
def test_webcal_is_https(open_source: Open, scheme: str) -> None:
    with respx.mock(using="httpcore") as router:
        route = router.get("https://calendar.example/x.ics").respond(200, content=published())

        page = pull(open_source(f" {scheme}://calendar.example/x.ics\n", private_address=False))

    assert agenda(page).events == ()
    assert route.call_count == 1


def test_an_address_that_nobody_set_is_a_fault_of_the_configuration(
    source: IcsCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CALENDAR_URL")

    with pytest.raises(SecretNotFound):
        source.identify()
    with pytest.raises(SecretNotFound):
        pull(source)


def test_the_secret_address_is_in_no_error_no_log_and_no_cursor(
    source: IcsCalendar, state: CalendarState, calendars: CalendarSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (None, "httpx", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    secret = state.calendars["team"].secret
    page = pull(source)
    said = page.cursor.token + repr(page) + repr(source.identify())
    for fault, _, _ in DOUBTS:
        calendars.faults.clear()
        calendars.faults.add(times=None, **fault)
        try:
            pull(source)
        except PlanwardError as error:
            said += "".join(traceback.format_exception(error)) + repr(error) + error.advice
    said += "\n".join(record.getMessage() + str(record.exc_info) for record in caplog.records)

    assert secret not in said
    assert "team.ics" not in said
    assert len(json.loads(page.cursor.token)["content"]) == 64


# --- bombs ------------------------------------------------------------------------------------------------------------


def published(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def event(uid: str, *lines: str) -> list[str]:
    return ["BEGIN:VEVENT", f"UID:{uid}", *lines, "END:VEVENT"]


GOOD = event("good", "DTSTART:20260302T100000Z", "SUMMARY:Good")
SERIES_BOMBS = {
    "secondly": ["DTSTART:20200101T000000Z", "RRULE:FREQ=SECONDLY"],
    "never": ["DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"],
    "hourly": ["DTSTART:20200101T000000Z", "RRULE:FREQ=HOURLY"],
    "by the minute": [
        "DTSTART:20200101T000000Z",
        f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}",
    ],
    "listed": [
        "DTSTART:20260101T000000Z",
        *(f"RDATE:202601{2 + n // 1440:02}T{n // 60 % 24:02}{n % 60:02}00Z" for n in range(3500)),
    ],
    "crowd": ["DTSTART:20260302T100000Z", *(f"ATTENDEE:mailto:a{n}@example.com" for n in range(3000))],
}


@pytest.fixture
def serve(open_source: Open) -> Iterator[Callable[[bytes], IcsCalendar]]:
    """Makes a source that reads exactly these bytes."""
    servers: list[Server] = []

    def build(content: bytes) -> IcsCalendar:
        answer = Answer(200, content, {}, "text/calendar")
        servers.append(Server(lambda request: answer, clock=Clock(START)))
        servers[-1].__enter__()
        return open_source(servers[-1].url)

    yield build
    for server in servers:
        server.close()


@pytest.mark.parametrize("name", SERIES_BOMBS)
def test_a_bomb_of_one_series_costs_that_series_alone(
    serve: Callable[[bytes], IcsCalendar], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(reading, "SERIES_PATIENCE", 0.5)
    begun = time.monotonic()

    page = pull(serve(published(*GOOD, *event("bomb", *SERIES_BOMBS[name]))))

    assert [found.uid for found in agenda(page).events] == ["good"]
    assert [record.remote_id for record in page.set_aside] == ["bomb"]
    assert time.monotonic() - begun < 15


def test_many_bombs_cost_themselves_alone(
    serve: Callable[[bytes], IcsCalendar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SERIES_PATIENCE", 0.3)
    monkeypatch.setattr(reading, "ALL_SERIES_PATIENCE", 1.0)
    many = [line for n in range(50) for line in event(f"bomb-{n:02}", *SERIES_BOMBS["never"])]
    begun = time.monotonic()

    page = pull(serve(published(*GOOD, *many)))

    assert [found.uid for found in agenda(page).events] == ["good"]
    assert [record.remote_id for record in page.set_aside] == [f"bomb-{n:02}" for n in range(50)]
    assert time.monotonic() - begun < 12


def test_an_event_that_takes_too_long_to_read_is_named_as_such(
    serve: Callable[[bytes], IcsCalendar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SERIES_PATIENCE", 0.3)

    page = pull(serve(published(*GOOD, *event("long", "DTSTART:20260302T100000Z", *["X-A:1"] * 200_000))))

    assert [found.uid for found in agenda(page).events] == ["good"]
    assert [record.reason for record in page.set_aside] == ["line 8: reading it takes too long"]


def test_a_crowd_that_comes_every_day_is_not_written_out(serve: Callable[[bytes], IcsCalendar]) -> None:
    guests = [f"ATTENDEE:mailto:{n:04}@example.com" for n in range(2000)]
    daily = ["DTSTART:20250101T100000Z", "RRULE:FREQ=DAILY", *guests]

    page = pull(serve(published(*GOOD, *event("crowd-1", *daily), *event("crowd-2", *daily))))

    assert [found.uid for found in agenda(page).events] == ["good"]
    assert [(record.remote_id, record.reason) for record in page.set_aside] == [
        ("crowd-1", "its texts and guests, for each time that it takes place, are more than 12 MiB"),
        ("crowd-2", "its texts and guests, for each time that it takes place, are more than 12 MiB"),
    ]


def test_an_outcome_that_is_too_large_is_not_read(source: IcsCalendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_OUTPUT", 2000)

    with pytest.raises(BadAnswer, match="when it is written out"):
        pull(source)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [("PATIENCE", 1, "longer than 1 seconds of a processor"), ("LONGEST", 0.5, r"longer than 0\.5 seconds")],
)
def test_a_calendar_that_takes_too_long_as_a_whole_is_refused_in_time(
    serve: Callable[[bytes], IcsCalendar], monkeypatch: pytest.MonkeyPatch, limit: str, value: float, words: str
) -> None:
    monkeypatch.setattr(reading, limit, value)
    begun = time.monotonic()

    with pytest.raises(BadAnswer, match=words):
        pull(serve(published(*GOOD, *event("long", *["X-A:1"] * 1_500_000))))

    assert time.monotonic() - begun < 12


def test_a_calendar_that_takes_too_much_memory_is_refused(
    serve: Callable[[bytes], IcsCalendar], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MEMORY", 256 * 1024 * 1024)

    with pytest.raises(BadAnswer, match=r"memory|more than it may"):
        pull(serve(b"BEGIN:VCALENDAR\n" + b"A:\n" * 3_000_000 + b"END:VCALENDAR\n"))


def test_more_events_than_we_take_are_refused(serve: Callable[[bytes], IcsCalendar]) -> None:
    with pytest.raises(BadAnswer, match="more than 20000 events"):
        pull(serve(published(*GOOD * 20_001)))


def test_a_calendar_that_is_too_large_is_refused(serve: Callable[[bytes], IcsCalendar]) -> None:
    with pytest.raises(BadAnswer, match="larger than 16 MiB"):
        pull(serve(published(*GOOD, "X-FILL:" + "x" * (16 << 20))))


def test_ten_thousand_events_are_read(serve: Callable[[bytes], IcsCalendar]) -> None:
    many = [line for n in range(10_000) for line in event(f"e{n}", f"DTSTART:202603{n % 28 + 1:02}T100000Z")]

    page = pull(serve(published(*many)))

    assert len(agenda(page).events) == 10_000


def test_a_stop_ends_the_reading_of_a_bomb(
    serve: Callable[[bytes], IcsCalendar], calendars: CalendarSandbox, open_source: Open
) -> None:
    stop = Flag()
    content = published(*event("bomb", *SERIES_BOMBS["never"]))
    with Server(lambda request: Answer(200, content, {}, "text/calendar"), clock=Clock(START)) as server:
        source = open_source(server.url, stop=stop)
        Timer(1.0, stop.set).start()
        begun = time.monotonic()

        with pytest.raises(SourceUnavailable, match="stopping"):
            pull(source)

        assert time.monotonic() - begun < 4


def test_a_fault_of_ours_while_reading_is_told_as_one(source: IcsCalendar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SERIES_PATIENCE", "soon")

    with pytest.raises(RuntimeError, match="exit code 1"):
        pull(source)


def test_the_reading_process_knows_nothing_of_our_environment(
    source: IcsCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    import subprocess

    given: dict[str, str] = {}
    real = subprocess.Popen

    def watch(*arguments: Any, **keywords: Any) -> Any:
        given.update(keywords["env"])
        return real(*arguments, **keywords)

    monkeypatch.setattr(subprocess, "Popen", watch)
    pull(source)

    assert sorted(given) == ["PYTHONPATH", "PYTHONUTF8"]
