"""How long to wait, whom to call, how much to take."""

from __future__ import annotations

import gzip
import ipaddress
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from connectors import addresses, patience, transport
from connectors.addresses import check_address, check_url
from connectors.transport import (
    GuardedAdapter,
    Passing,
    ReadRetry,
    check_status,
    clean,
    describe,
    is_passing,
    parse_wait,
    trust,
)
from core.errors import (
    AccessDenied,
    AddressRefused,
    BadAnswer,
    ConfigurationError,
    NotThere,
    RateLimited,
    RemoteError,
    SourceUnavailable,
)
from tests.sandbox.clock import Clock
from tests.sandbox.server import Answer, Server

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
IN_A_MINUTE = format_datetime(NOW + timedelta(minutes=1), usegmt=True)
THERE_ONE_HOUR_LATER = format_datetime(NOW + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "300"}, 300.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": IN_A_MINUTE}, 60.0),
        ({"Retry-After": IN_A_MINUTE, "Date": THERE_ONE_HOUR_LATER}, 0.0),
        ({"Retry-After": THERE_ONE_HOUR_LATER, "Date": IN_A_MINUTE}, 3540.0),
        ({"X-RateLimit-Reset": "2026-03-02T12:05Z"}, 300.0),
        ({"X-RateLimit-Reset": "9999-12-31T23:59:59-01:00"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -0100"}, None),
        ({"Retry-After": IN_A_MINUTE, "Date": "Mon, 01 Jun 2026 09:09:09 +99999999999999"}, 60.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_seconds_dates_and_resets(headers: dict[str, str], seconds: float | None) -> None:
    assert parse_wait(headers, NOW) == seconds


def answer(status: int, **headers: str) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return made


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (answer(301), BadAnswer),
        (answer(400), BadAnswer),
        (answer(401), AccessDenied),
        (answer(403), AccessDenied),
        (answer(404), NotThere),
        (answer(410), BadAnswer),
        (answer(429, Retry_After="21"), RateLimited),
        (answer(503, Retry_After="21"), RateLimited),
    ],
)
def test_what_lasts_is_not_tried_again(told: requests.Response, error: type[RemoteError]) -> None:
    with pytest.raises(error):
        check_status(told, "acme.example")


@pytest.mark.parametrize(
    ("told", "error", "pause"),
    [
        (answer(429), RateLimited, None),
        (answer(429, Retry_After="20"), RateLimited, 20.0),
        (answer(500), SourceUnavailable, None),
        (answer(502), SourceUnavailable, None),
        (answer(503), SourceUnavailable, None),
        (answer(503, Retry_After="3"), RateLimited, 3.0),
        (answer(504), SourceUnavailable, None),
    ],
)
def test_what_may_pass_says_how_long_to_wait(
    told: requests.Response, error: type[RemoteError], pause: float | None
) -> None:
    with pytest.raises(Passing) as caught:
        check_status(told, "acme.example")

    assert isinstance(caught.value.error, error)
    assert caught.value.pause == pause


class Failing:
    """A read that fails some times before it gives 42."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[float] = []

    def __call__(self) -> int:
        self.calls.append(time.monotonic())
        if self.failures:
            raise self.failures.pop(0)
        return 42


def test_a_passing_failure_is_tried_again_and_never_sooner_than_told() -> None:
    read = Failing(Passing(SourceUnavailable("x"), 0.2), Passing(SourceUnavailable("x"), 0.1))

    value = ReadRetry(first_pause=0.01).call(read)

    gaps = [after - before for before, after in zip(read.calls, read.calls[1:], strict=False)]
    assert value == 42
    assert gaps[0] >= 0.2
    assert gaps[1] >= 0.1


def test_after_the_last_try_the_failure_itself_comes_out() -> None:
    failures = [Passing(SourceUnavailable(f"try {n}")) for n in range(9)]
    read = Failing(*failures)

    with pytest.raises(SourceUnavailable, match="try 2"):
        ReadRetry(attempts=3, first_pause=0.001).call(read)


def test_a_lasting_failure_is_not_tried_again() -> None:
    read = Failing(AccessDenied("no"))

    with pytest.raises(AccessDenied):
        ReadRetry(first_pause=0.001).call(read)

    assert len(read.calls) == 1


def test_a_wait_ends_when_the_daemon_stops() -> None:
    stop = Event()
    Timer(0.1, stop.set).start()
    begun = time.monotonic()

    with pytest.raises(SourceUnavailable, match="stopping"):
        ReadRetry(stop).call(Failing(Passing(SourceUnavailable("x"), 20.0)))

    assert time.monotonic() - begun < 2


PUBLIC = ["8.8.8.8", "2606:4700:4700::1111", "64:ff9b::808:808"]
PRIVATE = [
    "127.0.0.1",
    "::1",
    "10.0.0.5",
    "172.16.3.4",
    "192.168.1.1",
    "100.64.0.1",
    "fd12:3456::1",
    "::ffff:10.0.0.5",
    "2002:a00:5::1",
    "64:ff9b::a00:5",
    "fec0::1",
    "3fff::1",
]
NEVER = [
    "169.254.169.254",
    "169.254.0.7",
    "fe80::1%eth0",
    "64:ff9b::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "fd00:ec2::254",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "255.255.255.255",
    "64:ff9b:1::a9fe:a9fe",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    check_address(address, private=False)
    check_address(address, private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_may_be_called_only_when_the_configuration_says_so(address: str) -> None:
    check_address(address, private=True)

    with pytest.raises(AddressRefused):
        check_address(address, private=False)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("private", [True, False])
def test_some_addresses_are_never_called(address: str, private: bool) -> None:
    with pytest.raises(AddressRefused):
        check_address(address, private=private)


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("http://8.8.8.8", False),
        ("http://8.8.8.8", True),
        ("http://127.0.0.1:8080", False),
        ("https://127.0.0.1", False),
        ("https://metadata.google.internal", True),
        ("https://METADATA.google.internal.", True),
        ("https://user:secret@8.8.8.8", False),
        ("ftp://8.8.8.8", True),
        ("file:///etc/passwd", True),
        ("https://[::1]", False),
    ],
)
def test_some_urls_are_refused(url: str, private: bool) -> None:
    with pytest.raises(AddressRefused) as caught:
        check_url(url, private=private)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "127.1"])
@pytest.mark.parametrize("proxied", [True, False])
def test_an_address_is_one_however_it_is_written(host: str, proxied: bool) -> None:
    with pytest.raises(AddressRefused):
        check_url(f"https://{host}/", private=False, proxied=proxied)


def test_one_bad_address_among_good_ones_spoils_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 443)) for ip in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)

    with pytest.raises(AddressRefused):
        check_url("https://acme.example", private=False)

    check_url("https://acme.example", private=False, proxied=True)


def test_a_name_that_leads_nowhere_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(SourceUnavailable):
        check_url("https://acme.example", private=False)


def session(*, private: bool) -> requests.Session:
    made = requests.Session()
    for scheme in ("http://", "https://"):
        made.mount(scheme, GuardedAdapter(private=private, context=None))
    return made


def test_a_peer_is_looked_at_before_the_request_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    # The name led to a public address when it was checked, and to the metadata service when it was called.
    monkeypatch.setattr(addresses, "METADATA_ADDRESSES", {ipaddress.ip_address("127.0.0.1")})
    with Server(lambda request: Answer(200, b"{}"), clock=Clock(NOW)) as server, session(private=True) as caller:
        with pytest.raises(AddressRefused):
            caller.get(server.url)

        assert server.requests == []


def test_an_answer_is_taken_up_to_its_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 200_000)
    with (
        Server(lambda request: Answer(200, b"x" * int(request.path[1:])), clock=Clock(NOW)) as server,
        session(private=True) as caller,
    ):
        assert len(caller.get(f"{server.url}/200000").content) == 200_000
        with pytest.raises(BadAnswer, match="larger"):
            caller.get(f"{server.url}/200001")


def test_an_answer_that_trickles_is_given_up_and_the_next_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.3)
    pauses = {"/slow": 0.1, "/quick": 0.0}
    with (
        Server(lambda request: Answer(200, b"x" * 100, pause=pauses[request.path]), clock=Clock(NOW)) as server,
        session(private=True) as caller,
    ):
        begun = time.monotonic()
        with pytest.raises(SourceUnavailable, match="did not come to its end"):
            caller.get(f"{server.url}/slow")
        assert time.monotonic() - begun < 2
        assert len(caller.get(f"{server.url}/quick").content) == 100


class RawServer:
    """Takes one request a connection, sends `begin`, and then `more` again and again until it is hung up on.

    It gives up itself after ten seconds.
    """

    def __init__(self, begin: bytes, more: bytes = b"", pause: float = 0.02) -> None:
        self.begin, self.more, self.pause = begin, more, pause
        self.hung_up = Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while self.listener.fileno() >= 0:
            try:
                peer, _ = self.listener.accept()
                with peer:
                    peer.recv(65536)
                    peer.sendall(self.begin)
                    until = time.monotonic() + 10
                    while self.more and time.monotonic() < until:
                        peer.sendall(self.more)
                        time.sleep(self.pause)
            except OSError:
                self.hung_up.set()

    def __enter__(self) -> RawServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DRIPS = {
    "head": (HEAD + b"X-A: ", b"a"),
    "processing": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (HEAD + b"\r\n", b"a"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"a" * 30 + b"\r\na\r\n"),
    "behind gzip": (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}"), b"\0" * 1000),
    "trailer": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-T: ", b"a"),
}


@pytest.mark.parametrize("where", DRIPS)
def test_a_server_that_drips_is_left_in_time_wherever_it_drips(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.3)
    begun = time.monotonic()

    with RawServer(*DRIPS[where]) as server, session(private=True) as caller:
        with pytest.raises(SourceUnavailable, match="did not come to its end"):
            caller.get(server.url, timeout=(5, 5))
        assert server.hung_up.wait(5)

    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stop_breaks_off_what_is_read_and_not_what_is_written(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 1.0)
    monkeypatch.setattr(patience, "LOOK_EVERY", 0.05)
    stop = Event()
    stop.set()
    made = requests.Session()
    made.mount("http://", GuardedAdapter(private=True, context=None, stop=stop))

    with RawServer(b"", b"H", pause=1.5) as server, made as caller, pytest.raises(SourceUnavailable) as caught:
        caller.request(method, server.url, timeout=(5, 5))

    assert ("stopping" in str(caught.value)) is (method == "GET")


def test_silence_is_waited_for_as_long_as_told() -> None:
    with RawServer(HEAD, b"", pause=0) as server, session(private=True) as caller:
        server.more = b" "
        server.pause = 2.0
        begun = time.monotonic()
        with pytest.raises(requests.exceptions.RequestException) as caught:
            caller.get(server.url, timeout=(5, 0.3))

    assert "in time" in str(describe(caught.value, "acme.example"))
    assert 0.3 <= time.monotonic() - begun < 1.5


def test_through_a_proxy_a_drip_is_left_in_time_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LONGEST_ANSWER", 0.3)

    with RawServer(*DRIPS["head"]) as server, session(private=True) as caller:
        for url in ("http://acme.example/x", "https://acme.example/x"):
            with pytest.raises(SourceUnavailable, match="did not come to its end"):
                caller.get(url, timeout=(5, 5), proxies={"http": server.url, "https": server.url})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody signed but itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run([openssl, *made.split(), "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


class TlsServer:
    """Answers every request with `{}` over TLS, and keeps what it was sent."""

    def __init__(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.sent: list[bytes] = []
        self.listener = context.wrap_socket(socket.create_server(("127.0.0.1", 0)), server_side=True)
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        self.thread = Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while self.listener.fileno() >= 0:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                continue  # a handshake that failed, or the end
            with peer:
                self.sent.append(peer.recv(65536))
                if self.sent[-1]:
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    def close(self) -> None:
        self.listener.close()


@pytest.fixture
def tls_server(certificate: tuple[Path, Path]) -> Iterator[TlsServer]:
    server = TlsServer(*certificate)
    yield server
    server.close()


def tls_session(*, private: bool, ca: Path | None) -> requests.Session:
    made = requests.Session()
    made.mount("https://", GuardedAdapter(private=private, context=trust(ca)))
    return made


def test_a_certificate_of_our_own_authority_is_trusted_when_it_is_named(
    tls_server: TlsServer, certificate: tuple[Path, Path]
) -> None:
    with tls_session(private=True, ca=certificate[0]) as caller:
        assert caller.get(tls_server.url).content == b"{}"


def test_another_certificate_is_not_trusted(tls_server: TlsServer) -> None:
    with tls_session(private=True, ca=None) as caller, pytest.raises(requests.exceptions.SSLError) as caught:
        caller.get(tls_server.url)

    error = describe(caught.value, "localhost")
    assert isinstance(error, SourceUnavailable)
    assert "certificate" in str(error)
    assert not is_passing(caught.value)


def test_a_private_peer_gets_no_request_over_tls_either(tls_server: TlsServer, certificate: tuple[Path, Path]) -> None:
    with tls_session(private=False, ca=certificate[0]) as caller, pytest.raises(AddressRefused):
        caller.get(tls_server.url)

    assert not any(tls_server.sent)


def test_a_file_of_certificates_that_is_none_is_a_fault_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")

    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(ConfigurationError):
            trust(tmp_path / name)
        with pytest.raises(ConfigurationError):
            trust(None, tmp_path / name)


def test_sources_share_their_trust_and_never_their_own_certificate(
    certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    ours = tmp_path / "ours.pem"
    ours.write_text(certificate[0].read_text() + certificate[1].read_text())

    assert trust(None) is trust(None)
    assert trust(None, ours) is not trust(None)


@given(st.text(), st.integers(1, 50))
def test_cleaned_text_is_short_and_harmless(text: str, limit: int) -> None:
    cleaned = clean(text, limit)

    assert len(cleaned) <= limit
    assert cleaned.isprintable()
