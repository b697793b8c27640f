"""Anaplan restarts, or the token ends, in the middle of a transfer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from tests.faults.restarts import RestartableAnaplan
from tests.faults.witness import Witness

from anaplan_sdk import AsyncClient, Progress
from anaplan_sdk.exceptions import (
    AnaplanConnectionException,
    InvalidCredentialsException,
    OutcomeUnknownException,
    UploadIncompleteException,
)
from anaplan_sdk.testing import EmulatedAnaplan

FILE = 113000000000
IMPORT = 112000000001
EXPORT = 116000000001
AIRLINES = [(f"C{number}", f"Airline {number}") for number in range(9)]
DATA = b"carrier,name\n" + "".join(f"{code},{name}\n" for code, name in AIRLINES).encode()
CHUNK = len(DATA) // 4 + 1


@pytest.fixture
def restartable(tmp_path: Path) -> Iterator[RestartableAnaplan]:
    with RestartableAnaplan(tmp_path / "state") as anaplan:
        anaplan.emulator.settings.output_chunk_bytes = 100
        # No run ends before somebody has looked at it twice.
        anaplan.emulator.settings.task_polls = 1
        yield anaplan


def once(act: Callable[[], None]) -> Callable[[Progress], None]:
    """Something that happens at the first report of progress."""
    pending = [act]

    def report(_: Progress) -> None:
        while pending:
            pending.pop()()

    return report


def pieces_around(act: Callable[[], None]) -> Iterator[bytes]:
    """The data, where something happens half way."""
    yield DATA[: 2 * CHUNK + 1]
    act()
    yield DATA[2 * CHUNK + 1 :]


def buy_token(anaplan: EmulatedAnaplan) -> str:
    auth = anaplan.emulator.user_email, anaplan.emulator.password
    reply = httpx2.post(f"{anaplan.emulator.base_url}/token/authenticate", auth=auth)
    return str(reply.json()["tokenInfo"]["tokenValue"])


def patient(anaplan: EmulatedAnaplan) -> AsyncClient:
    return anaplan.async_client(
        upload_chunk_size=CHUNK, backoff=0.01, status_poll_delay=0.01, verify=False
    )


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_restart_in_an_upload(restartable: RestartableAnaplan, known_size: bool) -> None:
    async with patient(restartable) as client:
        if known_size:
            await client.upload_file(FILE, DATA, on_progress=once(restartable.restart))
        else:
            await client.upload_file_stream(FILE, pieces_around(restartable.restart))
    assert Witness(restartable.emulator).content(FILE) == DATA


async def test_a_restart_while_an_action_runs(restartable: RestartableAnaplan) -> None:
    Witness(restartable.emulator).put(FILE, DATA)
    async with patient(restartable) as client:
        task = await client.run_action(IMPORT, on_progress=once(restartable.restart))
    witness = Witness(restartable.emulator)
    assert [run.id for run in witness.runs(IMPORT)] == [task.id]
    assert witness.items("Airlines") == AIRLINES


async def test_a_restart_in_a_download(restartable: RestartableAnaplan, tmp_path: Path) -> None:
    path = tmp_path / "output.csv"
    async with patient(restartable) as client:
        await client.run_action(EXPORT)
        await client.download_file(EXPORT, path, on_progress=once(restartable.restart))
    assert path.read_bytes() == Witness(restartable.emulator).content(EXPORT)


async def test_an_absence_is_waited_for(restartable: RestartableAnaplan) -> None:
    pieces = pieces_around(lambda: restartable.go_away(0.3))
    async with restartable.async_client(
        upload_chunk_size=CHUNK, retry_count=6, backoff=0.05, verify=False
    ) as client:
        await client.upload_file_stream(FILE, pieces)
    assert Witness(restartable.emulator).content(FILE) == DATA


async def test_an_absence_that_is_not_waited_for(restartable: RestartableAnaplan) -> None:
    pieces = pieces_around(lambda: restartable.go_away(0.3))
    async with restartable.async_client(
        upload_chunk_size=CHUNK, retry_count=0, verify=False
    ) as client:
        with pytest.raises(UploadIncompleteException) as failed:
            await client.upload_file_stream(FILE, pieces)
        assert isinstance(failed.value.__cause__, AnaplanConnectionException)
        assert failed.value.retryable
        restartable.wait_until_back()
        assert Witness(restartable.emulator).content(FILE) is None
        await client.upload_file(FILE, DATA)
    assert Witness(restartable.emulator).content(FILE) == DATA


async def test_a_start_that_arrives_late_is_not_repeated(anaplan: EmulatedAnaplan) -> None:
    witness = Witness(anaplan.emulator)
    anaplan.fault(method="POST", path="*/tasks", hold_seconds=0.6)
    async with anaplan.async_client(timeout=0.3, settle_time=10, verify=False) as client:
        with pytest.raises(OutcomeUnknownException) as unknown:
            await client.run_action(EXPORT)
    # It began after the failure, and so may be anybody's.
    assert [run.id for run in witness.runs(EXPORT)] == unknown.value.candidates
    assert len(anaplan.requests("POST", "*/tasks")) == 1


@pytest.mark.parametrize("known_size", [True, False])
async def test_a_number_of_chunks_that_arrives_late_takes_nothing_away(
    anaplan: EmulatedAnaplan, known_size: bool
) -> None:
    witness = Witness(anaplan.emulator)
    witness.put(FILE, b"carrier,name\nZZ,Earlier Airways\n")
    async with anaplan.async_client(
        upload_chunk_size=CHUNK, timeout=0.3, settle_time=10, verify=False
    ) as client:
        await client.get_files()
        anaplan.fault(method="POST", path=f"*/files/{FILE}", hold_seconds=0.8)
        await client.upload_file(FILE, DATA if known_size else iter([DATA]))
    assert len(anaplan.requests("POST", f"*/files/{FILE}")) == 1
    assert witness.content(FILE) == DATA


async def test_tokens_that_end_in_a_transfer(anaplan: EmulatedAnaplan) -> None:
    def let_tokens_end() -> None:
        anaplan.advance(minutes=40)

    witness = Witness(anaplan.emulator)
    anaplan.emulator.settings.task_polls = 1
    anaplan.emulator.settings.output_chunk_bytes = 100
    async with patient(anaplan) as client:
        await client.upload_file(FILE, DATA, on_progress=once(let_tokens_end))
        assert witness.content(FILE) == DATA
        await client.upload_file_stream(FILE, pieces_around(let_tokens_end))
        assert witness.content(FILE) == DATA
        await client.run_action(IMPORT, on_progress=once(let_tokens_end))
        assert len(witness.runs(IMPORT)) == 1
        output = await client.export_and_download(EXPORT, on_progress=once(let_tokens_end))
        assert output == witness.content(EXPORT)
    assert len(anaplan.requests("POST", "/token/authenticate")) == 5


async def test_a_token_that_ends_and_cannot_be_renewed(anaplan: EmulatedAnaplan) -> None:
    token = buy_token(anaplan)
    async with anaplan.async_client(
        token=token, upload_chunk_size=CHUNK, retry_count=1, backoff=0.01, verify=False
    ) as client:
        with pytest.raises(UploadIncompleteException) as failed:
            await client.upload_file_stream(
                FILE, pieces_around(lambda: anaplan.advance(minutes=40))
            )
    assert isinstance(failed.value.__cause__, InvalidCredentialsException)
    assert not failed.value.retryable
    assert Witness(anaplan.emulator).content(FILE) is None
