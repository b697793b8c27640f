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
        seconds: Greatest allowed duration, instead of a ratio.
        memory: Greatest allowed share of the peak of the published release's process.
        peak: Greatest allowed peak of the process in MiB, instead of such a share.
        of_content: Greatest allowed memory, as a share of the content's size.
        of_codec: Target, as a share of the speed of compression alone on two threads.
        of_bare: Greatest allowed processor time, as a share of a bare httpx2 client's.
        bare: Name of the program with that client.
    """

    title: str
    job: dict[str, Any]
    amount: float = 1.0
    unit: str = "s"
    target: float | None = None
    seconds: float | None = None
    memory: float | None = None
    peak: float | None = None
    of_content: float | None = None
    of_codec: float | None = None
    of_bare: float = 1.15
    bare: str = ""


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


_KINDS = (("sync", ""), ("async", "_async"))


def scenarios(scale: float) -> list[Scenario]:
    """Return all scenarios, with their sizes multiplied by `scale`."""

    def scaled(amount: int, least: int = 4) -> int:
        return max(least, int(amount * scale))

    size = scaled(256 * MIB)
    return [
        *_concurrent(scaled(200), scaled(100)),
        *_sequential(scaled(1000)),
        *_uploads(size),
        *_downloads(size),
        *_lists_and_cells(scaled(50_000), scaled(200_000), scaled(100_000)),
        Scenario(
            "60 calls in a row, 9 resets of kept connections, token, sync",
            {"program": "reset_calls", "sign_in": "token", "size": 60, "server": {"resets": 9}},
            seconds=0.5,
        ),
        Scenario("from the import to the first reply", {"program": "first_call"}),
        *_encrypted(size, scaled(100), scaled(1000)),
    ]


def _pages(pages: int, sign_in: str, kind: str, target: float | None, *, tls: bool) -> Scenario:
    return Scenario(
        f"{pages} pages, 50 ms each, {sign_in}, {kind}{', TLS' if tls else ''}",
        {
            "program": "list_imports_async" if kind == "async" else "list_imports",
            "sign_in": sign_in,
            "tls": tls,
            "options": {"page_size": 100},
            "server": {"latency": 0.05, "imports": pages * 100},
        },
        pages,
        "pages/s",
        target,
    )


def _concurrent(calls: int, pages: int) -> list[Scenario]:
    targets = {"token": 1.1, "password": 18, "certificate": 15, "oauth": 15}
    return [
        *(_pages(pages, name, "async", targets[name], tls=False) for name in ("token", "password")),
        _pages(pages, "password", "sync", 3, tls=False),
        *(
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
                target,
            )
            for sign_in, target in targets.items()
        ),
    ]


def _sequential(calls: int) -> list[Scenario]:
    return [
        Scenario(
            f"{calls:,} calls in a row, token, {kind}",
            {"program": f"calls{suffix}", "sign_in": "token", "size": calls},
            calls,
            "calls/s",
            target=1.1,
            bare=f"bare_calls{suffix}",
        )
        for kind, suffix in _KINDS
    ]


def _uploads(size: int) -> list[Scenario]:
    found = []
    for (kind, suffix), target in zip(_KINDS, (12, 20), strict=True):
        found += [
            Scenario(
                f"upload of {size / MIB:.4g} MiB from memory, {kind}",
                {"program": f"upload{suffix}", "size": size},
                size / MIB,
                "MiB/s",
                target,
                of_codec=0.75,
            ),
            Scenario(
                f"upload of {size / MIB:.4g} MiB streamed from disk, {kind}",
                {"program": f"upload_stream{suffix}", "size": size},
                size / MIB,
                "MiB/s",
                target,
                peak=110,
            ),
        ]
    return found


def _downloads(size: int) -> list[Scenario]:
    # Whole chunks, since all encoded ones are the same reply.
    encoded = -(-size // 10_000_000) * 10_000_000
    found = []
    for kind, suffix in _KINDS:
        found += [
            Scenario(
                f"download of {size / MIB:.4g} MiB, {kind}",
                {"program": f"download{suffix}", "server": {"download": size}},
                size / MIB,
                "MiB/s",
                target=1.2,
                of_content=1.15,
            ),
            Scenario(
                f"download of {size / MIB:.4g} MiB as a stream, 4 chunks at a time, {kind}",
                {"program": f"download_stream{suffix}", "server": {"download": size}},
                size / MIB,
                "MiB/s",
                target=1.1,
                memory=1.0,
            ),
            Scenario(
                f"download of {encoded / MIB:.4g} MiB, gzip-encoded, {kind}",
                {
                    "program": f"download{suffix}",
                    "server": {"download": encoded, "encoded": True},
                },
                encoded / MIB,
                "MiB/s",
                target=2,
            ),
        ]
    return found


def _lists_and_cells(items: int, new_items: int, cells: int) -> list[Scenario]:
    listed = {"server": {"list_items": items}}
    return [
        Scenario(
            f"listing {items:,} list items as models",
            {"program": "list_items", **listed},
            items,
            "items/s",
            target=2.4,
        ),
        Scenario(
            f"listing {items:,} list items raw",
            {"program": "list_raw_items", **listed},
            items,
            "items/s",
            target=1.5,
        ),
        Scenario(
            f"inserting {new_items:,} list items",
            {"program": "insert_items", "size": new_items},
            new_items,
            "items/s",
            target=2,
        ),
        Scenario(
            f"writing {cells:,} cells",
            {"program": "write_cells", "size": cells},
            cells,
            "cells/s",
            target=1.2,
        ),
    ]


def _encrypted(size: int, pages: int, calls: int) -> list[Scenario]:
    # With a token, as the published release signs in without the given certificate authority.
    encrypted = {"tls": True, "sign_in": "token"}
    return [
        _pages(pages, "token", "async", None, tls=True),
        Scenario(
            f"{calls:,} calls in a row, token, sync, TLS",
            {"program": "calls", "size": calls, **encrypted},
            calls,
            "calls/s",
        ),
        *(
            Scenario(
                f"{title}, {kind}, TLS",
                {"program": f"{program}{suffix}", **job, **encrypted},
                size / MIB,
                "MiB/s",
            )
            for kind, suffix in _KINDS
            for title, program, job in (
                (f"upload of {size / MIB:.4g} MiB from memory", "upload", {"size": size}),
                (
                    f"upload of {size / MIB:.4g} MiB streamed from disk",
                    "upload_stream",
                    {"size": size},
                ),
                (f"download of {size / MIB:.4g} MiB", "download", {"server": {"download": size}}),
                (
                    f"download of {size / MIB:.4g} MiB as a stream, 4 chunks at a time",
                    "download_stream",
                    {"server": {"download": size}},
                ),
            )
        ),
    ]


def streams(scale: float) -> list[Stream]:
    """Return the streams, whose memory must not grow with their size."""
    size = max(1, int(2 * GIB * scale))
    up = {"size": size}
    down = {"server": {"download": size}}
    return [
        Stream(f"{size / GIB:.3g} GiB {way}, {kind}", {"program": f"{program}{suffix}", **job})
        for kind, suffix in _KINDS
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
        for sign_in, held in (("password", "first"), ("oauth", "given"))
    ]
    return found
