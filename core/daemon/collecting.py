"""Python's search for cycles of garbage, made rarer."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Search for cycles seldom.

    A page is tens of thousands of small values that hold no cycles. Looking through all of them for cycles every 700
    new ones, which is the default, costs a quarter of the whole sync.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
