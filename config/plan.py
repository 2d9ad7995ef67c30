"""What a plan file may say, and the plan of `core.model` that it makes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from config.explain import validate
from config.marked import read
from config.plan_references import check
from config.problems import Problem, ordered
from config.values import LISTED, Day, Duration, Effort, Email, Lag, Name, Share, Text, Texts, matching, one_of
from core.errors import ConfigurationError
from core.model import (
    Deliverable,
    Dependency,
    Meeting,
    Milestone,
    Plan,
    PlannedDocument,
    Requirement,
    Resource,
    Retrospective,
    Risk,
    WorkSelector,
)

CADENCES = ("week", "month", "quarter")
LEVELS = ("low", "medium", "high")
DEPENDENCIES = ("FS", "SS", "FF", "SF")

JiraKey = Annotated[str, matching("[A-Za-z][A-Za-z0-9_]*-[1-9][0-9]*", "the key of a Jira issue", "ERP-12")]
GithubKey = Annotated[
    str, matching("[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#[1-9][0-9]*", "a GitHub issue", '"acme/erp#17" (in quotes)')
]
AnyKey = Annotated[
    str,
    matching(
        "[A-Za-z][A-Za-z0-9_]*-[1-9][0-9]*|[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+#[1-9][0-9]*", "the key of an item", "ERP-40"
    ),
]
Cadence = Annotated[str, one_of(CADENCES), Field(json_schema_extra={"enum": list(CADENCES)})]
Level = Annotated[str, one_of(LEVELS), Field(json_schema_extra={"enum": list(LEVELS)})]
DocumentKind = Annotated[str, matching("[a-z][a-z0-9_]*", "a kind of document", "progress_report")]

Id = Annotated[Name, Field(description="Its id, used once in the plan.", examples=["D1"])]
Title = Annotated[Text, Field(description="The name to show.", examples=["Data migration"])]
Owner = Annotated[Email | None, Field(description="Who answers for it.", examples=["li.wei@acme.example"])]
Due = Annotated[Day, Field(description="The last day on which it is in time.", examples=["2026-06-26"])]
OptionalDue = Annotated[Day | None, Field(description="The last day on which it is in time.", examples=["2026-06-26"])]


class Entry(BaseModel):
    """Anything written in a plan file."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class WorkEntry(Entry):
    """Which items do the work: those that meet any of these."""

    jira: Annotated[tuple[JiraKey, ...], *LISTED, Field(description="Keys of Jira issues.", examples=["ERP-12"])] = ()
    github: Annotated[
        tuple[GithubKey, ...], *LISTED, Field(description="GitHub issues.", examples=['"acme/erp#17"'])
    ] = ()
    label: Annotated[Texts, Field(description="Items with one of these labels.", examples=["requirements"])] = ()
    parent: Annotated[
        tuple[AnyKey, ...], *LISTED, Field(description="Items below one of these.", examples=["ERP-40"])
    ] = ()
    milestone: Annotated[
        Texts, Field(description="Items of one of these milestones of the tracker.", examples=["v2"])
    ] = ()
    fix_version: Annotated[Texts, Field(description="Items of one of these versions of Jira.", examples=['"2.0"'])] = ()

    def value(self) -> WorkSelector:
        """The rule in the words of the model."""
        keys = {kind: keys for kind, keys in (("jira", self.jira), ("github", self.github)) if keys}
        return WorkSelector(
            keys=keys,
            labels=self.label,
            parents=self.parent,
            milestones=self.milestone,
            fix_versions=self.fix_version,
        )


def _or_an_id(schema: dict[str, Any]) -> None:
    """Let editors accept the bare id as well."""
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [{"type": "string"}, whole]


class DependencyEntry(Entry):
    """What has to come before: the id of a deliverable, or this."""

    model_config = ConfigDict(json_schema_extra=_or_an_id)

    id: Annotated[Name, Field(description="The deliverable that it waits for.", examples=["D1"])]
    kind: Annotated[
        str,
        one_of(DEPENDENCIES),
        Field(
            description="FS: it starts when that one is finished; SS, FF and SF likewise.",
            examples=["FS"],
            json_schema_extra={"enum": list(DEPENDENCIES)},
        ),
    ] = "FS"
    lag: Annotated[Lag, Field(description="Working days between the two; negative: earlier.", examples=["5d"])] = 0.0

    @model_validator(mode="before")
    @classmethod
    def _of_an_id(cls, value: Any) -> Any:
        return {"id": value} if isinstance(value, str) else value


