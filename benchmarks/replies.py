"""The part of Anaplan's API that the benchmarks need: replies and counts.

Only counts are stored, and replies that stay the same are kept as bytes.
"""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from messages import Reply, Request

MODEL = "0123456789ABCDEF0123456789ABCDEF"
WORKSPACE = "0123456789abcdef0123456789abcdef"
FILE, IMPORT, LIST, MODULE = 113000000001, 112000000001, 101000000001, 102000000001
EXPORT = 116000000001
CHUNK = 10_000_000
_PAGE = 5000


@dataclass
class Setup:
    """The options of the server.

    Attributes:
        latency: Seconds before each reply.
        imports: Number of imports in the model.
        list_items: Number of items in the list.
        download: Size of the file's content in bytes.
        content: Path of a file with other content, whose size it has.
        columns: The columns of the import and the export, with the names of their types.
        encoded: Whether chunks are sent with `Content-Encoding: gzip`.
        verify: Whether uploaded chunks are decompressed and hashed.
        requests_a_second: Requests above this limit are answered with 429; 0 sets no limit.
        token_uses: Number of requests for which a token is valid; 0 sets no limit.
        lost_chunks: Chunks whose PUT is always answered with 503.
        lose_first_start: Whether the connection of the first start breaks before the reply.
        resets: Number of requests that are answered by a reset of the connection.
        kept_requests: Number of requests that a connection serves before such a reset.
        tls: Folder of the server's certificate and key; "" serves without TLS.
    """

    latency: float = 0.0
    imports: int = 0
    list_items: int = 0
    download: int = 0
    content: str = ""
    columns: dict[str, str] = field(default_factory=dict[str, str])
    encoded: bool = False
    verify: bool = False
    requests_a_second: int = 0
    token_uses: int = 0
    lost_chunks: list[int] = field(default_factory=list[int])
    lose_first_start: bool = False
    resets: int = 0
    kept_requests: int = 6
    tls: str = ""


@dataclass
class Seen:
    """What the server has received.

    Attributes:
        requests: Number of requests of each kind.
        chunks: Uncompressed size of each received chunk, from the trailer of gzip.
        packed: Compressed size of all chunks.
        digest: SHA-256 of the decompressed chunks in order, if they are verified.
        announced: The number of chunks that was announced last.
        completed: Whether `complete` was called.
        tasks: Number of started tasks.
        started_whole: Whether every announced chunk had been received at the first start.
        refused: Number of requests answered with 429.
        resets: Number of connections that were reset.
        last: Time of the last request, in seconds since 1970.
    """

    requests: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    chunks: dict[int, int] = field(default_factory=dict[int, int])
    packed: int = 0
    digest: str = ""
    announced: int = 0
    completed: bool = False
    tasks: int = 0
    started_whole: bool | None = None
    refused: int = 0
    resets: int = 0
    last: float = 0.0


def csv_block(size: int) -> bytes:
    """Return CSV like the export of a planning model: repeated names, varying numbers."""
    rows = bytearray(b"Date,Product,Region,Account,Units,Amount\n")
    state = 1
    while len(rows) < size:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        some, more = state >> 33, state >> 17 & 0xFFFFF
        rows += (
            f"2026-{some % 12 + 1:02}-{some % 28 + 1:02},Product {some % 997:04},"
            f"Region {more % 41:02},Account {more % 313},{some % 1009},{more / 100:.2f}\n"
        ).encode()
    return bytes(rows[:size])


