"""A dlt destination: each table goes to an import, a file or a process of an Anaplan model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.common.destination.client import (
    FollowupJobRequest,
    JobClientBase,
    LoadJob,
)
from dlt.common.destination.exceptions import DestinationTerminalException
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.schema import Schema
from dlt.common.storages.load_package import LoadJobInfo, ParsedLoadJobFileName
from dlt.destinations.job_impl import FinalizedLoadJob, ReferenceFollowupJobRequest

from dlt_anaplan.configuration import AnaplanDestinationConfiguration, Target
from dlt_anaplan.credentials import AnaplanCredentials
from dlt_anaplan.load_job import FileJob, TableLoadJob


class AnaplanClient(JobClientBase):
    """Loads the tables of one schema; dlt creates it.

    Args:
        schema: The schema.
        config: The configuration.
        capabilities: What the destination can do.
    """

    config: AnaplanDestinationConfiguration

    def __init__(
        self,
        schema: Schema,
        config: AnaplanDestinationConfiguration,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        super().__init__(schema, config, capabilities)

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        """Do nothing: a model has its lists and modules already.

        Args:
            truncate_tables: Tables that dlt replaces; the imports decide what that means.
        """

    def is_storage_initialized(self) -> bool:
        """Return whether there is a model with lists and modules: there always is.

        Returns:
            True.
        """
        return True

    def drop_storage(self) -> None:
        """Do nothing: the destination deletes nothing at Anaplan."""

    def verify_schema(
        self,
        only_tables: Iterable[str] | None = None,
        new_jobs: Iterable[ParsedLoadJobFileName] | None = None,
    ) -> list[PreparedTableSchema]:
        """Refuse tables that have no target, before any table of the load is sent.

        Args:
            only_tables: The tables to verify.
            new_jobs: The jobs of the load.

        Returns:
            The tables.

        Raises:
            DestinationTerminalException: A table has no target, or a write disposition that is not
                accepted.
        """
        tables = super().verify_schema(only_tables, new_jobs)  # type: ignore[arg-type]
        for table in sorted(tables, key=_name):
            if not self.is_internal(_name(table)):
                self._check(table)
        return tables

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,  # noqa: ARG002 - as dlt calls it
        restore: bool = False,  # noqa: ARG002 - as dlt calls it
    ) -> LoadJob:
        """Create the job of a file. The files of a table only wait for each other.

        Args:
            table: The table.
            file_path: The file.
            load_id: The load.
            restore: Whether the job was started before.

        Returns:
            A job that is completed, or the one that loads all files of the table.

        Raises:
            DestinationTerminalException: The table has no target, or a write disposition that is
                not accepted.
        """
        if self.is_internal(_name(table)):
            return FinalizedLoadJob(file_path)
        self._check(table)
        if ReferenceFollowupJobRequest.is_reference_job(file_path):
            return TableLoadJob(file_path)
        return FileJob(file_path)

    def create_table_chain_completed_followup_jobs(
        self,
        table_chain: Sequence[PreparedTableSchema],
        completed_table_chain_jobs: Sequence[LoadJobInfo] | None = None,
    ) -> list[FollowupJobRequest]:
        """Create the job that loads a table, when all of its files are there.

        Args:
            table_chain: A table, and the tables nested in it.
            completed_table_chain_jobs: Their files.

        Returns:
            A job for each table that has files. Its name is the same if it is created again.
        """
        requests: list[FollowupJobRequest] = []
        for table in table_chain:
            files = sorted(
                job.file_path
                for job in completed_table_chain_jobs or ()
                if job.job_file_info.table_name == table["name"]
                and job.job_file_info.file_format != "reference"
            )
            if files:
                name = files[0].replace("\\", "/").rpartition("/")[2]
                requests.append(ReferenceFollowupJobRequest(name, files))
        return requests

    def complete_load(self, load_id: str) -> None:
        """Do nothing: dlt's own tables are not kept at Anaplan.

        Args:
            load_id: The load.
        """

    def is_internal(self, name: str) -> bool:
        """Return whether a table or column is dlt's own.

        Args:
            name: The name.

        Returns:
            Whether it is dlt's own, such as `_dlt_id`.
        """
        return name.startswith(self.schema._dlt_tables_prefix)

    def target(self, table: str) -> Target:
        """Return where the rows of a table go.

        Args:
            table: The table's name.

        Returns:
            The target.

        Raises:
            DestinationTerminalException: It has none, or is named twice.
        """
        found = {
            option: self._of_table(table, mapping)
            for option, mapping in (
                ("import", self.config.imports),
                ("file", self.config.files),
                ("process", self.config.processes),
                ("columns", self.config.column_names),
            )
        }
        if found["import"] is None and found["file"] is None:
            raise DestinationTerminalException(
                f"Table {table} has no target at Anaplan: name it in imports (the import that "
                "loads it) or in files (the file to upload it to)."
            )
        ids = {option: None if each is None else str(each) for option, each in found.items()}
        return Target(ids["import"], ids["file"], ids["process"], dict(found["columns"] or {}))

    def _of_table(self, table: str, mapping: Mapping[str, Any] | None) -> Any:
        normalize = self.schema.naming.normalize_table_identifier
        names = [name for name in mapping or () if normalize(name) == table]
        if len(names) > 1:
            raise DestinationTerminalException(
                f"{' and '.join(names)} are the same table for dlt, {table}: name it once."
            )
        return mapping[names[0]] if mapping and names else None

    def _check(self, table: PreparedTableSchema) -> None:
        self.target(_name(table))
        if table["write_disposition"] not in self.config.accepted:
            raise DestinationTerminalException(
                f"Table {table['name']} has write disposition {table['write_disposition']!r}, and "
                f"the destination accepts {', '.join(self.config.accepted)}. An import alone "
                "decides whether rows are added, changed or replaced: if yours does so, add the "
                "disposition to write_dispositions, or load with write_disposition='append'."
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass


def _name(table: PreparedTableSchema) -> str:
    return str(table["name"])


class AnaplanDestination(Destination[AnaplanDestinationConfiguration, AnaplanClient]):
    """Loads each table of a pipeline into the import, file or process that a mapping names.

    The files that dlt has made of a table are collected, sent as one file, and imported once. A
    load that was killed goes on: an import that it has started is not started again. dlt's own
    tables and columns (`_dlt_...`) are not sent. Without arguments, everything is taken from dlt's
    configuration in `destination.anaplan`.

    Args:
        imports: The import (112…) that loads a table, by the table's name.
        files: The file (113…) that a table is uploaded to, by the table's name; instead of imports.
        processes: The process (118…) to run after the upload of a table that is in `files`.
        column_names: The import's names of a table's columns, by the table's name: a mapping from
            the table's names to the import's. Other columns are matched by name: the same, the same
            as dlt normalizes it, or the same but for letter case and punctuation.
        write_dispositions: The dispositions that your imports implement; ("append",) by default.
        max_refused: The most rows of a table that Anaplan may refuse; None (the default) for any
            number. With more the load fails, although the other rows were imported.
        locale: The locale in which Anaplan reads numbers and dates.
        date_format: How dates are written, as `datetime.strftime` takes it; ISO 8601 by default.
        timestamps: "date" (the default) writes timestamps as dates, and refuses one with a time of
            day; "text" writes them in ISO 8601.
        timeout: Seconds to wait for the end of a task; None (the default) waits without limit.
        model_id: Id of the model; None uses that of the profile.
        credentials: How to sign in; by default dlt's secrets in `destination.anaplan.credentials`.
        destination_name: Name of the destination, which dlt's configuration is read from:
            "anaplan" by default.
        environment: Environment of the destination, as dlt has it.
        **options: Further options of the configuration or of dlt's capabilities.
    """

    spec = AnaplanDestinationConfiguration

    def __init__(
        self,
        imports: Mapping[str, int | str] | None = None,
        files: Mapping[str, int | str] | None = None,
        processes: Mapping[str, int | str] | None = None,
        column_names: Mapping[str, Mapping[str, str]] | None = None,
        *,
        write_dispositions: Sequence[str] | None = None,
        max_refused: int | None = None,
        locale: str = "en_US",
        date_format: str = "%Y-%m-%d",
        timestamps: str = "date",
        timeout: float | None = None,
        model_id: str | None = None,
        credentials: AnaplanCredentials | Mapping[str, str] | None = None,
        destination_name: str | None = None,
        environment: str | None = None,
        **options: Any,
    ) -> None:
        if isinstance(credentials, Mapping) and not isinstance(credentials, AnaplanCredentials):
            # A dict would be part of the destination's representation.
            credentials = AnaplanCredentials(**credentials)
        if column_names is not None:
            column_names = {table: dict(names) for table, names in column_names.items()}
        super().__init__(
            imports=None if imports is None else dict(imports),
            files=None if files is None else dict(files),
            processes=None if processes is None else dict(processes),
            column_names=column_names,
            write_dispositions=None if write_dispositions is None else list(write_dispositions),
            max_refused=max_refused,
            locale=locale,
            date_format=date_format,
            timestamps=timestamps,
            timeout=timeout,
            model_id=model_id,
            credentials=credentials,
            destination_name=destination_name or "anaplan",
            environment=environment,
            **options,
        )

    @property
    def client_class(self) -> type[AnaplanClient]:
        """The class of the client, for dlt."""
        return AnaplanClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = DestinationCapabilitiesContext.generic_capabilities("parquet")
        # dlt writes Parquet; the job that loads all files of a table is a reference to them.
        capabilities.supported_loader_file_formats = ["parquet", "reference"]
        capabilities.max_table_nesting = 0
        capabilities.supports_ddl_transactions = False
        capabilities.supports_transactions = False
        # Anaplan runs the imports of a model one after another, and they may share files.
        capabilities.loader_parallelism_strategy = "sequential"
        # What they mean at Anaplan is decided by the imports.
        capabilities.supported_merge_strategies = ["upsert"]
        capabilities.supported_replace_strategies = ["truncate-and-insert"]
        return capabilities
