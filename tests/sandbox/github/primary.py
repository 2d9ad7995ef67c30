"""Accounts, tokens, repositories and how things are found: what the life of issues builds on."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import replace

from tests.sandbox.clock import Clock, to_instant, to_milliseconds
from tests.sandbox.github.ids import node_id
from tests.sandbox.github.model import (
    Access,
    Account,
    App,
    Comment,
    Item,
    Label,
    Milestone,
    Repository,
    Review,
    Snapshot,
)

CALIFORNIA = ZoneInfo("America/Los_Angeles")
SERVICE_LOGIN = "planward-bot"
SERVICE_TOKEN = "github_pat_sandbox"


class PrimaryStore:
    """The store behind all that the site answers. Repositories are named `owner/name`, items `owner/name#12`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self.last_id = 1000
        self.accounts: dict[str, Account] = {}
        self.tokens: dict[str, Access] = {}
        self.apps: dict[int, App] = {}
        self.repositories: dict[str, Repository] = {}
        self.former_names: dict[str, str] = {}
        self.items: dict[str, Item] = {}
        self.names: dict[str, str] = {}
        self.logins: dict[str, str] = {}
        self.comments: dict[int, Comment] = {}
        self.reviews: dict[int, Review] = {}
        self.add_user(SERVICE_LOGIN, name="Planward")
        self.permit()

    def seconds(self, at: datetime | None = None) -> int:
        """The instant as whole seconds; the clock's when there is none."""
        return to_milliseconds(at or self.clock.now()) // 1000

    def hand_out_id(self) -> int:
        """A number that nothing else has; later things have greater ones."""
        self.last_id += 1
        return self.last_id

    # Accounts and what tokens may do

    def add_user(
        self,
        login: str,
        *,
        kind: str = "User",
        name: str | None = None,
        email: str | None = None,
        database_id: int | None = None,
    ) -> str:
        """The node id of an account: a new User, Bot, Mannequin, Organization or Team unless the login is known."""
        with self.lock:
            if login.casefold() in self.logins:
                return self.logins[login.casefold()]
            number = database_id or self.hand_out_id()
            account = Account(
                id=node_id(kind, number),
                database_id=number,
                kind=kind,
                login=login,
                name=name,
                email=email,
                created_at=self.seconds(),
            )
            self.accounts[account.id] = account
            self.logins[login.casefold()] = account.id
        return account.id

    def delete_user(self, login: str) -> None:
        """Close an account. What it did stays and is nobody's; its assignments and requests go."""
        with self.lock:
            account = self.account(login)
            account.deleted = True
            del self.logins[login.casefold()]
            for item in self.items.values():
                item.assignees = [known for known in item.assignees if known != account.id]
                if item.pull is not None:
                    item.pull.requests = [known for known in item.pull.requests if known.reviewer != account.id]

    def rename_user(self, login: str, new: str) -> None:
        """Give an account another login; its ids stay."""
        with self.lock:
            account = self.account(login)
            del self.logins[login.casefold()]
            account.login = new
            self.logins[new.casefold()] = account.id

    def account(self, login: str) -> Account:
        """The account with a login. Raises KeyError."""
        return self.accounts[self.logins[login.casefold()]]

    def actor(self, login: str | None) -> str | None:
        """The node id of who did something, an account that nobody knew yet included; None is a ghost."""
        if login is None:
            return None
        return self.logins.get(login.casefold()) or self.add_user(login)

    def living(self, account_id: str | None) -> Account | None:
        """The account, None for a ghost."""
        account = self.accounts.get(account_id) if account_id else None
        return None if account is None or account.deleted else account

    def permit(
        self,
        login: str = SERVICE_LOGIN,
        token: str = SERVICE_TOKEN,
        *,
        repositories: Iterable[str] | None = None,
        issues: str = "write",
        collaborator: bool = True,
        fine_grained: bool = True,
        teams: bool = True,
    ) -> None:
        """Say what a token may do, from now on. `repositories` by name, None: all there are."""
        with self.lock:
            ids = None if repositories is None else frozenset(self.repository(name).id for name in repositories)
            self.tokens[token] = Access(
                account=self.account(login).id,
                repositories=ids,
                issues=issues,
                collaborator=collaborator,
                fine_grained=fine_grained,
                teams=teams,
            )

    def add_app(self, slug: str, public_key: str, *, repositories: Iterable[str] | None = None) -> tuple[int, int]:
        """The numbers of a new app, which acts as the bot `slug`, and of its installation."""
        with self.lock:
            ids = None if repositories is None else frozenset(self.repository(name).id for name in repositories)
            access = Access(account=self.add_user(slug, kind="Bot"), repositories=ids)
            app = App(id=self.hand_out_id(), installation=self.hand_out_id(), public_key=public_key, access=access)
            self.apps[app.id] = app
        return app.id, app.installation

    def installation_token(self, app: App) -> tuple[str, int]:
        """A new token of an app and when it ends."""
        with self.lock:
            token, ends = f"ghs_sandbox{self.hand_out_id()}", self.seconds() + 3600
            self.tokens[token] = replace(app.access, expires_at=ends)
        return token, ends

    def revoke_token(self, token: str = SERVICE_TOKEN) -> None:
        """Make a token worthless."""
        with self.lock:
            del self.tokens[token]

    # Repositories

    def add_repository(self, full_name: str, *, private: bool = True, database_id: int | None = None) -> str:
        """The node id of a new repository; its owner becomes an organization when nobody has the name."""
        with self.lock:
            owner, _, name = full_name.partition("/")
            if owner.casefold() not in self.logins:
                self.add_user(owner, kind="Organization")
            number, now = database_id or self.hand_out_id(), self.seconds()
            repository = Repository(
                id=node_id("Repository", number),
                database_id=number,
                owner=owner,
                name=name,
                private=private,
                created_at=now,
                updated_at=now,
                pushed_at=now,
            )
            self.repositories[repository.id] = repository
            self.names[full_name.casefold()] = repository.id
        return repository.id

    def rename_repository(self, full_name: str, new: str) -> None:
        """Rename or transfer a repository (`new` is `name` or `owner/name`). Its ids stay, the old name leads on.

        A name that leads on can be taken by another repository, and then leads there.
        """
        with self.lock:
            repository = self.repository(full_name)
            del self.names[repository.full_name.casefold()]
            self.former_names[repository.full_name.casefold()] = repository.id
            owner, _, name = new.rpartition("/")
            if owner and owner.casefold() not in self.logins:
                self.add_user(owner, kind="Organization")
            repository.owner, repository.name = owner or repository.owner, name
            repository.updated_at = self.seconds()
            self.names[repository.full_name.casefold()] = repository.id

    def archive_repository(self, full_name: str, *, archived: bool = True) -> None:
        """Make a repository read-only, or writable again."""
        with self.lock:
            self.repository(full_name).archived = archived

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository with all that it holds."""
        with self.lock:
            repository = self.repository(full_name)
            del self.repositories[repository.id]
            del self.names[repository.full_name.casefold()]
            self.former_names = {name: kept for name, kept in self.former_names.items() if kept != repository.id}
            for item_id in repository.numbers.values():
                self.forget(self.items[item_id])

    def repository(self, full_name: str) -> Repository:
        """The repository that has this name now. Raises KeyError."""
        return self.repositories[self.names[full_name.casefold()]]

    def find_repository(self, full_name: str) -> Repository | None:
        """The repository that has this name, or had it and nobody took it."""
        name = full_name.casefold()
        return self.repositories.get(self.names.get(name) or self.former_names.get(name) or "")

    def repository_by_number(self, database_id: int) -> Repository | None:
        """The repository with a number."""
        return next((found for found in self.repositories.values() if found.database_id == database_id), None)

    # Labels and milestones

    def add_label(
        self,
        repository: str,
        name: str,
        *,
        color: str = "ededed",
        description: str | None = None,
        id: int | None = None,  # noqa: A002 - as the field is called
    ) -> str:
        """The node id of a label, made when it is not there."""
        with self.lock:
            home = self.repository(repository)
            known = next((label for label in home.labels.values() if label.name.casefold() == name.casefold()), None)
            if known is not None:
                return known.id
            number = id or self.hand_out_id()
            label = Label(
                id=node_id("Label", home.database_id, number),
                database_id=number,
                repository_id=home.id,
                name=name,
                color=color,
                description=description,
                created_at=self.seconds(),
            )
            home.labels[label.id] = label
        return label.id

    def add_milestone(
        self,
        repository: str,
        title: str,
        *,
        due_on: date | None = None,
        description: str | None = None,
        creator: str | None = None,
        at: datetime | None = None,
    ) -> int:
        """The number of a new milestone of a repository."""
        with self.lock:
            home, moment = self.repository(repository), self.seconds(at)
            number, database_id = len(home.milestones) + 1, self.hand_out_id()
            milestone = Milestone(
                id=node_id("Milestone", home.database_id, database_id),
                database_id=database_id,
                repository_id=home.id,
                number=number,
                title=title,
                description=description,
                due_on=in_california(due_on) if due_on else None,
                created_at=moment,
                updated_at=moment,
                creator=self.actor(creator),
            )
            home.milestones[milestone.id] = milestone
        return number

    def edit_milestone(
        self,
        repository: str,
        number: int,
        *,
        title: str | None = None,
        due_on: date | None = None,
        state: str | None = None,
        at: datetime | None = None,
    ) -> None:
        """Change a milestone. Nothing happens to the `updatedAt` and timelines of its issues."""
        with self.lock:
            milestone, moment = self.milestone(repository, number), self.seconds(at)
            milestone.title = title or milestone.title
            milestone.due_on = in_california(due_on) if due_on else milestone.due_on
            if state is not None:
                milestone.state, milestone.closed_at = state, moment if state == "CLOSED" else None
            milestone.updated_at = max(milestone.updated_at, moment)

    def milestone(self, repository: str, number: int) -> Milestone:
        """A milestone by its number. Raises KeyError."""
        for milestone in self.repository(repository).milestones.values():
            if milestone.number == number:
                return milestone
        raise KeyError(f"no milestone {number} in {repository}")

    # Items

    def item(self, key: str) -> Item:
        """The issue or pull request with a key such as `acme/erp#12`. Raises KeyError."""
        name, _, number = key.rpartition("#")
        return self.items[self.repository(name).numbers[int(number)]]

    def key(self, item: Item) -> str:
        """The present key of an issue or pull request."""
        return f"{self.repositories[item.repository_id].full_name}#{item.number}"

    def forget(self, item: Item) -> None:
        """Take an item and its comments and reviews out of all that is looked up by id."""
        del self.items[item.id]
        for comment in item.comments:
            self.comments.pop(comment.database_id, None)
        for review in item.pull.reviews if item.pull else []:
            self.reviews.pop(review.database_id, None)

    # Another process

    def save(self, path: Path) -> Path:
        """The file that now holds the state."""
        with self.lock:
            snapshot = Snapshot(
                now=to_milliseconds(self.clock.now()),
                last_id=self.last_id,
                accounts=self.accounts,
                tokens=self.tokens,
                apps=self.apps,
                repositories=self.repositories,
                former_names=self.former_names,
                items=self.items,
            )
            path.write_bytes(msgspec.json.encode(snapshot))
        return path

    @classmethod
    def load(cls, path: Path) -> Self:
        """The state that `save` wrote, with a clock that stands at its time."""
        snapshot = msgspec.json.decode(path.read_bytes(), type=Snapshot)
        state = cls(Clock(to_instant(snapshot.now)))
        state.last_id, state.accounts = snapshot.last_id, snapshot.accounts
        state.tokens, state.apps = snapshot.tokens, snapshot.apps
        state.repositories, state.former_names, state.items = (
            snapshot.repositories,
            snapshot.former_names,
            snapshot.items,
        )
        state.names = {found.full_name.casefold(): found.id for found in state.repositories.values()}
        state.logins = {found.login.casefold(): found.id for found in state.accounts.values() if not found.deleted}
        for item in state.items.values():
            state.comments |= {comment.database_id: comment for comment in item.comments}
            state.reviews |= {review.database_id: review for review in (item.pull.reviews if item.pull else [])}
        return state


def in_california(day: date) -> int:
    """Midnight in California at the beginning of a day, as seconds."""
    return to_milliseconds(datetime.combine(day, time(), CALIFORNIA)) // 1000
