"""The base classes of the parts of a tenant's description, and types that they share."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo

from anaplan_emulator.tenant.problems import Mistake

FOLDER = "folder"
"""Member of a validation's context: the folder that paths of files of data are relative to."""

NO_FILES = "no files"
"""Instead of a folder: no files of data can be named."""

ObjectId = Annotated[str, Field(pattern=r"^([0-9]{11,15})?$")]
"""An id of an object in a model, such as 101000000000; "" for one that is derived from its order.

Source: docs/anaplan-behaviour.md#ids.
"""

DIGITS_OF_NUMBER = 9
"""The last digits of the id of an item, line item or view; the ones before are its prefix."""


class Description(BaseModel):
    """A part of a tenant's file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Captured(Description):
    """A part that can be captured from a tenant, of which some of it may have been guessed."""

    confirm: tuple[str, ...] = Field(default=(), examples=[["mapping of column 2"]])
    """What was guessed when it was captured, for a person to confirm. The emulator ignores it;
    `anaplan tenant check` lists it."""


def _data_file(path: str, info: ValidationInfo) -> str:
    """Make the path of a file absolute while a tenant's file is read, and check that it exists."""
    folder = (info.context or {}).get(FOLDER)
    if path and folder == NO_FILES:
        raise Mistake(
            "a request can't name files of data",
            "Write the items, cells or content themselves, or start the emulator with a file.",
        )
    if not path or not isinstance(folder, Path):
        return path
    try:
        # An absolute path remains as it is.
        file = (folder / path).absolute()
        exists = file.is_file()
    except (OSError, ValueError):  # Such as a path with a null character.
        exists = False
    if not exists:
        raise Mistake("no such file", f"The path is relative to the folder {str(folder)!r}.")
    return str(file)


DataFile = Annotated[str, AfterValidator(_data_file)]
"""The path of a file of data, relative to the tenant's file; "" for none."""
