"""Workspaces and models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import ApiNamespace, segment, sorting
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.exceptions import PermissionDeniedException, ServerException
from anaplan_sdk.models._envelopes import Listing, Single, Whole

if TYPE_CHECKING:
    from anaplan_sdk.models import (
        Model,
        ModelDeletionResult,
        ModelWithTransactionInfo,
        Workspace,
        WorkspaceMember,
    )

_WORKSPACES = Listing("workspaces", lambda: models.Workspace)
_WORKSPACE = Single["Workspace"]("workspace", lambda: models.Workspace)
_MODELS = Listing("models", lambda: models.Model)
_MODEL = Single["ModelWithTransactionInfo"]("model", lambda: models.ModelWithTransactionInfo)
_DELETION = Whole(lambda: models.ModelDeletionResult)


class Catalog(ApiNamespace):
    """Workspaces and models."""

    async def get_workspaces(
        self,
        search_pattern: str | None = None,
        sort_by: Literal["size_allowance", "name"] | None = None,
        descending: bool = False,
    ) -> list[Workspace]:
        """Lists the workspaces this user can see, with their sizes.

        Args:
            search_pattern: Keeps those whose name or id contains it, case-insensitively; `%` stands
                for any text and `_` for any character.
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        params = sorting(sort_by, descending, {"size_allowance": "sizeAllowance", "name": "name"})
        if search_pattern:
            params["s"] = search_pattern
        return await self._list(
            _WORKSPACES, f"{self._base}/workspaces", tenantDetails="true", **params
        )

    async def get_workspace(self, workspace_id: str | None = None) -> Workspace:
        """One workspace, the client's own when no id is given.

        Raises:
            InvalidIdentifierException: No such workspace, or this user doesn't administer it.
        """
        url = (
            f"{self._base}/workspaces/{segment(workspace_id)}" if workspace_id else self._workspace
        )
        return await self._get(_WORKSPACE, url, tenantDetails="true")

    async def get_workspace_admins(self, workspace_id: str | None = None) -> list[WorkspaceMember]:
        """Lists the administrators of a workspace, the client's own when no id is given.

        Raises:
            PermissionDeniedException: This user is neither user administrator nor tenant
                administrator.
        """
        return await self._members("admins", workspace_id)

    async def get_workspace_visitors(
        self, workspace_id: str | None = None
    ) -> list[WorkspaceMember]:
        """Lists the visitors of a workspace, the client's own when no id is given.

        Raises:
            PermissionDeniedException: As for `get_workspace_admins`.
        """
        return await self._members("visitors", workspace_id)

    async def _members(self, key: str, workspace_id: str | None) -> list[WorkspaceMember]:
        url = (
            f"{self._base}/workspaces/{segment(workspace_id)}" if workspace_id else self._workspace
        )
        try:
            return await self._list(
                Listing(key, lambda: models.WorkspaceMember), f"{url}/{key}", Retry.NOT_AFTER_500
            )
        except ServerException as error:
            if error.status_code != 500:
                raise
            # Anaplan documents 403 for this.
            raise error.as_type(
                PermissionDeniedException,
                f"Only user administrators and tenant administrators can list a workspace's {key}: "
                "Anaplan answers others with 500, as it did here.",
                retryable=False,
            ) from error

    async def get_models(
        self,
        only_in_workspace: bool | str = False,
        search_pattern: str | None = None,
        sort_by: Literal["active_state", "name"] | None = None,
        descending: bool = False,
    ) -> list[Model]:
        """Lists the models this user can see.

        Args:
            only_in_workspace: True for those of the client's workspace, or a workspace's id.
            search_pattern: As for `get_workspaces`; Anaplan heeds it for tenant administrators and
                ignores it silently for others.
            sort_by: The field to sort by; Anaplan's own order when not given.
            descending: Sorts downwards; without `sort_by` it does nothing.
        """
        params = sorting(sort_by, descending, {"active_state": "activeState", "name": "name"})
        if search_pattern:
            params["s"] = search_pattern
        url = f"{self._base}/models"
        if isinstance(only_in_workspace, str):
            url = f"{self._base}/workspaces/{segment(only_in_workspace)}/models"
        elif only_in_workspace:
            url = f"{self._workspace}/models"
        return await self._list(_MODELS, url, modelDetails="true", **params)

    async def get_model(self, model_id: str | None = None) -> ModelWithTransactionInfo:
        """One model, the client's own when no id is given.

        Raises:
            InvalidIdentifierException: No such model.
        """
        url = f"{self._base}/models/{segment(model_id)}" if model_id else self._model
        return await self._get(_MODEL, url, modelDetails="true")

    async def delete_models(self, model_ids: Sequence[str]) -> ModelDeletionResult:
        """Deletes models of the client's workspace, for good.

        A model must be closed, and the user a workspace administrator. Those that could not be
        deleted are listed in the result with the reason.

        Raises:
            ValueError: No ids were given.
        """
        if isinstance(model_ids, str) or not model_ids:
            raise ValueError("model_ids must be a list of ids, and not an empty one.")
        response = await self._session.send(
            "POST",
            f"{self._workspace}/bulkDeleteModels",
            json={"modelIdsToDelete": [str(model_id) for model_id in model_ids]},
        )
        return decode(_DELETION.adapter, response)
