"""Running actions, and their failure dumps."""

from __future__ import annotations

from contextlib import aclosing, suppress
from typing import Any

import pytest

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanActionCancelledException,
    AnaplanActionError,
    AnaplanException,
    AnaplanTimeoutException,
    InvalidArgumentException,
    InvalidIdentifierException,
    OutcomeUnknownException,
)
from anaplan_sdk.models import CompletedTask, MappingParameter
from anaplan_sdk.testing import EmulatedAnaplan

AIRLINES = "carrier,name\nAA,American Airlines Inc.\nUA,United Air Lines Inc.\n"
BAD_AIRLINES = AIRLINES + ",No Code Airways\nDL,\n"
PLAN = """\
country,month,passengers,load_factor
US,Mar 13,1000,0.5
FR,Mar 13,junk,0.5
XX,Mar 13,1000,0.5
"""


async def ids(client: AsyncClient) -> dict[str, int]:
    """Files, imports, exports, processes and actions by name."""
    return {
        thing.name: thing.id
        for listing in (
            client.get_files(),
            client.get_imports(),
            client.get_exports(),
            client.get_processes(),
            client.get_actions(),
        )
        for thing in await listing
    }


async def test_an_import(anaplan: EmulatedAnaplan) -> None:
    reports: list[Progress] = []
    async with anaplan.async_client() as client:
        known = await ids(client)
        task = await client.upload_and_import(
            known["airlines.csv"],
            AIRLINES,
            known["Airlines from airlines.csv"],
            on_progress=reports.append,
        )
        assert task.result.successful
        assert task.dumps == []
        assert task.result.object_id == known["Airlines from airlines.csv"]
        assert "2" in (task.result.details[0].local_message_text or "")
        assert task.result.details[0].counters["totalRowCount"] == "2"
        action = known["Airlines from airlines.csv"]
        assert await client.get_task_status(action, task.id) == task
        assert [run.id for run in await client.get_task_summaries(action)] == [task.id]
    assert reports[0].step == "upload"
    assert reports[-1].completed == 1


