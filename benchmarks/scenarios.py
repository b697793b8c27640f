"""The scenarios that are measured, with their targets, and the faults that are tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True)
class Scenario:
    """Work that both releases do and that is timed.

    Attributes:
        title: Title in the table.
        job: The arguments of a `Job`, except the folder of its files.
        amount: Number of units of work.
        unit: Name of the rate: units per second.
        target: How many times as fast as the published release this one should be.
        memory: Greatest allowed share of the memory that the published release takes.
        of_content: Greatest allowed memory, as a share of the content's size.
        of_codec: Target, as a share of the speed of compression alone on two threads.
        ideal: Units per second with 20 requests at a time at this latency, and no other work.
    """

    title: str
    job: dict[str, Any]
    amount: float = 1.0
    unit: str = "s"
    target: float | None = None
    memory: float | None = None
    of_content: float | None = None
    of_codec: float | None = None
    ideal: float | None = None


@dataclass(frozen=True)
class Probe:
    """A fault, and a function that describes the outcome."""

    title: str
    job: dict[str, Any]
    describe: Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Stream:
    """A large stream, for this SDK only, with a limit of memory in bytes."""

    title: str
    job: dict[str, Any]
    amount: float = 2 * GIB / MIB
    limit: int = 250 * MIB


def scenarios(scale: float) -> list[Scenario]:
    """Return all scenarios, with their sizes multiplied by `scale`."""

    def scaled(amount: int, least: int = 1) -> int:
        return max(least, int(amount * scale))

    calls, pages, slow_pages = scaled(200, 4), scaled(100, 4), scaled(40, 4)
    memory, stream = scaled(256 * MIB), scaled(512 * MIB)
    items, new_items = scaled(50_000), scaled(200_000)
    paged, chunked = {"page_size": 100}, {"upload_chunk_size": 10_000_000}
    found = [
        Scenario(
            f"{calls} calls at a time, 20 ms each, {sign_in}, async",
            {
                "program": "fan_out_async",
                "sign_in": sign_in,
                "size": calls,
                "server": {"latency": 0.02},
            },
            calls,
            "calls/s",
            target=15,
            ideal=20 / 0.02,
        )
        for sign_in in ("basic", "certificate", "oauth")
    ]
    found += [
        Scenario(
            f"{pages} pages, 20 ms each, {sign_in}, async",
            {
                "program": "list_imports_async",
                "sign_in": sign_in,
                "options": paged,
                "server": {"latency": 0.02, "imports": pages * 100},
            },
            pages,
            "pages/s",
            target=15,
            ideal=20 / 0.02,
        )
        for sign_in in ("basic", "certificate", "oauth")
    ]
    found.append(
        Scenario(
            f"{slow_pages} pages, 50 ms each, sync",
            {
                "program": "list_imports",
                "options": paged,
                "server": {"latency": 0.05, "imports": slow_pages * 100},
            },
            slow_pages,
            "pages/s",
            target=2.5,
        )
    )
    for kind, suffix, target in (("sync", "", 12), ("async", "_async", 20)):
        found += [
            Scenario(
                f"upload of {memory / MIB:.4g} MiB from memory, {kind}",
                {"program": f"upload{suffix}", "size": memory},
                memory / MIB,
                "MiB/s",
                target=target,
                of_codec=0.75,
            ),
            Scenario(
                f"upload of {stream / MIB:.4g} MiB streamed from disk, {kind}",
                {"program": f"upload_stream{suffix}", "size": stream, "options": chunked},
                stream / MIB,
                "MiB/s",
                target=target,
                memory=1.0,
            ),
        ]
    for kind, suffix in (("sync", ""), ("async", "_async")):
        found += [
            Scenario(
                f"download of {stream / MIB:.4g} MiB, {kind}",
                {"program": f"download{suffix}", "server": {"download": stream}},
                stream / MIB,
                "MiB/s",
                target=1.0,
                of_content=1.3,
            ),
            Scenario(
                f"download of {memory / MIB:.4g} MiB, gzip-encoded, {kind}",
                {
                    "program": f"download{suffix}",
                    # Whole chunks, since all are the same reply.
                    "server": {"download": -(-memory // 10_000_000) * 10_000_000, "encoded": True},
                },
                memory / MIB,
                "MiB/s",
                target=1.5,
            ),
        ]
    return [
        *found,
        Scenario(
            f"listing {items:,} list items as models",
            {"program": "list_items", "server": {"list_items": items}},
            items,
            "items/s",
            target=1.8,
        ),
        Scenario(
            f"listing {items:,} list items raw",
            {"program": "list_raw_items", "server": {"list_items": items}},
            items,
            "items/s",
            target=1.3,
        ),
        Scenario(
            f"inserting {new_items:,} list items",
            {"program": "insert_items", "size": new_items},
            new_items,
            "items/s",
            target=2.0,
        ),
        Scenario("from the import to the first reply", {"program": "first_call"}),
    ]


def streams(scale: float) -> list[Stream]:
    """Return the streams, whose memory must not grow with their size."""
    size = max(1, int(2 * GIB * scale))
    up = {"size": size}
    down = {"server": {"download": size}}
    return [
        Stream(f"{size / GIB:.3g} GiB {way}, {kind}", {"program": f"{program}{suffix}", **job})
        for kind, suffix in (("sync", ""), ("async", "_async"))
        for way, program, job in (("up", "upload_stream", up), ("down", "download_stream", down))
    ]


_HASTY = {"backoff": 0.05, "upload_chunk_size": 1_000_000}


def _import(measured: dict[str, Any]) -> str:
    seen = measured["seen"]
    if not seen["tasks"]:
        return f"{measured['outcome']}; no import started"
    return f"{measured['outcome']}; import started {_whole(seen['started_whole'])}"


def _whole(is_whole: bool) -> str:
    return "with all chunks" if is_whole else "**with a chunk missing**"


def _stream(measured: dict[str, Any]) -> str:
    seen = measured["seen"]
    missing = sum(seen["chunks"].values()) < 5_000_000
    if not missing:
        return f"{measured['outcome']}; nothing was lost"
    done = "**completed without it**" if seen["completed"] else "not completed"
    return f"{measured['outcome']}; {done}"


def _starts(measured: dict[str, Any]) -> str:
    tasks = measured["seen"]["tasks"]
    return f"{measured['outcome']}; started {'once' if tasks == 1 else f'**{tasks} times**'}"


def _limited(measured: dict[str, Any]) -> str:
    seen = measured["seen"]
    outcome = f"{measured['outcome']} after {measured['seconds']:.1f} s"
    return f"{outcome}; {seen['requests']['imports']} requests, {seen['refused']} refused"


def _cancelled(measured: dict[str, Any]) -> str:
    seen = measured["seen"]
    later = max(0.0, seen["last"] - measured["seconds"])
    started = "**import started**" if seen["tasks"] else "no import started"
    return f"{measured['outcome']}; {started}; last request {later:.1f} s later"


def _storm(measured: dict[str, Any]) -> str:
    tokens = measured["seen"]["requests"]["sign-in"]
    return f"{measured['outcome']}; {tokens} token{'s' if tokens > 1 else ''} requested"


def _arrived(measured: dict[str, Any]) -> str:
    same = measured["outcome"] == measured["seen"]["digest"]
    return "bytes are equal" if same else "**bytes differ**"


def probes() -> list[Probe]:
    """Return all faults to try."""
    whole, lost, last = {"verify": True}, {"lost_chunks": [2]}, {"lost_chunks": [4]}
    up = {"size": 5_000_000, "options": _HASTY}
    work = {
        "import": {"program": "import_lost", **up},
        "round trip": {"program": "round_trip", **up},
    }
    few = {"imports": 1000, "requests_a_second": 25}
    found = [
        Probe("upload without a fault", {**work["round trip"], "server": whole}, _arrived),
        Probe("upload and import, a chunk is lost", {**work["import"], "server": lost}, _import),
        Probe(
            "upload and import, the last chunk is lost", {**work["import"], "server": last}, _import
        ),
    ]
    found += [
        Probe(
            f"streamed upload, the last chunk is lost, {kind}",
            {"program": program, **up, "piece": 1_000_000, "server": last},
            _stream,
        )
        for kind, program in (("sync", "stream_lost"), ("async", "stream_lost_async"))
    ]
    found += [
        Probe(
            "import started, the reply is lost",
            {"program": "start", "options": _HASTY, "server": {"lose_first_start": True}},
            _starts,
        ),
        Probe(
            "100 pages at 25 requests a second, 429 with Retry-After, async",
            {"program": "list_limited_async", "options": {"page_size": 10}, "server": few},
            _limited,
        ),
        Probe(
            "task cancelled in the middle of upload and import",
            {**up, "program": "cancel_async", "size": 20_000_000, "server": {"latency": 0.1}},
            _cancelled,
        ),
    ]
    found += [
        Probe(
            f"the {held} token expires during 50 calls, async",
            {
                "program": "storm_async",
                "sign_in": sign_in,
                "size": 50,
                "server": {"latency": 0.01, "token_uses": 40},
            },
            _storm,
        )
        for sign_in, held in (("basic", "first"), ("oauth", "given"))
    ]
    return found
