"""YAML text as a tree of plain values that know where they stand.

Every scalar stays the text that was written: whether `NO` is a country or `5` a number is for the setting to say, so
none of YAML 1.1's guesses (`NO` as false, `12:30` as 750) can happen. Hostile files are refused while they are read,
before anything walks them: too long, too deep, too many values, aliases that multiply, tags, other encodings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from config.problems import Place, Problem, quote
from core.errors import ConfigurationError

MOST_BYTES = 2 * 1024 * 1024
MOST_VALUES = 100_000
DEEPEST = 32

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NOTHING = frozenset({"", "~", "null", "Null", "NULL"})
UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
TAB_INDENT = re.compile(r"^ *\t", re.MULTILINE)

# What the parser says, and what a person should do about it.
SYNTAX = {
    "mapping values are not allowed": "a `:` stands where no setting can begin; "
    "put text that holds `: ` in quotes, or correct the indentation",
    "could not find expected ':'": "this line is neither a setting nor a list entry; write `name: value`",
    "did not find expected key": "a setting was expected here; correct the indentation or close the quote or bracket",
    "did not find expected ',' or '}'": "a `{` is not closed; put `}` at its end and `,` between its settings",
    "did not find expected ',' or ']'": "a `[` is not closed; put `]` at its end and `,` between its entries",
    "found unexpected end of stream": "a quote is not closed; put the same quote at its end",
    "found unexpected document indicator": "a quote is not closed; put the same quote at its end",
    "found character that cannot start any token": "a text cannot begin with this character; put the text in quotes",
    "found unknown escape character": "a backslash in double quotes begins an escape; use single quotes",
    "did not find expected '-' indicator": "a list entry was expected here; begin it with `- ` or correct its indent",
    "did not find expected <document start>": "the text goes on where it should have ended; correct the indentation",
}
NOTICED_LATE = ("could not find expected", "found unexpected end of stream", "found unexpected document indicator")


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file: a text, nothing (None), a list of nodes, or settings by name.

    `keys` holds where each name stands. `size` counts the values in it and `height` the levels, aliases written out.
    """

    place: Place
    value: str | list[Node] | dict[str, Node] | None
    keys: dict[str, Place] = field(default_factory=dict)
    size: int = 1
    height: int = 1

    @property
    def text(self) -> str | None:
        """The text, or None when it is something else."""
        return self.value if isinstance(self.value, str) else None

    @property
    def settings(self) -> dict[str, Node]:
        """The settings by name; none when it is something else."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entries(self) -> list[Node]:
        """The entries of a list; a single text is a list of one."""
        if isinstance(self.value, list):
            return self.value
        return [self] if isinstance(self.value, str) else []

    def get(self, name: str) -> Node:
        """The setting of that name, or an empty node when it is absent."""
        return self.settings.get(name, Node(self.place, None))

    def texts(self, name: str) -> Iterator[tuple[str, Place]]:
        """The texts of a setting that is a text or a list of them, with their places."""
        for entry in self.get(name).entries:
            if entry.text is not None:
                yield entry.text, entry.place

    def plain(self) -> Any:
        """The value as strings, None, lists and dictionaries."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


def read(file: Path) -> tuple[Node, list[Problem]]:
    """The file as a tree, and the problems that did not hinder reading it (duplicate names, missing values).

    Raises ConfigurationError when it cannot be read at all.
    """
    text = _text_of(file)
    composer = _Composer(file)
    try:
        return composer.compose(text), composer.problems
    except yaml.MarkedYAMLError as error:
        raise _failure(file, _syntax_place(error), _syntax_text(error)) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        raise _failure(file, None, "this is not YAML; write `name: value` lines") from None


def _failure(file: Path, place: Place | None, text: str) -> ConfigurationError:
    return ConfigurationError(str(Problem(file, place, text)))


def _text_of(file: Path) -> str:
    try:
        if file.is_dir():
            raise _failure(file, None, "this is a folder; name the file in it")
        if file.exists() and not file.is_file():  # a pipe or a device would block or never end
            raise _failure(file, None, "this is not a regular file; name one that is")
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise _failure(file, None, "there is no such file; correct the name or create it") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "its name is not valid"
        raise _failure(file, None, f"it cannot be read ({why}); correct its name or its permissions") from None
    if len(content) > MOST_BYTES:
        raise _failure(file, None, f"it is larger than {MOST_BYTES // 1024} KiB; split it or remove what is not needed")
    return _decoded(file, content)


