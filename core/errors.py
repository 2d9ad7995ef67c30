"""Everything that can go wrong, as one tree. Each class carries what the operator should do about it.

    PlanwardError
    ├── ConfigurationError         the configuration or a plan file is wrong (all problems at once)
    │   └── SecretNotFound         a secret that the configuration refers to cannot be read
    ├── StoreError                 the database cannot be used
    │   ├── StoreMissing           there is no database there yet
    │   ├── StoreOutdated          its schema is older than this program
    │   ├── StoreTooNew            its schema is newer than this program
    │   ├── StoreReadOnly          it cannot be written
    │   ├── StoreFull              the disk is full
    │   └── StoreUnreachable       the file or server cannot be opened
    ├── RemoteError                a tracker or calendar did not do what we asked
    │   ├── SourceUnavailable      no connection, a time-out, or a server error
    │   ├── RateLimited            it told us to wait
    │   ├── AccessDenied           our credentials are wrong, expired, or may not do this
    │   ├── NotThere               the thing does not exist or is hidden from us
    │   ├── AddressRefused         the address is not one that we may call
    │   ├── BadAnswer              it answered something that makes no sense
    │   ├── WriteRefused           it refused what we wrote; nothing was applied
    │   └── OutcomeUnknown         a write may or may not have been applied
    └── UsageError                 the command was called wrongly

An error's text is one sentence in plain words without secrets; `advice` is the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class PlanwardError(Exception):
    """Something went wrong that a person can do something about."""

    advice = "Please report this with the log around it."
    exit_code = 1

    def __init__(self, text: str, *, advice: str | None = None) -> None:
        super().__init__(text)
        if advice is not None:
            self.advice = advice


class ConfigurationError(PlanwardError):
    """The configuration is wrong. `problems` holds one `file:line:column: what; what instead` for each fault."""

    advice = "Correct the file and run `planward check`."
    exit_code = 78

    def __init__(self, problems: Sequence[str] | str, *, advice: str | None = None) -> None:
        self.problems = (problems,) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(self.problems), advice=advice)


class SecretNotFound(ConfigurationError):
    """A secret that the configuration refers to cannot be read."""

    advice = "Provide the secret where the configuration points, or change the reference."


class StoreError(PlanwardError):
    """The database cannot be used."""

    advice = "Check the database named by `store:`."


class StoreMissing(StoreError):
    """There is no database yet."""

    advice = "Run `planward sync` or `planward db upgrade` to create it."


class StoreOutdated(StoreError):
    """The database has an older schema."""

    advice = "Run `planward db upgrade`. It copies an SQLite file before; copy a PostgreSQL database with `pg_dump`."


class StoreTooNew(StoreError):
    """The database was written by a newer Planward."""

    advice = "Install the newer Planward again, or restore the backup made before its upgrade."


class StoreReadOnly(StoreError):
    """The database cannot be written."""

    advice = "Give the service's account write access to the database file and its folder."


class StoreFull(StoreError):
    """The disk is full."""

    advice = "Free some disk space and run the command again; nothing half-written was kept."


class StoreUnreachable(StoreError):
    """The database cannot be opened."""

    advice = "Check `store:` and that the folder or server exists and is reachable."


class RemoteError(PlanwardError):
    """A source or target did not do what we asked."""

    advice = "Look at the source's own status page, then run `planward check --online`."


class SourceUnavailable(RemoteError):
    """No connection, a time-out or a server error."""

    advice = "Check the address and the network; the next cycle tries again."


class RateLimited(RemoteError):
    """The source told us to wait. `not_before` is when we may ask again."""

    advice = "Nothing to do: the source is left alone until then."

    def __init__(self, text: str, *, not_before: datetime, advice: str | None = None) -> None:
        super().__init__(text, advice=advice)
        self.not_before = not_before


class AccessDenied(RemoteError):
    """The credentials are wrong or expired, or lack a permission."""

    advice = "Renew the token or give its account the missing permission, then run `planward check --online`."


class NotThere(RemoteError):
    """The thing does not exist, or is hidden from our account."""

    advice = "Check the key, and that the account may see it."


class AddressRefused(RemoteError):
    """The address is one that we do not call."""

    advice = "Use a public https address, or set `private_address: true` on the source if the host is your own."


class BadAnswer(RemoteError):
    """The answer makes no sense. Nothing of it was believed."""

    advice = "Check that the address is the tracker itself and not a login page or proxy."


class WriteRefused(RemoteError):
    """The target refused what we wrote. Nothing was applied."""

    advice = "Check the account's permission to comment there."


class OutcomeUnknown(RemoteError):
    """A write was sent and its answer did not arrive. It is looked for before anything is sent again."""

    advice = "Nothing to do: the next cycle looks for it first."


class UsageError(PlanwardError):
    """The command was called wrongly."""

    advice = "See `planward --help`."
    exit_code = 2
