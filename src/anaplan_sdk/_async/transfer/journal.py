"""The journal of an upload: a file that records which chunks have arrived."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import IO, cast

from anaplan_sdk._arguments import expanded
from anaplan_sdk._formats.chunks import Chunk
from anaplan_sdk.exceptions import AnaplanException, InvalidArgumentException

_KIND = "anaplan-sdk upload 1"


@dataclass(frozen=True)
class UploadIdentity:
    """The upload to which a journal belongs.

    Attributes:
        origin: The origin of Anaplan's API.
        model: The model.
        file: The file, as the caller named it.
        chunk_size: Bytes of each chunk but the last.
        count: How many chunks there are; -1 if that is unknown.
        size: Bytes of the content; `None` if that is unknown.
    """

    origin: str
    model: str
    file: str
    chunk_size: int
    count: int
    size: int | None

    def is_same_file(self, other: UploadIdentity) -> bool:
        """Whether both are uploads to the same file."""
        return (self.origin, self.model, self.file) == (other.origin, other.model, other.file)


class Journal:
    """The journal of one upload, locked against others until it is closed.

    Attributes:
        file_id: Anaplan's id of the file, if an earlier run has begun this same upload.
        acknowledged: The digests of the chunks that the earlier run has sent, by their indexes.
    """

    def __init__(self, path: str | os.PathLike[str], upload: UploadIdentity) -> None:
        """Lock and read the journal; `~` in its path is expanded.

        Raises:
            InvalidArgumentException: The file is not a journal, or is that of an upload to another
                file.
            AnaplanException: Another upload is using the journal, or it cannot be locked.
            OSError: The file cannot be read.
        """
        # Imported here, since few uploads have a journal.
        from anaplan_sdk._runtime.process_lock import ProcessLock

        self._path = expanded(path)
        self._upload = upload
        self._file: IO[str] | None = None
        self._file_lock = threading.Lock()
        self.file_id: int | None = None
        self.acknowledged: dict[int, str] = {}
        self._lock = ProcessLock(f"journal {self._path.resolve()}")
        try:
            is_locked = self._lock.take()
        except OSError as error:
            raise AnaplanException(
                f"The journal {str(self._path)!r} cannot be locked: {error}",
                not_performed=True,
            ) from error
        if not is_locked:
            raise AnaplanException(
                f"Another upload is using the journal {str(self._path)!r}.", not_performed=True
            )
        try:
            if self._path.exists():
                text = self._path.read_text(encoding="utf-8", errors="replace")
                self._read(text.splitlines())
        except BaseException:
            self._lock.release()
            raise

    def _read(self, lines: list[str]) -> None:
        if not any(lines):
            return
        heading = _parse(lines[0])
        try:
            if heading.pop("kind", None) != _KIND:
                raise TypeError
            file_id = heading.pop("target")
            upload = UploadIdentity(**heading)  # type: ignore[arg-type]
        except (KeyError, TypeError):
            raise InvalidArgumentException(
                f"{str(self._path)!r} is not the journal of an upload."
            ) from None
        if not upload.is_same_file(self._upload):
            raise InvalidArgumentException(
                f"{str(self._path)!r} is the journal of an upload to file {upload.file} of model "
                f"{upload.model}."
            )
        if upload != self._upload or not isinstance(file_id, int):
            return  # The content has another size, or other chunks.
        self.file_id = file_id
        for line in lines[1:]:
            entry = _parse(line)  # The last line may be incomplete.
            index, digest = entry.get("chunk"), entry.get("sha256")
            if isinstance(index, int) and isinstance(digest, str):
                self.acknowledged[index] = digest

    def clear(self) -> None:
        """Delete what is recorded, since the upload begins again."""
        self._close_file()
        self.file_id = None
        self.acknowledged.clear()
        self._path.unlink(missing_ok=True)

    def begin(self, file_id: int) -> None:
        """Record that the upload has begun."""
        heading = {"kind": _KIND, "target": file_id, **asdict(self._upload)}
        # Renamed into place, since an incomplete heading would not be a valid journal.
        partial = self._path.with_name(f".{self._path.name}.part")
        try:
            partial.write_text(f"{json.dumps(heading)}\n", encoding="utf-8")
            partial.replace(self._path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self.file_id = file_id

    def record(self, index: int, digest: str) -> None:
        """Record a chunk that Anaplan has acknowledged."""
        with self._file_lock:
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
                self._file.write("\n")  # The last line may be incomplete.
            self._file.write(f"{json.dumps({'chunk': index, 'sha256': digest})}\n")
            self._file.flush()

    def close(self, *, is_done: bool) -> None:
        """Unlock the journal, and delete it if the upload is done."""
        try:
            self._close_file()
            if is_done:
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def digest_of(chunk: Chunk) -> str:
    """Return the digest by which a chunk is recognized."""
    return sha256(chunk.content).hexdigest()


def _parse(line: str) -> dict[str, object]:
    with suppress(ValueError):
        value: object = json.loads(line)
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
    return {}
