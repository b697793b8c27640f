# ruff: noqa: SIM905 - as lists, these vocabularies would be pages long.
"""What may stand in a report: names of members and closed vocabularies of Anaplan's, no texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property

from anaplan_sdk.cli.tenant.comparison.replies import Json

# The names of the members of these objects are a model's own.
MAPS = frozenset({"properties", "subsets", "errors"})

_NAME = re.compile(r"[a-z$_][A-Za-z0-9_$]{0,40}")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_STATE = re.compile(r"[A-Z]{2,}(?:_[A-Z]+)*")

_FORMATS = "NUMBER BOOLEAN TEXT DATE LIST ENTITY TIME_ENTITY NONE".split()
_EXPORT_TYPES = (
    "GRID_CURRENT_PAGE GRID_ALL_PAGES TABULAR_MULTI_COLUMN TABULAR_SINGLE_COLUMN "
    "TABULAR_ALL_LINE_ITEMS TABULAR_CURRENT_LINE_ITEM AUDIT_LOG"
).split()
_ENCODINGS = ("UTF-8", "ISO-8859-1", "UTF-16LE")
_FAILURES = (
    "missingRequiredField unsupportedValueType cellIsInvalid cellIsNotWriteable cellIsCalculated "
    "valueDataTypeMismatch unsupportedCellDataType invalidListItemValue invalidDateValue "
    "invalidTimeScaleValue invalidId invalidLineItem invalidDimension invalidItem INCOMPLETE_DATA "
    "INCORRECT_FORMAT"
).split()
_REFUSALS = (
    "SUCCESS FAILURE_GENERIC FAILURE_BAD_HEADER FAILURE_BAD_CREDENTIAL FAILURE_BAD_REQUEST "
    "FAILURE_INVALID_TOKEN FAILURE_UNAUTHORIZED_USER_ACTION FAILURE_NOT_FOUND FORBIDDEN "
    "UNAUTHORIZED INVALID INVALID_PAYLOAD INTERNAL_SERVER_ERROR ACCESS_CONTROL_DENIED "
    "400 401 403 404 405 406 409 412 500 501"
).split()
_PHRASES = (
    "Success", "Created", "Accepted", "Bad Request", "Unauthorized", "Forbidden", "Not Found",
    "Method Not Allowed", "Not Acceptable", "Conflict", "Unsupported Media Type",
    "Internal Server Error", "Login successful", "Token refreshed", "Token validated",
)  # fmt: skip

# The values that are shown, by the name of their member; of other values, that there is one.
_VALUES: Mapping[str, frozenset[str]] = {
    name: frozenset(values)
    for name, values in {
        "activeState": (),
        "taskState": (),
        "requestState": (),
        "importType": (),
        "exportType": _EXPORT_TYPES,
        "layout": _EXPORT_TYPES,
        "actionType": (),
        "exportFormat": ("text/csv", "text/plain", "application/vnd.ms-excel"),
        "format": (*_FORMATS, "TIME PERIOD", "txt"),
        "dataType": _FORMATS,
        "textType": ("GENERAL", "EMAIL_ADDRESS", "DRILLTHRU_URI"),
        "encoding": _ENCODINGS,
        "textEncoding": _ENCODINGS,
        "calendarType": ("Calendar Months/Quarters/Years",),
        "currentStep": ("Open", "Closed", "Closing", "Opening", "Complete.", "Failed."),
        "weekFormat": ("Numbered", "Week Commencing", "Week Ending"),
        "weekGrouping": ("445", "454", "544"),
        "status": _REFUSALS,
        "statusMessage": _PHRASES,
        "message": _PHRASES,
        "failureType": _FAILURES,
        "revisionType": ("FULL", "PARTIAL", "UNKNOWN"),
        "integrationType": ("Import", "Export", "Process"),
        "connectionType": ("AmazonS3", "GoogleBigQuery", "AzureBlob"),
        "triggerSource": ("scheduled", "manual", "nux_dashboard", "scheduled_inf", "manual_inf"),
        "scimType": ("invalidValue", "invalidFilter", "uniqueness", "mutability", "invalidPath"),
        "error": (
            "invalid_grant access_denied invalid_request unauthorized_client slow_down "
            "authorization_pending expired_token invalid_client unsupported_grant_type"
        ).split(),
        "token_type": ("Bearer",),
        "eventTimeZone": ("UTC",),
    }.items()
}  # fmt: skip

# Upper-case values of these members are Anaplan's, also those that are not known yet.
_STATES = frozenset(
    {"activeState", "taskState", "requestState", "importType", "exportType", "actionType"}
)

_HEADINGS = frozenset(
    "id name code parent parentId listId listName Parent Code Read Write _Status_ _Line_ "
    "_Error_1_ _Error_2_ _Error_3_ username first_name last_name licenses".split()
)


def member_names(value: Json) -> Iterable[str]:
    """Return the names of members in a JSON value that are not a model's own.

    Args:
        value: The value.

    Yields:
        The names, possibly several times.
    """
    if isinstance(value, list):
        for each in value:
            yield from member_names(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            if name not in MAPS or not isinstance(each, dict):
                yield from member_names(each)


@cache
def known_words() -> frozenset[str]:
    """Return the words of which the names of Anaplan's members are made, as the SDK knows them.

    Returns:
        The words, in lower case.
    """
    from pydantic import BaseModel

    import anaplan_sdk.models

    classes = [getattr(anaplan_sdk.models, name) for name in dir(anaplan_sdk.models)]
    models = [each for each in classes if isinstance(each, type) and issubclass(each, BaseModel)]
    return frozenset(word for each in models for name in each.model_fields for word in _words(name))


def _words(name: str) -> list[str]:
    """Return the words in a name in camel case or snake case, in lower case."""
    return [each.lower() for each in _WORD.findall(name)]


@dataclass
class Names:
    """Which names of members may be shown.

    Attributes:
        known: The names that the emulator's replies have, which are Anaplan's.
        texts: All texts in the live tenant's replies, in lower case.
    """

    known: set[str] = field(default_factory=set[str])
    texts: set[str] = field(default_factory=set[str])

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of which known names are made."""
        return known_words().union(word for each in self.known for word in _words(each))

    def shown(self, name: str, siblings: Iterable[str] = ()) -> str:
        """Return how the name of a member is shown.

        Args:
            name: The name.
            siblings: The names of the members beside it.

        Returns:
            The name if it is Anaplan's. That is assumed of a new name if it is made of words that
            other names have, is no text in the tenant, and stands beside known ones. Otherwise it
            is `<name>`.
        """
        if name in self.known:
            return name
        is_new = _NAME.fullmatch(name) is not None and name.lower() not in self.texts
        is_made_of_known_words = all(
            {each, f"{each}s", each[:-1]} & self.words for each in _words(name)
        )
        is_beside_known = any(each in self.known for each in siblings)
        return name if is_new and is_made_of_known_words and is_beside_known else "<name>"


def shown_value(member: str, value: str) -> str | None:
    """Return how the value of a member is shown.

    Args:
        member: Name of the member.
        value: The text.

    Returns:
        The value if it is of a closed vocabulary, or that it is another one. None if the values of
        the member are not compared at all.
    """
    if member not in _VALUES:
        return None
    is_state = member in _STATES and _STATE.fullmatch(value) is not None
    return value if is_state or value in _VALUES[member] else "another value"


def shown_heading(text: str) -> str:
    """Return how the heading of a column is shown.

    Args:
        text: The heading.

    Returns:
        The heading if it is Anaplan's, otherwise `<text>`.
    """
    return text if text in _HEADINGS else ("<empty>" if not text else "<text>")
