"""An item's place in a project: the role that it plays there and the deliverable that it works for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.model import Enrolment, Plan, Role, WorkItem

_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRule:
    """An item with one of these types or labels plays the role. Compared without case."""

    types: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


class Matcher:
    """Enrols items by one plan and one set of rules.

    Roles are tried in the order given; what meets none is a task. An item belongs to the deliverable that selects it
    most specifically: by its key, then its parent, milestone, fix version, label; among equals the first in the plan.
    The parent that a plan names belongs to the deliverable as well. `source_kinds` tells the kind of each source,
    because the plan names keys by kind ("jira", "github").
    """

    def __init__(self, plan: Plan | None, roles: Mapping[Role, RoleRule], source_kinds: Mapping[str, str]) -> None:
        self._roles = [(role, _folded(rule.types), _folded(rule.labels)) for role, rule in roles.items()]
        self._source_kinds = source_kinds
        self._deliverables = [deliverable.id for deliverable in plan.deliverables] if plan else []
        self._keys: dict[tuple[str, str], int] = {}
        self._parents: dict[str, int] = {}
        self._milestones: dict[str, int] = {}
        self._fix_versions: dict[str, int] = {}
        self._labels: dict[str, int] = {}
        for place, deliverable in enumerate(plan.deliverables if plan else ()):
            if (work := deliverable.work) is None:
                continue
            for kind, keys in work.keys.items():
                for key in keys:
                    self._keys.setdefault((kind, key.casefold()), place)
            for index, texts in (
                (self._parents, work.parents),
                (self._milestones, work.milestones),
                (self._fix_versions, work.fix_versions),
                (self._labels, work.labels),
            ):
                for text in texts:
                    index.setdefault(text.casefold(), place)

    def enrol(self, line: Sequence[WorkItem], former_keys: Mapping[tuple[str, str], Iterable[str]]) -> Enrolment:
        """The role and deliverable of the first item of a line.

        Behind it stand its parent, the parent's parent and so on: an item that nothing selects belongs where the
        nearest selected one of them does. `former_keys` are the keys that they had before they were moved.
        """
        item = line[0]
        places = (self._place(one, former_keys.get((one.source, one.remote_id), ())) for one in line)
        place = next((place for place in places if place is not None), None)
        return Enrolment(
            source=item.source,
            remote_id=item.remote_id,
            role=self._role(item),
            deliverable=None if place is None else self._deliverables[place],
        )

    def _role(self, item: WorkItem) -> Role:
        kind = item.type.casefold() if item.type else None
        labels = _folded(item.labels)
        for role, types, marks in self._roles:
            if kind in types or not marks.isdisjoint(labels):
                return role
        return Role.TASK

    def _place(self, item: WorkItem, former_keys: Iterable[str]) -> int | None:
        """The place in the plan of the deliverable that selects the item itself."""
        if not self._deliverables:
            return None
        kind = self._source_kinds.get(item.source, "")
        keys = [item.key.casefold(), *(key.casefold() for key in former_keys)]
        if (place := _first(self._keys, [(kind, key) for key in keys])) is not None:
            return place
        parents = keys if item.parent_key is None else [*keys, item.parent_key.casefold()]
        if (place := _first(self._parents, parents)) is not None:
            return place
        if item.milestone is not None and (place := self._milestones.get(item.milestone.casefold())) is not None:
            return place
        if (place := _first(self._fix_versions, [text.casefold() for text in item.fix_versions])) is not None:
            return place
        return _first(self._labels, [text.casefold() for text in item.labels])


def enrol_all(
    items: Sequence[WorkItem],
    plan: Plan | None,
    roles: Mapping[Role, RoleRule],
    source_kinds: Mapping[str, str],
    *,
    ancestors: Iterable[WorkItem] = (),
    former_keys: Mapping[tuple[str, str], Iterable[str]] | None = None,
) -> list[Enrolment]:
    """Enrolments of these items, in their order.

    `ancestors` are their parents, the parents' parents and so on, those that are not among the items themselves.
    `former_keys` is by (source, remote id), for all of them.
    """
    matcher = Matcher(plan, roles, source_kinds)
    by_id = {(item.source, item.remote_id): item for item in (*ancestors, *items)}
    former = former_keys or {}
    return [matcher.enrol([item, *_ancestors(item, by_id)], former) for item in items]


def _ancestors(item: WorkItem, by_id: Mapping[tuple[str, str], WorkItem]) -> list[WorkItem]:
    found: list[WorkItem] = []
    seen = {item.remote_id}
    while True:
        parent = by_id.get((item.source, item.parent_id)) if item.parent_id else None
        if parent is None or parent.remote_id in seen:  # two polls may show a pair that were swapped in between
            return found
        seen.add(parent.remote_id)
        found.append(parent)
        item = parent


def _first(index: Mapping[_Key, int], keys: Iterable[_Key]) -> int | None:
    return min((index[key] for key in keys if key in index), default=None)


def _folded(texts: Iterable[str]) -> frozenset[str]:
    return frozenset(text.casefold() for text in texts)
