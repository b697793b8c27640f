"""Every kind of trouble at every step of a transfer: it is got over or told, never half done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable  # sync: from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.faults import soak
from tests.faults.troubles import SHORT_TIMEOUT, TROUBLES, Trouble
from tests.faults.witness import Witness

from anaplan_sdk import AsyncClient
from anaplan_sdk.exceptions import AnaplanException
from anaplan_sdk.testing import EmulatedAnaplan

FILE = 113000000000
IMPORT = 112000000001
EXPORT = 116000000001
AIRLINES = [(f"C{number}", f"Airline {number}") for number in range(9)]
DATA = b"carrier,name\n" + "".join(f"{code},{name}\n" for code, name in AIRLINES).encode()
OLD = b"carrier,name\nZZ,Earlier Airways\n"
REFUSED = b"carrier,name\n" + b",No code\n" * 9
# Four chunks of the file, and several of an export's output or a failure dump.
CHUNK = len(DATA) // 4 + 1
OUTPUT_CHUNK = 220


@dataclass(frozen=True)
class Scene:
    """Who has a part in a test, and where downloads go."""

    client: AsyncClient
    anaplan: EmulatedAnaplan
    witness: Witness
    folder: Path


# sync: Act: TypeAlias = Callable[[Scene], None]
Act: TypeAlias = Callable[[Scene], Awaitable[None]]  # async-only


async def upload(scene: Scene) -> None:
    await scene.client.upload_file(FILE, DATA)
    assert scene.witness.content(FILE) == DATA


async def upload_of_unknown_length(scene: Scene) -> None:
    await scene.client.upload_file_stream(FILE, iter([DATA[:7], DATA[7:]]), 2)
    assert scene.witness.content(FILE) == DATA


async def run_import(scene: Scene) -> None:
    before = len(scene.witness.runs(IMPORT))
    scene.witness.put(FILE, DATA)
    task = await scene.client.run_action(IMPORT)
    assert [run.id for run in scene.witness.runs(IMPORT)[before:]] == [task.id]
    assert scene.witness.items("Airlines") == AIRLINES


async def lose_confirmation(scene: Scene) -> None:
    scene.anaplan.fault(method="POST", path="*/tasks", lose_reply=True)


async def import_what_is_refused(scene: Scene) -> None:
    scene.witness.put(FILE, REFUSED)
    await scene.client.run_action(IMPORT)


async def read_dump(scene: Scene) -> None:
    (run,) = scene.witness.runs(IMPORT)
    pieces = [piece async for piece in scene.client.get_dump_stream(IMPORT, run.id)]
    assert len(pieces) > 1
    assert b"".join(pieces) == scene.witness.dump(IMPORT)
    assert await scene.client.get_dump(IMPORT, run.id) == scene.witness.dump(IMPORT)


async def export(scene: Scene) -> None:
    before = len(scene.witness.runs(EXPORT))
    output = await scene.client.export_and_download(EXPORT)
    assert len(scene.witness.runs(EXPORT)) == before + 1
    assert output == scene.witness.content(EXPORT)


async def download(scene: Scene) -> None:
    path = await scene.client.download_file(EXPORT, scene.folder / "output.csv")
    assert content_of(path) == scene.witness.content(EXPORT)


def content_of(path: Path) -> bytes:
    return path.read_bytes()


def nothing_in(folder: Path) -> bool:
    return not any(folder.iterdir())


@dataclass(frozen=True)
class Step:
    """A request of a transfer.

    Attributes:
        transfer: Makes the transfer, and looks whether all of it is right.
        method: The request's method.
        path: Its path, as a glob.
        before: What has to be done before, without trouble.
        looks: Whether what was begun is looked for where no clear answer comes.
        is_needed: Whether the transfer needs its reply.
    """

    transfer: Act
    method: str
    path: str
    before: Act | None = None
    looks: bool = False
    is_needed: bool = True


STEPS = {
    "sign-in": Step(upload, "POST", "/token/authenticate"),
    "list of files": Step(upload, "GET", "*/files"),
    "number of chunks": Step(upload, "POST", f"*/files/{FILE}", looks=True),
    "first chunk": Step(upload, "PUT", "*/chunks/0"),
    "middle chunk": Step(upload, "PUT", "*/chunks/2"),
    "last chunk": Step(upload, "PUT", "*/chunks/3"),
    "count afterwards": Step(upload, "GET", f"*/files/{FILE}/chunks", is_needed=False),
    "chunk of a stream": Step(upload_of_unknown_length, "PUT", "*/chunks/1"),
    "completion of a stream": Step(upload_of_unknown_length, "POST", "*/complete"),
    "count after a stream": Step(
        upload_of_unknown_length, "GET", f"*/files/{FILE}/chunks", is_needed=False
    ),
    "start of an import": Step(run_import, "POST", "*/tasks", looks=True),
    "list of tasks": Step(run_import, "GET", "*/tasks", lose_confirmation),
    "poll of an import": Step(run_import, "GET", "*/tasks/*"),
    "whole dump": Step(read_dump, "GET", "*/dump", import_what_is_refused),
    "chunks of a dump": Step(read_dump, "GET", "*/dump/chunks", import_what_is_refused),
    "chunk of a dump": Step(read_dump, "GET", "*/dump/chunks/1", import_what_is_refused),
    "start of an export": Step(export, "POST", "*/tasks", looks=True),
    "poll of an export": Step(export, "GET", "*/tasks/*"),
    "chunks of an output": Step(export, "GET", "*/chunks"),
    "first chunk of a download": Step(download, "GET", "*/chunks/0", export),
    "later chunk of a download": Step(download, "GET", "*/chunks/2", export),
}


def is_overcome(step: Step, trouble: Trouble, times: int | None) -> bool:
    """Whether the transfer is to succeed: by itself, by a repetition or by finding what began."""
    if trouble.spares == "all" or (trouble.spares == "empty" and step.method == "PUT"):
        return True
    if not step.is_needed:
        return True
    return times == 1 or (step.looks and trouble.is_performed)


# Of two troubles that take long and look the same one is enough, but in a soak.
TAKING_TURNS = {
    ("429 until a date", "once"),
    ("429 for seconds", "always"),
    ("too late", "once"),
    ("too late, but done", "always"),
}


def is_tried(step: str, trouble: str, times: str) -> bool:
    if (step, trouble) == ("sign-in", "token refused"):
        return False  # Refused credentials are not tried again.
    if (step, times) == ("completion of a stream", "always") and trouble.startswith("500"):
        return False  # It is no failure if all chunks are there: see test_journals.
    return bool(soak.SCHEDULES) or STEPS[step].looks or (trouble, times) not in TAKING_TURNS


CELLS = [cell for cell in product(STEPS, TROUBLES, ("once", "always")) if is_tried(*cell)]
PLACES = soak.for_tasks(CELLS)  # sync: PLACES = soak.for_threads(CELLS)


@pytest.mark.timeout(60)
# sync: @pytest.mark.parametrize(("step", "trouble", "times"), PLACES)
@pytest.mark.parametrize(("step", "trouble", "times", "anyio_backend"), PLACES)  # async-only
async def test_trouble_is_got_over_or_told(
    anaplan: EmulatedAnaplan, tmp_path: Path, step: str, trouble: str, times: str
) -> None:
    await play(anaplan, tmp_path, STEPS[step], TROUBLES[trouble], 1 if times == "once" else None)


async def play(
    anaplan: EmulatedAnaplan, folder: Path, step: Step, trouble: Trouble, times: int | None
) -> None:
    anaplan.emulator.settings.output_chunk_bytes = OUTPUT_CHUNK
    witness = Witness(anaplan.emulator)
    witness.put(FILE, OLD)
    async with anaplan.async_client(
        upload_chunk_size=CHUNK,
        timeout=SHORT_TIMEOUT if trouble.is_late else 10,
        # Repeating what lasts takes time, which is left to a soak.
        retry_count=1 if times == 1 or soak.SCHEDULES else 0,
        backoff=0.001,
        settle_time=0.1,
        status_poll_delay=0.01,
        verify=False,
    ) as client:
        scene = Scene(client, anaplan, witness, folder)
        if step.before is not None:
            await step.before(scene)
        anaplan.fault(method=step.method, path=step.path, times=times, **trouble.fields)
        if is_overcome(step, trouble, times):
            await step.transfer(scene)
            assert all(fault["met"] for fault in anaplan.emulator.tenant.faults.listing())
        else:
            with pytest.raises(AnaplanException):
                await step.transfer(scene)
            assert witness.content(FILE) in (OLD, DATA, REFUSED, None)
            assert witness.items("Airlines") in ([], AIRLINES)
            assert max(len(witness.runs(IMPORT)), len(witness.runs(EXPORT))) <= 1
            assert nothing_in(folder)
            anaplan.emulator.clear_faults()
            await step.transfer(scene)
