"""What GitHub says in `errors` of an answer that is HTTP 200."""

from __future__ import annotations


class Refused(Exception):
    """A part of a query, or all of it, gets no answer; `type` is what GitHub calls the reason."""

    def __init__(self, type: str, message: str) -> None:  # noqa: A002 - as the member is called
        super().__init__(message)
        self.type = type
