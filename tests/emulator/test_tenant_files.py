"""Tenant files: their syntaxes and schema, and mistakes with their place and what to write."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from anaplan_emulator import (
    Emulator,
    TenantDescription,
    TenantError,
    TenantProblem,
    check_tenant,
    read_tenant,
    tenant_schema,
)

ROOT = Path(__file__).parents[2]
START = """\
name: Company
users:
  - {email: me@company.com, password: secret, first_name: My, last_name: Self}
workspaces:
  - name: Planning
    models:
      - name: Sales
        lists:
          - name: Categories
            items: [{name: Fruit, code: FR}]
          - name: Products
            parent: Categories
            properties: [{name: Price, format: NUMBER}]
            subsets: [Seasonal]
            items: [{name: Apple, code: P1, parent: Fruit, properties: {Price: 1.5}}]
        modules:
          - name: Units
            dimensions: [Products, Time]
            line_items: [{name: Sold}, {name: Listed, format: BOOLEAN}]
            cells: [{Products: P1, Time: Jan 26, Sold: 1}]
        files: [{name: products.csv}]
        imports:
          - name: Load
            file: products.csv
            target: {list: Products, name: product}
        exports: [{name: Units.csv, module: Units}]
        processes: [{name: All, actions: [Load, Units.csv]}]
"""
MODEL = "workspaces[0].models[0]"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a tenant file with replaced texts."""

    def write_file(*changes: tuple[str, str], name: str = "tenant.yaml") -> Path:
        text = START
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / name
        file.write_text(text, "utf-8")
        return file

    return write_file


def problems_of(file: Path) -> list[TenantProblem]:
    tenant, problems = check_tenant(file)
    assert (tenant is None) == bool(problems)
    return list(problems)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = tenant_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def documented_tenants() -> list[Any]:
    """Return the default tenant, those of the tests, and the complete ones of the guide."""
    files = [
        ROOT / "src/anaplan_emulator/tenant/default.json",
        *sorted((ROOT / "tests" / "tenants").glob("*.json")),
    ]
    return [pytest.param(file.read_text("utf-8"), id=file.name) for file in files]


