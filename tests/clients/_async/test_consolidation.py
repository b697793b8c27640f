"""Financial Consolidation: tables, dimensions, workflows and users."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import date
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, ConsolidationAccess
from anaplan_sdk.exceptions import (
    AnaplanRequestException,
    AnaplanResponseException,
    AnaplanTimeoutException,
    InvalidCredentialsException,
    InvalidIdentifierException,
    OutcomeUnknownException,
    PermissionDeniedException,
    WriteInterruptedException,
)
from anaplan_sdk.models.consolidation import UserInput, Value, WorkflowState, column
from anaplan_sdk.testing import EmulatedAnaplan

TOKEN = "Sk7l1ne-c0ns0lidation-token"
ACCESS = ConsolidationAccess(token=TOKEN, tenant="Skyline Airlines")
TABLE = "Consolidation"
FOLDER = "ImportsandExports"
ODATA = "/api/v2305.1/odata/*"
ACTUAL = column("Scenario_Name") == "Actual"


def consolidation_client(anaplan: EmulatedAnaplan, **arguments: Any) -> AsyncClient:
    """A client that has nothing else."""
    return AsyncClient(
        base_url=anaplan.emulator.base_url, consolidation=ACCESS, backoff=0.01, **arguments
    )


async def listed(rows: AsyncGenerator[dict[str, object]]) -> list[dict[str, object]]:
    return [row async for row in rows]


async def test_rows_whatever_the_page(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        rows = await listed(client.consolidation.get_rows(TABLE))
        assert len(rows) == await client.consolidation.count_rows(TABLE) == 5
        assert {"Account_Name", "Amount"} <= rows[0].keys()
        for size in (1, 2, 5):
            assert await listed(client.consolidation.get_rows(TABLE, page_size=size)) == rows
            spans = client.consolidation.get_rows(TABLE, page_size=size, top=3, skip=1)
            assert await listed(spans) == rows[1:4]
            rest = client.consolidation.get_rows(TABLE, page_size=size, skip=3)
            assert await listed(rest) == rows[3:]
        assert await listed(client.consolidation.get_rows(TABLE, top=0)) == []
        async with aclosing(client.consolidation.get_rows(TABLE, page_size=1)) as some:
            assert await anext(some) == rows[0]


async def test_rows_by_filter_and_in_order(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        get_rows = client.consolidation.get_rows
        actual = await listed(get_rows(TABLE, ACTUAL))
        assert actual == await listed(get_rows(TABLE, "Scenario_Name eq 'Actual'"))
        assert {row["Scenario_Name"] for row in actual} == {"Actual"}
        assert len(actual) == await client.consolidation.count_rows(TABLE, ACTUAL)
        others = await client.consolidation.count_rows(TABLE, ~ACTUAL)
        assert len(actual) + others == await client.consolidation.count_rows(TABLE)
        ordered = await listed(
            get_rows(TABLE, order_by=["Amount desc", "Account_Name"], select=["Amount"])
        )
        amounts: list[Any] = [row["Amount"] for row in ordered]
        assert len(amounts) == await client.consolidation.count_rows(TABLE) > 1
        assert amounts == sorted(amounts, reverse=True)
        assert all(row.keys() == {"Amount"} for row in ordered)
        text = column("Account_Name")
        both = (text.startswith("1") & (column("Amount") > 0.5)) | text.contains("O'Neill")
        await listed(get_rows(TABLE, both, order_by="Amount", select="Amount, Account_Name"))
        with pytest.raises(AnaplanRequestException, match="HTTP 400"):
            await listed(get_rows(TABLE, column("Nothing") == 1))
        with pytest.raises(InvalidIdentifierException):
            await listed(get_rows("Nothing"))


async def test_a_page_of_another_shape(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        anaplan.fault(path=ODATA, body=[{"a": 1}])
        assert await listed(client.consolidation.get_rows(TABLE)) == [{"a": 1}]
        anaplan.fault(path=ODATA, body=[{"a": 1}])
        with pytest.raises(AnaplanResponseException, match="number of rows"):
            await client.consolidation.count_rows(TABLE)


async def test_rows_come_change_and_go(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        api = client.consolidation
        row: dict[str, Value] = {
            "Account_Name": "9001",
            "Scenario_Name": "Plan",
            "Amount": 1.5,
            "Text": None,
        }
        await api.insert_row(TABLE, row)
        plan = column("Scenario_Name") == "Plan"
        (added,) = await listed(api.get_rows(TABLE, plan))
        assert row.items() <= added.items()
        rows = ({**row, "Amount": number} for number in range(5))
        assert await api.insert_rows(TABLE, rows, rows_per_request=2) == 5
        batches = anaplan.requests("POST", "/api/v2305.1/odata/batch/*")
        assert len(batches) == 3
        assert await api.insert_rows(TABLE, []) == 0
        await api.update_rows(TABLE, {"Text": "new", "Amount": 7}, plan)
        changed = await listed(api.get_rows(TABLE, plan))
        assert {(one["Text"], one["Amount"]) for one in changed} == {("new", 7)}
        await api.update_rows(TABLE, {"Text": None}, plan)
        assert {one["Text"] async for one in api.get_rows(TABLE, plan)} == {None}
        await api.delete_rows(TABLE, plan)
        assert await api.count_rows(TABLE) == 5
        await api.delete_rows(TABLE, everything=True)
        assert await api.count_rows(TABLE) == 0


async def test_a_batch_that_is_refused_or_lost(anaplan: EmulatedAnaplan) -> None:
    rows = [{"Account_Name": str(number)} for number in range(5)]
    async with consolidation_client(anaplan) as client:
        api = client.consolidation
        bad = [*rows[:4], {"Colour": "red"}]
        with pytest.raises(WriteInterruptedException, match="HTTP 400") as refused:
            await api.insert_rows(TABLE, bad, rows_per_request=2)
        assert (refused.value.refused, refused.value.in_doubt) == ([range(4, 5)], [])
        with pytest.raises(AnaplanRequestException, match="HTTP 400"):
            await api.insert_rows(TABLE, bad[4:])
        anaplan.fault(method="POST", path=ODATA, skip=1, reset_before=True)
        with pytest.raises(WriteInterruptedException) as lost:
            await api.insert_rows(TABLE, rows, rows_per_request=2)
        assert (lost.value.in_doubt, lost.value.unsent_from) == ([range(2, 4)], 4)
        anaplan.fault(method="POST", path=ODATA, reset_before=True)
        with pytest.raises(OutcomeUnknownException):
            await api.insert_row(TABLE, rows[0])  # is not sent twice
        anaplan.fault(method="POST", path="/api/v2305.1/odata/batch/*", reset_before=True)
        with pytest.raises(WriteInterruptedException) as lost:
            await api.insert_rows(TABLE, rows[:1])
        assert (lost.value.in_doubt, lost.value.retryable) == ([range(1)], False)
        assert await api.count_rows(TABLE) == 5 + 4 + 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda api: listed(api.get_rows(TABLE, " ")), "predicate must not be empty"),
        (lambda api: listed(api.get_rows(TABLE, page_size=2501)), "page_size must be 1 to 2,500"),
        (lambda api: listed(api.get_rows(TABLE, top=-1)), "top must be at least 0"),
        (lambda api: listed(api.get_rows(TABLE, skip=-1)), "skip must be at least 0"),
        (lambda api: api.delete_rows(TABLE), "everything=True"),
        (lambda api: api.delete_rows(TABLE, ACTUAL, everything=True), "everything=True"),
        (lambda api: api.delete_rows(TABLE, ""), "predicate must not be empty"),
        (lambda api: api.update_rows(TABLE, {"Amount": 1}, ""), "predicate must not be empty"),
        (lambda api: api.update_rows(TABLE, {}, ACTUAL), "no columns"),
        (lambda api: api.insert_row(TABLE, {"Amount": float("nan")}), "Amount: nan is not"),
        (
            lambda api: api.insert_rows(TABLE, [{"A": 1}, {"A": date(2026, 1, 2)}]),
            "row 1: A: a date",
        ),
        (lambda api: api.count_rows(""), "not a valid id"),
        (lambda api: api.add_users([]), "users must not be empty"),
        (lambda api: api.add_users([{"email": "a"}]), "userName"),
        (lambda api: api.stop_workflow("a/../b", "c"), "not a valid id"),
        (lambda api: api.run_workflow("a", "c", timeout=-1), "at least 0"),
    ],
)
async def test_invalid_arguments_are_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, call: Callable[[Any], Any], words: str
) -> None:
    async with consolidation_client(anaplan) as client:
        with pytest.raises(ValueError, match=words):
            await call(client.consolidation)
    assert not anaplan.requests()


async def test_dimensions_and_their_members(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        api = client.consolidation
        dimensions = await api.get_dimensions()
        assert [one.dimension_name for one in dimensions] == ["Account", "Entity", "Scenario"]
        assert await api.get_dimensions("Consolidation") == dimensions
        members = [one async for one in api.get_dimension_members("Account")]
        assert len(members) > 1
        paged = [one async for one in api.get_dimension_members("Account", page_size=1)]
        assert paged == members
        assert {one.is_leaf for one in members} == {True, False}
        with pytest.raises(InvalidIdentifierException):
            await api.get_dimensions("Nothing")
        with pytest.raises(InvalidIdentifierException):
            assert not [one async for one in api.get_dimension_members("Nothing")]


async def test_a_workflow_runs(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan, status_poll_delay=0.05) as client:
        api = client.consolidation
        assert not (await api.get_workflow_state(FOLDER, "LoadGL")).has_run
        await api.start_workflow(FOLDER, "LoadGL")
        first = await api.get_workflow_state(FOLDER, "LoadGL")
        assert first.has_run
        await api.stop_workflow(FOLDER, "LoadGL")

        def finished(state: WorkflowState) -> bool:
            anaplan.advance(seconds=61)
            return state.state == "Completed"

        second = await api.run_workflow(FOLDER, "LoadGL", finished=finished, timeout=30)
        assert second.run_id != first.run_id
        with pytest.raises(AnaplanTimeoutException, match="'LoadGL' is Running after 0 seconds"):
            await api.run_workflow(FOLDER, "LoadGL", timeout=0)
        await api.stop_workflow(FOLDER, "LoadGL")
        for path in (f"{FOLDER}/Deeper", "Nowhere"):
            with pytest.raises(InvalidIdentifierException):
                await api.run_workflow(path, "LoadGL")
            with pytest.raises(InvalidIdentifierException):
                await api.stop_workflow(path, "LoadGL")
            assert not (await api.get_workflow_state(path, "LoadGL")).has_run


async def test_waiting_for_a_workflow_without_asking_how(anaplan: EmulatedAnaplan) -> None:
    state = "/api/v2305.1/process/state/*"
    new = "11111111-1111-1111-1111-111111111111"
    async with consolidation_client(anaplan, status_poll_delay=0.05) as client:
        anaplan.fault(path=state, skip=1, body={"runId": new, "state": "In progress"})
        anaplan.fault(path=state, skip=1, body={"runId": new, "state": "Failed"})
        end = await client.consolidation.run_workflow(FOLDER, "LoadGL")
        assert (end.run_id, end.state) == (new, "Failed")
        anaplan.fault(path=state, skip=1, body={"runId": new})
        with pytest.raises(AnaplanResponseException, match="`finished`"):
            await client.consolidation.run_workflow(FOLDER, "LoadGL")


async def test_a_run_that_keeps_its_id_ends_even_so(anaplan: EmulatedAnaplan) -> None:
    state = "/api/v2305.1/process/state/*"
    same = {"runId": "11111111-1111-1111-1111-111111111111", "state": "Completed"}
    anaplan.fault(path=state, body=same, times=None)
    async with consolidation_client(anaplan, status_poll_delay=0.05, settle_time=0.2) as client:
        assert (await client.consolidation.run_workflow(FOLDER, "LoadGL")).state == "Completed"
        assert len(anaplan.requests("GET", state)) > 2


async def test_users_and_roles(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        api = client.consolidation
        before = await api.get_users()
        assert {"ingrid@fluence.app", "pat@fluence.app"} == {user.user_name for user in before}
        new = UserInput(user_name="new@fluence.app", full_name="New", roles=["Reviewer"])
        (added,) = await api.add_users([new])
        assert (added.user_name, added.roles) == ("new@fluence.app", ["Reviewer"])
        two = await api.add_users([{"user_name": "x@fluence.app"}, {"userName": "y@fluence.app"}])
        assert len(two) == 2
        changed = await api.update_user({"user_name": added.user_name, "is_disabled": True})
        assert changed.is_disabled
        assert changed.user_id == added.user_id
        roles = await api.assign_user_roles(added.user_name, "Controller")
        assert (
            set(roles)
            == {"Controller", "Reviewer"}
            == set(await api.get_user_roles("new@fluence.app"))
        )
        assert await api.assign_user_roles(added.user_name, ["Reviewer"]) == roles
        assert await api.unassign_user_role(added.user_name, "Reviewer") == ["Controller"]
        for name in ("new@fluence.app", "x@fluence.app", "y@fluence.app", "nobody"):
            await api.delete_user(name)
        assert await api.get_users() == before
        with pytest.raises(AnaplanRequestException, match="HTTP 400"):
            await api.add_users([{"user_name": "pat@fluence.app"}])
        with pytest.raises(AnaplanRequestException, match="HTTP 400"):
            await api.assign_user_roles("pat@fluence.app", ["Nobody"])
        with pytest.raises(InvalidIdentifierException):
            await api.update_user({"user_name": "nobody"})
        with pytest.raises(InvalidIdentifierException):
            await api.get_user_roles("nobody")
        with pytest.raises(InvalidIdentifierException):
            await api.unassign_user_role("nobody", "Admin")


async def test_a_client_for_nothing_else(anaplan: EmulatedAnaplan) -> None:
    async with consolidation_client(anaplan) as client:
        for call in (client.get_workspaces, client.authenticate, client.scim.get_users):
            with pytest.raises(InvalidCredentialsException, match="Consolidation only") as refusal:
                await call()
            assert refusal.value.not_performed
        await client.logout()
        assert not anaplan.requests()
        assert await client.with_model("M").consolidation.get_users()


async def test_a_client_without_access(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidCredentialsException, match="ConsolidationAccess") as refusal:
            await client.consolidation.get_users()
        assert refusal.value.not_performed
    assert not anaplan.requests()


@pytest.mark.parametrize(
    ("access", "error"),
    [
        (ConsolidationAccess("wrong", "Skyline Airlines"), InvalidCredentialsException),
        (ConsolidationAccess(TOKEN, "Skyline"), PermissionDeniedException),
    ],
)
async def test_access_that_is_refused(
    anaplan: EmulatedAnaplan, access: ConsolidationAccess, error: type[Exception]
) -> None:
    async with anaplan.async_client(consolidation=access) as client:
        with pytest.raises(error) as refusal:
            await client.consolidation.get_users()
        assert access.token not in f"{refusal.value!r} {refusal.value} {client!r} {access!r}"
        assert len(anaplan.requests()) == 1


@pytest.fixture
def sent(
    anaplan: EmulatedAnaplan, anaplan_elsewhere: EmulatedAnaplan
) -> Callable[[], list[dict[str, str]]]:
    """The headers of what both services received."""
    anaplan_elsewhere.emulator.clear_requests()
    return lambda: [
        dict(request.headers)
        for service in (anaplan, anaplan_elsewhere)
        for request in service.requests()
    ]


async def test_neither_token_goes_to_the_other_service(
    anaplan: EmulatedAnaplan, sent: Callable[[], list[dict[str, str]]]
) -> None:
    async with anaplan.async_client(consolidation=ACCESS) as client:
        await client.get_workspaces()
        await client.consolidation.get_users()
        await client.get_workspaces()
    *ours, theirs, last = sent()
    assert all("authorization" in headers for headers in [*ours, last])
    assert not any("x_api_token" in headers or "tenant" in headers for headers in [*ours, last])
    assert {"x_api_token", "tenant"} <= theirs.keys()
    assert "authorization" not in theirs


async def test_the_token_follows_no_redirect(
    anaplan: EmulatedAnaplan,
    anaplan_elsewhere: EmulatedAnaplan,
    sent: Callable[[], list[dict[str, str]]],
) -> None:
    away = f"{anaplan_elsewhere.emulator.base_url}/api/v2305.1/users"
    anaplan.fault(path="/api/v2305.1/users", status=307, headers={"Location": away})
    async with consolidation_client(anaplan, follow_redirects=True) as client:
        with pytest.raises(AnaplanRequestException, match="redirects to"):
            await client.consolidation.get_users()
    assert len(sent()) == 1
