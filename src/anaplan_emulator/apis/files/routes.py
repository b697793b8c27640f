"""Routes of files and their chunks."""

from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.access import changeable_model, readable_model
from anaplan_emulator.apis.files import state
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.calls import Call, Endpoint, whole_number
from anaplan_emulator.engine import contents
from anaplan_emulator.engine.contents import Content, File
from anaplan_emulator.replies import INTEGRATION, ApiError, envelope

# Reading keeps content alive; noting that once a minute spares readers from waiting to write.
_NOTED_SECONDS = 60

_FILE_SORT = {"id": lambda file: file.id, "name": lambda file: file.name}


def list_files(call: Call) -> Response:
    """GET /files."""
    model = readable_model(call)
    files = sort_leniently(call, contents.files(call.db, model.key), _FILE_SORT)
    return listing(
        call, "files", files, lambda file: _describe(call, file), kind="file", model_id=model.id
    )


def set_chunk_count(call: Call) -> Response:
    """POST /files/{f}: begins an upload, and makes the file if there is none."""
    model = changeable_model(call)
    count = state.checked_count(call.json())
    file = state.file_to_upload_to(call.db, model.key, call.path["fileId"])
    contents.begin(call.db, file, call.user.id, count, call.world.clock.timestamp())
    return envelope("file", model_id=model.id, file=_describe(call, file))


def put_chunk(call: Call) -> Response:
    """PUT /files/{f}/chunks/{n}."""
    model = changeable_model(call)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    now = call.world.clock.timestamp()
    content = state.own_upload(call.db, file, call.user.id, now)
    number = state.checked_number(content, call.path["chunkId"])
    body = _unpacked(call)
    with call.world.store.transaction() as db:
        # Somebody may have begun a new upload since: a chunk of the old one has no place in it.
        content = state.own_upload(db, file, call.user.id, now)
        contents.put_chunk(db, content.key, number, body)
        contents.used(db, content.key, now)
    return Response(status_code=204)


def put_file(call: Call) -> Response:
    """PUT /files/{f}: the whole file as a single chunk."""
    model = changeable_model(call)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    if file.is_output:
        raise ApiError(400, "The output of an export can't be uploaded")
    body = _unpacked(call)
    with call.world.store.transaction() as db:
        content = contents.begin(db, file, call.user.id, 1, call.world.clock.timestamp())
        contents.put_chunk(db, content, 0, body)
    return Response(status_code=204)


def complete_file(call: Call) -> Response:
    """POST /files/{f}/complete: the body, if any, doesn't matter."""
    model = changeable_model(call)
    if call.world.settings.complete_fails:
        raise ApiError(500)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    content = state.own_upload(call.db, file, call.user.id, call.world.clock.timestamp())
    state.complete(call.db, content)
    return envelope("file", model_id=model.id, file=_describe(call, file))


def get_file(call: Call) -> Response:
    """GET /files/{f}: all chunks in one."""
    content = _content(call)
    return _octets(b"".join(contents.read_all(call.db, content)))


def list_chunks(call: Call) -> Response:
    """GET /files/{f}/chunks."""
    model = readable_model(call)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    content = contents.content_of(call.db, file, call.user.id, call.world.clock.timestamp())
    numbers = contents.chunk_numbers(call.db, content) if content else []
    return listing(
        call,
        "chunks",
        numbers,
        lambda number: {"id": str(number), "name": f"Chunk {number}"},
        kind="chunk",
        model_id=model.id,
    )


def get_chunk(call: Call) -> Response:
    """GET /files/{f}/chunks/{n}."""
    content = _content(call)
    number = whole_number(call.path["chunkId"])
    chunk = contents.read_chunk(call.db, content, number) if number is not None else None
    if chunk is None:
        raise ApiError(404)
    return _octets(chunk)


def delete_content(call: Call) -> Response:
    """DELETE /files/{f}: only what is the caller's own."""
    model = changeable_model(call)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    content = contents.content_of(call.db, file, call.user.id, call.world.clock.timestamp())
    if content is not None and content.private:
        contents.delete(call.db, content.key)
    return Response(status_code=204)


def _content(call: Call) -> Content:
    """Find the content to read, and note that it is being used."""
    model = readable_model(call)
    file = state.uploaded_file(call.db, model.key, call.path["fileId"])
    now = call.world.clock.timestamp()
    content = contents.content_of(call.db, file, call.user.id, now)
    if content is None or not contents.chunk_numbers(call.db, content):
        raise ApiError(404)
    if content.private and now - content.used_at > _NOTED_SECONDS:
        with call.world.store.transaction() as db:
            contents.used(db, content.key, now)
    return content


def _describe(call: Call, file: File) -> dict[str, Any]:
    stale_counts = call.world.settings.quirks == "live"
    now = call.world.clock.timestamp()
    return state.describe_file(call.db, file, call.user.id, now, stale_counts=stale_counts)


def _unpacked(call: Call) -> bytes:
    label = call.headers.get("content-type", "application/octet-stream")
    return state.unpacked(call.body, label, call.world.settings.upload_chunk_bytes)


def _octets(body: bytes) -> Response:
    return Response(body, media_type="application/octet-stream")


_FILE = "/2/0/models/{modelId}/files/{fileId}"

ENDPOINTS = [
    Endpoint("GET", "/2/0/models/{modelId}/files", list_files, INTEGRATION),
    Endpoint("POST", _FILE, set_chunk_count, INTEGRATION),
    # These two take the lock of the writer only when the bytes are ready.
    Endpoint("PUT", _FILE, put_file, INTEGRATION, writes=False),
    Endpoint("PUT", f"{_FILE}/chunks/{{chunkId}}", put_chunk, INTEGRATION, writes=False),
    Endpoint("POST", f"{_FILE}/complete", complete_file, INTEGRATION),
    Endpoint("GET", _FILE, get_file, INTEGRATION),
    Endpoint("GET", f"{_FILE}/chunks", list_chunks, INTEGRATION),
    Endpoint("GET", f"{_FILE}/chunks/{{chunkId}}", get_chunk, INTEGRATION),
    Endpoint("DELETE", _FILE, delete_content, INTEGRATION),
]
