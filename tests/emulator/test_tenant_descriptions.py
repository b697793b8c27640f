import copy
import json
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from anaplan_emulator import TenantDescription
from anaplan_emulator.loaders.tenant_loader import load_tenant
from anaplan_emulator.store.database import Store
from anaplan_emulator.tenant.problems import TenantError
from anaplan_emulator.tenant.tenant_file import read_tenant
from anaplan_emulator.tenant_state import TenantState

SHOP = json.loads((Path(__file__).parents[1] / "tenants" / "shop.json").read_text("utf-8"))


def with_change(path: str, value: object) -> dict[str, Any]:
    """Return the shop's description with one change."""
    described: dict[str, Any] = copy.deepcopy(SHOP_WITH_IDS if value == ID else SHOP)
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    place: Any = described
    for step in steps:
        place = place[step]
    place[last] = value
    return described


MODEL = "workspaces/0/models/0"
ID = "8a81b0118a81b0118a81b0118a81b011"
SHOP_WITH_IDS = copy.deepcopy(SHOP)
SHOP_WITH_IDS["cloud_works"]["integrations"][0] |= {"id": ID, "notification_id": ID}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("default_workspace", "Nowhere", "no workspace is called 'Nowhere'"),
        ("default_model", "Nothing", "no model is called 'Nothing'"),
        ("users/0/workspaces", {"Nowhere": "admin"}, "no workspace is called 'Nowhere'"),
        ("workspaces/1/name", "Shop", "two workspaces have the same name"),
        (f"{MODEL}/name", "LIVE", "each model needs a name of its own"),
        (f"{MODEL}/roles", {"nobody@shop.example": "Buyer"}, "not one of the users"),
        (f"{MODEL}/unknown", 1, "Extra inputs are not permitted"),
        (f"{MODEL}/lists/1/parent", "Worlds", "no list is called 'Worlds'"),
        (f"{MODEL}/lists/1/name", "regions", "each list needs a name of its own"),
        (f"{MODEL}/lists/2/items", [{"name": "x"}], "unless the list is numbered"),
        (f"{MODEL}/lists/0/items", [{"code": "x"}], "unless the list is numbered"),
        (f"{MODEL}/lists/1/properties/0/format", "LIST", "the format LIST needs a list"),
        (f"{MODEL}/modules/0/dimensions", ["Space"], "no dimension is called 'Space'"),
        (f"{MODEL}/modules/1/line_items/0/formula", "Drop + 1", "Drop . 1 is neither"),
        (f"{MODEL}/modules/1/line_items/0/formula", "Amount - Drop", "'Amount' is not a number"),
        (f"{MODEL}/modules/1/line_items/0/formula", "Amount Drop +", "neither a constant nor"),
        (f"{MODEL}/modules/1/line_items/1/formula", "Amount", "Amount is not a constant"),
        (f"{MODEL}/modules/0/views/0/rows", [], "must not be empty"),
        (
            f"{MODEL}/modules/0/views/0/rows",
            ["Orders"],
            "must be on exactly one axis",
        ),
        (f"{MODEL}/modules/0/views/0/columns", ["Line Items", "Time"], "come last on their axis"),
        (f"{MODEL}/modules/0/views/0/hidden", ["Colour"], "no line item is called 'Colour'"),
        (f"{MODEL}/modules/0/views/0/filter", "Units", "no boolean line item is called 'Units'"),
        (f"{MODEL}/modules/0/views/0/name", "one by one", "each view needs a name of its own"),
        (f"{MODEL}/modules/1/cells/0/Amonut", 1, "no writable line item"),
        (f"{MODEL}/modules/1/cells/0/Known", True, "no writable line item"),
        (f"{MODEL}/modules/1/cells/0", {"Amount": 1}, "has no item of 'Orders'"),
        (f"{MODEL}/imports/0/file", "none.csv", "no file is called 'none.csv'"),
        (f"{MODEL}/imports/0/target/properties", {"Colour": "c"}, "no property"),
        (f"{MODEL}/imports/0/target/code", {"column": "a", "ask": "b"}, "a source is one of"),
        (f"{MODEL}/imports/1/target/name", None, "isn't mapped"),
        (f"{MODEL}/imports/5/target/name", "Name", "is numbered"),
        (
            f"{MODEL}/imports/2/target/dimensions",
            {"Products": "p"},
            "must map Products, Time",
        ),
        (f"{MODEL}/imports/2/target/line_items", {"Weight": "w"}, "no writable line item"),
        (f"{MODEL}/exports/0/rows", ["Products"], "only a grid has axes"),
        (f"{MODEL}/exports/2/pages", [], "must be on exactly one axis"),
        (f"{MODEL}/exports/2/columns", ["Time"], "must be on columns or on pages"),
        (f"{MODEL}/exports/0/export_format", "application/vnd.ms-excel", "text/csv"),
        (f"{MODEL}/deletions/0/line_item", "Amount", "boolean line item"),
        (f"{MODEL}/deletions/0/module", "Sales", "boolean line item"),
        (f"{MODEL}/optimizers/0/module", "Stocks", "no module is called 'Stocks'"),
        (f"{MODEL}/optimizers/0/objective", "Comment", "no writable number line item of Sales"),
        (f"{MODEL}/optimizers/0/choice", "Units", "no writable boolean line item of Sales"),
        (f"{MODEL}/optimizers/0/name", "Nightly", "each action needs a name"),
        ("cloud_works/integrations/1/id", ID, "each integration needs an id of its own"),
        ("cloud_works/integrations/1/notification_id", ID, "each notification needs an id"),
        ("cloud_works/connections/0/id", "8A81", "should match pattern"),
        (f"{MODEL}/processes/0/actions", ["Nothing"], "no action is called 'Nothing'"),
        (f"{MODEL}/processes/0/actions", ["Clean up"], "no action is called 'Clean up'"),
    ],
)
def test_contradictions_are_rejected(path: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        TenantDescription.model_validate(with_change(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (f"{MODEL}/modules/1/cells/0/Orders", "O9"),
        (f"{MODEL}/modules/1/cells/0/Amount", "much"),
        (f"{MODEL}/lists/1/items/0/parent", "Atlantis"),
    ],
)
def test_invalid_cells_and_items_are_rejected_when_loading(path: str, value: object) -> None:
    tenant = TenantDescription.model_validate(with_change(path, value))
    store = Store()
    try:
        with pytest.raises(TenantError, match="Corner Shop"), store.transaction() as db:
            load_tenant(db, tenant)
    finally:
        store.close()


def test_each_error_in_a_file_is_a_line_with_its_location(tmp_path: Path) -> None:
    described = with_change(f"{MODEL}/lists/1/nmae", "secret")
    described["workspaces"][0]["models"][0]["imports"][0]["target"]["colour"] = "secret"
    described["users"][0]["email"] = "secret"
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(described))

    with pytest.raises(TenantError) as raised:
        read_tenant(file)

    heading, *mistakes = str(raised.value).splitlines()
    assert heading == f"{file}:"
    assert [mistake.partition(": ")[0].strip() for mistake in mistakes] == [
        "users[0].email, line 1",
        "workspaces[0].models[0].lists[1].nmae, line 1",
        "workspaces[0].models[0].imports[0].target.colour, line 1",
    ]
    assert "secret" not in str(raised.value)
    assert "pydantic" not in str(raised.value)


