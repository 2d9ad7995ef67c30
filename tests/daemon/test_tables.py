"""What people see: tables that fit their terminal, in their language and their time."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len

from core.cycle import Cycle
from core.daemon import checking, cycling, database, numbers, planning, showing, tables, terminal
from core.daemon.tables import SENTENCE, Column, print_table
from core.document.catalogue import COLUMNS, all_messages
from core.document.messages import date_text, template
from core.sync.drain import Drained
from tests.daemon.commands import COMMAND, Workplace, story_now, workplace

MODULES = (checking, cycling, database, numbers, planning, showing)
SHOWN = (["status"], ["findings"], ["kpi"], ["plan", "show"])
LONG = "the connection was cut before the answer was whole, for the third time in a row"
FAILED = (
    (Column("source"), Column("state"), Column("items", spare=True), Column("error", folds=SENTENCE)),
    [["acme-jira", "failed", "12", LONG]],
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """A workplace after its first cycle. What is done there must leave it as it is."""
    with workplace(tmp_path_factory.mktemp("place"), story_now()) as place:
        by = place.story.approvals()[0].by.email
        assert place.planward("plan", "approve", "--by", by, "--on", place.story.start.isoformat()).code == 0
        assert place.planward("sync").code == 0
        yield place


@contextmanager
def rewritten(place: Workplace, old: str, new: str) -> Iterator[None]:
    """The configuration with one thing changed, for a while."""
    text = place.config.read_text(encoding="utf-8")
    assert old in text
    place.config.write_text(text.replace(old, new), encoding="utf-8")
    try:
        yield
    finally:
        place.config.write_text(text, encoding="utf-8")


def on_terminal(place: Workplace, width: int, *words: str) -> list[str]:
    """The lines that a command prints on a terminal of that width, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    environment = {name: value for name, value in place.environment(TERM="xterm").items() if name != "COLUMNS"}
    process = subprocess.Popen(
        [*COMMAND, *words, "-c", str(place.config)],
        env=environment,
        cwd=place.folder,
        stdin=subprocess.DEVNULL,
        stdout=theirs,
    )
    os.close(theirs)
    printed = b""
    while True:
        try:
            more = os.read(ours, 65536)
        except OSError:  # the terminal is gone when the last program on it is
            break
        if not more:
            break
        printed += more
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.decode()).splitlines()


def drawn(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int | None) -> list[str]:
    """The lines of a table with a long cell on a terminal of that width; None for a file."""
    for module in (tables, terminal):
        monkeypatch.setattr(module, "room", lambda: width)
    columns, rows = FAILED
    print_table(None, columns, rows, "en")
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


# --- room ---


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_a_command_fits_its_terminal_and_cuts_no_word(place: Workplace, words: list[str]) -> None:
    unfolded = set(place.planward(*words).out.split())

    for width in (60, 80):
        lines = [line for line in on_terminal(place, width, *words) if not line.startswith("For want of room")]

        assert max(map(cell_len, lines)) <= width
        parts = {word for line in lines for word in line.split() if word.isascii()}  # Chinese may be cut anywhere
        assert parts <= unfolded


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_where_stdout_is_no_terminal_nothing_is_folded_or_left_out(place: Workplace, words: list[str]) -> None:
    wide, narrow = place.planward(*words, COLUMNS="400"), place.planward(*words, COLUMNS="40")

    without_seconds = [re.sub(r"\d\d:\d\d", "", answer.out) for answer in (wide, narrow)]
    assert without_seconds[0] == without_seconds[1]
    assert "want of room" not in narrow.out
    assert not [line for line in narrow.out.splitlines() if line != line.rstrip()]


def test_a_sentence_stands_on_one_line_in_a_file(place: Workplace) -> None:
    findings = place.planward("findings")

    for finding in place.planward("findings", "--json").json["findings"]:
        assert [line for line in findings.out.splitlines() if finding["subject"] in line and finding["detail"] in line]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_findings_of_several_projects_stand_under_the_name_of_theirs(place: Workplace, width: int) -> None:
    project = f"  {place.story.project}:\n"
    text = place.config.read_text(encoding="utf-8")
    block = text[text.index(project) :].split("    publish:\n", maxsplit=1)[0]
    with rewritten(place, project, block.replace(project, "  another-project:\n") + project):
        assert place.planward("sync").code == 0
        lines = on_terminal(place, width, "findings")
        told = place.planward("findings", "--json").json["findings"]

    for name in (place.story.project, "another-project"):
        count = len([one for one in told if one["project"] == name])
        assert count > 0
        assert f"{name}: open findings: {count}" in lines


