"""A cluster of two executors, each a process of its own, one of which is killed while it writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyspark
import pytest

if TYPE_CHECKING:
    from conftest import Airlines

PROGRAM = Path(__file__).with_name("cluster_program.py")


def spark_home(folder: Path) -> str:
    """Make a home of Spark, in which its workers leave their folders, of links to the real one."""
    folder.mkdir()
    for each in Path(pyspark.__file__).parent.iterdir():
        if each.name != "work":
            (folder / each.name).symlink_to(each)
    return str(folder)


@pytest.mark.timeout(900)  # Many processes start, which takes long on a busy machine.
def test_two_executors_read_and_write_though_one_is_killed(
    airlines: Airlines, tmp_path: Path
) -> None:
    (tmp_path / "events").mkdir()
    source = airlines.source
    export = source.export_named("single column")
    reads = [{**source.options, "export": export}, {**source.options, "view": "102000000001"}]
    write = {
        **source.options,
        "import": "112000000001",
        "staging": str(airlines.staging),
        "run_id": "cluster",
    }
    # What Spark has set for the session of this process is not for another one.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("_PYSPARK")
    }
    run = subprocess.run(
        [sys.executable, str(PROGRAM), str(tmp_path), json.dumps(reads), json.dumps(write)],
        env={**environment, "SPARK_HOME": spark_home(tmp_path / "spark")},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout.splitlines()[-1]) == {"executors": 2, "rows": 288 + 96}
    assert (tmp_path / "killed").exists()
    assert len(list(tmp_path.glob("executor-*"))) >= 2
    assert airlines.codes() == [f"X{number}" for number in range(4000)]
    # The export and the import, once each.
    assert source.runs() == 2
    written = "".join(
        path.read_text(errors="replace")
        for path in (tmp_path / "events").rglob("*")
        if path.is_file()
    )
    assert "SparkListenerTaskEnd" in written
    for password in source.passwords:
        assert password not in written + run.stdout + run.stderr
