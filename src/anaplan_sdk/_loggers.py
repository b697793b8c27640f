"""The SDK's loggers, one for each part, all below `anaplan_sdk`.

- `anaplan_sdk.http`: requests and replies, retries, pauses after 429, waits for a model.
- `anaplan_sdk.auth`: sign-ins, token renewals, where credentials were found.
- `anaplan_sdk.tasks`: what was started, created, recovered or cancelled at Anaplan.
- `anaplan_sdk.uploads`: uploads that begin, resume and complete.
- `anaplan_sdk.telemetry`: spans that the program's OpenTelemetry could not record.

WARNING is for what a person should look at, such as a recovered task; INFO for whatever makes a
caller wait or changes what is sent; DEBUG for each request and reply, in one line.

No record contains a secret: URLs come without user info, query and fragment, and neither headers
nor bodies are logged. Control characters are replaced, so that each record is one line. Nothing is
shown unless the program configures `logging`.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from anaplan_sdk._printable import printable

# Otherwise warnings would be written to stderr by programs that do not configure logging.
logging.getLogger("anaplan_sdk").addHandler(logging.NullHandler())


def _make_printable(record: logging.LogRecord) -> bool:
    if record.args and not isinstance(record.args, Mapping):
        record.args = tuple(
            printable(str(argument)) if isinstance(argument, str | BaseException) else argument
            for argument in record.args
        )
    return True


http = logging.getLogger("anaplan_sdk.http")
auth = logging.getLogger("anaplan_sdk.auth")
tasks = logging.getLogger("anaplan_sdk.tasks")
uploads = logging.getLogger("anaplan_sdk.uploads")
telemetry = logging.getLogger("anaplan_sdk.telemetry")

# The filter of a parent would not see their records.
for _logger in (http, auth, tasks, uploads, telemetry):
    _logger.addFilter(_make_printable)
