"""Plain HTTP: whom it calls, where it follows, how much it takes, what its failures are called, what it never tells."""

from __future__ import annotations

import gzip
import logging
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Timer
from typing import Any

import httpcore
import pytest
import respx

from config.sources import SourceSettings
from connectors import patience
from connectors.httpclient import HttpClient
from connectors.transport import ReadRetry
from core.errors import (
    AccessDenied,
    AddressRefused,
    BadAnswer,
    ConfigurationError,
    NotThere,
    PlanwardError,
    RateLimited,
    RemoteError,
    SourceUnavailable,
)
from tests.connectors.test_transport import DRIPS, RawServer, TlsServer, certificate
from tests.sandbox.clock import Clock
from tests.sandbox.server import Answer, Request, Server

__all__ = ["certificate"]  # a fixture

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "private-7f3a91c0ffee"
Names = dict[str, list[str]]


OPENED: list[HttpClient] = []


def client(**settings: Any) -> HttpClient:
    retry = ReadRetry(settings.pop("stop", None), first_pause=0.001)
    OPENED.append(HttpClient(SourceSettings(**{"private_address": True, **settings}), retry=retry))
    return OPENED[-1]


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Closes what a test opened."""
    yield
    while OPENED:
        OPENED.pop().close()


class Site:
    """A server whose answers a test writes down by path."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.heard: list[Request] = []
        self.server = Server(self.answer, clock=Clock(NOW))
        self.url = self.server.url

    def answer(self, request: Request) -> Answer:
        self.heard.append(request)
        told = self.answers.get(request.path, Answer(404))
        return replace(told, headers=dict(told.headers))

    def redirect(self, path: str, to: str, code: int = 302) -> str:
        self.answers[path] = Answer(code, b"", {"Location": to})
        return self.url + path


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    with made.server:
        yield made


@pytest.fixture
def other() -> Iterator[Site]:
    made = Site()
    with made.server:
        yield made


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """What names resolve to; each time, the next of several answers is given. Counts in `asked`."""
    known: Names = {}
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host in known:
            known.setdefault("asked", []).append(str(host))
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in known[host]]
        return real(host, port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return known


# --- whom it calls ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.0.0.5/x",
        "https://192.168.1.1/x",
        "https://100.64.0.1/x",
        "https://[::ffff:10.0.0.5]/x",
        "https://[64:ff9b::a00:5]/x",
        "http://8.8.8.8/x",
        "ftp://8.8.8.8/x",
        "file:///etc/passwd",
        "https://name:word@8.8.8.8/x",
    ],
)
def test_private_and_plain_addresses_are_not_called(url: str) -> None:
    with pytest.raises((AddressRefused, ConfigurationError)) as caught:
        client(private_address=False).get(url)

    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://169.254.169.254/latest/meta-data",
        "http://169.254.169.254/latest/meta-data",
        "https://[64:ff9b::a9fe:a9fe]/x",
        "https://[fd00:ec2::254]/x",
        "https://168.63.129.16/x",
        "https://192.0.0.192/x",
        "https://metadata.google.internal/x",
        "https://0.0.0.0/x",
    ],
)
@pytest.mark.parametrize("private", [True, False])
def test_services_that_hand_out_credentials_are_never_called(url: str, private: bool) -> None:
    with pytest.raises(AddressRefused):
        client(private_address=private).get(url)


