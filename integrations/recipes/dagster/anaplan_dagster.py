"""A resource with a client for each run, and an asset that loads a table into Anaplan."""

from pathlib import Path

import dagster as dg
from pydantic import PrivateAttr

from anaplan_sdk import Client, TableImport
from anaplan_sdk.exceptions import AnaplanException

# How many refused rows the asset's metadata shows.
MOST_SHOWN = 50


class Anaplan(dg.ConfigurableResource[Client]):
    """Anaplan, with one client for each run.

    The credentials are not part of Dagster's configuration: they are in the environment of the code
    location, or in a profile of the config file there.
    """

    profile: str | None = None
    run_folder: str = "anaplan-runs"
    _client: Client = PrivateAttr()

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        self._client = Client.from_env(self.profile)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        self._client.close()

    @property
    def client(self) -> Client:
        """The client of this run."""
        return self._client

    def run_store(self, context: dg.AssetExecutionContext) -> Path:
        """Return the path of an asset's run store, the same in each retry and re-execution."""
        key = context.asset_key.to_python_identifier()
        if context.has_partition_key:
            key += f"-{context.partition_key}"
        folder = Path(self.run_folder)
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{context.run.root_run_id or context.run.run_id}-{key}.json"


class AirlinesConfig(dg.Config):
    """What is loaded.

    Attributes:
        path: A CSV, Parquet, Arrow or JSON Lines file.
    """

    path: str = "airlines.parquet"


@dg.asset(
    retry_policy=dg.RetryPolicy(max_retries=3, delay=2, backoff=dg.Backoff.EXPONENTIAL),
    kinds={"anaplan"},
)
def airlines(
    context: dg.AssetExecutionContext, config: AirlinesConfig, anaplan: Anaplan
) -> dg.MaterializeResult[None]:
    """The list Airlines in Anaplan."""
    try:
        return load(context, config, anaplan)
    except AnaplanException as error:
        if error.retryable:
            raise
        raise dg.Failure(str(error), allow_retries=False) from error


def load(
    context: dg.AssetExecutionContext, config: AirlinesConfig, anaplan: Anaplan
) -> dg.MaterializeResult[None]:
    """Upload the table, run the import, and read what Anaplan refused."""
    client = anaplan.client
    action = client.resolve.action("Airlines from airlines.csv")
    run_store = anaplan.run_store(context)
    loaded = client.import_table(action, Path(config.path), timeout=3600, run_store=run_store)
    # Whoever materializes the asset again after a success wants it to be loaded again.
    run_store.unlink()
    return dg.MaterializeResult(
        metadata={"task_id": loaded.task.id, "rows": loaded.rows, **refused_rows(loaded)}
    )


def refused_rows(loaded: TableImport) -> dict[str, dg.MetadataValue]:
    """Return the number of rows that Anaplan refused, and the first of them with their reasons."""
    if loaded.refused is None:
        return {"refused": dg.MetadataValue.text(f"unknown: {loaded.dump_error}")}
    names = loaded.refused.column_names
    records = [
        dg.TableRecord({name: str(value) for name, value in row.items()})
        for row in loaded.refused.to_pylist()[:MOST_SHOWN]
    ]
    return {
        "refused": dg.MetadataValue.int(len(loaded.refused)),
        "refused_rows": dg.MetadataValue.table(
            records, schema=dg.TableSchema([dg.TableColumn(name) for name in names])
        ),
    }


load_airlines = dg.define_asset_job("load_airlines", [airlines])

defs = dg.Definitions(
    assets=[airlines],
    jobs=[load_airlines],
    schedules=[dg.ScheduleDefinition(job=load_airlines, cron_schedule="15 2 * * *")],
    resources={"anaplan": Anaplan()},
)
