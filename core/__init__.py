"""Planward: holds what happened against the plan, measures it, and writes the status back."""

__version__ = "0.1.0"