@pytest.mark.parametrize("found", [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"]])
def test_one_bad_address_behind_a_name_spoils_it(names: Names, found: list[str]) -> None:
    names["calendar.example"] = found

    with pytest.raises(AddressRefused):
        client(private_address=False).get("https://calendar.example/x")


def test_a_name_is_resolved_once_and_that_address_is_called(site: Site, names: Names) -> None:
    site.answers["/x"] = Answer(200, b"here")
    names["calendar.example"] = ["127.0.0.1"]

    told = client().get(f"http://calendar.example:{site.server.port}/x")

    assert told.content == b"here"
    assert names["asked"] == ["calendar.example"]
    assert site.heard[0].headers["Host"] == f"calendar.example:{site.server.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(site: Site, names: Names) -> None:
    site.answers["/x"] = Answer(200, b"here")
    names["calendar.example"] = ["::1", "127.0.0.1"]  # nobody listens at the first

    assert client().get(f"http://calendar.example:{site.server.port}/x").content == b"here"


def test_tls_is_checked_against_the_name_and_not_the_address(
    certificate: tuple[Path, Path],
    names: Names,
) -> None:
    server = TlsServer(*certificate)
    port = server.url.rpartition(":")[2]
    names["elsewhere.example"] = names["localhost"] = ["127.0.0.1"]
    try:
        assert client(ca=certificate[0]).get(f"https://localhost:{port}/x").content == b"{}"
        with pytest.raises(SourceUnavailable, match="certificate"):
            client(ca=certificate[0]).get(f"https://elsewhere.example:{port}/x")
        with pytest.raises(SourceUnavailable, match="certificate"):
            client().get(f"https://localhost:{port}/x")
        with pytest.raises(AddressRefused):
            client(ca=certificate[0], private_address=False).get(f"https://localhost:{port}/x")
    finally:
        server.close()


def test_the_configured_proxy_is_used_and_resolves_names_itself(site: Site, names: Names) -> None:
    site.answers["/x"] = Answer(200, b"through")
    names["calendar.example"] = ["10.9.9.9"]

    told = client(proxy=site.url).get("http://calendar.example/x")

    assert told.content == b"through"
    assert site.heard[0].target == "http://calendar.example/x"
    assert "asked" not in names


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "ftp://127.0.0.1", f"http://x:{SECRET}:y"])
def test_a_proxy_of_another_sort_is_a_fault_of_the_configuration(proxy: str) -> None:
    settings = SourceSettings.model_construct(proxy=proxy, private_address=True, ca=None, client_certificate=None)

    with pytest.raises(ConfigurationError, match="proxy") as caught:
        HttpClient(settings).get("https://calendar.example/x")

    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_no_password_is_taken_from_the_machine(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login planted password planted\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    site.answers["/x"] = Answer(200, b"here")

    client().get(f"{site.url}/x")

    assert "Authorization" not in site.heard[0].headers


# --- where it follows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_within_the_site_is_followed_with_our_credentials(site: Site, code: int) -> None:
    site.answers["/y"] = Answer(200, b"there")

    told = client().get(site.redirect("/x", "/y", code), headers={"Authorization": "Bearer planted"})

    assert told.content == b"there"
    assert [request.headers.get("Authorization") for request in site.heard] == ["Bearer planted"] * 2


def test_three_redirects_are_followed_and_no_more(site: Site) -> None:
    for number in range(4):
        site.redirect(f"/{number}", f"/{number + 1}")
    site.answers["/4"] = Answer(200, b"there")

    assert client().get(f"{site.url}/1").content == b"there"
    with pytest.raises(BadAnswer, match="more than 3 times"):
        client().get(f"{site.url}/0")


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_place_in_the_clear_is_refused(site: Site, other: Site, code: int) -> None:
    with pytest.raises(AddressRefused, match="https"):
        client().get(site.redirect("/x", f"{other.url}/latest/meta-data", code))

    assert other.heard == []


@pytest.mark.parametrize(
    "to",
    [
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:169.254.169.254]/",
        "https://metadata.google.internal/",
        "https://planted:planted@8.8.8.8/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/x",
        "//169.254.169.254/x",
    ],
)
def test_a_redirect_is_looked_at_like_any_address(site: Site, to: str) -> None:
    with pytest.raises((AddressRefused, BadAnswer)) as caught:
        client().get(site.redirect("/x", to))

    assert "planted" not in str(caught.value)
    assert len(site.heard) == 1


@pytest.mark.parametrize(
    "to", ["https://[", "http://:99999999/", "\x7f://x", "https://a:99999/", "https://xn--/", "//xn--/"]
)
def test_a_redirect_to_nonsense_is_a_bad_answer(site: Site, to: str) -> None:
    with pytest.raises((BadAnswer, AddressRefused, SourceUnavailable)):
        client().get(site.redirect("/x", to))


@respx.mock(using="httpcore")
def test_credentials_stay_behind_when_the_host_changes(respx_mock: respx.MockRouter) -> None:
    first = respx_mock.get("https://calendar.example/x").respond(
        302, headers={"Location": "https://cdn.example/y", "Set-Cookie": "session=planted"}
    )
    second = respx_mock.get("https://cdn.example/y").respond(200, content=b"there")

    told = client(private_address=False).get(
        "https://calendar.example/x", headers={"Authorization": "planted", "Cookie": "planted", "If-None-Match": '"1"'}
    )

    assert told.content == b"there"
    assert first.calls.last.request.headers["Authorization"] == "planted"
    assert "planted" not in str(second.calls.last.request.headers.raw)
    assert second.calls.last.request.headers["If-None-Match"] == '"1"'


