"""A dlt source and destination for Anaplan, on top of `anaplan_sdk`."""

from dlt_anaplan.credentials import AnaplanCredentials
from dlt_anaplan.destination import AnaplanDestination
from dlt_anaplan.results import TableLoad, table_loads
from dlt_anaplan.source import (
    anaplan_audit_events,
    anaplan_export,
    anaplan_list,
    anaplan_source,
    anaplan_view,
)

__all__ = [
    "AnaplanCredentials",
    "AnaplanDestination",
    "TableLoad",
    "anaplan_audit_events",
    "anaplan_export",
    "anaplan_list",
    "anaplan_source",
    "anaplan_view",
    "table_loads",
]
