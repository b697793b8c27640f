"""Moves a table of one library into the emulator and back, and reports what arrived."""

import json
import os
import sys

from frames import FRAMES

from anaplan_sdk import Client


def written(value):
    """Dates as texts."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def main(name):
    """Run the job."""
    job = json.loads(os.environ["JOB"])
    frames = FRAMES[name]
    with Client(
        base_url=job["base_url"],
        user_email=job["user"],
        password=job["password"],
        workspace_id=job["workspace"],
        model_id=job["model"],
    ) as client:
        imported = client.import_table(job["import"], frames.give())
        exported = frames.take(client.export_table(job["export"]))
    outcome = {
        "arrow_library": type(imported.refused.schema).__module__.partition(".")[0],
        "rows": imported.rows,
        "refused": imported.refused.to_pylist(),
        "exported": exported,
    }
    print(json.dumps(outcome, default=written))


main(sys.argv[1])
