"""Stand-ins for the clouds: folders on disk, in which files are objects (facts 8.1)."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile
from typing import Literal

CloudType = Literal["AmazonS3", "GoogleBigQuery", "AzureBlob"]

_SAFE = re.compile(r"[\w.\-]+")


class CloudError(Exception):
    """A stand-in that can't be read or written; its text is for people."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a connection leads to: a bucket, a container of an account, a project's dataset."""

    type: CloudType
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last of its names, which integrations show as `bucketName`."""
        return self.parts[-1]


class Clouds:
    """Folders that stand in for buckets, containers and datasets.

    A bucket is at `AmazonS3/<bucket>`, a container at `AzureBlob/<account>/<container>`, a dataset
    at `GoogleBigQuery/<project>/<dataset>`, where each table is a CSV file.

    Args:
        root: The folder below which they are.
        private: Whether all of it is the emulator's, to be emptied.
    """

    def __init__(self, root: Path, *, private: bool) -> None:
        self.root = root
        self._private = private

    def begin(self, contents: Mapping[Place, Mapping[str, str]]) -> None:
        """Put described objects in place; what is in a folder of somebody's own stays."""
        folders = {self.folder(place) for place in contents}
        objects = {
            self._path(place, name): text.encode()
            for place, each in contents.items()
            for name, text in each.items()
        }
        if self._private:
            self._remove_others(folders, objects)
        for folder in (self.root, *folders):
            folder.mkdir(parents=True, exist_ok=True)
        for path, content in objects.items():
            if not path.exists():
                _write(path, content)

    def folder(self, place: Place) -> Path:
        """Return where a bucket, container or dataset is, or would be.

        Raises:
            CloudError: It can't have such a name.
        """
        if not all(_SAFE.fullmatch(part) and part.strip(".") for part in place.parts):
            raise CloudError(f"{place.name} is no name of a bucket, container or dataset")
        return self.root.joinpath(place.type, *place.parts)

    def has(self, place: Place) -> bool:
        """Whether there is such a bucket, container or dataset."""
        try:
            return self.folder(place).is_dir()
        except CloudError:
            return False

    def read(self, place: Place, name: str) -> bytes:
        """Read an object, or a table as CSV.

        Raises:
            CloudError: It isn't there.
        """
        try:
            return self._path(place, name).read_bytes()
        except OSError as error:
            raise CloudError(f"{name} was not found in {place.name}") from error

    def write(
        self, place: Place, name: str, content: bytes, *, overwrite: bool, now: datetime
    ) -> str:
        """Write an object or a table, and return the name it has.

        What is there already is overwritten; or else an object gets a new name, and rows are added
        to a table.

        Raises:
            CloudError: It can't be written.
        """
        if not self.has(place):
            raise CloudError(f"{place.name} was not found")
        path = self._path(place, name)
        try:
            if path.exists() and not overwrite:
                if place.type == "GoogleBigQuery":
                    _, _, rows = content.partition(b"\n")
                    content = path.read_bytes() + rows
                else:
                    path = _new_name(path, now)
            _write(path, content)
        except OSError as error:
            raise CloudError(f"{name} can't be written to {place.name}") from error
        return path.relative_to(self.folder(place)).as_posix()

    def _remove_others(self, folders: set[Path], objects: Mapping[Path, bytes]) -> None:
        """Remove all but what is described: to make it anew at each reset would take longer."""
        kept = folders | {parent for path in (*folders, *objects) for parent in path.parents}
        for each in sorted(self.root.rglob("*"), reverse=True):
            # What another program holds open stays.
            with suppress(OSError):
                if each.is_dir() and not each.is_symlink():
                    if each not in kept:
                        each.rmdir()
                elif objects.get(each) != each.read_bytes():
                    each.unlink()

    def _path(self, place: Place, name: str) -> Path:
        if not is_object_name(name):
            raise CloudError(f"{name!r} is no name of an object")
        suffix = ".csv" if place.type == "GoogleBigQuery" else ""
        folder = self.folder(place)
        path = folder.joinpath(*PurePosixPath(f"{name}{suffix}").parts)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CloudError(f"{name!r} leads out of {place.name}")
        return path


def is_object_name(name: str) -> bool:
    """Whether an object can have the name: it must not lead out of its bucket."""
    parts = name.rstrip("/").split("/")
    return all(part not in ("", ".", "..") for part in parts) and not re.search(r"[\\:\0]", name)


def _new_name(path: Path, now: datetime) -> Path:
    stem = f"{path.stem}_{now:%Y%m%d%H%M%S}"
    candidate = path.with_name(f"{stem}{path.suffix}")
    number = 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{stem}_{number}{path.suffix}")
    return candidate


def _write(path: Path, content: bytes) -> None:
    """Write a file so that nobody reads half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
