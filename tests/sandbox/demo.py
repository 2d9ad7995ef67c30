"""The demonstration: `python -m tests.sandbox.demo`.

Stand-ins for a Jira, a GitHub and a calendar with the story of a system upgrade, the real command line against them,
and what each step shows; then the story of a product launch in short. At the end everything is held against what is
known to be true of the stories. Exit code 0: all of it holds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.sandbox.clock import Clock
from tests.sandbox.github.model import Item
from tests.sandbox.github.primary import SERVICE_LOGIN
from tests.sandbox.jira import adf
from tests.sandbox.jira.model import Comment
from tests.sandbox.simulator.export import version_file
from tests.sandbox.simulator.servers import Servers, servers
from tests.sandbox.simulator.story import CALENDAR, GITHUB, SOURCE, Story, is_of_github
from tests.sandbox.simulator.truth import KPIS, Answer, Days

FOLDER = Path("demo")
TIMEOUT = 120
CAUSED = ("contradiction", "meeting_missing", "capacity_short")
"""Kinds of findings of which there are several causes."""


class Demo:
    """One run. `differences` are the sentences about what did not hold."""

    def __init__(self, tools: Servers, folder: Path) -> None:
        self.tools = tools
        self.story = tools.story
        self.folder = folder
        self.differences: list[str] = []
        self.comments_seen = 0
        self.issues_seen = 0

    # --- running ---

    def planward(self, *arguments: str, shown: bool = True, status: int = 0) -> str:
        """What a command printed. It is run as a user would, in its own process."""
        command = [*_program(), *arguments, "--config", str(self.folder / "planward.yaml")]
        environment = os.environ | self.tools.secrets | {"COLUMNS": "120", "NO_COLOR": "1"}
        if shown:
            print(f"$ planward {' '.join(arguments)}", flush=True)
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=TIMEOUT, check=False
        )
        if shown:
            print(done.stdout.rstrip(), flush=True)
        self.hold(done.returncode == status, f"`planward {' '.join(arguments)}` ended with {done.returncode}")
        if done.returncode != status:
            print(done.stderr.rstrip(), flush=True)
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """What a command answered as JSON, or an empty object when it did not."""
        text = self.planward(*arguments, "--json", shown=False)
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            self.hold(False, f"`planward {' '.join(arguments)} --json` printed no JSON")
            return {}

    def hold(self, right: bool, otherwise: str) -> None:
        """Remember what is wrong."""
        if not right:
            self.differences.append(f"{self.story.name}: {otherwise}")

    def equal(self, what: str, seen: object, true: object) -> None:
        """Remember what differs from the truth."""
        self.hold(seen == true, f"{what}: Planward says {seen}, true is {true}")

    # --- the parts ---

    def run(self) -> None:
        """All steps in order."""
        heading("1  Is the configuration right?")
        self.planward("check", "--online")
        heading("2  A database, and the two sign-offs of the plan")
        self.planward("db", "upgrade")
        self.approve()
        heading("3  First cycle: pull three tools, hold against the plan, measure, write back")
        self.planward("sync")
        self.compare_first_cycle()
        heading("4  Findings, within each tool and across them")
        self.planward("findings")
        self.compare_findings()
        heading("5  KPIs of this month and of the one before")
        self.compare_kpis()
        heading(f"6  The comment that now stands on {self.story.status_item} in Jira")
        print(adf.to_text(with_dates(self.comment().body)) if self.ours() else "(none)")
        heading("7  The dashboard issue that now stands on GitHub")
        for issue in self.dashboards():
            print(f"{self.tools.github.state.key(issue)}  {issue.title}\n\n{issue.body}")
        heading("8  The page to show to people")
        self.page()
        heading("9  Quiet cycle: nothing changed, one question a stream, nothing is sent")
        self.quiet_cycle()
        heading("10  Somebody finishes a task: comment and dashboard are edited, once")
        self.changed_cycle()
        heading("11  What is there, and what would still be sent")
        self.planward("status")
        self.planward("publish", "--diff")
        left = self.ask("publish", "--diff").get("published", {})
        self.equal("publications that stand as they should", (left.get("unchanged"), left.get("preview")), (2, 0))

    def run_in_short(self) -> None:
        """The same road without showing each step."""
        self.planward("db", "upgrade", shown=False)
        self.approve(shown=False)
        self.planward("sync")
        self.compare_first_cycle()
        self.planward("findings")
        self.compare_findings()
        self.compare_kpis(shown=False)
        self.quiet_cycle()

    def approve(self, *, shown: bool = True) -> None:
        """Approve every version of the plan that was approved in the story, then leave the latest one in place."""
        plan = self.folder / self.story.plan_file
        for approval in self.story.approvals():
            shutil.copy(self.folder / version_file(self.story, approval.version), plan)
            day = self.story.hours.day_of(approval.at).isoformat()
            words = ("--by", approval.by.email, "--why", approval.reason, "--on", day)
            self.planward("plan", "approve", *words, shown=shown)
        shutil.copy(self.folder / version_file(self.story, self.story.plan.latest), plan)
        self.planward("plan", "diff", shown=shown)

    def compare_first_cycle(self) -> None:
        """Everything arrived, one comment was posted and one issue opened."""
        held = self.ask("status").get("sources", {})
        there = {SOURCE: self.tools.jira.state.counts()["issues"], GITHUB: len(self.true_keys_on_github())}
        for source, count in there.items():
            self.equal(f"items of {source}", held.get(source, {}).get("items"), count)
        self.equal("whether the calendar was read", held.get(CALENDAR, {}).get("ok"), True)
        self.equal("comments of ours after the first cycle", len(self.ours()), 1)
        self.equal("what the first cycle did to our comments", self.written(), ["posted"])
        self.equal("issues of ours after the first cycle", len(self.dashboards()), 1)
        self.equal("what the first cycle wrote on GitHub", self.written_on_github(), ["POST"])

    def page(self) -> None:
        """The page of the project is written, and needs nobody else to be shown."""
        folder = self.folder / "pages"
        self.planward("dashboard", "-o", str(folder))
        written = sorted(folder.rglob("*.html"))
        self.equal("pages", sum(path.stem == self.story.project for path in written), 1)
        for path in written:
            print(f"{path}: {path.stat().st_size / 1024:.0f} KB")

    def quiet_cycle(self) -> None:
        """After a cycle that sees what we wrote ourselves, one that asks once a stream and writes nothing."""
        before, issues = self.ours(), [issue.body for issue in self.dashboards()]
        published = [self.ask("sync").get("published", {})]
        seen = self.requests()
        answer = self.ask("sync")
        print(told(answer))
        published.append(answer.get("published", {}))
        asked = {name: count - seen[name] for name, count in self.requests().items()}
        streams = {SOURCE: 1, GITHUB: len(self.story.setting.repositories), CALENDAR: 1}
        self.equal("requests of the quiet cycle", asked, streams)
        for one in published:
            self.equal("published by a quiet cycle", (one.get("sent"), one.get("failed")), (0, 0))
        self.equal("what the quiet cycles did to our comments", self.written(), [])
        self.equal("what the quiet cycles wrote on GitHub", self.written_on_github(), [])
        self.hold(self.ours() == before, "the comment changed in a quiet cycle")
        self.hold([issue.body for issue in self.dashboards()] == issues, "the dashboard changed in a quiet cycle")

    def changed_cycle(self) -> None:
        """A change of one status edits the same comment and the same issue once."""
        before, issues = self.ours(), [(issue.id, issue.body) for issue in self.dashboards()]
        key = self.story.transition_one(self.tools.jira.state)
        print(f"({key} is done now)")
        answer = self.ask("sync")
        print(told(answer))
        self.equal("published after the change", answer.get("published", {}).get("sent"), 2)
        self.equal("what was done to our comments after the change", self.written(), ["edited"])
        self.equal("what was written on GitHub after the change", self.written_on_github(), ["PATCH"])
        after = [(issue.id, issue.body) for issue in self.dashboards()]
        self.hold(
            [one.id for one in self.ours()] == [one.id for one in before]
            and [one.body for one in self.ours()] != [one.body for one in before],
            "the change did not edit the same comment",
        )
        self.hold(
            [one for one, _ in after] == [one for one, _ in issues] and after != issues,
            "the change did not edit the same issue",
        )
        left = sorted(self.story.truth_now.findings["shadow_work"] - {key})
        self.equal("shadow work after the change", self.found().get("shadow_work"), left)

    # --- comparing ---

    def found(self) -> dict[str, list[str]]:
        """The subjects of the open findings by kind; items by their key."""
        kinds: dict[str, list[str]] = {}
        for row in self.ask("findings").get("findings", ()):
            kinds.setdefault(row["kind"], []).append(_subject(row))
        return {kind: sorted(subjects) for kind, subjects in kinds.items()}

    def compare_findings(self) -> None:
        """The findings and their causes are the true ones."""
        rows = [row for row in self.ask("findings").get("findings", ()) if row["kind"] in CAUSED]
        causes = {(row["kind"], _subject(row)): row["facts"]["cause"] for row in rows}
        self.equal("causes", causes, self.story.truth_now.causes)
        true = {kind: sorted(subjects) for kind, subjects in self.story.truth_now.findings.items() if subjects}
        self.equal("findings", self.found(), true)

    def compare_kpis(self, *, shown: bool = True) -> None:
        """The KPIs of two months are the true ones, down to the rows that they are made of."""
        truth = self.story.truth_now
        today = truth.today.isoformat()
        before = ["--period", f"{truth.previous_month[0]:%Y-%m}", "--as-of", today]
        for period, options in ((truth.month, []), (truth.previous_month, before)):
            if shown:
                self.planward("kpi", *options)
            kpis = [kpi for kpi in KPIS if "/" not in kpi]
            with ThreadPoolExecutor(2) as pool:
                asked = [pool.submit(self.ask, "kpi", "--evidence", kpi, *options) for kpi in kpis]
            for kpi, answer in zip(kpis, asked, strict=True):
                self.compare_kpi(kpi, period, answer.result())

    def compare_kpi(self, kpi: str, period: Days, answer: Any) -> None:
        """One KPI of one period is the true one at the moment that the answer gives."""
        project = next(iter(answer.get("projects", ())), None)
        row = next((one for one in (project or {}).get("kpis", ()) if one["id"] == kpi), None)
        if project is None or row is None:
            self.hold(False, f"no answer about {kpi}")
            return
        at = datetime.fromisoformat(project["as_of"])
        self.equal(f"period of {kpi}", _days(project["period"]), period)
        true = self.story.truth(at, filled=self.story.now).kpi(kpi, period)
        about = f"{kpi} of {period[0]:%Y-%m}"
        self.equal(f"{about}, value", _round(row["value"]), _round(true.value))
        if true.denominator is not None:
            parts = (row["numerator"] or 0, row["denominator"] or 0)  # nothing to count is no 0 of 0 there
            self.equal(f"{about}, n / N", parts, (true.numerator, true.denominator))
        self.compare_rows(about, row, true)

    def compare_rows(self, about: str, row: Any, true: Answer) -> None:
        """The evidence of a KPI is the true one: the rows that count, and those left out with the reason."""
        counted = {one["key"]: _round(one["value"]) for one in row["evidence"] if one["value"] is not None}
        self.equal(f"{about}, evidence", counted, {key: _round(value) for key, value in true.evidence.items()})
        left_out: dict[str, set[str]] = {}
        for one in row["evidence"]:
            if one["value"] is None:
                left_out.setdefault(one["reason"], set()).add(one["key"])
        self.equal(f"{about}, left out", left_out, {reason: set(keys) for reason, keys in true.excluded.items()})

    # --- the tools' side ---

    def ours(self, comments: Sequence[Comment] | None = None) -> tuple[Comment, ...]:
        """Our comments among these, by default among those that now stand on the status issue."""
        account = self.tools.jira.state.service.email
        users = self.tools.jira.state.users
        given = self.tools.jira.state.comments(self.story.status_item) if comments is None else comments
        return tuple(one for one in given if one.author is not None and users[one.author].email == account)

    def comment(self) -> Comment:
        """The status comment."""
        return self.ours()[0]

    def written(self) -> list[str]:
        """What was done to our comments since this was asked last: posted, edited or deleted, each time that it was.

        Told from the issue's own past: requests that Jira refused (quiet edits are for administrators) changed nothing.
        """
        record = self.tools.jira.state.records[self.tools.jira.state.issue(self.story.status_item).id]
        stood = [self.ours(version.issue.comments) for version in record.versions if version.issue is not None]
        words = {-1: "deleted", 0: "edited", 1: "posted"}
        done = [words[len(after) - len(before)] for before, after in pairwise(stood) if before != after]
        seen, self.comments_seen = self.comments_seen, len(done)
        return done[seen:]

    def requests(self) -> dict[str, int]:
        """How many requests each source has answered."""
        return {
            SOURCE: len(self.tools.jira.requests),
            GITHUB: len(self.tools.github.requests),
            CALENDAR: len(self.tools.calendars.requests),
        }

    def dashboards(self) -> list[Item]:
        """Our issues on GitHub."""
        state = self.tools.github.state
        return [item for item in state.items.values() if item.author == state.account(SERVICE_LOGIN).id]

    def written_on_github(self) -> list[str]:
        """The methods of the requests that wrote on GitHub since this was asked last."""
        requests = self.tools.github.requests
        writes = [one.method for one in requests if one.method != "GET" and not one.path.endswith("/graphql")]
        seen, self.issues_seen = self.issues_seen, len(writes)
        return writes[seen:]

    def true_keys_on_github(self) -> list[str]:
        """The keys of the issues and pull requests of the story."""
        return [key for key in self.story.truth_now.items if is_of_github(key)]


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


def told(answer: Any) -> str:
    """A cycle's answer in a few lines."""
    lines = [
        f"{name}: {facts.get('items')} items, {facts.get('changes')} changes, {facts.get('events')} events,"
        f" {facts.get('requests')} requests"
        for name, facts in answer.get("sources", {}).items()
    ]
    written = answer.get("published", {})
    lines.append(f"written back: {written.get('sent')} sent, {written.get('unchanged')} unchanged")
    if not written.get("sent"):
        lines.append("Nothing was sent.")
    return "\n".join(lines)


