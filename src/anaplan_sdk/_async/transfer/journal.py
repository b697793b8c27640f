"""The journal of an upload: a file that records which chunks have arrived."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import BinaryIO, ClassVar, cast

from anaplan_sdk._arguments import expanded
from anaplan_sdk._formats.chunks import Chunk
from anaplan_sdk._runtime.targets import is_replaceable, replacing, write_all
from anaplan_sdk.exceptions import AnaplanException, InvalidArgumentException

_KIND = "anaplan-sdk upload 1"
# Anaplan help, "Access import files with the Anaplan Integrations API": content is deleted when it
# was not used for 48 hours.
_LIFETIME = 48 * 3600
_LONGEST_HEADING = 65_536


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


@dataclass(frozen=True)
class Fingerprint:
    """What a chunk is recognized by.

    Attributes:
        size: The number of bytes.
        head: The digest of its first bytes, up to `HEAD_SIZE`.
        sha256: The digest of all of it.
    """

    size: int
    head: str
    sha256: str

    HEAD_SIZE: ClassVar[int] = 4096


def fingerprint_of(chunk: Chunk) -> Fingerprint:
    """Return what a chunk is recognized by."""
    content = memoryview(chunk.content)
    head = sha256(content[: Fingerprint.HEAD_SIZE]).hexdigest()
    return Fingerprint(chunk.size, head, sha256(content).hexdigest())


class Journal:
    """The journal of one upload, locked against others until it is closed.

    Attributes:
        file_id: Anaplan's id of the file, if an earlier run has begun this same upload.
        acknowledged: The chunks that the earlier run has sent, by their indexes.
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
        self._process = os.getpid()
        self._upload = upload
        self._file: BinaryIO | None = None
        self._file_lock = threading.Lock()
        self.file_id: int | None = None
        self.acknowledged: dict[int, Fingerprint] = {}
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
            if not is_replaceable(self._path):
                raise self._no_journal()
            if self._path.exists():
                self._read_all()
        except BaseException:
            self._lock.release()
            raise

    def _no_journal(self) -> InvalidArgumentException:
        return InvalidArgumentException(f"{str(self._path)!r} is not the journal of an upload.")

    def _read_all(self) -> None:
        with self._path.open("rb") as file:
            # A file of data may have been named by mistake, and consist of one line.
            heading = file.readline(_LONGEST_HEADING)
            age = time.time() - os.fstat(file.fileno()).st_mtime
            if (heading.strip() or file.read(1)) and self._is_current(heading) and age < _LIFETIME:
                self._read_entries(file)
            else:
                self.file_id = None

    def _is_current(self, line: bytes) -> bool:
        """Read the heading, and return whether it is that of this very upload."""
        heading = _parse(line)
        try:
            if heading.pop("kind", None) != _KIND:
                raise TypeError
            file_id = heading.pop("target")
            upload = UploadIdentity(**heading)  # type: ignore[arg-type]
        except (KeyError, TypeError):
            raise self._no_journal() from None
        if not upload.is_same_file(self._upload):
            raise InvalidArgumentException(
                f"{str(self._path)!r} is the journal of an upload to file {upload.file} of model "
                f"{upload.model}."
            )
        if upload != self._upload or not isinstance(file_id, int):
            return False  # The content has another size, or other chunks.
        self.file_id = file_id
        return True

    def _read_entries(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            entry = _parse(line)  # The last line may be incomplete.
            index = entry.pop("chunk", None)
            with suppress(TypeError):  # A member is missing.
                fingerprint = Fingerprint(**entry)  # type: ignore[arg-type]
                if isinstance(index, int):
                    self.acknowledged[index] = fingerprint

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
        with replacing(self._path) as file:
            write_all(file, f"{json.dumps(heading)}\n".encode())
        self.file_id = file_id

    def record(self, index: int, chunk: Fingerprint) -> None:
        """Record a chunk that Anaplan has acknowledged."""
        entry = f"{json.dumps({'chunk': index, **asdict(chunk)})}\n".encode()
        with self._file_lock:
            if self._file is None:
                # Without a buffer, of which a forked process would have a copy.
                self._file = self._path.open("ab", buffering=0)
                entry = b"\n" + entry  # The last line may be incomplete.
            write_all(self._file, entry)

    def close(self, *, is_done: bool) -> None:
        """Unlock the journal, and delete it if the upload is done."""
        try:
            self._close_file()
            if is_done and os.getpid() == self._process:
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _close_file(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


def _parse(line: bytes) -> dict[str, object]:
    with suppress(ValueError, RecursionError):
        value: object = json.loads(line)
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
    return {}
