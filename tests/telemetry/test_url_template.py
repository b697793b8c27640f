"""Templates of paths: those of the specifications, and of nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anaplan_sdk._http.url_template import _PREFIXES, _SEGMENTS, url_template

ROOT = Path(__file__).parents[2]
SPECIFICATIONS = ROOT.parent / "shared" / "specs"
COVERAGE = ROOT / "docs" / "reference" / "coverage.md"
PARAMETER = re.compile(r"\{[^}/]*\}")
# Those of the pages "Integration", "SCIM" and so on of the table of coverage.
OPERATIONS = re.findall(r"^\| `[A-Z]+ (/[^`]*)`", COVERAGE.read_text("utf-8"), re.MULTILINE)


def templates(path: str) -> tuple[str, str]:
    """The template of a path with ids in place of its parameters, and what it should be."""
    wanted = re.sub(r"\{id\}(/\{id\})+", "{id}", PARAMETER.sub("{id}", path))
    return url_template(PARAMETER.sub("0123456789ABCDEF", path)), wanted


def test_every_operation_of_the_table() -> None:
    assert len(OPERATIONS) == 189
    for path in OPERATIONS:
        found, wanted = templates(path)
        assert found == wanted


def test_every_operation_of_the_specifications() -> None:
    if not SPECIFICATIONS.is_dir():
        pytest.skip("the specifications are not beside the project")
    count = 0
    for file in SPECIFICATIONS.glob("*.json"):
        specification = json.loads(file.read_text(encoding="utf-8"))
        bases = {urlsplit(server["url"]).path for server in specification["servers"]}
        for path, operations in specification["paths"].items():
            count += len(operations.keys() & {"get", "post", "put", "patch", "delete"})
            for base in bases:
                found, wanted = templates(f"{base}{path}")
                assert found == wanted
    assert count == 189


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/2/0/models/M/files/113/chunks/0", "/2/0/models/{id}/files/{id}/chunks/{id}"),
        ("/2/0/models/M%2Ffiles/files/a%20b", "/2/0/models/{id}/files/{id}"),
        ("/proxy/of/pat@example.com/2/0/models", "/{id}/models"),
        ("/2/0/models/../../secret", "/2/0/models/{id}"),
        ("/2/0", "/{id}"),
        ("/", "/"),
        ("", ""),
        ("/api/v2305.1/T/process/x/Folder/Sub folder/Flow", "/api/v2305.1/{id}/process/{id}"),
    ],
)
def test_examples(path: str, template: str) -> None:
    assert url_template(path) == template


@given(st.lists(st.text(max_size=20) | st.sampled_from(sorted(_SEGMENTS)), max_size=40))
def test_hostile_paths(segments: list[str]) -> None:
    template = url_template("/" + "/".join(segments))
    for prefix in _PREFIXES:
        template = template.removeprefix(prefix)
    words = template.split("/")
    assert set(words) <= _SEGMENTS | {"{id}", ""}
    assert len(words) <= 18
