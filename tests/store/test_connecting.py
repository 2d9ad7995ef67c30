"""A PostgreSQL server that cannot be connected to: each reason has its own sentence and advice, and no password."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.errors import StoreMissing, StoreUnreachable
from core.store import engine
from core.store.engine import Store

PASSWORD = "hunter2"


@contextmanager
def a_server_that_says(code: str, sentence: str) -> Iterator[int]:
    """The port of a server that speaks PostgreSQL's protocol and turns everybody away with this code and sentence.

    https://www.postgresql.org/docs/current/protocol-message-formats.html
    """
    fields = b"".join(
        f"{kind}{value}".encode() + b"\0"
        for kind, value in zip("SVCM", ("FATAL", "FATAL", code, sentence), strict=True)
    )
    refusal = b"E" + struct.pack("!i", len(fields) + 5) + fields + b"\0"

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed: the test is over
                return
            with client:
                while (length := client.recv(4)) and struct.unpack("!i", client.recv(4))[0] == 80877103:
                    client.sendall(b"N")  # no TLS here
                if length:
                    client.recv(struct.unpack("!i", length)[0])
                    client.sendall(refusal)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def told(address: str) -> tuple[str, str]:
    """The sentence and the advice of what keeps us from opening the store; neither they nor their causes are secret."""
    with pytest.raises(StoreUnreachable) as caught:
        Store.open(address, create=True)
    error: BaseException | None = caught.value
    while error is not None:
        assert PASSWORD not in str(error)
        error = error.__cause__ or error.__context__
    assert PASSWORD not in caught.value.advice
    assert "\n" not in str(caught.value)
    return str(caught.value), caught.value.advice


@pytest.mark.parametrize(
    ("code", "said", "meaning", "advice"),
    [
        ("28P01", 'password authentication failed for user "planward"', "password of user planward", "password"),
        ("28000", 'role "planward" does not exist', "knows no user planward", "createuser"),
        ("28000", 'no pg_hba.conf entry for host "127.0.0.1", user "planward", no encryption', "let user", "pg_hba"),
        ("28000", 'role "planward" is not permitted to log in', "let user planward in", "pg_hba.conf"),
        ("3D000", 'database "erp" does not exist', "database erp on 127.0.0.1", "createdb"),
        ("53300", "sorry, too many clients already", "no more connections", "max_connections"),
        ("57P03", "the database system is starting up", "not ready yet", "Wait until the server is up"),
        ("XX000", "der Server hat heute Ruhetag", "der Server hat heute Ruhetag", "Check `store:`"),
    ],
)
def test_what_a_server_refuses_for_is_told_apart(code: str, said: str, meaning: str, advice: str) -> None:
    with a_server_that_says(code, said) as port:
        sentence, next_step = told(f"postgresql://planward:{PASSWORD}@127.0.0.1:{port}/erp")

    assert meaning in sentence
    assert advice in next_step


def test_a_server_that_repeats_the_password_is_not_repeated() -> None:
    address = f"postgresql://planward:{PASSWORD}@127.0.0.1:%d/erp"

    with a_server_that_says("XX000", f"I do not like {PASSWORD}") as port, pytest.raises(StoreUnreachable) as caught:
        Store.open(address % port)

    assert "I do not like ***" in str(caught.value)


def test_a_port_where_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    sentence, advice = told(f"postgresql://planward:{PASSWORD}@127.0.0.1:{port}/erp")

    assert "nothing listens there" in sentence
    assert "Start the server" in advice


def test_a_host_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    sentence, advice = told(f"postgresql://planward:{PASSWORD}@db.example.invalid/erp")

    assert "no address is known for this host" in sentence
    assert "db.example.invalid" in sentence
    assert "Correct the host" in advice


def test_a_server_without_tls_where_tls_is_asked_for() -> None:
    with a_server_that_says("28000", "unused") as port:
        sentence, advice = told(f"postgresql://planward:{PASSWORD}@127.0.0.1:{port}/erp?sslmode=require")

    assert "over TLS" in sentence
    assert "sslmode" in advice


def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CONNECT_SECONDS", 2)  # the least that psycopg waits
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        sentence, advice = told(f"postgresql://planward:{PASSWORD}@127.0.0.1:{port}/erp")

    assert "no answer came" in sentence
    assert "firewalls" in advice


def test_an_option_that_the_driver_does_not_know() -> None:
    sentence, advice = told(f"postgresql://planward@127.0.0.1:1/erp?nonsense={PASSWORD}")

    assert "an option that is not known" in sentence
    assert "`store:`" in advice


def test_a_real_server_tells_them_apart(server_url: str) -> None:
    host = server_url.rsplit("@", 1)[1]

    stranger, _ = told(f"postgresql://planward_stranger:{PASSWORD}@{host}")
    nowhere, _ = told(f"{server_url}_nowhere")

    assert "knows no user planward_stranger" in stranger
    assert "_nowhere on 127.0.0.1:" in nowhere
    assert nowhere.endswith("does not exist")
    with pytest.raises(StoreMissing):
        Store.open(f"{server_url.rsplit('/', 1)[0]}/postgres")
