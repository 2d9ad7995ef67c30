"""The fingerprint of what a document says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import date

from core.document.nodes import Document

TEMPLATE_VERSION = 1
"""Raise it when a dialect comes to render the same document differently and the texts that stand should be renewed."""


def digest_of(document: Document) -> str:
    """A sha256 in hex over everything that the document says and the version of the templates.

    Equal documents have equal digests on every machine and in every run; the moment of asking plays no part.
    """
    canonical = json.dumps([TEMPLATE_VERSION, _plain(document)], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in dataclasses.fields(value))]
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value
