"""Load a file into a list every night, and export the result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG

from airflow_provider_anaplan.operators.actions import (
    AnaplanExportOperator,
    AnaplanRunActionOperator,
)

with DAG(
    "example_anaplan",
    schedule="@daily",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    default_args={"retries": 3, "retry_delay": timedelta(minutes=5)},
) as dag:
    load = AnaplanRunActionOperator(
        task_id="load_airlines",
        source="s3://aws_default@skyline-flight-data/inbound/airlines.csv",
        file_id="113000000000",
        action_id="112000000001",
        max_refused=0,
        deferrable=True,
    )
    export = AnaplanExportOperator(
        task_id="export_facts",
        export_id="116000000000",
        destination="s3://aws_default@skyline-flight-data/outbound/{{ ds }}/facts.csv",
        deferrable=True,
    )
    load >> export
