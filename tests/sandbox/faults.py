"""What can go wrong between a client and a server, switched on for chosen requests."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tests.sandbox.clock import Clock

if TYPE_CHECKING:
    from tests.sandbox.server import Answer, Request

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form action='/login'></form></body></html>"
TOO_MANY = b"<html><body><h1>429 Too Many Requests</h1></body></html>"
STALE = {"errorMessages": ["The provided next page token is invalid or has expired."], "errors": {}}

Where = str | Callable[["Request"], bool]


class Cut(Exception):
    """The connection is dropped without an answer."""


@dataclass(slots=True)
class Fault:
    """A fault and when it strikes: for requests that `where` fits, after the first `after` of them, `times` times.

    `early` may answer before the app sees the request; `late` changes what the app answered.
    """

    what: str
    where: Where
    times: int | None
    after: int
    early: Callable[[Request], Answer | None] | None = None
    late: Callable[[Request, Answer], Answer] | None = None
    struck: int = 0

    def fits(self, request: Request) -> bool:
        """Whether the request is one that is meant; a text is searched for in `METHOD /path?query`."""
        if callable(self.where):
            return self.where(request)
        return re.search(self.where, f"{request.method} {request.target}") is not None


class Faults:
    """The faults that are switched on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, *, what: str, where: Where = "", times: int | None = 1, after: int = 0, **how: Any) -> Fault:
        """Switch a fault on. `times` None: until `clear`. `how` by kind of `what`:

        cut_before            the connection is dropped, nothing was applied
        cut_after_apply       the request is applied, then the connection is dropped without an answer
        cut_body              the body ends before its Content-Length: `keep` bytes of it (default half)
        delay                 the answer is `seconds` late (default 1); `before` False: the request is applied first
        status                `code`, `headers`, `body` instead of the answer; `applied` True: after it was applied
        html_login_200        200 and a login page, as single sign-on in front of the server has it
        json_garbage, truncated_json, null_json     200 and a body that is no JSON, half of it, or `null`
        gzip_bomb             200 and `megabytes` (default 200) of zeros, packed
        slow_drip             the answer comes byte by byte, `seconds` (default 0.2) apart
        retry_after           429 with `value` (seconds, a datetime, a text) as Retry-After; `reason`, `body`, `code`
        stale_token           the page token of the request (only requests with one are meant) is taken as expired
        """
        build = KINDS.get(what)
        if build is None:
            raise ValueError(f"no fault {what}; there are {', '.join(KINDS)}")
        fault = build(replace(Fault(what=what, where=where, times=times, after=after)), how)
        if how:
            raise ValueError(f"{what} does not know {', '.join(how)}")
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def due(self, request: Request) -> list[Fault]:
        """The faults that strike this request; each counts itself."""
        with self._lock:
            return [fault for fault in self._faults if _strikes(fault, request)]


def _strikes(fault: Fault, request: Request) -> bool:
    if not fault.fits(request) or (fault.times is not None and fault.struck >= fault.times):
        return False
    if fault.after > 0:
        fault.after -= 1
        return False
    fault.struck += 1
    return True


Build = Callable[[Fault, dict[str, Any]], Fault]


def _answer(status: int, body: bytes, headers: Mapping[str, str], content_type: str) -> Answer:
    from tests.sandbox.server import Answer

    return Answer(status, body, dict(headers), content_type)


def _cut_before(fault: Fault, how: dict[str, Any]) -> Fault:
    def cut(request: Request) -> None:
        raise Cut

    return replace(fault, early=cut)


def _cut_after_apply(fault: Fault, how: dict[str, Any]) -> Fault:
    def cut(request: Request, answer: Answer) -> Answer:
        raise Cut

    return replace(fault, late=cut)


def _cut_body(fault: Fault, how: dict[str, Any]) -> Fault:
    keep = how.pop("keep", None)

    def shorten(request: Request, answer: Answer) -> Answer:
        answer.headers["Content-Encoding"] = "identity"  # so that `keep` counts what the client sees
        answer.cut_to = len(answer.body) // 2 if keep is None else keep
        return answer

    return replace(fault, late=shorten)


