"""Which characters of a foreign text may be shown, and which addresses may be linked."""

from __future__ import annotations

import re

LONGEST_TEXT = 2000
"""Characters of one node, more than any tracker's title has. The rest is cut, so that no text can fill a comment."""

_TERMINAL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")
_SPACE = re.compile(r"[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]+")
# Controls, and what turns, hides or invents text without being seen: bidi marks and overrides ("Trojan Source",
# CVE-2021-42574), zero-width characters, interlinear and tag characters. Joiners and non-joiners stay:
# scripts need them.
_UNSEEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]"
)
_ADDRESS = re.compile(
    r"https?://(?:[^\s/?#@\\:\[\]<>\"'`]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][^\s\\]*)?", re.IGNORECASE
)
_UNUSUAL = re.compile(r"[^A-Za-z0-9%/:?#@!&*+,;=~._\[\]-]")
_NOT_TEXT = re.compile(r"[\ud800-\udfff\ufffe\uffff]")


def visible(text: str) -> str:
    """The text on one line, without control, invisible and direction-turning characters, at most LONGEST_TEXT long."""
    text = _TERMINAL_SEQUENCE.sub("", text)
    text = _SPACE.sub(" ", text)
    text = _UNSEEN.sub("", text)
    text = _NOT_TEXT.sub("\ufffd", text)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def web_address(href: str) -> str | None:
    """The address with everything unusual percent-encoded, or None when it must not become a link.

    Only http and https, with a host, without a user name or password, and without characters that nobody sees.
    """
    if href != visible(href) or _ADDRESS.fullmatch(href) is None:
        return None
    return _UNUSUAL.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), href)
