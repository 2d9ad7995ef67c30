"""A stand-in for calendars that are published at secret addresses.

state = CalendarState(Clock(start))
state.add_calendar("team", zone="Europe/Berlin")
uid = state.add_meeting("team", "Weekly", datetime(2026, 3, 2, 10), zone="Europe/Berlin", rule="FREQ=WEEKLY")
with CalendarSandbox(state) as calendars:
    ...  # GET calendars.address("team")
"""

from tests.sandbox.calendar.sandbox import CalendarSandbox
from tests.sandbox.calendar.state import CalendarState
from tests.sandbox.clock import Clock

__all__ = ["CalendarSandbox", "CalendarState", "Clock"]