def with_dates(node: dict[str, Any]) -> dict[str, Any]:
    """The ADF node with its dates as text, the way that Jira shows them."""
    if node.get("type") == "date":
        day = datetime.fromtimestamp(int(node["attrs"]["timestamp"]) / 1000, UTC).date()
        return {"type": "text", "text": day.isoformat()}
    return {**node, "content": [with_dates(child) for child in node["content"]]} if "content" in node else node


def _program() -> list[str]:
    script = Path(sys.executable).with_name("planward")
    return [str(script)] if script.exists() else [sys.executable, "-c", "from core.daemon.command import main; main()"]


def _subject(row: Any) -> str:
    return str(row["subject"]).rpartition(":")[2]


def _days(period: Any) -> Days:
    return date.fromisoformat(period["start"]), date.fromisoformat(period["end"])


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def prepare(folder: Path) -> Path:
    """The folder, emptied of an earlier demonstration. Raises FileExistsError when it holds anything else."""
    if (folder / "planward.yaml").exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} holds something else; move it away")
    return folder.resolve()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it: 0 when everything held. The only argument is the folder to write into."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    folder = prepare(Path(given[0]) if given else FOLDER)
    # The stories end a minute ago, so that what happens in the demonstration comes after it.
    now = datetime.now(UTC) - timedelta(minutes=1)
    differences: list[str] = []
    with placed(Story("upgrade", now=now), folder) as demo:
        demo.run()
        differences += demo.differences
    heading("12  The other story, a product launch, in short")
    with placed(Story("launch", now=now), folder / "launch") as demo:
        demo.run_in_short()
        differences += demo.differences
    heading("Held against the truth")
    for difference in differences:
        print(f"- {difference}")
    if differences:
        print(f"{len(differences)} things are not as they should be.")
        return 1
    print(
        "Findings within and across the tools, KPIs and their evidence are the true ones of both stories; comment and"
        " dashboard were written once and edited once."
    )
    return 0


@contextmanager
def placed(story: Story, folder: Path) -> Iterator[Demo]:
    """A demonstration of a story in a folder, with its tools."""
    with servers(story, Clock(story.now + timedelta(minutes=1), running=True)) as tools:
        tools.write_files(folder)
        counts = tools.jira.state.counts()
        print(f"A stand-in Jira listens on {tools.jira.url}: {counts['issues']} issues, {counts['changes']} changes.")
        github = tools.github.state
        pulls = sum(item.pull is not None for item in github.items.values())
        print(
            f"A stand-in GitHub listens on {tools.github.url}: {len(github.repositories)} repositories,"
            f" {len(github.items) - pulls} issues, {pulls} pull requests."
        )
        entries = sum(len(calendar.entries) for calendar in tools.calendars.state.calendars.values())
        print(f"A stand-in calendar listens on {tools.calendars.url}: {entries} entries, at a secret address.")
        print(f"Configuration, plan, database and true answers are in {folder}.")
        yield Demo(tools, folder)


if __name__ == "__main__":
    sys.exit(main())
