"""A run of an action at Anaplan: starting it, waiting for its end, and what it came to."""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, NoReturn

from anaplan_sdk.cli.actions.refused_rows import RefusedRows, name_of, refused_count
from anaplan_sdk.cli.actions.run_result import RunResult, steps_of
from anaplan_sdk.cli.exit_codes import ExitCode
from anaplan_sdk.cli.failures import CommandError, close_output, is_broken_pipe
from anaplan_sdk.cli.references import kind_of
from anaplan_sdk.cli.started_work import is_over_time, offer_cancellation, unseen_end
from anaplan_sdk.cli.wording import can_be_typed, counted

if TYPE_CHECKING:
    from anaplan_sdk import Client
    from anaplan_sdk.cli.invocation import Invocation
    from anaplan_sdk.cli.limits import Limits
    from anaplan_sdk.cli.tables.table_upload import TableUpload
    from anaplan_sdk.exceptions import AnaplanActionError, AnaplanException
    from anaplan_sdk.models import (
        CompletedTask,
        ConnectorParameter,
        MappingParameter,
        Task,
    )

# How long a cancelled run may take until this says that Anaplan is still cancelling it.
_CANCELLING_SECONDS = 10.0
_SECONDS_BETWEEN_POLLS = 0.5
# How many refused rows of a table are shown.
_MOST_SHOWN = 5
# States of a run that has ended.
ENDED = ("COMPLETE", "CANCELLED")
# What Anaplan says of an import whose file has no content any more.
_GONE_FILE = re.compile(r"uploaded file (?P<name>.+?) is no longer available")


