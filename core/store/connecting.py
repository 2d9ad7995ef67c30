"""Why a PostgreSQL server could not be connected to, in the operator's words and never with a password.

A refused connection has no SQLSTATE: libpq drops the server's code and keeps its sentence
(https://www.postgresql.org/docs/current/libpq-connect.html). So the sentence is read where there is no code. One that
is not known, such as in another language, is passed on.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import URL

from core.errors import StoreUnreachable


class Reason(NamedTuple):
    """A reason: the SQLSTATEs and the words of server and libpq that tell it, what it means, and what to do."""

    states: frozenset[str]
    words: str
    meaning: str
    advice: str


ABOUT_CONNECTING = (
    "connection failed",
    "connection is bad",
    "connection timeout expired",
    "failed to resolve host",
    "Multiple connection attempts failed",
    "invalid connection option",
)
"""How psycopg's exceptions begin that say that there is no connection; others come in the midst of one."""
# The first that fits: where several addresses or ways were tried, what a server answered says more than a silent one.
REASONS = (
    Reason(
        frozenset({"28P01"}),
        r"password authentication failed|no password supplied|empty password",
        "{name} refuses the password of {user}",
        "Correct the user or the password in `store:`, or in what it refers to.",
    ),
    Reason(
        frozenset(),
        r'role ".*" does not exist',
        "{name} knows no {user}",
        "Create the user with `createuser`, or correct it in `store:`.",
    ),
    Reason(
        frozenset({"3D000"}),
        r'database ".*" does not exist',
        "{name} does not exist",
        "Create it with `createdb`, or correct `store:`.",
    ),
    Reason(
        frozenset({"28000"}),
        r"pg_hba\.conf|authentication failed|not permitted to log in|permission denied for database",
        "{name} does not let {user} in from here",
        "Allow the user and this host in the server's `pg_hba.conf`, or connect as it asks (`?sslmode=require`).",
    ),
    Reason(
        frozenset({"53300"}),
        r"too many clients|too many connections|connection slots",
        "{name} takes no more connections",
        "End programs that hold connections, or raise the server's `max_connections`.",
    ),
    Reason(
        frozenset({"57P03"}),
        r"database system is (?:starting up|shutting down|in recovery|not yet accepting)",
        "{name} is not ready yet",
        "Wait until the server is up, then run the command again.",
    ),
    Reason(
        frozenset(),
        r"\bSSL\b|\bTLS\b|\bssl[a-z]+ value|certificate",
        "{name} cannot be reached over TLS as asked for",
        "Make `sslmode` and `sslrootcert` in `store:` fit what the server offers, and check its certificate.",
    ),
    Reason(
        frozenset(),
        r"failed to resolve host|could not translate host name",
        "{name} cannot be found: no address is known for this host",
        "Correct the host in `store:`, or see to the name service.",
    ),
    Reason(
        frozenset(),
        r"[Cc]onnection refused|No such file or directory",
        "{name} cannot be reached: nothing listens there",
        "Start the server, or correct the host and the port in `store:`.",
    ),
    Reason(
        frozenset(),
        r"timeout expired|timed out|[Uu]nreachable|No route to host",
        "{name} cannot be reached: no answer came",
        "Check the network and the firewalls between here and the server.",
    ),
    Reason(
        frozenset(),
        r"^invalid connection option",
        "{name} cannot be reached: `store:` holds an option that is not known",
        "Write connection options of PostgreSQL behind the `?` of `store:`.",
    ),
)


def fault_of(error: BaseException | None, state: str, url: URL, name: str) -> StoreUnreachable | None:
    """The fault that the driver's exception and SQLSTATE ("" for none) mean.

    None where the reason is not known, or where the exception is not about connecting.
    """
    said = str(error)
    if not state and not said.startswith(ABOUT_CONNECTING):
        return None
    user = f"user {url.username}" if url.username else "the user of this account"
    for reason in REASONS:
        if state in reason.states if state else re.search(reason.words, said):
            return StoreUnreachable(reason.meaning.format(name=name, user=user), advice=reason.advice)
    return None


def first_line(said: str, url: URL) -> str:
    """The beginning of what the driver said, without any password of the address."""
    line = next((line.strip() for line in said.splitlines() if line.strip()), "no reason was given")
    hidden = [url.password, *(value for option, value in url.query.items() if "pass" in option.lower())]
    for password in hidden:
        if isinstance(password, str) and password:
            line = line.replace(password, "***")
    return line
