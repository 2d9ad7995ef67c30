"""What is true of a story across its tools: by its events, its plan and its calendar, without any product code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from tests.sandbox.simulator.cast import CAST, Member
from tests.sandbox.simulator.lives import Life
from tests.sandbox.simulator.meetings import AHEAD, Diary
from tests.sandbox.simulator.plans import PlanBook, PlannedDeliverable, date_in
from tests.sandbox.simulator.worktime import WorkTime

REVIEW_DAYS = 2
FOLLOW_DAYS = 3
"""Working days after which a review that was asked for is late, and an issue that does not follow its pull requests."""
TINY = 1e-6
"""Less than the second to which durations are told, in days."""
LOOKED_AHEAD = timedelta(days=31)
"""How far ahead absences matter."""


@dataclass(frozen=True, kw_only=True)
class Across:
    """The tools of a story on one day. `lives` are those of all trackers, by the story's numbers."""

    lives: Mapping[int, Life]
    plan: PlanBook
    diary: Diary
    hours: WorkTime
    today: date

    @property
    def contradictions(self) -> dict[str, str]:
        """The keys of issues that are done although work on them is open, or the other way round, with which it is."""
        found = {}
        for number, issue in self.lives.items():
            parts = [life for life in self.lives.values() if number in life.doing]
            merged = [part.finished_at for part in parts if part.finished_at is not None]
            if issue.category == "done" and any(part.is_open for part in parts):
                found[issue.key] = "done_while_open"
            elif issue.is_open and merged and not any(part.is_open for part in parts):
                followed_by = self.hours.later(self.hours.day_of(max(merged)), FOLLOW_DAYS)
                if self.today > followed_by:
                    found[issue.key] = "merged_while_open"
        return found

    @property
    def waiting_reviews(self) -> frozenset[str]:
        """The keys of pull requests that wait too long for a review."""
        return frozenset(
            life.key
            for life in self.lives.values()
            if life.pull
            and life.category == "waiting"
            and self.today > self.hours.later(self.hours.day_of(life.since), REVIEW_DAYS)
        )

    @property
    def missing_meetings(self) -> dict[str, str]:
        """The ids of planned meetings that did not take place last time, or are not planned for the next."""
        found = {}
        for meeting in self.plan.extra.get("meetings", ()):
            days: set[date] = set()
            for series in self.diary.series:
                if series.meeting == meeting["id"]:
                    days |= series.held_on(self.today + AHEAD)
            last, coming = self._around(meeting["every"])
            if self._is_expected(*last) and not any(last[0] <= day <= last[1] for day in days):
                found[meeting["id"]] = "not_held"
            elif self._is_expected(*coming) and not any(coming[0] <= day <= coming[1] for day in days):
                found[meeting["id"]] = "not_planned"
        return found

    def _around(self, every: str) -> tuple[tuple[date, date], tuple[date, date]]:
        """The whole week or month before the present one, and the one after it, by first and last day."""
        day = timedelta(days=1)
        if every == "week":
            monday = self.today - self.today.weekday() * day
            return (monday - 7 * day, monday - day), (monday + 7 * day, monday + 13 * day)
        first = self.today.replace(day=1)
        before, after = (first - day).replace(day=1), (first + 32 * day).replace(day=1)
        return (before, first - day), (after, (after + 32 * day).replace(day=1) - day)

    def _is_expected(self, first: date, last: date) -> bool:
        """Whether the project runs for all of these days, and somebody works on one of them."""
        due = date_in(self.plan.due, self.plan.latest)
        if first < self.plan.start or (due is not None and due < last):
            return False
        return any(self.hours.works_on(first + timedelta(days=day)) for day in range((last - first).days + 1))

    def away_owners(self, unfinished: Iterable[PlannedDeliverable]) -> frozenset[str]:
        """The ids of those of these deliverables whose owner is away for half of the working days left, or more."""
        found = set()
        for entry in unfinished:
            due = date_in(entry.due, self.plan.latest)
            if due is None or not self.today <= due <= self.today + LOOKED_AHEAD:
                continue
            left = (self.today + timedelta(days=day) for day in range((due - self.today).days + 1))
            working = {day for day in left if self.hours.works_on(day)}
            away = working & self.diary.away(entry.owner)
            if away and len(away) >= len(working - away):
                found.add(entry.id)
        return frozenset(found)

    def short_people(self, left: Mapping[str, float]) -> dict[str, str]:
        """The addresses of people whose work does not fit into their days, with whether it would if nobody were away.

        `left` are the days of work that unfinished deliverables still need, by their ids.
        """
        found = {}
        for member in CAST:
            owned = [
                (due, left[entry.id])
                for entry in self.plan.deliverables
                if entry.owner == member and entry.id in left
                if (due := date_in(entry.due, self.plan.latest)) is not None
            ]
            for last in sorted({due for due, _ in owned if due >= self.today}):
                needed = sum(days for due, days in owned if due <= last)
                if needed > self._days_of(member, last, self.diary.away(member)) + TINY:
                    fits = needed <= self._days_of(member, last, set()) + TINY
                    found[member.email] = "away" if fits else "overbooked"
                    break
        return found

    def _days_of(self, member: Member, last: date, away: set[date]) -> float:
        """The days up to the last one on which somebody works, each as far as the plan takes them."""
        days = ((self.today + timedelta(days=day)) for day in range((last - self.today).days + 1))
        return sum(self._share(member, day) for day in days if self.hours.works_on(day) and day not in away)

    def _share(self, member: Member, day: date) -> float:
        """How much of somebody the plan takes on a day; all where it does not say."""
        entries = [row for row in self.plan.extra.get("resources", ()) if row.get("who") == member.email]
        taken = [
            float(row.get("allocation", "100%").removesuffix("%")) / 100
            for row in entries
            if row.get("from", day) <= day <= row.get("until", day)
        ]
        return min(sum(taken), 1.0) if entries else 1.0
