"""`planward plan`: the plan with what is known of it, its sign-off, and what moved since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from config.load import load
from config.problems import quote, suggest
from config.settings import PersonSettings
from core.daemon.compose import project_jobs
from core.daemon.tables import NAME, Column, print_table
from core.daemon.terminal import print_json, say
from core.document import messages
from core.errors import UsageError
from core.history.period import period_at
from core.kpi.facts import PlanFacts, gather
from core.model import Capacity, Plan
from core.plan.baseline import Entry, in_force
from core.plan.baseline import diff as plan_diff
from core.projects import ProjectJob, capacities, hold
from core.store import items, plans
from core.store.engine import Store

EARLIEST = date(1970, 1, 1)
ENTRIES = (
    Column("id"),
    Column("entry", spare=True),
    Column("name", folds=NAME),
    Column("approved"),
    Column("planned"),
    Column("state"),
    Column("items_done", spare=True),
    Column("finished", spare=True),
)
PEOPLE = (
    Column("person", folds=NAME),
    Column("from", spare=True),
    Column("until"),
    Column("allocation", spare=True),
    Column("working_time", spare=True),
    Column("absent"),
    Column("available"),
    Column("needed"),
)
DIFFERENCES = (
    Column("change"),
    Column("entry", spare=True),
    Column("id"),
    Column("name", folds=NAME),
    Column("before", folds=NAME),
    Column("after", folds=NAME),
)


def show(config: Path, *, project: str | None, as_json: bool) -> int:
    """Milestones and deliverables with their dates and how far they are, and what time its people have for them."""
    settings = load(config)
    now = datetime.now(UTC)
    shown = []
    with Store.open(settings.store) as store:
        for job in project_jobs(settings, project):
            plan = job.read_plan()
            with store.read() as connection:
                baselines = plans.baselines(connection, job.id)
                enrolled = items.enrolled(connection, job.id)
                people = capacities(connection, job, period_at(job.period, now, job.calendar.zone), now, plan)
            facts = gather(enrolled, plan, baselines, job.calendar, now)
            baseline = in_force(baselines, now)
            shown.append((job, baseline, [(entry, _row(entry)) for entry in facts.plan], people))
    if as_json:
        print_json(
            {
                "projects": [
                    {
                        "project": job.id,
                        "baseline": None
                        if baseline is None
                        else {
                            "number": baseline.number,
                            "approved_at": baseline.approved_at,
                            "approved_by": baseline.approved_by,
                            "reason": baseline.reason,
                        },
                        "entries": [row for _, row in rows],
                        "capacity": [_capacity_row(one) for one in people],
                    }
                    for job, baseline, rows, people in shown
                ]
            }
        )
        return 0
    for job, baseline, rows, people in shown:
        if baseline is None:
            say(messages.say("line.plan.no_baseline", job.language, project=job.name))
        else:
            on = job.calendar.day_of(baseline.approved_at)
            say(
                messages.say(
                    "line.plan.baseline",
                    job.language,
                    project=job.name,
                    number=baseline.number,
                    by=baseline.approved_by,
                    on=on,
                )
            )
        print_table(None, ENTRIES, [_cells(job, entry, row) for entry, row in rows], job.language)
        if people:
            title = messages.say("table.capacity", job.language)
            print_table(title, PEOPLE, [_capacity_cells(job, one) for one in people], job.language)
    return 0


def approve(config: Path, *, project: str | None, by: str, why: str | None, on: str | None, as_json: bool) -> int:
    """Freeze the plan as it stands as a new baseline.

    Raises UsageError when it is not clear which plan, by whom, or when.
    """
    settings = load(config)
    now = datetime.now(UTC)
    by = _approver(settings.people, by)
    with Store.open(settings.store, create=True) as store:
        job, plan = _one_plan(project_jobs(settings, project))
        approved_at = now if on is None else _moment(on, job, now)
        with store.write() as connection:
            baseline = plans.approve(
                connection, job.id, plan, by=by, reason=why, approved_at=approved_at, recorded_at=now
            )
            holding = in_force(plans.baselines(connection, job.id), now) or baseline
        hold(store, job, now)  # the numbers that hang on it change now, and not with the next cycle
    if as_json:
        print_json(
            {
                "project": job.id,
                "baseline": baseline.number,
                "in_force": holding.number,
                "approved_at": baseline.approved_at,
                "approved_by": baseline.approved_by,
                "reason": baseline.reason,
            }
        )
    else:
        dates = len(plan.deliverables) + len(plan.milestones)
        if holding.number == baseline.number:
            meaning = "These are now the promised ones."
        else:
            meaning = (
                f"Baseline {holding.number}, approved on {job.calendar.day_of(holding.approved_at)}, stays in force;"
                f" this one holds from {job.calendar.day_of(approved_at)} until the next sign-off after it."
            )
        say(f"{job.name}: baseline {baseline.number} with {dates} dates, approved by {by}. {meaning}")
    return 0


def diff(config: Path, *, project: str | None, as_json: bool) -> int:
    """What the plan file says otherwise than the baseline in force."""
    settings = load(config)
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = []
    with Store.open(settings.store) as store:
        for job in project_jobs(settings, project):
            plan = job.read_plan()
            with store.read() as connection:
                baseline = in_force(plans.baselines(connection, job.id), now)
            if plan is None or baseline is None:
                found.append({"project": job.id, "baseline": None, "differences": []})
                continue
            differences = [
                {
                    "change": one.change.value,
                    "entry": one.entry.value,
                    "id": one.id,
                    "name": one.name,
                    "before": one.before,
                    "after": one.after,
                }
                for one in plan_diff(baseline.plan, plan)
            ]
            found.append({"project": job.id, "baseline": baseline.number, "differences": differences})
    if as_json:
        print_json({"projects": found})
        return 0
    for one in found:
        if one["baseline"] is None:
            say(f"{one['project']}: no approved baseline to compare with; see `planward plan approve --help`.")
        elif not one["differences"]:
            say(f"{one['project']}: the plan is as approved (baseline {one['baseline']}).")
        else:
            rows = [_changed(change, settings.language) for change in one["differences"]]
            title = messages.say("table.diff", settings.language, project=one["project"], number=one["baseline"])
            print_table(title, DIFFERENCES, rows, settings.language)
    return 0


def _one_plan(jobs: list[ProjectJob]) -> tuple[ProjectJob, Plan]:
    if len(jobs) != 1:
        raise UsageError(
            f"there are {len(jobs)} projects", advice=f"Say which with --project: {', '.join(job.id for job in jobs)}."
        )
    plan = jobs[0].read_plan()
    if plan is None:
        raise UsageError(
            f"{jobs[0].id} has no plan to approve", advice="Name its plan file under `plan:` of the project."
        )
    return jobs[0], plan


def _approver(people: Sequence[PersonSettings], by: str) -> str:
    """The address of the configured person with this address or name; where nobody is configured, the text itself."""
    wanted = by.strip().casefold()
    if not wanted:
        raise UsageError("it is not said who approved the plan", advice="Write their e-mail address behind --by.")
    if not people:
        return by.strip()
    of_address = {person.email.casefold(): person.email for person in people}
    if wanted in of_address:
        return of_address[wanted]
    of_name = [person.email for person in people if person.name.casefold() == wanted]
    if len(of_name) == 1:
        return of_name[0]
    if of_name:
        raise UsageError(f"{len(of_name)} of the people are called {by}", advice=f"Write {' or '.join(of_name)}.")
    hint = suggest(by, [*of_address.values(), *(person.name for person in people)])
    raise UsageError(f"{quote(by)} is none of the people", advice=f"Add them under `people:`, or: {hint}")


def _moment(on: str, job: ProjectJob, now: datetime) -> datetime:
    """The last moment of the day in the project's zone; now for today."""
    day = read_day(on)
    if day > job.calendar.day_of(now):
        raise UsageError(f"{on} has not come yet", advice="Record an approval on or after its day.")
    return min(job.calendar.end_of_day(day) - timedelta(microseconds=1), now)


