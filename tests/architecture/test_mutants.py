"""The tool that tries mutants: which modules and tests it takes, and what it changes."""

from pathlib import Path

import pytest

from mutants import SUITES, MutantsError, Outcome, report, suites
from mutations import Mutant, sample

MODULE = """\
def work(lock, log, count: int | None = None):
    log.begin()
    with lock:
        log.add(count)
    with lock as held:
        held.add(count)
    return count
"""


def changes(source: str, count: int = 1000) -> list[str]:
    """The lines that mutants put in the place of others."""
    return [
        line[1:].strip()
        for mutant in sample({"module.py": source}, count, "1")
        for line in mutant.diff.splitlines()[2:]
        if line.startswith("+")
    ]


def test_every_pattern_has_modules_and_tests() -> None:
    found = suites()
    assert {"_http/retry_policy.py", "regions.py"} <= found.keys()
    assert found["_http/retry_policy.py"][0] == "tests/pure/test_retry_policy.py"
    assert all(found.values())


@pytest.mark.parametrize(
    ("table", "missing"),
    [
        ({"_http/gone.py": SUITES["_http/*.py"]}, "anaplan_sdk/_http/gone.py matches no file"),
        ({"_http/*.py": ("pure/test_gone.py",)}, "tests/pure/test_gone.py matches no file"),
        ({"progress.py": (), "models/tasks.py": ()}, "No tests for src/anaplan_sdk/models/tasks"),
    ],
)
def test_what_the_table_names_must_exist(table: dict[str, tuple[str, ...]], missing: str) -> None:
    with pytest.raises(MutantsError, match=missing):
        suites(table=table)


def test_the_first_pattern_that_matches_applies(tmp_path: Path) -> None:
    for path in ("src/anaplan_sdk/a.py", "src/anaplan_sdk/b.py", "tests/x/test_1.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "tests/x/test_2.py").touch()
    table = {"a.py": ("x/test_1.py",), "*.py": ("x/test_*.py",)}
    assert suites(tmp_path, table) == {
        "a.py": ["tests/x/test_1.py"],
        "b.py": ["tests/x/test_1.py", "tests/x/test_2.py"],
    }


def test_the_report_ends_with_one_line_of_totals() -> None:
    outcomes: dict[Mutant, Outcome] = {
        Mutant("a.py", 1, "AddNot", "if x:\n    pass\n", "if not x:\n    pass\n"): "survived",
        Mutant("a.py", 2, "AddNot", "", ""): "killed",
        Mutant("b.py", 1, "AddNot", "", ""): "timed out",
    }
    lines = "\n".join(report(outcomes, 90)).splitlines()
    assert [line.split() for line in lines[1:3]] == [
        ["a.py", "1", "1", "0"],
        ["b.py", "0", "0", "1"],
    ]
    assert lines[-5:-2] == ["-if x:", "+if not x:", "     pass"]
    assert lines[-1].startswith("3 mutants: 1 killed, 1 survived, 1 timed out; 67% detected in 2 ")


def test_statements_and_contexts_are_removed() -> None:
    pytest.importorskip("cosmic_ray", reason="make mutants installs what makes the mutants")
    made = changes(MODULE)
    assert made.count("if True:") == 1
    assert made.count("pass") == 3


def test_annotations_stay() -> None:
    pytest.importorskip("cosmic_ray", reason="make mutants installs what makes the mutants")
    assert changes("def work(a: int | None, *, b: 'x' = 1) -> int | None: ...\n") == [
        "def work(a: int | None, *, b: 'x' = 0) -> int | None: ..."
    ]


def test_a_sample_is_the_same_each_time_and_hardly_changes_with_other_lines() -> None:
    pytest.importorskip("cosmic_ray", reason="make mutants installs what makes the mutants")
    body = "".join(f"    if a > {number}:\n        b({number})\n" for number in range(20))
    before = changes(f"def work(a, b):\n{body}", 10)
    assert before == changes(f"def work(a, b):\n{body}", 10)
    after = changes(f"def work(a, b):\n    b(-1)\n{body}", 10)
    assert len(set(after) - set(before)) <= 1
    assert len(before) == 10