class TestSchema:
    @pytest.mark.parametrize("text", documented_tenants())
    def test_tenants_validate(self, validator: jsonschema.Draft202012Validator, text: str) -> None:
        assert list(validator.iter_errors(json.loads(text))) == []

    def test_the_examples_of_the_guide_validate(
        self, validator: jsonschema.Draft202012Validator, tmp_path: Path
    ) -> None:
        guide = (ROOT / "docs" / "guides" / "emulator.md").read_text("utf-8")
        blocks = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
        whole = [block for block in blocks if "users:" in block and "workspaces:" in block]
        assert whole
        for block in whole:
            file = tmp_path / "tenant.yaml"
            file.write_text(block)
            described = read_tenant(file).model_dump(mode="json", exclude_defaults=True)
            assert list(validator.iter_errors(described)) == []

    def test_every_member_has_a_description_and_a_valid_example(self) -> None:
        schema: dict[str, Any] = tenant_schema()
        objects = {"Tenant": schema, **schema["$defs"]}
        assert len(objects) > 40
        for name, described in objects.items():
            assert described["description"], name
            for member, each in described.get("properties", {}).items():
                assert each.get("description"), (name, member)
                assert each.get("examples"), (name, member)
                part = jsonschema.Draft202012Validator({**each, "$defs": schema["$defs"]})
                for example in each["examples"]:
                    assert list(part.iter_errors(example)) == [], (name, member)

    def test_descriptions_are_for_people_who_write_files(self) -> None:
        text = json.dumps(tenant_schema())
        for internal in ("Description'", "docs/", "pydantic", "Source:", "Attributes:"):
            assert internal not in text

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"colour": "red"}, id="unknown member"),
            pytest.param({"users": []}, id="no users"),
            pytest.param({"customer_id": "x"}, id="pattern"),
            pytest.param({"licenses": "Enterprise"}, id="type"),
            pytest.param({"oauth_clients": [{"name": "x", "kind": "web"}]}, id="enum"),
            pytest.param({"workspaces": [{}]}, id="missing"),
            pytest.param({"workspaces": [{"name": "x", "models": ["y"]}]}, id="no short form"),
        ],
    )
    def test_mistakes_do_not_validate(
        self, validator: jsonschema.Draft202012Validator, change: dict[str, Any]
    ) -> None:
        user = {"email": "a@b.c", "password": "x", "first_name": "A", "last_name": "B"}
        assert list(validator.iter_errors({"name": "x", "users": [user]})) == []
        assert list(validator.iter_errors({"name": "x", "users": [user], **change}))

    def test_short_forms_validate(self, validator: jsonschema.Draft202012Validator) -> None:
        model = {
            "name": "m",
            "versions": ["Actual", {"name": "Plan"}],
            "dashboards": ["d", {"name": "e"}],
            "lists": [{"name": "l", "subsets": ["s", {"name": "t"}]}],
            "imports": [{"name": "i", "target": {"list": "l", "name": "column", "code": 2}}],
        }
        user = {"email": "a@b.c", "password": "x", "first_name": "A", "last_name": "B"}
        content = {"name": "x", "users": [user], "workspaces": [{"name": "w", "models": [model]}]}
        assert list(validator.iter_errors(content)) == []
        TenantDescription.model_validate(content)

    def test_the_command_prints_it(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "anaplan_emulator", "--schema"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert json.loads(done.stdout) == tenant_schema()
        assert json.loads(done.stdout)["$schema"].endswith("2020-12/schema")


class TestSyntax:
    def test_yaml_json_and_toml_describe_the_same(self, write: Write, tmp_path: Path) -> None:
        from_yaml = read_tenant(write())
        as_json = tmp_path / "tenant.json"
        content = from_yaml.model_dump(mode="json", exclude_defaults=True)
        as_json.write_text(json.dumps({"$schema": "tenant.schema.json", **content}))
        toml = tmp_path / "tenant.toml"
        toml.write_text(
            '"$schema" = "x"\nname = "Company"\n[[users]]\nemail = "me@company.com"\n'
            'password = "secret"\nfirst_name = "My"\nlast_name = "Self"\n'
            '[[workspaces]]\nname = "Planning"\n[[workspaces.models]]\nname = "Sales"\n'
            "first_month = 2026-02-01\n"
        )
        assert read_tenant(as_json) == from_yaml
        model = read_tenant(str(toml)).workspaces[0].models[0]
        assert model.first_month.isoformat() == "2026-02-01"

    def test_yaml_is_read_as_version_1_2(self, write: Write) -> None:
        items = "[{name: NO, code: 2026-01-05, parent: Fruit}, {name: on}, {name: 1_0}]"
        file = write(
            ("[{name: Fruit, code: FR}]", "[{name: Fruit}]"),
            ("[{name: Apple, code: P1, parent: Fruit, properties: {Price: 1.5}}]", items),
            ("{Products: P1,", "{Products: NO,"),
        )
        found = read_tenant(file).workspaces[0].models[0].lists[1].items
        assert [(each.name, each.code) for each in found[:2]] == [
            ("NO", "2026-01-05"),
            ("on", None),
        ]

    def test_a_tenant_of_yaml_is_served(self, write: Write) -> None:
        with Emulator(write()) as emulator:
            assert emulator.info()["user_email"] == "me@company.com"

    @pytest.mark.parametrize(
        ("name", "text", "message", "line"),
        [
            ("t.yaml", "name: a\nusers: []\nname: b\n", "the member 'name' is there twice", 3),
            ("t.json", '{"name": "a",\n "name": "b"}', "the member 'name' is there twice", 2),
            ("t.yaml", "name: a\nusers: [\n", "not valid YAML", 3),
            ("t.yaml", "name: 'a\n", "not valid YAML", 2),
            ("t.yaml", "a: &a [*a]\n", "", None),
            ("t.yaml", "name: !!python/object:os.system x\n", "not valid YAML", 1),
            ("t.yaml", "", "must be an object, but is empty", None),
            ("t.json", '{"name": }', "not valid JSON", 1),
            ("t.json", "[" * 100_000, "nested too deeply", None),
            ("t.toml", "name = \n", "not valid TOML", None),
            ("t.yaml", "- name\n", "must be an object, but is a list", 1),
        ],
        ids=lambda value: value[:20] if isinstance(value, str) else str(value),
    )
    def test_mistakes_in_the_syntax(
        self, tmp_path: Path, name: str, text: str, message: str, line: int | None
    ) -> None:
        file = tmp_path / name
        file.write_text(text)
        with pytest.raises(TenantError) as raised:
            read_tenant(file)
        problem = raised.value.problems[0]
        assert message in problem.message
        assert line is None or problem.line == line
        assert str(file) in str(raised.value)

    def test_aliases_do_not_fill_the_memory(self, tmp_path: Path) -> None:
        levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 20)]
        file = tmp_path / "t.yaml"
        file.write_text("\n".join(["l0: &l0 [x]", *levels]))
        with pytest.raises(TenantError, match="values"):
            read_tenant(file)

    @pytest.mark.parametrize("name", ["missing.yaml", "."])
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(TenantError, match=re.escape(str(tmp_path / name))):
            read_tenant(tmp_path / name)
        with pytest.raises(TenantError):
            check_tenant(tmp_path / name)

    def test_another_encoding(self, tmp_path: Path) -> None:
        file = tmp_path / "t.yaml"
        file.write_bytes("name: Müller".encode("latin-1"))
        with pytest.raises(TenantError, match="not UTF-8"):
            read_tenant(file)
        file.write_bytes(b"\xef\xbb\xbf" + START.encode())
        assert read_tenant(file).name == "Company"


