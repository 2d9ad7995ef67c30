"""Calendars: published ones at one address (ICS)."""
