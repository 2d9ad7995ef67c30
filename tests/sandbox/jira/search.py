"""Search over the index, and issues from the primary store."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from tests.sandbox.jira import jql
from tests.sandbox.jira.edits import CUSTOM_NAMES
from tests.sandbox.jira.jql_words import JqlFault
from tests.sandbox.jira.model import Issue
from tests.sandbox.jira.render import PLAIN, SCHEMAS, SHAPES, Show, chosen
from tests.sandbox.jira.site import BAD_PAYLOAD, Call, Site, answer, digest, error, number, payload, refuse, text, words
from tests.sandbox.server import Answer

GONE = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API."
UNBOUNDED = "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
MOST_RECONCILED = 50
MILLISECOND = timedelta(milliseconds=1)

Found = tuple[list[tuple[Any, ...]], list[Issue]]


class SearchBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What a search may say."""

    jql: str = ""
    next_page_token: str | None = None
    max_results: int = 50
    fields: list[str] | None = None
    expand: str = ""
    properties: list[str] = []
    fields_by_keys: bool = False
    reconcile_issues: list[int] = []


class CountBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """What a count may say."""

    jql: str


class FetchBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What a bulk fetch may say."""

    issue_ids_or_keys: list[str]
    fields: list[str] | None = None
    fields_by_keys: bool = False
    expand: list[str] = []
    properties: list[str] = []


def gone(site: Site, call: Call) -> Answer:
    """The old search: 410."""
    return error(410, GONE)


def search_get(site: Site, call: Call) -> Answer:
    """A page of issues, asked for by parameters."""
    known = {"failFast", *SearchBody.__struct_encode_fields__}
    if set(call.request.query) - known:
        raise refuse(400, BAD_PAYLOAD)
    reconcile = words(call, "reconcileIssues") or []
    if not all(issue_id.isdecimal() for issue_id in reconcile):
        raise refuse(400, "reconcileIssues takes numeric ids.")
    body = SearchBody(
        jql=text(call, "jql") or "",
        next_page_token=text(call, "nextPageToken"),
        max_results=number(call, "maxResults", 50),
        fields=words(call, "fields"),
        expand=text(call, "expand") or "",
        reconcile_issues=[int(issue_id) for issue_id in reconcile],
    )
    return _search(site, call, body)


def search_post(site: Site, call: Call) -> Answer:
    """A page of issues, asked for by a body."""
    return _search(site, call, payload(call, SearchBody))


def count(site: Site, call: Call) -> Answer:
    """About how many issues a query finds; from the index, so it lags."""
    return answer({"count": len(_found(site, call, payload(call, CountBody).jql)[1])})


def fetch(site: Site, call: Call) -> Answer:
    """Up to 100 issues from the primary store, found by old keys too; the others are named as errors."""
    body: FetchBody = payload(call, FetchBody)
    if not 0 < len(body.issue_ids_or_keys) <= 100:
        raise refuse(400, "Between 1 and 100 issue ids or keys are needed.")
    issues: dict[str, Issue] = {}
    errors = []
    for wanted in body.issue_ids_or_keys:
        issue = site.state.find(wanted)
        if issue is None or not site.visible(call, issue):
            errors.append(
                {"id": wanted, "errorMessage": "Issue does not exist or you do not have permission to see it."}
            )
        else:
            issues[issue.id] = issue
    names = ["*navigable"] if body.fields is None else body.fields
    shown = [_shown(site, call, issue, names, body.expand) for issue in issues.values()]
    return Answer(200, b'{"issues":[' + b",".join(shown) + b'],"issueErrors":' + msgspec.json.encode(errors) + b"}")


def issue(site: Site, call: Call) -> Answer:
    """One issue from the primary store, by id, key or former key."""
    found = site.issue(call, call.groups[0])
    names = words(call, "fields") or ["*all"]
    expand = (text(call, "expand") or "").split(",")
    return Answer(200, _shown(site, call, found, names, expand, comments=None))


def _search(site: Site, call: Call, body: SearchBody) -> Answer:
    names = ["id"] if body.fields is None else body.fields
    if len(body.reconcile_issues) > MOST_RECONCILED:
        raise refuse(400, f"At most {MOST_RECONCILED} issues can be reconciled.")
    if body.max_results < 1:
        raise refuse(400, "The value of 'maxResults' is too small.")
    bound_to = digest(body.jql, sorted(body.reconcile_issues), call.access.account_id)
    after = site.position(body.next_page_token, bound_to, call.now) if body.next_page_token is not None else None
    keys, issues = _found(site, call, body.jql, body.reconcile_issues)
    start = 0 if after is None else bisect_right(keys, after)
    size = _page_size(site, body, names, start)
    page = issues[start : start + size]
    # What the caller may not see is left out after the page was cut: a short page is not the last one.
    seen = [found for found in page if site.visible(call, found)]
    expand = [part.strip() for part in body.expand.split(",")]
    shown = [_shown(site, call, found, names, expand) for found in seen]
    last = start + size >= len(issues)
    rest: dict[str, Any] = {"isLast": last}
    if not last:
        rest["nextPageToken"] = site.hand_out_token(bound_to, call.now, keys[start + size - 1])
    if site.manners.warn:
        rest["warnings"] = list(site.manners.warn)
    if "names" in expand:
        rest["names"] = {name: site.state.field_names.get(name, CUSTOM_NAMES.get(name, name)) for name in names}
    return Answer(200, b'{"issues":[' + b",".join(shown) + b"]," + msgspec.json.encode(rest)[1:])


def _page_size(site: Site, body: SearchBody, names: Sequence[str], start: int) -> int:
    manners = site.manners
    if set(names) <= {"id", "key"} and not body.expand:
        limit = manners.id_page_limit
    elif any(name.startswith(("*", "-")) for name in names):
        limit = manners.full_page_limit
    else:
        limit = manners.page_limit
    size = min(body.max_results, limit)
    return max(1, size - (start * 7919 + 3) % (size // 2 + 1)) if manners.ragged else size


def _found(site: Site, call: Call, query_text: str, reconcile: Sequence[int] = ()) -> Found:
    """All that the query finds in the index, in order, hidden issues included, with what orders each."""
    state, lag = site.state, site.manners.index_lag // MILLISECOND
    asker = jql.Asker(
        account_id=call.user.account_id if call.user else None,
        zone=call.zone,
        now=call.now,
        resolution=max(1, site.manners.index_resolution // MILLISECOND),
        visible=lambda issue: site.visible(call, issue),
        may_browse=lambda key: any(p.key == key and site.may_browse(call, p) for p in state.projects.values()),
    )
    # The same question has the same answer until something changes; a walk over many pages is sorted once.
    name = ("found", query_text, tuple(reconcile), asker.account_id, asker.zone, call.access)
    held = site.remembered(name)
    settled = state.settled_at + lag
    if held is not None and (held[0] == call.now or (held[1] and settled <= min(held[0], call.now))):
        kept: Found = held[2]
        return kept
    try:
        query = jql.read(query_text, state, asker)
    except JqlFault as fault:
        raise refuse(400, str(fault)) from fault
    if not query.bounded:
        raise refuse(400, UNBOUNDED)
    fresh = {str(issue_id) for issue_id in reconcile}
    rows = []
    for issue_id, record in state.records.items():
        found = record.issue if issue_id in fresh else state.indexed(record, call.now, lag)
        if found is not None and site.may_browse(call, state.projects[found.project_id]) and query.test(found):
            rows.append((query.sort_key(found), found))
    rows.sort(key=lambda row: row[0])
    result = [row[0] for row in rows], [row[1] for row in rows]
    site.keep(name, (call.now, query.timeless, result))
    return result


NEWEST = -1  # how Cloud's search and bulk fetch start a history: from its end


def _shown(
    site: Site,
    call: Call,
    found: Issue,
    fields: Iterable[str],
    expand: Iterable[str],
    comments: int | None = NEWEST,
) -> bytes:
    limit = site.manners.comments_in_search if comments == NEWEST else comments
    changelog = "changelog" in expand
    names = tuple(fields)

    def make() -> bytes:
        show = Show(site.state, site.url, call.zone, limit)
        return show.issue(found, chosen(found, names), {"changelog": _recent(site, show, found)} if changelog else None)

    return site.remember((id(found), found.id, names, changelog, call.zone, limit), make)


def _recent(site: Site, show: Show, found: Issue) -> Mapping[str, Any]:
    changes = site.state.records[found.id].changes
    newest = changes[::-1][: site.manners.changes_in_search]
    shown = [show.change(change) for change in newest]
    return {"startAt": 0, "maxResults": len(shown), "total": len(changes), "histories": shown}


def fields(site: Site, call: Call) -> Answer:
    """All fields, system and custom, with the names that this site shows."""
    shown: list[dict[str, Any]] = []
    for name in (*SHAPES, *PLAIN, *CUSTOM_NAMES):
        custom = name in CUSTOM_NAMES
        kind, items, of = SCHEMAS.get(name, ("string", None, None))
        schema: dict[str, Any] = {"type": kind}
        schema |= {"custom": of, "customId": int(name.rpartition("_")[2])} if custom else {"system": name}
        if items:
            schema["items"] = items
        shown.append(
            {
                "id": name,
                "key": name,
                "name": site.state.field_names.get(name, CUSTOM_NAMES.get(name, name.capitalize())),
                "custom": custom,
                "orderable": True,
                "navigable": True,
                "searchable": True,
                "clauseNames": [f"cf[{name.rpartition('_')[2]}]"] if custom else [name],
                "schema": schema,
            }
        )
    return answer(shown)
