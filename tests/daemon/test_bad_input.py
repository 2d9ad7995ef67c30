"""What goes wrong ends in one clear sentence with advice and the right exit code: no traceback, no secret."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.commands import COMMAND, ROOT, Answer, Workplace, story_now, workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, story_now()) as place:
        yield place


def expect(answer: Answer, code: int, *words: str) -> None:
    """The command failed with this code, and said these words."""
    said = " ".join((answer.err + answer.out).split())
    assert answer.code == code, said
    assert "Traceback" not in said
    for word in words:
        assert word in said


def rewrite(place: Workplace, old: str, new: str) -> None:
    text = place.config.read_text(encoding="utf-8")
    assert old in text
    place.config.write_text(text.replace(old, new), encoding="utf-8")


def test_a_wrong_token(place: Workplace) -> None:
    answer = place.planward("sync", JIRA_TOKEN="planted-and-wrong")

    expect(answer, 1, "acme-jira", "token")
    assert "planted-and-wrong" not in answer.err + answer.out


def test_a_token_that_is_not_set(place: Workplace) -> None:
    answer = place.planward("sync", JIRA_TOKEN="")

    expect(answer, 78, "JIRA_TOKEN")


def test_an_unreachable_host(place: Workplace) -> None:
    rewrite(place, place.jira.url, "http://127.0.0.1:9")

    expect(place.planward("sync"), 1, "acme-jira", "127.0.0.1", "the next cycle tries again")


def test_a_host_on_a_private_address_that_nobody_allowed(place: Workplace) -> None:
    rewrite(place, place.jira.url, "https://127.0.0.1:9")
    rewrite(place, "private_address: true", "private_address: false")

    expect(place.planward("sync"), 1, "private_address: true")


def test_a_missing_configuration(place: Workplace) -> None:
    place.config.unlink()

    expect(place.planward("check"), 78, "planward.yaml")


def test_a_missing_plan(place: Workplace) -> None:
    (place.folder / place.story.plan_file).unlink()

    expect(place.planward("sync"), 78, "planward.yaml:", place.story.plan_file)


def test_a_broken_plan(place: Workplace) -> None:
    plan = place.folder / place.story.plan_file
    plan.write_text(plan.read_text(encoding="utf-8").replace("milestones:", "mileston:", 1), encoding="utf-8")

    expect(place.planward("sync"), 78, f"{plan.name}:", "mileston", "did you mean `milestones`?")


def test_a_newer_schema(place: Workplace) -> None:
    assert place.planward("db", "upgrade").code == 0
    with sqlite3.connect(place.folder / "planward.db") as store:
        store.execute("UPDATE alembic_version SET version_num = '9999'")

    expect(place.planward("sync"), 1, "newer", "Install the newer Planward")


def test_a_file_that_is_no_database(place: Workplace) -> None:
    (place.folder / "planward.db").write_bytes(b"this is a letter to the finance department, " * 200)

    expect(place.planward("sync"), 1, "planward.db")


def test_a_command_before_there_is_a_database(place: Workplace) -> None:
    expect(place.planward("status"), 1, "planward sync")


def test_words_that_no_command_knows(place: Workplace) -> None:
    expect(place.planward("synchronise"), 2)
    assert place.planward("db", "upgrade").code == 0
    expect(place.planward("kpi", "--period", "March"), 2, "2026-03")
    expect(place.planward("kpi", "--as-of", "yesterday"), 2, "2026-03-31")
    expect(place.planward("kpi", "--evidence", "leed_time"), 2, "lead_time")
    expect(place.planward("sync", "--source", "acme-jria"), 2, "acme-jira")


def test_a_source_that_fails_harms_no_other(place: Workplace) -> None:
    text = place.config.read_text(encoding="utf-8")
    extra = text.split("sources:\n", 1)[1].split("people:", 1)[0].replace("acme-jira", "other-jira")
    extra = extra.replace(place.jira.url, "http://127.0.0.1:9")
    place.config.write_text(text.replace("people:", extra + "people:", 1), encoding="utf-8")

    answer = place.planward("sync", "--json")

    assert answer.code == 1
    told = answer.json
    assert told["sources"]["acme-jira"]["ok"]
    assert not told["sources"]["other-jira"]["ok"]
    assert told["sources"]["other-jira"]["error"]
    assert told["published"]["sent"] == 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 320 KiB; skipped where none can be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=320k", "tmpfs", str(disk)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk(place: Workplace, small_disk: Path) -> None:
    rewrite(place, "sqlite:///planward.db", f"sqlite:///{small_disk}/planward.db")

    full = place.planward("sync")
    subprocess.run(["mount", "-o", "remount,size=64m", str(small_disk)], check=True)
    again = place.planward("sync")

    expect(full, 1, "full", "Free some disk space")
    assert again.code == 0, again.err


def test_a_read_only_database(place: Workplace, small_disk: Path) -> None:
    rewrite(place, "sqlite:///planward.db", f"sqlite:///{small_disk}/planward.db")
    assert place.planward("db", "upgrade").code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    expect(place.planward("sync"), 1, "cannot be written", "write access")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{planward} findings | head -1; exit ${{PIPESTATUS[0]}}", 0),
        ("{planward} kpi --json > /dev/full", 1),
        ("{planward} findings > /dev/full", 1),
        ("{planward} status >&-", 0),
        ("PYTHONIOENCODING=ascii {planward} findings", 0),
    ],
)
def test_an_output_that_nobody_takes_ends_without_a_traceback(place: Workplace, line: str, code: int) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    assert place.planward("sync").code == 0

    done = subprocess.run(
        ["bash", "-c", line.format(planward=" ".join(COMMAND))],
        env=place.environment(PLANWARD_CONFIG=str(place.config)),
        cwd=place.folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_is_found_or_written_while_a_source_was_never_read(place: Workplace) -> None:
    rewrite(place, "- ERP\n", "- ERPX\n")

    synced = place.planward("sync", "--json")
    shown = place.planward("findings")

    assert synced.code == 1
    assert synced.json["projects"]["erp-upgrade"]["findings"] == 0
    assert synced.json["published"]["sent"] == 0
    assert place.writes() == []
    assert "acme-jira" in shown.out


def test_a_kind_of_source_that_is_not_read_yet_is_skipped_with_a_note(place: Workplace) -> None:
    rewrite(
        place,
        "people:",
        "  team:\n    kind: caldav\n    url: https://dav.example.com/team/\n    user: planward\n"
        "    password: {env: NOBODY_SET_IT}\npeople:",
    )

    checked, synced = place.planward("check"), place.planward("sync", "--json")

    expect(checked, 0, "does not read sources of kind caldav yet")
    assert synced.code == 0
    assert set(synced.json["sources"]) == {"acme-jira"}


def test_help_needs_no_configuration() -> None:
    done = subprocess.run(
        [*COMMAND, "--help"], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    for command in ("check", "sync", "status", "kpi", "findings", "publish", "plan", "db", "config"):
        assert command in done.stdout
