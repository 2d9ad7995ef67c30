"""The daemon's health for Prometheus. Labels are names from the configuration and words of ours, never a tracker's."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from core import __version__
from core.daemon.health import Health, Snapshot, SourceHealth
from core.model import PublicationState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(health: Health) -> bytes:
    """All metrics as Prometheus reads them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Gathering(health.snapshot(), alive=health.is_alive()))
    return generate_latest(registry)


class _Gathering(Collector):
    def __init__(self, seen: Snapshot, *, alive: bool) -> None:
        self._seen = seen
        self._alive = alive

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("planward_build", "The version.", value={"version": __version__})
        yield _gauge("planward_start_time_seconds", "When the process began.", self._seen.started_at.timestamp())
        yield _gauge("planward_alive", "1 while the working loop gets round.", float(self._alive))
        yield _gauge(
            "planward_configuration_refused",
            "1 when the configuration that was read last is not in force.",
            float(bool(self._seen.problems)),
        )
        yield CounterMetricFamily("planward_faults", "Faults of Planward itself; see the log.", value=self._seen.faults)
        yield from self._of_sources()
        yield from self._of_projects()
        outbox = GaugeMetricFamily("planward_outbox", "Publications by state.", labels=["state"])
        for state in PublicationState:
            outbox.add_metric([state.value], self._seen.outbox.get(state.value, 0))
        yield outbox

    def _of_sources(self) -> Iterator[Metric]:
        at = self._seen.at

        def gauge(name: str, what: str, value: dict[str, float | None]) -> GaugeMetricFamily:
            family = GaugeMetricFamily(f"planward_source_{name}", what, labels=["source"])
            for source, number in value.items():
                if number is not None:
                    family.add_metric([source], number)
            return family

        def counter(name: str, what: str, value: dict[str, float]) -> CounterMetricFamily:
            family = CounterMetricFamily(f"planward_source_{name}", what, labels=["source"])
            for source, number in value.items():
                family.add_metric([source], number)
            return family

        def each(number: str) -> dict[str, float]:
            return {name: getattr(one, number) for name, one in self._seen.sources.items()}

        sources = self._seen.sources
        yield gauge(
            "freshness_seconds",
            "Seconds since the last reading to the end; absent: there was none.",
            {name: _age(one, at.timestamp()) for name, one in sources.items()},
        )
        yield gauge(
            "running_seconds",
            "Seconds for which it is being read now; absent: it is not.",
            {
                name: None if one.began_at is None else (at - one.began_at).total_seconds()
                for name, one in sources.items()
            },
        )
        yield gauge(
            "up",
            "1 when the last reading was to the end.",
            {name: float(one.last_success is not None and not one.failing) for name, one in sources.items()},
        )
        yield gauge(
            "last_run_seconds",
            "How long the last reading took.",
            {name: one.last_seconds for name, one in sources.items()},
        )
        yield counter("runs", "Readings.", each("runs"))
        yield counter("errors", "Readings that failed.", each("errors"))
        yield counter("late_runs", "Readings that began more than a minute late.", each("late"))
        yield counter("late_seconds", "Seconds by which readings began late.", each("late_seconds"))
        yield counter("requests", "Requests sent to it by readings.", each("requests"))
        yield counter("items", "New and changed items.", each("items"))

    def _of_projects(self) -> Iterator[Metric]:
        value = GaugeMetricFamily(
            "planward_kpi_value", "A number of the present period; absent: not measurable.", labels=["project", "kpi"]
        )
        target = GaugeMetricFamily("planward_kpi_target", "The number's target.", labels=["project", "kpi"])
        sample = GaugeMetricFamily("planward_kpi_sample", "What it was counted from.", labels=["project", "kpi"])
        findings = GaugeMetricFamily("planward_findings", "Open findings by kind.", labels=["project", "kind"])
        up = GaugeMetricFamily(
            "planward_project_up", "1 when it could be held against its plan last time.", labels=["project"]
        )
        for project, one in self._seen.projects.items():
            up.add_metric([project], float(not one.failing))
            for measured in one.measurements:
                labels = [project, measured.kpi]
                if measured.value is not None:
                    value.add_metric(labels, measured.value)
                if measured.target is not None:
                    target.add_metric(labels, measured.target)
                sample.add_metric(labels, measured.sample)
            for kind, count in one.findings.items():
                findings.add_metric([project, kind], count)
        yield from (up, value, target, sample, findings)


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)


def _age(one: SourceHealth, now: float) -> float | None:
    return None if one.last_success is None else max(0.0, now - one.last_success.timestamp())
