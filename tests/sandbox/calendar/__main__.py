"""The sandbox as a process: `python -m tests.sandbox.calendar --port 0` prints the address of a team's calendar."""

from __future__ import annotations

import argparse
import threading
from datetime import UTC, date, datetime, timedelta

from tests.sandbox.calendar import CalendarSandbox, CalendarState, Clock


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    options = argparse.ArgumentParser(prog="python -m tests.sandbox.calendar")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--validators", choices=("both", "etag", "modified", "none"), default="both")
    options.add_argument("--restless", action="store_true", help="the feed is written anew at each fetch")
    given = options.parse_args()
    now = datetime.now(UTC)
    state = CalendarState(Clock(now, running=True))
    state.add_calendar("team", zone="Europe/Berlin")
    monday = now.date() - timedelta(days=now.weekday())
    start = datetime(monday.year, monday.month, monday.day, 10)  # noqa: DTZ001 - by the wall clock of the zone
    state.add_meeting("team", "Weekly", start, zone="Europe/Berlin", rule="FREQ=WEEKLY", guests=("ana@example.com",))
    state.add_absence("team", "bo@example.com", date.today(), date.today() + timedelta(days=4))  # noqa: DTZ011
    with CalendarSandbox(state, port=given.port, validators=given.validators, restless=given.restless) as calendars:
        print(calendars.address("team"), flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
