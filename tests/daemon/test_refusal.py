"""What the service read and did not take is told once, whoever met it."""

from __future__ import annotations

from datetime import UTC, datetime

from core.daemon.health import Health
from core.daemon.refusal import CONFIGURATION, Refusals, refused
from core.store.engine import Store

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
WRONG = "erp.yaml:3:1: the setting `du` is not known here; did you mean `due`?"


def test_a_wrong_plan_that_two_met_is_one_problem_until_both_take_it() -> None:
    health = Health(lambda: AT, lambda: 0.0)
    with Store.open("sqlite://", create=True) as store:
        refusals = Refusals(store, health, lambda: AT)

        refusals.refuse("erp", (WRONG,))
        refusals.refuse(CONFIGURATION, (WRONG,))

        with store.read() as connection:
            assert refused(connection) == (AT, [WRONG])
        assert health.snapshot().problems == (WRONG,)

        refusals.accept("erp")
        assert health.snapshot().problems == (WRONG,)

        refusals.accept(CONFIGURATION)
        assert health.snapshot().problems == ()
