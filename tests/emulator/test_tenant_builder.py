"""A tenant that is built in Python: its content, the ids of its handles, and mistakes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from anaplan_emulator import (
    BOOLEAN,
    DATE,
    LINE_ITEMS,
    NUMBER,
    TEXT,
    TIME,
    VERSIONS,
    Emulator,
    ListBuilder,
    ModelBuilder,
    ModuleBuilder,
    SourceField,
    TenantBuilder,
    TenantDescription,
    TenantError,
)
from anaplan_sdk import Client


@dataclass
class Shop:
    """A tenant with one of everything."""

    tenant: TenantBuilder = field(default_factory=TenantBuilder)

    def __post_init__(self) -> None:
        self.model = self.tenant.model("Sales", months=3, first_month=date(2026, 4, 1))
        self.regions = self.model.list("Regions", ["North", "South"], top_level_item="All")
        self.products = self.model.list(
            "Products",
            {"P1": "Shoes", "P2": "Hats"},
            parent=self.regions,
            properties={"Price": NUMBER, "Home": self.regions},
            subsets=["New"],
        ).item(
            "Socks",
            code="P3",
            parent="North",
            properties={"Price": 2.5, "Home": "South"},
            subsets=["New"],
        )
        self.orders = self.model.list(
            "Orders", ["O-1"], numbered=True, properties={"Label": TEXT}, display_name="Label"
        )
        self.sales = self.model.module(
            "Sales", [self.products, TIME], {"Units": NUMBER, "Region": self.regions}
        )
        self.sales.line_item("Double", formula="Units + Units")
        self.sales.cell(["P1", "Apr 26"], {"Units": 5, "Region": "North"})
        self.view = self.sales.view("By month", rows=[self.products], columns=[TIME, LINE_ITEMS])
        self.flags = self.model.module("Flags", [self.products], {"Old": BOOLEAN, "Day": DATE})
        self.plan = self.model.module("Plan", [self.products, VERSIONS], {"Amount": NUMBER})
        self.load = self.model.import_file("sales.csv", into=self.sales)
        self.items = self.model.import_file(
            "products.csv", into=self.products, columns={"code": "Number", "name": "Product"}
        )
        self.actual = self.model.import_file(
            self.load.file,
            into=self.plan,
            columns={"Versions": SourceField(constant="Actual"), "Amount": "Units"},
            name="Actuals",
        )
        self.export = self.model.export("sales out.csv", self.sales, labels="code")
        self.grid = self.model.export(
            "grid.csv",
            self.sales,
            layout="GRID_ALL_PAGES",
            rows=[self.products],
            columns=[TIME, LINE_ITEMS],
        )
        self.cleanup = self.model.deletion("Delete old", self.products, self.flags, "Old")
        self.other = self.model.other_action("Open dashboard", "OPEN_DASHBOARD")
        self.nightly = self.model.process("Nightly", [self.load, self.export])
        self.planner = self.tenant.user("pat.planner@company.example", api_keys=["robot"])


def test_a_module_without_dimensions_and_a_formula_with_stored_values() -> None:
    tenant = TenantBuilder()
    settings = tenant.model("Sales", months=1).module("Settings", [], {"Rate": NUMBER})
    settings.line_item("Root", formula="SQRT(Rate)", stored=True)
    settings.cell([], {"Rate": 9, "Root": 3})
    (module,) = tenant.build().workspaces[0].models[0].modules
    assert module.dimensions == ()
    assert module.cells == ({"Rate": 9, "Root": 3},)
    with Emulator(tenant) as emulator:
        assert emulator.describe().workspaces[0].models[0].modules[0].cells == module.cells


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="module")
def running(shop: Shop) -> Iterator[Emulator]:
    with Emulator(shop.tenant) as emulator:
        yield emulator


@pytest.fixture
def client(running: Emulator) -> Iterator[Client]:
    running.reset()
    with Client(
        base_url=running.base_url,
        user_email=running.user_email,
        password=running.password,
        workspace_id=running.workspace_id,
        model_id=running.model_id,
    ) as client:
        yield client


def test_handles_have_the_ids_that_the_emulator_has(shop: Shop, client: Client) -> None:
    assert client.get_model().id == shop.model.id
    found = {
        "lists": {each.name: each.id for each in client.tr.get_lists()},
        "modules": {each.name: each.id for each in client.tr.get_modules()},
        "files": {each.name: each.id for each in client.get_files()},
        "imports": {each.name: each.id for each in client.get_imports()},
        "exports": {each.name: each.id for each in client.get_exports()},
        "actions": {each.name: each.id for each in client.get_actions()},
        "processes": {each.name: each.id for each in client.get_processes()},
    }
    expected: dict[str, list[Any]] = {
        "lists": [shop.regions, shop.products, shop.orders],
        "modules": [shop.sales, shop.flags, shop.plan],
        "files": [shop.load.file, shop.items.file],
        "imports": [shop.load, shop.items, shop.actual],
        "exports": [shop.export, shop.grid],
        "actions": [shop.cleanup, shop.other],
        "processes": [shop.nightly],
    }
    for kind, handles in expected.items():
        ids = {each.name: each.id for each in handles}
        assert {name: found[kind].get(name) for name in ids} == ids
    assert shop.view.id in [each.id for each in client.tr.get_views()]


def test_items_have_their_parents_properties_and_subsets(shop: Shop, client: Client) -> None:
    items = {each.code: each for each in client.tr.get_list_items(shop.products.id)}
    assert [each.name for each in items.values()] == ["Shoes", "Hats", "Socks"]
    assert items["P3"].parent == "North"
    described = shop.products.build().items[2]
    assert described.properties == {"Price": 2.5, "Home": "South"}
    assert described.subsets == ("New",)


def test_a_pipeline_runs(shop: Shop, client: Client) -> None:
    content = "Products,Time,Units,Region\nP2,May 26,3,South\nXX,May 26,1,\n"
    task = client.upload_and_import(shop.load.file.id, content, shop.load.id)
    assert task.result.failure_dump_available
    client.run_action(shop.actual.id)
    exported = client.export_and_download(shop.export.id).decode()
    assert exported.splitlines()[:2] == [
        "Products,Time,Units,Region,Double",
        "P1,Apr 26,5,North,10",
    ]
    assert "P2,May 26,3,South,6" in exported
    new = "Number,Product\nP4,Gloves\n"
    client.upload_and_import(shop.items.file.id, new, shop.items.id)
    assert "Gloves" in [each.name for each in client.tr.get_list_items(shop.products.id)]


def test_users_have_names_passwords_and_keys(shop: Shop, running: Emulator) -> None:
    users = {user.email: user for user in shop.tenant.build().users}
    planner = users[shop.planner.email]
    assert (planner.first_name, planner.last_name) == ("Pat", "Planner")
    assert users[shop.tenant.main_user.email].workspaces == {"Workspace": "admin"}
    assert running.api_key == shop.planner.api_keys["robot"]
    for secret in (shop.planner.password, shop.planner.api_keys["robot"]):
        assert secret not in repr(shop.planner)


def test_a_builder_makes_the_same_tenant_each_time(tmp_path: Path) -> None:
    described = Shop().tenant.build()
    assert described == Shop().tenant.build()
    file = tmp_path / "tenant.json"
    file.write_text(described.model_dump_json(), encoding="utf-8")
    assert TenantDescription.model_validate_json(file.read_text(encoding="utf-8")) == described


def test_a_running_emulator_loads_a_builder(running: Emulator, shop: Shop) -> None:
    other = TenantBuilder("Other")
    model = other.workspace("Second").model("Costs", id="0123456789ABCDEF" * 2)
    running.load_tenant(other)
    try:
        assert running.model_id == model.id == "0123456789ABCDEF" * 2
    finally:
        running.load_tenant(shop.tenant)


def test_what_has_no_method_is_given_as_in_a_file() -> None:
    tenant = TenantBuilder(roles=["tenant_auditor"])
    client = tenant.oauth_client("Portal", "https://portal.company.example/callback")
    tenant.model("Sales").role(tenant.main_user.email, "Planner")
    tenant.other(licenses=["Enterprise"], consolidation={"tenant": "Group", "api_token": "t"})
    described = tenant.build()
    assert described.oauth_clients == (client,)
    assert described.licenses == ("Enterprise",)
    assert described.consolidation is not None
    assert described.workspaces[0].models[0].roles == {tenant.main_user.email: "Planner"}


def test_ids_may_be_given() -> None:
    model = TenantBuilder().model("Sales")
    first = model.list("First", id=101000000001)
    second = model.list("Second")
    third = model.list("Third")
    assert (first.id, second.id, third.id) == (101000000001, 101000000000 + 2, 101000000003)


def other_model() -> ModelBuilder:
    return TenantBuilder().model("Costs")


def other_list() -> ListBuilder:
    return other_model().list("Accounts")


def other_module() -> ModuleBuilder:
    model = other_model()
    return model.module("Ledger", [model.list("Accounts")], {"Amount": NUMBER})


Mistake = Callable[[Shop], object]
MISTAKES: dict[str, tuple[Mistake, str]] = {
    "a list twice": (
        lambda shop: shop.model.list("regions"),
        "model Sales has the list Regions already",
    ),
    "an item twice": (lambda shop: shop.products.item("Shoes"), "has an item called 'Shoes'"),
    "a code twice": (lambda shop: shop.products.item("Boots", code="P1"), "the code 'P1' already"),
    "no name": (lambda shop: shop.products.item(code="P9"), "an item needs a name"),
    "a numbered name": (lambda shop: shop.orders.item("O-2"), r"numbered.*item\(code='O-2'\)"),
    "items as a text": (lambda shop: shop.regions.items("East"), r"such as \['East'\]"),
    "an unknown parent": (
        lambda shop: shop.products.item("Boots", parent="East"),
        "Regions has no item with the name or code 'East'",
    ),
    "no parent list": (
        lambda shop: shop.regions.item("East", parent="North"),
        "Regions has no parent list",
    ),
    "an unknown property": (
        lambda shop: shop.products.item("Boots", properties={"Colour": "red"}),
        "Products has no property called 'Colour'",
    ),
    "a text in a number": (
        lambda shop: shop.products.item("Boots", properties={"Price": "much"}),
        "Price: 'much' is not a value of the format NUMBER",
    ),
    "an unknown subset": (
        lambda shop: shop.products.item("Boots", subsets=["Old"]),
        "no subset called 'Old'",
    ),
    "a list of another model": (
        lambda shop: shop.model.list("Sizes", parent=other_list()),
        r"the list Accounts belongs to another model \(Costs\), and can't be used in Sales",
    ),
    "a format that is none": (
        lambda shop: shop.model.list("Sizes", properties={"Size": "NUMBER"}),  # type: ignore[dict-item]
        "Size: 'NUMBER' is not a format",
    ),
    "an unknown display name": (
        lambda shop: shop.model.list("Sizes", numbered=True, display_name="Size"),
        "'Size' is not one of the properties",
    ),
    "the name of a dimension": (
        lambda shop: shop.model.module("New", ["Regions"], {"A": NUMBER}),  # type: ignore[list-item]
        "'Regions' is not a dimension",
    ),
    "a dimension of another model": (
        lambda shop: shop.model.module("New", [other_list()], {"A": NUMBER}),
        "belongs to another model",
    ),
    "a module without line items": (
        lambda shop: shop.model.module("New", [TIME], {}),
        "module New needs a line item",
    ),
    "a dimension twice": (
        lambda shop: shop.model.module("New", [TIME, TIME], {"A": NUMBER}),
        "model Sales",
    ),
    "a formula": (
        lambda shop: shop.sales.line_item("Triple", formula="Units * 3"),
        r"model Sales: (.|\n)*Units \* 3",
    ),
    "a line item twice": (lambda shop: shop.sales.line_item("Units"), "model Sales"),
    "a cell of too few items": (
        lambda shop: shop.sales.cell("P1", {"Units": 1}),
        "needs an item of each of Products, Time",
    ),
    "a cell of an unknown month": (
        lambda shop: shop.sales.cell(["P1", "Jan 26"], {"Units": 1}),
        "Time has no item with the name or code 'Jan 26'",
    ),
    "a cell twice": (lambda shop: shop.sales.cell(["P1", "Apr 26"], {}), "has cells for P1"),
    "a cell with a formula": (
        lambda shop: shop.sales.cell(["P2", "Apr 26"], {"Double": 1}),
        "'Double' has a formula",
    ),
    "a cell of nothing": (
        lambda shop: shop.sales.cell(["P2", "Apr 26"], {"Amount": 1}),
        "'Amount' does not exist",
    ),
    "a view of too few axes": (
        lambda shop: shop.sales.view("Bad", rows=[TIME], columns=[LINE_ITEMS]),
        "model Sales: ",
    ),
    "an unknown column": (
        lambda shop: shop.model.import_file("new.csv", into=shop.sales, columns=["Unit"]),
        "an import into Sales can't write 'Unit', but only Products, Time, Units, Region",
    ),
    "columns mapped the wrong way": (
        lambda shop: shop.model.import_file("new.csv", into=shop.sales, columns={"sold": "Units"}),
        r"Products, Time, Units, Region: write \{'Units': 'sold'\}",
    ),
    "columns as a text": (
        lambda shop: shop.model.import_file("new.csv", into=shop.sales, columns="Units"),
        r"such as \['Units'\]",
    ),
    "only dimensions": (
        lambda shop: shop.model.import_file("new.csv", into=shop.sales, columns=["Time"]),
        "needs the column of a line item: Units, Region",
    ),
    "an import without a key": (
        lambda shop: shop.model.import_file("new.csv", into=shop.products, columns=["Price"]),
        "an import into Products",
    ),
    "a file twice": (
        lambda shop: shop.model.import_file("sales.csv", into=shop.plan),
        "has the file sales.csv already: pass its handle",
    ),
    "an import into another model": (
        lambda shop: shop.model.import_file("new.csv", into=other_module()),
        "belongs to another model",
    ),
    "an action twice": (
        lambda shop: shop.model.process("delete OLD", [shop.load]),
        "model Sales has the action Delete old already",
    ),
    "an action of another model": (
        lambda shop: shop.model.process("New", [Shop().load]),
        "belongs to another model",
    ),
    "an export of another model": (
        lambda shop: shop.model.export("new.csv", other_module()),
        "belongs to another model",
    ),
    "a grid without an axis": (
        lambda shop: shop.model.export("new.csv", shop.sales, layout="GRID_ALL_PAGES"),
        "action new.csv",
    ),
    "a deletion by a number": (
        lambda shop: shop.model.deletion("Delete", shop.products, shop.sales, "Units"),
        "model Sales: ",
    ),
    "an id of letters": (lambda shop: shop.tenant.workspace("W", id="x"), "workspace W: id"),
    "an id twice": (
        lambda shop: shop.model.list("Sizes", id=shop.regions.id),
        "the list Regions has the id 101000000000 already",
    ),
    "a user twice": (
        lambda shop: shop.tenant.user("PAT.planner@company.example"),
        "has the user PAT.planner@company.example already",
    ),
    "an e-mail address": (lambda shop: shop.tenant.user("pat"), "user pat: email"),
    "an unknown workspace": (
        lambda shop: shop.tenant.user("a@b.example", workspaces={"Finance": "admin"}),
        "no workspace is called 'Finance'",
    ),
    "a role of nobody": (
        lambda shop: shop.model.role("nobody@b.example", "Planner"),
        "'nobody@b.example' is not one of the users",
    ),
    "a model twice": (lambda shop: shop.tenant.model("SALES"), "has the model SALES already"),
    "a workspace twice": (
        lambda shop: shop.tenant.workspace("Workspace"),
        "has the workspace Workspace already",
    ),
    "no months": (lambda shop: shop.tenant.model("New", months=0), "model New: months"),
    "a callback without TLS": (
        lambda shop: shop.tenant.oauth_client("Portal", "http://portal.company.example/"),
        "must be https",
    ),
    "an unknown member": (lambda shop: shop.tenant.other(users=[]), "users is not one of"),
    "a member that contradicts": (
        lambda shop: shop.tenant.other(cloud_works={"connections": [{"name": "A"}]}),
        r"tenant Test Tenant: cloud_works.connections.0",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_raises_and_changes_nothing(name: str) -> None:
    mistake, message = MISTAKES[name]
    shop = Shop()
    before = shop.tenant.build()
    with pytest.raises(TenantError, match=message):
        mistake(shop)
    assert shop.tenant.build() == before


def test_a_list_with_a_wrong_item_is_not_added() -> None:
    model = TenantBuilder().model("Sales")
    with pytest.raises(TenantError, match="called 'A' already"):
        model.list("Letters", ["A", "A"])
    assert model.list("Letters", ["A", "B"]).id == 101000000000
