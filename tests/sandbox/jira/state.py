"""A Jira site's issues and what happens to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tests.sandbox.jira import adf, edits
from tests.sandbox.jira.importing import import_issue
from tests.sandbox.jira.model import Change, ChangeItem, Comment, Issue, IssueLink, Mail, Version
from tests.sandbox.jira.primary import PrimaryStore


class JiraState(PrimaryStore):
    """What people and bots do to the site. Times given are aware; without one it happens at the clock's time."""

    # Issues

    def add_issue(
        self,
        project: str,
        *,
        summary: str,
        type: str = "Task",  # noqa: A002 - as the field is called
        status: str | None = None,
        reporter: str | None = None,
        created: datetime | None = None,
        id: str | None = None,  # noqa: A002 - as the field is called
        key: str | None = None,
        **fields: Any,
    ) -> str:
        """The key of a new issue. `fields` as for `edit`; it starts in the first status of category new."""
        with self.lock:
            home = self.project(project)
            if home is None:
                raise KeyError(f"no project {project}")
            at = self._at(created)
            wanted = status or next(s.id for s in self.statuses.values() if s.category == "new")
            issue = Issue(
                id=id or self.hand_out_id(),
                key=key or self._next_key(home.id),
                project_id=home.id,
                type_id=self.named(self.types, type).id,
                status_id=self.status(wanted).id,
                summary=summary,
                reporter=reporter,
                creator=reporter,
                created=at,
                updated=at,
                category_changed=at,
                priority_id=self.named(self.priorities, "Medium").id,
            )
            issue, _ = edits.apply(self, issue, fields)
            self.adopt(issue)
        return issue.key

    def import_issue(self, raw: Mapping[str, Any]) -> str:
        """The key of an issue taken over from a Jira Server export, without loss (see `importing`)."""
        with self.lock:
            return import_issue(self, raw)

    def transition(
        self,
        key: str,
        status: str,
        author: str | None = None,
        at: datetime | None = None,
        *,
        resolution: str | None = None,
    ) -> None:
        """Move an issue to a status; with `resolution` the same history entry sets it ("" clears it)."""
        with self.lock:
            issue, moment = self.issue(key), self._at(at)
            after = self.status(status)
            before = self.statuses[issue.status_id]
            items = [self._item("status", before.id, before.name, after.id, after.name)]
            issue = replace(issue, status_id=after.id)
            if before.category != after.category:
                issue = replace(issue, category_changed=moment)
            if resolution is not None:
                issue, item = self._resolve(issue, resolution or None, moment)
                items.append(item)
            self._record(issue, items, author, moment)

    def set_resolution(
        self, key: str, resolution: str | None, author: str | None = None, at: datetime | None = None
    ) -> None:
        """Set or clear the resolution, whatever the status: the two are independent."""
        with self.lock:
            moment = self._at(at)
            issue, item = self._resolve(self.issue(key), resolution, moment)
            self._record(issue, [item], author, moment)

    def edit(self, key: str, *, author: str | None = None, at: datetime | None = None, **fields: Any) -> None:
        """Change fields by their field ids; one history entry, `updated` moves. Nothing different: nothing happens.

        Names for types, priorities, versions and components, account ids for people, keys for parents, dates or ISO
        text for dates, ADF or text for descriptions, JSON values for custom fields.
        """
        with self.lock:
            issue, items = edits.apply(self, self.issue(key), fields)
            if items:
                self._record(issue, items, author, self._at(at))

    def move_issue(
        self,
        key: str,
        project: str,
        author: str | None = None,
        at: datetime | None = None,
        *,
        new_key: str | None = None,
    ) -> str:
        """The new key after a move to another project. The id stays; the old key resolves until somebody takes it."""
        with self.lock:
            issue, home = self.issue(key), self.project(project)
            if home is None:
                raise KeyError(f"no project {project}")
            old = self.projects[issue.project_id]
            moved = replace(issue, key=new_key or self._next_key(home.id), project_id=home.id)
            items = [
                self._item("project", old.id, old.name, home.id, home.name),
                ChangeItem(
                    field="Key", field_id=None, before=None, before_text=issue.key, after=None, after_text=moved.key
                ),
            ]
            self._rename(issue.id, issue.key, moved.key)
            self._record(moved, items, author, self._at(at))
        return moved.key

    def rename_project(self, project: str, key: str) -> None:
        """Give a project another key. Its issues' keys change, their `updated` does not."""
        with self.lock:
            old = self.project(project)
            if old is None:
                raise KeyError(f"no project {project}")
            self.projects[old.id] = replace(old, key=key, former_keys=(*old.former_keys, old.key))
            for record in self.records.values():
                issue = record.issue
                if issue is not None and issue.project_id == old.id:
                    renamed = replace(issue, key=f"{key}-{issue.key.rpartition('-')[2]}")
                    self._rename(issue.id, issue.key, renamed.key)
                    self._put(renamed, self._at(None))

    def delete_issue(self, key: str, at: datetime | None = None) -> None:
        """Delete an issue. It leaves no trace but in a lagging index."""
        with self.lock:
            issue = self.issue(key)
            record = self.records[issue.id]
            del self.ids_by_key[issue.key]
            for known in record.former_keys:
                if self.ids_by_former_key.get(known) == issue.id:
                    del self.ids_by_former_key[known]
            for comment in issue.comments:
                self.issue_of_comment.pop(comment.id, None)
            record.versions.append(Version(since=self._at(at), issue=None))
            self.settled_at = max(self.settled_at, record.versions[-1].since)
            self.revision += 1

    # Links

    def link(self, kind: str, a: str, b: str, author: str | None = None, at: datetime | None = None) -> str:
        """The id of the new link: `a` is the outward end ("blocks"). Both show it, only `a` gets a new `updated`."""
        with self.lock:
            link_type, first, second = self.link_type(kind), self.issue(a), self.issue(b)
            link_id, moment = self.hand_out_id(), self._at(at)
            outward = IssueLink(id=link_id, type_id=link_type.id, outward=True, other_id=second.id)
            inward = IssueLink(id=link_id, type_id=link_type.id, outward=False, other_id=first.id)
            self._put(replace(second, links=(*second.links, inward)), moment)
            text = f"This issue {link_type.outward} {second.key}"
            item = ChangeItem(
                field="Link", field_id=None, before=None, before_text=None, after=second.key, after_text=text
            )
            self._record(replace(first, links=(*first.links, outward)), [item], author, moment)
        return link_id

    # Comments

    def add_comment(
        self,
        key: str,
        author: str | None,
        body: str | dict[str, Any],
        at: datetime | None = None,
        *,
        properties: Mapping[str, Any] | None = None,
        visibility: dict[str, Any] | None = None,
    ) -> str:
        """The id of a new comment. Moves the issue's `updated` and notifies people; the history says nothing."""
        with self.lock:
            issue, moment = self.issue(key), self._at(at)
            comment = Comment(
                id=self.hand_out_id(),
                author=author,
                editor=author,
                body=adf.from_text(body) if isinstance(body, str) else body,
                created=moment,
                updated=moment,
                properties=dict(properties or {}),
                visibility=visibility,
            )
            self.issue_of_comment[comment.id] = issue.id
            self._put(replace(issue, comments=(*issue.comments, comment), updated=max(issue.updated, moment)), moment)
            self.mails.append(Mail(kind="commented", issue_key=issue.key, comment_id=comment.id, at=moment))
            internal = comment.properties.get("sd.public.comment") == {"internal": True}
            if self.projects[issue.project_id].type_key == "service_desk" and not internal:
                self.mails.append(Mail(kind="customer told", issue_key=issue.key, comment_id=comment.id, at=moment))
        return comment.id

    def edit_comment(
        self,
        comment_id: str,
        author: str | None,
        body: str | dict[str, Any],
        at: datetime | None = None,
        *,
        notify: bool = True,
        properties: Mapping[str, Any] | None = None,
        visibility: dict[str, Any] | None = None,
    ) -> None:
        """Replace a comment whole, also its visibility. It stays its first author's; `updated` of both moves."""
        with self.lock:
            issue, old = self.comment(comment_id)
            moment = self._at(at)
            new = replace(
                old,
                editor=author,
                body=adf.from_text(body) if isinstance(body, str) else body,
                updated=moment,
                properties={**old.properties, **(properties or {})},
                visibility=visibility,
            )
            self._put_comment(issue, new, moment)
            if notify:
                self.mails.append(Mail(kind="comment edited", issue_key=issue.key, comment_id=comment_id, at=moment))

    def set_comment_property(self, comment_id: str, name: str, value: Any, at: datetime | None = None) -> None:
        """Set a property of a comment. The issue's `updated` moves, as some versions of Jira have it."""
        with self.lock:
            issue, old = self.comment(comment_id)
            self._put_comment(issue, replace(old, properties={**old.properties, name: value}), self._at(at))

    def delete_comment(self, comment_id: str, at: datetime | None = None) -> None:
        """Delete a comment. Moves the issue's `updated`."""
        with self.lock:
            issue, _ = self.comment(comment_id)
            moment = self._at(at)
            del self.issue_of_comment[comment_id]
            rest = tuple(comment for comment in issue.comments if comment.id != comment_id)
            self._put(replace(issue, comments=rest, updated=max(issue.updated, moment)), moment)

    # How a change is kept

    def _next_key(self, project_id: str) -> str:
        self.project_counters[project_id] += 1
        return f"{self.projects[project_id].key}-{self.project_counters[project_id]}"

    def _item(
        self, field: str, before: str | None, before_text: str | None, after: str | None, after_text: str | None
    ) -> ChangeItem:
        return ChangeItem(
            field=self.field_names.get(field, field),
            field_id=field,
            before=before,
            before_text=before_text,
            after=after,
            after_text=after_text,
        )

    def _resolve(self, issue: Issue, resolution: str | None, moment: int) -> tuple[Issue, ChangeItem]:
        before = self.resolutions[issue.resolution_id] if issue.resolution_id else None
        after = self.named(self.resolutions, resolution) if resolution else None
        item = self._item(
            "resolution",
            before.id if before else None,
            before.name if before else None,
            after.id if after else None,
            after.name if after else None,
        )
        return replace(issue, resolution_id=after.id if after else None, resolved=moment if after else None), item

    def _record(self, issue: Issue, items: list[ChangeItem], author: str | None, moment: int) -> None:
        change = Change(id=int(self.hand_out_id()), author=author, created=moment, items=tuple(items))
        self.records[issue.id].changes.append(change)
        self._put(replace(issue, updated=max(issue.updated, moment)), moment)

    def _put_comment(self, issue: Issue, comment: Comment, moment: int) -> None:
        all_of_it = tuple(comment if old.id == comment.id else old for old in issue.comments)
        self._put(replace(issue, comments=all_of_it, updated=max(issue.updated, moment)), moment)
