"""The progress of long work on stderr: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from anaplan_sdk._printable import printable
from anaplan_sdk.cli.table_cells import readable_size

if TYPE_CHECKING:
    from anaplan_sdk.progress import Progress, ProgressCallback

_SECONDS_BETWEEN_LINES = 10.0


def ignore(_: Progress) -> None:
    """Show nothing."""


@contextmanager
def bar(what: str, *, colour: bool) -> Generator[ProgressCallback]:
    """Show a bar with the step, the rate and the time that is left.

    Args:
        what: The work.
        colour: Whether the bar may have colours.

    Yields:
        The callback that updates it.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    console = Console(stderr=True, no_color=not colour, highlight=False)
    columns = (
        TextColumn("{task.description}", markup=False, table_column=Column(ratio=2, no_wrap=True)),
        BarColumn(bar_width=None, table_column=Column(ratio=1)),
        TextColumn("{task.percentage:>4.0f}%"),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    # Rich would print on stderr what is meant for stdout, which may be a file.
    progress = Progress(*columns, console=console, expand=True, redirect_stdout=False)
    with progress as display:
        task = display.add_task(what, total=None, amount="")
        shown, has_begun = "", False

        def show(progress: Progress_) -> None:
            nonlocal shown, has_begun
            has_begun = True
            if progress.step != shown:
                # The run of an action has steps, each from 0 to 1.
                shown = progress.step
                display.reset(task, description=_described(what, shown))
            amount = _amount(progress, display.tasks[0].speed)
            display.update(task, completed=progress.completed, total=progress.total, amount=amount)

        try:
            yield show
        except BaseException:
            # A bar of work that did not begin would only be in the way of the reason.
            display.live.transient = not has_begun
            raise
        total = display.tasks[0].total or 1
        display.update(task, description=what, completed=total, total=total)


@contextmanager
def lines(what: str, say: Callable[[str], None]) -> Generator[ProgressCallback]:
    """Print a line at the beginning and the end, at each step, and from time to time.

    Args:
        what: The work.
        say: Prints a line.

    Yields:
        The callback that prints lines.
    """
    started = printed = time.monotonic()
    step = ""
    say(f"{what}...")

    def show(progress: Progress_) -> None:
        nonlocal printed, step
        now = time.monotonic()
        if progress.step == step and now < printed + _SECONDS_BETWEEN_LINES:
            return
        is_new, step, printed = progress.step != step, progress.step, now
        text = _described(what, step)
        if is_new and text == what:
            return
        if progress.total:
            text += f": {progress.completed / progress.total:.0%}"
        say(text)

    yield show
    say(f"{what}: done in {time.monotonic() - started:.1f} s")


# Steps of transfers, which the description says already.
_TRANSFERS = ("upload", "download", "read")


def _described(what: str, step: str) -> str:
    return what if step in _TRANSFERS or not step else f"{what}: {printable(step.rstrip('.'))}"


def _amount(progress: Progress_, speed: float | None) -> str:
    if progress.step not in ("upload", "download"):
        return ""
    rate = f" {readable_size(speed)}/s" if speed else ""
    return f"{readable_size(progress.completed)}{rate}"


if TYPE_CHECKING:
    Progress_ = Progress
else:
    Progress_ = Any
