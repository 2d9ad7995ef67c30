"""`planward dashboard`: the projects' web pages, written to a folder or served on this machine."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

from config.load import load
from core import __version__
from core.daemon import numbers
from core.daemon.complaint import tell, tell_failure
from core.daemon.compose import project_jobs
from core.daemon.stopping import stopping
from core.daemon.terminal import json_text, print_json, say
from core.dashboard import files, page, reading, render
from core.dashboard.page import ProjectPage
from core.dashboard.site import INDEX
from core.document import messages
from core.errors import PlanwardError, UsageError
from core.projects import ProjectJob, capacities, status_inputs, unread
from core.store.engine import Store

LISTEN = "127.0.0.1:8080"
GRACE = 3
"""Seconds for the answers in hand when the server is stopped."""


def write(config: Path, folder: Path, *, project: str | None, as_json: bool) -> int:
    """Write every page into the folder, the one that leads to the others last."""
    settings = load(config)
    with Store.open(settings.store) as store:
        pages = Pages(store, _jobs(project_jobs(settings, project)), settings.language)
        written = [files.write(folder, name, pages.content(name)) for name in reversed(pages.names())]
    if as_json:
        print_json({"files": [str(path) for path in reversed(written)]})
    else:
        say(messages.say("line.pages.written", settings.language, file=str(written[-1]), n=len(written) - 1))
    return 0


def serve(config: Path, *, project: str | None, listen: str) -> int:
    """Serve the pages until SIGTERM or Ctrl-C."""
    import uvicorn

    from core.dashboard.site import Site

    settings = load(config)
    host, port = _address(listen)
    with (
        stopping("stopping after the answers in hand") as stop,
        Store.open(settings.store) as store,
        _listening(host, port) as listener,
    ):
        pages = Pages(store, _jobs(project_jobs(settings, project)), settings.language)
        site = Site(
            pages.content,
            hosts={"localhost", host, socket.gethostname(), socket.getfqdn()},
            tell=lambda error: tell_failure("dashboard", error),
        )
        server = uvicorn.Server(
            uvicorn.Config(
                site,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                proxy_headers=False,
                limit_concurrency=64,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=GRACE,
            )
        )
        bound, port, *_ = listener.getsockname()
        say(f"The pages are at http://{f'[{bound}]' if ':' in bound else bound}:{port}/ until you press Ctrl-C.")
        if not ip_address(bound).is_loopback:
            tell(f"Everybody who can reach {bound} can read them: there is no password and no encryption.")
        # In a thread of its own the server leaves the signals to us.
        thread = Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while thread.is_alive() and not stop.wait(0.2):
            pass
        server.should_exit = True
        thread.join()
        if not stop.is_set():
            raise PlanwardError("the server of the pages ended by itself")
    return 0


def _jobs(jobs: list[ProjectJob]) -> list[ProjectJob]:
    """The jobs. Raises UsageError where the page of one would stand in the place of the page of all."""
    if len(jobs) > 1 and any(job.id.casefold() == "index" for job in jobs):
        raise UsageError(
            "the page of the project `index` would take the place of the page of all projects",
            advice="Rename the project, or choose one with `--project`.",
        )
    return jobs


def _address(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"`{listen}` is no address to listen at", advice=f"Write it as {LISTEN} or [::1]:8080.")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, _, _, _, address = found[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        raise PlanwardError(
            f"nothing can listen at {host}, port {port}: {error.strerror}",
            advice="Choose another address with `--listen`.",
        ) from error


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of these projects by the names of their files, each made from the store when it is asked for."""

    store: Store
    jobs: Sequence[ProjectJob]
    language: str

    def names(self) -> list[str]:
        """The files that there are: `index.html`, and a page and its numbers for each project."""
        return [INDEX, *(f"{job.id}.{kind}" for job in self.jobs for kind in ("html", "json"))]

    def content(self, name: str) -> str:
        """What is in that file at present. Raises KeyError for a name that is not there, and StoreError."""
        if name == INDEX and len(self.jobs) != 1:
            return render.overview_page(
                [(f"{job.id}.html", self._page(job)) for job in self.jobs], self.language, version=__version__
            )
        for job in self.jobs:
            if name == f"{job.id}.json":
                return json_text(numbers.payload([(job, numbers.measured(self.store, job))]))
            if name in {INDEX, f"{job.id}.html"}:
                home = INDEX if len(self.jobs) > 1 else None
                return render.project_page(self._page(job), home=home, data=f"{job.id}.json", version=__version__)
        raise KeyError(name)

    def _page(self, job: ProjectJob) -> ProjectPage:
        now = datetime.now(UTC)
        shown = numbers.measured(self.store, job)
        with self.store.read() as connection:
            status = status_inputs(connection, job, shown.period, now)
            missing = unread(connection, job)
            if not missing:
                status = replace(status, measurements=shown.measurements)
            inputs = reading.read(
                connection,
                job.id,
                status,
                as_of=shown.at.astimezone(job.calendar.zone),
                today=job.calendar.day_of(now),
                capacity=capacities(connection, job, shown.period, shown.at),
                unread=missing,
            )
        return page.compose(inputs, job.language)