@respx.mock(using="httpcore")
def test_a_redirect_never_leads_from_https_to_http(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("https://calendar.example/x").respond(301, headers={"Location": "http://calendar.example/x"})

    with pytest.raises(AddressRefused):
        client(private_address=True).get("https://calendar.example/x")


def test_no_cookie_is_kept(site: Site) -> None:
    site.answers["/x"] = Answer(200, b"here", {"Set-Cookie": "session=planted; Path=/"})
    caller = client()

    caller.get(f"{site.url}/x")
    caller.get(f"{site.url}/x")

    assert "Cookie" not in site.heard[1].headers


# --- how much it takes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
def test_an_answer_is_taken_up_to_its_largest_size_unpacked(site: Site, packed: bool) -> None:
    for size in (300_000, 300_001):
        headers = {"Content-Encoding": "gzip" if packed else "identity"}
        body = b"x" * size
        site.answers[f"/{size}"] = Answer(200, gzip.compress(body) if packed else body, headers)

    assert len(client().get(f"{site.url}/300000", largest=300_000).content) == 300_000
    with pytest.raises(BadAnswer, match="larger"):
        client().get(f"{site.url}/300001", largest=300_000)


def test_a_bomb_is_noticed_before_it_is_unpacked(site: Site) -> None:
    import tracemalloc

    site.answers["/x"] = Answer(200, b"x")
    site.server.faults.add(what="gzip_bomb", megabytes=200, times=None)
    tracemalloc.start()
    try:
        with pytest.raises(BadAnswer, match="larger than 4 MiB"):
            client().get(f"{site.url}/x", largest=4 * 1024 * 1024)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 32 * 1024 * 1024


@pytest.mark.parametrize(
    ("body", "encoding"), [(b"no gzip at all", "gzip"), (b"x", "br"), (b"x", "gzip, gzip"), (b"x", "deflate")]
)
def test_what_cannot_be_unpacked_is_a_bad_answer(site: Site, body: bytes, encoding: str) -> None:
    site.answers["/x"] = Answer(200, body, {"Content-Encoding": encoding})

    with pytest.raises(BadAnswer, match="unpacked"):
        client().get(f"{site.url}/x")


def test_a_packed_answer_that_ends_early_is_not_taken_for_whole(site: Site) -> None:
    site.answers["/x"] = Answer(200, gzip.compress(b"x" * 1000)[:-4], {"Content-Encoding": "gzip"})

    with pytest.raises(SourceUnavailable, match="broke off"):
        client().get(f"{site.url}/x")


def test_a_server_that_drips_is_left_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.2)
    site.answers["/x"] = Answer(200, b"x" * 1000, pause=0.02)

    with pytest.raises(SourceUnavailable, match="did not come to its end"):
        client().get(f"{site.url}/x")


@pytest.mark.parametrize("where", [where for where in DRIPS if where != "behind gzip"])
@pytest.mark.parametrize("stopping", [False, True])
def test_a_server_that_drips_is_left_in_time_or_at_a_stop_wherever_it_drips(
    where: str, stopping: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()
    if stopping:
        Timer(0.2, stop.set).start()
    else:
        monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.3)
    begun = time.monotonic()

    with RawServer(*DRIPS[where]) as server:
        with pytest.raises(SourceUnavailable, match="stopping" if stopping else "did not come to its end"):
            client(stop=stop).get(server.url)
        assert server.hung_up.wait(5)

    assert time.monotonic() - begun < 5


def test_what_stands_behind_a_packed_answer_is_not_passed_over() -> None:
    with RawServer(*DRIPS["behind gzip"]) as server, pytest.raises(BadAnswer, match="unpacked"):
        client().get(server.url)

    with RawServer(DRIPS["behind gzip"][0] + b"x") as server, pytest.raises(BadAnswer, match="unpacked"):
        client().get(server.url)


def test_a_proxy_that_drips_is_left_in_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.3)

    with RawServer(*DRIPS["head"]) as server:
        for url in ("http://calendar.example/x", "https://calendar.example/x"):
            with pytest.raises(SourceUnavailable, match="did not come to its end"):
                client(proxy=server.url).get(url)


def test_a_stop_ends_a_long_answer(site: Site) -> None:
    site.answers["/x"] = Answer(200, b"x" * 10_000, pause=0.01)
    stop = Event()
    Timer(0.2, stop.set).start()
    begun = time.monotonic()

    with pytest.raises(SourceUnavailable, match="stopping"):
        client(stop=stop).get(f"{site.url}/x")

    assert time.monotonic() - begun < 3


