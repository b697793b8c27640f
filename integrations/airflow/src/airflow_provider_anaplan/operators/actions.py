"""Operators that upload files and run imports, exports, processes and other actions."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from airflow.sdk import ObjectStoragePath
from airflow.sdk.io import has_fs

from airflow_provider_anaplan.errors import AirflowFailException, as_airflow_errors
from airflow_provider_anaplan.operators.base import AnaplanOperator, AnaplanRunOperator
from airflow_provider_anaplan.run_store import run_store_of
from airflow_provider_anaplan.triggers.anaplan import AnaplanTaskTrigger
from anaplan_sdk import exceptions
from anaplan_sdk.models import CompletedTask

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_anaplan.triggers.anaplan import AnaplanTrigger
    from anaplan_sdk import Client, RunStore
    from anaplan_sdk.models import TaskResult

# XComs are stored in Airflow's database.
_MAX_DETAILS = 100


class AnaplanUploadOperator(AnaplanOperator):
    """Uploads a file of an object store, or of the worker, to a file of a model.

    The content replaces the user's former content, so another attempt does no harm.

    Args:
        file_id: The file (113…).
        source: What to upload: an `ObjectStoragePath`, or its text such as
            `s3://aws_default@bucket/key` or `file:///data/airlines.csv`.
        **kwargs: Arguments of `AnaplanOperator`.
    """

    template_fields: Sequence[str] = (*AnaplanOperator.template_fields, "file_id", "source")

    def __init__(
        self, *, file_id: int | str, source: ObjectStoragePath | str, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.file_id = file_id
        self.source = source

    def execute(self, context: Context) -> dict[str, Any]:
        """Upload the file.

        Args:
            context: The context of the task instance.

        Returns:
            `file_id`, `source`, and `bytes`, the size of the content.

        Raises:
            AirflowFailException: A retry can't change the failure, such as a file id that does not
                exist.
            AirflowException: The upload failed.
            OSError: The source can't be read.
        """
        source = _path(self.source)
        with as_airflow_errors(), self.hook.get_conn() as client, _open(source) as content:
            client.upload_file(self.file_id, content)
            sent = content.tell()
        self.log.info("Uploaded %s to file %s: %s bytes", source, self.file_id, f"{sent:,}")
        result = {"file_id": str(self.file_id), "source": str(source), "bytes": sent}
        self.add_to_asset_events(context, {"bytes": sent})
        return result


class AnaplanRunActionOperator(AnaplanRunOperator):
    """Runs an import, a process or another action exactly once, if asked with an upload before it.

    Rows that an import refuses are counted, and the first of them are logged and pushed as the XCom
    `refused`: `count` (rows that were not imported), `warned` (rows that were imported without an
    invalid value), `rows` (the first of both, with Anaplan's reasons).

    Args:
        action_id: The import (112…), process (118…) or other action (117…).
        source: What to upload first: an `ObjectStoragePath` or its text; needs `file_id`. An
            attempt that resumes a run uploads nothing.
        file_id: The file (113…) that `source` is uploaded to.
        locale: Locale of numbers and dates in the source.
        mapping_parameters: Values that the import asks for each time it runs.
        connector_parameters: Parameters of imports that read through a connector.
        max_refused: The most rows that may be refused or imported without an invalid value; more
            fail the task, although the other rows were imported. None (the default) for any number.
        refused_rows: How many of those rows are logged and pushed as XCom, 0 to 1,000.
        **kwargs: Arguments of `AnaplanRunOperator`.
    """

    template_fields: Sequence[str] = (
        *AnaplanRunOperator.template_fields,
        "action_id",
        "source",
        "file_id",
        "locale",
        "mapping_parameters",
    )

    def __init__(
        self,
        *,
        action_id: int | str,
        source: ObjectStoragePath | str | None = None,
        file_id: int | str | None = None,
        locale: str = "en_US",
        mapping_parameters: Iterable[Mapping[str, str]] = (),
        connector_parameters: Iterable[Mapping[str, str]] = (),
        max_refused: int | None = None,
        refused_rows: int = 20,
        **kwargs: Any,
    ) -> None:
        if (source is None) != (file_id is None):
            raise ValueError("source and file_id belong together: give both or none.")
        if max_refused is not None and max_refused < 0:
            raise ValueError(f"max_refused must not be negative, as {max_refused!r} is.")
        if not 0 <= refused_rows <= 1000:
            raise ValueError(f"refused_rows must be 0 to 1000, not {refused_rows!r}.")
        super().__init__(**kwargs)
        self.action_id = action_id
        self.source = source
        self.file_id = file_id
        self.locale = locale
        self.mapping_parameters = list(mapping_parameters)
        self.connector_parameters = list(connector_parameters)
        self.max_refused = max_refused
        self.refused_rows = refused_rows
        self._completed: CompletedTask | None = None

    def describe(self) -> str:
        """Name what is run, for messages.

        Returns:
            The kind and the id.
        """
        return f"Action {self.action_id}"

    def start(self, client: Client, store: RunStore) -> str:
        """Start the task, or find the one that an earlier attempt has started.

        Args:
            client: A client.
            store: Where the run is recorded.

        Returns:
            The id of the task.

        Raises:
            AirflowFailException: Airflow has no access to the kind of store of the source.
            AnaplanException: It was not started, or that is unknown.
            OSError: The source can't be read.
        """
        task = client.get_recorded_task(self.action_id, store)
        if task is None:
            if self.source is not None and self.file_id is not None:
                with _open(_path(self.source)) as content:
                    client.upload_file(self.file_id, content)
            task = client.run_action(
                self.action_id,
                wait_for_completion=False,
                locale=self.locale,
                mapping_parameters=self.mapping_parameters,
                connector_parameters=self.connector_parameters,
                run_store=store,
            )
        # Anaplan may have removed a task whose end an earlier attempt has recorded.
        if isinstance(task, CompletedTask) and task.result.successful:
            self._completed = task
            self._has_ended = True
        return task.id

    def finish(
        self, client: Client, context: Context, run_id: str, timeout: float | None
    ) -> dict[str, Any]:
        """Wait for the end of the task, and read the rows it refused.

        Args:
            client: A client.
            context: The context of the task instance.
            run_id: The task.
            timeout: Seconds to wait; None waits without limit.

        Returns:
            `action_id`; `task_id`; `refused`, the number of rows that were not imported, and
            `warned`, of those that were imported without an invalid value, both None if the failure
            dump can't be read; `details`, Anaplan's messages and counters, 100 at most.

        Raises:
            AnaplanException: The task failed, or did not end in time.
            AirflowFailException: More rows were refused than `max_refused` allows.
        """
        try:
            task = self._completed or client.wait_for_task(
                self.action_id,
                run_id,
                timeout=timeout,
                on_progress=self.log_progress,
                run_store=run_store_of(context),
            )
        except exceptions.AnaplanActionError as error:
            for line in _details(error.result):
                self.log.warning("%s: %s", line["action"] or self.describe(), line["text"])
            raise
        refused = self._refused(client, task)
        if task.dumps:
            context["ti"].xcom_push(key="refused", value=refused)
        self._check_refused(refused)
        return {
            "action_id": str(self.action_id),
            "task_id": run_id,
            "refused": refused["count"],
            "warned": refused["warned"],
            "details": _details(task.result),
        }

    def cancel(self, client: Client, run_id: str) -> None:
        """Ask Anaplan to cancel the task.

        Args:
            client: A client.
            run_id: The task.

        Raises:
            AnaplanException: The request failed.
        """
        client.cancel_task(self.action_id, run_id)

    def trigger(self, **arguments: Any) -> AnaplanTrigger:
        """Create the trigger that waits for the task.

        Args:
            **arguments: Arguments of `AnaplanTrigger`.

        Returns:
            The trigger.
        """
        return AnaplanTaskTrigger(action_id=self.action_id, **arguments)

    def facts(self, result: dict[str, Any]) -> dict[str, Any]:
        """Choose what asset events contain.

        Args:
            result: What the run did.

        Returns:
            All of it but the details.
        """
        return {name: value for name, value in result.items() if name != "details"}

    def _refused(self, client: Client, task: CompletedTask) -> dict[str, Any]:
        """Read the failure dumps. The import was successful, whether or not they can be read."""
        first: list[dict[str, str]] = []
        counts = {"E": 0, "W": 0}
        names = {step.object_id: step.object_name for step in task.result.nested_results}
        try:
            # An action that occurs twice in a process has one dump.
            for dump in dict.fromkeys(task.dumps):
                name = names.get(dump.object_id) if dump.object_id is not None else None
                with closing(client.get_dump_rows(*dump)) as rows:
                    for row in rows:
                        counts["W" if row.get("_Status_") == "W" else "E"] += 1
                        if len(first) < self.refused_rows:
                            first.append({"_Action_": name, **row} if name else row)
        except exceptions.AnaplanException as error:
            self.log.warning("The rows that Anaplan refused can't be read: %s", error)
            return {"count": None, "warned": None, "rows": first}
        for row in first:
            self.log.warning("Refused or imported in part: %s", row)
        if len(first) < counts["E"] + counts["W"]:
            self.log.warning("Such rows in all: %s", f"{counts['E'] + counts['W']:,}")
        return {"count": counts["E"], "warned": counts["W"], "rows": first}

    def _check_refused(self, refused: dict[str, Any]) -> None:
        if self.max_refused is None:
            return
        if refused["count"] is None:
            raise AirflowFailException(
                f"{self.describe()} refused rows, and it is unknown whether max_refused, "
                f"{self.max_refused:,}, allows as many. The others were imported."
            )
        found = refused["count"] + refused["warned"]
        if found > self.max_refused:
            rows = "row" if found == 1 else "rows"
            raise AirflowFailException(
                f"{self.describe()} refused {found:,} {rows}, and max_refused allows "
                f"{self.max_refused:,}. The others were imported."
            )


class AnaplanExportOperator(AnaplanRunActionOperator):
    """Runs an export exactly once, and writes its output to an object store or the worker.

    Args:
        export_id: The export (116…).
        destination: Where to write the output: an `ObjectStoragePath` or its text. An object that
            is there is replaced, and only by the whole output.
        locale: Locale of numbers and dates in the output.
        **kwargs: Arguments of `AnaplanRunOperator`.
    """

    template_fields: Sequence[str] = (
        *AnaplanRunOperator.template_fields,
        "action_id",
        "destination",
        "locale",
    )

    def __init__(
        self,
        *,
        export_id: int | str,
        destination: ObjectStoragePath | str,
        locale: str = "en_US",
        **kwargs: Any,
    ) -> None:
        super().__init__(action_id=export_id, locale=locale, **kwargs)
        self.destination = destination

    def start(self, client: Client, store: RunStore) -> str:
        """Start the export, or find the task that an earlier attempt has started.

        Args:
            client: A client.
            store: Where the run is recorded.

        Returns:
            The id of the task.

        Raises:
            AirflowFailException: Airflow has no access to the kind of store of the destination.
            AnaplanException: It was not started, or that is unknown.
        """
        _path(self.destination)
        return super().start(client, store)

    def finish(
        self, client: Client, context: Context, run_id: str, timeout: float | None
    ) -> dict[str, Any]:
        """Wait for the end of the export, and write its output.

        Args:
            client: A client.
            context: The context of the task instance.
            run_id: The task.
            timeout: Seconds to wait; None waits without limit.

        Returns:
            `action_id`, `task_id`, `destination`, and `bytes`, the size of the output.

        Raises:
            AnaplanException: The export failed, or did not end in time.
            OSError: The output can't be written.
        """
        super().finish(client, context, run_id, timeout)
        destination = _path(self.destination)
        # A store would keep what was written before an interrupted download as a whole object.
        with tempfile.TemporaryDirectory(prefix="anaplan-") as folder:
            local = client.download_file(self.action_id, Path(folder) / "output")
            size = local.stat().st_size
            destination.fs.makedirs(destination.parent.path, exist_ok=True)
            destination.fs.put_file(str(local), destination.path)
        self.log.info("Wrote %s bytes to %s", f"{size:,}", destination)
        return {
            "action_id": str(self.action_id),
            "task_id": run_id,
            "destination": str(destination),
            "bytes": size,
        }


def _path(location: ObjectStoragePath | str) -> ObjectStoragePath:
    path = ObjectStoragePath(location)
    if not has_fs(path.protocol):
        raise AirflowFailException(
            f"Airflow has no file system for {path.protocol}://: install the provider that has it, "
            "such as apache-airflow-providers-amazon[s3fs] for s3://."
        )
    return path


def _open(path: ObjectStoragePath) -> BinaryIO:
    return cast("BinaryIO", path.open("rb"))  # type: ignore[no-untyped-call]


def _details(result: TaskResult | None) -> list[dict[str, Any]]:
    if result is None:
        return []
    lines = [
        {
            "action": step.object_name,
            "text": detail.local_message_text or detail.type,
            "occurrences": detail.occurrences,
            "counters": detail.counters,
        }
        for step in (result, *result.nested_results)
        for detail in step.details
    ]
    return lines[:_MAX_DETAILS]
