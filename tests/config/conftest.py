"""What the tests of the configuration share: the smallest file, and its problems without the folder's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.load import load
from config.plan import read_plan
from config.settings import Settings
from core.errors import ConfigurationError
from core.model import Plan

SMALLEST = """\
store: sqlite:///planward.db
sources:
  jira:
    kind: jira
    url: https://acme.example
    token: {env: JIRA_TOKEN}
    projects: [ERP]
projects:
  erp:
    name: ERP upgrade
    sources: [jira]
"""


class Desk:
    """A folder with configuration files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str | bytes, name: str = "planward.yaml") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def load(self, text: str | bytes) -> Settings:
        return load(self.write(text))

    def plan(self, text: str | bytes) -> Plan:
        return read_plan(self.write(text, "plan.yaml"))

    def problems(self, text: str | bytes) -> list[str]:
        """The problems of a configuration, each as `line:column: what; what instead`."""
        with pytest.raises(ConfigurationError) as caught:
            self.load(text)
        return [self.short(problem) for problem in caught.value.problems]

    def plan_problems(self, text: str | bytes) -> list[str]:
        with pytest.raises(ConfigurationError) as caught:
            self.plan(text)
        return [self.short(problem) for problem in caught.value.problems]

    def short(self, problem: str) -> str:
        text = problem.replace(f"{self.folder}/", "")
        for name in ("planward.yaml:", "plan.yaml:"):
            text = text.removeprefix(name)
        return text.strip()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def marked(text: str) -> tuple[str, str]:
    """The text without its mark `§`, and the `line:column` where the mark stood."""
    before, _, after = text.partition("§")
    lines = before.split("\n")
    return before + after, f"{len(lines)}:{len(lines[-1]) + 1}"