# --- what failures are called -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "headers", "error", "tries"),
    [
        (304, {}, None, 1),
        (400, {}, BadAnswer, 1),
        (401, {}, AccessDenied, 1),
        (403, {}, AccessDenied, 1),
        (404, {}, NotThere, 1),
        (410, {}, BadAnswer, 1),
        (429, {"Retry-After": "300"}, RateLimited, 1),
        (429, {"Retry-After": "0"}, RateLimited, 4),
        (500, {}, SourceUnavailable, 4),
        (503, {}, SourceUnavailable, 4),
        (302, {}, BadAnswer, 1),
    ],
)
def test_a_status_means_what_it_means_everywhere(
    site: Site, code: int, headers: dict[str, str], error: type[RemoteError] | None, tries: int
) -> None:
    site.answers["/x"] = Answer(code, b"", headers)
    caller = client()

    if error is None:
        assert caller.get(f"{site.url}/x").unchanged
    else:
        with pytest.raises(error):
            caller.get(f"{site.url}/x")

    assert len(site.heard) == caller.requests == tries


def test_a_failure_that_passes_is_tried_again(site: Site) -> None:
    site.answers["/x"] = Answer(200, b"here" * 100)
    site.server.faults.add(what="cut_before")
    site.server.faults.add(what="cut_body", after=1)
    site.server.faults.add(what="status", code=502, after=2)

    assert client().get(f"{site.url}/x").content == b"here" * 100


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (httpcore.ConnectTimeout(), "in time"),
        (httpcore.ReadTimeout(), "in time"),
        (httpcore.ConnectError(), "could not be reached"),
        (httpcore.ReadError(), "could not be reached"),
        (httpcore.ProxyError(), "proxy"),
        (httpcore.RemoteProtocolError(), "broke off"),
    ],
)
def test_no_answer_is_unavailable_in_the_words_of_all_connectors(failure: Exception, words: str) -> None:
    with respx.mock(using="httpcore") as router:
        router.get("https://calendar.example/x").mock(side_effect=failure)
        with pytest.raises(SourceUnavailable, match=words):
            client().get("https://calendar.example/x")


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "https://", "https://[", f"https://x:{SECRET}/", "https:///x", "https://x:99999", "https://xn--/"],
)
def test_an_address_that_is_none_is_a_fault_of_the_configuration(url: str) -> None:
    with pytest.raises((ConfigurationError, SourceUnavailable)) as caught:
        client().get(url)

    assert SECRET not in "".join(traceback.format_exception(caught.value))


# --- what it never tells ------------------------------------------------------------------------------------


FAULTS: list[dict[str, Any]] = [
    {"what": "cut_before"},
    {"what": "cut_body"},
    {"what": "html_login_200"},
    {"what": "gzip_bomb", "megabytes": 80},
    {"what": "retry_after", "value": 3600},
    *({"what": "status", "code": code, "body": f"You asked for {SECRET}"} for code in (400, 401, 403, 404, 410, 500)),
    *(
        {"what": "status", "code": 302, "headers": {"Location": to}}
        for to in (f"http://elsewhere.example/{SECRET}", f"https://169.254.169.254/{SECRET}", f"https://x:{SECRET}/")
    ),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['what']}-{fault.get('code', '')}")
def test_a_secret_address_is_in_no_error_and_no_log(
    site: Site, caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    for name in (None, "httpx", "httpcore", "httpcore.connection", "httpcore.http11"):
        caplog.set_level(logging.DEBUG, logger=name)
    site.answers[f"/{SECRET}/team.ics"] = Answer(200, b"x" * 2000, {"X-Echo": SECRET})
    site.server.faults.add(times=None, **fault)

    said = ""
    try:
        client().get(f"{site.url}/{SECRET}/team.ics?key={SECRET}")
    except PlanwardError as error:
        said = "".join(traceback.format_exception(error)) + repr(error) + error.advice
    said += "\n".join(record.getMessage() + str(record.exc_info) for record in caplog.records)

    assert SECRET not in said


def test_making_a_client_sends_nothing_and_closing_it_twice_is_fine(site: Site) -> None:
    site.answers["/x"] = Answer(200, b"here")
    caller = client()

    assert caller.requests == 0
    caller.get(f"{site.url}/x")
    caller.close()
    caller.close()
    assert caller.get(f"{site.url}/x").content == b"here"
