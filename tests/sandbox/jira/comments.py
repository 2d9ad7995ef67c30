"""Comments and their properties, straight from the primary store."""

from __future__ import annotations

import json
from typing import Any

from msgspec.structs import replace as replaced

from tests.sandbox.jira import adf
from tests.sandbox.jira.model import Comment, Issue
from tests.sandbox.jira.render import Show
from tests.sandbox.jira.site import Call, Site, answer, error, number, refuse, text, words
from tests.sandbox.server import Answer

PAGE = 100
LONGEST_KEY = 255
LONGEST_VALUE = 32_768
NOT_VALID = "Comment body is not valid!"
TOO_LONG = "The entered text is too long. It exceeds the allowed limit of 32,767 characters."
NOT_FOUND = "Can not find a comment for the id: {}."


def listing(site: Site, call: Call) -> Answer:
    """A page of an issue's comments with the number of all."""
    issue = site.issue(call, call.groups[0])
    order = text(call, "orderBy")
    if order not in (None, "created", "+created", " created", "-created"):
        raise refuse(400, f"Invalid value for orderBy: {order}")
    comments = sorted(issue.comments, key=lambda c: (c.created, int(c.id)), reverse=order == "-created")
    start = number(call, "startAt", 0)
    size = min(number(call, "maxResults", PAGE), PAGE)
    show = Show(site.state, site.url, call.zone)
    properties = "properties" in (words(call, "expand") or ())
    chosen = [_kept(site, comment) for comment in comments[start : start + size]]
    shown = [show.comment(issue, comment, properties=properties) for comment in chosen]
    return answer({"startAt": start, "maxResults": size, "total": len(comments), "comments": shown})


def one(site: Site, call: Call) -> Answer:
    """A comment by its id."""
    issue, comment = _find(site, call)
    properties = "properties" in (words(call, "expand") or ())
    return answer(Show(site.state, site.url, call.zone).comment(issue, _kept(site, comment), properties=properties))


def create(site: Site, call: Call) -> Answer:
    """The new comment; its properties are set with it but not told."""
    issue = site.issue(call, call.groups[0])
    if not call.access.comment or call.user is None:
        return error(400, "You do not have the permission to comment on this issue.")
    body, properties, visibility = _read(call)
    if len(issue.comments) >= site.manners.comment_limit:
        return error(413, comment=f"The issue has reached the limit of {site.manners.comment_limit} comments.")
    comment_id = site.state.add_comment(
        issue.id, call.user.account_id, body, properties=properties, visibility=visibility
    )
    return answer(Show(site.state, site.url, call.zone).comment(*site.state.comment(comment_id)), 201)


def replace(site: Site, call: Call) -> Answer:
    """The comment as it stands after it was replaced whole."""
    _, comment = _find(site, call)
    notify = text(call, "notifyUsers") != "false"
    if not notify and not call.access.admin:
        return error(403, "You do not have permission to suppress the notifications of this edit.")
    _may_edit(call, comment, "edit")
    body, properties, visibility = _read(call)
    assert call.user is not None
    site.state.edit_comment(
        comment.id, call.user.account_id, body, notify=notify, properties=properties, visibility=visibility
    )
    return answer(Show(site.state, site.url, call.zone).comment(*site.state.comment(comment.id)))


def delete(site: Site, call: Call) -> Answer:
    """Nothing, when the comment is gone."""
    _, comment = _find(site, call)
    if call.user is None:
        return error(405)
    own = comment.author == call.user.account_id
    if not (call.access.delete_all or (own and call.access.delete_own)):
        return error(400, f"You do not have permission to delete comment with id: {comment.id}.")
    site.state.delete_comment(comment.id)
    return Answer(204)


def property_keys(site: Site, call: Call) -> Answer:
    """The keys of a comment's properties."""
    _, comment = _by_id(site, call)
    address = f"{site.url}/rest/api/3/comment/{comment.id}/properties"
    return answer({"keys": [{"self": f"{address}/{key}", "key": key} for key in comment.properties]})


