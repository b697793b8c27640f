"""A process that loads a table, and ends at once where dlt takes note of a job.

`python killed_load.py FOLDER METHOD FORMAT`: METHOD of dlt's PackageStorage, for a job of this file
format, is where it ends; "" for nowhere. The destination is configured by the environment.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import dlt
from dlt.common.storages.load_package import PackageStorage
from emulated import AIRLINES_IMPORT, airlines

from dlt_anaplan import AnaplanDestination


def die_at(method: str, file_format: str) -> None:
    real = getattr(PackageStorage, method)

    def replaced(self: PackageStorage, load_id: str, file_name: str, *rest: Any) -> Any:
        if file_name.endswith(f".{file_format}"):
            os._exit(9)
        return real(self, load_id, file_name, *rest)

    setattr(PackageStorage, method, replaced)


def main(folder: str, method: str, file_format: str) -> None:
    if method:
        die_at(method, file_format)
    pipeline = dlt.pipeline(
        "killed",
        pipelines_dir=folder,
        destination=AnaplanDestination(imports={"airlines": AIRLINES_IMPORT}),
    )
    if pipeline.has_pending_data:
        pipeline.load()
    else:
        pipeline.run(airlines(6), table_name="airlines")


if __name__ == "__main__":
    main(*sys.argv[1:])
