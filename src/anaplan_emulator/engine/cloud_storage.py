"""Cloud storage, emulated by folders on disk whose files are the objects.

Source: docs/anaplan-behaviour.md#connections.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import NamedTemporaryFile

from anaplan_emulator.tenant.cloud_description import (
    CloudLocation,
    is_object_name,
    is_storage_name,
)


class CloudStorageError(Exception):
    """An object cannot be read or written. The message is shown to users."""


class CloudStorage:
    """Buckets, containers and datasets as folders.

    A bucket is at `AmazonS3/<bucket>`, a container at `AzureBlob/<account>/<container>`, a dataset
    at `GoogleBigQuery/<project>/<dataset>`, where each table is a CSV file.

    Args:
        root: The folder that contains them.
        private: Whether the folder belongs to the emulator, which then removes unknown objects.
    """

    def __init__(self, root: Path, *, private: bool) -> None:
        self.root = root
        self._private = private

    def initialize(self, contents: Mapping[CloudLocation, Mapping[str, str]]) -> None:
        """Create the described objects, unless a folder of the user's own already has them."""
        folders = {self.folder(location) for location in contents}
        objects = {
            self._path(location, name): text.encode()
            for location, each in contents.items()
            for name, text in each.items()
        }
        if self._private:
            self._remove_others(folders, objects)
        for folder in (self.root, *folders):
            folder.mkdir(parents=True, exist_ok=True)
        for path, content in objects.items():
            if not path.exists():
                _write(path, content)

    def folder(self, location: CloudLocation) -> Path:
        """Return the path of a bucket, container or dataset, which may not exist.

        Raises:
            CloudStorageError: The name is not valid.
        """
        if not all(map(is_storage_name, location.parts)):
            raise CloudStorageError(
                f"{location.name} is not a valid name of a bucket, container or dataset"
            )
        return self.root.joinpath(location.type, *location.parts)

    def exists(self, location: CloudLocation) -> bool:
        """Return whether a bucket, container or dataset exists."""
        try:
            return self.folder(location).is_dir()
        except CloudStorageError:
            return False

    def read(self, location: CloudLocation, name: str) -> bytes:
        """Read an object, or a table as CSV.

        Raises:
            CloudStorageError: It does not exist.
        """
        try:
            return self._path(location, name).read_bytes()
        except OSError as error:
            raise CloudStorageError(f"{name} was not found in {location.name}") from error

    def write(
        self, location: CloudLocation, name: str, content: bytes, *, overwrite: bool, now: datetime
    ) -> str:
        """Write an object or a table.

        Args:
            location: The bucket, container or dataset.
            name: Name of the object or table.
            content: Its content; that of a table is CSV.
            overwrite: Whether an existing object or table is overwritten. Otherwise an object is
                written under a new name, and rows are appended to a table.
            now: The time for the new name.

        Returns:
            The name under which it was written.

        Raises:
            CloudStorageError: It cannot be written.
        """
        if not self.exists(location):
            raise CloudStorageError(f"{location.name} was not found")
        path = self._path(location, name)
        try:
            if path.exists() and not overwrite:
                if location.type == "GoogleBigQuery":
                    _, _, rows = content.partition(b"\n")
                    content = path.read_bytes() + rows
                else:
                    path = _new_name(path, now)
            _write(path, content)
        except OSError as error:
            raise CloudStorageError(f"{name} cannot be written to {location.name}") from error
        return path.relative_to(self.folder(location)).as_posix()

    def _remove_others(self, folders: set[Path], objects: Mapping[Path, bytes]) -> None:
        """Remove everything but the described objects, which is faster than to write them again."""
        described = folders | {parent for path in (*folders, *objects) for parent in path.parents}
        for each in sorted(self.root.rglob("*"), reverse=True):
            # A file that another program has open may not be removable.
            with suppress(OSError):
                if each.is_dir() and not each.is_symlink():
                    if each not in described:
                        each.rmdir()
                elif objects.get(each) != each.read_bytes():
                    each.unlink()

    def _path(self, location: CloudLocation, name: str) -> Path:
        if not is_object_name(name):
            raise CloudStorageError(f"{name!r} is not a valid object name")
        suffix = ".csv" if location.type == "GoogleBigQuery" else ""
        folder = self.folder(location)
        path = folder.joinpath(*PurePosixPath(f"{name}{suffix}").parts)
        if not path.resolve().is_relative_to(folder.resolve()):
            raise CloudStorageError(f"{name!r} is outside of {location.name}")
        return path


def _new_name(path: Path, now: datetime) -> Path:
    stem = f"{path.stem}_{now:%Y%m%d%H%M%S}"
    candidate = path.with_name(f"{stem}{path.suffix}")
    number = 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{stem}_{number}{path.suffix}")
    return candidate


def _write(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)