@pytest.mark.parametrize(
    ("change", "place", "line", "message", "hint"),
    [
        (("parent: Categories", "parent: categores"), f"{MODEL}.lists[1].parent", 12,
         "no list is called 'categores'", "Did you mean 'Categories'?"),
        (("        files:", "        fils: []\n        files:"), f"{MODEL}.fils", 21,
         "there is no member 'fils' here", "Did you mean 'files'?"),
        (("format: BOOLEAN", "format: BOOL"), f"{MODEL}.modules[0].line_items[1].format", 19,
         "not one of the values that can be written here", "Did you mean 'BOOLEAN'?"),
        (("password: secret", "password: 1234"), "users[0].password", 3,
         "must be a text, but is a number", "Write it in quotes."),
        (("last_name: Self", "last_name: null"), "users[0].last_name", 3,
         "must be a text, but is empty", 'Such as "Self".'),
        ((", last_name: Self", ""), "users[0].last_name", 3,
         "the member 'last_name' is missing", 'Add it, such as "last_name": "Self".'),
        (("email: me@company.com", "email: me"), "users[0].email", 3,
         "does not have the form", 'Such as "me@company.com".'),
        (("      - name: Sales\n", "      - name: Sales\n        first_month: 2026-13-01\n"),
         f"{MODEL}.first_month", 8, "'2026-13-01' is not a date", 'Such as "2026-01-01".'),
        (("dimensions: [Products, Time]", "dimensions: Products"),
         f"{MODEL}.modules[0].dimensions", 18, "must be a list, but is a text",
         'Such as ["Products", "Time", "Versions"].'),
        (("code: P1, parent: Fruit", "code: P1, parent: Friut"),
         f"{MODEL}.lists[1].items[0].parent", 15, "list Categories has no item 'Friut'",
         "Did you mean 'Fruit'?"),
        (("Price: 1.5", "Price: much"), f"{MODEL}.lists[1].items[0].properties.Price", 15,
         "'much' is not valid", "Write a number such as 1234.5."),
        (("Products: P1,", "Products: P2,"), f"{MODEL}.modules[0].cells[0].Products", 20,
         "list Products has no item 'P2'", ""),
        (("Time: Jan 26", "Time: Jan 27"), f"{MODEL}.modules[0].cells[0].Time", 20,
         "list Time has no item 'Jan 27'", "Did you mean 'Jan 26'?"),
        ((", Time: Jan 26", ""), f"{MODEL}.modules[0].cells[0]", 20,
         "a cell of Units has no item of 'Time'", "Add the member 'Time'"),
        (("name: product}", "nmae: product}"), f"{MODEL}.imports[0].target.nmae", 25,
         "there is no member 'nmae' here", "Did you mean 'name'?"),
        (("actions: [Load,", "actions: [Laod,"), f"{MODEL}.processes[0].actions[0]", 27,
         "no action is called 'Laod'", "Did you mean 'Load'?"),
        (("files: [{name: products.csv}]", "files: []"), f"{MODEL}.imports[0].file", 24,
         "no file is called 'products.csv'", "None is described"),
        (("items: [{name: Fruit", "items_file: none.csv\n            items: [{name: Fruit"),
         f"{MODEL}.lists[0].items_file", 10, "no such file", "relative to the folder"),
        (("name: Categories\n", "name: Categories\n            id: 101000000000\n"),
         f"{MODEL}.lists[0].id", 10, "must be a text, but is a number", "Write it in quotes."),
        (("{name: Sold}", "{name: Sold, stored: true}"), f"{MODEL}.modules[0].line_items[0].stored",
         19, "only the values of a formula can be stored", "Add the formula"),
        (("{name: Sold}", "{name: Sold}, {name: Net, formula: IF Listed THEN 1 ELSE 2}"),
         f"{MODEL}.modules[0].line_items[1].formula", 19, "neither a constant nor", "stored: true"),
    ],
    ids=lambda value: value[0].strip()[:30] if isinstance(value, tuple) else "",
)  # fmt: skip
def test_a_mistake_has_its_place_and_what_to_write(
    write: Write, change: tuple[str, str], place: str, line: int | None, message: str, hint: str
) -> None:
    problems = problems_of(write(change))
    assert [(each.place, each.line) for each in problems] == ([(place, line)] if place else [])
    if problems:
        assert message in problems[0].message
        assert hint in problems[0].hint


