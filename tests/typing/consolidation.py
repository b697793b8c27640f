"""What type checkers see of Financial Consolidation: read by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import assert_type

from anaplan_sdk import AsyncClient, Client, ConsolidationAccess
from anaplan_sdk.models import consolidation
from anaplan_sdk.models.consolidation import column


def filters() -> None:
    assert_type(column("Amount") > 1.5, consolidation.Filter)
    both = (column("Text") == "a") & ~column("Text").contains("b") | (column("Text") != None)  # noqa: E711
    assert_type(both, consolidation.Filter)
    Client(consolidation=ConsolidationAccess(token="token", tenant="Tenant"))


def tables(client: Client) -> None:
    rows = client.consolidation.get_rows(
        "Ledger", column("Amount") > 1, select=["Amount"], order_by="Amount desc", top=1, skip=1
    )
    assert_type(rows, Generator[dict[str, object]])
    assert_type(client.consolidation.count_rows("Ledger", "Amount gt 1"), int)
    assert_type(client.consolidation.insert_row("Ledger", {"Amount": 1, "Text": None}), None)
    assert_type(
        client.consolidation.insert_rows("Ledger", [{"Text": "a"}], rows_per_request=10), int
    )
    assert_type(client.consolidation.update_rows("Ledger", {"Text": "a"}, "Amount gt 1"), None)
    assert_type(client.consolidation.delete_rows("Ledger", everything=True), None)
    assert_type(client.consolidation.get_dimensions("Model"), list[consolidation.Dimension])
    members = client.consolidation.get_dimension_members("Account", page_size=10)
    assert_type(members, Generator[consolidation.DimensionMember])
    assert_type(client.consolidation.start_workflow("Folder", "Load", ["2026"]), None)
    assert_type(client.consolidation.stop_workflow("Folder", "Load"), None)
    assert_type(
        client.consolidation.get_workflow_state("Folder", "Load"), consolidation.WorkflowState
    )
    end = client.consolidation.run_workflow(
        "Folder", "Load", finished=lambda state: state.state == "Done", timeout=60
    )
    assert_type(end, consolidation.WorkflowState)
    assert_type(client.consolidation.get_users(), list[consolidation.User])
    user = consolidation.UserInput(user_name="jane")
    assert_type(client.consolidation.add_users([user]), list[consolidation.User])
    assert_type(client.consolidation.update_user(user), consolidation.User)
    assert_type(client.consolidation.delete_user("jane"), None)
    assert_type(client.consolidation.get_user_roles("jane"), list[str])
    assert_type(client.consolidation.assign_user_roles("jane", ["Admin"]), list[str])
    assert_type(client.consolidation.unassign_user_role("jane", "Admin"), list[str])
    client.consolidation.insert_row("Ledger", {"Amount": object()})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


async def tables_async(client: AsyncClient) -> None:
    assert_type(client.consolidation.get_rows("Ledger"), AsyncGenerator[dict[str, object]])
    assert_type(await client.consolidation.count_rows("Ledger"), int)
    assert_type(await client.consolidation.insert_row("Ledger", {"Amount": 1}), None)
    assert_type(await client.consolidation.insert_rows("Ledger", [{"Text": "a"}]), int)
    assert_type(await client.consolidation.update_rows("Ledger", {"Text": "a"}, "a eq 1"), None)
    assert_type(await client.consolidation.delete_rows("Ledger", column("a") == 1), None)
    assert_type(await client.consolidation.get_dimensions(), list[consolidation.Dimension])
    members = client.consolidation.get_dimension_members("Account")
    assert_type(members, AsyncGenerator[consolidation.DimensionMember])
    assert_type(await client.consolidation.start_workflow("Folder", "Load"), None)
    assert_type(await client.consolidation.stop_workflow("Folder", "Load"), None)
    state = await client.consolidation.get_workflow_state("Folder", "Load")
    assert_type(state, consolidation.WorkflowState)
    end = await client.consolidation.run_workflow("Folder", "Load")
    assert_type(end, consolidation.WorkflowState)
    assert_type(await client.consolidation.get_users(), list[consolidation.User])
    added = await client.consolidation.add_users([{"user_name": "jane"}])
    assert_type(added, list[consolidation.User])
    changed = await client.consolidation.update_user({"user_name": "jane"})
    assert_type(changed, consolidation.User)
    assert_type(await client.consolidation.delete_user("jane"), None)
    assert_type(await client.consolidation.get_user_roles("jane"), list[str])
    assert_type(await client.consolidation.assign_user_roles("jane", "Admin"), list[str])
    assert_type(await client.consolidation.unassign_user_role("jane", "Admin"), list[str])
