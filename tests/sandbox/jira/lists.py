"""The small lists and single things: who am I, the server, statuses, projects and so on."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sandbox.jira.model import Named
from tests.sandbox.jira.render import Show
from tests.sandbox.jira.site import Call, Endpoint, Site, answer, error, number, text, unauthorized, words
from tests.sandbox.server import Answer


def myself(site: Site, call: Call) -> Answer:
    """The caller's account, 401 for nobody."""
    if call.user is None:
        return unauthorized()
    shown = Show(site.state, site.url, call.zone).user(call.user.account_id)
    assert shown is not None
    return answer(shown | {"locale": "en_US", "expand": "groups,applicationRoles"})


def server_info(site: Site, call: Call) -> Answer:
    """The server, told to anybody."""
    show = Show(site.state, site.url, call.zone)
    return answer(
        {
            "baseUrl": site.home,
            "version": "1001.0.0-SNAPSHOT",
            "versionNumbers": [1001, 0, 0],
            "deploymentType": "Cloud",
            "buildNumber": 100290,
            "buildDate": show.at(call.now - call.now % 86_400_000),
            "serverTime": show.at(call.now),
            "serverTimeZone": call.zone,
            "scmInfo": "sandbox",
            "serverTitle": site.state.site_name,
        }
    )


def statuses(site: Site, call: Call) -> Answer:
    """All statuses."""
    show = Show(site.state, site.url, call.zone)
    return answer([show.status(status) for status in site.state.statuses.values()])


def entries(path: str, attribute: str) -> Endpoint:
    """An endpoint that lists issue types, priorities or resolutions."""

    def listing(site: Site, call: Call) -> Answer:
        kind: Mapping[str, Named] = getattr(site.state, attribute)
        show = Show(site.state, site.url, call.zone)
        if path == "issuetype":
            return answer([show.type(type_id) for type_id in kind])
        return answer([show.entry(path, named) for named in kind.values()])

    return listing


def link_types(site: Site, call: Call) -> Answer:
    """All kinds of links."""
    show = Show(site.state, site.url, call.zone)
    return answer({"issueLinkTypes": [show.link_type(kind) for kind in site.state.link_types.values()]})


def project(site: Site, call: Call) -> Answer:
    """One project by id, key or former key."""
    found = site.state.project(call.groups[0])
    named = found is not None and found.name.casefold() == call.groups[0].casefold() != found.key.casefold()
    if found is None or named or not site.may_browse(call, found):
        return error(404, f"No project could be found with key '{call.groups[0]}'.")
    return answer(Show(site.state, site.url, call.zone).project(found))


def projects(site: Site, call: Call) -> Answer:
    """A page of the projects that the caller may see, by key."""
    start, size = number(call, "startAt", 0), min(number(call, "maxResults", 50, least=1), 50)
    keys, ids, query = words(call, "keys"), words(call, "id"), (text(call, "query") or "").casefold()
    seen = [
        found
        for found in sorted(site.state.projects.values(), key=lambda found: found.key)
        if site.may_browse(call, found)
        and (keys is None or found.key in keys)
        and (ids is None or found.id in ids)
        and (query in found.key.casefold() or query in found.name.casefold())
    ]
    show = Show(site.state, site.url, call.zone)
    address = f"{site.url}/rest/api/3/project/search"
    page = {
        "self": f"{address}?maxResults={size}&startAt={start}",
        "maxResults": size,
        "startAt": start,
        "total": len(seen),
        "isLast": start + size >= len(seen),
        "values": [show.project(found) for found in seen[start : start + size]],
    }
    if not page["isLast"]:
        page["nextPage"] = f"{address}?maxResults={size}&startAt={start + size}"
    return answer(page)