def test_all_mistakes_are_found_at_once(write: Write) -> None:
    file = write(
        ("parent: Categories", "parent: Categores"),
        ("format: BOOLEAN", "format: BOOL"),
        ("actions: [Load, Units.csv]", "actions: [Laod, Units.csv]"),
        ("last_name: Self}", "last_name: Self, workspaces: {Planing: admin}}"),
        ("name: Company", "name: Company\ndefault_model: Sale\ncolour: red"),
        ("Sold: 1", "Sold: x"),
    )
    problems = problems_of(file)
    assert [each.place for each in problems] == [
        "default_model",
        "colour",
        "users[0].workspaces.Planing",
        f"{MODEL}.lists[1].parent",
        f"{MODEL}.modules[0].line_items[1].format",
        f"{MODEL}.modules[0].cells[0].Sold",
        f"{MODEL}.processes[0].actions[0]",
    ]
    assert problems[3].object == "list 'Products' of model 'Sales'"
    assert problems[0].column == 16
    with pytest.raises(TenantError) as raised:
        read_tenant(file)
    assert len(raised.value.problems) == len(problems)
    assert all(each.place in str(raised.value) for each in problems)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("parent: Categories", "numbered: often"), f"{MODEL}.lists[1].numbered"),
        (("- name: Categories", "- nmae: Categories"), f"{MODEL}.lists[0].nmae"),
        (("- name: Units\n", "- name: [Units]\n"), f"{MODEL}.modules[0].name"),
        (("{name: Sold}", "{name: Sold, style: 1}"), f"{MODEL}.modules[0].line_items[0].style"),
        (("- name: Load", "- name: Load\n            kind: x"), f"{MODEL}.imports[0].kind"),
        (("- name: Sales", "- name: Sales\n        months: 0"), f"{MODEL}.months"),
        (("code: P1,", "code: [P1],"), f"{MODEL}.lists[1].items[0].code"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_refers_to_an_object_with_a_mistake_is_no_mistake(
    write: Write, change: tuple[str, str], place: str
) -> None:
    places = [each.place for each in problems_of(write(change))]
    assert place in places
    assert set(places) <= {place, f"{MODEL}.lists[0].name"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{name: Sold}, {name: Listed,",
          "{name: Sold, id: 20100000001}, {name: Listed, id: 20100000001,"),
         "each object in a model needs an id"),
        (("[{name: Fruit, code: FR}]",
          "[{name: Fruit, id: '201000000001'}, {name: X, id: '202000000001'}]"),
         "same digits before the last nine"),
        (("[{name: Fruit, code: FR}]", "[{name: Fruit}, {name: fruit}]"), "name of its own"),
        (("[{name: Fruit, code: FR}]",
          "[{name: Fruit, id: '201000000001'}, {name: X, id: '201000000001'}]"),
         "each item needs an id of its own"),
        (("files: [{name: products.csv}]",
          "files: [{name: products.csv, id: '113000000001'}, {name: b, id: '113000000001'}]"),
         "each object in a model needs an id of its own"),
    ],
    ids=["line items", "prefix", "items", "ids of items", "files"],
)  # fmt: skip
def test_ids_and_names_are_distinct(write: Write, change: tuple[str, str], message: str) -> None:
    file = write((change[0], change[1].replace("20100000001", "'20100000001'")))
    assert any(message in each.message for each in problems_of(file))


