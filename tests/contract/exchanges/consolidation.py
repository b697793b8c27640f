"""Financial Consolidation: tables, dimensions, workflows and users."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.contract.exchange import Exchange, path_values

if TYPE_CHECKING:
    from tests.contract.conftest import RequestParts, Scenario

HEADERS = {"X_API_TOKEN": "shop-consolidation-token", "TENANT": "Corner Shop"}
_Exchange = partial(Exchange, specification="financial-consolidation", user=None, headers=HEADERS)

TABLE = "/odata/{tableName}"
BATCH = "/odata/batch/{tableName}"
START = "/process/start/{path}/{name_of_workflow}"
STOP = "/process/stop/{path}/{name_of_workflow}"
STATE = "/process/state/{path}/{name_of_workflow}"
MEMBERS = "/metadata/Dimensions/{dimensionName}"
OF_MODEL = "/metadata/models/{modelName}/Dimensions"
USER = "/users/{username}"
ROLES = "/user/{username}/roles"

LEDGER = path_values(tableName="Ledger")
LOAD = path_values(path="Imports/Nightly", name_of_workflow="Load")
ADA = path_values(username="ada@fluence.app")
ROW = {"Account_Name": "1130", "Scenario_Name": "Actual", "Amount": 1.5, "Text": None}
USER_INPUT = {
    "userName": "new@fluence.app",
    "fullName": "New",
    "isDisabled": False,
    "email": "new@shop.example",
    "roles": ["Reviewer"],
}
BUDGET = {"$filter": "Scenario_Name eq 'Budget'"}


def started(scenario: Scenario) -> RequestParts:
    """Start the workflow."""
    url = "/api/v2305.1/process/start/Imports/Nightly/Load"
    scenario.http.post(url, headers=HEADERS).raise_for_status()
    return LOAD(scenario)


# The API token permits everything, and every operation requires it.
_OPERATIONS = [
    ("GET", TABLE),
    ("POST", TABLE),
    ("PUT", TABLE),
    ("DELETE", TABLE),
    ("POST", BATCH),
    ("GET", "/metadata/Dimensions"),
    ("GET", OF_MODEL),
    ("GET", MEMBERS),
    ("POST", START),
    ("POST", STOP),
    ("GET", STATE),
    ("GET", "/users"),
    ("POST", "/users"),
    ("PUT", "/users"),
    ("DELETE", USER),
    ("GET", ROLES),
    ("PUT", ROLES),
    ("DELETE", ROLES),
]

EXCHANGES = [
    *(_Exchange(method, path, 401, headers={}) for method, path in _OPERATIONS),
    _Exchange("GET", "/users", 403, headers={**HEADERS, "TENANT": "Another"}),
    _Exchange("GET", TABLE, 200, LEDGER),
    _Exchange("GET", TABLE, 200, LEDGER, query=BUDGET),
    _Exchange("GET", TABLE, 200, LEDGER, query={"Page": "1", "PageSize": "3"}),
    _Exchange("GET", TABLE, 400, LEDGER, query={"PageSize": "2501"}),
    _Exchange("GET", TABLE, 404),
    _Exchange("POST", TABLE, 200, LEDGER, json=ROW),
    _Exchange("POST", TABLE, 400, LEDGER, json={"Colour": "red"}),
    _Exchange("POST", TABLE, 415, LEDGER, content=b"{}"),
    _Exchange("PUT", TABLE, 200, LEDGER, query=BUDGET, json={"Amount": 1}),
    _Exchange("PUT", TABLE, 400, LEDGER, json={"Amount": 1}),
    _Exchange("DELETE", TABLE, 200, LEDGER, query=BUDGET),
    _Exchange("DELETE", TABLE, 204, LEDGER),
    _Exchange("DELETE", TABLE, 400, LEDGER, query={"$filter": "Amount eq"}),
    _Exchange("POST", BATCH, 200, LEDGER, json=[ROW, ROW]),
    _Exchange("POST", BATCH, 400, LEDGER, json=ROW),
    _Exchange("GET", "/metadata/Dimensions", 200),
    _Exchange("GET", OF_MODEL, 200, path_values(modelName="Consolidation")),
    _Exchange("GET", OF_MODEL, 404),
    _Exchange("GET", MEMBERS, 200, path_values(dimensionName="Account")),
    _Exchange("GET", MEMBERS, 200, path_values(dimensionName="Account"), query={"Page": "2"}),
    _Exchange("GET", MEMBERS, 404),
    _Exchange("POST", START, 200, LOAD, json=[]),
    _Exchange("POST", START, 404, json=[]),
    _Exchange("POST", STOP, 200, started),
    _Exchange("POST", STOP, 404),
    _Exchange("GET", STATE, 200, started),
    _Exchange("GET", STATE, 200, path_values(path="Imports", name_of_workflow="None")),
    _Exchange("GET", "/users", 200),
    _Exchange("POST", "/users", 200, json=[USER_INPUT]),
    _Exchange("POST", "/users", 400, json=USER_INPUT),
    _Exchange("PUT", "/users", 200, json={**USER_INPUT, "userName": "ada@fluence.app"}),
    _Exchange("PUT", "/users", 404, json=USER_INPUT),
    _Exchange("DELETE", USER, 200, ADA),
    _Exchange("DELETE", USER, 200),
    _Exchange("GET", ROLES, 200, ADA),
    _Exchange("GET", ROLES, 404),
    _Exchange("PUT", ROLES, 200, ADA, json=["Reviewer"]),
    _Exchange("PUT", ROLES, 400, ADA, json=["Nobody"]),
    _Exchange("DELETE", ROLES, 200, ADA, json="Admin"),
    _Exchange("DELETE", ROLES, 404, json="Admin"),
]
