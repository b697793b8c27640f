"""What the processes that are killed share: Airflow's modules and its API, loaded once."""

from airflow.dag_processing import dagbag
from airflow.jobs import triggerer_job_runner
from airflow.sdk.execution_time.supervisor import in_process_api_server

from airflow_provider_anaplan.operators import actions, cloud_works

LOADED = (dagbag, triggerer_job_runner, actions, cloud_works, in_process_api_server().app)
