"""Preparing a read on the driver, so that several tasks read its parts at the same time.

Spark may plan a read several times, and tries tasks again, so what is started at Anaplan once is
started by the program.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Literal

from anaplan_sdk.exceptions import InvalidArgumentException
from anaplan_spark.connection import Connection

if TYPE_CHECKING:
    from anaplan_sdk import LargeRead

_PARTITIONS = 4


def prepare_export(
    export_id: int | str,
    options: Mapping[str, str],
    *,
    partitions: int = _PARTITIONS,
    locale: str = "en_US",
    timeout: float | None = None,
) -> dict[str, str]:
    """Run an export, and return the options by which Spark reads its output in parallel.

    `spark.read.format("anaplan").options(**prepared).load()` then reads the same output whenever
    Spark reads it, and never runs the export, until someone runs it again.

    Args:
        export_id: The export (116…).
        options: The options that say how to reach Anaplan, as for a read: `profile` or `secret`,
            `base_url`, `workspace_id`, `model_id`.
        partitions: The number of partitions, 4 by default. There are fewer if the output has fewer
            chunks; Anaplan's are of about 10 MB.
        locale: The locale in which Anaplan writes numbers and dates.
        timeout: Seconds to wait for the end of the export; None (the default) waits without limit.

    Returns:
        The options of a read.

    Raises:
        InvalidArgumentException: An option is a secret, or `partitions` is below 1.
        AnaplanActionError: The export failed.
        AnaplanException: A request failed; see the subclasses.
    """
    _check_partitions(partitions)
    with Connection.from_options(options).client() as client:
        client.run_action(export_id, locale=locale, timeout=timeout)
        chunks = len(client.get_file_chunks(export_id))
    count = min(partitions, max(chunks, 1))
    return {**options, "export": str(export_id), "run": "false", "partitions": str(count)}


@contextmanager
def prepare_view(
    view_id: int | str,
    options: Mapping[str, str],
    *,
    partitions: int = _PARTITIONS,
    timeout: float | None = None,
) -> Iterator[dict[str, str]]:
    """Let Anaplan prepare a view, and yield the options by which Spark reads its pages in parallel.

    Call Spark's actions within the `with` block: at its end the read is deleted at Anaplan, which
    also deletes it when no page was read for 30 minutes.

    Args:
        view_id: The view: a saved view, a module (its default view) or a line item.
        options: The options that say how to reach Anaplan, as for a read: `profile` or `secret`,
            `base_url`, `workspace_id`, `model_id`.
        partitions: The number of partitions, 4 by default; fewer if there are fewer pages.
        timeout: Seconds to wait until Anaplan has prepared the view; None (the default) waits
            without limit.

    Yields:
        The options of a read.

    Raises:
        InvalidArgumentException: An option is a secret, or `partitions` is below 1.
        LargeReadException: Anaplan failed to prepare the view.
        AnaplanException: A request failed; see the subclasses.
    """
    with _prepared("view", view_id, options, partitions, timeout) as prepared:
        yield prepared


@contextmanager
def prepare_list(
    list_id: int | str,
    options: Mapping[str, str],
    *,
    partitions: int = _PARTITIONS,
    timeout: float | None = None,
) -> Iterator[dict[str, str]]:
    """Let Anaplan prepare a list, and yield the options by which Spark reads its pages in parallel.

    Call Spark's actions within the `with` block: at its end the read is deleted at Anaplan, which
    also deletes it when no page was read for 30 minutes.

    Args:
        list_id: The list (101…).
        options: The options that say how to reach Anaplan, as for a read: `profile` or `secret`,
            `base_url`, `workspace_id`, `model_id`.
        partitions: The number of partitions, 4 by default; fewer if there are fewer pages.
        timeout: Seconds to wait until Anaplan has prepared the list; None (the default) waits
            without limit.

    Yields:
        The options of a read.

    Raises:
        InvalidArgumentException: An option is a secret, or `partitions` is below 1.
        LargeReadException: Anaplan failed to prepare the list.
        AnaplanException: A request failed; see the subclasses.
    """
    with _prepared("list", list_id, options, partitions, timeout) as prepared:
        yield prepared


def large_read_of(text: str, object_id: str) -> LargeRead:
    """Return the prepared read that the option `read` describes.

    Args:
        text: The value of the option.
        object_id: The view or list that is read.

    Returns:
        The read.

    Raises:
        InvalidArgumentException: It is not a prepared read of this view or list.
    """
    from anaplan_sdk import LargeRead
    from anaplan_sdk.models import ListMetadata

    try:
        fields: dict[str, Any] = json.loads(text)
        metadata = fields.pop("list_metadata")
        read = LargeRead(
            **{
                **fields,
                "header": fields["header"].encode(),
                "dimensions": tuple(fields["dimensions"]),
                "formats": tuple((name, each) for name, each in fields["formats"]),
            },
            list_metadata=None if metadata is None else ListMetadata.model_validate(metadata),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        read = None
    if read is None or read.id != object_id:
        raise InvalidArgumentException(
            "read must be what prepare_view or prepare_list returned for this view or list."
        )
    return read


@contextmanager
def _prepared(
    kind: Literal["view", "list"],
    object_id: int | str,
    options: Mapping[str, str],
    partitions: int,
    timeout: float | None,
) -> Iterator[dict[str, str]]:
    _check_partitions(partitions)
    with Connection.from_options(options).client() as client:
        prepare = client.tr.prepare_view_read if kind == "view" else client.tr.prepare_list_read
        read = prepare(object_id, timeout=timeout)
        try:
            yield {
                **options,
                kind: read.id,
                "read": _text_of(read),
                "partitions": str(min(partitions, max(read.page_count, 1))),
            }
        finally:
            client.tr.end_read(read)


def _text_of(read: LargeRead) -> str:
    metadata = read.list_metadata
    fields = {
        **asdict(read),
        "header": read.header.decode(),
        "list_metadata": None if metadata is None else metadata.model_dump(mode="json"),
    }
    return json.dumps(fields)


def _check_partitions(partitions: int) -> None:
    if partitions < 1:
        raise InvalidArgumentException(f"partitions must be at least 1, not {partitions}.")
