"""Reading the structure of a model, object by object: what was read before is not read again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from anaplan_sdk.cli.tenant.capturing.capture_state import CaptureState
from anaplan_sdk.cli.tenant.capturing.options import CaptureReport, ShowProgress
from anaplan_sdk.exceptions import (
    AnaplanException,
    AnaplanResponseException,
    InvalidIdentifierException,
    LargeReadException,
    ModelUnavailableException,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from anaplan_sdk import Client

USERS_LIST = 101999999999
TIME_ID, VERSIONS_ID, LINE_ITEMS_ID = "20000000003", "20000000020", "20000000012"
_REQUEST = re.compile(r"\s*\([A-Z]+ \S+ (\[HTTP \d+\])\)$")
_READABLE_START = 65_536
_ABOUT_OBJECTS = (400, 403, 404, 405, 410, 413, 422)


class ModelReader:
    """Reads the objects of a model.

    An object that Anaplan does not return, because it is forbidden, missing or failing, is left out
    and reported.

    Args:
        client: A client of the model.
        state: What was read before.
        report: Takes counts, and what could not be read.
        show: Called with a line for each object.
    """

    def __init__(
        self, client: Client, state: CaptureState, report: CaptureReport, show: ShowProgress
    ) -> None:
        self.client = client
        self.state = state
        self.report = report
        self.show = show

    def object(self, key: str, read: Callable[[], Any], identifier: str = "") -> Any:
        """Return an object as Anaplan describes it.

        Args:
            key: What it is, such as `list Airports`.
            read: Reads it.
            identifier: Its id, where several may have the same name.

        Returns:
            The object; None if Anaplan does not return it.
        """
        stored_at = f"{key} {identifier}" if identifier else key
        stored = self.state.value(stored_at)
        if stored is None:
            self.show(key)
            try:
                stored = {"value": read()}
            except AnaplanException as error:
                if not is_about_one_object(error):
                    raise
                stored = {"problem": reason(error)}
            self.state.store(stored_at, stored)
        if "problem" in stored:
            self.report.skip(key, f"not read: {stored['problem']}")
            return None
        return stored["value"]

    def one(
        self, key: str, read: Callable[[], BaseModel], identifier: str = ""
    ) -> dict[str, Any] | None:
        """Return an object as a dict.

        Args:
            key: What it is.
            read: Reads it.
            identifier: Its id, where several may have the same name.

        Returns:
            Its fields, with the SDK's names; None if Anaplan does not return it.
        """
        return cast("dict[str, Any] | None", self.object(key, lambda: _dumped(read()), identifier))

    def several(
        self, key: str, read: Callable[[], Iterable[BaseModel]], identifier: str = ""
    ) -> list[dict[str, Any]]:
        """Return objects as dicts.

        Args:
            key: What they are.
            read: Reads them.
            identifier: The id of what has them, where several may have the same name.

        Returns:
            Their fields, with the SDK's names; none if Anaplan does not return them.
        """
        found: list[dict[str, Any]] | None = self.object(
            key, lambda: [_dumped(each) for each in read()], identifier
        )
        return found or []

    def start_of_file(self, file_id: str, name: str) -> bytes:
        """Return the first bytes of a file that this user has uploaded.

        Args:
            file_id: The file.
            name: Its name.

        Returns:
            The bytes; none if Anaplan does not return them.
        """

        def read() -> str:
            content = b""
            stream = self.client.get_file_stream(file_id)
            try:
                for piece in stream:
                    content += piece
                    if len(content) >= _READABLE_START:
                        break
            finally:
                stream.close()
            return content[:_READABLE_START].decode("latin-1")

        return (self.object(f"start of file {name}", read, file_id) or "").encode("latin-1")


def is_about_one_object(error: AnaplanException) -> bool:
    """Return whether an error says that one object cannot be read, not that nothing can.

    Args:
        error: The error.

    Returns:
        Whether it concerns the object.
    """
    if isinstance(error, ModelUnavailableException):
        return False
    about_object = (InvalidIdentifierException, AnaplanResponseException, LargeReadException)
    status = error.status_code or 0
    is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return isinstance(error, about_object) or status in _ABOUT_OBJECTS or is_server_error


def reason(error: Exception) -> str:
    """Return the first line of an error.

    Args:
        error: The error.

    Returns:
        The line.
    """
    text = str(error).strip().partition("\n")[0]
    return _REQUEST.sub(r" \1", text).strip() or type(error).__name__


def _dumped(value: BaseModel) -> dict[str, Any]:
    return value.model_dump(mode="json")
