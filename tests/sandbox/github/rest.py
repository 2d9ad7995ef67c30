"""REST: issues, comments, the repository, the account and the limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import jwt

from tests.sandbox.github.limits import Refusal
from tests.sandbox.github.model import Comment, Item, Repository
from tests.sandbox.github.show import Show
from tests.sandbox.github.site import Call, Site, answer, error, invalid, number, text
from tests.sandbox.server import Answer

PAGE = 30
LONGEST_PAGE = 100
LONGEST_TITLE = 256
LONGEST_SIGNATURE = 660  # ten minutes, and one for clocks that disagree
REASONS = {"completed": "COMPLETED", "not_planned": "NOT_PLANNED", "duplicate": "DUPLICATE", "reopened": "REOPENED"}


def me(site: Site, call: Call) -> Answer:
    """The caller's account, 401 for nobody."""
    if call.access is None:
        return error(401, "Requires authentication")
    account = site.state.accounts[call.access.account]
    if account.kind == "Bot":
        return error(403, "Resource not accessible by integration")
    show = _show(site)
    return answer(
        show.account(account)
        | {
            "name": account.name,
            "company": None,
            "blog": None,
            "location": None,
            "email": account.email,
            "hireable": None,
            "bio": None,
            "public_repos": 0,
            "public_gists": 0,
            "followers": 0,
            "following": 0,
            "created_at": show.at(account.created_at),
            "updated_at": show.at(account.created_at),
        }
    )


def installation_token(site: Site, call: Call) -> Answer:
    """A token for an hour, for who signed with the app's key. The times in the signature are not the site's."""
    app = next((app for app in site.state.apps.values() if app.installation == int(call.groups[0] or 0)), None)
    _, _, signed = call.request.headers.get("Authorization", "").partition(" ")
    if app is None:
        return error(404, "Not Found")
    try:
        said = jwt.decode(
            signed, app.public_key, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False}
        )
    except jwt.PyJWTError:
        return error(401, "A JSON web token could not be decoded")
    if str(said.get("iss")) != str(app.id) or not 0 < said["exp"] - said["iat"] <= LONGEST_SIGNATURE:
        return error(401, "'Expiration time' claim ('exp') is too far in the future")
    token, ends = site.state.installation_token(app)
    told = {
        "token": token,
        "expires_at": _show(site).at(ends),
        "permissions": {"issues": "write", "metadata": "read", "pull_requests": "read"},
        "repository_selection": "all" if app.access.repositories is None else "selected",
    }
    return answer(told, 201)


def rate_limit(site: Site, call: Call) -> Answer:
    """The budgets, told for nothing; 404 where there are none."""
    if not site.limits.told:
        return error(404, "Rate limiting is not enabled.")
    shown = {}
    for resource in ("core", "graphql"):
        budget = site.limits.budget(call.account, resource)
        shown[resource] = {
            "limit": budget.limit,
            "used": budget.used,
            "remaining": budget.remaining,
            "reset": budget.resets_at,
        }
    return answer({"resources": shown, "rate": shown["core"]})


def repository(site: Site, call: Call) -> Answer:
    """One repository by its name or number."""
    found = site.repository(call)
    access = call.access
    push = access is not None and access.collaborator and access.issues == "write"
    return answer(_show(site).repository(found, push=push))


# Issues


def issues(site: Site, call: Call) -> Answer:
    """A page of issues, pull requests among them."""
    home = site.repository(call)
    site.permitted(call, home, "read")
    wanted, since = text(call, "state", "open"), text(call, "since", "")
    if wanted not in ("open", "closed", "all"):
        raise invalid("state", "invalid")
    earliest = _instant(since) if since else 0
    by, direction = text(call, "sort", "created"), text(call, "direction", "desc")
    if by not in ORDERS or direction not in ("asc", "desc"):
        raise invalid("sort", "invalid")
    items = (site.state.items[item_id] for item_id in home.numbers.values())
    chosen = [
        item
        for item in items
        if item.updated_at >= earliest
        and (wanted == "all" or (item.state == "OPEN") == (wanted == "open"))
        and _chosen(site, call, home, item)
    ]
    chosen.sort(key=ORDERS[by], reverse=direction == "desc")
    return _page(site, call, home, chosen, _show(site).issue)


def _chosen(site: Site, call: Call, home: Repository, item: Item) -> bool:
    """Whether an item is by whom, whose and labelled as was asked for."""
    creator, assignee = text(call, "creator", ""), text(call, "assignee", "*any*")
    names = {name.casefold() for name in text(call, "labels", "").split(",") if name}
    worn = {home.labels[label].name.casefold() for label in item.labels}
    who = site.state.logins.get(assignee.casefold(), "")
    return (
        (not creator or item.author == site.state.logins.get(creator.casefold().removesuffix("[bot]"), ""))
        and (assignee == "*any*" or (bool(item.assignees) if assignee == "*" else who in (item.assignees or [""])))
        and names <= worn
    )