def test_findings_speak_the_language_of_now(place: Workplace) -> None:
    english = {one["subject"]: one["detail"] for one in place.planward("findings", "--json").json["findings"]}
    with rewritten(place, "language: en", "language: zh-CN"):
        chinese = {one["subject"]: one["detail"] for one in place.planward("findings", "--json").json["findings"]}
        shown = place.planward("findings").out

    assert english.keys() == chinese.keys()
    assert [subject for subject in english if english[subject] == chinese[subject]] == []
    assert all(detail in shown for detail in chinese.values())


def test_the_end_of_a_day_is_said_as_people_say_it(place: Workplace) -> None:
    day = place.story.start + timedelta(days=40)

    english = place.planward("kpi", "--as-of", day.isoformat()).out
    with rewritten(place, "language: en", "language: zh-CN"):
        chinese = place.planward("kpi", "--as-of", day.isoformat()).out

    assert f"as of the end of {date_text(day, 'en')} (" in english
    assert f"截至 {date_text(day, 'zh-CN')}结束时（" in chinese


def test_a_period_is_not_asked_for_before_it_began(place: Workplace) -> None:
    day = place.story.start.replace(day=1) + timedelta(days=70)
    first = day.replace(day=1)
    before = first - timedelta(days=1)

    refused = place.planward("kpi", "--period", f"{first:%Y-%m}", "--as-of", before.isoformat())
    taken = place.planward("kpi", "--period", f"{first:%Y-%m}", "--as-of", first.isoformat())

    assert (refused.code, taken.code) == (2, 0)
    assert f"{first:%Y-%m} had not begun on {before}" in refused.err


