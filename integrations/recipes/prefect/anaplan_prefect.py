"""A block with the credentials, and a flow that loads a file into Anaplan."""

from pathlib import Path

from prefect import Task, flow, get_run_logger, task
from prefect.blocks.core import Block
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run
from prefect.tasks import exponential_backoff
from pydantic import SecretStr

from anaplan_sdk import Client, ClientConfig, Region
from anaplan_sdk.exceptions import AnaplanException


class Anaplan(Block):
    """Where the model is, and how to sign in."""

    _block_type_name = "Anaplan"

    user_email: str
    password: SecretStr
    workspace_id: str | None = None
    model_id: str | None = None
    region: Region | None = None
    base_url: str | None = None

    def client(self) -> Client:
        """Return a client, which the caller closes."""
        config = ClientConfig(
            user_email=self.user_email,
            password=self.password.get_secret_value(),
            workspace_id=self.workspace_id,
            model_id=self.model_id,
            region=self.region,
            base_url=self.base_url,
        )
        return Client.from_config(config)


def is_retryable(task: Task[..., object], run: TaskRun, state: State[object]) -> bool:
    """Whether a failed task is tried again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, AnaplanException) and error.retryable


@task(retries=3, retry_delay_seconds=exponential_backoff(2), retry_condition_fn=is_retryable)
def load(block: str, source: Path, file: str, action: str, run_store: Path) -> int:
    """Upload a file, run the import that reads it, and return the number of refused rows."""
    run_store.parent.mkdir(parents=True, exist_ok=True)
    anaplan = Anaplan.load(block)
    assert isinstance(anaplan, Anaplan)  # In synchronous code it is no coroutine.
    with anaplan.client() as client:
        action_id = client.resolve.action(action)
        done = client.upload_and_import(
            client.resolve.file(file), source, action_id, timeout=3600, run_store=run_store
        )
        refused = [
            row for dump in done.dumps for row in client.get_dump_rows(action_id, dump.task_id)
        ]
    logger = get_run_logger()
    logger.info("Run %s refused %s rows", done.id, len(refused))
    for row in refused[:20]:
        logger.warning("Refused: %s", row)
    return len(refused)


@flow
def nightly_load(
    source: Path, block: str = "planning", runs: Path = Path("anaplan-runs"), key: str | None = None
) -> int:
    """Load the airlines.

    A retry of the flow run has its id, and resumes the run that it started. With a `key`, such
    as the date, each flow run with that key does.
    """
    run_store = runs / f"{key or flow_run.get_id()}-airlines.json"
    return load(block, source, "airlines.csv", "Airlines from airlines.csv", run_store)


if __name__ == "__main__":
    nightly_load.serve(name="nightly", cron="15 2 * * *", parameters={"source": "airlines.csv"})
