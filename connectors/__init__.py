"""The rooms that speak to trackers and calendars, each imported on first use: nobody pays for another's SDK."""

from __future__ import annotations

from importlib import import_module
from threading import Event
from typing import Any, cast
from zoneinfo import ZoneInfo

from config.sources import CalendarSettings
from core.errors import ConfigurationError
from core.ports import Source, Target

UTC_ZONE = ZoneInfo("UTC")
CONNECTORS: dict[str, tuple[str, str | None]] = {
    "jira": ("connectors.jira.fetch:JiraSource", "connectors.jira.write:JiraTarget"),
    "ics": ("connectors.calendars.ics:IcsCalendar", None),
    "github": ("connectors.github.fetch:GithubSource", "connectors.github.places:GithubPlaces"),
}
"""Kind of source -> the class that reads it, and the class that writes to it (None: nothing is written there)."""


def reads(kind: str) -> bool:
    """Whether this version reads sources of that kind."""
    return kind in CONNECTORS


def source(name: str, settings: Any, *, stop: Event | None = None, zone: ZoneInfo = UTC_ZONE) -> Source:
    """The source that the settings describe. Nothing is sent yet. Waiting ends early once `stop` is set.

    `zone` is where a calendar's times are that name none. Raises ConfigurationError for a kind that this version does
    not read.
    """
    reader, _ = _classes(name, settings.kind)
    of_calendars = {"zone": zone} if isinstance(settings, CalendarSettings) else {}
    return cast("Source", _load(reader)(name, settings, stop=stop, **of_calendars))


def target(name: str, settings: Any, *, stop: Event | None = None) -> Target:
    """The place that comments are written to. Nothing is sent yet. Raises ConfigurationError where there is none."""
    _, writer = _classes(name, settings.kind)
    if writer is None:
        raise ConfigurationError(f"{name}: nothing can be written to a source of kind {settings.kind}")
    return cast("Target", _load(writer)(name, settings, stop=stop))


def _classes(name: str, kind: str) -> tuple[str, str | None]:
    if not reads(kind):
        raise ConfigurationError(
            f"{name}: this version does not read sources of kind {kind} yet",
            advice="Take the source out of the configuration until a version that reads it is installed.",
        )
    return CONNECTORS[kind]


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
