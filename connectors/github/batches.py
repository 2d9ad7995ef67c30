"""What an answer brings that the store does not hold: records decoded one by one, and made into snapshots."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from connectors.github.map import Reader
from connectors.github.payloads import NULL, UNREADABLE, Issue, PullRequest, Stub
from connectors.github.values import instant
from connectors.transport import clean
from core.model import SetAside, Snapshot
from core.ports import Known

NAMELESS = "unreadable-"
"""How the names begin that we give to records without an id."""

Item = TypeVar("Item", Issue, PullRequest)


def _nothing(_: Sequence[str]) -> Mapping[str, datetime]:
    return {}


@dataclass(slots=True)
class Batch:
    """What an answer brought that the store does not hold, and when the walk that it belongs to began.

    `ended`: it is the last one of its repository.
    """

    at: datetime | None = None
    snapshots: list[Snapshot] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    ended: bool = False

    def decoded(
        self,
        records: Sequence[msgspec.Raw],
        decoder: msgspec.json.Decoder[Item],
        reader: Reader,
        known: Known = _nothing,
    ) -> list[Item]:
        """Those of the records that the store does not hold in this version, without dashboards of ours.

        What cannot be read is put aside. A null stands for what we may not see: it is none of ours.
        """
        found: dict[str, Item] = {}
        for raw in records:
            if raw == NULL:
                continue
            try:
                item = decoder.decode(raw)
            except UNREADABLE as error:
                self.set_aside.append(_set_aside(raw, error))
            else:
                if not (isinstance(item, Issue) and reader.is_ours(item)):
                    found[item.id] = item
        held = known(list(found)) if found else {}
        return [item for item in found.values() if item.id not in held or not _is_same(item, held[item.id])]

    def add(self, more: Batch) -> None:
        """Put what another one brought into this one."""
        self.snapshots += more.snapshots
        self.set_aside += more.set_aside

    def take(self, item: Item, repository: str, read: Callable[[Item, str], Snapshot]) -> None:
        """Put the snapshot of an item into the batch, or the item aside."""
        try:
            self.snapshots.append(read(item, repository))
        except (ValueError, OverflowError) as error:
            key = f"{repository}#{item.number}"
            self.set_aside.append(SetAside(remote_id=item.id, key=key, reason=clean(str(error))))


def _is_same(item: Issue | PullRequest, held: datetime) -> bool:
    try:
        return instant(item.updated_at) == held
    except ValueError:
        return False


def _set_aside(raw: msgspec.Raw, error: Exception) -> SetAside:
    try:
        stub = msgspec.json.decode(raw, type=Stub)
    except UNREADABLE:
        stub = Stub()
    # Without an id it still needs a name of its own, the same one every time.
    remote_id = stub.id or NAMELESS + hashlib.sha256(bytes(raw)).hexdigest()[:16]
    return SetAside(remote_id=remote_id, key=None, reason=clean(f"it cannot be read: {error}"))
