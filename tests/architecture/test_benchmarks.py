"""The benchmarks' programs and their server: that they work, not how fast."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WORK = BENCHMARKS / "work.py"
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


# The other programs with tables differ from these in the library.
TABLES = (
    "upload_table_pandas",
    "upload_table_polars_csv",
    "upload_table_file_async",
    "export_table_polars",
    "export_table_pandas_csv",
    "export_table_batches_async",
)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    command = [sys.executable, str(BENCHMARKS / "table_material.py"), str(folder), "100", "300"]
    subprocess.run(command, check=True)
    return folder


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


@pytest.mark.parametrize("program", TABLES)
def test_a_program_with_tables_does_its_work(program: str, tables: Path) -> None:
    if program.startswith("upload"):
        server: dict[str, Any] = {"imports": 1}
    else:
        columns = {"Due": "DATE", "Price": "NUMBER", "Active": "BOOLEAN"}
        server = {"content": "table-300.csv", "columns": columns}
    # The program itself counts the rows.
    taken = run({"program": program, "size": 300, "server": server, "data": str(tables)})
    seen = taken["seen"]
    assert taken["seconds"] > 0
    if program.startswith("upload"):
        assert sum(seen["chunks"].values()) > 30_000
        assert seen["announced"] == 1
    else:
        assert seen["requests"]["chunk"] == 1