class ActionRun:
    """A run of an action.

    Args:
        invocation: The run of the command.
        client: The client.
        reference: The action as it was named on the command line.
        action_id: Its id.
        task_id: The run, if it was started elsewhere.
        table: The table that was uploaded for it, if there is one.
        run_store: `--run-store`.
    """

    def __init__(
        self,
        invocation: Invocation,
        client: Client,
        reference: str,
        action_id: str,
        task_id: str = "",
        table: TableUpload | None = None,
        run_store: str | None = None,
    ) -> None:
        self._invocation = invocation
        self._client = client
        self._reference = reference
        self._action_id = action_id
        self._task_id = task_id
        self._table = table
        self._run_store = run_store
        self._first_refused: Sequence[Mapping[str, Any]] = ()
        self._is_started_here = False
        self._are_rows_gone = False
        self._unwritten: OSError | None = None

    def was_started(self) -> bool:
        """Whether an earlier command has started this run, as `--run-store` records it.

        Returns:
            False also if that run has failed.

        Raises:
            CommandError: It is unknown.
            AnaplanException: The record cannot be read, or a request failed.
        """
        if self._run_store is None:
            return False
        with self._starting():
            task = self._client.get_recorded_task(self._action_id, self._run_store)
        return task is not None

    def start(
        self,
        locale: str,
        mappings: Sequence[MappingParameter] = (),
        connectors: Sequence[ConnectorParameter] = (),
    ) -> Task:
        """Start the action.

        Args:
            locale: The locale of numbers and dates.
            mappings: Values that an import asks for.
            connectors: Parameters of connectors.

        Returns:
            The run as it was created.

        Raises:
            CommandError: It is unknown whether it was started.
            AnaplanException: It was not started.
        """
        self._invocation.state = (
            f"It is unknown whether {self._reference!r} was started: "
            f"{self.command('tasks', task=False)} lists its runs."
        )
        was_started = self.was_started()
        with self._starting():
            task = self._client.run_action(
                self._action_id,
                wait_for_completion=False,
                locale=locale,
                mapping_parameters=mappings,
                connector_parameters=connectors,
                run_store=self._run_store,
            )
        self._task_id, self._is_started_here = task.id, True
        if was_started:
            self._invocation.say(
                f"Run {task.id} was started before, as {self._run_store!r} records: nothing was "
                "started."
            )
        return task

    @contextmanager
    def _starting(self) -> Generator[None]:
        """Advise what to do if it is unknown whether the action was started.

        Raises:
            CommandError: It is unknown.
        """
        from anaplan_sdk.exceptions import OutcomeUnknownException

        try:
            yield
        except OutcomeUnknownException as error:
            advice = f"Check first, before you repeat it: {self.command('tasks', task=False)}"
            raise unseen_end(error, f"{advice} lists its runs.") from error

    def wait(self, limits: Limits) -> CompletedTask:
        """Wait for the end.

        Args:
            limits: How long to wait.

        Returns:
            The run, which was successful.

        Raises:
            AnaplanActionError: It failed, or it was cancelled.
            CommandError: It had not ended in time, or its end was not seen.
            AnaplanException: It was started elsewhere, and a request failed.
            KeyboardInterrupt: Ctrl-C, after a person was asked whether to cancel the run.
        """
        from anaplan_sdk.exceptions import AnaplanActionError, AnaplanException

        self._invocation.state = (
            f"Run {self._task_id} goes on at Anaplan: {self.command('wait')} waits for its end."
        )
        try:
            with self._invocation.progress(f"Running {self._reference}") as show:
                return self._client.wait_for_task(
                    self._action_id,
                    self._task_id,
                    timeout=limits.timeout,
                    on_progress=show,
                    run_store=self._run_store,
                )
        except AnaplanActionError:
            raise
        except AnaplanException as error:
            self._raise_unseen(error, limits.timeout)
        except KeyboardInterrupt:
            self._offer_cancellation()
            raise

    def finish(self, limits: Limits, *, is_result_shown: bool = True) -> ExitCode:
        """Wait for the end, print the result, and write the refused rows.

        Args:
            limits: How long to wait, and what is done about refused rows.
            is_result_shown: Whether the result is printed to stdout.

        Returns:
            The exit code of a run that was successful.

        Raises:
            CommandError: It failed, it was cancelled, it refused more rows than are allowed, or its
                end was not seen.
            AnaplanException: It was started elsewhere, and a request failed.
            OSError: The refused rows cannot be written.
        """
        from anaplan_sdk.exceptions import AnaplanActionError

        try:
            task: Task = self.wait(limits)
            failure = None
        except AnaplanActionError as error:
            if error.task is None:
                raise
            task, failure = error.task, error
        self._invocation.state = (
            f"Run {self._task_id} has ended: {self.command('wait')} prints its result."
        )
        result = RunResult(
            self._action_id, task, self._refused(task, limits, is_successful=failure is None)
        )
        if is_result_shown and not limits.is_stdout_taken:
            with self._writing():
                result.show(self._invocation)
                self._show_first_refused(result)
        # How it ended matters more than that the output could not be written.
        if failure is not None:
            if self._unwritten is not None and not is_broken_pipe(self._unwritten):
                self._invocation.say(f"Note: {self._unwritten_reason()}.")
            raise self._failed(failure, result)
        self._judge(result, limits)
        if self._unwritten is not None:
            raise self._unwritten
        return ExitCode.DONE

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Keep the error of output that cannot be written, until the run has been judged."""
        try:
            yield
            sys.stdout.flush()
        except OSError as error:
            if is_broken_pipe(error):
                close_output()
            self._unwritten = error

    def cancel(self) -> Task:
        """Ask Anaplan to cancel the run, and wait for its end for some seconds.

        Returns:
            The run, which may still be `CANCELLING`, or which had ended before.

        Raises:
            CommandError: There is no such run.
            AnaplanException: The request failed.
        """
        with self.looking_up():
            task = self._client.cancel_task(self._action_id, self._task_id)
        end = time.monotonic() + _CANCELLING_SECONDS
        while task.task_state not in ENDED and time.monotonic() < end:
            time.sleep(_SECONDS_BETWEEN_POLLS)
            task = self._client.get_task_status(self._action_id, self._task_id)
        return task

    @contextmanager
    def looking_up(self) -> Generator[None]:
        """Say where the runs are listed if there is no such run.

        Raises:
            CommandError: There is none.
        """
        from anaplan_sdk.exceptions import FileContentMissingException, InvalidIdentifierException

        try:
            yield
        except FileContentMissingException:
            raise
        except InvalidIdentifierException as error:
            raise CommandError(
                ExitCode.NOT_FOUND,
                f"{self._reference!r} has no run {self._task_id} that the user can see.",
                f"{self.command('tasks', task=False)} lists its runs; Anaplan removes them when it "
                "unloads the model.",
                self._task_id,
                type(error).__name__,
            ) from error

    def command(self, name: str, *, task: bool = True) -> str:
        """Return another command for this run or its action, to be typed as it stands.

        Args:
            name: Name of the command.
            task: Whether the command takes the id of the run.

        Returns:
            The command line in quotes.
        """
        reference = self._reference if can_be_typed(self._reference) else self._action_id
        words = ("anaplan", name, reference, *([self._task_id] if task else []))
        return self._invocation.command_line(*words)

    def _raise_unseen(self, error: AnaplanException, timeout: float | None) -> NoReturn:
        """Raise the error after a wait that did not see the end of the run."""
        from anaplan_sdk.exceptions import OutcomeUnknownException

        advice = f"{self.command('wait')} waits for its end."
        if isinstance(error, OutcomeUnknownException):
            advice = "Check in the model what it has changed, before you run it again."
        elif not is_over_time(error):
            if not self._is_started_here:
                with self.looking_up():
                    raise error
            advice = f"It was started, and may go on: {advice}"
        message = self._worded(str(error))
        if is_over_time(error):
            seconds = f"{timeout:g} seconds" if timeout is not None else "the time allowed"
            message = (
                f"Run {self._task_id} of {self._reference!r} had not ended after {seconds}; it "
                "continues at Anaplan."
            )
        raise unseen_end(error, advice, self._task_id, message) from error

    def _offer_cancellation(self) -> None:
        listed = self.command("tasks", task=False)
        offer_cancellation(
            self._invocation,
            f"Cancel run {self._task_id} at Anaplan?",
            lambda: self.describe_cancelled(self.cancel()),
            f"It is unknown whether run {self._task_id} was cancelled: {listed} shows its state.",
        )

    def describe_cancelled(self, task: Task) -> str:
        """Return what has become of a run that was to be cancelled.

        Args:
            task: The run after `cancel`.

        Returns:
            A sentence.
        """
        if task.task_state == "CANCELLED":
            is_process = kind_of(self._action_id) == "processes"
            rest = "; steps that had ended before remain done" if is_process else ""
            return f"Run {task.id} was cancelled{rest}."
        if task.task_state == "COMPLETE":
            return f"Run {task.id} had ended before it could be cancelled."
        return (
            f"Run {task.id} is {task.task_state}: Anaplan was asked to cancel it, and "
            f"{self.command('tasks', task=False)} shows when it has done so."
        )

    def _refused(self, task: Task, limits: Limits, *, is_successful: bool) -> dict[str, int | None]:
        """Return the number of refused rows by the name of the step, and write the rows."""
        from anaplan_sdk.exceptions import AnaplanException, FileContentMissingException

        known = {name_of(step): refused_count(step) for step in steps_of(task)}
        with RefusedRows(self._client, task, self._table) as rows:
            try:
                rows.read()
                known = {name: number or 0 for name, number in known.items()}
            except FileContentMissingException:
                self._are_rows_gone = True
            except AnaplanException as error:
                if not is_successful:  # Why it failed matters more.
                    self._invocation.say(f"Note: its refused rows could not be read: {error}")
                    return known
                raise CommandError(
                    ExitCode.OUTCOME_UNKNOWN,
                    f"Run {task.id} has ended successfully, but its refused rows could not be "
                    f"read: {error}",
                    f"{self.command('refused')} prints them. Do not run it again for them.",
                    task.id,
                    type(error).__name__,
                ) from error
            if limits.refused is not None:
                with self._writing():
                    rows.write(limits.refused, self._invocation.output)
            if self._table is not None:
                self._first_refused = list(islice(rows, _MOST_SHOWN))
            return {**known, **rows.counts}

    def _show_first_refused(self, result: RunResult) -> None:
        """Show the first refused rows of a table to a person."""
        output, rows = self._invocation.output, self._first_refused
        chosen = self._invocation.options.output
        if rows and (chosen == "table" or (chosen is None and output.is_terminal)):
            count = len(rows) if result.total is None else result.total
            first = f"The first {len(rows)} of " if count > len(rows) else ""
            print(f"\n{first}{counted(count, 'refused row')}")
            # What is the same in all of them leaves no width for the rows' own columns.
            left_out = {
                name for name in ("status", "step") if len({row.get(name) for row in rows}) == 1
            }
            output.excerpt(
                [{name: each for name, each in row.items() if name not in left_out} for row in rows]
            )

    def _failed(self, error: AnaplanActionError, result: RunResult) -> CommandError:
        message = self._worded(str(error))
        is_process = kind_of(self._action_id) == "processes"
        remains = is_process and result.has_successful_step
        if error.dumps and not self._are_rows_gone:
            advice = f"{self.command('refused')} prints the rows that it refused, with the reasons."
        elif (found := _GONE_FILE.search(message)) and can_be_typed(found["name"]):
            words = ("anaplan", "upload", "FILE", "--to", found["name"])
            advice = f"{self._invocation.command_line(*words)} uploads it."
        elif remains:
            advice = "What its earlier steps have changed remains. It can be run again."
        else:
            advice = "It can be run again when the cause is removed."
        return CommandError(
            ExitCode.RUN_FAILED, message, advice, self._task_id, type(error).__name__
        )

    def _judge(self, result: RunResult, limits: Limits) -> None:
        if result.total == 0:
            known = "; no rows were refused" if result.has_rows else ""
            self._invocation.say(f"Run {self._task_id} has ended{known}.")
            return
        where = self._place_of_rows(limits)
        rows = "rows" if result.total is None else counted(result.total, "row")
        allowed = limits.judge(
            math.inf if result.total is None else result.total,
            f"{rows} of {self._reference!r}",
            f"{where}; the others were imported.",
            self._task_id,
        )
        self._invocation.say(f"Run {self._task_id} has ended. {allowed} {where}.")

    def _worded(self, message: str) -> str:
        """Return a message of the SDK, which knows the action by its id, with its name."""
        message = re.sub(
            rf"\b[Tt]ask {re.escape(self._task_id)}\b", f"Run {self._task_id}", message
        )
        if self._reference == self._action_id:
            return message
        pattern = rf"\b[Aa]ction {re.escape(self._action_id)}\b"
        return re.sub(pattern, lambda _: repr(self._reference), message)

    def _unwritten_reason(self) -> str:
        error = self._unwritten or OSError()
        what = f" {str(error.filename)!r}" if error.filename else ""
        return f"Writing{what} failed: {error.strerror or error}"

    def _place_of_rows(self, limits: Limits) -> str:
        """Return where the refused rows are, without the point at the end."""
        if self._are_rows_gone:
            return "Anaplan no longer has the refused rows"
        printed = f"{self.command('refused')} prints the refused rows"
        if self._unwritten is not None:
            return f"{self._unwritten_reason()}; {printed}"
        if limits.refused is None or limits.refused.is_stdout:
            return printed
        return f"The refused rows are in {str(limits.refused.path())!r}"
