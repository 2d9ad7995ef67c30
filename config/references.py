"""What the settings of planward.yaml must agree on between themselves: known names, no contradiction.

Works on the tree as it was written, so that these problems are told together with all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from config.marked import Node
from config.problems import Place, Problem, quote, suggest
from config.settings import KPIS
from config.values import read_target
from core.model import Unit

WRITABLE = {"jira": ("item",), "github": ("repository", "item")}
"""Kind of source that can be written to -> the settings of which one says where there."""
PLACES = {"item": "item: ERP-1", "repository": "repository: acme/erp"}
ORDER = re.compile(r"(?i)\border\s+by\b")
QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")

Found = Iterator[tuple[Place, str]]


def check(root: Node, file: Path) -> list[Problem]:
    """The contradictions in a configuration."""
    sources = root.get("sources")
    found: list[tuple[Place, str]] = []
    for name, source in sources.settings.items():
        found.extend(_source(source, sources.keys[name]))
    found.extend(_people(root.get("people"), sources))
    for project in root.get("projects").settings.values():
        found.extend(_project(project, sources))
    return [Problem(file, place, text) for place, text in found]


def _source(source: Node, place: Place) -> Found:
    kind = source.get("kind").text
    url = source.get("url")
    if (url.text or "").casefold().startswith("http://") and source.get("private_address").text != "true":
        yield url.place, "plain http is not safe; write https://, or private_address: true if the host is your own"
    if kind == "jira":
        yield from _either(source, place, "projects", "jql", "[ERP]")
        yield from _jql(source.get("jql"))
        yield from _statuses(source.get("statuses"))
    if kind == "github":
        yield from _either(source, place, "token", "app", "{env: GITHUB_TOKEN}")
        yield from _api_root(source.get("url"))


def _either(source: Node, place: Place, one: str, other: str, example: str) -> Found:
    if one in source.settings and other in source.settings:
        yield source.keys[other], f"`{one}` and `{other}` exclude each other; keep one of them"
    elif one not in source.settings and other not in source.settings:
        yield place, f"`{one}` or `{other}` is missing; write for example `{one}: {example}`"


def _jql(jql: Node) -> Found:
    if ORDER.search(QUOTED.sub("", jql.text or "")):
        yield jql.place, "the query has an order of its own; leave out ORDER BY"


def _statuses(statuses: Node) -> Found:
    first: dict[str, str] = {}
    for category in statuses.settings:
        for status, place in statuses.texts(category):
            taken = first.setdefault(status.strip().casefold(), category)
            if taken != category:
                yield place, f"the status {quote(status)} already means {taken}; keep it in one category"


def _api_root(url: Node) -> Found:
    address = (url.text or "").rstrip("/").casefold()
    if address in {"https://github.com", "https://www.github.com"}:
        yield url.place, "this is the address of the pages, not of the API; write https://api.github.com"


def _people(people: Node, sources: Node) -> Found:
    emails: dict[str, int] = {}
    accounts: dict[tuple[str, str], int] = {}
    for person in people.entries:
        email = person.get("email")
        if email.text is not None:
            line = emails.setdefault(email.text.strip().casefold(), email.place.line)
            if line != email.place.line:
                yield email.place, f"this address is that of the person in line {line}; keep one entry a person"
        for source, account in person.get("accounts").settings.items():
            place = person.get("accounts").keys[source]
            if source not in sources.settings:
                yield place, f"the source {quote(source)} is not known; {suggest(source, sources.settings)}"
            elif account.text is not None:
                line = accounts.setdefault((source, account.text), place.line)
                if line != place.line:
                    yield account.place, f"this account is that of the person in line {line}; keep it with one person"


def _project(project: Node, sources: Node) -> Found:
    seen: set[str] = set()
    for name, place in project.texts("sources"):
        if name not in sources.settings:
            yield place, f"the source {quote(name)} is not known; {suggest(name, sources.settings)}"
        elif name in seen:
            yield place, f"the source {quote(name)} is named twice; remove one"
        seen.add(name)
    yield from _roles(project.get("roles"))
    for kpi, settings in project.get("kpis").settings.items():
        yield from _target(kpi, settings.get("target"))
    targets: set[tuple[str | None, ...]] = set()
    for publication in project.get("publish").entries:
        yield from _publication(publication, project, sources)
        target = tuple(publication.get(name).text for name in ("to", "item", "repository", "topic"))
        if None not in (target[0], target[3]) and target in targets:
            yield publication.place, "this topic is written to the same place twice; remove one entry"
        targets.add(target)


def _roles(roles: Node) -> Found:
    for role, rule in roles.settings.items():
        if rule.value == {}:
            yield roles.keys[role], "this role has no rule; write `{type: [Bug]}` or `{label: [bug]}`"


def _target(kpi: str, target: Node) -> Found:
    unit = KPIS.get(kpi)
    if target.text is None or unit is None:
        return
    try:
        value = read_target(target.text)
    except ValueError:
        return  # told where the value is read
    duration = target.text.strip()[-1] in "smhdw"
    if unit is Unit.SHARE and (duration or value > 1):
        yield target.place, f"the target of {kpi} is a share; write it like 0.9 or 90%"
    elif unit is Unit.SECONDS and not duration:
        yield target.place, f"the target of {kpi} is a duration; write it like 48h"
    elif unit is Unit.COUNT and duration:
        yield target.place, f"the target of {kpi} is a number; write it like 5"
    elif unit is Unit.DATE:
        yield target.place, f"{kpi} has no target; remove the setting"


def _publication(publication: Node, project: Node, sources: Node) -> Found:
    to = publication.get("to")
    if to.text is None:
        return
    own = [name for name, _ in project.texts("sources")]
    if to.text not in sources.settings:
        writable = [name for name in own if sources.get(name).get("kind").text in WRITABLE]
        yield to.place, f"the source {quote(to.text)} is not known; {suggest(to.text, writable)}"
        return
    if to.text not in own:
        yield to.place, f"{quote(to.text)} is not among the project's sources; add it to `sources:` of the project"
    kind = sources.get(to.text).get("kind").text or ""
    if kind not in WRITABLE:
        if kind:
            yield to.place, f"nothing can be written to a source of kind {quote(kind)}; name one of kind jira or github"
        return
    said = [name for name in PLACES if name in publication.settings]
    if not any(name in said for name in WRITABLE[kind]):
        yield publication.place, f"where in {quote(to.text)} is not said; add `{PLACES[WRITABLE[kind][0]]}`"
    for other in said:
        if other not in WRITABLE[kind]:
            yield (
                publication.keys[other],
                f"`{other}` does not belong to a source of kind {kind}; write `{WRITABLE[kind][0]}`",
            )
    if said == ["item", "repository"] and kind == "github":
        yield publication.keys["repository"], "an item or a repository is written to, not both; remove one"
    item = publication.get("item")
    if item.text is not None and ("#" in item.text) != (kind == "github"):
        example = "acme/erp#12" if kind == "github" else "ERP-1"
        yield item.place, f"{quote(item.text)} is no item of a source of kind {kind}; write it like {example}"
