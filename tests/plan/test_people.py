"""Accounts are joined to humans by configuration and e-mail address."""

from __future__ import annotations

from core.model import Identity, Person
from core.plan.people import addresses

LI = Person(name="Li Wei", email="Li.Wei@acme.example", accounts={"github": "liwei"})


def test_an_account_belongs_to_whom_it_is_configured_for_or_else_to_its_own_address() -> None:
    seen = [
        Identity(source="github", account_id="liwei", email="private@example.org"),
        Identity(source="jira", account_id="5b10", email="LI.WEI@acme.example"),
        Identity(source="jira", account_id="5b11", name="Li Wei"),
    ]

    assert addresses([LI], seen) == {
        ("github", "liwei"): "li.wei@acme.example",
        ("jira", "5b10"): "li.wei@acme.example",
    }
