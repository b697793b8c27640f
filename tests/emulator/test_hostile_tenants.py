"""Tenant files that nobody writes on purpose: each gives a clear error, and soon."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.emulator.any_tenant import tenant_with

from anaplan_emulator import (
    Emulator,
    Fault,
    TenantDescription,
    TenantError,
    check_tenant,
    read_tenant,
)
from anaplan_emulator.tenant import tenant_writer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anaplan_emulator.tenant.tenant_writer import DataPlacement

USER = {"email": "a@b.c", "password": "x", "first_name": "A", "last_name": "B"}


def problems_of(file: Path) -> list[str]:
    tenant, problems = check_tenant(file)
    assert (tenant is None) == bool(problems)
    return [each.message for each in problems]


def tenant_of(**model: object) -> dict[str, Any]:
    models = [{"name": "Model", **model}]
    return {"name": "T", "users": [USER], "workspaces": [{"name": "W", "models": models}]}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "merges.yaml",
            "a: &a {x: 1}\n"
            + "".join(
                f"{new}: &{new} {{<<: [{','.join([f'*{old}'] * 9)}], y{new}: 2}}\n"
                for old, new in zip("abcdefghi", "bcdefghij", strict=True)
            ),
            "merges (<<) add more than 100,000 members",
        ),
        ("boolean.yaml", "name: !!bool perhaps", "not valid YAML"),
        ("integer.yaml", 'name: !!int ""', "not valid YAML"),
        ("digits.json", f'{{"name": {"9" * 5000}}}', "a number has too many digits"),
        ("digits.toml", f"name = {'9' * 5000}", "a number has too many digits"),
        ("half.json", '{"name": "\\ud83d"}', "half of a character"),
        ("half-key.json", '{"\\ud83d": 1}', "half of a character"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 15 else "",
)
def test_texts_that_cannot_be_a_tenant(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text, "utf-8")
    (found,) = problems_of(file)
    assert message in found


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no such device")
def test_a_device_without_an_end() -> None:
    with pytest.raises(TenantError, match="larger than 500 MB"):
        read_tenant("/dev/zero")


def test_thousands_of_mistakes_take_no_more_than_their_number(tmp_path: Path) -> None:
    file = tmp_path / "tenant.json"
    users = [{"x": n} for n in range(1_500)]
    file.write_text(json.dumps({"name": "T", "users": users}), "utf-8")
    assert len(problems_of(file)) == 5 * len(users)


def test_text_of_a_description_that_is_not_unicode() -> None:
    tenant = tenant_with(lists=[{"name": "a"}]).model_copy(update={"name": "\ud83d"})
    with pytest.raises(TenantError, match="not valid Unicode"):
        Emulator(tenant)


@pytest.mark.parametrize("name", ["a/b", "..", "a b", "x" * 101, "\u202e\n"])
def test_names_of_storage_are_those_of_folders(tmp_path: Path, name: str) -> None:
    store = {"type": "AmazonS3", "bucket": name, "access_key_id": "k", "secret_access_key": "s"}
    file = tmp_path / "tenant.json"
    file.write_text(json.dumps({**tenant_of(), "cloud_works": {"stores": [store]}}), "utf-8")
    found = [each for each in check_tenant(file)[1] if "bucket" in each.place]
    assert [each.place for each in found] == ["cloud_works.stores[0].bucket"]
    assert "not a valid name" in found[0].message


def test_a_failed_load_keeps_the_tenant(tmp_path: Path) -> None:
    blocked = tmp_path / "clouds"
    with Emulator(clouds=blocked) as emulator:
        before = emulator.describe()
        objects = {"a": "1", "a/b": "2"}
        content = before.model_dump()
        content["cloud_works"]["stores"][0]["objects"] = objects
        with pytest.raises(TenantError, match="cloud storage"):
            emulator.load_tenant(TenantDescription.model_validate(content))
        assert emulator.describe() == before


class TestActionsThatAreNamedElsewhere:
    def problems(self, tmp_path: Path, **changes: object) -> Mapping[str, str]:
        file = tmp_path / "tenant.json"
        content = read_tenant(None).model_dump(mode="json", exclude_defaults=True)
        content |= changes
        file.write_text(json.dumps(content), "utf-8")
        return {each.place: each.message for each in check_tenant(file)[1]}

    def test_integrations(self, tmp_path: Path) -> None:
        cloud_works = read_tenant(None).model_dump(mode="json", exclude_defaults=True)[
            "cloud_works"
        ]
        first, second, third, *_ = cloud_works["integrations"]
        first["workspace"] = "Nowhere"
        second["model"] = "Nothing"
        third["process"] = "Nothing either"
        found = self.problems(tmp_path, cloud_works=cloud_works)
        assert found == {
            "cloud_works.integrations[0].workspace": "no workspace is called 'Nowhere'",
            "cloud_works.integrations[1].model": "no model is called 'Nothing'",
            "cloud_works.integrations[2].process": "no action is called 'Nothing either'",
        }

    def test_audit_events(self, tmp_path: Path) -> None:
        content = read_tenant(None).model_dump(mode="json", exclude_defaults=True)
        events = content["audit_events"]
        number = next(n for n, each in enumerate(events) if each.get("action"))
        events[number]["action"] = "Nothing"
        found = self.problems(tmp_path, audit_events=events)
        assert found == {f"audit_events[{number}].action": "no action is called 'Nothing'"}


LISTS = [
    {"name": "Top", "items": [{"name": "top"}]},
    {
        "name": "Items",
        "parent": "Top",
        "subsets": ["S"],
        "properties": [{"name": "Price", "format": "NUMBER"}, {"name": "code"}, {"name": " p"}],
        "items_file": "items.csv",
    },
]
MODULES = [{"name": "M", "dimensions": ["Items"], "line_items": [{"name": "X"}]}]
ROWS = {
    "good": "name,code,property: code, p\na,1,x,y\nb,2,z,\n",
    "blank lines": "name\n\na\n\n\nb\n",
    "too many values": "name,Price\na,1,2\n",
    "a quote that is not closed": 'name,Price\n"a,1\n',
    "text after a quote": 'name,Price\n"a"x,1\n',
    "no name": "name,code\n,x\n",
    "an id of letters": "id,name\nabc,a\n",
    "the id of the top-level item": "id,name\n101000000000,a\n",
    "ids that begin otherwise": "id,name\n101000000001,a\n102000000001,b\n",
    "names that differ in non-ASCII case": "name\n\u00df\n\u1e9e\n\u0130\ni\u0307\n",
    "a parent in another case": "name,parent\na,TOP\n",
    "a header of spaces": "name, P\na,1\n",
}


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_what_is_valid_can_be_loaded_and_nothing_else(tmp_path: Path, rows: str) -> None:
    file = tmp_path / "tenant.json"
    (tmp_path / "items.csv").write_text(rows, "utf-8")
    file.write_text(json.dumps(tenant_of(lists=LISTS, modules=MODULES)), "utf-8")
    problems = check_tenant(file)[1]
    if problems:
        assert all(each.line for each in problems)
        with pytest.raises(TenantError):
            Emulator(file)
    else:
        Emulator(file).stop()


@pytest.mark.parametrize(
    ("member", "content", "message"),
    [
        ("cells.csv", b"Items,X\na,1\nA,2\n", "line 3: an earlier row has cells"),
        ("cells.parquet", b"PAR1 PAR1", "can't be read as Parquet"),
    ],
    ids=["the same cell twice", "a damaged Parquet file"],
)
def test_what_only_loading_finds_is_a_problem(
    tmp_path: Path, member: str, content: bytes, message: str
) -> None:
    (tmp_path / "items.csv").write_text("name\na\n")
    (tmp_path / member).write_bytes(content)
    modules = [{**MODULES[0], "cells_file": member}]
    file = tmp_path / "tenant.json"
    file.write_text(json.dumps(tenant_of(lists=LISTS, modules=modules)), "utf-8")
    (found,) = problems_of(file)
    assert message in found


@pytest.mark.skipif(os.name == "nt", reason="paths of devices")
def test_data_is_read_from_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "items.csv")
    file = tmp_path / "tenant.json"
    file.write_text(json.dumps(tenant_of(lists=LISTS)), "utf-8")
    assert problems_of(file) == ["no such file"]


def test_a_reset_without_its_files_changes_nothing(tmp_path: Path) -> None:
    rows = tmp_path / "items.csv"
    rows.write_text("name\na\n")
    file = tmp_path / "tenant.json"
    file.write_text(json.dumps(tenant_of(lists=LISTS)), "utf-8")
    with Emulator(file) as emulator:
        emulator.settings.page_limit = 7
        emulator.advance(hours=5)
        emulator.add_fault(Fault(path="/x", status=503))
        described, moved = emulator.describe(), emulator.tenant.clock.offset
        rows.unlink()
        with pytest.raises(TenantError, match=r"items\.csv"):
            emulator.reset()
        assert emulator.describe() == described
        assert emulator.settings.page_limit == 7
        assert emulator.tenant.clock.offset == moved
        rows.write_text("name\nb\n")
        emulator.reset()
        assert emulator.settings.page_limit != 7


class TestSaving:
    NAMES = ("\x85", " lead", "trail ", "property: x", "subset: x", "Code", "a\r\nb\x85", "\u2028")

    @pytest.mark.parametrize("data", ["csv", "inline"])
    def test_names_remain_as_they_are(
        self, tmp_path: Path, data: DataPlacement, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tenant_writer, "LARGEST_INLINE_ROWS", 1)
        properties = [{"name": name} for name in self.NAMES]
        items = [
            {
                "name": f"{name}_{number}",
                "code": f"code {number}",
                "properties": dict.fromkeys(self.NAMES, name),
                "subsets": self.NAMES,
            }
            for number, name in enumerate(self.NAMES)
        ]
        a_list = {"name": "\x85", "properties": properties, "subsets": self.NAMES, "items": items}
        line_items = [{"name": name, "format": "TEXT"} for name in self.NAMES[1:]]
        cells = [{"\x85": each["name"], **dict.fromkeys(self.NAMES[1:], "x")} for each in items]
        module = {"name": "M", "dimensions": ["\x85"], "line_items": line_items, "cells": cells}
        with Emulator(tenant_with(lists=[a_list], modules=[module])) as emulator:
            described = emulator.describe(secrets=True)
            path = emulator.save_tenant(tmp_path, data=data, secrets=True)
        assert len(list(tmp_path.rglob("*.csv"))) == (2 if data == "csv" else 0)
        with Emulator(path) as emulator:
            assert emulator.describe(secrets=True) == described

    def test_a_file_that_cannot_be_written_leaves_all_as_they_were(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tenant_writer, "LARGEST_INLINE_ROWS", 1)
        items = [{"name": "a"}, {"name": "b"}]
        with Emulator(tenant_with(lists=[{"name": "L", "items": items}])) as emulator:
            path = emulator.save_tenant(tmp_path / "saved")
            before = {each: each.read_bytes() for each in path.parent.rglob("*.*")}
            lasting = emulator.tenant.description

            def without_space(*_: object, **__: object) -> None:
                raise OSError(errno.ENOSPC, "No space left on device")

            for target in (path.with_suffix(".json"), tmp_path / "new" / "tenant.json"):
                with monkeypatch.context() as patch:
                    patch.setattr(json, "dumps", without_space)
                    with pytest.raises(OSError, match="No space left"):
                        tenant_writer.write_tenant(lasting, target)
        assert {each: each.read_bytes() for each in path.parent.rglob("*.*")} == before
        assert not (tmp_path / "new").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_cannot_reset() -> None:
    with Emulator() as emulator:
        child = os.fork()
        if child == 0:
            try:
                emulator.reset()
            except RuntimeError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        emulator.reset()
