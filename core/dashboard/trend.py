"""How a number went over the last periods: a small line through the stored ones, ending in the present one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.document.messages import month_text, say
from core.kpi.measure import Adjustment
from core.model import Measurement, PeriodKind, Unit
from core.report import measures

MOST_PERIODS = 12
WIDTH, HEIGHT, EDGE = 150, 44, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A period: its name, the number in words, and its place, None where it could not be measured."""

    period: str
    said: str
    place: tuple[float, float] | None
    frozen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Points from the oldest to the present one, the strokes between those that follow each other, and the target."""

    points: tuple[Point, ...]
    strokes: tuple[str, ...]
    target: float | None
    width: int = WIDTH
    height: int = HEIGHT

    def described(self, language: str) -> str:
        """All of it in words."""
        told = (say("dashboard.trend.point", language, period=one.period, value=one.said) for one in self.points)
        return say("and", language).join(told)


def draw(
    past: Iterable[Measurement], present: Measurement, rules: Mapping[str, Adjustment], language: str
) -> Trend | None:
    """The trend of a KPI from its stored past, oldest first, to the present number; None where nothing is stored."""
    before = [one for one in past if one.kpi == present.kpi][-(MOST_PERIODS - 1) :]
    if not before:
        return None
    known = [*before, present]
    values = [one.value for one in known if one.value is not None] + [one.target for one in known if one.target]
    top = 1.0 if present.unit is Unit.SHARE else max(values, default=0.0) * 1.05 or 1.0
    step = (WIDTH - 2 * EDGE) / (len(known) - 1)

    def height(value: float) -> float:
        return round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * min(max(value / top, 0.0), 1.0), 1)

    points = tuple(
        Point(
            period=period_name(one, language, with_year=number == 0),
            said=measures.number(one, rules, language) or say("dashboard.not_measurable", language),
            place=None if one.value is None else (round(EDGE + number * step, 1), height(one.value)),
            frozen=one is not present,
        )
        for number, one in enumerate(known)
    )
    target = None if present.target is None else height(present.target)
    return Trend(points=points, strokes=tuple(_strokes(points)), target=target)


def period_name(measured: Measurement, language: str, *, with_year: bool) -> str:
    """The period of a measurement as a label: a month or quarter by its first month, a week by its Monday."""
    on = measured.period.start_on
    if measured.period.kind is PeriodKind.WEEK:
        return on.isoformat() if with_year else f"{on:%m-%d}"
    return month_text(on, language, with_year=with_year)


def _strokes(points: Sequence[Point]) -> Iterable[str]:
    """Lines through the points; one that could not be measured leaves a gap."""
    run: list[str] = []
    for point in points:
        if point.place is None:
            if run:
                yield " ".join(run)
            run = []
        else:
            run.append(f"{point.place[0]},{point.place[1]}")
    if run:
        yield " ".join(run)
