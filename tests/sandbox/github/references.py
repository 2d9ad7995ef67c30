"""What texts refer to: `#12`, `acme/erp#12` and addresses, with or without a word that closes it on merge."""

from __future__ import annotations

import re
from typing import NamedTuple

CLOSING = r"(?P<closing>\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+)?"
NAME = r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"
REFERENCE = re.compile(
    rf"{CLOSING}(?:(?:(?P<name>(?<![\w/.-]){NAME})|(?<![\w/&]))#(?P<number>\d+)\b"
    rf"|https?://[^\s/]+/(?P<place>{NAME})/(?:issues|pull)/(?P<placed>\d+)\b)",
    re.IGNORECASE,
)
CODE = re.compile(r"```.*?```|`[^`\n]*`|<!--.*?-->", re.DOTALL)


class Reference(NamedTuple):
    """One thing named in a text; `repository` None: in the same one."""

    repository: str | None
    number: int
    closes: bool


def references(text: str) -> list[Reference]:
    """What the text names, in its order. Code and hidden comments name nothing."""
    found: list[Reference] = []
    if "#" not in text and "://" not in text:
        return found
    for match in REFERENCE.finditer(CODE.sub(" ", text)):
        number = int(match["number"] or match["placed"])
        found.append(Reference(match["name"] or match["place"], number, match["closing"] is not None))
    return found
