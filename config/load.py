"""The configuration file read, checked and explained: all problems at once, each with its place."""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import singledispatch
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from config.explain import validate
from config.marked import Node, read
from config.plan import PlanFile, examine
from config.problems import Problem, ordered
from config.references import check
from config.secret import Secret
from config.settings import Settings
from config.values import SECONDS, WEEKDAYS
from core.errors import ConfigurationError
from core.model import Plan

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def load(path: Path) -> Settings:
    """The settings that the file holds, with the plans that it points to.

    No secret is read. Raises ConfigurationError with the problems of the file and of all plan files.
    """
    root, problems = read(path)
    problems.extend(check(root, path))
    plans = _plans(root, path, problems)
    settings = validate(Settings, root, path, {"plans": plans}, problems)
    if settings is None or problems:
        raise ConfigurationError(ordered(problems))
    return settings


def _plans(root: Node, path: Path, problems: list[Problem]) -> dict[str, Plan]:
    people = [text for person in root.get("people").entries if (text := person.get("email").text)]
    read_already: dict[Path, Plan | None] = {}
    plans: dict[str, Plan] = {}
    for project, settings in root.get("projects").settings.items():
        name = settings.get("plan")
        if not name.text or not name.text.strip():
            continue
        file = path.parent / name.text.strip()
        if file not in read_already:
            read_already[file] = _plan(file, people, path, name, problems)
        plan = read_already[file]
        if plan is not None:
            plans[project] = plan
    return plans


def _plan(file: Path, people: list[str], path: Path, name: Node, problems: list[Problem]) -> Plan | None:
    try:
        plan, found = examine(file, people)
    except ConfigurationError as error:
        problems.append(Problem(path, name.place, f"the plan cannot be read: {error.problems[0]}"))
        return None
    problems.extend(found)
    return plan


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the configuration file, for editors."""
    return _schema(Settings, "planward.yaml")


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a plan file, for editors."""
    return _schema(PlanFile, "Planward plan")


def _schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    return {"$schema": DRAFT, **_without_null(model.model_json_schema()), "title": title}


def _without_null(schema: Any) -> Any:
    """The schema without the null that pydantic offers for an optional setting: in the file it is left out."""
    if isinstance(schema, list):
        return [_without_null(inner) for inner in schema if inner != {"type": "null"}]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _without_null(inner) for name, inner in schema.items() if (name, inner) != ("default", None)}
    if len(kept.get("anyOf", ())) == 1:
        return {**kept.pop("anyOf")[0], **kept}
    return kept


def shown(settings: Settings) -> str:
    """The settings in force as YAML."""
    import yaml

    values = shown_values(settings)
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120)


def shown_values(settings: Settings) -> dict[str, Any]:
    """The settings in force: defaults filled in, secrets as references, passwords of addresses hidden."""
    values: dict[str, Any] = {**_written(settings), "store": settings.masked_store}
    if isinstance(settings.store_reference, Secret):
        values["store"] = _written(settings.store_reference)
    return values


@singledispatch
def _written(value: Any) -> Any:
    """A setting as it would stand in the file."""
    return value if isinstance(value, (bool, int, float, date)) else str(value)


@_written.register
def _(value: Secret) -> Any:
    return value.model_dump(mode="json", exclude_unset=True)


@_written.register
def _(value: BaseModel) -> Any:
    fields = type(value).model_fields
    found = {field.alias or name: getattr(value, name) for name, field in fields.items()}
    return {name: _written(inner) for name, inner in found.items() if inner is not None and inner not in ((), {})}


@_written.register
def _(value: dict) -> Any:  # type: ignore[type-arg]
    return {str(name): _written(inner) for name, inner in value.items()}


@_written.register
def _(value: frozenset) -> Any:  # type: ignore[type-arg]
    return [WEEKDAYS[day] for day in sorted(value)]


@_written.register
def _(value: tuple) -> Any:  # type: ignore[type-arg]
    if value and isinstance(value[0], time):
        return "-".join(f"{moment:%H:%M}" for moment in value)
    return [_written(inner) for inner in value]


@_written.register
def _(value: timedelta) -> Any:
    """In the largest unit that divides it; weeks are left to those who write them."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % SECONDS[unit] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"