class MilestoneEntry(Entry):
    """A dated promise."""

    id: Id
    name: Title
    due: Due


class DeliverableEntry(Entry):
    """A thing to be delivered."""

    id: Id
    name: Title
    due: Due
    start: Annotated[Day | None, Field(description="The day on which work begins.", examples=["2026-01-12"])] = None
    milestone: Annotated[Name | None, Field(description="The milestone that it is for.", examples=["M1"])] = None
    owner: Owner = None
    effort: Annotated[Effort | None, Field(description="Days of work.", examples=["15d"])] = None
    depends_on: Annotated[
        tuple[DependencyEntry, ...],
        Field(description="What has to come before.", examples=["[D1, {id: D3, kind: SS, lag: 5d}]"]),
    ] = ()
    work: Annotated[WorkEntry | None, Field(description="Which items do the work.", examples=["{parent: ERP-40}"])] = (
        None
    )

    def made(self) -> Deliverable:
        """The deliverable in the words of the model."""
        return Deliverable(
            id=self.id,
            name=self.name,
            due_on=self.due,
            start_on=self.start,
            milestone=self.milestone,
            owner=self.owner,
            effort_days=self.effort,
            depends_on=tuple(Dependency(on=one.id, kind=one.kind, lag_days=one.lag) for one in self.depends_on),
            work=self.work.value() if self.work else None,
        )


class RequirementEntry(Entry):
    """What the customer needs."""

    id: Id
    name: Title
    source: Annotated[Text | None, Field(description="Who asked for it.", examples=["finance department"])] = None
    priority: Annotated[Level | None, Field(description="How much it matters.", examples=["high"])] = None
    owner: Owner = None
    due: OptionalDue = None
    milestone: Annotated[Name | None, Field(description="The milestone by which it is due.", examples=["M2"])] = None
    acceptance: Annotated[
        Text | None, Field(description="How it is accepted.", examples=['"closing run under 24 h"'])
    ] = None
    specification: Annotated[Text | None, Field(description="Where it is specified.", examples=["docs/spec.md"])] = None
    deliverable: Annotated[Name | None, Field(description="The deliverable that meets it.", examples=["D2"])] = None
    work: Annotated[WorkEntry | None, Field(description="Which items do the work.", examples=["{jira: ERP-7}"])] = None

    def made(self) -> Requirement:
        """The requirement in the words of the model."""
        return Requirement(
            id=self.id,
            name=self.name,
            source=self.source,
            priority=self.priority,
            owner=self.owner,
            due_on=self.due,
            milestone=self.milestone,
            acceptance=self.acceptance,
            specification=self.specification,
            deliverable=self.deliverable,
            work=self.work.value() if self.work else None,
        )


class ResourceEntry(Entry):
    """A person (`who`) or a thing (`what`) that the plan counts on."""

    who: Annotated[Email | None, Field(description="A person.", examples=["li.wei@acme.example"])] = None
    what: Annotated[Text | None, Field(description="A thing.", examples=["test cluster"])] = None
    allocation: Annotated[
        Share | None, Field(description="Their share of working time, all of it by default.", examples=["60%"])
    ] = None
    from_: Annotated[Day | None, Field(alias="from", description="The first day.", examples=["2026-04-01"])] = None
    until: Annotated[Day | None, Field(description="The last day.", examples=["2026-06-30"])] = None

    def made(self) -> Resource:
        """The resource in the words of the model."""
        return Resource(
            who=self.who, what=self.what, allocation=self.allocation, from_on=self.from_, until_on=self.until
        )


class DocumentEntry(Entry):
    """A document that is owed, once or again and again."""

    id: Id
    name: Title
    kind: Annotated[DocumentKind, Field(description="What sort of document it is.", examples=["progress_report"])]
    every: Annotated[Cadence | None, Field(description="How often it is due.", examples=["week"])] = None
    due: OptionalDue = None
    owner: Owner = None


class MeetingEntry(Entry):
    """A meeting that should take place."""

    id: Id
    name: Title
    match: Annotated[Text, Field(description="Its title in the calendar; `*` is any text.", examples=['"ERP weekly*"'])]
    every: Annotated[Cadence | None, Field(description="How often it takes place.", examples=["week"])] = None
    minutes_within: Annotated[
        Duration | None, Field(description="How soon after it the minutes are due.", examples=["2d"])
    ] = None


