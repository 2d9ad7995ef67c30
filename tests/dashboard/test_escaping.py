from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dashboard import render
from core.model import EvidenceRow, Finding, Severity
from core.report.inputs import DeliverableLine, Freshness, MilestoneLine, OpenFinding
from tests.dashboard.markup import Element, read
from tests.dashboard.samples import NOW, PROBLEMS, STATUS, composed
from tests.document.hostile import addresses, texts
from tests.sandbox.simulator.oddities import HOSTILE

TAGS = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "main", "footer", "nav", "section"),
    *("article", "div", "h1", "h2", "h3", "p", "span", "strong", "bdi", "time", "data", "br", "ul", "li", "dl", "dt"),
    *("dd", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "colgroup", "col"),
    *("svg", "path", "circle", "line", "rect", "polyline", "text"),
}
UNSEEN = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x200E, 0x200F, 0xFEFF, 0x1B, 0}


def page_of(text: str, address: str) -> Element:
    """The page of a project in which everything that came from outside is this text and this address."""
    facts = {"key": text, "name": text, "source": "jira", "owner": text, "entry": "deliverable"}
    about = replace(
        STATUS,
        name=text,
        findings=tuple(
            OpenFinding(
                finding=Finding(
                    kind=kind, severity=Severity.WARNING, subject=text, facts=facts, evidence=(("jira", text),)
                ),
                opened_on=date(2026, 3, 2),
            )
            for kind in ("shadow_work", "overdue", "something_new")
        ),
        milestones=(MilestoneLine(id=text, name=text, due_on=date(2026, 4, 1)),),
        deliverables=(DeliverableLine(id=text, name=text, milestone=text, owner=text, due_on=date(2026, 4, 1)),),
        freshness=(Freshness(source=text, fresh=False),),
        measurements=(
            replace(
                PROBLEMS,
                definition=text,
                stale_sources=(text,),
                excluded={text: 1},
                restates=NOW,
                evidence=(
                    EvidenceRow(source="jira", key=text, url=address, value=0.0, weight=1.0, reason=None),
                    EvidenceRow(source="jira", key=text, url=address, value=None, weight=1.0, reason=text),
                ),
            ),
            replace(PROBLEMS, kpi="unheard_of", value=None, reason=text, met=None, evidence=()),
        ),
        urls={("jira", text): address},
    )
    page = composed(about, names={("jira", text): text}, unread=(text,))
    overview = render.overview_page([("a.html", page)], "en", version="1.0")
    assert read(overview).one("h2")
    return read(render.project_page(page, home="index.html", data="a.json", version="1.0"))


def check(page: Element) -> None:
    for element in page.all():
        assert element.tag in TAGS
        assert not {name for name in element.attributes if name.startswith("on") or name in {"style", "src", "srcdoc"}}
        for value in [*element.attributes.values(), *(part for part in element.content if isinstance(part, str))]:
            assert not UNSEEN & {ord(character) for character in value}
    links = [one.attributes["href"] for one in page.all("a")]
    ours = {"#content", "index.html", "a.json"}
    assert all(href in ours or href.startswith(("http://", "https://")) for href in links)
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("style")) == 1
    assert len(page.all("article")) == 2
    assert len(page.one("table", klass="timeline").one("tbody").all("tr")) == 1


@pytest.mark.parametrize("text", [*HOSTILE, '"><script>alert(1)</script>', "' onmouseover='alert(1)", "{{ 7 * 7 }}"])
def test_hostile_titles_stay_words(text: str) -> None:
    page = page_of(text, "https://acme.example/browse/ERP-1")

    check(page)
    assert page.all("script") == []
    assert "49" not in page.one("h1").text
    for sign in ("<script>", "onmouseover"):
        if sign in text:
            assert sign in page.one("h1").text  # shown as it was written


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", " javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<script>", "//evil.example",
     "https://user:pass@evil.example/", "vbscript:x", "https://acme.example/\u202etxt"],
)  # fmt: skip
def test_only_plain_web_addresses_become_links(address: str) -> None:
    page = page_of("ERP-1", address)

    check(page)
    assert {one.attributes["href"] for one in page.all("a")} == {"#content", "index.html", "a.json"}
    assert "ERP-1" in page.one("h1").text


@given(texts, st.one_of(addresses, texts))
def test_no_text_and_no_address_breaks_out(text: str, address: str) -> None:
    check(page_of(text, address))


def test_the_policy_allows_the_one_style_and_nothing_else() -> None:
    page = page_of("x", "https://acme.example/")

    (policy,) = [
        one.attributes["content"]
        for one in page.all("meta")
        if one.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == render.policy()
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
