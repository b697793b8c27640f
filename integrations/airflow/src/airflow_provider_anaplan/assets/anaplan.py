"""Assets of Anaplan: `anaplan://workspace/model`, `anaplan://workspace/model/files/113…`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_KINDS = ("files", "imports", "exports", "actions", "processes", "lists", "modules")
_FORM = f"anaplan://workspace/model, or anaplan://workspace/model/kind/id ({', '.join(_KINDS)})"


def create_asset(
    *,
    workspace_id: str,
    model_id: str,
    kind: str | None = None,
    object_id: int | str | None = None,
    extra: dict[str, Any] | None = None,
) -> Asset:
    """Create the asset of a model, or of an object in it.

    Args:
        workspace_id: The workspace.
        model_id: The model.
        kind: The kind of object, such as "files" or "exports"; None (the default) for the model.
        object_id: The object; None for the model.
        extra: Facts about the asset, as JSON.

    Returns:
        The asset.

    Raises:
        ValueError: The kind is unknown, or one of `kind` and `object_id` is missing.
    """
    if (kind is None) != (object_id is None):
        raise ValueError("kind and object_id belong together: give both or none.")
    tail = "" if kind is None else f"/{kind}/{object_id}"
    return Asset(uri=f"anaplan://{workspace_id}/{model_id}{tail}", extra=extra)


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check the URI of an asset.

    Args:
        uri: The URI.

    Returns:
        The same URI. Workspaces are compared without regard to case, as Anaplan's ids are.

    Raises:
        ValueError: It has another form.
    """
    parts = uri.path.strip("/").split("/")
    is_model = len(parts) == 1
    is_object = len(parts) == 3 and parts[1] in _KINDS
    if not uri.netloc or not all(parts) or not (is_model or is_object) or uri.query:
        raise ValueError(f"The URI must have the form {_FORM}.")
    return uri._replace(netloc=uri.netloc.lower(), path="/" + "/".join(parts))
