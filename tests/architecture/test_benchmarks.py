"""The benchmarks' programs and their server: that they work, not how fast."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

WORK = Path(__file__).parents[2] / "benchmarks" / "work.py"
JOBS: dict[str, dict[str, Any]] = {
    "pages": {
        "program": "list_imports_async",
        "options": {"page_size": 10},
        "server": {"imports": 35, "latency": 0.001},
    },
    "stream up": {
        "program": "upload_stream_async",
        "size": 5000,
        "options": {"upload_chunk_size": 1000},
        "server": {"verify": True},
    },
    "lost chunk": {
        "program": "import_lost",
        "size": 5000,
        "options": {"upload_chunk_size": 1000, "retry_count": 0},
        "server": {"lost_chunks": [2]},
    },
}


def run(job: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, str(WORK), json.dumps(job)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    taken: dict[str, Any] = json.loads(done.stdout)
    assert not taken["error"]
    return taken


@pytest.mark.parametrize("name", JOBS)
def test_a_program_does_its_work(name: str, tmp_path: Path) -> None:
    (tmp_path / "content.csv").write_bytes(b"Product,Amount\nPlanes,1\n" * 300)
    taken = run({**JOBS[name], "data": str(tmp_path)})
    seen = taken["seen"]
    assert taken["seconds"] > 0
    if name == "pages":
        assert seen["requests"]["imports"] == 4
    elif name == "stream up":
        assert sum(seen["chunks"].values()) == 5000
        assert seen["completed"]
    else:
        assert taken["outcome"] == "raises UploadIncompleteException"
        assert not seen["tasks"]
