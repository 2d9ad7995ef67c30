"""`planward run` in a process of its own, with all that it says: its log, its pages, and what it tells its manager."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from tests.daemon.commands import COMMAND, Workplace

PATIENCE = 60.0
"""Seconds after which what should have happened has not."""

Found = TypeVar("Found")


def free_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], Found | None], patience: float = PATIENCE) -> Found:
    """What is found, as soon as there is something."""
    until = time.monotonic() + patience
    while not (found := look()):
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)
    return found


class Service:
    """The running service of a workplace."""

    def __init__(self, place: Workplace, process: subprocess.Popen[str], port: int, log: Path) -> None:
        self.place = place
        self.process = process
        self.port = port
        self._log = log

    def log(self, event: str | None = None, **where: Any) -> list[dict[str, Any]]:
        """The lines of the log, or those of this event whose values are these."""
        text = self._log.read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]
        wanted = where if event is None else {"event": event, **where}
        return [line for line in lines if all(line.get(name) == value for name, value in wanted.items())]

    def wait_for(self, event: str, *, times: int = 1, **where: Any) -> dict[str, Any]:
        """The line of that event, once it was logged so often."""
        found: list[dict[str, Any]] = eventually(
            lambda: lines if len(lines := self.log(event, **where)) >= times else None
        )
        return found[-1]

    def get(self, page: str, host: str | None = None) -> tuple[int, str]:
        """Status and body of a page."""
        request = Request(f"http://127.0.0.1:{self.port}{page}", headers={} if host is None else {"Host": host})
        try:
            with urlopen(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def is_up(self) -> bool:
        """Whether the pages answer."""
        try:
            return self.get("/healthz")[0] == 200
        except URLError:
            assert self.process.poll() is None, self._log.read_text(encoding="utf-8")
            return False

    def metrics(self) -> dict[str, float]:
        """The metrics, by name with labels."""
        lines = self.get("/metrics")[1].splitlines()
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    def rewrite(self, old: str, new: str) -> None:
        """Change the configuration; it is not read by that."""
        text = self.place.config.read_text(encoding="utf-8")
        assert old in text
        self.place.config.write_text(text.replace(old, new), encoding="utf-8")

    def reload(self) -> None:
        """Have it read the configuration."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self, number: int = signal.SIGTERM) -> float:
        """The seconds that it took to stop, which it did well."""
        begun = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(timeout=30) == 0
        return time.monotonic() - begun


@contextmanager
def service(place: Workplace, *, up: bool = True, **environment: str) -> Iterator[Service]:
    """The service while the context lasts, as the workplace's configuration has it."""
    port, log = free_port(), place.folder / "log.jsonl"
    text = place.config.read_text(encoding="utf-8")
    if "\nhttp:" not in text:
        place.config.write_text(f"{text}\nhttp: {{listen: '127.0.0.1:{port}'}}\n", encoding="utf-8")
    else:
        port = int(text.partition("listen: '127.0.0.1:")[2].partition("'")[0])
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(
            [*COMMAND, "run", "--log-format", "json", "-c", str(place.config)],
            env=place.environment(**environment),
            cwd=place.folder,
            stdout=subprocess.DEVNULL,
            stderr=written,
            text=True,
        )
    running = Service(place, process, port, log)
    try:
        if up:
            eventually(running.is_up)
        yield running
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
