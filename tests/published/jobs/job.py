"""What every job works on, and how it reports its outcome."""

import json
import os

_JOB = json.loads(os.environ["JOB"])
USER = _JOB["user"]
PASSWORD = _JOB["password"]
WORKSPACE = _JOB["workspace"]
MODEL = _JOB["model"]
WORKSPACE_NAME = _JOB["workspace_name"]
MODEL_NAME = _JOB["model_name"]
FILE = _JOB["file"]
FILE_NAME = _JOB["file_name"]
PROCESS = _JOB["process"]
PROCESS_NAME = _JOB["process_name"]
EXPORT = _JOB["export"]
EXPORT_NAME = _JOB["export_name"]
SOURCE = _JOB["source"].encode()


def report(imported, exported, output):
    """Print the outcome as the last line."""
    text = output.decode() if isinstance(output, bytes) else output
    print(json.dumps({"imported": imported, "exported": exported, "output": text}))
