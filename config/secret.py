"""Secrets by reference: where to find one, never the secret itself.

The configuration names a place (`{env: NAME}`, `{file: PATH}`, `{command: [...]}`, `{credential: NAME}`), and the
value is read each time it is needed, so that a rotated secret works without a restart and none stays in a settings
object that somebody may print.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from config.problems import SettingError
from config.values import FilePath, Text
from core.errors import SecretNotFound

MOST_BYTES = 64 * 1024
PATIENCE_S = 15.0
MOST_REMEMBERED = 500
SHORTEST_HIDDEN = 6
"""Characters. What is shorter would be hidden wherever it occurs by chance."""
ADVICE = "write a reference instead, like {env: NAME} or {file: PATH}, and keep the secret itself out of this file"


def text_or_reference(value: Any) -> str:
    """Which of the two is written where both may be: a text in the file itself, or a reference to one."""
    return "reference" if isinstance(value, (dict, Secret)) else "text"


_revealed: dict[str, None] = {}
"""What was revealed in this process, the latest last, so that no log repeats it."""
_CREDENTIALS = re.compile(r"(?i)\b((?:basic|bearer)\s+)[a-z0-9+/=_.~-]{16,}|([a-z+]{2,12}://[^\s/@:]*:)[^\s/@]+(?=@)")


_WEB_ADDRESS = re.compile(r"(?i)(?:https?|webcals?)://([^/?#]+(([^?#]*)[^#]*)).*")


def hidden(text: str) -> str:
    """The text with `***` for every secret that was revealed in this process, and for whatever looks like one."""
    for secret in sorted(_revealed.copy(), key=len, reverse=True):
        text = text.replace(secret, "***")
    return _CREDENTIALS.sub(r"\1\2***", text)


def _remember(secret: str) -> None:
    # By lines: a private key is not repeated as a whole. In an address it is written otherwise.
    for line in filter(None, map(str.strip, secret.splitlines())):
        for form in {line, quote(line, safe=""), *_parts_of_address(line)}:
            if len(form) >= SHORTEST_HIDDEN:
                _revealed.pop(form, None)
                _revealed[form] = None
    while len(_revealed) > MOST_REMEMBERED:
        _revealed.pop(next(iter(_revealed)), None)


def _parts_of_address(line: str) -> set[str]:
    """Of an address on the web: what is behind its scheme, since webcal: is called as https:, and its path."""
    address = _WEB_ADDRESS.fullmatch(line)
    if address is None:
        return set()
    parts = set(address.groups())
    return parts | {quote(part, safe="/?=&;:@!$'()*+,%~") for part in parts}


def _words_of(value: Any) -> Any:
    """A command's words, split as a shell would, without one being run."""
    if not isinstance(value, str):
        return value
    import shlex  # rarely needed

    try:
        return tuple(shlex.split(value))
    except ValueError:
        raise SettingError("a quote in this command is not closed; write it as a list of words") from None


Command = Annotated[
    tuple[Text, ...],
    Field(min_length=1),
    BeforeValidator(_words_of),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}),
]


class Secret(BaseModel):
    """Where a password, token or key is found: exactly one of `env`, `file`, `command` and `credential`."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    env: Annotated[Text | None, Field(description="Name of an environment variable.", examples=["JIRA_TOKEN"])] = None
    file: Annotated[
        FilePath | None,
        Field(description="A file, relative to this one. Mode 0600 is best.", examples=["/run/secrets/jira"]),
    ] = None
    command: Annotated[
        Command | None,
        Field(description="A program that prints it; run without a shell.", examples=["[pass, show, jira]"]),
    ] = None
    credential: Annotated[
        Text | None, Field(description="Name of a systemd credential (LoadCredential=).", examples=["jira-token"])
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _is_a_reference(cls, value: Any) -> Any:
        if not isinstance(value, (dict, Secret)):
            raise SettingError(f"a secret does not belong here; {ADVICE}")
        return value

    @model_validator(mode="after")
    def _is_one_place(self) -> Secret:
        if len(self.model_fields_set) != 1:
            raise SettingError(
                "one place is needed; write one of {env: NAME}, {file: PATH}, {command: [...]}, {credential: NAME}"
            )
        return self

    def __repr__(self) -> str:
        return f"Secret({self})"

    def __str__(self) -> str:
        """The reference. A command is cut to its program: its arguments may be delicate."""
        if self.command is not None:
            return f"command: {self.command[0]}"
        (place,) = self.model_fields_set
        return f"{place}: {getattr(self, place)}"

    def reveal(self) -> str:
        """The secret itself, read now, without the line end behind it.

        Raises SecretNotFound, which names the reference and never what was found there.
        """
        if self.env is not None:
            found = self._from_environment(self.env)
        elif self.command is not None:
            found = self._from_program(self.command)
        else:
            found = self._from_file(self._path())
        found = found.rstrip("\r\n")
        if not found.strip():
            raise self._missing("it is empty")
        if "\0" in found:
            raise self._missing("it holds a NUL byte")
        _remember(found)
        return found

    def note(self) -> str | None:
        """What is unwise about the place, or None: a file that every account of the machine may read."""
        if self.file is None:
            return None
        try:
            mode = self.file.stat().st_mode
        except (OSError, ValueError):
            return None
        if mode & stat.S_IROTH:
            return f"every account may read the secret in {self.file}; run chmod 600 on it"
        return None

    def _missing(self, why: str) -> SecretNotFound:
        return SecretNotFound(f"the secret {{{self}}} cannot be used: {why}")

    def _from_environment(self, name: str) -> str:
        found = os.environ.get(name)
        if found is None:
            raise self._missing("the environment variable is not set")
        return found

    def _path(self) -> Path:
        if self.file is not None:
            return self.file
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        if folder is None:
            raise self._missing("CREDENTIALS_DIRECTORY is not set, so no systemd credentials were passed")
        name = self.credential or ""
        if "/" in name or name in {".", ".."}:
            raise self._missing("a credential's name holds no `/`")
        return Path(folder) / name

    def _from_file(self, path: Path) -> str:
        try:
            if path.exists() and not path.is_file():
                raise self._missing("it is not a regular file")
            with path.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
        except FileNotFoundError:
            raise self._missing("there is no such file") from None
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
            raise self._missing(f"it cannot be read ({why})") from None
        return self._decoded(content)

    def _decoded(self, content: bytes) -> str:
        if len(content) > MOST_BYTES:
            raise self._missing(f"it is longer than {MOST_BYTES // 1024} KiB")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise self._missing("it is not UTF-8 text") from None

    def _from_program(self, words: tuple[str, ...]) -> str:
        import signal
        import subprocess

        try:
            # Its own session, so that what it started in turn can be ended with it.
            program = subprocess.Popen(  # noqa: S603 - the operator's own words, no shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # may repeat the secret
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
            raise self._missing(f"the program cannot be run ({why})") from None
        with program:
            try:
                content, _ = program.communicate(timeout=PATIENCE_S)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                raise self._missing(f"the program did not end within {PATIENCE_S:g} seconds") from None
        if program.returncode != 0:
            raise self._missing(f"the program ended with exit code {program.returncode}")
        return self._decoded(content)
