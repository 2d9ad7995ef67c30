"""Pages as HTML: the one place where text from outside becomes markup.

Whatever a template prints loses its unseen characters and is then escaped by jinja2, a link is made only of an http or
https address, and the policy of the page lets a browser load and run nothing but the style in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.dashboard.page import ProjectPage
from core.document.characters import visible, web_address
from core.document.messages import date_text, say
from core.document.nodes import DateWord, Inline, LineBreak, LinkTo, StatusWord

TEMPLATES = Path(__file__).with_name("templates")


def project_page(page: ProjectPage, *, home: str | None, data: str, version: str) -> str:
    """The page of a project. `home` is the address of the page of all projects, `data` that of its numbers as JSON."""
    return _rendered("project.html", page.language, page=page, home=home, data=data, version=version)


def overview_page(pages: Sequence[tuple[str, ProjectPage]], language: str, *, version: str) -> str:
    """The page that leads to those of the projects, each given with its address."""
    return _rendered("overview.html", language, pages=pages, version=version)


def policy() -> str:
    """The Content-Security-Policy of every page: nothing from anywhere but its own style and the icon in it."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none';"
        " require-trusted-types-for 'script'"
    )


def _rendered(template: str, language: str, **values: Any) -> str:
    return (
        _templates()
        .get_template(template)
        .render(
            language=language,
            say=_Words(language),
            policy=policy(),
            style=Markup(_style()),  # noqa: S704 - our own file
            **values,
        )
    )


class _Words:
    """The catalogue in one language, as templates ask for it."""

    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, key: str, **values: Any) -> str:
        return say(key, self._language, **values)

    def day(self, on: date) -> str:
        return date_text(on, self._language)

    def instant(self, at: datetime) -> str:
        return say("dashboard.as_of", self._language, on=at.date(), time=f"{at:%H:%M}", zone=str(at.tzinfo))


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["kind"] = _kind
    templates.filters["address"] = web_address
    return templates


@cache
def _style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8")


def _shown(value: Any) -> Any:
    """What a template prints: text without characters that nobody sees. Markup was made by a template and stays."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _kind(node: Inline) -> str:
    match node:
        case LinkTo():
            return "link"
        case StatusWord():
            return "status"
        case DateWord():
            return "date"
        case LineBreak():
            return "break"
        case _:
            return "text"
