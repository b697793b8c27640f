"""Reports of long work."""

import dataclasses

import pytest

from anaplan_sdk import Progress


def test_a_report_is_a_value() -> None:
    assert Progress("upload", 1, 2) == Progress("upload", 1, total=2)
    assert Progress("download", 1).total is None
    assert len({Progress("upload", 1), Progress("upload", 1)}) == 1


def test_a_report_stays_as_it_was_made() -> None:
    report = Progress("upload", 1, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.completed = 2  # type: ignore[misc]