def _decoded(file: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place_in(content[: error.start].decode("utf-8", "replace"))
        raise _failure(file, place, "this is not UTF-8 text; save the file as UTF-8") from None
    if not text.strip():
        raise _failure(file, Place(1, 1), "the file is empty; write the settings, as in the example")
    if found := UNPRINTABLE.search(text):
        what = "a NUL byte" if found.group() == "\0" else "a control character"
        raise _failure(file, _place_in(text[: found.start()]), f"{what} stands here; remove it")
    if found := TAB_INDENT.search(text):
        place = _place_in(text[: found.end() - 1])
        raise _failure(file, place, "a tab stands in the indentation; indent with spaces")
    return text


def _place_in(before: str) -> Place:
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Place(len(lines), len(lines[-1]) + 1)


def _syntax_place(error: yaml.MarkedYAMLError) -> Place | None:
    # Where an unclosed quote or a name without `:` begins helps more than where the parser gave up.
    late = (error.problem or "").startswith(NOTICED_LATE)
    mark = (error.context_mark if late else error.problem_mark) or error.problem_mark or error.context_mark
    return Place(mark.line + 1, mark.column + 1) if mark is not None else None


def _syntax_text(error: yaml.MarkedYAMLError) -> str:
    for start, text in SYNTAX.items():
        if (error.problem or "").startswith(start):
            return text
    return "this is not YAML; check the indentation, the quotes and the brackets here"


class _Composer:
    """Builds the tree out of the parser's events, counting as it goes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.values = 0

    def compose(self, text: str) -> Node:
        events = yaml.parse(text, Loader=LOADER)
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self.refusal(event, "a second document begins here; keep one, without `---`")
                root = self.node(next(events), events, 1)
        if root is None or root.value is None:
            raise _failure(self.file, Place(1, 1), "the file is empty; write the settings, as in the example")
        if not isinstance(root.value, dict):
            raise _failure(self.file, root.place, "the file must hold settings; write `name: value` lines")
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self.values += 1
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        if depth > DEEPEST:
            raise self.refusal(event, f"the file is nested more than {DEEPEST} levels deep; write it flatter")
        if event.tag is not None:
            raise self.refusal(event, "tags (`!...`) are not read here; remove the tag")
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, events, depth)
        else:
            node = self.mapping(event, events, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        self.count(event, 0)
        return node

    def alias(self, event: Any, depth: int) -> Node:
        target = self.anchors.get(event.anchor)
        if target is None:
            name = quote("*" + event.anchor)
            raise self.refusal(event, f"{name} points to nothing before it; write the value itself")
        self.count(event, target.size)
        if depth + target.height - 1 > DEEPEST:
            raise self.refusal(event, f"with this alias the file is more than {DEEPEST} levels deep; write it flatter")
        return target

    def count(self, event: Any, more: int) -> None:
        self.values += more
        if self.values > MOST_VALUES:
            text = f"the file holds more than {MOST_VALUES} values, aliases written out; remove what is not needed"
            raise self.refusal(event, text)

    def scalar(self, event: Any) -> Node:
        place = _place(event)
        if UNPRINTABLE.search(event.value):
            raise self.refusal(event, "an escape in this text stands for a control character; remove it")
        if event.implicit[0] and event.value in NOTHING:
            return Node(place, None)
        return Node(place, event.value)

    def sequence(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        entries: list[Node] = []
        while not isinstance(inner := next(events), yaml.SequenceEndEvent):
            entry = self.node(inner, events, depth + 1)
            if entry.value is None:
                self.problem(_place(inner), "an entry of the list is empty; write its value or remove the line")
            entries.append(entry)
        size, height = _extent(entries)
        return Node(_place(event), entries, size=size, height=height)

    def mapping(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        settings: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(inner := next(events), yaml.MappingEndEvent):
            name = self.key(inner)
            value = self.node(next(events), events, depth + 1)
            if name in settings:
                text = f"this setting was written before, in line {keys[name].line}; keep one of the two"
                self.problem(_place(inner), text)
                continue
            settings[name], keys[name] = value, _place(inner)
            if value.value is None:
                self.problem(keys[name], "this setting has no value; write one after the `:`, or remove the line")
        size, height = _extent(settings.values())
        return Node(_place(event), settings, keys, size=size, height=height)

    def key(self, event: Any) -> str:
        self.values += 1
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None or event.anchor is not None:
            raise self.refusal(event, "the name of a setting must be plain text; write `name: value`")
        if event.implicit[0] and event.value == "<<":
            raise self.refusal(event, "`<<` is not read here; write the settings out")
        name = self.scalar(event).text
        if not name:
            raise self.refusal(event, "the name of this setting is empty; write `name: value`")
        return name

    def problem(self, place: Place, text: str) -> None:
        self.problems.append(Problem(self.file, place, text))

    def refusal(self, event: Any, text: str) -> ConfigurationError:
        return _failure(self.file, _place(event), text)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _extent(nodes: Any) -> tuple[int, int]:
    size, height = 1, 0
    for node in nodes:
        size += node.size
        height = max(height, node.height)
    return size, height + 1