def read_day(text: str) -> date:
    """The day written as 2026-03-31. Raises UsageError for what is none, and for one that is too long ago."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"“{text}” is not a day", advice="Write it like 2026-03-31.") from None
    if day < EARLIEST:
        raise UsageError(f"{text} is too long ago", advice=f"Write a day since {EARLIEST.isoformat()}.")
    return day


def _row(entry: PlanFacts) -> dict[str, Any]:
    promise, state = entry.promise, entry.state
    return {
        "id": promise.id,
        "entry": promise.entry.value,
        "name": promise.name,
        "owner": promise.owner,
        "first_on": promise.first_on and promise.first_on.isoformat(),
        "committed_on": promise.committed_on and promise.committed_on.isoformat(),
        "planned_on": promise.latest_on and promise.latest_on.isoformat(),
        "state": state.standing.value,
        "items": state.items,
        "finished_items": state.finished_items,
        "finished_at": state.finished_at,
    }


def _cells(job: ProjectJob, entry: PlanFacts, row: dict[str, Any]) -> list[str]:
    finished_at, language = entry.state.finished_at, job.language
    return [
        row["id"],
        messages.say("cell.entry.milestone", language) if entry.promise.entry is Entry.MILESTONE else "",
        row["name"],
        row["committed_on"] or "–",
        row["planned_on"] or "–",
        messages.say(f"cell.standing.{row['state']}", language),
        messages.say("cell.of", language, n=row["finished_items"], total=row["items"]),
        "–" if finished_at is None else job.calendar.day_of(finished_at).isoformat(),
    ]


def _capacity_row(one: Capacity) -> dict[str, Any]:
    return {
        "who": one.who,
        "window": one.window,
        "from": one.from_on.isoformat(),
        "until": one.until_on.isoformat(),
        "allocation": one.allocation,
        "day_seconds": one.day_seconds,
        "planned_seconds": one.planned_seconds,
        "absent_seconds": one.absent_seconds,
        "available_seconds": one.available_seconds,
        "needed_seconds": one.needed_seconds,
        "left_out": [{"id": name, "reason": reason} for name, reason in one.left_out],
    }


def _capacity_cells(job: ProjectJob, one: Capacity) -> list[str]:
    names = {person.email: person.name for person in job.people}
    times = (one.planned_seconds, one.absent_seconds, one.available_seconds, one.needed_seconds)
    return [
        names.get(one.who, one.who),
        one.from_on.isoformat(),
        one.until_on.isoformat(),
        "–" if one.allocation is None else messages.share_text(one.allocation),
        *(messages.working_days_text(seconds, one.day_seconds, job.language) for seconds in times),
    ]


def _changed(change: dict[str, Any], language: str) -> list[str]:
    return [
        messages.say(f"cell.change.{change['change']}", language),
        messages.say(f"cell.entry.{change['entry']}", language),
        change["id"],
        change["name"],
        change["before"] or "",
        change["after"] or "",
    ]
