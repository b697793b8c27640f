import re

import pytest
from conftest import RECIPES

GUIDE = RECIPES.parents[1] / "docs/guides/recipes.md"
EXCERPTS = re.findall(r"^```(py|sh|yaml)\n(.*?)^```$", GUIDE.read_text(), re.DOTALL | re.MULTILINE)
SOURCES = [
    path.read_text()
    for path in RECIPES.glob("*/*")
    if path.suffix in (".py", ".sh", ".yml") and path.parent.name != "tests"
]


@pytest.mark.parametrize("excerpt", [text for _, text in EXCERPTS])
def test_an_excerpt_is_part_of_a_recipe(excerpt: str) -> None:
    assert sum(excerpt in source for source in SOURCES) == 1
