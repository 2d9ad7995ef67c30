"""The real service: it starts, tells how it is, takes a new configuration or refuses it, and stops in time."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.commands import Workplace, story_now, workplace
from tests.daemon.service import Service, service
from tests.sandbox.server import Request


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


@pytest.fixture
def running(place: Workplace) -> Iterator[Service]:
    with service(place) as running:
        yield running


def often(place: Workplace) -> None:
    """Have the source read every second, which the tick makes every few."""
    text = place.config.read_text(encoding="utf-8")
    place.config.write_text(text.replace("    kind: jira\n", "    kind: jira\n    every: 1s\n"), encoding="utf-8")


def test_it_reads_holds_and_writes_back_and_says_the_same_everywhere(running: Service) -> None:
    place = running.place
    assert running.wait_for("written back")["result"] == "sent"
    read = running.wait_for("read")

    assert (read["source"], read["error"]) == ("acme-jira", None)
    assert min(read["items"], read["requests"], read["seconds"]) > 0
    assert len(place.ours()) == 1
    assert json.loads(running.get("/readyz")[1]) == {"ready": True, "store": None, "unread": []}
    metrics = running.metrics()
    (project,) = place.planward("kpi", "--json").json["projects"]
    assert project["kpis"]
    for kpi in project["kpis"]:
        labels = f'{{kpi="{kpi["id"]}",project="{project["project"]}"}}'
        assert metrics.get(f"planward_kpi_value{labels}") == pytest.approx(kpi["value"])
        assert metrics.get(f"planward_kpi_target{labels}") == pytest.approx(kpi["target"])
        assert metrics[f"planward_kpi_sample{labels}"] == kpi["sample"]
    found = [one["kind"] for one in place.planward("findings", "--json").json["findings"]]
    counted = {name.split('"')[1]: value for name, value in metrics.items() if name.startswith("planward_findings{")}
    assert counted == {kind: found.count(kind) for kind in found}
    assert metrics['planward_outbox{state="sent"}'] == 1
    assert metrics['planward_source_items_total{source="acme-jira"}'] == read["items"]
    assert metrics['planward_source_freshness_seconds{source="acme-jira"}'] < 60
    status = place.planward("status", "--json").json
    since = datetime.fromisoformat(status["daemon"].pop("since"))
    assert status["daemon"] == {"running": True, "refused": None}
    assert timedelta() < datetime.now(UTC) - since < timedelta(minutes=5)
    told = place.planward("status").out
    assert f"Service: running since {since.astimezone(place.story.zone):%Y-%m-%d %H:%M} ({place.story.zone})." in told
    assert status["sources"]["acme-jira"]["ok"] is True

    assert running.stop() < 5

    assert place.planward("status", "--json").json["daemon"] == {"running": False, "since": None, "refused": None}
    assert "Service: not running." in place.planward("status").out
    assert running.log()[-1]["event"] == "stopped"


def test_it_reads_again_and_writes_nothing_twice(place: Workplace) -> None:
    often(place)
    with service(place) as running:
        running.wait_for("read", times=3)
        running.stop()

    assert len(place.writes()) == 1


def test_who_asks_by_another_name_learns_nothing(running: Service) -> None:
    assert running.get("/metrics", host="rebound.example")[0] == 421
    assert running.get("/metrics", host=f"127.0.0.1.rebound.example:{running.port}")[0] == 421
    assert running.get("/metrics", host="[::1")[0] == 421
    assert running.get("/metrics", host=f"localhost:{running.port}")[0] == 200
    assert running.get("/metrics", host="[::1]:8321")[0] == 200
    assert running.get("/nothing")[0] == 404


def test_a_second_one_on_the_same_store_refuses(running: Service) -> None:
    answer = running.place.planward("run")

    assert answer.code == 1
    assert "another `planward run` works on this store already" in answer.err
    assert "Traceback" not in answer.err


def test_a_bad_file_is_refused_with_all_problems_and_a_good_one_taken(running: Service) -> None:
    place = running.place
    good = place.config.read_text(encoding="utf-8")
    running.wait_for("written back")

    place.config.write_text(good.replace("kind: jira", "kind: gira").replace("timezone:", "timzone:"), "utf-8")
    running.reload()
    running.wait_for("refused; the one before stays in force", times=2)

    problems = json.loads(running.get("/healthz")[1])["configuration"]["problems"]
    assert len(problems) >= 2
    assert running.metrics()["planward_configuration_refused"] == 1
    # Commands read the file themselves, and it is wrong; `status` tells once it can be read.
    place.config.write_text(good, encoding="utf-8")
    told = place.planward("status", "--json").json["daemon"]["refused"]
    assert told["problems"] == problems
    said = place.planward("status").out
    assert "timzone" in said
    assert "Service: running since" in said

    running.rewrite("kind: jira\n", "kind: jira\n    every: 1s\n")
    before = len(running.log("read"))
    running.reload()
    running.wait_for("configuration read anew")

    running.wait_for("read", times=before + 2)
    assert json.loads(running.get("/healthz")[1])["configuration"]["problems"] == []
    assert place.planward("status", "--json").json["daemon"]["refused"] is None


@pytest.mark.parametrize(
    ("number", "method", "cut_off"),
    # What only asks is broken off by itself; what might change something is waited for until the process ends.
    [(signal.SIGTERM, "GET", None), (signal.SIGINT, "POST", ["acme-jira"])],
)
def test_a_tracker_that_does_not_answer_holds_up_no_stop(
    place: Workplace, number: int, method: str, cut_off: list[str] | None
) -> None:
    asked = threading.Event()

    def hangs(request: Request) -> bool:
        if request.method == method:
            asked.set()
        return request.method == method

    place.jira.faults.add(what="delay", where=hangs, seconds=40, times=None)
    with service(place) as running:
        assert asked.wait(30)
        assert running.get("/healthz")[0] == 200
        assert json.loads(running.get("/readyz")[1])["unread"] == ["acme-jira"]

        assert running.stop(number) < 10

        assert running.log()[-1].get("cut_off") == cut_off
    place.jira.faults.clear()
    assert place.planward("db", "check").code == 0
    assert place.planward("sync").code == 0


def test_it_starts_while_the_tracker_is_down_and_tells_so(place: Workplace) -> None:
    place.jira.faults.add(what="html_login_200", times=None)
    with service(place) as running:
        read = running.wait_for("read", level="error")
        assert running.get("/healthz")[0] == 200
        assert running.get("/readyz")[0] == 503
        assert running.metrics()['planward_source_errors_total{source="acme-jira"}'] == 1
        assert read["error"] in place.planward("status").out.replace("\n", " ")

        place.jira.faults.clear()
        running.reload()  # asks at once what failed

        running.wait_for("written back")
        assert running.get("/readyz")[0] == 200


def test_no_secret_and_no_control_character_gets_into_the_log(place: Workplace) -> None:
    token = place.jira.token
    body = json.dumps({"errorMessages": [f"no \u001b[31m{token}\r\n Basic dXNlcjp0b2tlbnRva2VudG9rZW4="]}).encode()
    place.jira.faults.add(what="status", code=400, body=body, times=None)
    with service(place) as running:
        read = running.wait_for("read", level="error")
        text = (place.folder / "log.jsonl").read_text(encoding="utf-8")

    assert "***" in read["error"]
    assert token not in text
    assert "dXNlcjp0b2tlbnRva2VudG9rZW4=" not in text
    assert "\\u001b" not in text


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told_what_happens(place: Workplace, tmp_path: Path, abstract: bool) -> None:
    name = f"planward-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}" if abstract else name)
        manager.settimeout(30)

        def hear(what: str) -> dict[str, str]:
            while True:
                told = dict(line.split("=", 1) for line in manager.recv(4096).decode().splitlines())
                if what in told:
                    return told

        with service(place, NOTIFY_SOCKET=f"@{name}" if abstract else name) as running:
            assert "STATUS" in hear("READY")
            assert hear("WATCHDOG")["WATCHDOG"] == "1"
            running.wait_for("written back")
            assert hear("STATUS")["STATUS"] == "1 of 1 sources well"

            running.reload()

            assert int(hear("RELOADING")["MONOTONIC_USEC"]) > 0
            assert hear("READY")["READY"] == "1"

            running.stop()

            assert hear("STOPPING")["STOPPING"] == "1"


def test_an_address_in_use_is_said_in_a_sentence(place: Workplace) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with place.config.open("a", encoding="utf-8") as config:
            config.write(f"\nhttp: {{listen: '127.0.0.1:{port}'}}\n")

        answer = place.planward("run")

    assert answer.code == 1
    assert f"127.0.0.1:{port} cannot be listened on" in answer.err
    assert "Traceback" not in answer.err


def test_it_need_not_listen_at_all(place: Workplace) -> None:
    with place.config.open("a", encoding="utf-8") as config:
        config.write("\nhttp: off\n# listen: '127.0.0.1:0'\n")

    with service(place, up=False) as running:
        running.wait_for("written back")
        assert running.stop() < 5


def test_a_wrong_file_ends_it_with_the_code_that_is_not_restarted(place: Workplace) -> None:
    place.config.write_text("store: nonsense\n", encoding="utf-8")

    assert place.planward("run").code == 78


def test_a_store_that_goes_away_is_told_and_taken_up_again(tmp_path: Path, postgres_url: str) -> None:
    import psycopg

    def admit(wanted: bool) -> None:
        server, _, name = postgres_url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {wanted}')
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))

    with workplace(tmp_path, story_now(), postgres_url) as place:
        often(place)
        with service(place) as running:
            running.wait_for("written back")

            admit(False)
            running.wait_for("the store cannot be asked what is due")

            assert running.get("/readyz")[0] == 503
            assert running.get("/healthz")[0] == 200
            before = len(running.log("read", level="info"))

            admit(True)
            running.wait_for("read", level="info", times=before + 1)

            assert running.get("/readyz")[0] == 200
            assert "Traceback" not in (place.folder / "log.jsonl").read_text(encoding="utf-8")
            assert running.stop() < 10
