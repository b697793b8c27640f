"""The guide lists what there is."""

from __future__ import annotations

import re
from pathlib import Path

from anaplan_sdk._telemetry import names

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "telemetry.md"


def test_the_guide_lists_all_names() -> None:
    listed = set(re.findall(r"`([a-z_.]+)`", GUIDE.read_text(encoding="utf-8")))
    known = {value for name, value in vars(names).items() if name.isupper()}
    assert known - listed == set()
    ours = {name for name in listed if name.startswith("anaplan.")}
    assert ours - known == set()
