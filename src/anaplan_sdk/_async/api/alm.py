"""Application lifecycle management: revisions of a model's structure, and moving them on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf
from typing import Literal, TypeVar, overload

from anaplan_sdk._async.api.alm_comparisons import Comparisons, ended, successful, three_ids, told
from anaplan_sdk._async.api.namespace import segment, sorting
from anaplan_sdk._async.transport.polling import check_timeout, wait_until
from anaplan_sdk._async.transport.recovery import adopt, once
from anaplan_sdk._http.replies import decode
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    NotSyncableException,
    OutcomeUnknownException,
)
from anaplan_sdk.models import (
    CompletedSyncTask,
    ModelRevision,
    PendingTask,
    Promotion,
    Revision,
    SyncTask,
    TaskSummary,
)
from anaplan_sdk.models._envelopes import Listing, Single
from anaplan_sdk.progress import ProgressCallback

_REVISIONS = Listing("revisions", Revision)
_MODELS = Listing("appliedToModels", ModelRevision)
_TASKS = Listing("tasks", TaskSummary)
_REVISION = Single[Revision]("revision", Revision)
_SYNC = Single[PendingTask | CompletedSyncTask]("task", SyncTask)

_FIELDS = {"id": "id", "name": "name", "applied_on": "appliedOn", "created_on": "createdOn"}
_LONGEST_NAME = 60
_LONGEST_DESCRIPTION = 250

T = TypeVar("T")


class Alm(Comparisons):
    """Revisions of the client's model. All of this is for workspace administrators."""

    async def change_model_status(self, status: Literal["online", "offline"]) -> None:
        """Takes the model offline, so that only workspace administrators can use it, or back.

        Raises:
            ModelUnavailableException: The model is archived or locked.
        """
        if status not in ("online", "offline"):
            raise ValueError(f"status must be 'online' or 'offline', not {status!r}.")
        await self._session.send("PUT", f"{self._model}/onlineStatus", json={"status": status})

    async def get_revisions(
        self,
        sort_by: Literal["id", "name", "applied_on", "created_on"] | None = None,
        descending: bool = False,
        *,
        applied_after: date | str | None = None,
        applied_before: date | str | None = None,
    ) -> list[Revision]:
        """Lists the model's revisions.

        Args:
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
            applied_after: Keeps those applied to this model on or after a day: a `date`, or text
                such as "2026-01-31".
            applied_before: Keeps those applied on or before a day.

        Raises:
            ValueError: A date isn't one, or the two are in the wrong order.
        """
        days = {
            name: _day(name, value)
            for name, value in (("appliedAfter", applied_after), ("appliedBefore", applied_before))
            if value is not None
        }
        if len(days) == 2 and days["appliedAfter"] > days["appliedBefore"]:
            raise ValueError("applied_after must not be later than applied_before.")
        params = sorting(sort_by, descending, _FIELDS)
        return await self._list(_REVISIONS, f"{self._alm}/revisions", **params, **days)

    async def get_latest_revision(self) -> Revision | None:
        """The revision applied to the model last; `None` if it has none."""
        revisions = await self._whole(_REVISIONS, f"{self._alm}/latestRevision")
        return revisions[0] if revisions else None

    async def get_syncable_revisions(self, source_model_id: str) -> list[Revision]:
        """Lists the revisions of another model that this one can be brought to, newest first."""
        url = f"{self._alm}/syncableRevisions"
        segment(source_model_id)
        return await self._whole(_REVISIONS, url, sourceModelId=source_model_id)

    async def create_revision(self, name: str, description: str = "") -> Revision:
        """Makes a revision of the model's structure as it is now.

        If the answer is lost, the revision is looked for by name and time for the client's
        `settle_time`.

        Args:
            name: 60 characters at the most.
            description: 250 characters at the most.

        Raises:
            ValueError: One of the two is too long, or there is no name.
            AnaplanRequestException: The structure is the same as in the last revision, or the model
                is deployed.
            OutcomeUnknownException: It can't be told whether it was made.
        """
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise ValueError(f"A revision's name has 1 to {_LONGEST_NAME} characters.")
        if len(description) > _LONGEST_DESCRIPTION:
            raise ValueError(f"A description has {_LONGEST_DESCRIPTION} characters at the most.")
        url = f"{self._alm}/revisions"
        body = {"name": name, "description": description} if description else {"name": name}

        async def send() -> Revision:
            response = await self._session.send("POST", url, json=body)
            return decode(_REVISION.adapter, response).value

        def is_ours(revision: Revision, since: float) -> bool:
            return (revision.name, revision.description or "") == (
                name,
                description,
            ) and _milliseconds(revision.created_on) >= since - 1000

        return await once(
            self._session,
            send,
            self.get_revisions,
            is_ours,
            key=url,
            what=f"Revision {name!r} may have been made",
            settle_time=self._settings.settle_time,
            repeats=False,
        )

    async def get_models_for_revision(self, revision_id: str) -> list[ModelRevision]:
        """Lists the models a revision was applied to, the one it was made in first."""
        return await self._whole(
            _MODELS, f"{self._alm}/revisions/{segment(revision_id)}/appliedToModels"
        )

    async def get_sync_tasks(self) -> list[TaskSummary]:
        """Lists the synchronizations to this model of the last 48 hours, newest first."""
        return await self._whole(_TASKS, f"{self._alm}/syncTasks")

    async def get_sync_task(self, task_id: str) -> PendingTask | CompletedSyncTask:
        """How a synchronization stands; it has a result once it has ended."""
        return await self._get(_SYNC, f"{self._alm}/syncTasks/{segment(task_id)}")

    @overload
    async def sync_models(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: Literal[True] = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> CompletedSyncTask: ...

    @overload
    async def sync_models(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedSyncTask: ...

    async def sync_models(
        self,
        source_revision_id: str,
        source_model_id: str,
        target_revision_id: str,
        wait_for_completion: bool = True,
        *,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> PendingTask | CompletedSyncTask:
        """Brings this model to a revision of another one. `promote` finds the ids by itself.

        It is not started twice: if the answer is lost, the task is looked for among this model's
        for the client's `settle_time`.

        Args:
            source_revision_id: One of the syncable revisions.
            source_model_id: The model they come from.
            target_revision_id: The latest revision of this model.
            wait_for_completion: False returns as soon as the task exists.
            timeout: Seconds to wait for the end; no limit when not given.
            on_progress: Told of every look at the task.

        Raises:
            SynchronizationException: It failed; this model is as it was.
            AnaplanTimeoutException: It took longer than `timeout`; it goes on at Anaplan.
            OutcomeUnknownException: It can't be told whether it was started.
        """
        check_timeout(timeout)
        body = three_ids(source_revision_id, source_model_id, target_revision_id)
        url = f"{self._alm}/syncTasks"
        began = time.monotonic()
        with self._session.starting(url):
            try:
                response = await self._session.send("POST", url, json=body)
                task = decode(_SYNC.adapter, response).value
            except AnaplanException as error:
                if error.not_performed:
                    raise
                task = await self._adopt_sync(url, body, began, error)
            self._session.remember_task(url, task.id)
        if not wait_for_completion:
            return task
        return await self._sync_end(task, timeout, on_progress)

    async def promote(
        self,
        source_model_id: str,
        revision_id: str | None = None,
        *,
        dry_run: bool = False,
        create_revision: str | None = None,
        timeout: float | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> Promotion:
        """Brings this model to another one's revision: finds it, compares, synchronizes, waits.

        Args:
            source_model_id: The model whose structure is taken over, such as the development one.
            revision_id: A syncable revision of it; the newest one by default.
            dry_run: Only finds and compares.
            create_revision: Makes a revision of this name in the source first.
            timeout: Seconds to wait for comparison and synchronization together.
            on_progress: Told of every look at a task.

        Returns:
            What was found and done; `print` shows it in a line.

        Raises:
            ValueError: The arguments contradict each other.
            NotSyncableException: This model can't be brought to that revision.
            SynchronizationException: Comparison or synchronization failed; this model is as it was.
            AnaplanTimeoutException: It took longer than `timeout`.
        """
        check_timeout(timeout)
        segment(source_model_id)
        if create_revision is not None and (dry_run or revision_id is not None):
            raise ValueError("create_revision goes neither with dry_run nor with revision_id.")
        deadline = None if timeout is None else time.monotonic() + timeout
        if create_revision is not None:
            revision_id = (await self._other(source_model_id).create_revision(create_revision)).id
        target = await self.get_latest_revision()
        if target is None:
            raise NotSyncableException(
                f"Model {self._model_id} has no revision; only models that have one in common can "
                "be synchronized."
            )
        source = await self._choose(source_model_id, revision_id, target)
        if source is None or source.id == target.id:
            return Promotion(source_model_id, source or target, target)
        ids = source.id, source_model_id, target.id
        comparison = await self.create_comparison_summary(
            *ids, timeout=_left(deadline), on_progress=on_progress
        )
        summary = await self.get_comparison_summary(comparison)
        if dry_run:
            return Promotion(source_model_id, source, target, summary)
        if (left := _left(deadline)) == 0.0:
            raise AnaplanTimeoutException(
                f"The comparison took all of the {timeout} seconds; the synchronization was not "
                "started."
            )
        task = await self.sync_models(*ids, timeout=left, on_progress=on_progress)
        return Promotion(source_model_id, source, target, summary, task)

    def _other(self, model_id: str) -> Alm:
        return Alm(self._session, replace(self._settings, workspace_id=None, model_id=model_id))

    async def _whole(self, listing: Listing[T], url: str, **params: str) -> list[T]:
        """A listing that Anaplan doesn't page."""
        response = await self._session.send("GET", url, params=params)
        return decode(listing.adapter, response).items

    async def _choose(
        self, source_model_id: str, revision_id: str | None, target: Revision
    ) -> Revision | None:
        """The revision to bring this model to; `None` if it has the source's latest already."""
        syncable = await self.get_syncable_revisions(source_model_id)
        if revision_id is None and syncable:
            return syncable[0]
        if found := next((item for item in syncable if item.id == revision_id), None):
            return found
        wanted = revision_id
        if wanted is None:
            latest = await self._other(source_model_id).get_latest_revision()
            wanted = latest.id if latest else None
        if wanted == target.id or wanted in {item.id for item in await self.get_revisions()}:
            return None
        named = f"revision {wanted} of model {source_model_id}" if wanted else source_model_id
        raise NotSyncableException(
            f"Model {self._model_id} can't be brought to {named}. Syncable are: "
            f"{', '.join(f'{item.name!r} ({item.id})' for item in syncable) or 'none'}."
        )

    async def _adopt_sync(
        self, url: str, ids: Mapping[str, str], began: float, error: AnaplanException
    ) -> PendingTask | CompletedSyncTask:
        """The task that a request without a clear answer has started."""
        what = f"The synchronization of model {self._model_id} may have been started"
        found = await adopt(
            self._session,
            self.get_sync_tasks,
            lambda task, since: task.creation_time >= since,
            key=url,
            what=what,
            began=began,
            settle_time=self._settings.settle_time,
            error=error,
        )
        if found is None:
            raise OutcomeUnknownException(f"{what} ({error}), but isn't there yet.") from error
        try:
            task = await self.get_sync_task(found.id)
        except AnaplanException as problem:
            raise OutcomeUnknownException(
                f"{what} ({error}), and task {found.id} can't be read: {problem}",
                candidates=[found.id],
            ) from error
        result = task.result if isinstance(task, CompletedSyncTask) else None
        if result and result.source_revision_id not in (None, ids["sourceRevisionId"]):
            raise OutcomeUnknownException(
                f"{what} ({error}); task {task.id} of that time is another one.",
                candidates=[task.id],
            ) from error
        return task

    async def _sync_end(
        self,
        task: PendingTask | CompletedSyncTask,
        timeout: float | None,
        on_progress: ProgressCallback | None,
    ) -> CompletedSyncTask:
        async def look() -> PendingTask | CompletedSyncTask:
            return told(await self.get_sync_task(task.id), on_progress)

        try:
            end = await wait_until(
                look,
                lambda seen: ended(seen, CompletedSyncTask),
                delay=self._settings.status_poll_delay,
                timeout=timeout,
                overdue=lambda seen: f"Synchronization {seen.id} is {seen.task_state}",
            )
        except AnaplanException as problem:
            # Whatever failed, it was the wait: the synchronization may go on.
            problem.task_id = task.id
            problem.retryable = problem.not_performed = False
            raise
        return successful(end, "The synchronization")


def _day(name: str, value: date | str) -> str:
    """A day as Anaplan reads it."""
    try:
        if isinstance(value, str):
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError:
        raise ValueError(f"{name}: {value!r} is no date such as '2026-01-31'.") from None
    return value.strftime("%Y-%m-%d")


def _milliseconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return -inf  # Nobody can tell, so it isn't taken for a new one.
    return 1000 * (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
