"""Names of spans, events, attributes and metrics: OpenTelemetry's where it has one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Attributes: TypeAlias = Mapping[str, str | int | float | bool]
"""What describes a span, an event or a measurement."""

Direction: TypeAlias = Literal["upload", "download"]
"""Where bytes and rows go: to Anaplan or from it."""

# Spans.
ACTION = "anaplan.action"
TASK_WAIT = "anaplan.task.wait"
ALM_WAIT = "anaplan.alm.wait"
INTEGRATION_WAIT = "anaplan.integration.wait"
UPLOAD = "anaplan.upload"
DOWNLOAD = "anaplan.download"
LARGE_READ = "anaplan.large_read"
TABLE_UPLOAD = "anaplan.table.upload"
TABLE_IMPORT = "anaplan.table.import"
TABLE_EXPORT = "anaplan.table.export"
TABLE_READ = "anaplan.table.read"
TABLE_WRITE = "anaplan.table.write"

# Events.
CHUNK = "anaplan.chunk"
TASK_STATE_CHANGED = "anaplan.task.state_changed"
RETRY = "anaplan.retry"
RATE_LIMIT_PAUSE = "anaplan.rate_limit.pause"
CLOSED_EARLY = "anaplan.closed_early"
EXCEPTION = "exception"

# Attributes.
MODEL_ID = "anaplan.model.id"
ACTION_ID = "anaplan.action.id"
ACTION_TYPE = "anaplan.action.type"
TASK_ID = "anaplan.task.id"
TASK_STATE = "anaplan.task.state"
TASK_SUCCESSFUL = "anaplan.task.successful"
TASK_RECOVERED = "anaplan.task.recovered"
TASK_OUTCOME = "anaplan.task.outcome"
RUN_ID = "anaplan.integration.run.id"
FILE_ID = "anaplan.file.id"
VIEW_ID = "anaplan.view.id"
MODULE_ID = "anaplan.module.id"
LIST_ID = "anaplan.list.id"
SIZE = "anaplan.transfer.size"
CHUNK_COUNT = "anaplan.transfer.chunks"
DIRECTION = "anaplan.transfer.direction"
CHUNK_INDEX = "anaplan.chunk.index"
CHUNK_SIZE = "anaplan.chunk.size"
ROWS = "anaplan.table.rows"
REFUSED_ROWS = "anaplan.table.refused_rows"
PAUSE_SECONDS = "anaplan.pause.seconds"
RENEWAL_KIND = "anaplan.token.renewal"
ERROR_TYPE = "error.type"
EXCEPTION_TYPE = "exception.type"
EXCEPTION_MESSAGE = "exception.message"
METHOD = "http.request.method"
RESEND_COUNT = "http.request.resend_count"
STATUS_CODE = "http.response.status_code"
PROTOCOL_VERSION = "network.protocol.version"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"
URL = "url.full"
URL_TEMPLATE = "url.template"

# Metrics. Names end neither in a unit nor in "total": exporters for Prometheus add those.
REQUEST_DURATION = "http.client.request.duration"
RETRIES = "anaplan.client.retries"
PAUSES = "anaplan.client.rate_limit.pauses"
PAUSE_DURATION = "anaplan.client.rate_limit.pause.duration"
RENEWALS = "anaplan.client.token.renewals"
TRANSFERRED = "anaplan.transfer.bytes"
TABLE_ROWS = "anaplan.table.rows"
TABLE_REFUSED_ROWS = "anaplan.table.refused_rows"
TASK_DURATION = "anaplan.task.duration"
