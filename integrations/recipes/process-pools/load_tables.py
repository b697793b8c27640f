"""Upload several tables by a pool of processes, and run the process that reads them once.

python load_tables.py FOLDER RUN_STORE [fork|spawn|forkserver]
"""

import multiprocessing
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from anaplan_sdk import Client, ClientConfig

TABLES = ("airlines.csv", "airports.csv", "flights.csv")
PROCESS = "Load flights"

workers: dict[str, Client] = {}


def start_worker(config: ClientConfig) -> None:
    """Make the client of a worker process."""
    workers["client"] = Client.from_config(config)


def upload(path: Path) -> int:
    """Upload a table, and return the number of its rows."""
    client = workers["client"]
    return client.upload_table(client.resolve.file(path.name), path)


def load(folder: Path, run_store: Path, start_method: str | None = None) -> str:
    """Upload the tables, run the process, and return the id of the run at Anaplan."""
    config = ClientConfig(
        base_url=os.environ.get("ANAPLAN_BASE_URL"),
        user_email=os.environ["ANAPLAN_USER_EMAIL"],
        password=os.environ["ANAPLAN_PASSWORD"],
        workspace_id=os.environ["ANAPLAN_WORKSPACE_ID"],
        model_id=os.environ["ANAPLAN_MODEL_ID"],
        max_concurrency=10,
        requests_per_minute=150,  # Of each process: four of them use what Anaplan allows.
    )
    with Client.from_config(config) as client:
        action = client.resolve.action(PROCESS)
        if client.get_recorded_task(action, run_store) is None:
            upload_all(folder, config, start_method)
        return client.run_action(action, timeout=3600, run_store=run_store).id


def upload_all(folder: Path, config: ClientConfig, start_method: str | None) -> None:
    """Upload each table by a process of its own."""
    context = multiprocessing.get_context(start_method)
    with ProcessPoolExecutor(len(TABLES), context, start_worker, (config,)) as pool:
        paths = [folder / name for name in TABLES]
        for name, rows in zip(TABLES, pool.map(upload, paths), strict=True):
            print(f"{name}: {rows:,} rows")


if __name__ == "__main__":
    print(load(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
