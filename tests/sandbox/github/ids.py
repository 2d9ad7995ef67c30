"""Node ids in the form that GitHub gives them: a prefix, and numbers packed and in base64."""

from __future__ import annotations

import base64
import struct

PREFIXES = {
    "User": "U",
    "Bot": "BOT",
    "Mannequin": "M",
    "Organization": "O",
    "Team": "T",
    "Repository": "R",
    "Issue": "I",
    "PullRequest": "PR",
    "IssueComment": "IC",
    "PullRequestReview": "PRR",
    "ReviewRequest": "RR",
    "Label": "LA",
    "Milestone": "MI",
}


def node_id(kind: str, *numbers: int) -> str:
    """The id of a thing with its owner's numbers before its own; events have the initials of their kind as prefix."""
    prefix = PREFIXES.get(kind) or "".join(letter for letter in kind if letter.isupper())
    packed = bytes([0x91 + len(numbers), 0]) + b"".join(struct.pack(">BI", 0xCE, number) for number in numbers)
    return f"{prefix}_{base64.urlsafe_b64encode(packed).decode().rstrip('=')}"
