"""One GraphQL query being answered: who asks, what may be seen, how connections are filled."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.sandbox.github.cost import Cost
from tests.sandbox.github.limits import Budget
from tests.sandbox.github.model import Access, Account, Comment, Event, Item, Repository, Review
from tests.sandbox.github.paging import Entry, Page, cursor, page
from tests.sandbox.github.refused import Refused
from tests.sandbox.github.state import GithubState


@dataclass(slots=True)
class Asking:
    """What resolvers work with. `resources` is how many things connections may show (None: any number)."""

    state: GithubState
    access: Access
    url: str
    cost: Cost
    budget: Budget
    resources: int | None = None
    duplicates_told: bool = False
    shown: int = 0

    def may_read(self, repository: Repository) -> bool:
        """Whether the asker may see a repository."""
        allowed = self.access.repositories
        return not repository.private or allowed is None or repository.id in allowed

    def may_see(self, item: Item | None) -> bool:
        """Whether there is such an issue or pull request, for the asker."""
        return item is not None and self.may_read(self.state.repositories[item.repository_id])

    def permitted(self, repository: Repository) -> None:
        """Raise Refused when the token may see the repository but not its issues."""
        allowed = self.access.repositories
        if self.access.issues == "none" and (allowed is None or repository.id in allowed):
            raise Refused("FORBIDDEN", "Resource not accessible by personal access token")

    def reviewer(self, account_id: str) -> Account | None:
        """Whom a review is asked of. Raises Refused for a team that is hidden, whatever is asked of it."""
        found = self.state.living(account_id)
        if found is not None and found.kind == "Team" and not self.access.teams and self.access.fine_grained:
            raise Refused("FORBIDDEN", "Resource not accessible by integration")
        return found

    def reviews(self, item: Item) -> list[Review]:
        """The reviews of a pull request that the asker may see."""
        reviews = item.pull.reviews if item.pull else []
        return [review for review in reviews if review.state != "PENDING" or review.author == self.access.account]

    def timeline(self, item: Item) -> list[Event | Comment | Review]:
        """All that happened to an item and may be seen, in any order."""
        told = [event for event in item.events if self._tellable(event)]
        submitted = [review for review in self.reviews(item) if review.submitted_at is not None]
        return [*told, *item.comments, *submitted]

    def _tellable(self, event: Event) -> bool:
        if event.kind == "CrossReferencedEvent":
            return self.may_see(self.state.items.get(event.data["source"]))
        if event.kind in ("ConnectedEvent", "DisconnectedEvent"):
            return self.may_see(self.state.items.get(event.data["subject"]))
        return True

    def connection(
        self, things: Iterable[Any], key: Callable[[Any], tuple[Any, ...]], *, descending: bool = False, **bounds: Any
    ) -> Connection:
        """The connection's page. Raises Refused when the query has shown too much by then."""
        entries = [Entry(key(thing), thing) for thing in things]
        found = page(entries, descending=descending, **{b: bounds.get(b) for b in ("first", "last", "after", "before")})
        self.shown += len(found.entries)
        if self.resources is not None and self.shown > self.resources:
            raise Refused("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.")
        return Connection(found)


class Connection:
    """A page as GraphQL shows it."""

    def __init__(self, found: Page) -> None:
        self.page = found
        self.total_count = self.filtered_count = found.total
        self.page_count = len(found.entries)

    @property
    def nodes(self) -> list[Any]:
        """The things themselves."""
        return [entry.node for entry in self.page.entries]

    @property
    def edges(self) -> list[dict[str, Any]]:
        """The things, each with its cursor."""
        return [{"cursor": cursor(entry.key), "node": entry.node} for entry in self.page.entries]

    @property
    def page_info(self) -> dict[str, Any]:
        """Where the page lies."""
        entries = self.page.entries
        return {
            "startCursor": cursor(entries[0].key) if entries else None,
            "endCursor": cursor(entries[-1].key) if entries else None,
            "hasNextPage": self.page.after,
            "hasPreviousPage": self.page.before,
        }
