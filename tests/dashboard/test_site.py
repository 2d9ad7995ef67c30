from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from core.dashboard import files, render
from core.dashboard.site import Site
from core.errors import PlanwardError, StoreError, StoreUnreachable

CONTENT = {"index.html": "<h1>all</h1>", "erp.html": "<h1>erp</h1>", "erp.json": "{}"}


@pytest.fixture
def told() -> list[StoreError]:
    return []


class Client:
    """Requests to a site, without a network."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def request(self, method: str, path: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.site)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(ask())

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.request("GET", path, **headers)


@pytest.fixture
def client(told: list[StoreError]) -> Client:
    def content(name: str) -> str:
        if name == "broken.html":
            raise StoreUnreachable("the database at secret.example is gone")
        return CONTENT[name]

    return Client(Site(content, {"localhost", "Dash.acme.example"}, told.append))


@pytest.mark.parametrize(
    ("path", "name", "kind"),
    [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/index.html", "index.html", "text/html; charset=utf-8"),
        ("/erp.html", "erp.html", "text/html; charset=utf-8"),
        ("/erp.json", "erp.json", "application/json"),
    ],
)
def test_each_file_is_there_and_nothing_may_be_made_of_it(client: Client, path: str, name: str, kind: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (200, CONTENT[name], kind)
    assert answer.headers["content-security-policy"] == f"{render.policy()}; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert client.request("HEAD", path).status_code == 200


@pytest.mark.parametrize("path", ["/other.html", "/../planward.yaml", "/%2e%2e/planward.yaml", "/erp.html/", "/x/"])
def test_there_is_no_other_file_and_no_list_of_them(client: Client, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert "erp" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_pages_are_for_reading(client: Client, method: str) -> None:
    answer = client.request(method, "/")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8080", 200),
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("[::1]:8080", 200),
        ("[::1]", 200),
        ("dash.acme.example:80", 200),
        ("10.1.2.3", 200),  # a foreign page can lead here by a name only, and then the name stands in the header
        ("evil.example", 421),
        ("evil.example:8080", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("", 421),
    ],
)
def test_a_foreign_name_that_leads_here_is_turned_away(client: Client, host: str, status: int) -> None:
    assert client.get("/", host=host).status_code == status


def test_a_store_that_cannot_be_read_is_told_to_the_operator_only(client: Client, told: list[StoreError]) -> None:
    answer = client.get("/broken.html")

    assert (answer.status_code, answer.text) == (503, "The store cannot be read now.")
    assert [str(error) for error in told] == ["the database at secret.example is gone"]
    assert client.get("/").status_code == 200  # and the next one is answered


def test_a_file_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "deep" / "site"
    path = files.write(folder, "erp.html", "first 第一")
    seen: list[str] = []
    replace_file = Path.replace

    def watched(self: Path, target: Path) -> Path:
        seen.append(target.read_text(encoding="utf-8"))
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    files.write(folder, "erp.html", "second")

    assert seen == ["first 第一"]  # up to the last moment the old one stood there
    assert path.read_text(encoding="utf-8") == "second"
    assert [one.name for one in folder.iterdir()] == ["erp.html"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "site").write_text("a file")

    with pytest.raises(PlanwardError, match=r"erp\.html cannot be written") as caught:
        files.write(tmp_path / "site", "erp.html", "x")

    assert "Choose another folder" in caught.value.advice