async def test_rejected_rows(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        action = known["Passenger Plan from passenger-plan.csv"]
        await client.upload_file(known["passenger-plan.csv"], PLAN)
        task = await client.run_action(
            action, mapping_parameters=[{"entityType": "Version", "entityName": "Forecast"}]
        )
        assert task.result.successful
        (dump,) = task.dumps
        rows = [row async for row in client.get_dump_rows(*dump)]
        assert [(row["country"], row["_Line_"]) for row in rows] == [("FR", "3"), ("XX", "4")]
        assert "junk" in rows[0]["_Error_1_"]
        whole = await client.get_dump(*dump)
        assert whole == b"".join([piece async for piece in client.get_dump_stream(*dump)])
        assert whole.count(b"\n") == 3

        # The next task without failures deletes the dump.
        await client.upload_file(known["passenger-plan.csv"], "\n".join(PLAN.split("\n")[:2]))
        clean = await client.run_action(
            action,
            mapping_parameters=[MappingParameter(entity_type="Version", entity_name="Forecast")],
        )
        assert clean.dumps == []
        with pytest.raises(AnaplanException):
            await client.get_dump(*dump)
        with pytest.raises(AnaplanException, match="rejected no rows"):
            await client.get_dump(action, clean.id)


async def test_a_failed_action(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        with pytest.raises(AnaplanActionError) as failed:
            await client.run_action(known["Airlines from airlines.csv"])
    error = failed.value
    assert isinstance(error.task, CompletedTask)
    assert error.result is not None
    assert error.result.details[0].type == "uploadedFileNoLongerAvailable"
    assert str(known["Airlines from airlines.csv"]) in str(error)
    assert error.nested_results == []
    assert error.dumps == []
    assert not error.retryable


async def test_a_process_that_stops_half_way(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        await client.upload_file(
            known["airports.csv"],
            "faa,name,lat,lon,alt,tz,dst,tzone\nEWR,Newark,40.7,junk,18,-5,A,America/New_York\n",
        )
        with pytest.raises(AnaplanActionError) as failed:
            await client.run_action(known["Load flights"])
    steps = failed.value.nested_results
    assert [step.successful for step in steps] == [True, False]
    assert str(steps[1].object_name) in str(failed.value)


async def test_a_process_and_the_dumps_of_its_steps(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        await client.upload_file(known["airlines.csv"], AIRLINES)
        await client.upload_file(
            known["airports.csv"],
            "faa,name,lat,lon,alt,tz,dst,tzone\n"
            "EWR,Newark,40.7,-74.2,18,-5,A,America/New_York\n"
            "IAH,Houston,29.9,-95.3,97,-6,A,America/Chicago\n",
        )
        await client.upload_file(
            known["flights.csv"],
            "flight_id,flight,carrier,tailnum,origin,dest,dep_delay,arr_delay,air_time,distance,"
            "time_hour\n"
            "a,1545,UA,N14228,EWR,IAH,2,11,227,1400,2013-02-01T05:00:00Z\n"
            "b,1545,UA,N14228,EWR,SJU,2,11,227,1400,2013-02-01T05:00:00Z\n",
        )
        task = await client.run_action(known["Load flights"])
        assert [step.failure_dump_available for step in task.result.nested_results] == [
            False, False, False, False, True,
        ]  # fmt: skip
        (dump,) = task.dumps
        assert dump.object_id == known["Flight Facts from flights.csv"]
        (row,) = [row async for row in client.get_dump_rows(*dump)]
        assert (row["flight_id"], row["_Line_"]) == ("b", "3")
        assert "SJU" in row["_Error_1_"]
        merged = [row async for row in client.get_process_dump_rows(known["Load flights"], task.id)]
        assert merged == [{"_Action_": "Flight Facts from flights.csv", **row}]
        assert next(iter(merged[0])) == "_Action_"
        exported = await client.export_and_download(known["Flight Facts - tabular.csv"])
        assert exported.count(b"\n") == 2


async def test_rejected_rows_of_all_steps_of_a_process(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        process = known["Load flights"]
        airports = "faa,name,lat,lon,alt,tz,dst,tzone\n"
        rows = ["EWR,Newark,40.7,-74.2,18,-5,A,America/New_York\n", "X,Y,much,-74.2,18,-5,A,Mars\n"]
        await client.upload_file(known["airlines.csv"], AIRLINES)
        await client.upload_file(known["airports.csv"], airports + "".join(rows))
        await client.upload_file(
            known["flights.csv"],
            "flight_id,flight,carrier,tailnum,origin,dest,dep_delay,arr_delay,air_time,distance,"
            "time_hour\n"
            "b,1545,UA,N14228,EWR,SJU,2,11,227,1400,2013-02-01T05:00:00Z\n",
        )
        task = await client.run_action(process)
        assert len(task.dumps) > 1
        expected = []
        for dump in task.dumps:
            (name,) = {
                step.object_name
                for step in task.result.nested_results
                if step.object_id == dump.object_id
            }
            expected += [{"_Action_": name, **row} async for row in client.get_dump_rows(*dump)]
        merged = [row async for row in client.get_process_dump_rows(process, task.id)]
        assert merged == expected
        assert len({row["_Action_"] for row in merged}) == len(task.dumps)

        # The second dump is not fetched before its first row is needed.
        anaplan.emulator.clear_requests()
        async with aclosing(client.get_process_dump_rows(process, task.id)) as some:
            async for row in some:
                assert row == merged[0]
                break
        asked = {request.path.split("/dumps/")[1] for request in anaplan.requests(path="*/dumps/*")}
        assert {path.split("/")[0] for path in asked} == {str(task.dumps[0].object_id)}


async def test_a_process_without_rejected_rows(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        clean = (await client.get_processes())[0].id
        anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
        task = await client.run_action(clean, wait_for_completion=False)
        with pytest.raises(AnaplanException, match="has not ended"):
            _ = [row async for row in client.get_process_dump_rows(clean, task.id)]
        anaplan.emulator.settings.hold_tasks = None
        with suppress(AnaplanActionError):  # there may be no file to read
            await client.wait_for_task(clean, task.id)
        assert [row async for row in client.get_process_dump_rows(clean, task.id)] == []
        with pytest.raises(InvalidIdentifierException, match="118"):
            _ = [
                row
                async for row in client.get_process_dump_rows(
                    known["Flight Facts from flights.csv"], task.id
                )
            ]


async def test_an_export_and_a_deletion(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        grid = await client.export_and_download(known["Passenger Plan - grid.csv"])
        assert b"412000" in grid
        deleted = await client.run_action(known["Delete all flights"])
        assert deleted.result.successful
        with pytest.raises(InvalidIdentifierException):
            await client.export_and_download(known["Delete all flights"])


@pytest.mark.parametrize("action_id", [0, -112, "", "Every night", "112/tasks"])
async def test_invalid_ids_send_no_request(anaplan: EmulatedAnaplan, action_id: int | str) -> None:
    async with anaplan.async_client() as client:
        for call in (
            client.run_action,
            client.get_task_summaries,
            client.get_import,
            client.get_export,
            client.get_process,
            client.get_action,
            client.export_and_download,
        ):
            with pytest.raises((InvalidArgumentException, InvalidIdentifierException)):
                await call(action_id)
        with pytest.raises((InvalidArgumentException, InvalidIdentifierException)):
            await client.upload_and_import(113000000000, b"content", action_id)
    assert anaplan.requests() == []


@pytest.mark.parametrize("action_id", [113000000000, 9000000002, "112x"])
async def test_other_ids_are_looked_up_before_they_are_refused(
    anaplan: EmulatedAnaplan, action_id: int | str
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException, match="none of the model's imports, exp"):
            await client.run_action(action_id)
        assert len(anaplan.requests("GET", "*/models/*")) == 4
        with pytest.raises(InvalidIdentifierException, match="none of the model's exports has"):
            await client.export_and_download(action_id)
    assert not anaplan.requests("POST", "*/tasks")


async def test_a_name_in_place_of_an_id_is_refused_with_advice(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(
            InvalidIdentifierException, match=r"client\.resolve\.action finds an id"
        ):
            await client.run_action("Load flights")


async def test_an_action_whose_id_shows_no_kind_is_run(anaplan: EmulatedAnaplan) -> None:
    odd, usual = "9000000002", "*/actions/9000000002/tasks"
    row = {"id": odd, "name": "Copy", "actionType": "BULK_COPY"}
    done = {"taskId": "A1", "taskState": "COMPLETE", "result": {"successful": True}}
    anaplan.fault(method="GET", path="*/models/*/actions", body={"actions": [row]}, times=None)
    anaplan.fault(method="POST", path=usual, body={"task": {"taskId": "A1"}}, times=None)
    anaplan.fault(method="GET", path=f"{usual}/A1", body={"task": done}, times=None)
    async with anaplan.async_client() as client:
        for action_id in (odd, int(odd)):
            assert (await client.run_action(action_id)).result.object_id == int(odd)
    # Its kind is looked up once.
    assert len(anaplan.requests("GET", "*/models/*/actions")) == 1


async def test_ids_may_be_text(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        assert await client.export_and_download(str(known["Passenger Plan - grid.csv"]))


async def test_without_waiting(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        export = known["Passenger Plan - grid.csv"]
        task = await client.run_action(export, wait_for_completion=False)
        assert not isinstance(task, CompletedTask)
        done = await client.wait_for_task(export, task.id)
        assert done.id == task.id
        assert done.result.successful


async def test_a_deadline(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan.async_client() as client:
        known = await ids(client)
        export = known["Passenger Plan - grid.csv"]
        with pytest.raises(AnaplanTimeoutException) as late:
            await client.run_action(export, timeout=1)
        (task,) = await client.get_task_summaries(export)
        assert task.id in str(late.value)
        anaplan.emulator.settings.hold_tasks = None
        assert (await client.wait_for_task(export, task.id)).result.successful


@pytest.mark.parametrize("state", ["CANCELLING", "CANCELLED"])
async def test_a_cancelled_task_ends_the_wait(anaplan: EmulatedAnaplan, state: str) -> None:
    async with anaplan.async_client() as client:
        known = await ids(client)
        export = known["Passenger Plan - grid.csv"]
        task = {"taskId": "A" * 32, "taskState": state, "creationTime": 1}
        anaplan.fault(path=f"*/tasks/{'A' * 32}", body={"task": task}, times=None)
        with pytest.raises(AnaplanActionCancelledException) as cancelled:
            await client.wait_for_task(export, "A" * 32)
    assert cancelled.value.action_id == export
    assert cancelled.value.task is not None
    assert cancelled.value.task.task_state == state


async def test_cancelling(anaplan: EmulatedAnaplan) -> None:
    anaplan.emulator.settings.hold_tasks = "IN_PROGRESS"
    async with anaplan.async_client() as client:
        known = await ids(client)
        action = known["Airlines from airlines.csv"]
        await client.upload_file(known["airlines.csv"], AIRLINES)
        task = await client.run_action(action, wait_for_completion=False)
        cancelled = await client.cancel_task(action, task.id)
        assert cancelled.task_state in ("CANCELLING", "CANCELLED")
        with pytest.raises(AnaplanActionCancelledException):
            await client.wait_for_task(action, task.id)
        anaplan.emulator.settings.hold_tasks = None
        done = await client.run_action(action)
        again = await client.cancel_task(action, done.id)
        assert isinstance(again, CompletedTask)


@pytest.mark.parametrize(
    "trouble",
    [
        {"lose_reply": True},
        {"status": 504, "processed": True},
        {"status": 500, "processed": True},
        {"status": 408, "processed": True},
        {"truncate_after_bytes": 10},
        {"body": "<html>proxy</html>", "headers": {"Content-Type": "text/html"}, "processed": True},
    ],
)
async def test_an_action_whose_start_was_not_confirmed_runs_once(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(settle_time=0.3, backoff=0.01) as client:
        known = await ids(client)
        action = known["Passenger Plan - grid.csv"]
        await client.run_action(action)
        anaplan.fault(method="POST", path="*/tasks", **trouble)
        task = await client.run_action(action)
        runs = await client.get_task_summaries(action)
    assert len(runs) == 2
    assert task.id == runs[1].id
    assert len(anaplan.requests("POST", "*/tasks")) == 2


@pytest.mark.parametrize("trouble", [{"reset_before": True}, {"status": 502}])
async def test_an_action_that_was_not_started_is_started_again(
    anaplan: EmulatedAnaplan, trouble: dict[str, Any]
) -> None:
    async with anaplan.async_client(settle_time=0.3, backoff=0.01) as client:
        known = await ids(client)
        action = known["Passenger Plan - grid.csv"]
        anaplan.fault(method="POST", path="*/tasks", **trouble)
        await client.run_action(action)
        assert len(await client.get_task_summaries(action)) == 1
    assert len(anaplan.requests("POST", "*/tasks")) == 2


async def test_a_start_of_unknown_outcome_is_an_error(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=1, backoff=0.01, settle_time=0.1) as client:
        known = await ids(client)
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True, times=None)
        anaplan.fault(method="GET", path="*/tasks", status=503, times=None)
        with pytest.raises(OutcomeUnknownException):
            await client.run_action(known["Passenger Plan - grid.csv"])
    assert len(anaplan.requests("POST", "*/tasks")) == 1


async def test_the_task_of_an_earlier_unknown_start_is_not_recovered(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(retry_count=0, settle_time=0.1) as client:
        export = (await ids(client))["Passenger Plan - grid.csv"]
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
        anaplan.fault(method="GET", path="*/tasks", status=500, times=2)
        with pytest.raises(OutcomeUnknownException):
            await client.run_action(export)
        anaplan.emulator.clear_faults()
        anaplan.fault(method="POST", path="*/tasks", status=502)
        with pytest.raises(OutcomeUnknownException, match="earlier call") as caught:
            await client.run_action(export)
        (run,) = await client.get_task_summaries(export)
        assert caught.value.candidates == [run.id]
        await client.run_action(export)
        assert len(await client.get_task_summaries(export)) == 2


async def test_equal_ids_of_other_models_are_other_actions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(
        user_email="admin@skyline.example", retry_count=0, settle_time=0.1
    ) as client:
        models = {model.name: model.id for model in await client.get_models()}
        there = client.with_model(models["Route Profitability"])
        (action,) = [export.id for export in await there.get_exports()]
        assert action in {export.id for export in await client.get_exports()}
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True, times=2)
        anaplan.fault(method="GET", path="*/tasks", status=403)
        with pytest.raises(OutcomeUnknownException):
            await client.run_action(action)
        run = await there.run_action(action, wait_for_completion=False)
        assert [run.id] == [task.id for task in await there.get_task_summaries(action)]


async def start_two(
    anaplan: EmulatedAnaplan, client: AsyncClient, seconds: float
) -> list[str | OutcomeUnknownException]:
    """Two starts of one action: the first is answered late, the second is lost on its way."""
    export = (await ids(client))["Passenger Plan - grid.csv"]
    anaplan.fault(method="POST", path="*/tasks", delay_seconds=seconds)
    anaplan.fault(method="POST", path="*/tasks", reset_before=True)

    async def start(number: int) -> str | OutcomeUnknownException:
        while number and not await client.get_task_summaries(export):
            await runtime.sleep(0.01)
        try:
            return (await client.run_action(export, wait_for_completion=False)).id
        except OutcomeUnknownException as error:
            return error

    started = [result async for result in runtime.ordered_map(start, range(2), 2)]
    there = {run.id for run in await client.get_task_summaries(export)}
    assert there == {result for result in started if isinstance(result, str)}
    return started


async def test_two_starts_are_two_runs(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(settle_time=1.5, backoff=0.01) as client:
        first, second = await start_two(anaplan, client, 0.5)
    assert first != second
    assert isinstance(second, str)


async def test_the_task_of_a_concurrent_start_is_not_recovered(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(settle_time=0.1, backoff=0.01) as client:
        first, second = await start_two(anaplan, client, 1.5)
    assert isinstance(second, OutcomeUnknownException)
    assert second.candidates == [first]
    assert "under way" in second.message


async def test_nothing_is_imported_after_an_incomplete_upload(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        known = await ids(client)
        anaplan.fault(method="PUT", path="*/chunks/*", status=500)
        with pytest.raises(AnaplanException):
            await client.upload_and_import(
                known["airlines.csv"], AIRLINES, known["Airlines from airlines.csv"]
            )
    assert not anaplan.requests("POST", "*/tasks")


async def test_a_network_failure_while_waiting_names_the_task(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client(retry_count=0) as client:
        known = await ids(client)
        anaplan.fault(method="GET", path="*/tasks/*", reset_before=True)
        with pytest.raises(AnaplanException) as failed:
            await client.run_action(known["Passenger Plan - grid.csv"])
        (task,) = await client.get_task_summaries(known["Passenger Plan - grid.csv"])
    assert failed.value.task_id == task.id
    assert task.id in failed.value.__notes__[0]
    # Not retryable: to run the action again would start it twice.
    assert not failed.value.retryable
    assert not failed.value.not_performed


async def test_a_recovered_task_needs_no_further_request(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client(retry_count=0, settle_time=0.3) as client:
        known = await ids(client)
        export = known["Passenger Plan - grid.csv"]
        anaplan.fault(method="POST", path="*/tasks", lose_reply=True)
        anaplan.fault(method="GET", path="*/tasks/*", status=503, times=None)
        with pytest.raises(AnaplanException) as failed:
            await client.run_action(export)
        (task,) = await client.get_task_summaries(export)
    assert failed.value.task_id == task.id


@pytest.mark.parametrize("timeout", [-1, -0.1])
async def test_a_negative_timeout_is_an_error_before_the_start(
    anaplan: EmulatedAnaplan, timeout: float
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(ValueError, match="timeout"):
            await client.run_action(116000000001, timeout=timeout)
    assert anaplan.requests() == []


async def test_the_log_of_an_optimizer(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidIdentifierException):
            await client.get_optimizer_log(117000000000, "A" * 32)
        action = (await ids(client))["Approve the busiest months"]
        task = await client.run_action(action)
        log = await client.get_optimizer_log(action, task.id)
        assert b"Best objective 8.4875" in log
        anaplan.advance(hours=49)
        with pytest.raises(InvalidIdentifierException):
            await client.get_optimizer_log(action, task.id)


async def test_the_runs_of_processes_and_other_actions(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        process, action = (await client.get_processes())[0].id, (await client.get_actions())[0].id
        for each in (process, action):
            started = await client.run_action(each, wait_for_completion=False)
            assert [task.id for task in await client.get_task_summaries(each)] == [started.id]


async def test_listings_have_anaplans_own_order_unless_sorted(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        listings = (
            client.get_imports,
            client.get_exports,
            client.get_processes,
            client.get_actions,
        )
        for listing in listings:
            await listing()
            names = [one.name for one in await listing("name", descending=True)]
            assert names == sorted(names, reverse=True)
    queries = [request.query or "" for request in anaplan.requests("GET")]
    assert len(queries) == 8
    assert not any("sort=" in query for query in queries[::2])
    assert all("sort=-name" in query for query in queries[1::2])
