"""Who may use a password in spite of single sign-on."""

from __future__ import annotations

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._http.replies import decode
from anaplan_sdk._http.retry_policy import Repeat
from anaplan_sdk.models._envelopes import Listing
from anaplan_sdk.models.administration import ExceptionWorkspace

_FOUND = Listing("response", ExceptionWorkspace)


class ExceptionUsers(ApiNamespace):
    """Users who may sign in by password to workspaces with single sign-on, such as for emergencies.

    API keys are taken, too. A tenant may have it that exception users are assigned in Anaplan's
    own pages only.
    """

    async def search(
        self, *, workspace_id: str | None = None, user_id: str | None = None
    ) -> list[ExceptionWorkspace]:
        """The exception users of a workspace, or the workspaces that a user is one of.

        A workspace's include visitors; a user's workspaces leave out those they only visit.

        Args:
            workspace_id: The workspace, or
            user_id: the user. Give one of the two.

        Raises:
            ValueError: Both or neither are given.
            InvalidIdentifierException: There is no such workspace or user.
            PermissionDeniedException: This user is no tenant security administrator; not every
                tenant asks for it here.
        """
        if (workspace_id is None) == (user_id is None):
            raise ValueError("Give a workspace_id or a user_id, one of the two.")
        asked = {"userGuid": user_id} if workspace_id is None else {"workspaceGuid": workspace_id}
        response = await self._session.send(
            "POST", f"{self._root}/search", repeat=Repeat.SAFE, json=asked
        )
        return decode(_FOUND.adapter, response).items

    async def assign(self, user_id: str, workspace_id: str) -> None:
        """Makes a user an exception user of a workspace.

        Args:
            user_id: The user, who has to be in the workspace; nobody can assign themselves.
            workspace_id: The workspace, which has to have single sign-on.

        Raises:
            AnaplanRequestException: The workspace has no single sign-on, or the user isn't in it
                (400).
            InvalidIdentifierException: There is no such workspace or user.
            PermissionDeniedException: This user is no tenant security administrator, or would
                change themselves.
        """
        await self._change("assign", user_id, workspace_id)

    async def unassign(self, user_id: str, workspace_id: str) -> None:
        """Makes a user no longer an exception user of a workspace. Errors as for `assign`."""
        await self._change("unassign", user_id, workspace_id)

    async def _change(self, change: str, user_id: str, workspace_id: str) -> None:
        await self._session.send(
            "PATCH",
            f"{self._root}/users/{segment(user_id)}",
            json={"op": change, "workspaceGuid": workspace_id},
        )

    @property
    def _root(self) -> str:
        return f"{self._session.hosts.api}/admin/1/0/permissions/exception-users"
