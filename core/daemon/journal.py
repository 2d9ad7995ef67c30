"""The log of the daemon: one line an event on stderr, as `key=value` to read or as JSON to collect.

The one place where secrets are taken out of it, and control characters out of what trackers said.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from config.secret import hidden
from core.daemon.terminal import LogFormat
from core.document.characters import visible
from core.errors import PlanwardError

LONGEST_TRACEBACK = 200
"""Lines of a traceback, counted from its end."""
FIRST = ("at", "level", "event")


def keep_journal(form: LogFormat) -> None:
    """Send what structlog and the standard library log, from now on, to stderr in that form."""
    before: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    renderers: list[structlog.types.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False)]
        if form is LogFormat.JSON
        else [readable, structlog.processors.LogfmtRenderer(bool_as_flag=False)]
    )
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, cleaned, *renderers],
        )
    )
    logging.basicConfig(handlers=[stream], level=logging.INFO, force=True)
    logging.raiseExceptions = False  # a log that cannot be written must not be told of in the log
    # These tell of every request and job, with addresses that may be secret.
    for chatty in ("apscheduler", "urllib3", "requests", "httpx", "httpcore", "github", "jira", "uvicorn", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def tell_trouble(event: str, error: PlanwardError, **where: str) -> None:
    """Log what failed there and what to do about it: no traceback, for it is no fault of ours."""
    structlog.stdlib.get_logger("planward").error(event, **where, error=str(error), advice=error.advice)


def cleaned(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event without secrets and control characters, wherever in it they stand."""
    first = [key for key in FIRST if key in event]
    return {visible(key): _clean(event[key]) for key in (*first, *(key for key in event if key not in FIRST))}


def readable(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The event for people: lists with commas, and without what is empty and the name that all our own lines bear."""
    shown = {
        key: ", ".join(map(str, value)) if isinstance(value, list | tuple) else value for key, value in event.items()
    }
    return {
        key: value for key, value in shown.items() if value not in (None, "") and (key, value) != ("logger", "planward")
    }


def _clean(value: Any) -> Any:
    match value:
        case bool() | int() | float() | None:
            return value
        case list() | tuple():
            return [_clean(one) for one in value]
        case dict():
            return {visible(str(key)): _clean(one) for key, one in value.items()}
        case _:
            # By lines, of which a traceback has many; the form of the log escapes their ends.
            lines = hidden(str(value)).splitlines()[-LONGEST_TRACEBACK:]
            return "\n".join(visible(line) for line in lines)