ORDERS: dict[str, Callable[[Item], tuple[int, int]]] = {
    "created": lambda item: (item.created_at, item.number),
    "updated": lambda item: (item.updated_at, item.number),
    "comments": lambda item: (len(item.comments), item.number),
}


def issue(site: Site, call: Call) -> Answer:
    """One issue or pull request."""
    item = site.item(call, site.repository(call), call.groups[2] or "")
    show = _show(site)
    closed_by = show.user(item.closed_by) if item.state != "OPEN" else None
    return answer(show.issue(item) | {"closed_by": closed_by})


def open_issue(site: Site, call: Call) -> Answer:
    """The new issue."""
    home = site.repository(call)
    site.permitted(call, home, "write")
    assert call.access is not None
    if not home.has_issues:
        return error(410, "Issues are disabled for this repo")
    body = _body(call)
    title, written = _title(body), _text(site, body, required=False)
    if title is None:
        raise invalid("title")
    _check_lists(site, home, body)
    site.limits.make(call.account)
    key = site.state.open_issue(
        home.full_name,
        title,
        body=written or "",
        author=_login(site, call),
        labels=_names(body, "labels") or (),
        assignees=_names(body, "assignees") or (),
        milestone=body.get("milestone"),
    )
    said = answer(_show(site).issue(site.state.item(key)) | {"closed_by": None}, 201)
    said.headers["Location"] = f"{site.url}/repos/{home.full_name}/issues/{key.rpartition('#')[2]}"
    return said


def edit_issue(site: Site, call: Call) -> Answer:
    """The issue as it stands after the change."""
    home = site.repository(call)
    item = site.item(call, home, call.groups[2] or "")
    site.permitted(call, home, "write")
    body = _body(call)
    _check_lists(site, home, body)
    title, written = _title(body), _text(site, body, required=False)
    state, reason = body.get("state"), body.get("state_reason")
    if state not in (None, "open", "closed") or reason not in (None, *REASONS):
        raise invalid("state", "invalid")
    login, key, tell = _login(site, call), site.state.key(item), site.state
    if title is not None and title != item.title:
        tell.rename(key, title, login)
    if written is not None and written != item.body:
        tell.edit_body(key, written, login)
    _relist(site, key, login, body)
    if state == "closed" and item.state == "OPEN":
        tell.close(key, login, reason=REASONS[reason or "completed"])
    elif state == "open" and item.state == "CLOSED":
        tell.reopen(key, login)
    return answer(_show(site).issue(item) | {"closed_by": None})


def _relist(site: Site, key: str, login: str, body: dict[str, Any]) -> None:
    """Make labels, assignees and milestone what the body says, where it says something."""
    state, item = site.state, site.state.item(key)
    home = state.repositories[item.repository_id]
    labels, assignees = _names(body, "labels"), _names(body, "assignees")
    if labels is not None:
        worn = [home.labels[label].name for label in item.labels]
        for name in worn:
            if name not in labels:
                state.unlabel(key, name, login)
        for name in labels:
            state.label(key, name, login)
    if assignees is not None:
        for known in [state.accounts[account].login for account in item.assignees]:
            if known not in assignees:
                state.unassign(key, known, login)
        for name in assignees:
            state.assign(key, name, login)
    if "milestone" in body:
        present = home.milestones[item.milestone].number if item.milestone else None
        if body["milestone"] != present:
            state.set_milestone(key, body["milestone"], login)


# Comments


def comments(site: Site, call: Call) -> Answer:
    """A page of the comments below an issue or pull request, oldest first."""
    home = site.repository(call)
    item = site.item(call, home, call.groups[2] or "")
    earliest = _instant(text(call, "since", "")) if text(call, "since", "") else 0
    chosen = [comment for comment in item.comments if comment.updated_at >= earliest]
    return _page(site, call, home, chosen, _show(site).comment)


def comment(site: Site, call: Call) -> Answer:
    """One comment."""
    return answer(_show(site).comment(_comment(site, call)))


def post_comment(site: Site, call: Call) -> Answer:
    """The new comment."""
    home = site.repository(call)
    item = site.item(call, home, call.groups[2] or "")
    site.permitted(call, home, "write")
    assert call.access is not None
    if item.locked and not call.access.collaborator:
        return error(403, "Unable to create comment because issue is locked.")
    written = _text(site, _body(call), required=True)
    assert written is not None
    site.limits.make(call.account)
    number_given = site.state.comment(site.state.key(item), _login(site, call), written)
    shown = _show(site).comment(site.state.comments[number_given])
    said = answer(shown, 201)
    said.headers["Location"] = shown["url"]
    return said


