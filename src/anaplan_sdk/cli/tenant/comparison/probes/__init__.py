"""All probes, in the order in which they run."""

from anaplan_sdk.cli.tenant.comparison.probe import Probe
from anaplan_sdk.cli.tenant.comparison.probes.baseline import BASELINE
from anaplan_sdk.cli.tenant.comparison.probes.cell_writes import CELL_WRITES
from anaplan_sdk.cli.tenant.comparison.probes.large_reads import LARGE_READS
from anaplan_sdk.cli.tenant.comparison.probes.list_writes import LIST_WRITES
from anaplan_sdk.cli.tenant.comparison.probes.reads import READS
from anaplan_sdk.cli.tenant.comparison.probes.services import SERVICES

READING: tuple[Probe, ...] = (*BASELINE, *READS, *LARGE_READS, *SERVICES)
"""The probes that only read."""

WRITING: tuple[Probe, ...] = (*CELL_WRITES, *LIST_WRITES)
"""The probes that write to a scratch model."""

__all__ = ["READING", "WRITING"]
