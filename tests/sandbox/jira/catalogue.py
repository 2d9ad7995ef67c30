"""The small lists of a Jira site: people, tokens, projects, statuses, types and so on."""

# ruff: noqa: A002 - `id` is what Jira calls it

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from tests.sandbox.clock import Clock
from tests.sandbox.jira.model import Access, LinkType, Named, Project, Record, Status, User

LINK_TYPES = (
    ("Blocks", "is blocked by", "blocks"),
    ("Cloners", "is cloned by", "clones"),
    ("Duplicate", "is duplicated by", "duplicates"),
    ("Relates", "relates to", "relates to"),
    ("Depends", "is depended on by", "depends on"),
)
PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
CATEGORIES = ("new", "indeterminate", "done")


@dataclass(frozen=True, slots=True)
class Token:
    """One credential: the account's e-mail and its secret."""

    email: str
    secret: str


class Catalogue:
    """What the site knows besides issues. All changes happen under `lock`."""

    def __init__(self, clock: Clock, *, site_name: str = "sandbox", zone: str = "Europe/Berlin") -> None:
        self.clock = clock
        self.site_name = site_name
        self.zone = zone
        self.lock = threading.RLock()
        self.revision = 0
        self.next_id = 10000
        self.index_lag = timedelta(0)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, dict[str, Access]] = {}
        self.projects: dict[str, Project] = {}
        self.project_counters: dict[str, int] = {}
        self.statuses: dict[str, Status] = {}
        self.types: dict[str, Named] = {}
        self.priorities: dict[str, Named] = {}
        self.resolutions: dict[str, Named] = {}
        self.versions: dict[str, Named] = {}
        self.components: dict[str, Named] = {}
        self.link_types: dict[str, LinkType] = {}
        self.records: dict[str, Record] = {}
        self.field_names: dict[str, str] = {}

    def hand_out_id(self) -> str:
        """The next free numeric id."""
        self.next_id += 1
        return str(self.next_id)

    def reserve_id(self, taken: str) -> None:
        """Keep ids that are handed out above one that came from outside."""
        if taken.isdecimal():
            self.next_id = max(self.next_id, int(taken))

    # People and credentials

    def add_user(
        self,
        account_id: str,
        name: str,
        email: str | None = None,
        active: bool = True,
        *,
        zone: str | None = None,
        account_type: str = "atlassian",
    ) -> User:
        """The account, added or replaced. `zone` is its profile's time zone."""
        user = User(
            account_id=account_id,
            name=name,
            email=email,
            active=active,
            zone=zone or self.zone,
            account_type=account_type,
        )
        with self.lock:
            self.users[account_id] = user
            self.revision += 1
        return user

    def close_user(self, account_id: str) -> User:
        """The account after it was closed: the id stays, the name and e-mail go."""
        user = self.users[account_id]
        return self.add_user(account_id, "Former user", None, active=False, zone=user.zone)

    def set_zone(self, account_id: str, zone: str) -> None:
        """Change the time zone of a profile, as a traveller does."""
        with self.lock:
            self.users[account_id] = msgspec.structs.replace(self.users[account_id], zone=zone)
            self.revision += 1

    def add_token(self, account_id: str, secret: str, **access: Any) -> Token:
        """A credential for the account. Keywords are the fields of `Access`; without any it may all but administer."""
        email = self.users[account_id].email
        if email is None:
            raise ValueError(f"{account_id} has no e-mail to log in with")
        with self.lock:
            self.tokens.setdefault(email, {})[secret] = Access(account_id=account_id, **_frozen(access))
        return Token(email, secret)

    def permit(self, account_id: str, **access: Any) -> None:
        """Change what every token of the account may do."""
        with self.lock:
            for secrets in self.tokens.values():
                for secret, old in secrets.items():
                    if old.account_id == account_id:
                        secrets[secret] = msgspec.structs.replace(old, **_frozen(access))
            self.revision += 1

    def revoke_token(self, secret: str) -> None:
        """End a token, as its expiry does."""
        with self.lock:
            for secrets in self.tokens.values():
                secrets.pop(secret, None)

    # Projects and statuses

    def add_project(
        self, key: str, name: str, type_key: str = "software", *, id: str | None = None, public: bool = False
    ) -> Project:
        """A project; `type_key` is software, service_desk or business."""
        with self.lock:
            project = Project(id=id or self.hand_out_id(), key=key, name=name, type_key=type_key, public=public)
            self.reserve_id(project.id)
            self.projects[project.id] = project
            self.project_counters[project.id] = 0
            self.revision += 1
        return project

    def project(self, text: str) -> Project | None:
        """The project with this id, key, former key or name."""
        wanted = text.casefold()
        for found in self.projects.values():
            if text == found.id or wanted in (found.key.casefold(), found.name.casefold()):
                return found
        return next((p for p in self.projects.values() if text.upper() in p.former_keys), None)

    def add_status(self, id: str, name: str, category: str) -> Status:
        """A status; `category` is new, indeterminate or done."""
        if category not in CATEGORIES:
            raise ValueError(f"{category} is not one of {', '.join(CATEGORIES)}")
        with self.lock:
            self.reserve_id(id)
            self.statuses[id] = Status(id=id, name=name, category=category)
            self.revision += 1
        return self.statuses[id]

    def rename_status(self, status: str, name: str) -> None:
        """Rename a status. No issue is touched, and history keeps the old name."""
        old = self.status(status)
        self.add_status(old.id, name, old.category)

    def recategorise_status(self, status: str, category: str) -> None:
        """Move a status to another category. No issue is touched."""
        old = self.status(status)
        self.add_status(old.id, old.name, category)

    def status(self, text: str) -> Status:
        """The status with this id or name. Raises KeyError."""
        found = self.statuses.get(text)
        if found is None:
            found = next((s for s in self.statuses.values() if s.name.casefold() == text.casefold()), None)
        if found is None:
            raise KeyError(f"no status {text}")
        return found

    # Named things

    def add_named(self, kind: dict[str, Named], name: str, *, id: str | None = None, **more: Any) -> Named:
        """A new issue type, priority, resolution, version or component in its list (`state.types` and so on)."""
        with self.lock:
            named = Named(id=id or self.hand_out_id(), name=name, more=more)
            self.reserve_id(named.id)
            kind[named.id] = named
            self.revision += 1
        return named

    def named(self, kind: dict[str, Named], text: str) -> Named:
        """The entry of a list with this id or name; a new one when there is none."""
        if text in kind:
            return kind[text]
        found = next((n for n in kind.values() if n.name.casefold() == text.casefold()), None)
        return found or self.add_named(kind, text)

    def named_all(self, kind: dict[str, Named], texts: Iterable[str]) -> tuple[str, ...]:
        """The ids of the entries with these names, in their order."""
        return tuple(self.named(kind, text).id for text in texts)

    def add_link_type(self, name: str, inward: str, outward: str, *, id: str | None = None) -> LinkType:
        """A kind of link."""
        with self.lock:
            link_type = LinkType(id=id or self.hand_out_id(), name=name, inward=inward, outward=outward)
            self.reserve_id(link_type.id)
            self.link_types[link_type.id] = link_type
            self.revision += 1
        return link_type

    def link_type(self, text: str) -> LinkType:
        """The kind of link with this id or name. Raises KeyError."""
        found = self.link_types.get(text)
        if found is None:
            found = next((t for t in self.link_types.values() if t.name.casefold() == text.casefold()), None)
        if found is None:
            raise KeyError(f"no link type {text}")
        return found


def _frozen(access: dict[str, Any]) -> dict[str, Any]:
    if access.get("browse") is not None:
        access = {**access, "browse": frozenset(access["browse"])}
    return access
