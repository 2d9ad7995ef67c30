"""Issues, pull requests, comments and reviews taken over as REST told them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.sandbox.github.model import Item

if TYPE_CHECKING:
    from tests.sandbox.github.state import GithubState

Raw = Mapping[str, Any]


def import_issue(state: GithubState, raw: Raw) -> str:
    """The key of an issue, once however often it is told. Labels and assignees are there without events.

    How it was closed gets an event of its own, since REST's issue does not hold it.
    """
    home = _home(state, raw["repository_url"].partition("/repos/")[2])
    if raw["number"] in state.repository(home).numbers:
        return f"{home}#{raw['number']}"
    key = state.open_issue(home, **_opened(state, raw))
    item = state.item(key)
    _dress(state, home, item, raw)
    if raw["state"] == "closed":
        reason = (raw.get("state_reason") or "completed").upper()
        state.close(key, _login(state, raw.get("closed_by")), _at(raw["closed_at"]), reason=reason)
    item.updated_at = max(item.updated_at, state.seconds(_at(raw["updated_at"])))
    return key


def import_pull_request(state: GithubState, raw: Raw) -> str:
    """The key of a pull request, once however often it is told."""
    home = _home(state, raw["base"]["repo"]["full_name"])
    if raw["number"] in state.repository(home).numbers:
        return f"{home}#{raw['number']}"
    draft, head, base = bool(raw.get("draft")), raw["head"]["ref"], raw["base"]["ref"]
    key = state.open_pull_request(home, **_opened(state, raw), head=head, base=base, draft=draft)
    item = state.item(key)
    assert item.pull is not None
    item.pull.head_oid = raw["head"]["sha"]
    _dress(state, home, item, raw)
    for reviewer in raw.get("requested_reviewers") or ():
        state.request_review(key, _known(state, reviewer), at=_at(raw["created_at"]))
    if raw["merged_at"] is not None:
        state.merge(key, _login(state, raw.get("merged_by")), _at(raw["merged_at"]))
    elif raw["state"] == "closed":
        state.close(key, None, _at(raw["closed_at"]))
    item.pull.updated_at = max(item.pull.updated_at, state.seconds(_at(raw["updated_at"])))
    return key


def import_comment(state: GithubState, raw: Raw) -> int | None:
    """The number of a comment, None when what it is about is not there."""
    home, _, number = raw["issue_url"].partition("/repos/")[2].rpartition("/issues/")
    if int(number) not in state.repository(home).numbers:
        return None
    return state.comment(f"{home}#{number}", _login(state, raw["user"]), raw["body"], _at(raw["created_at"]))


def import_review(state: GithubState, raw: Raw) -> int | None:
    """The number of a review, None when its pull request is not there."""
    home, _, number = raw["pull_request_url"].partition("/repos/")[2].rpartition("/pulls/")
    item_id = state.repository(home).numbers.get(int(number))
    if item_id is None or state.items[item_id].pull is None:
        return None
    at = _at(raw["submitted_at"])
    return state.review(f"{home}#{number}", _login(state, raw["user"]), raw["state"], raw["body"] or "", at)


def _opened(state: GithubState, raw: Raw) -> dict[str, Any]:
    return {
        "title": raw["title"],
        "body": raw["body"] or "",
        "author": _login(state, raw["user"]),
        "at": _at(raw["created_at"]),
        "number": raw["number"],
        "database_id": raw["id"],
    }


def _dress(state: GithubState, home: str, item: Item, raw: Raw) -> None:
    item.labels = [state.add_label(home, label["name"], color=label["color"]) for label in raw["labels"]]
    item.assignees = [state.account(_known(state, user)).id for user in raw["assignees"]]
    if raw["milestone"]:
        known = {found.title: found.id for found in state.repository(home).milestones.values()}
        if raw["milestone"]["title"] not in known:
            state.add_milestone(home, raw["milestone"]["title"], at=_at(raw["milestone"]["created_at"]))
            known = {found.title: found.id for found in state.repository(home).milestones.values()}
        item.milestone = known[raw["milestone"]["title"]]
    if raw["locked"]:
        item.locked = True


def _home(state: GithubState, full_name: str) -> str:
    if state.find_repository(full_name) is None:
        state.add_repository(full_name)
    return full_name


def _login(state: GithubState, user: Raw | None) -> str | None:
    return None if user is None or user["login"] == "ghost" else _known(state, user)


def _known(state: GithubState, user: Raw) -> str:
    login = str(user["login"]).removesuffix("[bot]")
    state.add_user(login, kind=user["type"], database_id=user["id"])
    return login


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
