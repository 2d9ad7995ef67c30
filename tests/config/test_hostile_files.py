"""Whatever stands in a file, it ends in settings or in one ConfigurationError: quickly, small, and without secrets."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import marked as room
from config.load import load
from config.plan import read_plan
from core.errors import ConfigurationError
from tests.config.conftest import SMALLEST, Desk

EXAMPLES = Path(__file__).parent.parent.parent / "config" / "examples"
PLANTED = "hunter2-" + "correct-horse-battery-staple" * 2


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines.extend(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels))
    return "\n".join(lines)


BOMBS = {
    "billion laughs": (
        laughs(10, 10),
        "the file holds more than 100000 values, aliases written out; remove what is not needed",
    ),
    "aliases in depth": (
        laughs(40, 1),
        "with this alias the file is more than 32 levels deep; write it flatter",
    ),
    "brackets": ("[" * 100_000, "the file is nested more than 32 levels deep; write it flatter"),
    "braces": ("{a: " * 100_000, "the file is nested more than 32 levels deep; write it flatter"),
    "dashes": ("- " * 100_000 + "a", "the file is nested more than 32 levels deep; write it flatter"),
    "questions": ("? " * 100_000, "the name of a setting must be plain text; write `name: value`"),
    "entries": (
        "a: [" + "x," * 200_000 + "]",
        "the file holds more than 100000 values, aliases written out; remove what is not needed",
    ),
    "names": (
        "\n".join(f"a{n}: b" for n in range(150_000)),
        "the file holds more than 100000 values, aliases written out; remove what is not needed",
    ),
    "bytes": ("a: " + "x" * 3_000_000, "it is larger than 2048 KiB; split it or remove what is not needed"),
}


@pytest.mark.parametrize(("text", "words"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_quickly_and_in_little_memory(desk: Desk, text: str, words: str) -> None:
    path = desk.write(text)
    started = time.process_time()

    with pytest.raises(ConfigurationError) as caught:
        load(path)

    took = time.process_time() - started
    assert [problem.rpartition(": ")[2] for problem in caught.value.problems] == [words.rpartition(": ")[2]]
    assert took < 5  # a bomb takes minutes; a busy machine three times its usual half second


def test_a_bomb_needs_little_memory(desk: Desk) -> None:
    path = desk.write(laughs(10, 10))

    tracemalloc.start()
    with pytest.raises(ConfigurationError):
        load(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 4 * 1024 * 1024


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1:1: the file is empty; write the settings, as in the example"),
        ("# nothing yet\n", "1:1: the file is empty; write the settings, as in the example"),
        ("---\n", "1:1: the file is empty; write the settings, as in the example"),
        ("- a\n- b\n", "1:1: the file must hold settings; write `name: value` lines"),
        ("just text\n", "1:1: the file must hold settings; write `name: value` lines"),
        ("store: a\n--- \nstore: b\n", "2:1: a second document begins here; keep one, without `---`"),
        ("store: !!python/object/apply:os.system [id]\n", "1:8: tags (`!...`) are not read here; remove the tag"),
        ("store: !!str 5\n", "1:8: tags (`!...`) are not read here; remove the tag"),
        ("store: ! 5\n", "1:8: tags (`!...`) are not read here; remove the tag"),
        ("a: &a [*a]\n", "1:8: `*a` points to nothing before it; write the value itself"),
        ("store: *x\n", "1:8: `*x` points to nothing before it; write the value itself"),
        ("<<: {a: b}\n", "1:1: `<<` is not read here; write the settings out"),
        ("? [a]\n: b\n", "1:3: the name of a setting must be plain text; write `name: value`"),
        ("'': b\n", "1:1: the name of this setting is empty; write `name: value`"),
        ("store: a\n\tb: c\n", "2:1: a tab stands in the indentation; indent with spaces"),
        ("sources:\n  \tb: c\n", "2:3: a tab stands in the indentation; indent with spaces"),
        ("store: a\0b\n", "1:9: a NUL byte stands here; remove it"),
        ("store: a\x1b[31mb\n", "1:9: a control character stands here; remove it"),
        ('store: "a\\0b"\n', "1:8: an escape in this text stands for a control character; remove it"),
        ('store: "a\\e[1m"\n', "1:8: an escape in this text stands for a control character; remove it"),
        ("store: a\n  b: c\n", ("2:4: a `:` stands where no setting can begin; put text that holds `: ` in quotes, "
         "or correct the indentation")),
        ("store: a: b\n", ("1:9: a `:` stands where no setting can begin; put text that holds `: ` in quotes, "
         "or correct the indentation")),
        ("store: a\nzone\nlanguage: en\n", "2:1: this line is neither a setting nor a list entry; write `name: value`"),
        ("store: 'a\nb: c\n", "1:8: a quote is not closed; put the same quote at its end"),
        ("store: [a, b\nc: d\n", "2:2: a `[` is not closed; put `]` at its end and `,` between its entries"),
        ("store: {a: b\n", "2:1: a `{` is not closed; put `}` at its end and `,` between its settings"),
        ("store: @a\n", "1:8: a text cannot begin with this character; put the text in quotes"),
        ('store: "\\w"\n', "1:9: a backslash in double quotes begins an escape; use single quotes"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_at_its_place(desk: Desk, text: str, problem: str) -> None:
    assert desk.problems(text) == [problem]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("store: ä\n".encode("latin-1"), "1:8: this is not UTF-8 text; save the file as UTF-8"),
        ("a: b\nstore: ä".encode("utf-16"), "1:1: this is not UTF-8 text; save the file as UTF-8"),
        (b"a: b\n# \xff", "2:3: this is not UTF-8 text; save the file as UTF-8"),
        (b"a: \xed\xa0\x80", "1:4: this is not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_another_encoding_is_told_at_its_place(desk: Desk, content: bytes, problem: str) -> None:
    assert desk.problems(content) == [problem]


def test_a_byte_order_mark_and_windows_line_ends_are_read(desk: Desk) -> None:
    content = b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode()

    assert desk.load(content).projects["erp"].name == "ERP upgrade"


def test_settings_written_twice_and_values_forgotten_are_told_together(desk: Desk) -> None:
    text = (
        SMALLEST
        + "    sources: [jira]\n    plan:\n    roles: {problem: {type: [Bug, ]}, risk: {type: [~]}}\nstore: ~\n"
    )

    assert desk.problems(text) == [
        "12:5: this setting was written before, in line 11; keep one of the two",
        "13:5: this setting has no value; write one after the `:`, or remove the line",
        "14:53: an entry of the list is empty; write its value or remove the line",
        "15:1: this setting was written before, in line 1; keep one of the two",
    ]


def refused_or_read(path: Path) -> str:
    """What was said of the file; anything but a ConfigurationError fails the test."""
    said: list[str] = []
    for read in (load, read_plan):
        try:
            read(path)
        except ConfigurationError as error:
            said.extend(error.problems or ["nothing"])
    assert "nothing" not in said
    return "\n".join(said)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "planward.yaml"
    path.write_bytes(content)

    said = refused_or_read(path)

    assert said


@given(
    st.lists(
        st.sampled_from([*"{}[]:,-?&*!|>'\"%@`#\n \t", "a", "&a ", "*a ", ": ", "- ", "\n  ", "<<", "...", "---"]),
        max_size=60,
    )
)
@settings(max_examples=300, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("loader", [room.LOADER, yaml.SafeLoader], ids=["fast", "plain"])
def test_any_punctuation_is_refused_in_words(
    loader: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str]
) -> None:
    monkeypatch.setattr(room, "LOADER", loader)
    path = tmp_path / "planward.yaml"
    path.write_text("".join(parts))

    said = refused_or_read(path)

    assert said


def planted(name: str) -> str:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    return text.replace("{ env: JIRA_TOKEN }", PLANTED).replace("{ file: secrets/app.pem }", f"{{ {PLANTED} }}")


@st.composite
def mutated(draw: st.DrawFn, text: str) -> str:
    """The text with some pieces cut out, put twice, put elsewhere or replaced by punctuation."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 60)))
        piece = draw(
            st.sampled_from(["", text[start:end] * 2, "\n", ": ", "[", "}", "'", "- ", "NO", "0", "\t", "é", "\0"])
        )
        text = text[:start] + piece + text[end:]
        if draw(st.booleans()):
            to = draw(st.integers(0, len(text)))
            text = text[:to] + draw(st.sampled_from([piece, text[start:end]])) + text[to:]
    return text


@given(st.data())
@settings(
    max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_a_damaged_example_is_read_or_refused_without_telling_a_secret(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "plan.yaml").write_text(data.draw(mutated(planted("plan.yaml"))), encoding="utf-8")
    path = tmp_path / "planward.yaml"
    path.write_text(data.draw(mutated(planted("planward.yaml"))), encoding="utf-8")

    said = refused_or_read(path) + refused_or_read(tmp_path / "plan.yaml")

    assert PLANTED not in said


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 99999) | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(["planward.yaml", "plan.yaml"]), st.data())
@settings(
    max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_any_value_at_any_place_of_the_example_is_read_or_refused(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    tree = yaml.safe_load((EXAMPLES / name).read_text(encoding="utf-8"))
    here, key = tree, data.draw(st.sampled_from(list(tree)))
    while data.draw(st.booleans()) and isinstance(here[key], (dict, list)) and here[key]:
        here = here[key]
        key = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else range(len(here))))
    here[key] = data.draw(ANYTHING)
    path = tmp_path / name
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")

    said = refused_or_read(path)

    assert "Traceback" not in said
