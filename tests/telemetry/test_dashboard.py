"""The dashboard shows metrics that exist, by labels that they have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.telemetry.conftest import Recorded

from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

DASHBOARD = Path(__file__).parents[2] / "docs" / "telemetry" / "grafana-dashboard.json"
# OpenTelemetry, "Prometheus and OpenMetrics Compatibility": units become words at the end of a
# name, those in braces are left out, and counters end in "total".
UNITS = {"s": "seconds", "By": "bytes"}
SUFFIXES = {"Sum": ("_total",), "Histogram": ("_bucket", "_count", "_sum")}
# Of Prometheus's own.
OWN_LABELS = {"job", "le"}
FUNCTIONS = {"by", "histogram_quantile", "increase", "label_values", "rate", "sum"}


def exported(recorded: Recorded) -> dict[str, set[str]]:
    """The metrics by their names in Prometheus, with their labels."""
    found: dict[str, set[str]] = {}
    for metric in recorded.metrics:
        name = metric.name.replace(".", "_")
        unit = UNITS.get(metric.unit or "", "")
        if unit and not name.endswith(unit):
            name += f"_{unit}"
        labels = {
            label.replace(".", "_")
            for point in metric.data.data_points
            for label in (point.attributes or {})
        }
        for suffix in SUFFIXES[type(metric.data).__name__]:
            found[name + suffix] = labels
    return found


def expressions() -> Iterator[str]:
    """The expressions of the dashboard."""
    dashboard: Mapping[str, Any] = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == "${datasource}"
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        yield variable.get("definition", "")


def test_every_metric_and_label_exists(
    anaplan: EmulatedAnaplan, recorded: Recorded, tmp_path: Path
) -> None:
    client = anaplan.client(backoff=0.01)
    anaplan.fault(method="GET", path="*/files", status=503)
    anaplan.fault(method="GET", path="*/imports", status=429, headers={"Retry-After": "0"})
    table = tmp_path / "plan.csv"
    table.write_text("country,month,passengers,load_factor\nUS,Mar 13,1000,0.5\nFR,Mar 13,x,0.5\n")
    version = [{"entityType": "Version", "entityName": "Forecast"}]
    client.import_table(112000000005, table, mapping_parameters=version, check="none")
    with suppress(AnaplanException):
        anaplan.client(user_email=anaplan.emulator.user_email, password="wrong").get_files()
    known = exported(recorded)
    shown = set[str]()
    for expression in expressions():
        words = set(re.findall(r"[a-z_]{2,}", re.sub(r'"[^"]*"|\[[^]]*\]', "", expression)))
        metrics = {word for word in words if word in known}
        shown |= metrics
        labels = set[str]().union(*(known[metric] for metric in metrics))
        assert words <= metrics | labels | OWN_LABELS | FUNCTIONS, expression
    families = {re.sub("_(bucket|count|sum|total)$", "", name) for name in known}
    assert {re.sub("_(bucket|count|sum|total)$", "", name) for name in shown} == families
