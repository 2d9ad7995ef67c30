"""What pydantic found wrong, told in our words and at its place in the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from config.marked import Node
from config.problems import Place, Problem, nearest, quote, suggest
from config.secret import Secret

Model = TypeVar("Model", bound=BaseModel)

SHAPES = {
    "tuple_type": "a list is needed here",
    "too_short": "at least one entry is needed here",
    "dict_type": "settings are needed here",
    "model_type": "settings are needed here",
    "model_attributes_type": "settings are needed here",
    "string_type": "text is needed here",
}
KEY = "[key]"
ALSO_CALLED = {"ical": "ics", "icalendar": "ics", "webcal": "ics", ".ics": "ics"}
"""Kinds of sources by what they are called elsewhere, where another kind's name would be nearer in letters."""


def validate(
    model: type[Model], root: Node, file: Path, context: dict[str, Any], problems: list[Problem]
) -> Model | None:
    """The settings that the tree holds, or None when it has problems, which are added to the list."""
    try:
        return model.model_validate(root.plain(), context={"folder": file.parent, "path": file, **context})
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    for fault in found:
        problems.extend(_explain(model, root, file, fault))
    return None


@dataclass(frozen=True, slots=True)
class _Described:
    """What may stand at a place: the setting that it is or is part of, and the models that it may hold."""

    name: str
    field: FieldInfo | None
    models: tuple[type[BaseModel], ...]

    @property
    def example(self) -> str:
        example = self.field.examples[0] if self.field is not None and self.field.examples else "..."
        return f"`{self.name}: {example}`"

    @property
    def kinds(self) -> list[str]:
        return [_kind(model) for model in self.models]


def _explain(model: type[BaseModel], root: Node, file: Path, fault: Any) -> Iterator[Problem]:
    loc: tuple[str | int, ...] = fault["loc"]
    kind: str = fault["type"]
    if kind == "extra_forbidden":
        text = _unknown(_describe(model, loc[:-1]).models, str(loc[-1]))
        yield Problem(file, _locate(root, loc, at_key=True)[1], text)
        return
    node, place = _locate(root, loc, at_key=KEY in loc)
    if kind == "union_tag_invalid":
        node = node.get("kind")
        place = node.place
    if node.value is None and KEY not in loc:
        return  # reported when the file was read
    yield Problem(file, place, _text(fault, _describe(model, loc), node))


def _text(fault: Any, described: _Described, node: Node) -> str:
    kind = fault["type"]
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "missing":
        # What is kept in a repository, and not on an item, is the dashboard's issue.
        dashboard = described.name == "topic" and "repository" in node.settings
        return f"`{described.name}` is missing; write {'`topic: dashboard`' if dashboard else described.example}"
    if kind == "union_tag_not_found":
        return f"`kind` is missing; write one of {', '.join(described.kinds)}"
    if kind == "union_tag_invalid" and node.text is not None:
        meant = ALSO_CALLED.get(node.text.casefold())
        instead = suggest(node.text, described.kinds) if meant is None else f"did you mean `{meant}`?"
        return f"the kind {quote(node.text)} is not known; {instead}"
    shape = SHAPES.get(kind, "this is not what the setting holds")
    return f"{shape}; write {described.example}"


def _kind(model: type[BaseModel]) -> str:
    return str(model.model_fields["kind"].default) if "kind" in model.model_fields else ""


def _unknown(owners: tuple[type[BaseModel], ...], name: str) -> str:
    known = [field.alias or own for owner in owners for own, field in owner.model_fields.items()]
    if Secret in owners:  # what stands here may be the secret itself
        near = nearest(name, known)
        instead = f"did you mean `{near}`?" if near else f"write one of {', '.join(known)}"
        return f"this is no reference to a secret; {instead}"
    return f"the setting {quote(name)} is not known here; {suggest(name, known)}"


def _locate(root: Node, loc: Sequence[str | int], *, at_key: bool = False) -> tuple[Node, Place]:
    """The node at a pydantic location and where it (or its name) stands; of a missing one, the settings around it."""
    node, place = root, root.place
    for position, step in enumerate(loc):
        last = position == len(loc) - 1 or loc[position + 1] == KEY
        if isinstance(step, str) and step in node.settings:
            place = node.keys[step]
            node = node.settings[step]
        elif isinstance(step, int) and isinstance(node.value, list):
            node = node.value[step]
            place = node.place
        else:
            continue  # the tag of a union, or a setting that is missing
        if not (last and at_key):
            place = node.place
    return node, place


def _describe(model: type[BaseModel], loc: Sequence[str | int]) -> _Described:
    """What may stand at a pydantic location."""
    annotation: Any = model
    name, field = "", None
    for step in loc:
        models, bare = models_in(annotation), _bare(annotation)
        if get_origin(bare) is dict:
            annotation = get_args(bare)[1]
        elif get_origin(bare) is tuple and isinstance(step, int):
            annotation = get_args(bare)[0]
        elif len(models) > 1:
            annotation = next((member for member in models if _kind(member) == step), None)
        elif models:
            own = next((own for own, of in models[0].model_fields.items() if step in (own, of.alias)), None)
            if own is not None:
                name, field = str(step), models[0].model_fields[own]
                annotation = field.annotation
    return _Described(name, field, tuple(models_in(annotation)))


def _bare(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def models_in(annotation: Any) -> list[type[BaseModel]]:
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, UnionType):
        return [model for member in get_args(annotation) for model in models_in(member)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []
