"""Application lifecycle management: revisions of a model's structure, and synchronizing models."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Literal, TypeVar

from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.alm_comparisons import Comparisons
from anaplan_sdk._async.api.alm_tasks import starts_task
from anaplan_sdk._async.api.namespace import path_segment, sort_params
from anaplan_sdk._async.transport.recovery import ListedStart, created_at, waiting_for_task
from anaplan_sdk._http.dates import iso_date
from anaplan_sdk._http.replies import decode_started
from anaplan_sdk._ranges import check_timeout
from anaplan_sdk._runtime.deadline import Deadline
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanTimeoutException,
    InvalidArgumentException,
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
from anaplan_sdk.models._envelopes import ListReply, ObjectReply
from anaplan_sdk.progress import ProgressCallback

_REVISIONS = ListReply("revisions", Revision)
_MODELS = ListReply("appliedToModels", ModelRevision)
_TASKS = ListReply("tasks", TaskSummary)
_REVISION = ObjectReply[Revision]("revision", Revision)
_SYNC = ObjectReply[PendingTask | CompletedSyncTask]("task", SyncTask)

_SORT_FIELDS = {"id": "id", "name": "name", "applied_on": "appliedOn", "created_on": "createdOn"}

# Characters. Anaplan ALM API guide, "Create a revision".
_MAX_NAME = 60
_MAX_DESCRIPTION = 250

T = TypeVar("T")


class Alm(Comparisons):
    """Revisions of the client's model, and synchronizing it with other models.

    All methods need a workspace administrator of the model's workspace; those that name a second
    model need one of both workspaces.
    """

    async def change_model_status(self, status: Literal["online", "offline"]) -> None:
        """Take the model offline, or bring it back online.

        Only workspace administrators can use a model that is offline.

        Args:
            status: `"offline"` or `"online"`.

        Raises:
            InvalidArgumentException: `status` is neither of the two, or the client has no model.
            ModelUnavailableException: The model is archived or locked.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Change a model's online status".
        """
        if status not in ("online", "offline"):
            raise InvalidArgumentException(f"status must be 'online' or 'offline', not {status!r}.")
        await self._session.send("PUT", f"{self._model}/onlineStatus", json={"status": status})

    async def get_revisions(
        self,
        sort_by: Literal["id", "name", "applied_on", "created_on"] | None = None,
        descending: bool = False,
        *,
        applied_after: date | str | None = None,
        applied_before: date | str | None = None,
    ) -> list[Revision]:
        """List the model's revisions.

        Args:
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order. Has no effect without `sort_by`.
            applied_after: Only revisions applied to this model on or after this day: a `date`, or
                text such as "2026-01-31".
            applied_before: Only revisions applied to this model on or before this day.

        Returns:
            The revisions; an empty list when the model has none.

        Raises:
            InvalidArgumentException: A day is not a valid date, or `applied_after` is later than
                `applied_before`; there is no such field to sort by; or the client has no model.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve revisions in a model".
        """
        days = {
            name: _day(name, value)
            for name, value in (("appliedAfter", applied_after), ("appliedBefore", applied_before))
            if value is not None
        }
        if len(days) == 2 and days["appliedAfter"] > days["appliedBefore"]:
            raise InvalidArgumentException("applied_after must not be later than applied_before.")
        params = sort_params(sort_by, descending, _SORT_FIELDS)
        return await self._list(_REVISIONS, f"{self._alm}/revisions", **params, **days)

    async def get_latest_revision(self) -> Revision | None:
        """Return the revision that was applied to the model last.

        Returns:
            The revision; None when the model has none.

        Raises:
            InvalidArgumentException: The client has no model.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve latest revision".
        """
        revisions = await self._list_at_once(_REVISIONS, f"{self._alm}/latestRevision")
        return revisions[0] if revisions else None

    async def get_syncable_revisions(self, source_model_id: str) -> list[Revision]:
        """List the revisions of another model that this model can be synchronized to.

        Args:
            source_model_id: The model whose revisions to list.

        Returns:
            The revisions, newest first; an empty list when there are none, also when this model
            already has the latest revision.

        Raises:
            InvalidArgumentException: `source_model_id` is empty, or the client has no model.
            InvalidIdentifierException: One of the models doesn't exist or isn't visible to the
                user.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve compatible source model revisions".
        """
        url = f"{self._alm}/syncableRevisions"
        source_model_id = identifier(source_model_id)
        return await self._list_at_once(_REVISIONS, url, sourceModelId=source_model_id)

    async def create_revision(self, name: str, description: str = "") -> Revision:
        """Create a revision of the model's current structure.

        The revision is not created twice. The revisions are listed first: when the reply to the
        request is lost, the new one is looked up by name and description, for up to the client's
        `settle_time` in seconds.

        Args:
            name: 1 to 60 characters.
            description: Up to 250 characters.

        Returns:
            The new revision.

        Raises:
            InvalidArgumentException: `name` is empty or too long, `description` is too long, or the
                client has no model.
            AnaplanRequestException: The structure has not changed since the last revision, or the
                model is in deployed mode.
            OutcomeUnknownException: It is unknown whether the revision was created.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Create a revision".
        """
        if not name.strip() or len(name) > _MAX_NAME:
            raise InvalidArgumentException(
                f"name must have 1 to {_MAX_NAME} characters, not {len(name)}."
            )
        if len(description) > _MAX_DESCRIPTION:
            raise InvalidArgumentException(
                f"description must have up to {_MAX_DESCRIPTION} characters, "
                f"not {len(description)}."
            )
        url = f"{self._alm}/revisions"
        body = {"name": name, "description": description} if description else {"name": name}

        async def send() -> Revision:
            response = await self._session.send("POST", url, json=body)
            return decode_started(
                _REVISION.adapter,
                response,
                lambda made: Revision(id=made, name=name, description=description),
                "revisionId",
                "id",
            )

        return await self._recovery.start(
            send,
            ListedStart(
                find=self.get_revisions,
                created_at=lambda revision: iso_date(revision.created_on),
                matches=lambda revision: (
                    (revision.name, revision.description or "") == (name, description)
                ),
                key=url,
                what=f"Revision {name!r}",
                verb="created",
                is_named=True,
                is_listed_first=True,
            ),
        )

    async def get_models_for_revision(self, revision_id: str) -> list[ModelRevision]:
        """List the models that a revision was applied to.

        Args:
            revision_id: The revision.

        Returns:
            The models; first the one in which the revision was created.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such revision, or it was never applied to this
                model.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve the models for a specific revision".
        """
        return await self._list_at_once(
            _MODELS, f"{self._alm}/revisions/{path_segment(revision_id)}/appliedToModels"
        )

    async def get_sync_tasks(self) -> list[TaskSummary]:
        """List the synchronizations to this model.

        Anaplan keeps those that are running or ended in the last 48 hours, about 20,000 at most.

        Returns:
            The tasks, newest first.

        Raises:
            InvalidArgumentException: The client has no model.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve sync tasks for a model".
        """
        tasks = await self._list_at_once(_TASKS, f"{self._alm}/syncTasks")
        return [self._recovery.mark(task) for task in tasks]

    async def get_sync_task(self, task_id: str) -> PendingTask | CompletedSyncTask:
        """Return the state of a synchronization.

        Args:
            task_id: The id of the task.

        Returns:
            The task; a `CompletedSyncTask`, with a result, once it has ended.

        Raises:
            InvalidArgumentException: The client has no model.
            InvalidIdentifierException: There is no such task.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve model sync task info".
        """
        task = await self._get(_SYNC, f"{self._alm}/syncTasks/{path_segment(task_id)}")
        return self._recovery.mark(task)

    @starts_task(CompletedSyncTask)
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
        """Synchronize this model to a revision of another model.

        To have the ids found, use `promote`. The synchronization is not started twice. The tasks of
        this model are listed first: when the reply to the request is lost, the new task is looked
        up, for up to the client's `settle_time` in seconds; its `recovered` is True then. If the
        synchronization fails, this model is unchanged.

        Args:
            source_revision_id: The revision to synchronize to, one of `get_syncable_revisions`.
            source_model_id: The model of that revision.
            target_revision_id: The latest revision of this model.
            wait_for_completion: Whether to wait until the task has ended (default).
            timeout: Seconds to wait for the end; None (the default) waits without limit. The work
                at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every poll of the task.

        Returns:
            The completed task, or the started task when `wait_for_completion` is False.

        Raises:
            InvalidArgumentException: An id is empty, `timeout` is negative, or the client has no
                model.
            SynchronizationException: The synchronization failed.
            AnaplanTimeoutException: The synchronization had not ended after `timeout` seconds.
            OutcomeUnknownException: It is unknown whether the synchronization was started.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Create a model sync task".
        """
        check_timeout(timeout)
        body = self._revision_ids(source_revision_id, source_model_id, target_revision_id)
        url = f"{self._alm}/syncTasks"
        what = f"The synchronization of model {self._model_id}"

        async def send() -> PendingTask | CompletedSyncTask:
            response = await self._session.send("POST", url, json=body)
            return decode_started(
                _SYNC.adapter, response, lambda task_id: PendingTask(id=task_id), "taskId", "id"
            )

        started = await self._recovery.start(
            send,
            ListedStart(
                find=self.get_sync_tasks,
                created_at=created_at,
                key=url,
                what=what,
                is_listed_first=True,
            ),
        )
        task = (
            started
            if isinstance(started, PendingTask)
            else await self._recovered_sync(started.id, source_revision_id)
        )
        if not wait_for_completion:
            return task
        # If a poll fails, the synchronization was started all the same.
        with waiting_for_task(what, task.id):
            return await self._wait_for_task(
                lambda: self.get_sync_task(task.id),
                CompletedSyncTask,
                "Synchronization",
                timeout,
                on_progress,
            )

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
        """Synchronize this model to a revision of another model, by default the newest possible.

        Finds the revision, counts the differences, starts the synchronization and waits for it.
        Nothing happens when this model already has the revision. If the comparison or the
        synchronization fails, this model is unchanged.

        Args:
            source_model_id: The model whose structure is taken over, such as the one used for
                development.
            revision_id: The revision to synchronize to; None (the default) takes the newest one
                that this model can be synchronized to.
            dry_run: Whether to stop before the synchronization.
            create_revision: Name of a revision to create in the source first; None (the default)
                creates none.
            timeout: Seconds to wait for the comparison and the synchronization together; None
                (the default) waits without limit. The work at Anaplan continues after a timeout.
            on_progress: Called with a Progress for every poll of a task.

        Returns:
            The revisions, the numbers of differences, and the completed task; `str` of it is one
            line of text.

        Raises:
            InvalidArgumentException: `create_revision` was given together with `dry_run` or
                `revision_id`; an id is empty; `timeout` is negative; or the client has no model.
            NotSyncableException: This model can't be synchronized to that revision.
            SynchronizationException: The comparison or the synchronization failed.
            AnaplanTimeoutException: The two had not ended after `timeout` seconds.
            OutcomeUnknownException: It is unknown whether the revision was created, or the
                synchronization started.
            PermissionDeniedException: The user is not a workspace administrator.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan ALM API guide, "Retrieve compatible source model revisions" and "Create a
        model sync task".
        """
        check_timeout(timeout)
        source_model_id = identifier(source_model_id)
        if create_revision is not None and (dry_run or revision_id is not None):
            raise InvalidArgumentException(
                "create_revision can't be combined with dry_run or revision_id."
            )
        deadline = Deadline.after(timeout)
        if create_revision is not None:
            revision_id = (
                await self._namespace_of(source_model_id).create_revision(create_revision)
            ).id
        target = await self.get_latest_revision()
        if target is None:
            raise NotSyncableException(
                f"Model {self._model_id} has no revision: only models with a common revision can "
                "be synchronized."
            )
        source = await self._find_source(source_model_id, revision_id, target)
        if source is None or source.id == target.id:
            return Promotion(source_model_id, source or target, target)
        ids = source.id, source_model_id, target.id
        comparison = await self.create_comparison_summary(
            *ids, timeout=deadline.remaining(), on_progress=on_progress
        )
        summary = await self.get_comparison_summary(comparison)
        if dry_run:
            return Promotion(source_model_id, source, target, summary)
        if deadline.expired:
            raise AnaplanTimeoutException(
                f"The comparison took all of the {timeout} seconds: the synchronization was not "
                "started."
            )
        task = await self.sync_models(*ids, timeout=deadline.remaining(), on_progress=on_progress)
        return Promotion(source_model_id, source, target, summary, task)

    def _namespace_of(self, model_id: str) -> Alm:
        """Return the same namespace for another model."""
        config = replace(self._config, workspace_id=None, model_id=model_id)
        return Alm(self._session, config, self._shared)

    async def _find_source(
        self, source_model_id: str, revision_id: str | None, target: Revision
    ) -> Revision | None:
        """Find the revision to synchronize to; None when this model already has it."""
        syncable = await self.get_syncable_revisions(source_model_id)
        if revision_id is None and syncable:
            return syncable[0]
        if found := next((item for item in syncable if item.id == revision_id), None):
            return found
        wanted = revision_id
        if wanted is None:
            latest = await self._namespace_of(source_model_id).get_latest_revision()
            wanted = latest.id if latest else None
        if wanted == target.id or wanted in {item.id for item in await self.get_revisions()}:
            return None
        named = f"revision {wanted} of model {source_model_id}" if wanted else source_model_id
        raise NotSyncableException(
            f"Model {self._model_id} can't be synchronized to {named}. Syncable revisions: "
            f"{', '.join(f'{item.name!r} ({item.id})' for item in syncable) or 'none'}."
        )

    async def _recovered_sync(
        self, task_id: str, source_revision_id: str
    ) -> PendingTask | CompletedSyncTask:
        """Read a task that was recovered after the reply to its start was lost."""
        what = f"Task {task_id}, recovered after the start of a synchronization,"
        try:
            task = await self.get_sync_task(task_id)
        except AnaplanException as problem:
            raise problem.as_type(
                OutcomeUnknownException,
                f"{what} can't be read: {problem.message}",
                candidates=[task_id],
                retryable=False,
                not_performed=False,
            ) from problem
        result = task.result if isinstance(task, CompletedSyncTask) else None
        if result and result.source_revision_id not in (None, source_revision_id):
            raise OutcomeUnknownException(
                f"{what} is of another revision: the synchronization may have been started or not.",
                candidates=[task_id],
            )
        return task


def _day(name: str, value: date | str) -> str:
    """Format a day for a query."""
    try:
        if isinstance(value, str):
            return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%Y-%m-%d")
    except ValueError:
        raise InvalidArgumentException(
            f"{name}: {value!r} is not a valid date such as '2026-01-31'."
        ) from None
    return value.strftime("%Y-%m-%d")
