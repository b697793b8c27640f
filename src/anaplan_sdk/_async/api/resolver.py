"""From exact names to ids."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

from anaplan_sdk._async.api.actions import Actions
from anaplan_sdk._async.api.files import Files
from anaplan_sdk._async.api.namespace import ApiNamespace
from anaplan_sdk._async.api.transactional import Transactional
from anaplan_sdk._async.api.workspaces_and_models import Catalog
from anaplan_sdk.exceptions import AmbiguousNameException, NameNotFoundException
from anaplan_sdk.models import NamedObject, View
from anaplan_sdk.models._envelopes import Listing

_VIEWS = Listing("views", View)
_NEAR = 5


class _Named(Protocol):
    @property
    def id(self) -> int | str: ...

    @property
    def name(self) -> str: ...


class Resolver(ApiNamespace):
    """Finds the id of what has an exact name.

    Listings are kept, for this client and those made from it by `with_model`, each model's apart. A
    name that isn't among what is kept is looked for anew once.
    """

    async def workspace(self, name: str, *, refresh: bool = False) -> str:
        """A workspace's id.

        Args:
            name: Its exact name.
            refresh: Asks Anaplan, whatever is kept.

        Raises:
            NameNotFoundException: There is none of this name; the error tells which are similar.
            AmbiguousNameException: There are several; the error tells them all.
        """
        return str(await self._find("workspace", name, refresh))

    async def model(self, name: str, *, refresh: bool = False) -> str:
        """A model's id, in the client's workspace if it has one, anywhere otherwise.

        Arguments and errors are those of `workspace`.
        """
        return str(await self._find("model", name, refresh))

    async def file(self, name: str, *, refresh: bool = False) -> int:
        """A file's id. Arguments and errors are those of `workspace`."""
        return int(await self._find("file", name, refresh))

    async def action(self, name: str, *, refresh: bool = False) -> int:
        """The id of an import, an export, a process or another action.

        Arguments and errors are those of `workspace`; things of different kinds may have the same
        name, which is ambiguous, too.
        """
        return int(await self._find("action", name, refresh))

    async def list(self, name: str, *, refresh: bool = False) -> int:
        """A list's id. Arguments and errors are those of `workspace`."""
        return int(await self._find("list", name, refresh))

    async def module(self, name: str, *, refresh: bool = False) -> int:
        """A module's id. Arguments and errors are those of `workspace`."""
        return int(await self._find("module", name, refresh))

    async def view(self, name: str, *, refresh: bool = False) -> int:
        """A view's id: a default view has its module's name, a saved one is `Module.View`.

        Arguments and errors are those of `workspace`.
        """
        return int(await self._find("view", name, refresh))

    def forget(self) -> None:
        """Drops all that is kept, of every model."""
        self._session.names.clear()

    async def _find(self, kind: str, name: str, refresh: bool) -> int | str:
        scope = {"workspace": "", "model": self._workspace_id or ""}.get(kind, self._model_id or "")
        key = (kind, scope)
        known = None if refresh else self._session.names.get(key)
        found = [one for one in known or () if one.name == name]
        if not found:
            known = self._session.names[key] = await self._listed(kind)
            found = [one for one in known if one.name == name]
        if len(found) == 1:
            return found[0].id
        if found:
            raise AmbiguousNameException(
                f"Several have the name {name!r}: {_told(found)}.", name=name, candidates=found
            )
        similar = _similar(name, known or ())
        raise NameNotFoundException(
            f"There is no {kind} {name!r}, or none that this user may see"
            + (f"; similar: {_told(similar)}." if similar else "."),
            name=name,
            candidates=similar,
        )

    async def _listed(self, kind: str) -> tuple[NamedObject, ...]:
        found: Sequence[_Named]
        if kind == "action":
            return await self._actions()
        if kind == "workspace":
            found = await self._namespace(Catalog).get_workspaces()
        elif kind == "model":
            only_here = self._workspace_id is not None
            found = await self._namespace(Catalog).get_models(only_in_workspace=only_here)
        elif kind == "file":
            found = await self._namespace(Files).get_files()
        elif kind == "list":
            found = await self._namespace(Transactional).get_lists()
        elif kind == "module":
            found = await self._namespace(Transactional).get_modules()
        else:
            views = await self._list(_VIEWS, f"{self._model}/views")
            found = views
        return _all(kind, found)

    async def _actions(self) -> tuple[NamedObject, ...]:
        actions = self._namespace(Actions)
        return (
            *_all("import", await actions.get_imports()),
            *_all("export", await actions.get_exports()),
            *_all("process", await actions.get_processes()),
            *_all("action", await actions.get_actions()),
        )


def _all(kind: str, things: Sequence[_Named]) -> tuple[NamedObject, ...]:
    return tuple(NamedObject(id=thing.id, name=thing.name, kind=kind) for thing in things)


def _similar(name: str, known: Sequence[NamedObject]) -> list[NamedObject]:
    by_name = {one.name.casefold().strip(): one for one in reversed(known)}
    near = get_close_matches(name.casefold().strip(), by_name, _NEAR)
    return [by_name[text] for text in near]


def _told(found: Sequence[NamedObject]) -> str:
    return ", ".join(map(str, found))
