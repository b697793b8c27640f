"""A private temporary folder of one process."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize


class TemporaryFolder:
    """Is deleted at the end of the process that made it, not at that of one forked from it.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        self.path = Path(mkdtemp(prefix="anaplan-emulator-"))
        self.delete = finalize(self, _delete, self.path, os.getpid())
        """Deletes the folder, if that has not happened yet."""


def _delete(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        rmtree(path, ignore_errors=True)
