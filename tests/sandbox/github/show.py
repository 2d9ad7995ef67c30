"""REST: how things are shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.clock import to_instant
from tests.sandbox.github.model import Account, Comment, Item, Label, Milestone, Repository
from tests.sandbox.github.state import GithubState

GHOST = Account(id="MDQ6VXNlcjEwMTM3", database_id=10137, kind="User", login="ghost", name="Deleted user")
PLACES = (
    *("archive", "assignees", "blobs", "branches", "clone", "collaborators", "comments", "commits", "compare"),
    *("contents", "contributors", "deployments", "downloads", "events", "forks", "git", "git_commits", "git_refs"),
    *("git_tags", "hooks", "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges"),
    *("milestones", "notifications", "pulls", "releases", "ssh", "stargazers", "statuses", "subscribers"),
    *("subscription", "svn", "tags", "teams", "trees"),
)
COUNTS = (
    *("forks", "forks_count", "network_count", "size", "stargazers_count", "subscribers_count", "watchers"),
    "watchers_count",
)
ABSENT = ("homepage", "language", "license", "mirror_url")


@dataclass(slots=True)
class Show:
    """Things as REST tells them. `ghosts_named`: an account stands for those that are gone."""

    state: GithubState
    url: str
    ghosts_named: bool = True
    counted: dict[str, Counter[str]] = field(default_factory=dict)

    def at(self, seconds: int | None) -> str | None:
        """An instant as text."""
        return None if seconds is None else to_instant(seconds * 1000).strftime("%Y-%m-%dT%H:%M:%SZ")

    def user(self, account_id: str | None) -> dict[str, Any] | None:
        """An account; of one that is gone the account `ghost` or nothing."""
        account = self.state.living(account_id) or (GHOST if self.ghosts_named else None)
        return None if account is None else self.account(account)

    def account(self, account: Account) -> dict[str, Any]:
        """An account; a bot's login has another form here than in GraphQL."""
        login = f"{account.login}[bot]" if account.kind == "Bot" else account.login
        address = f"{self.url}/users/{login}"
        return {
            "login": login,
            "id": account.database_id,
            "node_id": account.id,
            "avatar_url": f"{self.url}/avatars/{account.database_id}",
            "gravatar_id": "",
            "url": address,
            "html_url": f"{self.url}/{login}",
            "followers_url": f"{address}/followers",
            "following_url": f"{address}/following{{/other_user}}",
            "gists_url": f"{address}/gists{{/gist_id}}",
            "starred_url": f"{address}/starred{{/owner}}{{/repo}}",
            "subscriptions_url": f"{address}/subscriptions",
            "organizations_url": f"{address}/orgs",
            "repos_url": f"{address}/repos",
            "events_url": f"{address}/events{{/privacy}}",
            "received_events_url": f"{address}/received_events",
            "type": account.kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def repository(self, repository: Repository, *, push: bool) -> dict[str, Any]:
        """A repository."""
        address = self._at_repository(repository)
        owner = self.account(self.state.account(repository.owner))
        opened = sum(self.state.items[item_id].state == "OPEN" for item_id in repository.numbers.values())
        return {
            "id": repository.database_id,
            "node_id": repository.id,
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
            "owner": owner,
            "html_url": f"{self.url}/{repository.full_name}",
            "description": repository.description,
            "fork": False,
            "url": address,
            **{f"{word}_url": f"{address}/{word}" for word in PLACES},
            **dict.fromkeys(COUNTS, 0),
            **dict.fromkeys(ABSENT),
            "created_at": self.at(repository.created_at),
            "updated_at": self.at(repository.updated_at),
            "pushed_at": self.at(repository.pushed_at),
            "has_issues": repository.has_issues,
            "has_projects": False,
            "has_downloads": False,
            "has_wiki": False,
            "has_pages": False,
            "has_discussions": False,
            "archived": repository.archived,
            "disabled": False,
            "visibility": "private" if repository.private else "public",
            "open_issues_count": opened,
            "open_issues": opened,
            "default_branch": repository.default_branch,
            "permissions": {"admin": False, "maintain": False, "push": push, "triage": push, "pull": True},
        }

    def issue(self, item: Item) -> dict[str, Any]:
        """An issue, or a pull request as far as it is one. `id` is the issue's in both cases."""
        home = self.state.repositories[item.repository_id]
        repository_url = self._at_repository(home)
        address = f"{repository_url}/issues/{item.number}"
        word = "issues" if item.pull is None else "pull"
        assignees = [self.account(known) for known in map(self.state.living, item.assignees) if known is not None]
        shown: dict[str, Any] = {
            "url": address,
            "repository_url": repository_url,
            "labels_url": f"{address}/labels{{/name}}",
            "comments_url": f"{address}/comments",
            "events_url": f"{address}/events",
            "html_url": f"{self.url}/{home.full_name}/{word}/{item.number}",
            "id": item.database_id,
            "node_id": item.id,
            "number": item.number,
            "title": item.title,
            "user": self.user(item.author),
            "labels": [self.label(home.labels[label], repository_url) for label in item.labels],
            "state": "open" if item.state == "OPEN" else "closed",
            "locked": item.locked,
            "assignee": assignees[0] if assignees else None,
            "assignees": assignees,
            "milestone": self.milestone(home.milestones[item.milestone], repository_url) if item.milestone else None,
            "comments": len(item.comments),
            "created_at": self.at(item.created_at),
            "updated_at": self.at(item.updated_at),
            "closed_at": self.at(item.closed_at),
            "author_association": "NONE" if self.state.living(item.author) is None else "MEMBER",
            "active_lock_reason": item.lock_reason.lower().replace("_", "-") if item.lock_reason else None,
            "body": item.body or None,
            "timeline_url": f"{address}/timeline",
            "performed_via_github_app": None,
            "state_reason": item.state_reason.lower() if item.state_reason else None,
        }
        if item.pull is not None:
            pull_address = f"{repository_url}/pulls/{item.number}"
            shown["draft"] = item.pull.draft
            shown["pull_request"] = {
                "url": pull_address,
                "html_url": shown["html_url"],
                "diff_url": f"{shown['html_url']}.diff",
                "patch_url": f"{shown['html_url']}.patch",
                "merged_at": self.at(item.pull.merged_at),
            }
        return shown

    def label(self, label: Label, repository_url: str) -> dict[str, Any]:
        """A label."""
        return {
            "id": label.database_id,
            "node_id": label.id,
            "url": f"{repository_url}/labels/{label.name}",
            "name": label.name,
            "color": label.color,
            "default": False,
            "description": label.description,
        }

    def milestone(self, milestone: Milestone, repository_url: str) -> dict[str, Any]:
        """A milestone."""
        address = f"{repository_url}/milestones/{milestone.number}"
        if not self.counted:  # once for all that is shown together
            for item in self.state.items.values():
                self.counted.setdefault(item.milestone or "", Counter())[item.state] += 1
        inside = self.counted.get(milestone.id, Counter())
        return {
            "url": address,
            "html_url": address,
            "labels_url": f"{address}/labels",
            "id": milestone.database_id,
            "node_id": milestone.id,
            "number": milestone.number,
            "title": milestone.title,
            "description": milestone.description,
            "creator": self.user(milestone.creator),
            "open_issues": inside["OPEN"],
            "closed_issues": inside.total() - inside["OPEN"],
            "state": milestone.state.lower(),
            "created_at": self.at(milestone.created_at),
            "updated_at": self.at(milestone.updated_at),
            "due_on": self.at(milestone.due_on),
            "closed_at": self.at(milestone.closed_at),
        }

    def comment(self, comment: Comment) -> dict[str, Any]:
        """A comment."""
        item = self.state.items[comment.item_id]
        home = self.state.repositories[item.repository_id]
        repository_url = self._at_repository(home)
        word = "issues" if item.pull is None else "pull"
        place = f"{self.url}/{home.full_name}/{word}/{item.number}"
        return {
            "url": f"{repository_url}/issues/comments/{comment.database_id}",
            "html_url": f"{place}#issuecomment-{comment.database_id}",
            "issue_url": f"{repository_url}/issues/{item.number}",
            "id": comment.database_id,
            "node_id": comment.id,
            "user": self.user(comment.author),
            "created_at": self.at(comment.created_at),
            "updated_at": self.at(comment.updated_at),
            "author_association": "NONE" if self.state.living(comment.author) is None else "MEMBER",
            "body": comment.body,
            "performed_via_github_app": None,
        }

    def _at_repository(self, repository: Repository) -> str:
        return f"{self.url}/repos/{repository.full_name}"