def test_evidence_shows_weeks_as_people_write_them(place: Workplace) -> None:
    ended = (datetime.now(UTC).date().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    words = ("kpi", "--period", ended, "--evidence", "throughput")
    people, programs = place.planward(*words), place.planward(*words, "--json")

    (told,) = [one for one in programs.json["projects"][0]["kpis"] if one["id"] == "throughput"]
    numbers = [int(row["value"]) for row in told["evidence"] if row["value"] is not None]
    assert numbers
    for number in numbers:
        assert f"{number // 100}-W{number % 100:02}" in people.out
        assert str(number) not in people.out


def test_evidence_is_of_one_number_and_calls_things_by_their_names(place: Workplace) -> None:
    words = ("kpi", "--evidence", "problems_resolved_in_time")
    people, programs = place.planward(*words).out, place.planward(*words, "--json").json

    (told,) = [one for one in programs["projects"][0]["kpis"] if one["id"] == "problems_resolved_in_time"]
    titles = {key: place.jira.state.issue(key).summary for key in place.jira.state.ids_by_key}
    assert told["evidence"]
    for row in told["evidence"]:
        (line,) = [line for line in people.splitlines() if f" {row['key']} " in line]
        assert row["title"] == titles[row["key"]]
        assert row["title"] in line
        assert row["open_seconds"] > 0
    assert "open for" in people
    assert "Problems resolved" in people
    assert "Items finished per week" not in people
    assert "open for" not in place.planward("kpi", "--evidence", "lead_time").out


def test_evidence_of_the_plan_has_the_names_of_the_plan(place: Workplace) -> None:
    words = ("kpi", "--period", f"{place.story.start:%Y-%m}", "--evidence", "delivered_on_time")
    people, programs = place.planward(*words).out, place.planward(*words, "--json").json

    rows = next(one["evidence"] for one in programs["projects"][0]["kpis"] if one["id"] == "delivered_on_time")
    plan = place.story.plan
    named = {one.id: one.name for one in plan.deliverables} | {one.id: one.name for one in plan.milestones}
    assert rows
    assert all(row["title"] == named[row["key"]] and row["title"] in people for row in rows)
    assert {row["open_seconds"] for row in rows} <= {None}


def test_a_wide_terminal_shows_every_column(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(capsys, monkeypatch, 120)

    assert lines[0].split() == ["source", "state", "items", "error"]
    assert lines[2].endswith(LONG)


def test_a_narrower_one_folds_sentences_between_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(capsys, monkeypatch, 70)

    assert lines[0].split() == ["source", "state", "items", "error"]
    assert " ".join(" ".join(lines[2:]).split()) == f"acme-jira failed 12 {LONG}"
    assert max(map(len, lines)) <= 70


def test_then_columns_that_can_be_spared_are_left_out_and_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(capsys, monkeypatch, 55)

    assert lines[0].split() == ["source", "state", "error"]
    assert "For want of room without: items." in lines


def test_at_last_each_row_becomes_lines_with_everything_in_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = drawn(capsys, monkeypatch, 40)

    assert lines[:3] == ["source: acme-jira", "state: failed", "items: 12"]
    assert " ".join(lines[3:]).strip() == f"error: {LONG}"
    assert max(map(len, lines)) <= 40


# --- language ---


def test_every_heading_of_every_table_is_in_the_catalogue() -> None:
    used = {
        column.name
        for module in MODULES
        for columns in vars(module).values()
        if isinstance(columns, tuple)
        for column in columns
        if isinstance(column, Column)
    }

    assert used == set(COLUMNS)


@pytest.mark.parametrize(
    "key", [key for key in sorted(all_messages()) if key.startswith(("column.", "table.", "cell."))]
)
def test_every_word_of_the_tables_is_chinese_in_chinese(key: str) -> None:
    chinese = template(key, "zh-CN") or ""

    assert re.search(r"[\u4e00-\u9fff]", chinese) or key in {"table.line", "cell.of"}


@pytest.mark.parametrize(
    "words",
    [*SHOWN, ["kpi", "--evidence", "lead_time"], ["publish"], ["db", "info"], ["sync"], ["check", "--online"]],
    ids=" ".join,
)
def test_no_heading_is_english_where_the_configuration_is_chinese(place: Workplace, words: list[str]) -> None:
    english = {template(f"column.{name}", "en") or "" for name in COLUMNS}

    with rewritten(place, "language: en", "language: zh-CN"):
        lines = place.planward(*words).out.splitlines()

    headings = [line for line, under in pairwise(lines) if under.startswith("──")]
    assert headings
    for heading in headings:
        assert not english & set(re.split(r"\s{2,}", heading.strip())), heading
    if words == ["plan", "show"]:
        assert any("里程碑" in line for line in lines)
        assert "finished" not in "".join(lines)


# --- time ---


def test_people_read_their_own_time_and_programs_utc(place: Workplace) -> None:
    with rewritten(place, "timezone: Asia/Shanghai", "timezone: America/New_York"):
        people, programs = place.planward("status"), place.planward("status", "--json")

    read_at = programs.json["sources"]["acme-jira"]["last_success"]
    assert read_at.endswith("Z")
    local = datetime.fromisoformat(read_at).astimezone(ZoneInfo("America/New_York"))
    assert f"{local:%Y-%m-%d %H:%M}" in people.out
    assert "times in America/New_York" in people.out
    assert f"{local.astimezone(UTC):%Y-%m-%d %H:%M}" not in people.out


def test_a_cycle_tells_what_a_calendar_brought(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {"team-calendar": Drained(events=102, requests=1, started_at=datetime(2026, 3, 2, tzinfo=UTC))}
    for width, known in ((None, ["102", "0", "0", "0", "1+0", "0.0"]), (60, ["102", "0", "0"])):
        for module in (tables, terminal):
            monkeypatch.setattr(module, "room", lambda width=width: width)
        cycling.show(Cycle(sources=read), [], "en")

        lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
        (row,) = (line for line in lines if line.startswith("team-calendar"))
        assert row.split() == ["team-calendar", "yes", "0", *known]
        assert any(line.split()[:4] == ["source", "read", "items", "events"] for line in lines)
        assert width is None or max(map(cell_len, lines)) <= width


def test_sentences_beside_the_tables_are_chinese_where_the_configuration_is(place: Workplace) -> None:
    with rewritten(place, "language: en", "language: zh-CN"):
        plan, state = place.planward("plan", "show").out, place.planward("status").out
        pages = place.planward("dashboard", "-o", "pages").out

    assert "基线 1，由 " in plan
    assert "approved by" not in plan
    assert "服务：未运行。" in state
    assert "最新" in state
    assert "已更新" not in state
    assert "已写入" in pages