def test_a_stored_formula_may_be_anything_and_has_cells(write: Write) -> None:
    file = write(("{name: Sold}", "{name: Sold, formula: IF x THEN y ELSE z, stored: true}"))
    assert read_tenant(file).workspaces[0].models[0].modules[0].line_items[0].stored
    into = "target: {module: Units, dimensions: {Products: a, Time: b}, line_items: {Sold: c}}"
    changed = file.read_text().replace("target: {list: Products, name: product}", into)
    file.write_text(changed)
    (problem,) = problems_of(file)
    assert problem.place == f"{MODEL}.imports[0].target.line_items.Sold"


def test_actions_without_target_module_or_file_are_allowed(write: Write) -> None:
    file = write(
        ("            file: products.csv\n", ""),
        ("            target: {list: Products, name: product}\n", ""),
        ("exports: [{name: Units.csv, module: Units}]",
         "exports: [{name: Units.csv}]\n        other_actions: [{name: Else}]"),
        ("actions: [Load,", "actions: [Else, Load,"),
    )  # fmt: skip
    assert problems_of(file) == []


class TestFilesOfData:
    ITEMS = "items: [{name: Apple, code: P1, parent: Fruit, properties: {Price: 1.5}}]"
    CELLS = "cells: [{Products: P1, Time: Jan 26, Sold: 1}]"

    @pytest.fixture
    def file(self, write: Write) -> Path:
        return write(
            (self.ITEMS, "items_file: data/items.csv"), (self.CELLS, "cells_file: data/cells.csv")
        )

    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        folder = tmp_path / "data"
        folder.mkdir()
        (folder / "items.csv").write_text(
            "name,code,parent,Price,subset: Seasonal\nApple,P1,Fruit,1.5,true\n"
        )
        (folder / "cells.csv").write_text("PRODUCTS,time,Sold\np1,Jan 26,1\n")
        return folder

    def test_paths_become_absolute(
        self, file: Path, data: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(file.parent)
        model = read_tenant(file.name).workspaces[0].models[0]
        assert model.lists[1].items_file == str(data / "items.csv")
        assert model.modules[0].cells_file == str(data / "cells.csv")
        again = TenantDescription.model_validate_json(read_tenant(file).model_dump_json())
        assert again == read_tenant(file)

    def test_mistakes_have_their_file_and_line(self, file: Path, data: Path) -> None:
        items, cells = data / "items.csv", data / "cells.csv"
        items.write_text("name,prent,Price\nApple,Fruit,1\nPear,Fruit,x\nApple,Fruit,2\n")
        cells.write_text("Products,Sold\nApple,1\nPlum,2\nApple,much\n")
        found = [(each.file, each.line, each.message) for each in problems_of(file)]
        assert found == [
            (str(items), 1, "no column 'prent' is expected"),
            (str(items), 3, "Price: 'x' is not valid"),
            (str(items), 4, "name: each item needs a name of its own"),
            (str(cells), 1, "there is no column 'Time'"),
            (str(cells), 3, "Products: list Products has no item 'Plum'"),
            (str(cells), 4, "Sold: 'much' is not valid"),
        ]
        # To start an emulator only the columns are checked before rows are loaded.
        with pytest.raises(TenantError) as raised:
            read_tenant(file)
        assert [each.line for each in raised.value.problems] == [1, 1]

    def test_the_first_hundred_mistakes_are_reported(self, file: Path, data: Path) -> None:
        rows = "".join(f"P1,Jan 26,x{n}\n" for n in range(500))
        (data / "cells.csv").write_text(f"Products,Time,Sold\n{rows}")
        assert len(problems_of(file)) == 100

    def test_files_that_are_not_text(self, file: Path, data: Path) -> None:
        (data / "cells.csv").write_bytes(b"Products,Time,Sold\n\xff\xfe,x,1\n")
        assert [each.message for each in problems_of(file)] == ["the file is not UTF-8"]

    def test_data_is_in_the_file_or_beside_it(self, write: Write, data: Path) -> None:
        file = write(
            (self.ITEMS, f"items_file: data/items.csv\n            {self.ITEMS}"),
            (self.CELLS, f"cells_file: data/cells.csv\n            {self.CELLS}"),
            (
                "{name: products.csv}",
                "{name: products.csv, default: x, default_file: data/items.csv}",
            ),
        )
        assert [each.place for each in problems_of(file)] == [
            f"{MODEL}.lists[1].items_file",
            f"{MODEL}.modules[0].cells_file",
            f"{MODEL}.files[0].default_file",
        ]

    def test_a_request_cannot_name_them(self, data: Path) -> None:
        user = {"email": "a@b.c", "password": "x", "first_name": "A", "last_name": "B"}
        lists = [{"name": "l", "items_file": str(data / "items.csv")}]
        workspace = {"name": "w", "models": [{"name": "m", "lists": lists}]}
        content = {"name": "x", "users": [user], "workspaces": [workspace]}
        from anaplan_emulator.tenant.tenant_file import parse_tenant

        with pytest.raises(TenantError, match="can't name files"):
            parse_tenant(json.dumps(content))


def test_many_rows_are_checked_in_little_memory(write: Write, tmp_path: Path) -> None:
    file = write(
        (TestFilesOfData.ITEMS, "items_file: items.csv"),
        (TestFilesOfData.CELLS, "cells_file: cells.csv"),
    )
    with (tmp_path / "items.csv").open("w") as items:
        items.writelines(["name\n", *(f"P{n}\n" for n in range(50_000))])
    with (tmp_path / "cells.csv").open("w") as cells:
        cells.write("Products,Time,Sold\n")
        cells.writelines(f"P{n},{month} 26,1\n" for n in range(50_000) for month in ("Jan", "May"))
    program = (
        "import resource, sys; from anaplan_emulator import check_tenant; "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; "
        "assert check_tenant(sys.argv[1])[1] == (); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(file)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 60_000  # Kilobytes: mostly the modules themselves.


def test_problems_do_not_show_secrets(write: Write) -> None:
    file = write(("password: secret", "password: [s3cret]"))
    with pytest.raises(TenantError) as raised:
        read_tenant(file)
    assert "s3cret" not in f"{raised.value} {raised.value.problems}"


SHOP = ROOT / "tests" / "tenants" / "shop.json"


def changed(content: Any, path: str, value: object) -> Any:
    """Return the shop with a value replaced or added."""
    described = json.loads(json.dumps(content))
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    place = described
    for step in steps:
        place = place[step]
    place[last] = value
    return described


@pytest.mark.parametrize(
    ("path", "value", "places"),
    [
        ("cloud_works/connections/0/owner", "adda@shop.example",
         ["cloud_works.connections[0].owner"]),
        ("cloud_works/connections/0/store", "none", ["cloud_works.connections[0].store"]),
        ("cloud_works/flows/0/steps/0", "none", ["cloud_works.flows[0].steps[0]"]),
        ("cloud_works/stores/0/type", "S3", ["cloud_works.stores[0].type"]),
        ("consolidation", {"tenant": "x", "api_token": "x", "models": {"m": ["Nope"]},
                           "users": [{"name": "u", "full_name": "U", "email": "e",
                                      "roles": ["r"]}]},
         ["consolidation.models.m[0]", "consolidation.users[0].roles[0]"]),
        ("audit_events", [{"hours_ago": 1, "event": "USR-99", "user": "x@y.z", "model": "Salse"}],
         ["audit_events[0].event", "audit_events[0].user", "audit_events[0].model"]),
        ("users/0/workspaces", {"Shp": "admin"}, ["users[0].workspaces.Shp"]),
        ("workspaces/0/models/0/roles", {"who@shop.example": "Buyer"},
         [f"{MODEL}.roles['who@shop.example']"]),
        ("workspaces/0/models/0/lists/0/parent", "Products", [f"{MODEL}.lists[0].parent",
                                                              f"{MODEL}.lists[1].parent"]),
        ("workspaces/2/models/1/revisions/1/structure",
         {"lists": [{"name": "Areas", "properties": [{"name": "P", "format": "LIST",
                                                     "list": "Aras"}],
                     "items": [{"name": "West", "properties": {"Q": 1}}]},
                    {"name": "Goods", "parent": "Shelfs"}],
          "modules": [{"name": "Filling", "line_items": [{"name": "boxes"}],
                       "views": [{"name": "v"}]},
                      {"name": "New", "dimensions": ["Aera"],
                       "line_items": [{"name": "n", "formula": "m"}]}]},
         ["lists[0].properties[0].list", "lists[0].items[0].properties.Q", "lists[1].parent",
          "modules[0].line_items[0].name", "modules[0].views", "modules[1].dimensions[0]",
          "modules[1].line_items[0].formula"]),
        ("workspaces/2/models/1/revisions/1/author", "root@shop.exampel",
         ["workspaces[2].models[1].revisions[1].author"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_references_in_every_part_are_checked(
    tmp_path: Path, path: str, value: object, places: list[str]
) -> None:
    file = tmp_path / "shop.json"
    file.write_text(json.dumps(changed(json.loads(SHOP.read_text()), path, value), indent=1))
    problems = problems_of(file)
    found = {each.place.rpartition(".structure.")[2] for each in problems}
    assert found == set(places)
    assert all(each.line and each.hint for each in problems)


def test_a_description_in_python_has_all_its_mistakes() -> None:
    content = changed(json.loads(SHOP.read_text()), "default_model", "Salse")
    content["default_user"] = "nobody@shop.example"
    with pytest.raises(ValueError, match="default_user: ") as raised:
        TenantDescription.model_validate(content)
    assert "default_model: no model is called 'Salse'. Did you mean 'Sales'?" in str(raised.value)


@pytest.mark.parametrize("seed", range(3))
def test_any_change_is_reported_without_a_crash(tmp_path: Path, seed: int) -> None:
    content = json.loads(SHOP.read_text())
    random = Random(seed)
    file = tmp_path / "shop.json"
    for _ in range(10):
        described = json.loads(json.dumps(content))
        for _ in range(3):
            _mutate(described, random)
        file.write_text(json.dumps(described))
        tenant, problems = check_tenant(file)
        assert (tenant is None) == bool(problems)
        assert all(each.message for each in problems)


def _mutate(place: Any, random: Random) -> None:
    """Replace, remove or rename a random value."""
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = random.choice(keys)
        if isinstance(place[key], dict | list) and place[key] and random.random() < 0.8:
            place = place[key]
            continue
        kind = random.randrange(3)
        if kind == 0 and isinstance(place, dict):
            place[f"{key}x"] = place.pop(key)
        elif kind == 1:
            del place[key]
        else:
            place[key] = random.choice(
                [None, 7, -1.5, True, "", "x\u0000\ud7ff", [], {}, [[]], {"name": 1}]
            )
        return