class RiskEntry(Entry):
    """A risk with its assessment and response."""

    id: Id
    name: Title
    probability: Annotated[Level | None, Field(description="How likely it is.", examples=["high"])] = None
    impact: Annotated[Level | None, Field(description="How bad it would be.", examples=["high"])] = None
    response: Annotated[Text | None, Field(description="What is done about it.", examples=["second source"])] = None
    owner: Owner = None
    due: OptionalDue = None


class RetrospectiveEntry(Entry):
    """A review owed after a milestone."""

    id: Id
    name: Title
    after: Annotated[Name, Field(description="The milestone.", examples=["M2"])]
    within: Annotated[Duration, Field(description="How soon after it.", examples=["10d"])]


class PlanFile(Entry):
    """A whole plan file."""

    name: Annotated[Text, Field(description="The project's name.", examples=["ERP upgrade"])]
    owner: Owner = None
    start: Annotated[Day | None, Field(description="The project's first day.", examples=["2026-01-05"])] = None
    due: Annotated[Day | None, Field(description="The project's last day.", examples=["2026-07-03"])] = None
    plan_due: Annotated[
        Day | None, Field(description="When the approved plan has to be submitted.", examples=["2026-01-16"])
    ] = None
    milestones: Annotated[
        tuple[MilestoneEntry, ...],
        Field(description="Dated promises.", examples=["[{id: M1, name: Go-live, due: 2026-06-26}]"]),
    ] = ()
    deliverables: Annotated[
        tuple[DeliverableEntry, ...],
        Field(description="Things to be delivered.", examples=["[{id: D1, name: Data migration, due: 2026-05-29}]"]),
    ] = ()
    requirements: Annotated[
        tuple[RequirementEntry, ...],
        Field(description="What the customer needs.", examples=["[{id: R1, name: Month-end close within one day}]"]),
    ] = ()
    resources: Annotated[
        tuple[ResourceEntry, ...],
        Field(description="People and things counted on.", examples=["[{who: li.wei@acme.example, allocation: 60%}]"]),
    ] = ()
    documents: Annotated[
        tuple[DocumentEntry, ...],
        Field(
            description="Documents that are owed.",
            examples=["[{id: P1, name: Progress report, kind: progress_report, every: week}]"],
        ),
    ] = ()
    meetings: Annotated[
        tuple[MeetingEntry, ...],
        Field(
            description="Meetings that should take place.",
            examples=['[{id: W1, name: Weekly meeting, match: "ERP weekly*", every: week}]'],
        ),
    ] = ()
    risks: Annotated[
        tuple[RiskEntry, ...],
        Field(description="Risks.", examples=["[{id: K1, name: Vendor delivers late, probability: high}]"]),
    ] = ()
    retrospectives: Annotated[
        tuple[RetrospectiveEntry, ...],
        Field(description="Reviews owed.", examples=["[{id: T1, name: Review, after: M2, within: 10d}]"]),
    ] = ()

    def made(self) -> Plan:
        """The plan in the words of the model."""
        return Plan(
            name=self.name,
            owner=self.owner,
            start_on=self.start,
            due_on=self.due,
            plan_due_on=self.plan_due,
            milestones=tuple(Milestone(id=one.id, name=one.name, due_on=one.due) for one in self.milestones),
            deliverables=tuple(one.made() for one in self.deliverables),
            requirements=tuple(one.made() for one in self.requirements),
            resources=tuple(one.made() for one in self.resources),
            documents=tuple(
                PlannedDocument(
                    id=one.id, name=one.name, kind=one.kind, every=one.every, due_on=one.due, owner=one.owner
                )
                for one in self.documents
            ),
            meetings=tuple(Meeting(**one.model_dump()) for one in self.meetings),
            risks=tuple(Risk(**one.model_dump(exclude={"due"}), due_on=one.due) for one in self.risks),
            retrospectives=tuple(Retrospective(**one.model_dump()) for one in self.retrospectives),
        )


def read_plan(path: Path, people: Collection[str] = ()) -> Plan:
    """The plan that a file holds.

    `people` are the e-mail addresses that the configuration knows; without any, every address is accepted. Raises
    ConfigurationError with all problems of the file.
    """
    plan, problems = examine(path, people)
    if plan is None or problems:
        raise ConfigurationError(ordered(problems))
    return plan


def examine(path: Path, people: Collection[str] = ()) -> tuple[Plan | None, list[Problem]]:
    """The plan that a file holds (None when it cannot be made) and its problems.

    Raises ConfigurationError when the file cannot be read at all.
    """
    root, problems = read(path)
    problems.extend(check(root, path, people))
    found = validate(PlanFile, root, path, {}, problems)
    return (found.made() if found is not None else None), problems
