"""The configuration of the destination."""

# dlt reads the annotations of a configuration, so they must not be texts.
import dataclasses
from dataclasses import dataclass
from typing import Any, Final, Literal

from dlt.common.configuration import configspec
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.common.destination.client import DestinationClientConfiguration

from dlt_anaplan.credentials import AnaplanCredentials

_DISPOSITIONS = ("append", "replace", "merge")


@dataclass(frozen=True)
class Target:
    """Where the rows of a table go.

    Attributes:
        import_id: The import, which reads a file; None if the file itself was named.
        file_id: The file; None if the import names it.
        process_id: The process to run after the upload; None runs no process.
        columns: The import's names of some columns, by the table's.
    """

    import_id: str | None
    file_id: str | None
    process_id: str | None
    columns: dict[str, str]


@configspec
class AnaplanDestinationConfiguration(DestinationClientConfiguration):
    """Where tables go, and how their values are written."""

    destination_type: Final[str] = dataclasses.field(  # type: ignore[misc]
        default="dlt_anaplan.destination.AnaplanDestination", init=False, repr=False, compare=False
    )
    credentials: AnaplanCredentials = None  # type: ignore[assignment]
    model_id: str | None = None
    imports: dict[str, Any] | None = None
    files: dict[str, Any] | None = None
    processes: dict[str, Any] | None = None
    column_names: dict[str, Any] | None = None
    write_dispositions: list[str] | None = None
    max_refused: int | None = None
    locale: str = "en_US"
    date_format: str = "%Y-%m-%d"
    timestamps: str = "date"
    timeout: float | None = None

    def on_resolved(self) -> None:
        """Check what can be checked without Anaplan.

        Raises:
            ConfigurationValueError: A mapping or a number is not valid.
        """
        self._check_targets()
        for table, names in (self.column_names or {}).items():
            if not isinstance(names, dict):
                raise ConfigurationValueError(
                    f"column_names must map the columns of table {table} to names of the import."
                )
        for each in self.write_dispositions or ():
            if each not in _DISPOSITIONS:
                raise ConfigurationValueError(
                    f"write_dispositions has {each!r}, which is not one of "
                    f"{', '.join(_DISPOSITIONS)}."
                )
        if self.max_refused is not None and self.max_refused < 0:
            raise ConfigurationValueError("max_refused must not be negative.")
        if self.timeout is not None and not (
            isinstance(self.timeout, int | float) and self.timeout >= 0
        ):
            raise ConfigurationValueError("timeout must be a number of seconds, at least 0.")
        if self.timestamps not in ("date", "text"):
            raise ConfigurationValueError("timestamps must be 'date' or 'text'.")

    def _check_targets(self) -> None:
        imports, files, processes = self.imports or {}, self.files or {}, self.processes or {}
        if both := sorted(imports.keys() & files.keys()):
            raise ConfigurationValueError(
                f"{both[0]} is in both imports and files: an import names its file itself."
            )
        if lonely := sorted(processes.keys() - files.keys()):
            raise ConfigurationValueError(
                f"{lonely[0]} is in processes and not in files: name the file that its rows are "
                "uploaded to before the process is run."
            )
        for option, mapping, prefix in (
            ("imports", imports, "112"),
            ("files", files, "113"),
            ("processes", processes, "118"),
        ):
            for table, given in mapping.items():
                if not (str(given).isdecimal() and str(given).startswith(prefix)):
                    raise ConfigurationValueError(
                        f"{option} has {given!r} for table {table}, which is not an id ({prefix}…)."
                    )

    @property
    def accepted(self) -> list[str]:
        """The write dispositions that are accepted."""
        return self.write_dispositions or ["append"]

    @property
    def written_timestamps(self) -> Literal["date", "text"]:
        """How timestamps are written."""
        return "text" if self.timestamps == "text" else "date"
