"""The service on a host whose clock is set while it runs."""

from __future__ import annotations

import signal
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from core.daemon import running


class Host:
    """The clocks of a host: `set_by` tells by how many seconds the wall clock is set at each look at it."""

    def __init__(self, signals: SimpleQueue[int], *set_by: float) -> None:
        self.signals = signals
        self.steps = list(set_by)
        self.steady = 1_000.0
        self.offset = 1_700_000_000.0

    def monotonic(self) -> float:
        return self.steady

    def time(self) -> float:
        self.steady += 5
        if not self.steps:
            self.signals.put(signal.SIGTERM)
        else:
            self.offset += self.steps.pop(0)
        return self.offset + self.steady


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """How often the loop is woken on a host whose clock is set so."""

    def count(*set_by: float) -> int:
        signals: SimpleQueue[int] = SimpleQueue()
        calls: list[None] = []
        monkeypatch.setattr(running, "time", Host(signals, 0, *set_by))
        assert running.next_signal(signals, lambda: calls.append(None), look=0.01) == signal.SIGTERM
        return len(calls)

    return count


def test_a_clock_that_is_set_back_wakes_the_loop_once(woken: Callable[..., int]) -> None:
    assert woken(0, -7200, 0, 0) == 1


def test_a_clock_that_is_set_forward_or_runs_true_wakes_nobody(woken: Callable[..., int]) -> None:
    assert woken(0, 7200, 0) == 0
    assert woken(0, 0, 0) == 0
