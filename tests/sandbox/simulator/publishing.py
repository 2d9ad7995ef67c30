"""Puts what happened on GitHub in a story into the sandbox's state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tests.sandbox.github.state import GithubState
from tests.sandbox.jira.sandbox import HOME
from tests.sandbox.simulator.cast import CAST
from tests.sandbox.simulator.events import (
    Asked,
    Assigned,
    Commented,
    Event,
    Merged,
    Opened,
    Readied,
    Reviewed,
    Shut,
)


def prepare(state: GithubState, repositories: Iterable[str]) -> None:
    """Give an empty site its people and repositories. Their e-mail addresses they keep to themselves."""
    for member in CAST:
        state.add_user(member.login, name=member.name)
    for repository in repositories:
        state.add_repository(repository)


def apply(state: GithubState, events: Iterable[Event], keys: Mapping[int, str], home: str = HOME) -> int:
    """How many events were put into the state. They must come in time order. `home` is where people open the Jira."""
    count = 0
    for event in events:
        _apply(state, event, keys, home)
        count += 1
    return count


def _apply(state: GithubState, event: Event, keys: Mapping[int, str], home: str) -> None:
    key, at, author = keys[event.issue], event.at, event.author.login
    match event.action:
        case Opened() as opened:
            made = _open(state, opened, event, keys, home)
            if made != key:
                raise ValueError(f"the state made {made} of {key}")
        case Assigned(to=to) if to is not None:
            state.assign(key, to.login, author, at)
        case Commented(text=text):
            state.comment(key, author, text, at)
        case Readied():
            state.ready_for_review(key, author, at)
        case Asked(of=reviewer):
            state.request_review(key, reviewer.login, author, at)
        case Reviewed(verdict=verdict):
            state.review(key, author, verdict, at=at)
        case Merged():
            state.merge(key, author, at)
        case Shut():
            state.close(key, author, at)
        case other:
            raise ValueError(f"{other} does not happen on GitHub")


def _open(state: GithubState, opened: Opened, event: Event, keys: Mapping[int, str], home: str) -> str:
    title, branch, body = opened.title, f"work-{event.issue}", ["Please have a look."]
    for issue in opened.about:
        match opened.named_in:
            case "title":
                title = f"{keys[issue]}: {title}"
            case "branch":
                branch = f"{keys[issue]}-{branch}"
            case "body":
                body.append(f"Part of {keys[issue]}.")
            case _:
                body.append(f"See {home}/browse/{keys[issue]}")
    for issue in opened.closes:
        repository, _, number = keys[issue].partition("#")
        body.append(f"Fixes #{number}" if repository == opened.repository else f"Closes {keys[issue]}")
    author, text = event.author.login, "\n\n".join(body)
    if not opened.pull:
        return state.open_issue(opened.repository, title, body=text, author=author, labels=opened.labels, at=event.at)
    return state.open_pull_request(
        opened.repository,
        title,
        body=text,
        author=author,
        head=branch,
        draft=opened.draft,
        labels=opened.labels,
        at=event.at,
    )
