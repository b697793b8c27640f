"""The probes, the marks of the behaviour page, and the tables that connect them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from anaplan_sdk.cli.tenant.comparison.probe import Probe
from anaplan_sdk.cli.tenant.comparison.probes import READING, WRITING

DOCS = Path(__file__).parents[2] / "docs"
PROBES = {each.name: each for each in (*READING, *WRITING)}
MARK = re.compile(r"\[(?:[a-z]+, )*(?:inferred|open)\]")
# They only compare the replies of documented calls.
BASELINE = {each.name for each in READING if each.observe.__qualname__.startswith("compared.")} | {
    "large-read-of-a-view",
    "large-read-of-a-list",
}
# They test documented or observed behaviour that has no mark.
UNMARKED = {"complete-without-a-body", "cell-write-failures", "cancelled-task"}


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def sections() -> dict[str, str]:
    """The text of each section of the behaviour page, without code."""
    page = (DOCS / "anaplan-behaviour.md").read_text(encoding="utf-8")
    page = re.sub(r"^```.*?^```", "", page, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^#+ (.*)$", page, flags=re.MULTILINE)
    return {anchor(name): text for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def table(header: str) -> list[list[str]]:
    """The rows of a table of the guide."""
    page = (DOCS / "guides" / "emulator-differences.md").read_text(encoding="utf-8")
    lines = page.partition(f"| {header} |")[2].splitlines()[2:]
    rows: list[list[str]] = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip().split("|")[1:-1]])
    assert rows
    return rows


def named(cell: str) -> list[str]:
    return re.findall(r"`([a-z-]+)`", cell)


def test_every_mark_has_a_probe_or_a_reason() -> None:
    marks = Counter[str]()
    for name, text in sections().items():
        if name != "how-to-read-this-page":
            marks[name] += len(MARK.findall(text))
    rows = Counter(re.findall(r"#([\w-]+)\)", row[0])[0] for row in table("Section"))
    assert rows == +marks


def test_every_row_names_a_probe_or_a_reason() -> None:
    for section, statement, answer in table("Section"):
        if answer.startswith("`"):
            assert named(answer)[0] in PROBES, statement
        else:
            assert re.match(r"It (needs|takes|would)|A run cannot", answer), (section, statement)


def test_every_open_question_has_a_probe_or_a_reason() -> None:
    numbers = re.findall(r"^(\d+)\. ", sections()["open-questions"], flags=re.MULTILINE)
    # The headings between the questions are bold, not headings.
    assert [row[0] for row in table("Question")] == numbers
    for row in table("Question"):
        assert all(each in PROBES for each in named(row[1])), row
        assert len(row) == 3
        assert named(row[1]) or row[2].startswith("all of it: "), row


def test_every_named_probe_stands_in_a_table() -> None:
    listed = {each for row in (*table("Section"), *table("Question")) for each in named(row[-1])}
    listed |= {each for row in table("Question") for each in named(row[1])}
    unlisted = PROBES.keys() - listed - BASELINE
    assert unlisted <= UNMARKED
    assert not (BASELINE | (UNMARKED - {"cancelled-task"})) & listed


@pytest.mark.parametrize("probe", PROBES.values(), ids=lambda each: each.name)
def test_probes_are_described(probe: Probe) -> None:
    assert probe.anchor in sections()
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", probe.name)
    assert probe.statement.endswith(".")
    assert probe.writes == (probe in WRITING)


def test_names_are_distinct() -> None:
    assert len(PROBES) == len(READING) + len(WRITING)
