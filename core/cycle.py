"""The story of Planward: pull -> store -> plan -> measure -> publish. Read this second, after `core/model.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event

from core.projects import Held, ProjectJob, hold
from core.publish.outbox import Outcome, TargetOf, Wanted, publish_all
from core.store.engine import Store
from core.sync.drain import Drained, Progress, SourceJob, drain


@dataclass(slots=True, kw_only=True)
class Cycle:
    """What one cycle did, by source, by project and by publication."""

    sources: dict[str, Drained] = field(default_factory=dict)
    projects: dict[str, Held] = field(default_factory=dict)
    published: list[Outcome] = field(default_factory=list)


def run_cycle(
    store: Store,
    sources: Sequence[SourceJob],
    projects: Sequence[ProjectJob],
    targets: Mapping[str, TargetOf],
    *,
    send: bool,
    now: Callable[[], datetime],
    stop: Event,
    progress: Progress,
    full: bool = False,
) -> Cycle:
    """Pull every source, hold every project against its plan and measure it, and write back what changed.

    A source or publication that fails is in the result, not raised. Raises StoreError, and ConfigurationError when a
    plan file became unreadable.
    """
    cycle = Cycle()
    for source in sources:
        if not stop.is_set():
            cycle.sources[source.name] = drain(store, source, full=full, now=now, stop=stop, progress=progress)

    wanted: list[Wanted] = []
    for project in projects:
        if stop.is_set():
            break
        held = hold(store, project, now())
        cycle.projects[project.id] = held
        wanted.extend(held.wanted)

    if not stop.is_set():
        cycle.published = publish_all(store, targets, wanted, send=send, now=now, stop=stop)
    return cycle
