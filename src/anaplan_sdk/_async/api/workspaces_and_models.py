"""Workspaces and models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from anaplan_sdk import models
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment, sort_params
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.exceptions import (
    InvalidArgumentException,
    PermissionDeniedException,
    ServerException,
)
from anaplan_sdk.models._envelopes import ListReply, ObjectReply

_WORKSPACES = ListReply("workspaces", lambda: models.Workspace)
_WORKSPACE = ObjectReply["models.Workspace"]("workspace", lambda: models.Workspace)
_MODELS = ListReply("models", lambda: models.Model)
_MODEL = ObjectReply["models.ModelWithTransactionInfo"](
    "model", lambda: models.ModelWithTransactionInfo
)


class WorkspacesAndModels(ApiNamespace):
    """Workspaces and models."""

    async def get_workspaces(
        self,
        search_pattern: str | None = None,
        sort_by: Literal["size_allowance", "name"] | None = None,
        descending: bool = False,
    ) -> list[models.Workspace]:
        """List the workspaces that the user can see, with their sizes in bytes.

        Args:
            search_pattern: List only workspaces whose name or id contains this text, ignoring case;
                `%` stands for any text and `_` for any character.
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The workspaces of the user's default tenant.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Workspaces".
        """
        params = sort_params(
            sort_by, descending, {"size_allowance": "sizeAllowance", "name": "name"}
        )
        if search_pattern:
            params["s"] = search_pattern
        return await self._list(
            _WORKSPACES, f"{self._base}/workspaces", tenantDetails="true", **params
        )

    async def get_workspace(self, workspace_id: str | None = None) -> models.Workspace:
        """Return a workspace with its sizes in bytes.

        Args:
            workspace_id: The workspace; the client's own when None.

        Returns:
            The workspace.

        Raises:
            InvalidArgumentException: Neither the call nor the client has a workspace.
            InvalidIdentifierException: There is no such workspace, or the user is not one of its
                administrators.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Workspaces".
        """
        url = self._workspace_url(workspace_id)
        return await self._get(_WORKSPACE, url, tenantDetails="true")

    async def get_workspace_admins(
        self, workspace_id: str | None = None
    ) -> list[models.WorkspaceMember]:
        """List the administrators of a workspace.

        Args:
            workspace_id: The workspace; the client's own when None.

        Returns:
            The administrators, with the names of their other workspaces.

        Raises:
            InvalidArgumentException: Neither the call nor the client has a workspace.
            PermissionDeniedException: The user is neither a user administrator nor a tenant
                administrator.
            InvalidIdentifierException: There is no such workspace.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Workspaces".
        """
        return await self._members("admins", workspace_id)

    async def get_workspace_visitors(
        self, workspace_id: str | None = None
    ) -> list[models.WorkspaceMember]:
        """List the visitors of a workspace.

        Args:
            workspace_id: The workspace; the client's own when None.

        Returns:
            The visitors, with the names of their other workspaces.

        Raises:
            InvalidArgumentException: Neither the call nor the client has a workspace.
            PermissionDeniedException: The user is neither a user administrator nor a tenant
                administrator.
            InvalidIdentifierException: There is no such workspace.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Workspaces".
        """
        return await self._members("visitors", workspace_id)

    async def _members(self, key: str, workspace_id: str | None) -> list[models.WorkspaceMember]:
        url = f"{self._workspace_url(workspace_id)}/{key}"
        listing = ListReply(key, lambda: models.WorkspaceMember)
        try:
            return await self._list(listing, url, Retry.NOT_AFTER_500)
        except ServerException as error:
            if error.status_code != 500:
                raise
            # Unlike the documentation, Anaplan answers 500 to users who lack the role.
            raise error.as_type(
                PermissionDeniedException,
                f"Only user administrators and tenant administrators may list the {key} of a "
                "workspace. Anaplan answered 500, its reply to other users.",
                retryable=False,
            ) from error

    async def get_models(
        self,
        only_in_workspace: bool | str = False,
        search_pattern: str | None = None,
        sort_by: Literal["active_state", "name"] | None = None,
        descending: bool = False,
    ) -> list[models.Model]:
        """List the models that the user can see, with their details.

        Args:
            only_in_workspace: True to list only the models of the client's workspace, or the id of
                another workspace.
            search_pattern: List only models whose name or id contains this text, ignoring case; `%`
                stands for any text and `_` for any character. Anaplan ignores it silently unless
                the user is a tenant administrator.
            sort_by: Field to sort by; Anaplan's own order when None.
            descending: Whether to sort in descending order; has no effect without `sort_by`.

        Returns:
            The models of the user's default tenant.

        Raises:
            InvalidArgumentException: `sort_by` is not one of the fields, or `only_in_workspace` is
                True and the client has no workspace.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve model IDs from workspace" and "Get your list of models".
        """
        params = sort_params(sort_by, descending, {"active_state": "activeState", "name": "name"})
        if search_pattern:
            params["s"] = search_pattern
        url = f"{self._base}/models"
        if isinstance(only_in_workspace, str):
            url = f"{self._workspace_url(only_in_workspace)}/models"
        elif only_in_workspace:
            url = f"{self._workspace}/models"
        return await self._list(_MODELS, url, modelDetails="true", **params)

    async def get_model(self, model_id: str | None = None) -> models.ModelWithTransactionInfo:
        """Return a model with its details.

        Args:
            model_id: The model; the client's own when None.

        Returns:
            The model.

        Raises:
            InvalidArgumentException: Neither the call nor the client has a model.
            InvalidIdentifierException: There is no such model.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Retrieve a specific model".
        """
        url = f"{self._base}/models/{path_segment(model_id)}" if model_id else self._model
        return await self._get(_MODEL, url, modelDetails="true")

    async def delete_models(self, model_ids: Sequence[str]) -> models.ModelDeletionResult:
        """Delete closed models of the client's workspace permanently.

        The user must be a workspace administrator. A model that cannot be deleted, for example
        because it is open, does not prevent the deletion of the others.

        Args:
            model_ids: The models to delete.

        Returns:
            How many models were deleted, and which were not and why.

        Raises:
            InvalidArgumentException: `model_ids` is empty or a str, or the client has no workspace.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan help, "Bulk delete models".
        """
        from pydantic import TypeAdapter

        if isinstance(model_ids, str) or not model_ids:
            raise InvalidArgumentException("model_ids must be a list of ids that is not empty.")
        response = await self._session.send(
            "POST",
            f"{self._workspace}/bulkDeleteModels",
            json={"modelIdsToDelete": [str(model_id) for model_id in model_ids]},
        )
        return decode(TypeAdapter(models.ModelDeletionResult), response)

    def _workspace_url(self, workspace_id: str | None) -> str:
        return (
            f"{self._base}/workspaces/{path_segment(workspace_id)}"
            if workspace_id
            else self._workspace
        )
