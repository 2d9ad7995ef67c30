"""One human, many accounts: joined by what is configured and by e-mail address, never by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.model import Identity, Person


def addresses(people: Iterable[Person], identities: Iterable[Identity]) -> Mapping[tuple[str, str], str]:
    """The e-mail address of whoever an account, by (source, account id), belongs to, of those that are known.

    What is configured wins over the address that a tracker tells.
    """
    known = {
        (identity.source, identity.account_id): identity.email.casefold() for identity in identities if identity.email
    }
    for person in people:
        for source, account_id in person.accounts.items():
            known[source, account_id] = person.email.casefold()
    return known
