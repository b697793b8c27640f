"""Finding ids by exact names."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

from anaplan_sdk._async.api.actions import Actions
from anaplan_sdk._async.api.files import Files
from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.api.transactional import Transactional
from anaplan_sdk._async.api.workspaces_and_models import WorkspacesAndModels
from anaplan_sdk.exceptions import AmbiguousNameException, NameNotFoundException
from anaplan_sdk.models import NamedObject, View
from anaplan_sdk.models._envelopes import ListReply

_VIEWS = ListReply("views", View)
_MOST_SUGGESTIONS = 5


class _Named(Protocol):
    @property
    def id(self) -> int | str: ...

    @property
    def name(self) -> str: ...


class Resolver(ApiNamespace):
    """Finds the id of an object by its exact name.

    Listings are kept for the client and the clients made from it by `with_model`, separately for
    each model. If a name is not in a kept listing, Anaplan is asked once more.
    """

    async def workspace(self, name: str, *, refresh: bool = False) -> str:
        """Return the id of a workspace.

        The listing is kept. If the name is not in it, Anaplan is asked once more.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the workspace.

        Raises:
            NameNotFoundException: There is no workspace of this name that the user can see; the
                error has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return str(await self._find("workspace", name, refresh))

    async def model(self, name: str, *, refresh: bool = False) -> str:
        """Return the id of a model of the client's workspace, or of any if the client has none.

        The listing is kept. If the name is not in it, Anaplan is asked once more.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the model.

        Raises:
            NameNotFoundException: There is no model of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return str(await self._find("model", name, refresh))

    async def file(self, name: str, *, refresh: bool = False) -> int:
        """Return the id of a file of the client's model.

        The listing is kept. If the name is not in it, Anaplan is asked once more.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the file.

        Raises:
            InvalidArgumentException: The client has no model.
            NameNotFoundException: There is no file of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return int(await self._find("file", name, refresh))

    async def action(self, name: str, *, refresh: bool = False) -> int:
        """Return the id of an import, export, process or other action of the client's model.

        The listing is kept. If the name is not in it, Anaplan is asked once more. A name that
        actions of different kinds share is ambiguous.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the action.

        Raises:
            InvalidArgumentException: The client has no model.
            NameNotFoundException: There is no action of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return int(await self._find("action", name, refresh))

    async def list(self, name: str, *, refresh: bool = False) -> int:
        """Return the id of a list of the client's model.

        The listing is kept. If the name is not in it, Anaplan is asked once more.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the list.

        Raises:
            InvalidArgumentException: The client has no model.
            NameNotFoundException: There is no list of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return int(await self._find("list", name, refresh))

    async def module(self, name: str, *, refresh: bool = False) -> int:
        """Return the id of a module of the client's model.

        The listing is kept. If the name is not in it, Anaplan is asked once more.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the module.

        Raises:
            InvalidArgumentException: The client has no model.
            NameNotFoundException: There is no module of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return int(await self._find("module", name, refresh))

    async def view(self, name: str, *, refresh: bool = False) -> int:
        """Return the id of a view of the client's model.

        The listing is kept. If the name is not in it, Anaplan is asked once more. A default view
        has the name of its module, a saved view is called `Module.View`.

        Args:
            name: The exact name.
            refresh: Whether to ask Anaplan even if the name is in the kept listing.

        Returns:
            The id of the view.

        Raises:
            InvalidArgumentException: The client has no model.
            NameNotFoundException: There is no view of this name that the user can see; the error
                has similar names.
            AmbiguousNameException: Several have this name; the error lists them.
            AnaplanException: The request failed; see the subclasses.
        """
        return int(await self._find("view", name, refresh))

    def clear_cache(self) -> None:
        """Discard the kept listings of all models."""
        self._shared.names.clear()

    async def _find(self, kind: str, name: str, refresh: bool) -> int | str:
        scope = {"workspace": "", "model": self._workspace_id or ""}.get(kind, self._model_id or "")
        key = (kind, scope)
        known = None if refresh else self._shared.names.get(key)
        found = [one for one in known or () if one.name == name]
        if not found:
            known = self._shared.names[key] = await self._listed(kind)
            found = [one for one in known if one.name == name]
        if len(found) == 1:
            return found[0].id
        if found:
            raise AmbiguousNameException(
                f"Several have the name {name!r}: {_joined(found)}.", name=name, candidates=found
            )
        similar = _similar(name, known or ())
        raise NameNotFoundException(
            f"There is no {kind} {name!r} that the user can see"
            + (f"; similar: {_joined(similar)}." if similar else "."),
            name=name,
            candidates=similar,
        )

    async def _listed(self, kind: str) -> tuple[NamedObject, ...]:
        found: Sequence[_Named]
        if kind == "action":
            return await self._actions()
        if kind == "workspace":
            found = await self._namespace(WorkspacesAndModels).get_workspaces()
        elif kind == "model":
            only_here = self._workspace_id is not None
            found = await self._namespace(WorkspacesAndModels).get_models(
                only_in_workspace=only_here
            )
        elif kind == "file":
            found = await self._namespace(Files).get_files()
        elif kind == "list":
            found = await self._namespace(Transactional).get_lists()
        elif kind == "module":
            found = await self._namespace(Transactional).get_modules()
        else:
            views = await self._list(_VIEWS, f"{self._model}/views")
            found = views
        return _named_objects(kind, found)

    async def _actions(self) -> tuple[NamedObject, ...]:
        actions = self._namespace(Actions)
        return (
            *_named_objects("import", await actions.get_imports()),
            *_named_objects("export", await actions.get_exports()),
            *_named_objects("process", await actions.get_processes()),
            *_named_objects("action", await actions.get_actions()),
        )


def _named_objects(kind: str, things: Sequence[_Named]) -> tuple[NamedObject, ...]:
    return tuple(NamedObject(id=thing.id, name=thing.name, kind=kind) for thing in things)


def _similar(name: str, known: Sequence[NamedObject]) -> list[NamedObject]:
    by_name = {one.name.casefold().strip(): one for one in reversed(known)}
    near = get_close_matches(name.casefold().strip(), by_name, _MOST_SUGGESTIONS)
    return [by_name[text] for text in near]


def _joined(found: Sequence[NamedObject]) -> str:
    return ", ".join(map(str, found))
