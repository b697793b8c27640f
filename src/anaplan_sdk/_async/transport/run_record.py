"""The record of a run: what another process needs to resume it instead of starting it again."""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, FiniteFloat, ValidationError

from anaplan_sdk import _loggers, models
from anaplan_sdk._arguments import expanded
from anaplan_sdk._runtime.targets import replacing, write_all
from anaplan_sdk.config import RunStore
from anaplan_sdk.exceptions import (
    AnaplanException,
    ArgumentTypeException,
    InvalidArgumentException,
    RunStoreException,
)


class _Run(BaseModel):
    """What is recorded of a run.

    Attributes:
        kind: The kind of record, and the version of its form.
        start: What is started, the same for each process that starts it.
        listed: The ids that Anaplan listed before the start.
        began: When it listed them, in seconds since 1970.
        started_id: The task or run that was started; None until that is known.
        completed: The task that was successful; None until then.
    """

    kind: Literal["anaplan-sdk run 1"] = "anaplan-sdk run 1"
    start: str
    listed: frozenset[str]
    began: FiniteFloat
    started_id: str | None = None
    completed: dict[str, Any] | None = None


class _RunFile:
    """A store that is a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> str | None:
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return None

    def save(self, value: str | None) -> None:
        if value is None:
            self._path.unlink(missing_ok=True)
            return
        with replacing(self._path) as file:
            write_all(file, value.encode())


class RunRecord:
    """The record of one run, as this and earlier processes have saved it. Its methods may block."""

    def __init__(self, store: RunStore | str | os.PathLike[str], start: str) -> None:
        """Read what an earlier process has saved.

        Args:
            store: The store, which may be the user's own, or the path of a file.
            start: What is started, the same for each process that starts it.

        Raises:
            ArgumentTypeException: It is not a store.
            InvalidArgumentException: It has something else than the record of this run.
            RunStoreException: The store can't be read.
        """
        if isinstance(store, str | os.PathLike):
            store = _RunFile(expanded(store))
        elif not isinstance(store, RunStore):
            raise ArgumentTypeException(
                f"run_store must be a path or have load and save, which {type(store).__name__} "
                "does not."
            )
        self._store = store
        self._start = start
        self._completed: models.CompletedTask | None = None
        self._run = self._load()

    def _load(self) -> _Run | None:
        try:
            text = self._store.load()
        except AnaplanException as error:
            error.not_performed = True
            raise
        except Exception as error:
            raise RunStoreException(
                f"The run store can't be read: {type(error).__name__}: {error}", not_performed=True
            ) from error
        if text is None:
            return None
        try:
            run = _Run.model_validate_json(text)
            if run.completed is not None:
                self._completed = models.CompletedTask.model_validate(run.completed)
        except ValidationError:
            raise InvalidArgumentException(
                "The run store contains something else than the record of a run."
            ) from None
        if run.start != self._start:
            raise InvalidArgumentException(
                f"The run store contains the record of another run, {run.start}: use one store "
                "for each run."
            )
        return run

    @property
    def listed(self) -> frozenset[str] | None:
        """The ids that Anaplan listed before the start; None if no start was recorded."""
        return None if self._run is None else self._run.listed

    @property
    def began(self) -> float:
        """When Anaplan listed them, in seconds since 1970."""
        return 0.0 if self._run is None else self._run.began

    @property
    def started_id(self) -> str | None:
        """The task or run that was started; None if that was not recorded."""
        return None if self._run is None else self._run.started_id

    @property
    def completed(self) -> models.CompletedTask | None:
        """The task that was successful; None if that was not recorded."""
        return self._completed

    def save_listed(self, listed: Collection[str], began: float | None) -> None:
        """Record that the run is about to be started.

        Args:
            listed: The ids that Anaplan lists before the start.
            began: Anaplan's time, in seconds since 1970, if it is known.

        Raises:
            RunStoreException: The store can't be written.
        """
        began = time.time() if began is None else began
        self._save(_Run(start=self._start, listed=frozenset(listed), began=began))

    def save_started(self, started_id: str) -> None:
        """Record that it was started. If that fails, another process finds it in Anaplan's list."""
        self._update(started_id=started_id)

    def save_completed(self, completed: models.CompletedTask) -> None:
        """Record that it was successful. If that fails, another process asks Anaplan."""
        self._update(completed=completed.model_dump(mode="json"))

    def clear(self) -> None:
        """Remove the record: the run was not started, or it has failed."""
        self._save_or_warn(None)

    def _update(self, **fields: object) -> None:
        if self._run is not None:
            self._save_or_warn(self._run.model_copy(update=fields))

    def _save_or_warn(self, run: _Run | None) -> None:
        try:
            self._save(run)
        except AnaplanException as error:
            _loggers.tasks.warning("%s", error.message)

    def _save(self, run: _Run | None) -> None:
        self._run = run
        try:
            self._store.save(None if run is None else run.model_dump_json())
        except AnaplanException as error:
            error.not_performed = True
            raise
        except Exception as error:
            raise RunStoreException(
                f"The run store can't be written: {type(error).__name__}: {error}",
                not_performed=True,
            ) from error