def property_value(site: Site, call: Call) -> Answer:
    """One property of a comment."""
    _, comment = _by_id(site, call)
    key = call.groups[1]
    if key not in comment.properties:
        return error(404, f"The property {key} does not exist.")
    return answer({"key": key, "value": comment.properties[key]})


def set_property(site: Site, call: Call) -> Answer:
    """201 when the property is new, 200 when it was there."""
    _, comment = _by_id(site, call)
    key = call.groups[1]
    _may_edit(call, comment, "edit", 403)
    try:
        value = json.loads(call.request.content)
    except ValueError:
        return error(400, "Property value must be valid JSON.")
    _check_property(key, value)
    site.state.set_comment_property(comment.id, key, value)
    return answer({}, 200 if key in comment.properties else 201)


def _find(site: Site, call: Call) -> tuple[Issue, Comment]:
    issue = site.issue(call, call.groups[0])
    comment = next((comment for comment in issue.comments if comment.id == call.groups[1]), None)
    if comment is None:
        raise refuse(404, NOT_FOUND.format(call.groups[1]))
    return issue, comment


def _kept(site: Site, comment: Comment) -> Comment:
    """The comment in the form in which the site keeps it."""
    if not site.manners.node_ids:
        return comment
    nodes = enumerate(comment.body["content"])
    content = [{**node, "attrs": {**node.get("attrs", {}), "localId": f"{number:08x}"}} for number, node in nodes]
    return replaced(comment, body={**comment.body, "content": content})


def _by_id(site: Site, call: Call) -> tuple[Issue, Comment]:
    comment_id = call.groups[0]
    if comment_id not in site.state.issue_of_comment:
        raise refuse(404, NOT_FOUND.format(comment_id))
    issue, comment = site.state.comment(comment_id)
    if not site.visible(call, issue):
        raise refuse(404, NOT_FOUND.format(comment_id))
    return issue, comment


def _may_edit(call: Call, comment: Comment, what: str, status: int = 400) -> None:
    own = call.user is not None and comment.author == call.user.account_id
    if call.user is None or not (call.access.edit_all or (own and call.access.edit_own)):
        raise refuse(status, f"You do not have the permission to {what} this comment.")


def _read(call: Call) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any] | None]:
    given = call.request.body
    if not isinstance(given, dict):
        raise refuse(400, "There was an error parsing JSON. Check that your request body is valid.")
    body = given.get("body")
    if not isinstance(body, dict):
        raise refuse(400, comment=NOT_VALID)
    if adf.fault(body) is not None:
        raise refuse(400, "INVALID_INPUT", comment="INVALID_INPUT")
    if adf.length(body) > adf.LIMIT:
        raise refuse(400, comment=TOO_LONG)
    if not adf.to_text(body).strip():
        raise refuse(400, comment="Comment body can not be empty!")
    return body, _read_properties(given.get("properties", [])), _read_visibility(given.get("visibility"))


def _read_properties(given: Any) -> dict[str, Any]:
    if not isinstance(given, list) or not all(isinstance(p, dict) and set(p) == {"key", "value"} for p in given):
        raise refuse(400, "Properties are a list of key and value.")
    for entry in given:
        _check_property(entry["key"], entry["value"])
    return {entry["key"]: entry["value"] for entry in given}


def _check_property(key: Any, value: Any) -> None:
    if not isinstance(key, str) or not 0 < len(key) <= LONGEST_KEY:
        raise refuse(400, "The property key must be a text of at most 255 characters.")
    if len(json.dumps(value)) > LONGEST_VALUE:
        raise refuse(400, "The property value is too long.")


def _read_visibility(given: Any) -> dict[str, Any] | None:
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("type") not in ("role", "group"):
        raise refuse(400, "Invalid visibility type.")
    return given
