"""The guide of the SDK's users: every way to sign in that it shows, as it shows it.

Its examples run unchanged but for the address, against a tenant that has their credentials.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

import anaplan_sdk
from anaplan_emulator import Emulator

GUIDE = Path(__file__).parents[3] / "shared" / "seed-authentication-guide.txt"
OURS = Path(__file__).parents[2] / "docs" / "guides" / "authentication.md"

pytestmark = pytest.mark.skipif(
    not GUIDE.exists(), reason="the guide is kept beside the project, and isn't here"
)


def examples(section: str) -> list[str]:
    """The examples of a section: from an import to the end of the call that makes a client."""
    text = GUIDE.read_text(encoding="utf-8") if GUIDE.exists() else ""
    _, _, rest = text.partition(f"\n\n{section}\n\n")
    chapter = re.split(r"\n\n(?:Certificate Authentication|OAuth for Web Applications)\n", rest)[0]
    return re.findall(r"^import anaplan_sdk\n.*?^\)$", chapter, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("kind", ["Client", "AsyncClient"])
@pytest.mark.parametrize("section", ["Basic Authentication", "Certificate Authentication"])
def test_signing_in_as_the_guide_says(
    section: str, kind: str, company: Emulator, home: Path
) -> None:
    (example,) = (code for code in examples(section) if f".{kind}(" in code)
    here = example.replace(f".{kind}(", f'.{kind}(base_url="{company.base_url}",')
    namespace: dict[str, object] = {}
    exec(compile(here, str(GUIDE), "exec"), namespace)
    match namespace["anaplan"]:
        case anaplan_sdk.Client() as client:
            with client:
                workspaces = client.get_workspaces()
        case anaplan_sdk.AsyncClient() as client:
            workspaces = asyncio.run(listed(client))
        case other:
            pytest.fail(f"The guide's example makes {other!r}")
    assert [workspace.name for workspace in workspaces] == ["Network Planning"]
    assert home == Path.home()


async def listed(client: anaplan_sdk.AsyncClient) -> list[anaplan_sdk.models.Workspace]:
    async with client:
        return await client.get_workspaces()


@pytest.mark.parametrize("section", ["Basic Authentication", "Certificate Authentication"])
def test_our_own_guide_has_the_same_examples(section: str) -> None:
    ours = spaced(OURS.read_text(encoding="utf-8"))
    found = [spaced(example) for example in examples(section)]
    assert len(found) == 2
    assert [example for example in found if example not in ours] == []


def spaced(text: str) -> str:
    """The text without its layout, which in our documents is the formatter's."""
    return " ".join(text.split())
