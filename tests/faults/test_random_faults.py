"""Whatever happens on the way: a transfer is told to have failed, or all of it is right.

Hypothesis makes schedules: transfers of all kinds, and between them orders for trouble, absences of
Anaplan and ends of tokens. `make test` tries few of them, and always the same; `make soak` many.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.faults import soak
from tests.faults.callers import AsyncCaller, Caller, SyncCaller
from tests.faults.restarts import RestartableAnaplan
from tests.faults.troubles import SHORT_TIMEOUT, TROUBLES
from tests.faults.witness import Witness

from anaplan_sdk.exceptions import AnaplanException, AnaplanTimeoutException

FILE = 113000000000
IMPORT = 112000000001
EXPORT = 116000000001
HEADER = "carrier,name,remark\n"

ANY = ("*", "*")
SIGN_IN = ("POST", "/token/authenticate")
UPLOADING = [
    ("GET", "*/files"),
    ("POST", f"*/files/{FILE}"),
    ("PUT", "*/chunks/*"),
    ("PUT", "*/chunks/0"),
    ("POST", "*/complete"),
    ("GET", "*/chunks"),
]
RUNNING = [("POST", "*/tasks"), ("GET", "*/tasks"), ("GET", "*/tasks/*")]
DOWNLOADING = [("GET", "*/chunks"), ("GET", "*/chunks/*")]

SOURCES = ["bytes", "str", "path", "file", "pieces"]


def airlines(word: str, rows: int, size: int) -> bytes:
    """Airlines with a remark that makes it so many bytes in all, if it can."""
    lines = [f"C{number},{word} {number},\n" for number in range(rows)]
    missing = size - len((HEADER + "".join(lines)).encode())
    return (HEADER + "".join(lines)[:-1] + "x" * missing + "\n").encode()


def items_in(content: bytes) -> dict[str | None, str]:
    """What an import of the content leaves in an empty list."""
    rows = (line.split(",") for line in content.decode().splitlines()[1:])
    return {code: name for code, name, _ in rows}


@dataclass(frozen=True)
class Order:
    """Trouble, and the requests that it meets."""

    trouble: str
    method: str
    path: str
    skip: int
    times: int | None


@st.composite
def orders(draw: st.DrawFn, requests: Sequence[tuple[str, str]]) -> list[Order]:
    """Trouble with some requests; a little of it lasts."""
    made: list[Order] = []
    for trouble in draw(st.lists(st.sampled_from(sorted(TROUBLES)), max_size=3)):
        method, path = draw(st.sampled_from([*requests, SIGN_IN, ANY]))
        skip = draw(st.sampled_from([0, 0, 0, 1, 2, 5]))
        # A client goes slowly for a minute after each 429.
        times = 1 if trouble.startswith("429") else draw(st.sampled_from([1, 1, 2, 3, None]))
        made.append(Order(trouble, method, path, skip, times))
    return made


@dataclass(frozen=True)
class Situation:
    """What Anaplan holds at a moment.

    Attributes:
        content: What an import would read.
        output: What the export's last run left.
        items: The list's items.
        imports: How often the import has run.
        exports: How often the export has run.
    """

    content: bytes | None
    output: bytes | None
    items: dict[str | None, str]
    imports: int
    exports: int


class Transfers(RuleBasedStateMachine):
    """A client, an Anaplan, and whatever may happen to them.

    Args:
        anaplan: Anaplan.
        connect: Makes a client of the kind that is tried.
    """

    def __init__(self, anaplan: RestartableAnaplan, connect: Callable[..., Caller]) -> None:
        super().__init__()
        anaplan.emulator.reset()
        self.anaplan = anaplan
        self.connect = connect
        self.place = TemporaryDirectory()
        self.folder = Path(self.place.name)
        self.ways_out = ExitStack()
        self.ways_out.callback(self.place.cleanup)

    @initialize(
        chunk_size=st.integers(16, 200),
        output_chunk=st.integers(50, 500),
        polls=st.integers(0, 2),
        retry_count=st.integers(0, 3),
        width=st.integers(1, 6),
        keeps_journal=st.booleans(),
        goes_away=st.sampled_from([False, False, False, True]),
    )
    def begin(
        self,
        chunk_size: int,
        output_chunk: int,
        polls: int,
        retry_count: int,
        width: int,
        keeps_journal: bool,
        goes_away: bool,
    ) -> None:
        self.anaplan.emulator.settings.output_chunk_bytes = output_chunk
        self.anaplan.emulator.settings.task_polls = self.polls = polls
        self.chunk_size = chunk_size
        self.goes_away = goes_away
        self.journal = {"journal": self.folder / "journal"} if keeps_journal else {}
        self.client = self.connect(
            self.anaplan,
            upload_chunk_size=chunk_size,
            retry_count=retry_count,
            max_concurrency=width,
            backoff=0.002,
            settle_time=0.1,
            status_poll_delay=0.01,
            timeout=SHORT_TIMEOUT,
            verify=False,
        )
        self.ways_out.callback(self.client.close)

    @rule()
    def let_trouble_end(self) -> None:
        self.anaplan.emulator.clear_faults()

    @rule()
    def let_tokens_end(self) -> None:
        self.anaplan.advance(minutes=40)

    @precondition(lambda self: self.goes_away)
    @rule(seconds=st.sampled_from([0.0, 0.02, 0.2]))
    def go_away(self, seconds: float) -> None:
        self.anaplan.wait_until_back()
        self.anaplan.go_away(seconds)

    @rule(
        word=st.sampled_from(["Air", "Größe", "Lines"]),
        rows=st.integers(1, 9),
        chunks=st.integers(0, 6),
        more=st.integers(-1, 1),
        source=st.sampled_from(SOURCES),
        batch_size=st.integers(1, 3),
        is_imported=st.booleans(),
        trouble=orders([*UPLOADING, *RUNNING]),
    )
    def upload(
        self,
        word: str,
        rows: int,
        chunks: int,
        more: int,
        source: str,
        batch_size: int,
        is_imported: bool,
        trouble: list[Order],
    ) -> None:
        # Mistakes would be where chunks end.
        content = airlines(word, rows, chunks * self.chunk_size + more)
        before = self.look()
        with self.given(content, source) as given:
            if is_imported:
                act = partial(self.client.call, "upload_and_import", FILE, given, IMPORT)
            elif source == "pieces":
                act = partial(self.client.call, "upload_file_stream", FILE, given, batch_size)
            else:
                act = partial(self.client.call, "upload_file", FILE, given)
            self.meet(trouble)
            is_told_done = self.try_to(partial(act, **self.journal))
        after = self.look()
        imported = before.items | items_in(content)
        if is_told_done:
            assert after.content == content
            assert after.imports == before.imports + is_imported
            assert after.items == (imported if is_imported else before.items)
            assert not (self.folder / "journal").exists()
        else:
            assert after.content in (None, before.content, content)
            assert after.imports - before.imports in (0, 1 if is_imported else 0)
            assert after.items in (before.items, imported)

    @rule(trouble=orders(RUNNING))
    def run_import(self, trouble: list[Order]) -> None:
        before = self.look()
        self.meet(trouble)
        is_told_done = self.try_to(lambda: self.client.call("run_action", IMPORT))
        after = self.look()
        imported = before.items | items_in(before.content or b"")
        assert after.content == before.content
        if is_told_done:
            assert before.content is not None
            assert after.imports == before.imports + 1
            assert after.items == imported
        else:
            assert after.imports - before.imports in (0, 1)
            assert after.items in (before.items, imported)

    @rule(trouble=orders([*RUNNING, *DOWNLOADING]))
    def export(self, trouble: list[Order]) -> None:
        before = self.look()
        self.meet(trouble)
        outputs: list[bytes] = []
        is_told_done = self.try_to(
            lambda: outputs.append(self.client.call("export_and_download", EXPORT))
        )
        after = self.look()
        assert after.exports - before.exports in ((1,) if is_told_done else (0, 1))
        assert outputs == ([after.output] if is_told_done else [])

    @rule(
        method=st.sampled_from(["get_file", "get_file_stream", "download_file"]),
        is_output=st.booleans(),
        batch_size=st.integers(1, 3),
        trouble=orders(DOWNLOADING),
    )
    def download(self, method: str, is_output: bool, batch_size: int, trouble: list[Order]) -> None:
        situation = self.look()
        self.meet(trouble)
        file_id, expected = (EXPORT, situation.output) if is_output else (FILE, situation.content)
        received: list[bytes] = []
        path = self.folder / "down"

        def receive() -> None:
            if method == "get_file":
                received.append(self.client.call("get_file", file_id))
            elif method == "get_file_stream":
                received.extend(self.client.stream("get_file_stream", file_id, batch_size))
            else:
                received.append(self.client.call("download_file", file_id, path).read_bytes())
                path.unlink()

        # What there is of an upload that failed can be read, too, but means nothing.
        if self.try_to(receive) and expected is not None:
            assert b"".join(received) == expected

    def teardown(self) -> None:
        """Whatever has happened, the client is as good as new."""
        with self.ways_out:
            if hasattr(self, "client"):
                self.look()
                self.anaplan.emulator.clear_faults()
                # Credentials that were refused are tried again only when the client is told to.
                self.without_haste(lambda: self.client.call("authenticate"))
                self.without_haste(lambda: self.client.call("get_workspaces"))

    def meet(self, trouble: list[Order]) -> None:
        for order in trouble:
            fields = TROUBLES[order.trouble].fields
            self.anaplan.fault(
                method=order.method,
                path=order.path,
                skip=order.skip,
                times=order.times,
                **fields,
            )

    def try_to(self, act: Callable[[], object]) -> bool:
        """Whether something is told to be done; what fails fails by an error of our own."""
        try:
            act()
        except AnaplanException:
            return False
        return True

    def look(self) -> Situation:
        """What Anaplan holds, once it is back and has ended what it was doing."""
        self.anaplan.wait_until_back()
        assert {path.name for path in self.folder.iterdir()} <= {"journal"}
        witness = Witness(self.anaplan.emulator)
        # Otherwise a run whose end nobody waits for any longer would never go on.
        self.anaplan.emulator.settings.task_polls = 0
        while not all(run.result for run in (*witness.runs(IMPORT), *witness.runs(EXPORT))):
            time.sleep(0.005)
        self.anaplan.emulator.settings.task_polls = self.polls
        return Situation(
            content=witness.content(FILE),
            output=witness.content(EXPORT),
            items=dict(witness.items("Airlines")),
            imports=len(witness.runs(IMPORT)),
            exports=len(witness.runs(EXPORT)),
        )

    @contextmanager
    def given(self, content: bytes, source: str) -> Iterator[Any]:
        """Content as users have it."""
        path = self.folder / "given"
        path.write_bytes(content)
        try:
            with path.open("rb") as file:
                yield {
                    "bytes": content,
                    "str": content.decode(),
                    "path": path,
                    "file": file,
                    "pieces": (content[at : at + 7] for at in range(0, len(content), 7)),
                }[source]
        finally:
            path.unlink()

    def without_haste(self, act: Callable[[], object]) -> None:
        """Does what must succeed, but that a busy machine may take its time."""
        for _ in range(5):
            with suppress(AnaplanTimeoutException):
                act()
                return
        act()


@pytest.fixture(scope="module")
def anaplan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestartableAnaplan]:
    with RestartableAnaplan(tmp_path_factory.mktemp("anaplan") / "state") as anaplan:
        yield anaplan


@pytest.mark.timeout(120 + 20 * soak.SCHEDULES)
@pytest.mark.parametrize("kind", ["sync", "asyncio", *(["trio"] if soak.SCHEDULES else [])])
def test_transfers_are_right_or_told_to_have_failed(anaplan: RestartableAnaplan, kind: str) -> None:
    with ExitStack() as stack:
        connect: Callable[..., Caller] = SyncCaller
        if kind != "sync":
            connect = partial(AsyncCaller, stack.enter_context(start_blocking_portal(kind)))

        class TransfersByKind(Transfers):
            def __init__(self) -> None:
                super().__init__(anaplan, connect)

        run_state_machine_as_test(
            TransfersByKind,
            settings=settings(
                max_examples=soak.SCHEDULES or 6,
                stateful_step_count=10,
                derandomize=not soak.SCHEDULES,
                database=None,
                deadline=None,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )
