"""A secret is read where the configuration points, and shows itself nowhere."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from config import secret as room
from config.secret import Secret, hidden
from core.errors import SecretNotFound
from tests.config.conftest import SMALLEST, Desk

CONTENT = "hunter2-correct-horse"


def printed(text: str) -> Secret:
    return Secret(command=(sys.executable, "-c", f"print({text!r})"))


def test_a_secret_is_read_from_each_kind_of_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(CONTENT + "\r\n")
    monkeypatch.setenv("TOKEN", CONTENT)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))

    secrets = [Secret(env="TOKEN"), Secret(file=tmp_path / "token"), printed(CONTENT), Secret(credential="token")]

    assert [secret.reveal() for secret in secrets] == [CONTENT] * 4


def test_a_rotated_secret_is_read_anew(tmp_path: Path) -> None:
    secret = Secret(file=tmp_path / "token")

    (tmp_path / "token").write_text("old")
    before = secret.reveal()
    (tmp_path / "token").write_text("new")

    assert (before, secret.reveal()) == ("old", "new")


def test_only_the_line_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", " pass word \n")

    assert Secret(env="TOKEN").reveal() == " pass word "


def test_a_file_is_meant_from_the_folder_of_the_configuration(desk: Desk) -> None:
    desk.write(CONTENT, "secrets/token")

    settings = desk.load(SMALLEST.replace("{env: JIRA_TOKEN}", "{file: secrets/token}"))

    assert [secret.reveal() for _, secret in settings.secrets()] == [CONTENT]


def test_a_command_written_as_one_text_is_split_without_a_shell(desk: Desk) -> None:
    text = SMALLEST.replace("{env: JIRA_TOKEN}", """{command: 'printf "%s" "$HOME; a b"'}""")

    ((_, secret),) = desk.load(text).secrets()

    assert secret.command == ("printf", "%s", "$HOME; a b")
    assert secret.reveal() == "$HOME; a b"


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        (
            Secret(env="NO_SUCH_TOKEN"),
            "the secret {env: NO_SUCH_TOKEN} cannot be used: the environment variable is not set",
        ),
        (Secret(file=Path("/no/such")), "the secret {file: /no/such} cannot be used: there is no such file"),
        (Secret(file=Path("/dev/zero")), "the secret {file: /dev/zero} cannot be used: it is not a regular file"),
        (
            Secret(file=Path("/tmp\0")),
            "the secret {file: /tmp\0} cannot be used: it cannot be read (its name is not valid)",
        ),
        (
            Secret(credential="token"),
            (
                "the secret {credential: token} cannot be used: CREDENTIALS_DIRECTORY is not set, "
                "so no systemd credentials were passed"
            ),
        ),
        (
            Secret(command=("/no/program", CONTENT)),
            "the secret {command: /no/program} cannot be used: the program cannot be run (No such file or directory)",
        ),
        (
            Secret(command=("/bin/sh", "-c", f"echo {CONTENT}; echo {CONTENT} >&2; exit 3")),
            "the secret {command: /bin/sh} cannot be used: the program ended with exit code 3",
        ),
        (Secret(command=("true",)), "the secret {command: true} cannot be used: it is empty"),
        (Secret(command=("printf", "a\\000b")), "the secret {command: printf} cannot be used: it holds a NUL byte"),
        (Secret(command=("printf", "\\377\\376")), "the secret {command: printf} cannot be used: it is not UTF-8 text"),
    ],
)
def test_a_secret_that_cannot_be_used_names_its_place_and_nothing_of_it(
    secret: Secret, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)

    with pytest.raises(SecretNotFound) as caught:
        secret.reveal()

    assert str(caught.value) == words
    assert caught.value.exit_code == 78
    assert CONTENT not in words


@pytest.mark.parametrize("name", ["../token", "..", "."])
def test_a_credential_does_not_leave_its_folder(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text(CONTENT)
    (tmp_path / "credentials").mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))

    with pytest.raises(SecretNotFound, match="holds no `/`"):
        Secret(credential=name).reveal()


def test_an_empty_or_endless_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "long").write_text("x" * 70_000)

    with pytest.raises(SecretNotFound, match="it is empty"):
        Secret(file=tmp_path / "empty").reveal()
    with pytest.raises(SecretNotFound, match="it is longer than 64 KiB"):
        Secret(file=tmp_path / "long").reveal()


def test_a_program_that_hangs_is_ended_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE_S", 0.3)
    secret = Secret(command=("/bin/sh", "-c", "sleep 60 & sleep 60"))
    started = time.monotonic()

    with pytest.raises(SecretNotFound, match=r"the program did not end within 0\.3 seconds"):
        secret.reveal()

    assert time.monotonic() - started < 10


def test_a_secret_is_not_part_of_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", CONTENT)
    secret = Secret(env="TOKEN")

    secret.reveal()

    assert repr(secret) == "Secret(env: TOKEN)"
    assert CONTENT not in f"{secret} {secret!r} {secret.model_dump()} {vars(secret)}"


@pytest.mark.parametrize(
    "said",
    [
        "webcal://cal.example/private-7f3a91/basic.ics?key=c0ffee",
        "https://cal.example/private-7f3a91/basic.ics?key=c0ffee",
        "//cal.example/private-7f3a91/basic.ics?key=c0ffee",
        "/private-7f3a91/basic.ics?key=c0ffee",
    ],
)
def test_a_secret_address_is_hidden_however_it_is_called(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED", "webcal://cal.example/private-7f3a91/basic.ics?key=c0ffee")

    Secret(env="FEED").reveal()

    for text in (f"GET {said} failed", f"GET {said}"):
        assert "7f3a91" not in hidden(text)
        assert "c0ffee" not in hidden(text)
    assert hidden("cal.example is away") == "cal.example is away"


def test_the_path_of_an_address_is_hidden_as_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEED", "https://cal.example/geheim für alle/7f3a91.ics")

    Secret(env="FEED").reveal()

    assert hidden("GET /geheim%20f%C3%BCr%20alle/7f3a91.ics") == "GET ***"


def test_a_file_that_everybody_may_read_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(CONTENT)

    path.chmod(0o644)
    note = Secret(file=path).note()
    path.chmod(0o600)

    assert note == f"every account may read the secret in {path}; run chmod 600 on it"
    assert Secret(file=path).note() is None
    assert Secret(env="TOKEN").note() is None
    assert Secret(file=tmp_path / "absent").note() is None
