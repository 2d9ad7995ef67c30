"""Some issues and pull requests, asked for by their ids whatever was updated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from connectors.github.batches import Batch, Item
from connectors.github.failures import TooHeavy
from connectors.github.inquiry import Inquiry, less
from connectors.github.map import Reader
from connectors.github.payloads import ISSUE, NULL, PULL_REQUEST, UNREADABLE, Nodes, Stub
from connectors.github.remainder import complete
from core.errors import NotThere
from core.model import Snapshot

NOT_OF_THAT_KIND = msgspec.Raw(b"{}")


def pick(
    inquiry: Inquiry, reader: Reader, *, issues: Sequence[str], pull_requests: Sequence[str], size: int
) -> Iterator[Batch]:
    """These items, also where the store holds them in the same version; those that are gone do not come.

    `size` is how many GitHub manages at once.
    """
    for records in by_id(inquiry, issues, "Issue", size):
        yield _batch(inquiry, records, ISSUE, reader, reader.issue)
    for records in by_id(inquiry, pull_requests, "PullRequest", size):
        yield _batch(inquiry, records, PULL_REQUEST, reader, reader.pull_request)


def by_id(inquiry: Inquiry, ids: Sequence[str], kind: str, size: int) -> Iterator[list[msgspec.Raw]]:
    """Those of these items that are of that kind and still there, as many at once as GitHub manages.

    Raises RemoteError.
    """
    rest, at_once = list(ids), size
    while rest:
        some = rest[:at_once]
        try:
            told = inquiry.ask(lambda documents: documents.by_id(kind), Nodes, {"ids": some})
        except TooHeavy as failure:
            at_once = size = less(len(some), failure)
            continue
        except NotThere:
            # One that is gone spoils the answer for all.
            if len(some) > 1:
                at_once = len(some) // 2
                continue
        else:
            yield [raw for raw in told.nodes if raw not in (NULL, NOT_OF_THAT_KIND)]
        rest, at_once = rest[len(some) :], size


def _batch(
    inquiry: Inquiry,
    records: Sequence[msgspec.Raw],
    decoder: msgspec.json.Decoder[Item],
    reader: Reader,
    read: Callable[[Item, str], Snapshot],
) -> Batch:
    batch = Batch()
    found = batch.decoded(records, decoder, reader)
    homes = dict(map(_home, records))
    complete(inquiry, found)
    for item in found:
        batch.take(item, homes[item.id], read)
    return batch


def _home(record: msgspec.Raw) -> tuple[str | None, str]:
    """The id of a record and the name of its repository."""
    try:
        stub = msgspec.json.decode(record, type=Stub)
    except UNREADABLE:
        return None, ""
    return stub.id, "" if stub.repository is None else stub.repository.name_with_owner