def _delay(fault: Fault, how: dict[str, Any]) -> Fault:
    seconds, before = float(how.pop("seconds", 1.0)), how.pop("before", True)

    def wait(request: Request) -> None:
        time.sleep(seconds)

    def wait_late(request: Request, answer: Answer) -> Answer:
        time.sleep(seconds)
        return answer

    return replace(fault, early=wait) if before else replace(fault, late=wait_late)


def _status(fault: Fault, how: dict[str, Any]) -> Fault:
    code, headers, body = how.pop("code"), how.pop("headers", {}), how.pop("body", b"")
    if not isinstance(body, bytes):
        body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    kind = "text/html;charset=UTF-8" if body.lstrip().startswith(b"<") else "application/json;charset=UTF-8"
    return _instead(fault, lambda: _answer(code, body, headers, kind), applied=how.pop("applied", False))


def _html_login(fault: Fault, how: dict[str, Any]) -> Fault:
    return _instead(fault, lambda: _answer(200, LOGIN_PAGE, {}, "text/html;charset=UTF-8"), applied=False)


def _json_garbage(fault: Fault, how: dict[str, Any]) -> Fault:
    return _body(fault, lambda body: b'{"issues": [oops')


def _truncated_json(fault: Fault, how: dict[str, Any]) -> Fault:
    return _body(fault, lambda body: body[: len(body) // 2])


def _null_json(fault: Fault, how: dict[str, Any]) -> Fault:
    return _body(fault, lambda body: b"null")


def _gzip_bomb(fault: Fault, how: dict[str, Any]) -> Fault:
    packed = _zeros(int(how.pop("megabytes", 200)))
    headers = {"Content-Encoding": "gzip"}
    return _instead(fault, lambda: _answer(200, packed, headers, "application/json"), applied=False)


def _slow_drip(fault: Fault, how: dict[str, Any]) -> Fault:
    seconds = float(how.pop("seconds", 0.2))

    def drip(request: Request, answer: Answer) -> Answer:
        answer.pause = seconds
        return answer

    return replace(fault, late=drip)


def _retry_after(fault: Fault, how: dict[str, Any]) -> Fault:
    value = how.pop("value", 5)
    text = format_datetime(value, usegmt=True) if isinstance(value, datetime) else str(value)
    headers = {"Retry-After": text, "RateLimit-Reason": how.pop("reason", "jira-burst-based")}
    body, code = how.pop("body", TOO_MANY), how.pop("code", 429)
    return _instead(fault, lambda: _answer(code, body, headers, "text/html;charset=UTF-8"), applied=False)


def _stale_token(fault: Fault, how: dict[str, Any]) -> Fault:
    where = fault.where

    def fits(request: Request) -> bool:
        body = request.body
        token = request.query.get("nextPageToken") or (isinstance(body, dict) and body.get("nextPageToken"))
        return bool(token) and replace(fault, where=where).fits(request)

    body = json.dumps(STALE).encode()
    return _instead(replace(fault, where=fits), lambda: _answer(400, body, {}, "application/json"), applied=False)


def _instead(fault: Fault, answer: Callable[[], Answer], *, applied: bool) -> Fault:
    if applied:
        return replace(fault, late=lambda request, real: answer())
    return replace(fault, early=lambda request: answer())


def _body(fault: Fault, change: Callable[[bytes], bytes]) -> Fault:
    def spoil(request: Request, answer: Answer) -> Answer:
        answer.body = change(answer.body)
        return answer

    return replace(fault, late=spoil)


@lru_cache(maxsize=2)
def _zeros(megabytes: int) -> bytes:
    return gzip.compress(b"\0" * (megabytes << 20), compresslevel=9, mtime=0)


KINDS: dict[str, Build] = {
    "cut_before": _cut_before,
    "cut_after_apply": _cut_after_apply,
    "cut_body": _cut_body,
    "delay": _delay,
    "status": _status,
    "html_login_200": _html_login,
    "json_garbage": _json_garbage,
    "truncated_json": _truncated_json,
    "null_json": _null_json,
    "gzip_bomb": _gzip_bomb,
    "slow_drip": _slow_drip,
    "retry_after": _retry_after,
    "stale_token": _stale_token,
}
