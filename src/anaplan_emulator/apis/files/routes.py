"""Routes of files and their chunks."""

from typing import Any

from starlette.responses import Response

from anaplan_emulator.apis.access import changeable_model, readable_model
from anaplan_emulator.apis.calls import Call, Endpoint, whole_number
from anaplan_emulator.apis.files import state
from anaplan_emulator.apis.listings import listing, sort_leniently
from anaplan_emulator.apis.replies import INTEGRATION, ApiError, envelope
from anaplan_emulator.engine import file_contents
from anaplan_emulator.engine.file_contents import Content, File

# Reading extends the retention of content. This is recorded once a minute only, as readers would
# have to wait for the writer otherwise.
_MARK_USED_SECONDS = 60

_FILE_SORT = {"id": lambda file: file.id, "name": lambda file: file.name}


def list_files(call: Call) -> Response:
    """GET /files."""
    model = readable_model(call)
    files = sort_leniently(call, file_contents.files(call.db, model.key), _FILE_SORT)
    return listing(
        call, "files", files, lambda file: _describe(call, file), kind="file", model_id=model.id
    )


def set_chunk_count(call: Call) -> Response:
    """POST /files/{f}: begin an upload, and create the file if necessary."""
    model = changeable_model(call)
    count = state.parse_chunk_count(call.json())
    file = state.find_or_create_file(call.db, model.key, call.path["fileId"])
    file_contents.begin(call.db, file, call.user.id, count, call.tenant.clock.timestamp())
    return envelope("file", model_id=model.id, file=_describe(call, file))


def put_chunk(call: Call) -> Response:
    """PUT /files/{f}/chunks/{n}."""
    model = changeable_model(call)
    file = state.find_file(call.db, model.key, call.path["fileId"])
    now = call.tenant.clock.timestamp()
    content = state.own_upload(call.db, file, call.user.id, now)
    number = state.parse_chunk_number(content, call.path["chunkId"])
    body = _uncompressed(call)
    with call.tenant.store.transaction() as db:
        # The user may have begun a new upload in the meantime, to which this chunk does not belong.
        content = state.own_upload(db, file, call.user.id, now)
        file_contents.put_chunk(db, content.key, number, body)
        file_contents.mark_used(db, content.key, now)
    return Response(status_code=204)


def put_file(call: Call) -> Response:
    """PUT /files/{f}: upload the whole file as a single chunk."""
    model = changeable_model(call)
    file = state.find_file(call.db, model.key, call.path["fileId"])
    if file.is_output:
        raise ApiError(400, "The output of an export cannot be uploaded")
    body = _uncompressed(call, gzip=False)
    with call.tenant.store.transaction() as db:
        content = file_contents.begin(db, file, call.user.id, 1, call.tenant.clock.timestamp())
        file_contents.put_chunk(db, content, 0, body)
    return Response(status_code=204)


def complete_file(call: Call) -> Response:
    """POST /files/{f}/complete. The body is a JSON object, whose members are ignored, or empty."""
    model = changeable_model(call)
    if call.tenant.settings.complete_fails:
        raise ApiError(500)
    if call.body and not isinstance(call.json(), dict):
        raise ApiError(400, "The request body is not an object")
    file = state.find_file(call.db, model.key, call.path["fileId"])
    content = state.own_upload(call.db, file, call.user.id, call.tenant.clock.timestamp())
    state.complete(call.db, content)
    return envelope("file", model_id=model.id, file=_describe(call, file))


def get_file(call: Call) -> Response:
    """GET /files/{f}: download all chunks at once."""
    content = _content(call)
    return _octets(b"".join(file_contents.read_all(call.db, content)))


def list_chunks(call: Call) -> Response:
    """GET /files/{f}/chunks."""
    model = readable_model(call)
    file = state.find_file(call.db, model.key, call.path["fileId"])
    content = file_contents.content_of(call.db, file, call.user.id, call.tenant.clock.timestamp())
    declares = call.tenant.settings.chunk_listing == "declared"
    numbers = state.listed_chunks(call.db, content, declares=declares) if content else []
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
    chunk = file_contents.read_chunk(call.db, content, number) if number is not None else None
    if chunk is None:
        raise ApiError(404)
    return _octets(chunk)


def delete_content(call: Call) -> Response:
    """DELETE /files/{f}: delete the user's private content."""
    model = changeable_model(call)
    file = state.find_file(call.db, model.key, call.path["fileId"])
    content = file_contents.content_of(call.db, file, call.user.id, call.tenant.clock.timestamp())
    if content is not None and content.private:
        file_contents.delete(call.db, content.key)
    return Response(status_code=204)


def _content(call: Call) -> Content:
    """Return the content to read, and mark it as used."""
    model = readable_model(call)
    file = state.find_file(call.db, model.key, call.path["fileId"])
    now = call.tenant.clock.timestamp()
    content = file_contents.content_of(call.db, file, call.user.id, now)
    if content is None or not file_contents.chunk_numbers(call.db, content):
        raise ApiError(404)
    if content.private and now - content.used_at > _MARK_USED_SECONDS:
        with call.tenant.store.transaction() as db:
            file_contents.mark_used(db, content.key, now)
    return content


def _describe(call: Call, file: File) -> dict[str, Any]:
    stale_counts = call.is_live
    now = call.tenant.clock.timestamp()
    return state.describe_file(call.db, file, call.user.id, now, stale_counts=stale_counts)


def _uncompressed(call: Call, *, gzip: bool = True) -> bytes:
    content_type = call.headers.get("content-type", "application/octet-stream")
    limit = call.tenant.settings.upload_chunk_bytes
    return state.uncompressed(call.body, content_type, limit, gzip=gzip)


def _octets(body: bytes) -> Response:
    return Response(body, media_type="application/octet-stream")


_FILE = "/2/0/models/{modelId}/files/{fileId}"

ENDPOINTS = [
    Endpoint("GET", "/2/0/models/{modelId}/files", list_files, INTEGRATION),
    Endpoint("POST", _FILE, set_chunk_count, INTEGRATION),
    # These two begin to write only after the body has been uncompressed.
    Endpoint("PUT", _FILE, put_file, INTEGRATION, writes=False),
    Endpoint("PUT", f"{_FILE}/chunks/{{chunkId}}", put_chunk, INTEGRATION, writes=False),
    Endpoint("POST", f"{_FILE}/complete", complete_file, INTEGRATION),
    Endpoint("GET", _FILE, get_file, INTEGRATION),
    Endpoint("GET", f"{_FILE}/chunks", list_chunks, INTEGRATION),
    Endpoint("GET", f"{_FILE}/chunks/{{chunkId}}", get_chunk, INTEGRATION),
    Endpoint("DELETE", _FILE, delete_content, INTEGRATION),
]
