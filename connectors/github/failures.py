"""What GitHub's refusals mean, those of HTTP and those inside an answer that HTTP calls a success."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import requests

from connectors.github.payloads import UNREADABLE, Failure, Refusal, RefusedField
from connectors.transport import (
    LONGEST_BAN,
    LONGEST_PAUSE,
    UNTOLD_PAUSE,
    NotAllowed,
    Passing,
    answered_at,
    clean,
    parse_wait,
)
from core.errors import BadAnswer, NotThere, RateLimited, SourceUnavailable

HEAVY = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "QUERY_COMPLEXITY", "TIMEOUT"})
LIMITED = frozenset({"RATE_LIMITED", "RATE_LIMIT"})
SCOPES = "INSUFFICIENT_SCOPES"
FORBIDDEN = frozenset({"FORBIDDEN", SCOPES, "UNAUTHORIZED"})
REVIEWER = "requestedReviewer"
"""Where in an answer it stands whose review is asked for. Teams are hidden there from who may not know them."""
SLOW = ("timeout", "timed out", "in time")
"""What stands in the words of an error without a type when the query took too long."""


class TooNarrow(NotAllowed):
    """A classic token lacks a scope for a part of the query, and gets nothing of the rest either."""


class TooHeavy(SourceUnavailable):
    """GitHub could not answer in time. Less at once may work; the same again costs points for nothing."""


def limit(answer: requests.Response, host: str, said: str) -> Passing | None:
    """That we are to wait, and for how many seconds if that is told, or None where the answer says nothing of it.

    In the order that GitHub asks for: `Retry-After`, the reset of a budget that is used up, a minute.
    """
    if answer.status_code not in (403, 429):
        return None
    return _limited(answer, host, told=answer.status_code == 429 or "rate limit" in said or "abuse" in said)


def translate(errors: Sequence[Failure], answer: requests.Response, host: str, secrets: Iterable[str]) -> Exception:
    """What the errors of a GraphQL answer mean: a RemoteError, or Passing for what a read may try again."""
    types = {error.type for error in errors}
    words = clean(hide("; ".join(dict.fromkeys(error.message for error in errors if error.message)), secrets))
    said = f" It says: {words}" if words else ""
    limited = _limited(answer, host, told=bool(types & LIMITED) or "rate limit" in words.casefold())
    if limited is not None:
        return limited if limited.pause is not None and limited.pause <= LONGEST_PAUSE else limited.error
    if types & HEAVY or any(not error.type and _is_slow(error.message) for error in errors):
        return TooHeavy(f"{host} could not answer so much at once.{said}")
    if "NOT_FOUND" in types:
        return NotThere(f"{host} has no such thing, or hides it from our account.{said}")
    if SCOPES in types:
        return TooNarrow(f"{host} does not allow our token to read this.{said}")
    if types & FORBIDDEN:
        return NotAllowed(f"{host} does not allow our account to read this.{said}")
    return BadAnswer(f"{host} did not answer the whole query.{said}")


def hides_teams(errors: Sequence[Failure]) -> bool:
    """Whether all that is wrong with an answer is that it does not tell which teams are asked for a review."""
    return all(
        error.type == "FORBIDDEN" and error.path is not None and error.path[-1:] == [REVIEWER] for error in errors
    )


def explanation(answer: requests.Response, secrets: Iterable[str]) -> str:
    """What GitHub says of its refusal, on one line with a leading space, or nothing."""
    if answer.status_code < 300:
        return ""
    try:
        refusal = msgspec.json.decode(answer.content, type=Refusal)
        fields = _fields(refusal)
    except (*UNREADABLE, requests.RequestException, BadAnswer):
        refusal, fields = Refusal(), []
    texts = [text for text in (refusal.message, *fields) if text]
    if needed := answer.headers.get("X-Accepted-GitHub-Permissions"):
        texts.append(f"(It takes the permission {needed}.)")
    if answer.headers.get("X-GitHub-SSO", "").startswith("required"):
        texts.append("(The token has to be authorised for the organisation's single sign-on.)")
    line = clean(hide(" ".join(dict.fromkeys(texts)), secrets))
    return f" It says: {line}" if line else ""


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text without our secrets, should somebody repeat them to us."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def _fields(refusal: Refusal) -> list[str]:
    """What was wrong with which field. It comes as a text, as texts, or as objects."""
    told = msgspec.json.decode(refusal.errors, type=str | list[msgspec.Raw] | None)
    if told is None:
        return []
    if isinstance(told, str):
        return [told]
    found = [msgspec.json.decode(raw, type=str | RefusedField) for raw in told]
    return [
        one if isinstance(one, str) else one.message or " ".join(word for word in (one.field, one.code) if word)
        for one in found
    ]


def _limited(answer: requests.Response, host: str, *, told: bool) -> Passing | None:
    now = datetime.now(UTC)
    pause = parse_wait(answer.headers, now)
    if pause is None and answer.headers.get("X-RateLimit-Remaining") == "0":
        pause = _until_reset(answer, now)
    if pause is None and not told:
        return None
    until = now + timedelta(seconds=UNTOLD_PAUSE if pause is None else pause)
    error = RateLimited(f"{host} asks us to wait until {until:%Y-%m-%d %H:%M:%S} UTC.", not_before=until)
    return Passing(error, pause)


def _until_reset(answer: requests.Response, now: datetime) -> float | None:
    text = answer.headers.get("X-RateLimit-Reset", "")
    if not text.isascii() or not text.isdigit() or len(text) > 11:
        return None
    seconds = int(text) - (answered_at(answer.headers) or now).timestamp()
    return min(max(seconds, 1.0), LONGEST_BAN)


def _is_slow(message: str) -> bool:
    return any(words in message.casefold() for words in SLOW)
