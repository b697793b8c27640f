"""Citations of `docs/anaplan-behaviour.md`: that each names a heading of the page.

A citation is the path of the page with an anchor, perhaps followed by further anchors of the page,
as in docs/anaplan-behaviour.md#tasks, #task-results.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "anaplan-behaviour.md"

# What may stand between two words of a sentence: spaces, and the start of a line of a comment.
GAP = r"(?:\s|#\s|--\s)"
CITATION = re.compile(rf"anaplan-behaviour\.md(#[\w-]+(?:,{GAP}+#[\w-]+)*)")
NUMBERED = re.compile(rf"\bfacts,?{GAP}+\d+(?:\.\d+)*", re.IGNORECASE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
INTERNAL_LINK = re.compile(r"\]\(#([\w-]+)\)")
# Recorded output is not ours either: it may say anything.
NOT_OURS = frozenset({"__pycache__", "build", "dist", "node_modules", "snapshots"})


def slug(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")


def anchors_of(page: str) -> list[str]:
    """The anchors of all headings, in order."""
    return [slug(heading) for heading in HEADING.findall(FENCE.sub("", page))]


def cited_in(text: str) -> list[str]:
    """The anchors that a file cites."""
    return [
        anchor
        for citation in CITATION.findall(text)
        for anchor in re.findall(r"#([\w-]+)", citation)
    ]


def sources() -> Iterator[tuple[str, str]]:
    """The path and text of every text file of the project."""
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [
            name
            for name in subfolders
            if name not in NOT_OURS
            and (not name.startswith(".") or name == ".ci")
            and not name.endswith(".egg-info")
        ]
        for name in names:
            path = Path(folder) / name
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue


def test_citations_resolve() -> None:
    known = set(anchors_of(PAGE.read_text(encoding="utf-8")))
    missing = [
        (path, anchor)
        for path, text in sources()
        for anchor in cited_in(text)
        if anchor not in known
    ]
    assert missing == []


def test_nothing_cites_by_number() -> None:
    numbered = [
        (path, re.sub(r"\s+", " ", citation))
        for path, text in sources()
        for citation in NUMBERED.findall(text)
    ]
    assert numbered == []


def test_anchors_are_unique() -> None:
    anchors = anchors_of(PAGE.read_text(encoding="utf-8"))
    assert sorted(anchors) == sorted(set(anchors))


def test_links_within_the_page_resolve() -> None:
    page = PAGE.read_text(encoding="utf-8")
    links = INTERNAL_LINK.findall(page)
    assert links
    assert sorted(set(links) - set(anchors_of(page))) == []


def test_every_section_is_in_the_contents() -> None:
    page = PAGE.read_text(encoding="utf-8")
    contents = page.partition("\n## Contents\n")[2].partition("\n## ")[0]
    _, _, _, *sections = anchors_of(page)
    assert INTERNAL_LINK.findall(contents) == sections


@pytest.mark.parametrize(
    ("text", "anchors"),
    [
        ("(docs/anaplan-behaviour.md#tasks)", ["tasks"]),
        ("see docs/anaplan-behaviour.md#tasks, #task-results.", ["tasks", "task-results"]),
        ("[Tasks](../anaplan-behaviour.md#tasks), and #1", ["tasks"]),
        ("    docs/anaplan-behaviour.md#tasks,\n    #limits.", ["tasks", "limits"]),
        ("# docs/anaplan-behaviour.md#tasks,\n# #limits.", ["tasks", "limits"]),
        ("the page docs/anaplan-behaviour.md", []),
    ],
)
def test_citations_are_found(text: str, anchors: list[str]) -> None:
    assert cited_in(text) == anchors


@pytest.mark.parametrize("separator", [" ", ", ", "\n", "\n    # ", "\n-- "])
def test_numbers_are_found(separator: str) -> None:
    assert NUMBERED.search(f"(facts{separator}4.12)")


def test_headings_in_code_are_not_anchors() -> None:
    page = "# One & two\n\n```\n# a comment\n```\n\n## Id prefixes\n"
    assert anchors_of(page) == ["one--two", "id-prefixes"]
