import gzip
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from conftest import RECIPES, kill_while_waiting, starts, uploads

import anaplan_emulator
from anaplan_sdk.testing import EmulatedAnaplan

DATA = Path(anaplan_emulator.__file__).parent / "sample_data"
PROGRAM = [sys.executable, str(RECIPES / "process-pools/load_tables.py")]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    for name in ("airlines.csv", "airports.csv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    with gzip.open(DATA / "flights-2013-02.csv.gz") as file:
        (tmp_path / "flights.csv").write_bytes(b"".join(islice(file, 20)))
    return tmp_path


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_each_process_uploads_with_a_client_of_its_own(
    anaplan: EmulatedAnaplan, environ: dict[str, str], tables: Path, method: str
) -> None:
    words = [*PROGRAM, str(tables), str(tables / "tonight.json"), method]
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert "flights.csv: 19 rows" in done.stdout
    assert (starts(anaplan), uploads(anaplan)) == (1, 3)
    # Made again, it returns the same run.
    again = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert again.stdout.split() == done.stdout.split()[-1:]
    assert (starts(anaplan), uploads(anaplan)) == (1, 3)


def test_a_killed_load_goes_on_with_the_run(
    anaplan: EmulatedAnaplan, environ: dict[str, str], tables: Path
) -> None:
    words = [*PROGRAM, str(tables), str(tables / "tonight.json")]
    kill_while_waiting(anaplan, words, environ, tables)
    subprocess.run(words, env=environ, check=True)
    assert (starts(anaplan), uploads(anaplan)) == (1, 3)
