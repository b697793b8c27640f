"""Completion of names: of objects at Anaplan, kept in a cache for minutes, and of profiles."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import typer

from anaplan_sdk.cli.global_options import GlobalOptions

if TYPE_CHECKING:
    from pathlib import Path

Completion: TypeAlias = "Callable[[typer.Context, str], list[tuple[str, str]]]"
"""What Typer takes as `autocompletion`: it returns values with descriptions."""

# An object: its id, its name, and the singular of its kind.
_Entry: TypeAlias = "tuple[str, str, str]"

_SECONDS_KEPT = 300
# Someone is waiting with a finger on the key.
_SECONDS_TO_ASK = 3.0
# Variables that decide what there is to complete; secrets do not.
_VARIABLES = (
    "BASE_URL",
    "REGION",
    "USER_EMAIL",
    "CERTIFICATE",
    "CLIENT_ID",
    "DEVICE_CLIENT_ID",
    "WORKSPACE_ID",
    "MODEL_ID",
    "PROFILE",
    "CONFIG_FILE",
)


def completing(*kinds: str) -> Completion:
    """Return the completion for a parameter that takes the name or the id of an object.

    It is passed to `typer.Argument` or `typer.Option` as `autocompletion`. It asks no person,
    prints nothing, and completes nothing if Anaplan does not answer within seconds.

    Args:
        *kinds: The kinds that the object may be of, as in `references.KINDS`.

    Returns:
        The completion.
    """

    def complete(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        options = ctx.obj if isinstance(ctx.obj, GlobalOptions) else GlobalOptions()
        found = _objects(kinds, options)
        names = [(name, f"{kind} {identifier}") for identifier, name, kind in found]
        # Ids would only hide the names from someone who has typed nothing.
        ids = [(identifier, f"{kind} {name}") for identifier, name, kind in found if incomplete]
        return [each for each in (*names, *ids) if each[0].startswith(incomplete)]

    return complete


def profile_names(incomplete: str) -> list[str]:
    """Complete the name of a profile.

    Args:
        incomplete: What has been typed.

    Returns:
        The names of the config file's profiles that begin with it.
    """
    import tomllib

    with suppress(Exception):
        from anaplan_sdk.auth.profiles import config_file

        config = tomllib.loads(config_file().read_text("utf-8"))
        return [name for name in config.get("profiles", {}) if name.startswith(incomplete)]
    return []


def _objects(kinds: tuple[str, ...], options: GlobalOptions) -> list[_Entry]:
    """Return the objects of the kinds, from the cache or from Anaplan; none if that fails."""
    import threading

    with suppress(Exception):
        from anaplan_sdk._runtime.user_folders import cache_folder

        folder = cache_folder() / "names"
        files = {kind: folder / f"{_key(kind, options)}.json" for kind in kinds}
        missing = [kind for kind in kinds if not _is_recent(files[kind])]
        if missing:
            # Not joined for longer: requests have no deadline in common.
            asking = threading.Thread(target=_refresh, args=(missing, files, options), daemon=True)
            asking.start()
            asking.join(_SECONDS_TO_ASK)
        found: list[_Entry] = []
        for path in files.values():
            if _is_recent(path):
                found += _kept(path)
        return found
    return []


def _refresh(kinds: list[str], files: dict[str, Path], options: GlobalOptions) -> None:
    with suppress(Exception):
        from anaplan_sdk.cli.invocation import Invocation
        from anaplan_sdk.cli.references import KINDS, named

        invocation = Invocation(options, "anaplan")
        if kinds == ["workspaces"]:
            # They do not depend on a workspace or a model that is named wrong.
            invocation.options = options._replace(workspace=None, model=None)
        with invocation.client(model=False) as client:
            for kind in kinds:
                if invocation.model_id is None and KINDS[kind].scope == "model":
                    continue
                objects = named(kind, client, invocation.workspace_id)
                _keep(files[kind], [(str(each.id), each.name, each.kind) for each in objects])


def _key(kind: str, options: GlobalOptions) -> str:
    import hashlib
    import json

    from anaplan_sdk._runtime.user_folders import config_folder

    place: list[object] = [kind, options.profile, options.workspace, options.model]
    place += [os.environ.get(f"ANAPLAN_{name}") for name in _VARIABLES]
    with suppress(OSError):
        # The default profile, or what it contains, may have been changed.
        path = os.environ.get("ANAPLAN_CONFIG_FILE") or config_folder() / "config.toml"
        place.append(os.stat(path).st_mtime_ns)  # noqa: PTH116 - not always a Path
    return hashlib.sha256(json.dumps(place).encode()).hexdigest()[:32]


def _is_recent(path: Path) -> bool:
    import time

    try:
        return 0 <= time.time() - path.stat().st_mtime < _SECONDS_KEPT
    except OSError:
        return False


def _kept(path: Path) -> list[_Entry]:
    import json

    return [(identifier, name, kind) for identifier, name, kind in json.loads(path.read_bytes())]


def _keep(path: Path, found: list[_Entry]) -> None:
    import json

    from anaplan_sdk._runtime.targets import replacing

    folder = path.parent
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    for each in folder.glob("*.json"):
        if not _is_recent(each):
            # Names are not left behind on the disk.
            each.unlink(missing_ok=True)
    with replacing(path, mode=0o600) as file:
        file.write(json.dumps(found).encode())
