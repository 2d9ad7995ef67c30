"""The story of Planward: pull -> store -> plan -> measure -> publish. Read this second, after `core/model.py`.

`planward sync` lives it once, from beginning to end. `planward run` takes the same three steps (`drain`, `hold`,
`publish_all`), each whenever it is due: `core/daemon/working.py`.
"""

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
    """What one cycle did, by source, by project and by publication.

    `stopped_before` says in words what it was told to stop before, None where it came to its end.
    """

    sources: dict[str, Drained] = field(default_factory=dict)
    projects: dict[str, Held] = field(default_factory=dict)
    published: list[Outcome] = field(default_factory=list)
    stopped_before: str | None = None


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
    unread = [
        source.name for source in sources if source.name not in cycle.sources or cycle.sources[source.name].stopped
    ]
    if unread:
        cycle.stopped_before = f"{', '.join(unread)} was read to its end"
        return cycle

    wanted: list[Wanted] = []
    for project in projects:
        if stop.is_set():
            cycle.stopped_before = f"{project.id} was held against its plan"
            return cycle
        held = hold(store, project, now())
        cycle.projects[project.id] = held
        wanted.extend(held.wanted)

    if stop.is_set():
        cycle.stopped_before = "anything was written back"
        return cycle
    cycle.published = publish_all(store, targets, wanted, send=send, now=now, stop=stop)
    return cycle
