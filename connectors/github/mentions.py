"""Work that a text names: addresses of tracker items, and keys as Jira writes them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from urllib.parse import parse_qs, urlsplit

from core.model import Link, Provenance

_ADDRESS = re.compile(r"https?://[^\s<>\"'`|\\^{}\[\]]+", re.IGNORECASE)
# What may not stand before a key is asked for behind its first letter, so that a search can skip to the next of those.
_KEY = re.compile(r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z0-9_]+-[1-9]\d*(?![A-Za-z0-9])")
_WHOLE_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]+-[1-9]\d*")
_JIRA_PATH = re.compile(r"/(?:browse|issues)/([A-Za-z][A-Za-z0-9_]+-[1-9]\d*)/?$")
_GITHUB_PATH = re.compile(r"/([\w.-]+/[\w.-]+)/(?:issues|pull)/([1-9]\d*)(?:/.*)?")
_ASIDE = re.compile(
    r"<!--.*?(?:-->|\Z)"
    # A fence may stand in a quotation or a list, and ends with one as long, or with the text.
    r"|^(?:[ \t>*+-]|\d+[.)])*(?P<fence>`{3,}(?=[^`\n]*$)|~{3,}).*?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)"
    # Code within a line may go on in the next one, but not beyond the paragraph.
    r"|(?<![\\`])(?P<ticks>`++)(?:[^`\n]++|\n(?![ \t]*$)|(?!(?P=ticks)(?!`))`++)*+(?P=ticks)",
    re.DOTALL | re.MULTILINE,
)
"""What is in a Markdown text and says nothing: comments, such as the words of a template, and code."""
LONGEST = 500
"""Characters of a mention that can be one: names of hosts, projects and repositories are shorter."""


def mentions(
    texts: Sequence[str],
    source: str,
    url: str,
    known: Collection[str],
    *,
    branch: str = "",
    repositories: Iterable[str] = (),
) -> tuple[Link, ...]:
    """A link for each item that one of the Markdown texts or the name of the branch names. `url` is their own address.

    A key with an address is known by the host as well: whether it is an item of ours is decided where items are known.
    So are keys that may be none, such as `UTF-8`. In the name of a branch a key may be in small letters. Repositories
    are named in any case, and spelt as in `url` and in `repositories`. Items of `known` keys are left out: the item
    itself, and what it is tied to more firmly.
    """
    found: dict[str, Link] = {}
    for text in (*map(_said, texts), branch.upper()):
        if "://" in text:
            host, own = urlsplit(url).hostname or "", _GITHUB_PATH.fullmatch(urlsplit(url).path)
            spelt = {name.casefold(): name for name in (*repositories, *([own[1]] if own else []))}
            named = [*_addressed(text, source, host, spelt), *_keys(_ADDRESS.sub(" ", text))]
        else:
            named = [*_keys(text)]
        found.update(
            (link.remote_id, link) for link in named if link.to_key not in known and len(link.remote_id) <= LONGEST
        )
    return tuple(link for _, link in sorted(found.items()))


def _said(text: str) -> str:
    """The text without what says nothing. Most texts hold nothing of that kind, and looking closely takes long."""
    return _ASIDE.sub(" ", text) if any(mark in text for mark in ("`", "~~~", "<!--")) else text


def _keys(text: str) -> Iterator[Link]:
    """The keys in a text. `FEATURE_ERP-12` may be one, or `ERP-12` behind a word."""
    for match in _KEY.finditer(text):
        for key in {match[0], match[0].rpartition("_")[2]}:
            if _WHOLE_KEY.fullmatch(key):
                yield _mention(f"{Provenance.KEY}:{key}", None, key, Provenance.KEY)


def _addressed(text: str, source: str, host: str, spelt: dict[str, str]) -> Iterator[Link]:
    """The items whose addresses stand in a text, each with its source where that is this one."""
    for match in _ADDRESS.finditer(text):
        try:
            parts = urlsplit(match[0].rstrip(".,;:!?)*_~"))
        except ValueError:
            continue
        keys = parse_qs(parts.query).get("selectedIssue", [])
        if (jira := _JIRA_PATH.search(parts.path)) is not None:
            keys = [jira[1], *keys]
        for key in (key.upper() for key in keys if _WHOLE_KEY.fullmatch(key)):
            yield _mention(f"{Provenance.URL}:{parts.hostname}/{key}", None, key, Provenance.URL)
        if parts.hostname == host and (github := _GITHUB_PATH.fullmatch(parts.path)) is not None:
            key = f"{spelt.get(github[1].casefold(), github[1])}#{github[2]}"
            yield _mention(f"{Provenance.URL}:{host}/{key}", source, key, Provenance.URL)


def _mention(remote_id: str, to_source: str | None, key: str, provenance: Provenance) -> Link:
    return Link(remote_id=remote_id, kind="mentions", to_source=to_source, to_key=key, provenance=provenance)
