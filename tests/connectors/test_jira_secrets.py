"""The token is nowhere: in no error, its causes, no log record, no settings text, whatever goes wrong."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from config.sources import JiraSettings
from connectors.jira.fetch import JiraSource
from connectors.jira.write import JiraTarget
from connectors.transport import ReadRetry
from core.errors import AccessDenied, AddressRefused, BadAnswer, ConfigurationError, PlanwardError, WriteRefused
from tests.connectors.conftest import PLANTED, grow
from tests.connectors.contract import Mirror
from tests.connectors.test_jira_target import MARKER, document
from tests.sandbox.clock import Clock
from tests.sandbox.jira import JiraSandbox, JiraState
from tests.sandbox.server import Answer, Server

Settings = Callable[..., JiraSettings]
ECHO = f"You sent {PLANTED} and Basic {base64.b64encode(f'planward@example.com:{PLANTED}'.encode()).decode()}"
FAULTS: list[dict[str, Any]] = [
    {"what": "cut_before"},
    {"what": "cut_after_apply"},
    {"what": "cut_body"},
    {"what": "html_login_200"},
    {"what": "json_garbage"},
    {"what": "null_json"},
    {"what": "retry_after", "value": 3600},
    *(
        {"what": "status", "code": code, "body": {"errorMessages": [ECHO], "errors": {"x": ECHO}}}
        for code in (
            400,
            401,
            403,
            404,
            410,
            413,
            429,
            500,
            503,
        )
    ),
    *({"what": "status", "code": code, "body": ECHO, "headers": {"X-Echo": PLANTED}} for code in (400, 401, 500)),
    {"what": "status", "code": 302, "headers": {"Location": f"https://elsewhere.example/?{PLANTED}"}},
]


def everything_said(error: BaseException, caplog: pytest.LogCaptureFixture) -> str:
    """What a log would show of the error, with all its causes, and of every record."""
    logged = "\n".join(record.getMessage() + str(record.exc_info) for record in caplog.records)
    advice = getattr(error, "advice", "")
    return "".join(traceback.format_exception(error)) + repr(error) + advice + logged


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault['what']}-{fault.get('code', '')}")
@pytest.mark.parametrize("where", ["search/jql", "POST .*comment$", "PUT", "bulkfetch", "myself"])
def test_the_token_is_in_no_error_and_no_log(
    jira: JiraSandbox,
    settings: Settings,
    state: JiraState,
    caplog: pytest.LogCaptureFixture,
    fault: dict[str, Any],
    where: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    (key,) = grow(state, 1)
    retry = ReadRetry(first_pause=0.001)
    source, target = JiraSource("acme", settings(jira), retry=retry), JiraTarget("acme", settings(jira), retry=retry)
    jira.faults.add(where=where, times=None, **fault)

    said = ""
    for act in (
        lambda: Mirror().pull(source),
        lambda: target.create(key, MARKER, document("On course.")),
        lambda: target.edit(key, "1", MARKER, document("On course.")),
        source.identify,
    ):
        try:
            act()
        except PlanwardError as error:
            said += everything_said(error, caplog)

    assert said
    assert PLANTED not in said
    assert base64.b64encode(f"planward@example.com:{PLANTED}".encode()).decode() not in said


def test_the_token_is_in_no_text_of_the_settings(jira: JiraSandbox, settings: Settings) -> None:
    chosen = settings(jira)

    assert PLANTED not in repr(chosen) + str(chosen) + chosen.model_dump_json()


def test_the_token_never_follows_a_redirect(jira: JiraSandbox, settings: Settings, state: JiraState) -> None:
    (key,) = grow(state, 1)
    elsewhere = Server(lambda request: Answer(200, b"{}"), clock=Clock(state.clock.now()))
    with elsewhere:
        for code in (301, 302, 303, 307, 308):
            headers = {"Location": elsewhere.url}
            jira.faults.add(what="status", where="search/jql|comment$", code=code, headers=headers, times=None)
            with pytest.raises(BadAnswer, match="another address"):
                Mirror().pull(JiraSource("acme", settings(jira)))
            with pytest.raises(WriteRefused, match="another address"):
                JiraTarget("acme", settings(jira)).create(key, MARKER, document("On course."))
            jira.faults.clear()

        assert elsewhere.requests == []


def test_a_private_address_is_refused_before_anything_is_sent(jira: JiraSandbox, settings: Settings) -> None:
    chosen = settings(jira).model_copy(update={"private_address": False})

    with pytest.raises(AddressRefused):
        Mirror().pull(JiraSource("acme", chosen))

    assert jira.requests == []


def test_answers_of_a_library_log_file_are_refused(
    jira: JiraSandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYJIRA_LOG_TO_TEMPFILE", "1")

    with pytest.raises(ConfigurationError, match="PYJIRA_LOG_TO_TEMPFILE"):
        JiraSource("acme", settings(jira)).identify()

    assert jira.requests == []


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
        {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
        {"X-Authentication-Denied-Reason": "CAPTCHA_CHALLENGE; login-url=https://acme.example/login.jsp"},
    ],
)
def test_an_answer_that_says_our_login_failed_is_not_believed(
    jira: JiraSandbox, settings: Settings, headers: dict[str, str]
) -> None:
    body = {"issues": [], "isLast": True}
    jira.faults.add(what="status", where="search/jql", code=200, headers=headers, body=body, times=None)

    with pytest.raises(AccessDenied):
        Mirror().pull(JiraSource("acme", settings(jira)))

    assert len(jira.requests) == 1


def test_data_center_is_refused_in_plain_words(jira: JiraSandbox, settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="Data Center"):
        JiraSource("acme", settings(jira, user=None))
