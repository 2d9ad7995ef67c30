"""The example files, the models and the JSON Schema tell of the same settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from config.explain import models_in
from config.load import json_schema, load, plan_schema
from config.plan import PlanFile, read_plan
from config.settings import KPIS, TOPICS, Settings
from config.sources import KINDS
from core.model import Role
from tests.config.conftest import SMALLEST, Desk

EXAMPLES = Path(__file__).parent.parent.parent / "config" / "examples"


def models_below(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The model and all models that its settings hold."""
    yield model
    for field in model.model_fields.values():
        for inner in in_annotation(field.annotation):
            yield from models_below(inner)


def in_annotation(annotation: Any) -> Iterator[type[BaseModel]]:
    yield from models_in(annotation)
    for argument in getattr(annotation, "__args__", ()):
        yield from in_annotation(argument)


def first_owner(model: type[BaseModel], name: str) -> tuple[str, str]:
    """A setting by the class that brought it in."""
    owners = [of for of in model.__mro__ if issubclass(of, BaseModel) and name in of.model_fields]
    return owners[-1].__name__, name


def written(value: Any) -> Iterator[tuple[str, str]]:
    """Every setting that was written in a validated value."""
    if isinstance(value, BaseModel):
        for name in value.model_fields_set:
            yield first_owner(type(value), name)
            yield from written(getattr(value, name))
    elif isinstance(value, (dict, tuple)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from written(inner)


def known(model: type[BaseModel]) -> set[tuple[str, str]]:
    return {first_owner(inner, name) for inner in models_below(model) for name in inner.model_fields}


def plain(value: Any) -> Any:
    """What an editor sees: dates are texts in JSON."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value


def example(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))


def test_the_examples_are_right() -> None:
    settings = load(EXAMPLES / "planward.yaml")

    assert settings.plans["erp-upgrade"] == read_plan(EXAMPLES / "plan.yaml")


def test_every_setting_occurs_in_the_example() -> None:
    settings = load(EXAMPLES / "planward.yaml")

    missing = known(Settings) - set(written(settings))

    assert not missing


def test_every_entry_of_a_plan_occurs_in_the_example() -> None:
    plan = PlanFile.model_validate(plain(example("plan.yaml")))

    missing = known(PlanFile) - set(written(plan))

    assert not missing


def test_the_example_shows_every_kind_and_names_every_role_and_topic() -> None:
    text = (EXAMPLES / "planward.yaml").read_text(encoding="utf-8")

    kinds = {source["kind"] for source in example("planward.yaml")["sources"].values()}

    assert kinds == set(KINDS)
    assert all(role in text for role in Role)
    assert all(topic in text for topic in TOPICS)


@pytest.mark.parametrize("model", {**dict.fromkeys(models_below(Settings)), **dict.fromkeys(models_below(PlanFile))})
def test_every_setting_is_described_with_an_example(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert (field.description or "").endswith("."), name
        assert name == "kind" or field.examples, name


@pytest.mark.parametrize(("schema", "name"), [(json_schema(), "planward.yaml"), (plan_schema(), "plan.yaml")])
def test_the_schema_accepts_the_example(schema: dict[str, Any], name: str) -> None:
    Draft202012Validator.check_schema(schema)

    errors = [error.message for error in Draft202012Validator(schema).iter_errors(plain(example(name)))]

    assert not errors
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("kind: jira", "kind: gira"),
        ("projects: [ERP]", "projcts: [ERP]"),
        ("sqlite:///planward.db", "[a]"),
        ("token: {env: JIRA_TOKEN}", "token: hunter2"),
        ("projects: [ERP]", "projects: [ERP]\n    every: 5 minutes"),
        ("    sources: [jira]\n", ""),
        ("projects: [ERP]", "projects: [ERP]\n    user:"),
        ("sources: [jira]", "sources: [jira]\n    kpis: {lead_tme: {}}"),
    ],
)
def test_the_schema_refuses_what_the_program_refuses(desk: Desk, wrong: str, right: str) -> None:
    text = SMALLEST.replace(wrong, right)

    errors = list(Draft202012Validator(json_schema()).iter_errors(plain(yaml.safe_load(text))))

    assert errors
    assert desk.problems(text)


def test_the_numbers_that_can_be_set_are_offered_to_editors() -> None:
    text = str(json_schema())

    assert all(kpi in text for kpi in KPIS)


def test_the_twelve_numbers_and_those_of_flow_can_be_set() -> None:
    assert len(KPIS) == 12 + 16
