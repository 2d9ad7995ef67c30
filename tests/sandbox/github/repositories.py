"""GraphQL: repositories with their labels and milestones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sandbox.github.accounts import actor
from tests.sandbox.github.asking import Asking, Connection
from tests.sandbox.github.model import Item, Label, Milestone, Repository
from tests.sandbox.github.refused import Refused


def home(thing: Any, info: Any) -> Repository:
    """The repository that a thing is in."""
    asking: Asking = info.context
    return asking.state.repositories[thing.repository_id]


def _repository(_: Any, info: Any, owner: str, name: str, followRenames: bool | None = True) -> Repository:  # noqa: N803
    asking: Asking = info.context
    full_name = f"{owner}/{name}"
    found = asking.state.find_repository(full_name)
    renamed = found is not None and found.full_name.casefold() != full_name.casefold()
    if found is None or not asking.may_read(found) or (renamed and not followRenames):
        raise Refused("NOT_FOUND", f"Could not resolve to a Repository with the name '{full_name}'.")
    return found


def _items(*, pulls: bool) -> Callable[..., Connection]:
    def resolver(owner: Repository | Milestone, info: Any, **asked: Any) -> Connection:
        asking: Asking = info.context
        repository = owner if isinstance(owner, Repository) else home(owner, info)
        asking.permitted(repository)
        items = [asking.state.items[item_id] for item_id in repository.numbers.values()]
        if isinstance(owner, Milestone):
            items = [item for item in items if item.milestone == owner.id]
        chosen = [item for item in items if (item.pull is not None) == pulls and _wanted(asking, item, asked)]
        order = asked.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        descending = order["direction"] == "DESC"
        return asking.connection(chosen, ORDERS[order["field"]], descending=descending, **asked)

    return resolver


ORDERS: dict[str, Callable[[Item], tuple[int, int]]] = {
    "CREATED_AT": lambda item: (item.created_at, item.number),
    "UPDATED_AT": lambda item: (item.touched_at, item.number),
    "COMMENTS": lambda item: (len(item.comments), item.number),
}


def _wanted(asking: Asking, item: Item, asked: dict[str, Any]) -> bool:
    by = asked.get("filterBy") or {}
    names = [name.casefold() for name in [*(asked.get("labels") or []), *(by.get("labels") or [])]]
    states = [asked["states"]] if asked.get("states") else []
    states += [by["states"]] if by.get("states") else []
    repository = asking.state.repositories[item.repository_id]
    worn = {repository.labels[label].name.casefold() for label in item.labels}
    return (
        all(item.state in allowed for allowed in states)
        and (by.get("since") is None or item.touched_at >= by["since"])
        and (not names or bool(worn & set(names)))
        and (by.get("assignee") is None or _has(asking, item.assignees, by["assignee"]))
        and (by.get("createdBy") is None or _has(asking, [item.author], by["createdBy"]))
        and (item.pull is None or asked.get("headRefName") in (None, item.pull.head))
        and (item.pull is None or asked.get("baseRefName") in (None, item.pull.base))
    )


def _has(asking: Asking, ids: list[Any], login: str) -> bool:
    if login == "*":
        return bool(ids)
    return asking.state.logins.get(login.casefold()) in ids


def _one(kind: str) -> Callable[..., Item]:
    def resolver(repository: Repository, info: Any, number: int) -> Item:
        asking: Asking = info.context
        asking.permitted(repository)
        item = asking.state.items.get(repository.numbers.get(number, ""))
        if item is None or (kind != "IssueOrPullRequest" and kind != ("Issue" if item.pull is None else "PullRequest")):
            word = {"IssueOrPullRequest": "an issue or pull request", "Issue": "an Issue"}.get(kind, "a PullRequest")
            raise Refused("NOT_FOUND", f"Could not resolve to {word} with the number of {number}.")
        return item

    return resolver


def _milestone(repository: Repository, info: Any, number: int) -> Milestone | None:
    return next((known for known in repository.milestones.values() if known.number == number), None)


def _milestones(
    repository: Repository,
    info: Any,
    states: list[str] | None = None,
    orderBy: Any = None,  # noqa: N803
    **bounds: Any,
) -> Connection:
    chosen = [known for known in repository.milestones.values() if states is None or known.state in states]
    order = orderBy or {"field": "NUMBER", "direction": "ASC"}
    keys: dict[str, Callable[[Milestone], tuple[int, int]]] = {
        "NUMBER": lambda known: (known.number, known.number),
        "CREATED_AT": lambda known: (known.created_at, known.number),
        "UPDATED_AT": lambda known: (known.updated_at, known.number),
        "DUE_DATE": lambda known: (known.due_on or 0, known.number),
    }
    asking: Asking = info.context
    return asking.connection(chosen, keys[order["field"]], descending=order["direction"] == "DESC", **bounds)


def _labels(repository: Repository, info: Any, orderBy: Any = None, **bounds: Any) -> Connection:  # noqa: N803
    asking: Asking = info.context
    return asking.connection(repository.labels.values(), lambda label: (label.database_id,), **bounds)


def _progress(milestone: Milestone, info: Any) -> float:
    asking: Asking = info.context
    inside = [item for item in asking.state.items.values() if item.milestone == milestone.id]
    return 100.0 * sum(item.state != "OPEN" for item in inside) / len(inside) if inside else 0.0


def _milestone_path(milestone: Milestone, info: Any) -> str:
    return f"/{home(milestone, info).full_name}/milestone/{milestone.number}"


def _label_path(label: Label, info: Any) -> str:
    return f"/{home(label, info).full_name}/labels/{label.name}"


def _permission(repository: Repository, info: Any) -> str:
    access = info.context.access
    if access.repositories is not None and repository.id not in access.repositories:
        return "READ"
    return "WRITE" if access.collaborator and access.issues == "write" else "READ"


RESOLVERS: dict[str, dict[str, Any]] = {
    "Query": {"repository": _repository},
    "Repository": {
        "hasIssuesEnabled": lambda repository, info: repository.has_issues,
        "isArchived": lambda repository, info: repository.archived,
        "isDisabled": lambda repository, info: False,
        "isFork": lambda repository, info: False,
        "isPrivate": lambda repository, info: repository.private,
        "issue": _one("Issue"),
        "issueOrPullRequest": _one("IssueOrPullRequest"),
        "issues": _items(pulls=False),
        "labels": _labels,
        "milestone": _milestone,
        "milestones": _milestones,
        "nameWithOwner": lambda repository, info: repository.full_name,
        "owner": lambda repository, info: info.context.state.account(repository.owner),
        "pullRequest": _one("PullRequest"),
        "pullRequests": _items(pulls=True),
        "resourcePath": lambda repository, info: f"/{repository.full_name}",
        "url": lambda repository, info: f"{info.context.url}/{repository.full_name}",
        "viewerPermission": _permission,
        "visibility": lambda repository, info: "PRIVATE" if repository.private else "PUBLIC",
    },
    "Label": {
        "isDefault": lambda label, info: False,
        "repository": home,
        "resourcePath": _label_path,
        "url": lambda label, info: info.context.url + _label_path(label, info),
    },
    "Milestone": {
        "closed": lambda milestone, info: milestone.state == "CLOSED",
        "creator": actor("creator"),
        "issues": _items(pulls=False),
        "progressPercentage": _progress,
        "pullRequests": _items(pulls=True),
        "repository": home,
        "resourcePath": _milestone_path,
        "url": lambda milestone, info: info.context.url + _milestone_path(milestone, info),
    },
}
