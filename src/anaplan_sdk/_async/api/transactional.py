"""The transactional API: reading and writing a model directly, without actions."""

from __future__ import annotations

from anaplan_sdk._async.api.calendar import Calendar
from anaplan_sdk._async.api.cells import Cells
from anaplan_sdk._async.api.large_reads import LargeReads
from anaplan_sdk._async.api.lists import Lists
from anaplan_sdk._async.api.model_state import ModelState
from anaplan_sdk._async.api.modules import Modules
from anaplan_sdk._async.api.prepared_reads import PreparedReads
from anaplan_sdk._async.api.table_writes import TableWrites
from anaplan_sdk._async.api.views import Views


class Transactional(
    TableWrites, PreparedReads, Lists, Modules, Views, LargeReads, Cells, Calendar, ModelState
):
    """Lists, modules, views, cells, large reads, tables, the calendar and the model's state."""
