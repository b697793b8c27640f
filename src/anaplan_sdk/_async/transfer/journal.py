"""What of an upload has arrived, kept in a file, so that a later run needn't send it again."""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

from anaplan_sdk._formats.chunks import Chunk
from anaplan_sdk.exceptions import AnaplanException, TokenStoreException

_KIND = "anaplan-sdk upload 1"


@dataclass(frozen=True)
class Subject:
    """The upload that a journal is of.

    Attributes:
        origin: Where Anaplan is.
        model: The model.
        file: The file, as the caller names it.
        chunk_size: Bytes of each chunk but the last.
        count: How many chunks there are; -1 while that isn't known.
        size: Their bytes in all; `None` while that isn't known.
    """

    origin: str
    model: str
    file: str
    chunk_size: int
    count: int
    size: int | None

    def is_to(self, other: Subject) -> bool:
        """Whether both go to the same file."""
        return (self.origin, self.model, self.file) == (other.origin, other.model, other.file)


class Journal:
    """The journal of one upload. Whoever has it closes it, and nobody else has it until then.

    Attributes:
        target: The id of Anaplan's file, where chunks of this very upload are there already.
        arrived: The digests of these chunks, by their indexes.
    """

    def __init__(self, place: str | os.PathLike[str], subject: Subject) -> None:
        """Reads what is there; `~` is expanded.

        Raises:
            ValueError: The file is none of this upload.
            AnaplanException: Another upload has it.
            OSError: It can't be read or locked.
        """
        # Few uploads have a journal, and every program would wait for the import.
        from anaplan_sdk.auth.stores.lock import ProcessLock

        self._path = path = Path(place).expanduser()
        self._subject = subject
        self._file: IO[str] | None = None
        self._writing = threading.Lock()
        self.target: int | None = None
        self.arrived: dict[int, str] = {}
        self._lock = ProcessLock(f"journal {path.resolve()}")
        try:
            is_ours = self._lock.take()
        except TokenStoreException as error:
            raise AnaplanException(
                f"The journal {str(path)!r} can't be locked: {error.__cause__}", not_performed=True
            ) from error
        if not is_ours:
            raise AnaplanException(
                f"Another upload is using the journal {str(path)!r}.", not_performed=True
            )
        try:
            if path.exists():
                self._read(path.read_text(encoding="utf-8", errors="replace").splitlines())
        except BaseException:
            self._lock.release()
            raise

    def _read(self, lines: list[str]) -> None:
        if not any(lines):
            return
        heading = _object(lines[0])
        try:
            if heading.pop("kind", None) != _KIND:
                raise TypeError
            target = heading.pop("target")
            subject = Subject(**heading)  # type: ignore[arg-type]
        except (KeyError, TypeError):
            raise ValueError(f"{str(self._path)!r} is no journal of an upload.") from None
        if not subject.is_to(self._subject):
            raise ValueError(
                f"{str(self._path)!r} is the journal of an upload to file {subject.file} of model "
                f"{subject.model}."
            )
        if subject != self._subject or not isinstance(target, int):
            return  # The content has another size, or is cut in another way.
        self.target = target
        for line in lines[1:]:
            entry = _object(line)  # The last one may have been cut off.
            index, digest = entry.get("chunk"), entry.get("sha256")
            if isinstance(index, int) and isinstance(digest, str):
                self.arrived[index] = digest

    def forget(self) -> None:
        """Forgets what had arrived: the upload begins anew."""
        self._let_go()
        self.target = None
        self.arrived.clear()
        self._path.unlink(missing_ok=True)

    def begin(self, target: int) -> None:
        """Notes that Anaplan expects the chunks."""
        heading = {"kind": _KIND, "target": target, **asdict(self._subject)}
        # It is whole or not there: half a heading would be no journal.
        partial = self._path.with_name(f".{self._path.name}.part")
        try:
            partial.write_text(f"{json.dumps(heading)}\n", encoding="utf-8")
            partial.replace(self._path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        self.target = target

    def note(self, index: int, digest: str) -> None:
        """Notes a chunk that has arrived."""
        self._append({"chunk": index, "sha256": digest})

    def close(self, *, is_done: bool) -> None:
        """Lets go of the file; of an upload that is done nothing is left."""
        try:
            self._let_go()
            if is_done:
                self._path.unlink(missing_ok=True)
        finally:
            self._lock.release()

    def _let_go(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def _append(self, entry: dict[str, object]) -> None:
        with self._writing:
            if self._file is None:
                self._file = self._path.open("a", encoding="utf-8")
                self._file.write("\n")  # The last line may have been cut off.
            self._file.write(f"{json.dumps(entry)}\n")
            self._file.flush()


def digest_of(chunk: Chunk) -> str:
    return sha256(chunk.content).hexdigest()


def _object(line: str) -> dict[str, object]:
    with suppress(ValueError):
        value: object = json.loads(line)
        if isinstance(value, dict):
            return cast("dict[str, object]", value)
    return {}
