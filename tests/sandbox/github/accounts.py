"""GraphQL: people, bots and organizations, and what the query begins with."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.sandbox.github.asking import Asking
from tests.sandbox.github.model import Account, Item
from tests.sandbox.github.refused import Refused


def actor(field: str) -> Any:
    """A resolver for who did something, None for a ghost."""

    def resolver(source: Any, info: Any) -> Account | None:
        asking: Asking = info.context
        return asking.state.living(getattr(source, field))

    return resolver


def _path(account: Account, info: Any) -> str:
    return f"/apps/{account.login}" if account.kind == "Bot" else f"/{account.login}"


def _url(account: Account, info: Any) -> str:
    asking: Asking = info.context
    return asking.url + _path(account, info)


def _avatar(account: Account, info: Any, size: int | None = None) -> str:
    return f"{info.context.url}/avatars/{account.database_id}"


def _viewer(_: Any, info: Any) -> Account:
    asking: Asking = info.context
    account = asking.state.accounts[asking.access.account]
    # To itself a bot is a user, with the name that it has in REST.
    return replace(account, kind="User", login=f"{account.login}[bot]") if account.kind == "Bot" else account


def _by_login(_: Any, info: Any, login: str) -> Account:
    asking: Asking = info.context
    found = asking.state.accounts.get(asking.state.logins.get(login.casefold(), ""))
    if found is None or found.kind not in ("User", "Organization"):
        raise Refused("NOT_FOUND", f"Could not resolve to a User with the login of '{login}'.")
    return found


def _rate_limit(_: Any, info: Any, **arguments: Any) -> dict[str, int]:
    asking: Asking = info.context
    budget = asking.budget
    return {
        "cost": asking.cost.points,
        "limit": budget.limit,
        "nodeCount": asking.cost.nodes,
        "remaining": budget.remaining,
        "resetAt": budget.resets_at,
        "used": budget.used,
    }


def _node(_: Any, info: Any, id: str) -> Any:  # noqa: A002 - as the argument is called
    found = _found(info.context, id)
    if isinstance(found, Refused):
        raise found
    return found


def _nodes(_: Any, info: Any, ids: list[str]) -> list[Any]:
    # Each that is refused is a null and an error of its own.
    return [_found(info.context, known) for known in ids]


def _found(asking: Asking, node_id: str) -> Any:
    try:
        found = _find(asking, node_id)
    except Refused as refused:
        return refused
    return found or Refused("NOT_FOUND", f"Could not resolve to a node with the global id of '{node_id}'.")


def _find(asking: Asking, node_id: str) -> Any:
    state = asking.state
    if node_id in state.accounts:
        return state.living(node_id)
    if node_id in state.repositories:
        repository = state.repositories[node_id]
        return repository if asking.may_read(repository) else None
    found: Any = state.items.get(node_id)
    if found is None:
        told: list[Any] = [*state.comments.values(), *state.reviews.values()]
        found = next((thing for thing in told if thing.id == node_id), None)
    if found is not None:
        item = found if isinstance(found, Item) else state.items[found.item_id]
        if not asking.may_see(item):
            return None
        asking.permitted(state.repositories[item.repository_id])
        return found
    for repository in state.repositories.values():
        thing = repository.labels.get(node_id) or repository.milestones.get(node_id)
        if thing is not None and asking.may_read(repository):
            return thing
    return None


SAME = {"avatarUrl": _avatar, "resourcePath": _path, "url": _url}
RESOLVERS: dict[str, dict[str, Any]] = {
    "Query": {
        "node": _node,
        "nodes": _nodes,
        "rateLimit": _rate_limit,
        "repositoryOwner": _by_login,
        "user": _by_login,
        "viewer": _viewer,
    },
    "User": SAME
    | {
        # An address that its owner keeps to himself is an empty text.
        "email": lambda account, info: account.email or "",
        "isViewer": lambda account, info: account.id == info.context.access.account,
    },
    "Bot": SAME,
    "Mannequin": SAME,
    "Organization": SAME,
    "Team": {
        "combinedSlug": lambda account, info: account.login,
        "name": lambda account, info: account.name or account.login,
        "slug": lambda account, info: account.login.rpartition("/")[2],
    },
}
