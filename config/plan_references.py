"""What the entries of a plan must agree on between themselves: ids that exist once, dates in order, no circle.

Works on the tree as it was written, so that these problems are told together with all others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from pathlib import Path

from config.marked import Node
from config.problems import Place, Problem, quote, suggest
from config.values import read_date

WITH_ID = ("milestones", "deliverables", "requirements", "documents", "meetings", "risks", "retrospectives")
WITH_OWNER = ("deliverables", "requirements", "documents", "risks")
SELECTORS = ("jira", "github", "label", "parent", "milestone", "fix_version")

Found = Iterator[tuple[Place, str]]


def check(root: Node, file: Path, people: Collection[str]) -> list[Problem]:
    """The contradictions in a plan. `people` are the known e-mail addresses; none: every address is accepted."""
    found = [*_ids(root), *_names(root), *_dates(root), *_circles(root), *_choices(root)]
    if people:
        found.extend(_people(root, people))
    return [Problem(file, place, text) for place, text in found]


def _ids(root: Node) -> Found:
    first: dict[str, Place] = {}
    for section in WITH_ID:
        for entry in root.get(section).entries:
            name = entry.get("id")
            if name.text is not None:
                # One id, one thing: findings and evidence name the entries of a plan by it.
                place = first.setdefault(name.text.strip(), name.place)
                if place != name.place:
                    yield name.place, f"the id {quote(name.text)} is taken in line {place.line}; choose another"


def _names(root: Node) -> Found:
    milestones, deliverables = _known(root, "milestones"), _known(root, "deliverables")
    for entry in root.get("deliverables").entries:
        yield from _exists(entry.get("milestone"), "milestone", milestones)
        for waited in _dependencies(entry):
            yield from _exists(waited, "deliverable", deliverables)
    for entry in root.get("requirements").entries:
        yield from _exists(entry.get("milestone"), "milestone", milestones)
        yield from _exists(entry.get("deliverable"), "deliverable", deliverables)
    for entry in root.get("retrospectives").entries:
        yield from _exists(entry.get("after"), "milestone", milestones)


def _known(root: Node, section: str) -> set[str]:
    ids = (entry.get("id").text for entry in root.get(section).entries)
    return {name.strip() for name in ids if name is not None}


def _exists(name: Node, what: str, known: Collection[str]) -> Found:
    if name.text is not None and name.text.strip() not in known:
        yield name.place, f"the {what} {quote(name.text)} is not in the plan; {suggest(name.text, known)}"


def _dependencies(deliverable: Node) -> Iterator[Node]:
    """The nodes that name what a deliverable waits for."""
    for entry in deliverable.get("depends_on").entries:
        yield entry if entry.text is not None else entry.get("id")


def _dates(root: Node) -> Found:
    yield from _in_order(root, "start", "due")
    for deliverable in root.get("deliverables").entries:
        yield from _in_order(deliverable, "start", "due")
    for resource in root.get("resources").entries:
        yield from _in_order(resource, "from", "until")


def _in_order(entry: Node, first: str, last: str) -> Found:
    begins, ends = _date(entry.get(first)), _date(entry.get(last))
    if begins is not None and ends is not None and ends < begins:
        yield entry.get(last).place, f"`{last}` is before `{first}` ({begins}); write that day or a later one"


def _date(node: Node) -> date | None:
    try:
        return read_date(node.text) if node.text is not None else None
    except ValueError:
        return None  # told where the value is read


def _circles(root: Node) -> Found:
    """Each circle of dependencies once, told at the dependency that closes it."""
    waits: dict[str, list[Node]] = {}
    for entry in root.get("deliverables").entries:
        name = entry.get("id").text
        if name is not None:
            waits.setdefault(name.strip(), list(_dependencies(entry)))
    done: set[str] = set()
    for start in waits:
        yield from _walk(start, waits, done)


def _walk(start: str, waits: Mapping[str, list[Node]], done: set[str]) -> Found:
    # With a stack of its own: a chain of dependencies may be longer than Python's.
    path: dict[str, Iterator[Node]] = {}
    if start not in done:
        path[start] = iter(waits[start])
    while path:
        here = next(reversed(path))
        waited = next(path[here], None)
        if waited is None:
            done.add(here)
            del path[here]
            continue
        name = (waited.text or "").strip()
        if name in path:
            names = list(path)
            circle = " -> ".join([*names[names.index(name) :][:10], name])
            yield waited.place, f"these wait for each other: {circle}; remove one of the dependencies"
        elif name in waits and name not in done:
            path[name] = iter(waits[name])


def _choices(root: Node) -> Found:
    for resource in root.get("resources").entries:
        if isinstance(resource.value, dict) and len({"who", "what"} & set(resource.settings)) != 1:
            yield resource.place, "a resource is a person or a thing; write either `who: EMAIL` or `what: NAME`"
    for document in root.get("documents").entries:
        if isinstance(document.value, dict) and len({"every", "due"} & set(document.settings)) != 1:
            yield document.place, "a document is due once or regularly; write either `due: DATE` or `every: week`"
    for section in ("deliverables", "requirements"):
        for entry in root.get(section).entries:
            work = entry.get("work")
            if isinstance(work.value, dict) and not work.value:
                yield work.place, f"this selects no work; write one of {', '.join(SELECTORS)}"


def _people(root: Node, people: Collection[str]) -> Found:
    known = {email.casefold() for email in people}
    named = [root.get("owner")]
    named.extend(entry.get("owner") for section in WITH_OWNER for entry in root.get(section).entries)
    named.extend(entry.get("who") for entry in root.get("resources").entries)
    for email in named:
        if email.text is not None and "@" in email.text and email.text.strip().casefold() not in known:
            instead = suggest(email.text, people) if len(people) <= 10 else "correct it"
            yield email.place, f"{quote(email.text)} is not among the people of the configuration; {instead}"
