"""What is read from a model and written to it directly, without actions."""

from __future__ import annotations

from anaplan_sdk._async.calendar import Calendar
from anaplan_sdk._async.cells import Cells
from anaplan_sdk._async.large_reads import LargeReads
from anaplan_sdk._async.lists import Lists
from anaplan_sdk._async.model_state import ModelState
from anaplan_sdk._async.modules import Modules
from anaplan_sdk._async.views import Views


class Transactional(Lists, Modules, Views, Cells, Calendar, LargeReads, ModelState):
    """Lists, modules, views, cells, the calendar and the model's state."""
