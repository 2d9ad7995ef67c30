"""Histories from the primary store: of many issues at once, or of one."""

from __future__ import annotations

from bisect import bisect_right
from heapq import merge
from typing import Any

import msgspec

from tests.sandbox.clock import to_instant
from tests.sandbox.jira.model import Change
from tests.sandbox.jira.render import Show
from tests.sandbox.jira.site import Call, Site, answer, digest, number, payload, refuse
from tests.sandbox.server import Answer

MOST_ISSUES = 1000
MOST_FIELDS = 10
MOST_CHANGES = 10_000
PAGE_OF_ONE = 100


class BulkBody(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What a bulk request for histories may say."""

    issue_ids_or_keys: list[str]
    field_ids: list[str] = []
    max_results: int = 1000
    next_page_token: str | None = None


def bulk(site: Site, call: Call) -> Answer:
    """A page of entries, oldest first across all the issues, grouped by issue. Issues not found are just not there."""
    body: BulkBody = payload(call, BulkBody)
    _check(body)
    bound_to = digest(sorted(set(body.issue_ids_or_keys)), sorted(body.field_ids), call.access.account_id)
    after = site.position(body.next_page_token, bound_to, call.now) if body.next_page_token is not None else (-1, -1)
    rows = _rows(site, call, body)
    start = bisect_right(rows, after, key=lambda row: row[0])
    page = rows[start : start + body.max_results]
    show = Show(site.state, site.url, call.zone)
    by_issue: dict[str, list[bytes]] = {}
    for _, issue_id, change in page:
        by_issue.setdefault(issue_id, []).append(_shown(site, show, change))
    groups = [
        b'{"issueId":"' + issue_id.encode() + b'","changeHistories":[' + b",".join(shown) + b"]}"
        for issue_id, shown in by_issue.items()
    ]
    rest = b""
    if start + len(page) < len(rows):
        token = site.hand_out_token(bound_to, call.now, page[-1][0])
        rest = b',"nextPageToken":' + msgspec.json.encode(token)
    return Answer(200, b'{"issueChangeLogs":[' + b",".join(groups) + b"]" + rest + b"}")


def of_one(site: Site, call: Call) -> Answer:
    """A page of one issue's history, oldest first."""
    issue = site.issue(call, call.groups[0])
    start = number(call, "startAt", 0)
    size = min(number(call, "maxResults", PAGE_OF_ONE, least=1), PAGE_OF_ONE)
    changes = site.state.records[issue.id].changes
    page = changes[start : start + size]
    show = Show(site.state, site.url, call.zone)
    address = f"{site.url}/rest/api/3/issue/{call.groups[0]}/changelog"
    shown: dict[str, Any] = {
        "self": f"{address}?maxResults={size}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(changes),
        "isLast": start + size >= len(changes),
        "values": [show.change(change) for change in page],
    }
    if not shown["isLast"]:
        shown["nextPage"] = f"{address}?maxResults={size}&startAt={start + size}"
    return answer(shown)


def _check(body: BulkBody) -> None:
    if not 0 < len(body.issue_ids_or_keys) <= MOST_ISSUES:
        raise refuse(400, f"Between 1 and {MOST_ISSUES} issue ids or keys are needed.")
    if len(body.field_ids) > MOST_FIELDS or len(set(body.field_ids)) != len(body.field_ids):
        raise refuse(400, f"At most {MOST_FIELDS} different field ids are allowed.")
    if not 0 < body.max_results <= MOST_CHANGES:
        raise refuse(400, f"maxResults must be between 1 and {MOST_CHANGES}.")


def _rows(site: Site, call: Call, body: BulkBody) -> list[tuple[tuple[int, int], str, Change]]:
    wanted = set(body.field_ids)
    found = (site.state.find(text) for text in dict.fromkeys(body.issue_ids_or_keys))
    issues = {issue.id: issue for issue in found if issue is not None and site.visible(call, issue)}
    lists = []
    for issue_id in issues:
        changes = site.state.records[issue_id].changes
        if wanted:
            changes = [change for change in changes if any(item.field_id in wanted for item in change.items)]
        lists.append(sorted(((change.created, change.id), issue_id, change) for change in changes))
    return list(merge(*lists, key=lambda row: row[0]))


def _shown(site: Site, show: Show, change: Change) -> bytes:
    def make() -> bytes:
        # Nulls are left out here, and times are numbers, unlike in the history of one issue.
        created: Any = change.created
        if site.manners.history_times == "seconds":
            created //= 1000
        elif site.manners.history_times == "iso":
            created = to_instant(change.created).strftime("%Y-%m-%dT%H:%M:%S.") + f"{change.created % 1000:03d}+0000"
        return msgspec.json.encode(show.change(change, created=created, nulls=False))

    return site.remember(("change", id(change), change.id, show.zone), make)
