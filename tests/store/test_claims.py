"""Claims: one holder at a time, and none left behind by a process that died."""

from __future__ import annotations

import signal
import subprocess
import sys

from sqlalchemy import URL, event

from core.store.engine import Store

HOLD = """
import sys, time
from core.store.engine import Store
with Store.open(sys.argv[1]) as store, store.claim("publish") as ours:
    print(ours, flush=True)
    time.sleep(60)
"""


def address(url: URL) -> str:
    return url.render_as_string(hide_password=False)


def test_a_claim_has_one_holder_and_is_free_afterwards(store: Store) -> None:
    with Store.open(address(store.url)) as other:
        with store.claim("publish") as ours, other.claim("publish") as theirs, other.claim("something else") as another:
            assert (ours, theirs, another) == (True, False, True)

        with other.claim("publish") as theirs:
            assert theirs


def test_a_claim_is_free_before_the_server_notices_that_its_connection_is_gone(postgres_url: str) -> None:
    claims = []
    with Store.open(postgres_url, create=True) as store, Store.open(postgres_url) as other:

        def claim_again(*_: object) -> None:
            with other.claim("publish") as theirs:
                claims.append(theirs)

        event.listen(store._engine, "invalidate", claim_again)
        with store.claim("publish") as ours:
            claims.append(ours)

    assert claims == [True, True]


def test_a_claim_dies_with_its_process(store: Store) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, address(store.url)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with store.claim("publish") as ours:
        assert not ours

    holder.send_signal(signal.SIGKILL)
    holder.communicate()

    for _ in range(50):  # a server may take a moment to notice that its client is gone
        with store.claim("publish") as ours:
            if ours:
                return
    raise AssertionError("the claim outlived its process")
