"""Each item's place in a project, kept in the store: worked out again only for what was written since the last time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import Connection

from core.model import Plan, Role, WorkItem
from core.plan.match import RoleRule, enrol_all
from core.store import items, plans, runs
from core.store.upsert import serialise

PLACES_NOTE = "places"
MATCHING = 1
"""Raised when `core.plan.match` learns to enrol differently, so that every item gets its place anew."""


class _Kept(msgspec.Struct, frozen=True):
    """What the places were worked out by, and up to which writing of each source."""

    rules: str
    until: dict[str, int]


def keep_places(
    connection: Connection,
    project: str,
    plan: Plan | None,
    version: int | None,
    roles: Mapping[Role, RoleRule],
    kinds: Mapping[str, str],
) -> None:
    """Give every item of the project its place, where the plan, the rules or the item changed since this was last done.

    `version` is the plan's number in the store, `kinds` tells the kind of each of the project's sources.
    """
    about = f"project {project}"
    serialise(connection, about)
    by = [MATCHING, version, [(role, rule.types, rule.labels) for role, rule in roles.items()], sorted(kinds.items())]
    rules = hashlib.sha256(msgspec.json.encode(by)).hexdigest()
    note = runs.get_note(connection, about, PLACES_NOTE)
    kept = msgspec.json.decode(note, type=_Kept) if note else None
    until = {source: items.last_writing(connection, source) for source in sorted(kinds)}
    if kept == _Kept(rules, until):
        return
    since = kept.until if kept and kept.rules == rules else {}

    def place(source: str, ids: Collection[str]) -> set[str]:
        """Enrol these items; the ids of those whose children may belong elsewhere now."""
        found = items.items(connection, source, ids)
        above = _ancestors(connection, source, found)
        line = {item.remote_id for item in (*found, *above)}
        former = items.former_keys(connection, source, line)
        places = enrol_all(
            found,
            plan,
            roles,
            kinds,
            ancestors=above,
            former_keys={(source, remote_id): keys for remote_id, keys in former.items()},
        )
        return plans.save_enrolments(connection, project, source, places)

    for source in kinds:
        known = source in since
        for ids in items.written(connection, source, since.get(source, 0), until[source]):
            moved = place(source, ids)
            seen = set(ids)
            # Where all items are placed, the children are among them.
            while known and (below := items.children(connection, source, moved) - seen):
                moved = place(source, below)
                seen |= below
    plans.forget_enrolments(connection, project, keep=list(kinds))
    runs.set_note(connection, about, PLACES_NOTE, msgspec.json.encode(_Kept(rules, until)).decode())


def _ancestors(connection: Connection, source: str, found: Iterable[WorkItem]) -> list[WorkItem]:
    """The parents of these items, the parents' parents and so on, as far as they are held and not among them."""
    known = {item.remote_id: item for item in found}
    above: list[WorkItem] = []
    level = list(known.values())
    while missing := {item.parent_id for item in level if item.parent_id} - known.keys():
        level = items.items(connection, source, missing)
        if not level:
            break
        above.extend(level)
        known.update((item.remote_id, item) for item in level)
    return above