class Model:
    """The routes, the data behind them, and the counts."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.seen = Seen()
        self.lock = threading.Lock()
        self._window = 0, 0
        self._tokens: dict[str, int] = {}
        self._unpacked: dict[int, bytes] = {}
        self._constant: dict[tuple[str, str], tuple[str, Reply]] = {}
        self.routes: list[tuple[str, str, str, Callable[..., Reply]]] = [
            ("sign-in", "POST", r"/token/(?:authenticate|refresh)|/oauth/token", self._token),
            ("validate", "GET", r"/token/validate", self._validate),
            ("models", "GET", r"/2/0/models", self._models),
            ("model", "GET", r"/2/0/models/\w+", self._model),
            ("imports", "GET", r".*/imports/?", self._imports),
            ("import", "GET", r".*/imports/\d+", self._import),
            ("exports", "GET", r".*/exports/?", self._exports),
            ("export", "GET", r".*/exports/\d+", self._export),
            ("files", "GET", r".*/files/?", self._files),
            ("count", "POST", r".*/files/\d+", self._announce),
            ("chunk", "GET", r".*/files/\d+", lambda request: self._chunk(request, 0)),
            ("complete", "POST", r".*/files/\d+/complete", self._complete),
            ("chunks", "GET", r".*/files/\d+/chunks/?", self._chunks),
            ("chunk", "GET", r".*/files/\d+/chunks/(\d+)", self._chunk),
            ("upload", "PUT", r".*/files/\d+/chunks/(\d+)", self._upload),
            ("items", "GET", r".*/lists/\d+/items", self._items),
            ("insert", "POST", r".*/lists/\d+/items", self._insert),
            ("cells", "POST", r".*/modules/\d+/data", self._cells),
            ("start", "POST", r".*/imports/\d+/tasks", self._start),
            ("tasks", "GET", r".*/imports/\d+/tasks", self._tasks),
            ("task", "GET", r".*/imports/\d+/tasks/(\d+)", self._task),
        ]
        self._patterns = [
            (kind, method, re.compile(path), answer) for kind, method, path, answer in self.routes
        ]
        # Prepared before the first request, so that none waits for it.
        self._all_imports = [
            json.dumps(
                {
                    "id": str(112_000_000_001 + index),
                    "name": f"Import {index}",
                    "importDataSourceId": str(FILE),
                    "importType": "MODULE_DATA",
                }
            ).encode()
            for index in range(setup.imports)
        ]
        if setup.list_items:
            _ = self._list_items
        self._block = csv_block(CHUNK) if setup.download else b""
        if setup.content:
            self._block = Path(setup.content).read_bytes()
            setup.download = len(self._block)
        self._packed = gzip.compress(self._block, 6) if setup.encoded else b""

    def answer(self, request: Request) -> Reply:
        """Return the reply to a request."""
        key = request.method, request.target
        kind, reply = self._constant.get(key, ("", None))
        if reply is None:
            kind, call = self._find(request)
        with self.lock:
            self.seen.requests[kind] += 1
            self.seen.last = time.time()
            refusal = self._refusal(kind, request)
        if refusal is not None:
            return refusal
        if reply is None:
            reply = call()
            if kind in _CONSTANT:
                self._constant[key] = kind, reply
        return reply

    def takes_reset(self, served: int) -> bool:
        """Return whether to reset a connection that has served this number of requests."""
        if served < self.setup.kept_requests or self.seen.resets >= self.setup.resets:
            return False
        self.seen.resets += 1
        return True

    def report(self) -> dict[str, Any]:
        """Return the counts as JSON values."""
        whole = b"".join(piece for _, piece in sorted(self._unpacked.items()))
        self.seen.digest = sha256(whole).hexdigest() if self.setup.verify else ""
        return vars(self.seen)

    def _find(self, request: Request) -> tuple[str, Callable[[], Reply]]:
        for kind, method, pattern, answer in self._patterns:
            if method == request.method and (found := pattern.fullmatch(request.path)):
                numbers = [int(group) for group in found.groups()]
                return kind, partial(answer, request, *numbers)
        return f"{request.method} {request.path}", partial(Reply, 501)

    def _refusal(self, kind: str, request: Request) -> Reply | None:
        limited = self.setup.requests_a_second or self.setup.token_uses
        if not limited or kind in {"sign-in", "validate"}:
            return None
        second, count = self._window
        now = int(time.monotonic())
        self._window = now, count + 1 if second == now else 1
        if 0 < self.setup.requests_a_second < self._window[1]:
            self.seen.refused += 1
            return Reply(429, headers="Retry-After: 1\r\n")
        if self.setup.token_uses:
            self._tokens[request.token] = self._tokens.get(request.token, 0) + 1
            if self._tokens[request.token] > self.setup.token_uses:
                return Reply.json({"status": "FAILURE_BAD_CREDENTIAL"}, 401)
        return None

    def _token(self, request: Request) -> Reply:
        number = self.seen.requests["sign-in"]
        if request.path == "/oauth/token":
            grant = {
                "access_token": f"access-{number}",
                "refresh_token": f"refresh-{number}",
                "scope": "openid email offline_access",
                "expires_in": 2100,
                "token_type": "Bearer",
            }
            return Reply.json(grant)
        info = {
            "expiresAt": int(time.time() + 2100) * 1000,
            "tokenId": "11111111-2222-11f1-8333-444444444444",
            "tokenValue": f"token-{number}",
            "refreshTokenId": "11111111-2222-11f1-8333-555555555555",
        }
        return Reply.json({"status": "SUCCESS", "tokenInfo": info}, 201)

    def _validate(self, _: Request) -> Reply:
        return Reply.json({"status": "SUCCESS", "statusMessage": "Token validated"})

    def _models(self, request: Request) -> Reply:
        return _page("models", [json.dumps(_MODEL).encode()], request)

    def _model(self, _: Request) -> Reply:
        return Reply.json({"status": _OK, "model": _MODEL})

    def _imports(self, request: Request) -> Reply:
        return _page("imports", self._all_imports, request)

    def _import(self, _: Request) -> Reply:
        source = {
            "textEncoding": "UTF-8",
            "columnSeparator": ",",
            "textDelimiter": '"',
            "headerRow": 1,
            "firstDataRow": 2,
            "decimalSeparator": ".",
            "headerNames": list(self.setup.columns),
            "columnCount": len(self.setup.columns),
        }
        metadata = {"name": "Import", "type": "FILE", "source": source}
        return Reply.json({"status": _OK, "importMetadata": metadata})

    def _exports(self, request: Request) -> Reply:
        export = {
            "id": str(EXPORT),
            "name": "Export",
            "exportType": "TABULAR_SINGLE_COLUMN",
            "exportFormat": "text/csv",
            "encoding": "UTF-8",
        }
        return _page("exports", [json.dumps(export).encode()], request)

    def _export(self, _: Request) -> Reply:
        metadata = {
            "columnCount": len(self.setup.columns),
            "headerNames": list(self.setup.columns),
            "dataTypes": list(self.setup.columns.values()),
            "exportFormat": "text/csv",
            "encoding": "UTF-8",
            "separator": ",",
            "delimiter": '"',
        }
        return Reply.json({"status": _OK, "exportMetadata": metadata})

    def _files(self, request: Request) -> Reply:
        file = {**_FILE, "chunkCount": -(-self.setup.download // CHUNK) or 1}
        return _page("files", [json.dumps(file).encode()], request)

    def _announce(self, request: Request) -> Reply:
        with self.lock:
            self.seen.announced = int(json.loads(request.body)["chunkCount"])
        return Reply.json({"status": _OK, "file": _FILE})

    def _complete(self, _: Request) -> Reply:
        self.seen.completed = True
        return Reply.json({"status": _OK, "file": _FILE})

    def _chunks(self, request: Request) -> Reply:
        count = -(-self.setup.download // CHUNK) or len(self.seen.chunks)
        chunks = [b'{"id":"%d","name":"Chunk %d"}' % (index, index) for index in range(count)]
        return _page("chunks", chunks, request)

    def _chunk(self, _: Request, index: int) -> Reply:
        kind = "Content-Type: application/octet-stream\r\n"
        if self.setup.encoded:
            return Reply(body=self._packed, headers=f"{kind}Content-Encoding: gzip\r\n")
        start = index * CHUNK
        left = self.setup.download - start
        block = memoryview(self._block)[start if self.setup.content else 0 :]
        return Reply(body=block[: min(left, CHUNK)], headers=kind)

    def _upload(self, request: Request, index: int) -> Reply:
        if index in self.setup.lost_chunks:
            return Reply(503)
        # The last four bytes of gzip are the uncompressed size (RFC 1952, section 2.3.1).
        size = int.from_bytes(request.tail[4:], "little")
        with self.lock:
            self.seen.chunks[index] = size
            self.seen.packed += request.length
            if self.setup.verify:
                self._unpacked[index] = gzip.decompress(request.body)
        return Reply(204)

    @cached_property
    def _list_items(self) -> bytes:
        items = [
            {
                "id": str(200_000_000_000 + index),
                "name": f"Item {index}",
                "code": f"C{index:06}",
                "parent": f"Region {index % 40}",
                "parentId": str(199_000_000_000 + index % 40),
                "listId": str(LIST),
                "listName": "Products",
                "subsets": {"Active": index % 3 == 0},
                "properties": {"Owner": f"Owner {index % 500}", "Colour": "blue"},
            }
            for index in range(self.setup.list_items)
        ]
        return json.dumps({"meta": {}, "status": _OK, "listItems": items}).encode()

    def _items(self, _: Request) -> Reply:
        return Reply(body=self._list_items, headers="Content-Type: application/json\r\n")

    def _insert(self, request: Request) -> Reply:
        # Each item of the benchmark has one code, and counting is faster than parsing.
        added = request.body.count(b'"code"')
        return Reply.json({"status": _OK, "added": added, "ignored": 0, "total": added})

    def _cells(self, request: Request) -> Reply:
        changed = request.body.count(b'"value"')
        return Reply.json({"status": _OK, "numberOfCellsChanged": changed})

    def _start(self, _: Request) -> Reply:
        with self.lock:
            self.seen.tasks += 1
            number = self.seen.tasks
            if number == 1:
                whole = set(self.seen.chunks) == set(range(max(1, self.seen.announced)))
                self.seen.started_whole = whole
        if self.setup.lose_first_start and number == 1:
            return Reply(0)
        return Reply.json({"status": _OK, "task": _task(number, "NOT_STARTED")})

    def _tasks(self, request: Request) -> Reply:
        tasks = [
            json.dumps(_task(number, "COMPLETE")).encode()
            for number in range(1, self.seen.tasks + 1)
        ]
        return _page("tasks", tasks, request)

    def _task(self, _: Request, number: int) -> Reply:
        result = {
            "successful": True,
            "objectId": str(IMPORT),
            "objectName": "Import",
            "failureDumpAvailable": False,
        }
        task = {**_task(number, "COMPLETE"), "progress": 1.0, "result": result}
        return Reply.json({"status": _OK, "task": task})


# Kinds of requests whose replies depend on nothing but the target.
_CONSTANT = {"models", "model", "imports", "files", "items", "chunk"}
_OK = {"code": 200, "message": "Success"}
_MODEL = {
    "id": MODEL,
    "activeState": "UNLOCKED",
    "name": "Model",
    "currentWorkspaceId": WORKSPACE,
    "currentWorkspaceName": "Workspace",
    "modelUrl": "https://us1a.app.anaplan.com/",
    "categoryValues": [],
    "isoCreationDate": "2026-01-31T08:05:37.000+0000",
    "lastModified": "2026-02-01T08:05:37.000+0000",
    "lastModifiedByUserGuid": WORKSPACE,
    "memoryUsage": 98765,
    "lastSavedSerialNumber": 1,
    "modelTransactionRunning": False,
}
_FILE = {
    "id": str(FILE),
    "name": "sales.csv",
    "chunkCount": 1,
    "delimiter": '"',
    "encoding": "UTF-8",
    "firstDataRow": 2,
    "format": "txt",
    "headerRow": 1,
    "separator": ",",
}


def _task(number: int, state: str) -> dict[str, object]:
    created = int(time.time() * 1000)
    return {"taskId": f"{number:032}", "taskState": state, "creationTime": created}


def _page(key: str, items: list[bytes], request: Request) -> Reply:
    offset = int(request.query.get("offset", 0))
    limit = min(int(request.query.get("limit", _PAGE)), _PAGE)
    page = items[offset : offset + limit]
    paging = {"currentPageSize": len(page), "totalSize": len(items), "offset": offset}
    head = json.dumps({"meta": {"paging": paging}, "status": _OK}).encode()[:-1]
    body = head + b', "%s": [' % key.encode() + b", ".join(page) + b"]}"
    return Reply(body=body, headers="Content-Type: application/json\r\n")
