"""Uploads, imports, processes and exports in DAG runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dag_runs import new_dag, pull, run

from airflow_provider_anaplan.operators.actions import (
    AnaplanExportOperator,
    AnaplanRunActionOperator,
    AnaplanUploadOperator,
)

FILE, IMPORT, PROCESS, EXPORT = 113000000000, 112000000001, 118000000000, 116000000000
AIRLINES = "carrier,name\nAA,American Airlines\nUA,United Air Lines\n"


@pytest.fixture
def airlines(tmp_path: Path) -> str:
    (tmp_path / "airlines.csv").write_text(AIRLINES)
    return f"file://{tmp_path}/airlines.csv"


def starts(anaplan: Any) -> int:
    return len(anaplan.requests("POST", "*/tasks"))


@pytest.mark.parametrize("deferrable", [False, True])
def test_upload_import_and_export(anaplan, airlines, tmp_path, deferrable):
    with new_dag() as dag:
        upload = AnaplanUploadOperator(task_id="upload", file_id=FILE, source=airlines)
        load = AnaplanRunActionOperator(
            task_id="load", action_id=IMPORT, deferrable=deferrable, max_refused=0
        )
        export = AnaplanExportOperator(
            task_id="export",
            export_id=EXPORT,
            destination=f"file://{tmp_path}/out/{{{{ dag.dag_id }}}}/facts.csv",
            deferrable=deferrable,
        )
        upload >> load >> export
    done = run(dag)
    assert done.state == "success"
    assert pull(done, "upload")["bytes"] == len(AIRLINES)
    result = pull(done, "load")
    assert (result["action_id"], result["refused"], result["warned"]) == (str(IMPORT), 0, 0)
    assert result["details"][0]["counters"]["totalRowCount"] == "2"
    exported = pull(done, "export")
    output = Path(exported["destination"].removeprefix("file://"))
    assert output == tmp_path / "out" / dag.dag_id / "facts.csv"
    assert output.read_bytes() == anaplan.client().get_file(EXPORT)
    assert exported["bytes"] == output.stat().st_size > 0
    assert starts(anaplan) == 2
