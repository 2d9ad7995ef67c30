"""Where the milestones stand on a time line: places in per cent of its width, for a drawing of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from core.document.messages import month_text, short_day_text
from core.document.nodes import StatusWord
from core.report import status
from core.report.inputs import MilestoneLine, StatusInputs

MARGIN = 0.06
"""What is free at both ends, as a share of the stretch that is shown, so that no mark is cut off."""
EDGE = 2.0
"""Per cent at both ends without a label, which would stand out of the drawing."""
SHORTEST = timedelta(days=28)
MOST_TICKS = 7
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000, 12_000, 24_000)
DAY_STEPS = (7, 14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled day of the scale. Every other one is `minor` and makes room where the drawing is narrow."""

    place: float
    label: str
    minor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A milestone with the places of its dates, None where it has none.

    `late_from` and `late_to` bound the time past its approved date: until it was finished or, while it is overdue,
    until today.
    """

    line: MilestoneLine
    word: StatusWord
    approved: float | None
    planned: float | None
    finished: float | None
    late_from: float | None
    late_to: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Milestones by their date in force, under one scale."""

    ticks: tuple[Tick, ...]
    today: float
    rows: tuple[Row, ...]


def draw(inputs: StatusInputs, today: date, language: str) -> Timeline | None:
    """The time line of the project's milestones, or None where it has none with a date."""
    lines = status.milestones_in_order(inputs)
    dates = [on for line in lines for on in (line.baseline_due_on, line.due_on, line.finished_on) if on is not None]
    if not dates:
        return None
    scale = _Scale.over([*dates, today])
    return Timeline(
        ticks=tuple(scale.ticks(language)),
        today=scale.place(today),
        rows=tuple(_row(line, status.milestone_word(line, inputs, language), scale, today) for line in lines),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    first: date
    last: date

    @classmethod
    def over(cls, dates: Sequence[date]) -> _Scale:
        first, last = min(dates), max(dates)
        wanting = max(SHORTEST - (last - first), timedelta())
        margin = max((last - first) * MARGIN, timedelta(days=1)) + wanting / 2
        return cls(_moved(first, -margin), _moved(last, margin))

    def place(self, on: date) -> float:
        """The place of a day in per cent."""
        return round((on - self.first).days / (self.last - self.first).days * 100, 2)

    def ticks(self, language: str) -> Iterator[Tick]:
        inside = [on for on in self._days() if EDGE <= self.place(on) <= 100 - EDGE]
        for number, on in enumerate(inside):
            if on.day == 1:
                label = month_text(on, language, with_year=number == 0 or on.month == 1)
            else:
                label = short_day_text(on, language)
            yield Tick(place=self.place(on), label=label, minor=bool(number % 2))

    def _days(self) -> list[date]:
        """The days to label: firsts of months as near to each other as there is room for, else some Mondays."""
        for step in MONTH_STEPS:
            days = list(self._firsts(step))
            if len(days) <= MOST_TICKS:
                break
        if len(days) >= 3:
            return days
        for weeks in DAY_STEPS:
            monday = self.first + timedelta(days=-self.first.weekday() % 7)
            days = list(_stepped(monday, weeks, self.last))
            if len(days) <= MOST_TICKS:
                break
        return days[:MOST_TICKS]

    def _firsts(self, step: int) -> Iterable[date]:
        months = range(self.first.year * 12 + self.first.month, self.last.year * 12 + self.last.month)
        return (date(month // 12, month % 12 + 1, 1) for month in months if month % step == 0)


def _stepped(day: date, step: int, last: date) -> Iterator[date]:
    while day <= last:
        yield day
        day += timedelta(days=step)


def _moved(day: date, by: timedelta) -> date:
    return date.fromordinal(min(max(day.toordinal() + by.days, date.min.toordinal()), date.max.toordinal()))


def _row(line: MilestoneLine, word: StatusWord, scale: _Scale, today: date) -> Row:
    def place(on: date | None) -> float | None:
        return None if on is None else scale.place(on)

    committed_on = line.baseline_due_on or line.due_on
    until = line.finished_on or today
    late = (
        committed_on is not None and until > committed_on and (line.finished_on is not None or line.due_on is not None)
    )
    return Row(
        line=line,
        word=word,
        approved=place(line.baseline_due_on),
        planned=place(line.due_on),
        finished=place(line.finished_on),
        late_from=place(committed_on) if late else None,
        late_to=place(until) if late else None,
    )
