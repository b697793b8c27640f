"""The data source that Spark sees."""

from __future__ import annotations

from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    DataSourceStreamWriter,
    DataSourceWriter,
)
from pyspark.sql.types import StructType

from anaplan_spark.columns import schema_of
from anaplan_spark.read_options import ReadOptions


class AnaplanDataSource(DataSource):
    """Reads exports, views, lists and audit events, and writes to imports.

    Register it once in each session: `spark.dataSource.register(AnaplanDataSource)`.
    """

    @classmethod
    def name(cls) -> str:
        """Return the name of the format.

        Returns:
            "anaplan".
        """
        return "anaplan"

    def schema(self) -> StructType:
        """Ask Anaplan for the columns of what is read. No action is run, and no data read.

        Returns:
            The columns with their types.

        Raises:
            InvalidArgumentException: An option is missing, unknown or not valid.
            AnaplanException: A request failed; see the subclasses.
        """
        return schema_of(ReadOptions.from_options(self.options))

    def reader(self, schema: StructType) -> DataSourceReader:
        """Create the reader of a batch.

        Args:
            schema: The columns to read, with their types.

        Returns:
            The reader.

        Raises:
            InvalidArgumentException: An option is missing, unknown or not valid.
        """
        from anaplan_spark.audit_filters import FilteringAuditReader
        from anaplan_spark.reader import AnaplanReader

        options = ReadOptions.from_options(self.options, is_stream=False)
        if options.push_filters:
            return FilteringAuditReader(options, schema)
        return AnaplanReader(options, schema)

    def streamReader(self, schema: StructType) -> DataSourceStreamReader:  # noqa: N802 - Spark's
        """Create the reader of a stream of audit events.

        Args:
            schema: The columns to read, with their types.

        Returns:
            The reader.

        Raises:
            InvalidArgumentException: An option is missing, unknown or not valid, or something other
                than audit events is to be read as a stream.
        """
        from anaplan_spark.audit_stream import AuditStreamReader

        return AuditStreamReader(ReadOptions.from_options(self.options, is_stream=True), schema)

    def writer(self, schema: StructType, overwrite: bool) -> DataSourceWriter:
        """Create the writer of a batch.

        Args:
            schema: The columns that are written.
            overwrite: Whether the mode is "overwrite".

        Returns:
            The writer.

        Raises:
            InvalidArgumentException: An option is missing, unknown or not valid, or the mode is not
                "append".
        """
        from anaplan_spark.writer import AnaplanArrowWriter

        return AnaplanArrowWriter(self.options, schema, overwrite)

    def streamWriter(  # noqa: N802 - Spark's
        self, schema: StructType, overwrite: bool
    ) -> DataSourceStreamWriter:
        """Create the writer of a stream.

        Args:
            schema: The columns that are written.
            overwrite: Whether the output mode is "complete".

        Returns:
            The writer.

        Raises:
            InvalidArgumentException: An option is missing, unknown or not valid, the output mode is
                "complete", there is no staging folder, or a `run_id`.
        """
        from anaplan_spark.writer import AnaplanStreamArrowWriter

        return AnaplanStreamArrowWriter(self.options, schema, overwrite)
