"""The picture in the README shows what the demo prints today."""

import re
import sys
from pathlib import Path

import pytest
from filelock import FileLock

if sys.platform == "win32":
    pytest.skip("terminals are made by pty, which Windows lacks", allow_module_level=True)

import picture


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """What the demo prints, recorded once for all processes of the run."""
    if worker_id == "master":
        return picture.record()
    recorded = tmp_path_factory.getbasetemp().parent / "demo.txt"
    with FileLock(f"{recorded}.lock"):
        if not recorded.is_file():
            recorded.write_text(picture.record(), encoding="utf-8", newline="")
        with recorded.open(encoding="utf-8", newline="") as file:
            return file.read()


def test_the_picture_shows_what_the_demo_prints(output: str) -> None:
    assert picture.differences(picture.PICTURE, output) == []


def test_task_ids_and_times_may_differ(output: str, tmp_path: Path) -> None:
    other = tmp_path / "demo.svg"
    text = re.sub(r"\b[0-9A-F]{32}\b", "A" * 32, output).replace("00:00", "00:07")
    other.write_text(picture.draw(picture.shown(text)), encoding="utf-8")
    assert picture.differences(other, output) == []


def test_a_stale_picture_is_found(output: str, tmp_path: Path) -> None:
    stale = tmp_path / "demo.svg"
    text = output.replace("equal", "unequal", 1).replace("Saved as loaded.parquet", "Saved\r\n")
    stale.write_text(picture.draw(picture.shown(text)), encoding="utf-8")
    verdicts = picture.differences(stale, output)
    assert any("unequal" in verdict for verdict in verdicts)
    assert any("'Saved'" in verdict for verdict in verdicts)


def test_the_picture_fetches_nothing_and_names_no_machine() -> None:
    svg = picture.PICTURE.read_text(encoding="utf-8")
    assert "url(http" not in svg
    assert str(picture.ROOT) not in svg
