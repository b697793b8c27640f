"""The schema of tenant files and its page are what the descriptions say today."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import tenant_reference
from anaplan_emulator.tenant.tenant_schema import schema_file, schema_text


def test_the_schema_and_the_page_are_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tenant_reference.py", "--check"])
    assert tenant_reference.main() == 0, capsys.readouterr().out
    assert tenant_reference.SCHEMA.name == schema_file().name
    assert schema_file().read_text("utf-8") == schema_text()


def test_a_stale_page_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "tenant-file.md"
    page.write_text("stale")
    monkeypatch.setattr(tenant_reference, "PAGE", page)
    monkeypatch.setattr(tenant_reference, "ROOT", tmp_path)
    monkeypatch.setattr(tenant_reference, "SCHEMA", schema_file())
    monkeypatch.setattr(sys, "argv", ["tenant_reference.py", "--check"])
    assert tenant_reference.main() == 1
    assert "tenant-file.md is out of date" in capsys.readouterr().out


def test_the_page_has_every_object_and_member() -> None:
    schema = json.loads(schema_text())
    text = tenant_reference.page(schema)
    for described in (schema, *schema["$defs"].values()):
        for member in described.get("properties", {}):
            assert f"| `{member}` |" in text
