"""The demonstration: `python -m tests.sandbox.demo`.

A stand-in Jira with the story of a system upgrade, the real command line against it, and what each step shows. At the
end everything is held against what is known to be true of the story. Exit code 0: all of it holds.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState, adf
from tests.sandbox.jira.model import Comment
from tests.sandbox.simulator.export import version_file, write_files
from tests.sandbox.simulator.story import Story
from tests.sandbox.simulator.truth import KPIS, Answer, Days

FOLDER = Path("demo")
TIMEOUT = 120


class Demo:
    """One run. `differences` are the sentences about what did not hold."""

    def __init__(self, story: Story, jira: JiraSandbox, folder: Path) -> None:
        self.story = story
        self.jira = jira
        self.folder = folder
        self.differences: list[str] = []
        self.writes_seen = 0

    # --- running ---

    def planward(self, *arguments: str, shown: bool = True, status: int = 0) -> str:
        """What a command printed. It is run as a user would, in its own process."""
        command = [*_program(), *arguments, "--config", str(self.folder / "planward.yaml")]
        environment = os.environ | {"JIRA_TOKEN": self.jira.token, "COLUMNS": "120", "NO_COLOR": "1"}
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
            self.differences.append(otherwise)

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
        heading("3  First cycle: pull, hold against the plan, measure, comment")
        self.first_cycle()
        heading("4  Findings")
        self.planward("findings")
        self.compare_findings()
        heading("5  KPIs of this month and of the one before")
        self.compare_kpis()
        heading(f"6  The comment that now stands on {self.story.status_item}")
        print(adf.to_text(with_dates(self.comment().body)) if self.ours() else "(none)")
        heading("7  Second cycle: nothing changed, nothing is sent")
        self.quiet_cycle()
        heading("8  Somebody finishes a task: the comment is edited, once")
        self.changed_cycle()
        heading("9  What is there, and what would still be sent")
        self.planward("status")
        self.planward("publish", "--diff")
        left = self.ask("publish", "--diff").get("published", {})
        self.equal("publications that stand as they should", (left.get("unchanged"), left.get("preview")), (1, 0))

    def approve(self) -> None:
        """Approve every version of the plan that was approved in the story, then leave the latest one in place."""
        plan = self.folder / self.story.plan_file
        for approval in self.story.approvals():
            shutil.copy(self.folder / version_file(self.story, approval.version), plan)
            day = self.story.hours.day_of(approval.at).isoformat()
            self.planward("plan", "approve", "--by", approval.by.email, "--why", approval.reason, "--on", day)
        shutil.copy(self.folder / version_file(self.story, self.story.plan.latest), plan)
        self.planward("plan", "diff")

    def first_cycle(self) -> None:
        """Everything arrives, and one comment is posted."""
        self.planward("sync")
        counts = self.jira.state.counts()
        held = self.ask("status").get("sources", {}).get("acme-jira", {})
        self.equal("items", held.get("items"), counts["issues"])
        self.equal("comments of ours after the first cycle", len(self.ours()), 1)
        self.equal("what the first cycle did to our comments", self.written(), ["posted"])

    def quiet_cycle(self) -> None:
        """A cycle over an unchanged tracker sends nothing."""
        before = self.ours()
        answer = self.ask("sync")
        print(told(answer))
        published = answer.get("published", {})
        self.equal("published by the second cycle", (published.get("sent"), published.get("failed")), (0, 0))
        self.equal("what the second cycle did to our comments", self.written(), [])
        self.hold(self.ours() == before, "the comment changed in the second cycle")

    def changed_cycle(self) -> None:
        """A change of one status edits the same comment once."""
        before = self.comment() if self.ours() else None
        key = self.story.transition_one(self.jira.state)
        print(f"({key} is done now)")
        answer = self.ask("sync")
        print(told(answer))
        self.equal("published by the third cycle", answer.get("published", {}).get("sent"), 1)
        self.equal("what the third cycle did to our comments", self.written(), ["edited"])
        self.hold(
            before is not None
            and [one.id for one in self.ours()] == [before.id]
            and self.comment().body != before.body,
            "the third cycle did not edit the same comment",
        )
        left = sorted(self.story.truth_now.findings["shadow_work"] - {key})
        self.equal("shadow work after the change", self.found().get("shadow_work"), left)

    # --- comparing ---

    def found(self) -> dict[str, list[str]]:
        """The subjects of the open findings by kind; items by their key."""
        kinds: dict[str, list[str]] = {}
        for row in self.ask("findings").get("findings", ()):
            kinds.setdefault(row["kind"], []).append(row["subject"].rpartition(":")[2])
        return {kind: sorted(subjects) for kind, subjects in kinds.items()}

    def compare_findings(self) -> None:
        """The findings are the true ones."""
        true = {kind: sorted(subjects) for kind, subjects in self.story.truth_now.findings.items() if subjects}
        self.equal("findings", self.found(), true)

    def compare_kpis(self) -> None:
        """The KPIs of two months are the true ones, down to the rows that they are made of."""
        truth = self.story.truth_now
        today = truth.today.isoformat()
        before = ["--period", f"{truth.previous_month[0]:%Y-%m}", "--as-of", today]
        for period, options in ((truth.month, []), (truth.previous_month, before)):
            self.planward("kpi", *options)
            for kpi in KPIS:
                if "/" not in kpi:
                    self.compare_kpi(kpi, period, self.ask("kpi", "--evidence", kpi, *options))

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

    # --- the tracker's side ---

    def ours(self, comments: Sequence[Comment] | None = None) -> tuple[Comment, ...]:
        """Our comments among these, by default among those that now stand on the status issue."""
        account = self.jira.state.service.email
        users = self.jira.state.users
        given = self.jira.state.comments(self.story.status_item) if comments is None else comments
        return tuple(one for one in given if one.author is not None and users[one.author].email == account)

    def comment(self) -> Comment:
        """The status comment."""
        return self.ours()[0]

    def written(self) -> list[str]:
        """What was done to our comments since this was asked last: posted, edited or deleted, each time that it was.

        Told from the issue's own past: requests that Jira refused (quiet edits are for administrators) changed nothing.
        """
        record = self.jira.state.records[self.jira.state.issue(self.story.status_item).id]
        stood = [self.ours(version.issue.comments) for version in record.versions if version.issue is not None]
        words = {-1: "deleted", 0: "edited", 1: "posted"}
        done = [words[len(after) - len(before)] for before, after in pairwise(stood) if before != after]
        seen, self.writes_seen = self.writes_seen, len(done)
        return done[seen:]


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n== {text}", flush=True)


def told(answer: Any) -> str:
    """A cycle's answer in a few lines."""
    lines = [
        f"{name}: {facts.get('items')} items, {facts.get('changes')} changes, {facts.get('requests')} requests"
        for name, facts in answer.get("sources", {}).items()
    ]
    written = answer.get("published", {})
    lines.append(f"comments: {written.get('sent')} sent, {written.get('unchanged')} unchanged")
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
    # The story ends a minute ago, so that what happens in the demonstration comes after it.
    now = datetime.now(UTC) - timedelta(minutes=1)
    story = Story("upgrade", now=now)
    state = JiraState(Clock(now + timedelta(minutes=1), running=True), zone=str(story.zone))
    story.fill(state)
    with JiraSandbox(state) as jira:
        write_files(story, folder, jira.url, secret=jira.token)
        (folder / "planward.yaml").write_text(
            story.config_yaml(jira.url, store=f"sqlite:///{folder / 'planward.db'}"), encoding="utf-8"
        )
        counts = state.counts()
        print(f"A stand-in Jira listens on {jira.url}: {counts['issues']} issues, {counts['changes']} changes.")
        print(f"Configuration, plan, database and true answers are in {folder}.")
        demo = Demo(story, jira, folder)
        demo.run()
    heading("Held against the truth")
    for difference in demo.differences:
        print(f"- {difference}")
    if demo.differences:
        print(f"{len(demo.differences)} things are not as they should be.")
        return 1
    print("Findings, KPIs and their evidence are the true ones; the comment was posted once and edited once.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