def edit_comment(site: Site, call: Call) -> Answer:
    """The comment as it stands after it was replaced, which counts as an edit also when nothing differs."""
    known = _comment(site, call)
    _may_change(site, call, known)
    written = _text(site, _body(call), required=True)
    assert written is not None
    site.state.edit_comment(known.database_id, written, _login(site, call))
    return answer(_show(site).comment(known))


def delete_comment(site: Site, call: Call) -> Answer:
    """Nothing, when the comment is gone."""
    known = _comment(site, call)
    _may_change(site, call, known)
    site.state.delete_comment(known.database_id, _login(site, call))
    return Answer(204)


def _comment(site: Site, call: Call) -> Comment:
    home = site.repository(call)
    site.permitted(call, home, "read")
    known = site.state.comments.get(int(call.groups[2] or 0))
    if known is None or site.state.items[known.item_id].repository_id != home.id:
        raise Refusal(error(404, "Not Found"))
    return known


def _may_change(site: Site, call: Call, known: Comment) -> None:
    site.permitted(call, site.repository(call), "write")
    assert call.access is not None
    if known.author != call.access.account and not call.access.collaborator:
        raise Refusal(error(403, "Must have admin rights to Repository."))


# What requests say


def _show(site: Site) -> Show:
    return Show(site.state, site.url, site.manners.ghosts_named)


def _login(site: Site, call: Call) -> str:
    return site.state.accounts[call.account].login


def _instant(given: str) -> int:
    try:
        instant = datetime.fromisoformat(given.replace(" ", "+"))
    except ValueError as wrong:
        raise Refusal(error(422, "Validation Failed", errors=[f"since: {given} is no time"])) from wrong
    return int((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())


def _body(call: Call) -> dict[str, Any]:
    body = call.request.body
    if isinstance(body, bytes):
        raise Refusal(error(400, "Problems parsing JSON"))
    if not isinstance(body, dict):
        raise Refusal(error(400, "Body should be a JSON object"))
    return body


def _title(body: dict[str, Any]) -> str | None:
    title = body.get("title")
    if title is None:
        return None
    title = str(title)
    if not title.strip():
        raise invalid("title")
    if len(title) > LONGEST_TITLE:
        raise invalid("title", "custom", f"title is too long (maximum is {LONGEST_TITLE} characters)")
    return title


def _text(site: Site, body: dict[str, Any], *, required: bool) -> str | None:
    written = body.get("body")
    if written is None and not required:
        return None
    if not isinstance(written, str):
        raise invalid("body")
    if required and not written.strip():
        raise invalid("body", "custom", "body can't be blank")
    if len(written) > site.manners.comment_limit:
        raise invalid("body", "custom", f"Body is too long (maximum is {site.manners.comment_limit} characters)")
    return written


def _names(body: dict[str, Any], member: str) -> list[str] | None:
    given = body.get(member)
    if given is None:
        return None
    return [entry["name"] if isinstance(entry, dict) else str(entry) for entry in given]


def _check_lists(site: Site, home: Repository, body: dict[str, Any]) -> None:
    for login in _names(body, "assignees") or ():
        if login.casefold() not in site.state.logins:
            raise invalid("assignees", "invalid")
    milestone = body.get("milestone")
    if milestone is not None and all(known.number != milestone for known in home.milestones.values()):
        raise invalid("milestone", "invalid")


def _page(site: Site, call: Call, home: Repository, things: list[Any], show: Callable[[Any], Any]) -> Answer:
    """A page by its number: what moves in the list meanwhile moves across its borders."""
    size, place = number(call, "per_page", PAGE, LONGEST_PAGE), number(call, "page", 1)
    last = max(1, -(-len(things) // size))
    said = answer([show(thing) for thing in things[(place - 1) * size : place * size]])
    links = []
    rest = call.path.partition(call.groups[0] or f"/repositories/{call.groups[1]}")[2]
    for word, wanted, there in (
        ("prev", place - 1, place > 1),
        ("next", place + 1, place < last),
        ("last", last, place < last),
        ("first", 1, place > 1),
    ):
        if there:
            query = urlencode(dict(call.request.query) | {"page": [str(wanted)]}, doseq=True)
            links.append(f'<{site.url}/repositories/{home.database_id}{rest}?{query}>; rel="{word}"')
    if links:
        said.headers["Link"] = ", ".join(links)
    return said
