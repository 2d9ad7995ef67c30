"""A story as files: configuration, plan versions, secret, true answers."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from tests.sandbox.simulator.story import Story
from tests.sandbox.simulator.truth import KPIS, Answer, Truth


def write_files(
    story: Story,
    folder: Path,
    url: str,
    *,
    secret: str,
    github: tuple[str, str] | None = None,
    calendar: str | None = None,
) -> list[Path]:
    """The files written: planward.yaml, the present plan, one a version, truth.json, environment.

    `github` is its address and token, `calendar` the secret address of the team's; what is None is not watched.
    """
    secrets = {"JIRA_TOKEN": secret}
    if github is not None:
        secrets["GITHUB_TOKEN"] = github[1]
    if calendar is not None:
        secrets["CALENDAR_URL"] = calendar
    files = {
        "planward.yaml": story.config_yaml(url, github=github and github[0], calendar=calendar is not None),
        story.plan_file: story.plan_yaml(),
        "truth.json": json.dumps(as_json(story.truth_now), ensure_ascii=False, indent=1),
        "environment": "".join(f"{name}={secret}\n" for name, secret in secrets.items()),
    }
    for version in range(1, story.plan.latest + 1):
        files[version_file(story, version)] = story.plan_yaml(version)
    paths = []
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def version_file(story: Story, version: int) -> str:
    """The path of one version of the plan, relative to the configuration."""
    return f"plans/{story.project}.v{version}.yaml"


def as_json(truth: Truth) -> dict[str, Any]:
    """The true answers for JSON: findings, KPIs of the present and the previous month, facts of every item."""
    return {
        "at": truth.at.isoformat(),
        "findings": {kind: sorted(subjects) for kind, subjects in truth.findings.items()},
        "causes": [[kind, subject, cause] for (kind, subject), cause in truth.causes.items()],
        "finished": {name: at.isoformat() for name, at in truth.finished.items()},
        "periods": [
            {
                "start": period[0].isoformat(),
                "end": period[1].isoformat(),
                "kpis": {kpi: _answer(truth.kpi(kpi, period)) for kpi in KPIS},
                "finished_by_week": {str(week): n for week, n in truth.finished_by_week(period).items()},
            }
            for period in (truth.previous_month, truth.month)
        ],
        "items": {
            key: {name: _plain(getattr(facts, name)) for name in facts.__slots__} for key, facts in truth.items.items()
        },
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "value": answer.value,
        "numerator": answer.numerator,
        "denominator": answer.denominator,
        "evidence": dict(answer.evidence),
        "excluded": {reason: sorted(keys) for reason, keys in answer.excluded.items()},
        "variants": dict(answer.variants),
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date | datetime) else value