def test_errors_do_not_contain_the_content_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(with_change("default_model", "Nothing")))

    with pytest.raises(TenantError) as raised:
        read_tenant(file)

    expected = f"{file}:\n  default_model, line 1: no model is called 'Nothing'. Choose one of "
    assert str(raised.value).startswith(expected)


def test_the_default_tenant_matches_its_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "emulator-tenant.md").read_text("utf-8")
    tenant = read_tenant(None)
    store = Store()
    try:
        with store.transaction() as db:
            load_tenant(db, tenant)
            flight_operations = "model = (SELECT key FROM models ORDER BY key LIMIT 1)"
            loaded = {
                *db.execute(f"SELECT id, name FROM actions WHERE {flight_operations}"),
                *db.execute(
                    f"SELECT id, name FROM files WHERE {flight_operations} AND id GLOB '113*'"
                ),
            }
            ids = [*db.execute("SELECT id FROM models"), *db.execute("SELECT id FROM workspaces")]
    finally:
        store.close()
    rows = re.findall(r"^\| (1\d{11}) \| ([^|:]+?)(?:: [^|]+)? \|$", page, re.MULTILINE)
    assert set(rows) == {tuple(row) for row in loaded}
    assert all(row["id"] in page for row in ids)
    for user in tenant.users:
        assert f"| `{user.email}` | `{user.password}` |" in page


def test_ids_of_cloud_works_can_be_given() -> None:
    described = copy.deepcopy(SHOP)
    cloud = described["cloud_works"]
    ids = (f"{number:032x}" for number in count(1))
    for each in (*cloud["connections"], *cloud["integrations"], *cloud["flows"]):
        each["id"] = next(ids)
    for each in (*cloud["integrations"], *cloud["flows"]):
        each["notification_id"] = next(ids)
    state = TenantState(tenant=TenantDescription.model_validate(described))
    try:
        with state.store.snapshot() as db:
            for kind in ("connections", "integrations"):
                given = {each["name"]: each["id"] for each in cloud[kind]}
                if kind == "integrations":
                    given |= {each["name"]: each["id"] for each in cloud["flows"]}
                rows = db.execute(f"SELECT name, id FROM cloud_{kind}").fetchall()
                assert {row["name"]: row["id"] for row in rows} == given
            rows = db.execute("SELECT id FROM cloud_notifications").fetchall()
            notified = (*cloud["integrations"], *cloud["flows"])
            assert {row["id"] for row in rows} == {each["notification_id"] for each in notified}
            parts = "".join(row[0] for row in db.execute("SELECT parts FROM cloud_integrations"))
        for each in cloud["connections"]:
            assert each["id"] in parts or each["name"] not in str(cloud["integrations"])
        steps = {step for flow in cloud["flows"] for step in flow["steps"]}
        assert all(each["id"] in parts for each in cloud["integrations"] if each["name"] in steps)
    finally:
        state.close()
    schema = TenantDescription.model_json_schema()["$defs"]
    for name in ("ConnectionDescription", "IntegrationDescription", "FlowDescription"):
        assert "id" in schema[name]["properties"]
