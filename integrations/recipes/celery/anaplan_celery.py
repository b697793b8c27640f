"""A Celery application whose workers load files into Anaplan."""

import os
from pathlib import Path
from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_init, worker_process_shutdown

from anaplan_sdk import Client
from anaplan_sdk.exceptions import AnaplanException

app = Celery("anaplan_celery")
app.conf.update(
    broker_url=os.environ.get("CELERY_BROKER_URL", "redis://localhost:6379/0"),
    result_backend=os.environ.get("CELERY_RESULT_BACKEND", "redis://localhost:6379/1"),
    # Longer than a load takes: Redis delivers a message again that was not acknowledged by then.
    broker_transport_options={"visibility_timeout": 6 * 3600},
    result_expires=7 * 24 * 3600,
    worker_prefetch_multiplier=1,
)

workers: dict[str, Client] = {}


@worker_process_init.connect
def open_client(**_: Any) -> None:
    """Make the client of a worker process."""
    workers["client"] = Client.from_env()


@worker_process_shutdown.connect
def close_client(**_: Any) -> None:
    """Close the client of a worker process."""
    workers.pop("client").close()


class BackendRunStore:
    """A run store in Celery's result backend, which all workers share.

    Args:
        key: The id of the Celery task, which a message that is delivered again has, too.
    """

    def __init__(self, key: str) -> None:
        self._key = f"anaplan-run-{key}".encode()

    def load(self) -> str | None:
        value = app.backend.get(self._key)
        return (value.decode() if isinstance(value, bytes) else value) or None

    def save(self, value: str | None) -> None:
        app.backend.set(self._key, value or "")


@app.task(bind=True, acks_late=True, reject_on_worker_lost=True, max_retries=5)
def load(self: Task, source: str, file: str, action: str) -> str:
    """Upload a file, run the import that reads it, and return the id of the run at Anaplan."""
    client = workers["client"]
    try:
        return client.upload_and_import(
            client.resolve.file(file),
            Path(source),
            client.resolve.action(action),
            timeout=3600,
            run_store=BackendRunStore(self.request.id),
        ).id
    except AnaplanException as error:
        if not error.retryable:
            raise
        # A retry has the same id, and goes on with the run.
        raise self.retry(exc=error, countdown=2**self.request.retries) from error
