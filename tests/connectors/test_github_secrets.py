"""Tokens and keys are nowhere: in no error, its causes, no log record, whatever goes wrong. And how an app logs in."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from config.secret import Secret
from config.sources import GithubApp
from core.errors import AccessDenied, AddressRefused, ConfigurationError, PlanwardError, WriteRefused
from tests.connectors.contract import Mirror, updates
from tests.connectors.github_site import PLANTED, US, grow, new_source, new_target, settings_for, truth
from tests.connectors.test_github_target import MARKER
from tests.connectors.test_jira_secrets import everything_said
from tests.sandbox.clock import Clock
from tests.sandbox.github import GithubSandbox, GithubState
from tests.sandbox.server import Answer, Request, Server

ECHO = f"You sent {PLANTED}"
FAULTS: list[dict[str, Any]] = [
    {"what": "cut_before"},
    {"what": "cut_after_apply"},
    {"what": "cut_body"},
    {"what": "html_login_200"},
    {"what": "json_garbage"},
    {"what": "null_json"},
    {"what": "retry_after", "value": 3600},
    {"what": "status", "code": 200, "body": {"errors": [{"type": "X", "message": ECHO}]}},
    *(
        {"what": "status", "code": code, "body": {"message": ECHO, "errors": [ECHO, {"message": ECHO}]}}
        for code in (400, 401, 403, 404, 410, 422, 429, 500, 503)
    ),
    {"what": "status", "code": 302, "headers": {"Location": f"https://elsewhere.example/?{PLANTED}"}},
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['what']}-{fault.get('code', '')}")
@pytest.mark.parametrize("where", ["graphql", "GET .*issues", "POST .*comments$", "PATCH"])
def test_the_token_is_in_no_error_and_no_log(
    github: GithubSandbox,
    github_state: GithubState,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
    where: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    (key,) = grow(github_state, 1)
    source, target = new_source(github), new_target(github)
    if where != "graphql":
        target.identify()
    github.faults.add(where=where, times=None, **fault)

    said = ""
    for act in (
        lambda: Mirror().pull(source),
        lambda: target.create(key, MARKER, "On course."),
        lambda: target.edit(key, "1", MARKER, "On course."),
        source.identify,
    ):
        try:
            act()
        except PlanwardError as error:
            said += everything_said(error, caplog)

    assert said
    assert PLANTED not in said


def test_the_token_is_in_no_text_of_the_settings(github: GithubSandbox) -> None:
    chosen = settings_for(github)

    assert PLANTED not in repr(chosen) + str(chosen) + chosen.model_dump_json()


def test_the_token_never_follows_a_redirect(github: GithubSandbox, github_state: GithubState) -> None:
    (key,) = grow(github_state, 1)
    elsewhere = Server(lambda _: Answer(200, b"{}"), clock=Clock(github_state.clock.now()))
    target = new_target(github)
    target.identify()
    with elsewhere:
        for code in (301, 302, 303, 307, 308):
            headers = {"Location": f"{elsewhere.url}/graphql"}
            github.faults.add(what="status", where="graphql|comments", code=code, headers=headers, times=None)
            with pytest.raises(PlanwardError, match="another address"):
                Mirror().pull(new_source(github))
            with pytest.raises(WriteRefused, match="another address"):
                target.create(key, MARKER, "On course.")
            github.faults.clear()

        assert elsewhere.requests == []


def test_a_private_address_is_refused_before_anything_is_sent(github: GithubSandbox) -> None:
    with pytest.raises(AddressRefused):
        Mirror().pull(new_source(github, private_address=False))

    assert github.requests == []


def test_the_credentials_of_a_netrc_file_are_not_used(
    github: GithubSandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    seen: list[str] = []
    sound = github.server.app

    def look(request: Request) -> Answer:
        seen.append(request.headers["Authorization"])
        return sound(request)

    monkeypatch.setattr(github.server, "app", look)
    new_source(github).identify()

    assert seen == [f"token {PLANTED}"]


def test_a_token_with_characters_that_no_token_has_is_named_and_not_shown(
    github: GithubSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "planted-令牌")

    with pytest.raises(ConfigurationError, match="characters") as caught:
        new_source(github).identify()

    assert "planted" not in str(caught.value)


def test_without_credentials_it_says_which_are_missing(github: GithubSandbox) -> None:
    with pytest.raises(ConfigurationError, match=r"`token`, or an `app`"):
        new_source(github, token=None)


# --- an app -----------------------------------------------------------------------------------------------------


class AppSite:
    """The part of GitHub that gives an app its tokens, in front of the sandbox."""

    def __init__(self, github: GithubSandbox, public_key: Any) -> None:
        self.github = github
        self.public_key = public_key
        self.given: list[str] = []
        self.lasts = timedelta(hours=1)
        self.sandbox = github.server.app

    def answer(self, request: Request) -> Answer:
        if not request.path.startswith("/app/"):
            return self.sandbox(request)
        proof = request.headers["Authorization"].removeprefix("Bearer ")
        claims = jwt.decode(proof, self.public_key, algorithms=["RS256"])
        now = time.time()
        good = claims["iss"] == "12345" and claims["iat"] <= now - 30 and now < claims["exp"] <= now + 600
        if not good or request.path != "/app/installations/67890/access_tokens":
            return Answer(404, b'{"message": "Not Found"}')
        self.given.append(f"installation-token-{len(self.given)}")
        self.github.state.permit(US, self.given[-1])
        ends = datetime.now(UTC) + self.lasts
        told = {"token": self.given[-1], "expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}", "permissions": {}}
        return Answer(201, json.dumps(told).encode())


@pytest.fixture
def app_site(github: GithubSandbox, monkeypatch: pytest.MonkeyPatch) -> AppSite:
    """The sandbox with an app, whose key is in the environment as APP_KEY."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    monkeypatch.setenv("APP_KEY", text)
    site = AppSite(github, key.public_key())
    monkeypatch.setattr(github.server, "app", site.answer)
    return site


