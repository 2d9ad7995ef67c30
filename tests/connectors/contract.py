"""What every source promises, to be inherited by the tests of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from core.model import Cursor, Identity, Page, SetAside, Snapshot
from core.ports import Source


class Mirror:
    """A store in miniature: it takes pages as the real one does, and knows what it holds whole."""

    def __init__(self) -> None:
        self.snapshots: dict[str, Snapshot] = {}
        self.identities: dict[str, Identity] = {}
        self.set_aside: dict[str, SetAside] = {}
        self.cursor: Cursor | None = None

    def known(self, ids: Sequence[str]) -> Mapping[str, datetime]:
        """When the snapshots that are whole were updated."""
        held = ((i, self.snapshots[i]) for i in ids if i in self.snapshots)
        return {i: s.item.updated_at for i, s in held if s.changes is not None and s.comments is not None}

    def save(self, page: Page) -> None:
        """Take a page and its cursor."""
        self.snapshots |= {snapshot.item.remote_id: snapshot for snapshot in page.snapshots}
        self.identities |= {identity.account_id: identity for identity in page.identities}
        self.set_aside |= {record.remote_id: record for record in page.set_aside}
        self.cursor = page.cursor

    def pull(self, source: Source, *, wide: bool = False, again: Sequence[str] = ()) -> list[Page]:
        """Take everything that a pull brings."""
        pages = []
        for page in source.pull(self.cursor, self.known, wide=wide, again=again):
            self.save(page)
            pages.append(page)
        return pages


class World(Protocol):
    """A tracker that a test may change, and sources that read it."""

    def open(self) -> Source:
        """A new source."""

    def open_with_wrong_credentials(self) -> Source:
        """A source that the tracker will not let in."""

    def grow(self, count: int) -> None:
        """Add items."""

    def touch(self, number: int) -> None:
        """Change one item a little later."""

    def truth(self) -> Mapping[str, datetime]:
        """When each item was updated last, by its remote id."""

    def sent(self) -> int:
        """Requests that the tracker has seen."""


def updates(mirror: Mirror) -> dict[str, datetime]:
    """When each item of the mirror was updated last."""
    return {remote_id: snapshot.item.updated_at for remote_id, snapshot in mirror.snapshots.items()}


class SourceContract:
    """Inherit it and provide a fixture `world`, whose source yields several pages for 25 items."""

    def test_making_a_source_sends_nothing(self, world: World) -> None:
        world.open()

        assert world.sent() == 0

    def test_it_knows_who_we_are(self, world: World) -> None:
        source = world.open()

        identity = source.identify()

        assert identity.source == source.name
        assert identity.account_id

    def test_wrong_credentials_are_access_denied(self, world: World) -> None:
        import pytest

        from core.errors import AccessDenied

        source = world.open_with_wrong_credentials()

        with pytest.raises(AccessDenied):
            source.identify()
        with pytest.raises(AccessDenied):
            source.holds()
        with pytest.raises(AccessDenied):
            list(source.pull(None, Mirror().known))

    def test_it_tells_how_much_there_is_to_be_read_in_two_requests_at_most(self, world: World) -> None:
        world.grow(25)
        source = world.open()

        assert source.holds() == 25
        assert source.requests <= 2

    def test_a_first_pull_brings_everything_whole(self, world: World) -> None:
        world.grow(25)
        mirror = Mirror()

        pages = mirror.pull(world.open())

        assert updates(mirror) == world.truth()
        assert all(s.changes is not None and s.comments is not None for s in mirror.snapshots.values())
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
        assert len(pages) > 1

    def test_the_first_page_tells_how_many_to_expect(self, world: World) -> None:
        world.grow(25)

        pages = Mirror().pull(world.open())

        assert [page.expected for page in pages] == [25] + [None] * (len(pages) - 1)

    def test_a_second_pull_brings_nothing_and_costs_one_request(self, world: World) -> None:
        world.grow(25)
        mirror, source = Mirror(), world.open()
        mirror.pull(source)
        before = source.requests

        pages = mirror.pull(source)

        assert [snapshot for page in pages for snapshot in page.snapshots] == []
        assert source.requests - before == 1
        assert pages[-1].complete

    def test_incremental_pulls_end_where_a_full_one_does(self, world: World) -> None:
        mirror, source = Mirror(), world.open()
        for number in range(4):
            world.grow(6)
            world.touch(number)
            mirror.pull(source)
        fresh = Mirror()

        fresh.pull(world.open())

        assert mirror.snapshots == fresh.snapshots
        assert updates(fresh) == world.truth()

    def test_a_changed_item_comes_again_and_the_others_do_not(self, world: World) -> None:
        world.grow(25)
        mirror, source = Mirror(), world.open()
        mirror.pull(source)
        world.touch(3)

        pages = mirror.pull(source)

        assert len([snapshot for page in pages for snapshot in page.snapshots]) == 1
        assert updates(mirror) == world.truth()

    def test_a_walk_broken_off_after_any_page_goes_on_from_there(self, world: World) -> None:
        world.grow(25)
        whole = Mirror()
        pages = whole.pull(world.open())
        for kept in range(len(pages)):
            mirror = Mirror()
            for page, _ in zip(world.open().pull(None, mirror.known), range(kept), strict=False):
                mirror.save(page)

            rest = mirror.pull(world.open())

            assert mirror.snapshots == whole.snapshots
            assert len(rest) == len(pages) - kept

    def test_an_item_changed_between_two_pages_is_not_lost(self, world: World) -> None:
        world.grow(25)
        mirror, source = Mirror(), world.open()
        for number, page in enumerate(source.pull(None, mirror.known)):
            mirror.save(page)
            world.touch(number)
            world.touch(24 - number)

        mirror.pull(source)

        assert updates(mirror) == world.truth()

    def test_reading_wide_changes_nothing_that_is_held(self, world: World) -> None:
        world.grow(25)
        mirror, source = Mirror(), world.open()
        mirror.pull(source)
        before = dict(mirror.snapshots)

        pages = mirror.pull(source, wide=True)

        assert mirror.snapshots == before
        assert pages[-1].complete

    def test_everybody_named_by_an_item_is_introduced(self, world: World) -> None:
        world.grow(25)
        mirror = Mirror()

        mirror.pull(world.open())

        snapshots = mirror.snapshots.values()
        authors = {change.author for s in snapshots for change in s.changes or ()}
        authors |= {comment.author for s in snapshots for comment in s.comments or ()}
        authors |= {s.item.reporter for s in snapshots} | {s.item.assignee for s in snapshots}
        assert authors - {None} <= set(mirror.identities)

    def test_a_cursor_that_makes_no_sense_means_from_the_beginning(self, world: World) -> None:
        world.grow(3)
        mirror = Mirror()
        mirror.cursor = Cursor(token="{nonsense")

        mirror.pull(world.open())

        assert updates(mirror) == world.truth()
