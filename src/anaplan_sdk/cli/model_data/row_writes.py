"""Writing rows: what became of them, the refused ones, and the exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, usage_error
from anaplan_sdk.cli.limits import Limits
from anaplan_sdk.cli.model_data.input_rows import DETAILS, LINE, REASON, InputRow, InputRows
from anaplan_sdk.cli.tables.row_files import write_rows
from anaplan_sdk.cli.wording import counted

if TYPE_CHECKING:
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.exceptions import WriteInterruptedException
    from anaplan_sdk.models import WriteResult

_MOST_SHOWN = 10
_MAY_STAY = f"the columns {LINE}, {REASON} and {DETAILS} may stay"
_R = TypeVar("_R", bound="WriteResult")


@dataclass(frozen=True)
class Refusal:
    """A row that Anaplan refused.

    Attributes:
        row: The row; None if Anaplan did not say which one it was.
        reason: Anaplan's code for the reason.
        details: Anaplan's message.
    """

    row: InputRow | None
    reason: str
    details: str

    @property
    def why(self) -> str:
        """Code and message, for people."""
        if self.details.startswith(self.reason):
            return self.details or "no reason given"
        return ": ".join(filter(None, (self.reason, self.details)))


@dataclass
class RowWrite:
    """The write of an input's rows, by one or several calls.

    Attributes:
        invocation: The run of the command.
        source: The rows.
        limits: How many rows may be refused, and where refused rows are written.
        noun: What is written: `row`, or `cell` if a row has several of them.
        total: How many of them there are.
        refusals: The refused ones.
    """

    invocation: Invocation
    source: InputRows
    limits: Limits
    noun: str = "row"
    total: int = 0
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    _done: dict[str, int] = field(default_factory=dict[str, int])

    @staticmethod
    def prepared(
        invocation: Invocation, source: InputRows, allow_refused: str, refused: str | None
    ) -> RowWrite:
        """Check the options of a write.

        Args:
            invocation: The run of the command.
            source: The rows.
            allow_refused: What `--allow-refused` says.
            refused: What `--refused` says.

        Returns:
            The write.

        Raises:
            CommandError: An option is not valid.
        """
        limits = Limits.read(allow_refused=allow_refused, refused=refused)
        if limits.refused is not None and limits.refused.is_file(source.origin):
            raise usage_error("--refused would overwrite the input.", "Name another file.")
        return RowWrite(invocation, source, limits, total=len(source))

    def send(self, call: Callable[[], _R], rows: Sequence[InputRow], counter: str) -> _R:
        """Send rows.

        Args:
            call: Sends them.
            rows: The row of each index in the call's result.
            counter: The field of the result with the number of those that were written.

        Returns:
            The result.

        Raises:
            CommandError: The write ended early, or Anaplan refused all rows.
            AnaplanException: Nothing of it was written.
        """
        from anaplan_sdk import exceptions as e

        self.invocation.state = (
            "Rows may have been written: check which ones before you send them again."
        )
        try:
            result = call()
        except e.WriteInterruptedException as error:
            self._take(error.result, rows, counter)
            raise self._interrupted(error, rows) from error
        except e.WriteRefusedException as error:
            self._take(error.result, rows, counter)
            self._show_refusals()
            raise CommandError(
                ExitCode.ROWS_REFUSED,
                f"Anaplan refused all {len(rows):,} for those that are not valid: {error}",
                f"{self._so_far()} Correct them, and send all again.",
            ) from error
        except e.AnaplanException:
            if self._done:
                self.invocation.say(f"Before it failed: {self._so_far()}")
            raise
        self._take(result, rows, counter)
        return result

    def finish(self, **facts: int) -> ExitCode:
        """Print the result, and list the refused rows.

        Args:
            **facts: The fields of the result.

        Returns:
            The exit code.

        Raises:
            CommandError: More rows were refused than are allowed.
        """
        count = facts["refused"] = max(facts.get("refused", 0), len(self.refusals))
        if not self.limits.is_stdout_taken:
            self.invocation.output.record(facts)
        self._show_refusals()
        if count:
            advice = "Correct these, and send them again; --allow-refused accepts them."
            if place := self.limits.place(""):
                advice = f"{place} Correct them, and send the file again: {_MAY_STAY}."
            others = "The others were written. " if count < self.total else ""
            rows = f"{count:,} of {counted(self.total, self.noun)}"
            self.invocation.say(self.limits.judge(count, rows, f"{others}{advice}"))
        return ExitCode.DONE

    def _take(self, result: WriteResult | None, rows: Sequence[InputRow], counter: str) -> None:
        if result is None:
            return
        if count := int(getattr(result, counter, 0)):
            self._done[counter] = self._done.get(counter, 0) + count
        self.refusals += [
            Refusal(
                rows[each.index] if 0 <= each.index < len(rows) else None,
                each.reason,
                each.details,
            )
            for each in result.failures
        ]

    def _interrupted(
        self, error: WriteInterruptedException, rows: Sequence[InputRow]
    ) -> CommandError:
        from anaplan_sdk.exceptions import WriteRefusedException

        cause = error.__cause__ or error
        if isinstance(cause, WriteRefusedException):
            self._take(cause.result, rows, "")
        self._show_refusals()
        parts = [self._so_far()] if self._done else []
        for ranges, what in (
            (error.in_doubt, "may have been written: check them"),
            (error.refused, "were not written"),
            ([range(error.unsent_from, len(rows))], "were not sent"),
        ):
            places = [
                f"{rows[each.start].number:,} to {rows[each.stop - 1].number:,}"
                for each in ranges
                if each
            ]
            if places:
                parts.append(f"{self.source.unit.title()}s {', '.join(places)} {what}.")
        return CommandError(
            ExitCode.OUTCOME_UNKNOWN, f"The write ended early: {cause}", " ".join(parts)
        )

    def _so_far(self) -> str:
        done = ", ".join(
            f"{count:,} {name.replace('_', ' ')}" for name, count in self._done.items()
        )
        return f"{done}." if done else "Nothing was written."

    def _show_refusals(self) -> None:
        destination = self.limits.refused
        if destination is not None:
            columns = [*self.source.columns, LINE, REASON, DETAILS] if self.refusals else []
            if not columns and destination.form in ("parquet", "arrow"):
                columns = [LINE, REASON, DETAILS]
            rows, output = self._refused_rows(), self.invocation.output
            write_rows(rows, columns, destination.form, destination, output)
        found = self.refusals
        if not found:
            return
        self.invocation.say("Refused:")
        for each in found[:_MOST_SHOWN]:
            place = self.source.place(each.row) if each.row else "unknown row"
            self.invocation.say(f"  {place}: {printable(each.why)}")
        if len(found) > _MOST_SHOWN:
            rest = "" if destination else "; --refused DEST writes all to a file"
            self.invocation.say(f"  and {len(found) - _MOST_SHOWN:,} more{rest}")

    def _refused_rows(self) -> Iterator[dict[str, Any]]:
        # All refusals of a row, such as of several of its cells, are one row again.
        merged: dict[int, tuple[Mapping[str, Any], list[Refusal]]] = {}
        for position, each in enumerate(self.refusals):
            key = each.row.number if each.row else -1 - position
            merged.setdefault(key, (each.row.values if each.row else {}, []))[1].append(each)
        for number, (values, refusals) in merged.items():
            yield {
                **values,
                LINE: number if number >= 0 else "",
                REASON: "; ".join(dict.fromkeys(each.reason for each in refusals)),
                DETAILS: "; ".join(dict.fromkeys(each.details for each in refusals)),
            }
