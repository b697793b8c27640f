"""A comparison's outputs contain nothing that identifies the tenant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue
from tests.cli.conftest import Command, Shown

from anaplan_emulator import Emulator, Fault
from anaplan_emulator.tenant.tenant_description import TenantDescription
from anaplan_sdk.cli.tenant.comparison.scratch import scratch_tenant

CANARY = re.compile("canary|kanarie|98765", re.IGNORECASE)


def tenant() -> dict[str, Any]:
    """A tenant in which every name, code, address and number is a canary."""
    scratch = scratch_tenant()
    model = {
        "name": "Canary Model",
        "lists": [
            {
                "name": "canaryList",
                "properties": [
                    {"name": "canaryProperty"},
                    {"name": "name canary", "format": "NUMBER"},
                ],
                "subsets": ["canarySubset"],
                "items": [
                    {
                        "name": "canaryItem",
                        "code": "CANARY_CODE",
                        "properties": {"canaryProperty": "canary text", "name canary": 98765},
                        "subsets": ["canarySubset"],
                    },
                    {"name": "Canary Item Two"},
                ],
            }
        ],
        "modules": [
            {
                "name": "Canary Module",
                "dimensions": ["canaryList"],
                "line_items": [
                    {"name": "canaryNumber", "notes": "canary notes"},
                    {"name": "Canary Flag", "format": "BOOLEAN"},
                    {"name": "CANARY_TEXT", "format": "TEXT"},
                ],
                "cells": [
                    {"canaryList": "canaryItem", "canaryNumber": 98765, "CANARY_TEXT": "kanarie"}
                ],
                "views": [{"name": "CanaryView"}],
            }
        ],
        "files": [{"name": "canary.csv"}],
        "imports": [
            {
                "name": "canaryImport",
                "file": "canary.csv",
                "target": {"list": "canaryList", "name": "canary"},
            }
        ],
        "exports": [{"name": "canary export.csv", "module": "Canary Module"}],
        "processes": [{"name": "CanaryProcess", "actions": ["canaryImport"]}],
    }
    return {
        "name": "Canary Company",
        "users": [
            {
                "email": "canary@canary.example",
                "password": "canary-password",
                "first_name": "Canary",
                "last_name": "Kanarie",
                "roles": ["tenant_auditor", "tenant_admin", "user_admin", "integration_admin"],
                "workspaces": {"Canary Workspace": "admin"},
            }
        ],
        "workspaces": [
            {"name": "Canary Workspace", "models": [model, scratch["workspaces"][0]["models"][0]]}
        ],
    }


@pytest.fixture(scope="module")
def shared_emulator() -> Iterator[Emulator]:
    with Emulator(TenantDescription.model_validate(tenant())) as emulator:
        yield emulator


@pytest.fixture
def live(emulator: Emulator) -> Emulator:
    """A tenant of canaries, which differs from the emulator in many ways."""
    emulator.clear_faults()
    emulator.settings.dialect = "odd"
    error: dict[str, JsonValue] = {
        "status": {"code": 400, "message": "canary is not valid in Canary Model"},
        "path": "/2/0/canary",
        "canaryList": "canary",
    }
    maps: dict[str, JsonValue] = {
        "canaryNew": 1,
        "unheardMap": {"canaryItem": {"value": 98765}, "canaryNew": 1, "Canary Item Two": []},
        "canaryItem": {"value": 98765},
        "meta": {
            "schema": "canary",
            "canarySchema": "canary",
            "canaryProperty": None,
            "memoryUsed": 1,
        },
        "files": [{"id": "113000000000", "name": "canary.csv", "canaryProperty": "x"}],
    }
    emulator.add_fault(Fault(path="*/versions", status=400, body=error, times=None))
    emulator.add_fault(Fault(path="*/files", body=maps, times=None))
    emulator.add_fault(
        Fault(
            path="*/modelCalendar",
            times=None,
            headers={
                "Content-Type": "application/json; canary=canary; charset=utf-8",
                "Location": "https://canary.example/canary",
                "X-Canary": "canary",
                "Content-Disposition": 'attachment; filename="canary.csv"',
                "WWW-Authenticate": 'Canary realm="canary"',
            },
        )
    )
    return emulator


def outputs(anaplan: Command, home: Path, *arguments: str) -> dict[str, str]:
    """Everything that the command writes, in all formats."""
    path = home / "given.json"
    path.write_text(json.dumps(tenant()))
    written: dict[str, str] = {}
    result = anaplan("tenant", "compare", "--tenant", str(path), "--report", "out", *arguments)
    assert result.code == 0, result.err
    written.update(table=result.out, words=result.err)
    for name in ("comparison.json", "comparison.md"):
        written[name] = Path("out", name).read_text()
    return written


def test_no_output_identifies_the_tenant(
    anaplan: Command, live: Emulator, home: Path, shown: Shown
) -> None:
    written = outputs(anaplan, home, "--write-model", "Scratch", "--yes")
    path = str(home / "given.json")
    few = ("--probe", "lists", "--probe", "files", "--probe", "calendar-and-versions")
    for form in ("csv", "jsonl"):
        result = anaplan("tenant", "compare", "--tenant", path, "-o", form, *few)
        written[form] = result.out + result.err
    written["terminal"] = shown("tenant", "compare", "--tenant", path, *few, columns=200)
    report = json.loads(written["comparison.json"])
    assert len(report["differences"]) > 50
    for name, text in written.items():
        lines = [line.strip() for line in text.splitlines() if CANARY.search(line)]
        assert not lines, (name, lines)
        assert "127.0.0.1" not in text, name
        ids = set(re.findall(r"\b(?:[0-9a-fA-F]{32}|1\d{11}|2\d{11})\b", text))
        # Those that the probes invent, and Anaplan's own.
        assert ids <= {"0" * 32, "101999999998", "101999999999", "112999999999", "299999999999"}
    places = {each["place"] for each in report["differences"]}
    assert "meta.memoryUsed" in places  # Made of known words, beside known names.
    assert any("<name>" in each for each in places)


def test_a_capture_identifies_nothing_either(anaplan: Command, emulator: Emulator) -> None:
    emulator.clear_faults()
    result = anaplan("tenant", "compare", "-o", "json")
    assert result.code == 0, result.err
    assert not CANARY.search(result.out + result.err)
    # The user has all roles, so that each API is compared.
    assert result.json["differences"] == []
    assert "no access" not in {each["verdict"] for each in result.json["probes"]}


def test_notes_of_the_sdk_are_left_out(anaplan: Command, live: Emulator, home: Path) -> None:
    live.add_fault(Fault(path="*/lists", status=429, headers={"Retry-After": "0"}, times=1))
    written = outputs(anaplan, home, "--probe", "lists")
    assert not CANARY.search(written["words"])
    assert "429" not in written["words"]
    # It was sent again, when Anaplan asked for it.
    (probe,) = json.loads(written["comparison.json"])["probes"]
    assert 429 not in {each["live"] for each in probe["calls"]}
    assert 429 in {each.status for each in live.requests()}