def as_app(installation: int = 67890) -> dict[str, Any]:
    return {"token": None, "app": GithubApp(id=12345, installation=installation, key=Secret(env="APP_KEY"))}


def test_an_app_gets_itself_one_token_and_reads_with_it(
    github: GithubSandbox, github_state: GithubState, app_site: AppSite
) -> None:
    grow(github_state, 3)
    source, mirror = new_source(github, **as_app()), Mirror()

    mirror.pull(source)

    assert updates(mirror) == truth(github_state)
    assert len(app_site.given) == 1
    assert source.requests == len(github.requests)


def test_a_token_that_ends_soon_is_replaced_in_time(github: GithubSandbox, app_site: AppSite) -> None:
    source = new_source(github, **as_app())
    app_site.lasts = timedelta(minutes=4)

    source.identify()
    source.identify()

    assert len(app_site.given) == 2


def test_a_token_of_an_app_outlives_its_source_until_it_is_refused(
    github: GithubSandbox, github_state: GithubState, app_site: AppSite
) -> None:
    for _ in range(2):
        source = new_source(github, **as_app())
        source.identify()
        source.close()
    assert app_site.given == ["installation-token-0"]

    github_state.revoke_token("installation-token-0")
    with pytest.raises(AccessDenied):
        source.identify()

    assert source.identify().account_id == US
    assert app_site.given == ["installation-token-0", "installation-token-1"]


def test_a_new_key_of_an_app_gets_a_new_token(
    github: GithubSandbox, app_site: AppSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_source(github, **as_app()).identify()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    monkeypatch.setenv(
        "APP_KEY", key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    )
    app_site.public_key = key.public_key()

    new_source(github, **as_app()).identify()

    assert len(app_site.given) == 2


def test_an_installation_that_is_not_there_is_access_denied(github: GithubSandbox, app_site: AppSite) -> None:
    with pytest.raises(AccessDenied, match="no installation 1 of the GitHub App 12345"):
        new_source(github, **as_app(installation=1)).identify()

    assert app_site.given == []


def test_a_key_that_is_none_is_a_fault_of_the_configuration_and_not_shown(
    github: GithubSandbox, app_site: AppSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("APP_KEY", f"-----BEGIN RSA PRIVATE KEY-----\n{PLANTED}")

    with pytest.raises(ConfigurationError, match="private key of the GitHub App 12345") as caught:
        new_source(github, **as_app()).identify()

    assert PLANTED not in everything_said(caught.value, caplog)
    assert app_site.given == []
