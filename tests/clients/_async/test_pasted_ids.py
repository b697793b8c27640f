"""Ids with whitespace or from a float column, and ids of another kind of object."""

from __future__ import annotations

import pytest

from anaplan_sdk.exceptions import (
    AnaplanException,
    FileContentMissingException,
    InvalidArgumentException,
)
from anaplan_sdk.testing import EmulatedAnaplan


async def test_ids_of_the_client(anaplan: EmulatedAnaplan) -> None:
    emulator = anaplan.emulator
    async with anaplan.async_client(
        workspace_id=f" {emulator.workspace_id}\n", model_id=f"{emulator.model_id}\r\n"
    ) as client:
        assert (await client.get_model()).id == emulator.model_id
        assert (await client.get_model(f"{emulator.model_id} ")).id == emulator.model_id
        assert (await client.get_workspace()).id == emulator.workspace_id
        other = client.with_model(f"\t{emulator.model_id}")
        assert (await other.get_model()).id == emulator.model_id


async def test_ids_from_a_float_column(anaplan: EmulatedAnaplan) -> None:
    async with anaplan.async_client() as client:
        file = next(iter(await client.get_files()))
        for given in (float(file.id), f"{file.id}.0", f" {file.id}\n"):
            await client.upload_file(given, b"a\n1\n")  # type: ignore[arg-type]
            assert await client.get_file(given) == b"a\n1\n"  # type: ignore[arg-type]
        action = next(iter(await client.get_imports()))
        for given in (float(action.id), f"{action.id}.0", f"{action.id} "):
            assert isinstance(await client.get_task_summaries(given), list)  # type: ignore[arg-type]
        module = next(iter(await client.tr.get_modules()))
        assert isinstance(await client.tr.get_line_items(float(module.id)), list)  # type: ignore[call-overload]
    paths = {request.path for request in anaplan.requests()}
    assert not any("." in path or "%" in path for path in paths)


async def test_a_file_without_content_by_an_id_from_a_float_column(
    anaplan: EmulatedAnaplan,
) -> None:
    async with anaplan.async_client() as client:
        file = next(iter(await client.get_files()))
        await client.upload_file(file.id, b"a\n1\n")
        await client.delete_file(file.id)
        for given in (float(file.id), f"{file.id}.0", f" {file.id}\n"):
            with pytest.raises(FileContentMissingException):
                await client.get_small_file(given)  # type: ignore[arg-type]
            anaplan.fault(path="*/chunks", status=404)
            with pytest.raises(FileContentMissingException):
                await client.get_file(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [113.5, float("nan"), "", " \n", None, True])
async def test_what_is_no_id_is_refused_before_anything_is_sent(
    anaplan: EmulatedAnaplan, wrong: object
) -> None:
    async with anaplan.async_client() as client:
        with pytest.raises(InvalidArgumentException):
            await client.tr.get_list_items(wrong)  # type: ignore[call-overload]
        with pytest.raises(InvalidArgumentException):
            await client.get_file(wrong)  # type: ignore[arg-type]
    assert anaplan.requests() == []


async def test_a_workspace_and_a_model_that_are_mixed_up(anaplan: EmulatedAnaplan) -> None:
    emulator = anaplan.emulator
    async with anaplan.async_client(
        workspace_id=emulator.model_id, model_id=emulator.workspace_id
    ) as client:
        with pytest.raises(
            AnaplanException, match=r"Found\. The .* form of a model's: are the two mixed up"
        ):
            await client.get_workspace()
        with pytest.raises(AnaplanException, match="the form of a workspace's: are the two mixed"):
            await client.get_model()
    async with anaplan.async_client(model_id=str(emulator.model_id)[::-1]) as client:
        with pytest.raises(AnaplanException) as failed:
            await client.get_model()
        assert "mixed up" not in str(failed.value)
