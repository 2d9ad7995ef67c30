"""Work that a text names: addresses of tracker items, and keys as Jira writes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

from core.model import Link, Provenance

_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
_KEY = re.compile(r"(?<![A-Za-z0-9])([A-Z][A-Z0-9_]+)-([1-9]\d*)(?!\d|[A-Za-z]|-\d)")
_WHOLE_KEY = re.compile(r"[A-Z][A-Z0-9_]+-[1-9]\d*")
_JIRA_PATH = re.compile(r"/(?:browse|issues)/([A-Za-z][A-Za-z0-9_]+-[1-9]\d*)/?$")
_GITHUB_PATH = re.compile(r"/([\w.-]+/[\w.-]+)/(?:issues|pull)/([1-9]\d*)(?:/.*)?")
_NO_PROJECTS = frozenset({"UTF", "ISO", "SHA", "RFC", "CVE", "GH", "MD", "UTC", "GMT", "IEEE", "EN", "DIN", "HTTP"})
"""What stands before a hyphen and a number in many texts and is no project: standards, hashes, GitHub's own `GH-12`."""


def mentions(texts: Sequence[str], source: str, url: str, known: Collection[str]) -> tuple[Link, ...]:
    """A link for each item that one of the texts names, addresses first. `url` is the text's own address.

    Items of `known` keys are left out: the item itself, and what it is tied to more firmly.
    """
    found: dict[str, Link] = {}
    for text in texts:
        for to_source, key in _addressed(text, source, urlsplit(url).hostname or ""):
            found.setdefault(key, _mention(key, to_source, Provenance.URL))
    for text in texts:
        for match in _KEY.finditer(_ADDRESS.sub(" ", text)):
            if match[1] not in _NO_PROJECTS:
                found.setdefault(match[0], _mention(match[0], None, Provenance.KEY))
    return tuple(link for key, link in sorted(found.items()) if key not in known)


def _mention(key: str, to_source: str | None, provenance: Provenance) -> Link:
    return Link(
        remote_id=f"{provenance}:{key}", kind="mentions", to_source=to_source, to_key=key, provenance=provenance
    )


def _addressed(text: str, source: str, host: str) -> Iterator[tuple[str | None, str]]:
    """The items whose addresses stand in a text, each with its source where that is this one."""
    for match in _ADDRESS.finditer(text):
        try:
            parts = urlsplit(match[0].rstrip(".,;:!?)*_~"))
        except ValueError:
            continue
        if (jira := _JIRA_PATH.search(parts.path)) is not None:
            yield None, jira[1].upper()
        for selected in parse_qs(parts.query).get("selectedIssue", ()):
            if _WHOLE_KEY.fullmatch(selected):
                yield None, selected
        if parts.hostname == host and (github := _GITHUB_PATH.fullmatch(parts.path)) is not None:
            yield source, f"{github[1]}#{github[2]}"
