"""Exception users: users who may sign in by password despite single sign-on."""

from __future__ import annotations

from anaplan_sdk._arguments import identifier
from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Retry
from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_sdk.models._envelopes import ListReply
from anaplan_sdk.models.exception_users import ExceptionWorkspace

_FOUND = ListReply("response", ExceptionWorkspace)


class ExceptionUsers(ApiNamespace):
    """Users who may sign in by password to workspaces with single sign-on, e.g. for emergencies.

    An API key can be used, too. A tenant can restrict the assignment to Anaplan's Administration
    pages.
    """

    async def get_exception_users(
        self, *, workspace_id: str | None = None, user_id: str | None = None
    ) -> list[ExceptionWorkspace]:
        """List the exception users of a workspace, or the workspaces in which a user is one.

        Give one of the two arguments. The exception users of a workspace include visitors; the
        workspaces of a user don't include those in which the user is only a visitor.

        Args:
            workspace_id: The workspace.
            user_id: The user.

        Returns:
            The workspace or workspaces, each with its exception users.

        Raises:
            InvalidArgumentException: Neither was given, or both.
            InvalidIdentifierException: There is no such workspace or user.
            PermissionDeniedException: The user is not a tenant security administrator. Not every
                tenant requires this role here.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Exception users API.
        """
        if (workspace_id is None) == (user_id is None):
            raise InvalidArgumentException("Give either workspace_id or user_id.")
        key, value = (
            ("userGuid", user_id) if workspace_id is None else ("workspaceGuid", workspace_id)
        )
        query = {key: identifier(value)}
        response = await self._session.send(
            "POST", f"{self._root}/search", retry=Retry.SAFE, json=query
        )
        return decode(_FOUND.adapter, response).items

    async def assign_exception_user(self, user_id: str, workspace_id: str) -> None:
        """Make a user an exception user of a workspace.

        The workspace must have single sign-on, and the user must be a user of it. Nobody can
        change themselves.

        Args:
            user_id: The user.
            workspace_id: The workspace.

        Raises:
            InvalidArgumentException: `user_id` is empty.
            AnaplanRequestException: The workspace has no single sign-on, or the user is not a user
                of the workspace (HTTP 400).
            InvalidIdentifierException: There is no such workspace or user.
            PermissionDeniedException: The signed-in user is not a tenant security administrator, or
                is the user to change.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Exception users API.
        """
        await self._change("assign", user_id, workspace_id)

    async def unassign_exception_user(self, user_id: str, workspace_id: str) -> None:
        """Make a user no longer an exception user of a workspace.

        Nobody can change themselves.

        Args:
            user_id: The user.
            workspace_id: The workspace.

        Raises:
            InvalidArgumentException: `user_id` is empty.
            AnaplanRequestException: The workspace has no single sign-on, or the user is not a user
                of the workspace (HTTP 400).
            InvalidIdentifierException: There is no such workspace or user.
            PermissionDeniedException: The signed-in user is not a tenant security administrator, or
                is the user to change.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Exception users API.
        """
        await self._change("unassign", user_id, workspace_id)

    async def _change(self, change: str, user_id: str, workspace_id: str) -> None:
        await self._session.send(
            "PATCH",
            f"{self._root}/users/{path_segment(user_id)}",
            json={"op": change, "workspaceGuid": identifier(workspace_id)},
        )

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.api}/admin/1/0/permissions/exception-users"
