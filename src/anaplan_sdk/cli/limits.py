"""What a person allows: how long a run may take, and how many rows Anaplan may refuse."""

from __future__ import annotations

import math
from dataclasses import dataclass

from anaplan_sdk.cli.destination import Destination
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.table_formats import arrow_library


@dataclass(frozen=True)
class Limits:
    """How long to wait, and what is done about refused rows.

    Attributes:
        timeout: Seconds to wait for the end; None for no limit.
        allowed: How many rows may be refused; infinity for any number.
        refused: Where the refused rows are written, if anywhere.
    """

    timeout: float | None = None
    allowed: float = 0
    refused: Destination | None = None

    @staticmethod
    def read(
        timeout: float | None = None,
        allow_refused: str = "0",
        refused: str | None = None,
        *,
        no_wait: bool = False,
    ) -> Limits:
        """Read the options.

        Args:
            timeout: The option `--timeout`.
            allow_refused: The option `--allow-refused`.
            refused: The option `--refused`.
            no_wait: The option `--no-wait`.

        Returns:
            The limits.

        Raises:
            CommandError: An option is not valid.
            ImportError: The extra for the format of refused rows is not installed.
        """
        allowed = _number(allow_refused)
        if no_wait and (timeout is not None or refused is not None or allowed):
            raise usage_error(
                "--no-wait cannot be combined with --timeout, --allow-refused or --refused."
            )
        destination = Destination.of_file(refused)
        if destination is not None and destination.form in ("parquet", "arrow"):
            arrow_library()  # Raises before anything is sent if the extra is missing.
        return Limits(timeout, allowed, destination)

    @property
    def is_stdout_taken(self) -> bool:
        """Whether the refused rows are printed to stdout, which has nothing else then."""
        return self.refused is not None and self.refused.is_stdout

    def place(self, otherwise: str) -> str:
        """Return where the refused rows are.

        Args:
            otherwise: What is said if they were not written to a file.

        Returns:
            A sentence.
        """
        if self.refused is None or self.refused.is_stdout:
            return otherwise
        return f"They are in {str(self.refused.path())!r}."

    def judge(self, count: float, rows: str, advice: str, task_id: str | None = None) -> str:
        """Decide whether refused rows are an error.

        Args:
            count: How many there are; infinity if that is not known.
            rows: Which rows they are, such as `2 rows of 'Load flights'`.
            advice: Where they are, or what to do about them.
            task_id: The run.

        Returns:
            What is said about rows that are allowed.

        Raises:
            CommandError: They are more than are allowed.
        """
        if count <= self.allowed:
            return f"Anaplan refused {rows}, which is allowed."
        raise CommandError(
            ExitCode.ROWS_REFUSED,
            f"Anaplan refused {rows}; --allow-refused is {self.allowed}.",
            advice,
            task_id,
        )


def _number(text: str) -> float:
    if text == "all":
        return math.inf
    if not (text.isascii() and text.isdecimal()):
        raise usage_error(f"--allow-refused takes a number or 'all', not {text!r}.")
    return int(text)
