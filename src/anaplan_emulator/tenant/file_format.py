"""The format of a file that imports read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

CODECS = {"UTF-8": "utf-8", "ISO-8859-1": "iso-8859-1", "UTF-16LE": "utf-16-le"}
"""Python's names of Anaplan's encodings."""

Encoding = Literal["UTF-8", "ISO-8859-1", "UTF-16LE"]


class FileFormat(BaseModel):
    """How a file is read: its encoding, separators and header.

    Source: docs/anaplan-behaviour.md#files-and-chunks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    encoding: Encoding = Field(default="UTF-8", examples=["ISO-8859-1"])
    """Encoding of the file."""
    separator: Literal[",", "\t", ";", "|", ""] = Field(default=",", examples=[";"])
    """Separator between columns; "" for a single column."""
    delimiter: Literal['"', "'", ""] = Field(default='"', examples=["'"])
    """Character around texts; "" for none."""
    header_row: int = Field(default=1, ge=0, examples=[1])
    """Line of the column names, from 1; 0 for a file without them."""
    first_data_row: int = Field(default=2, ge=1, examples=[2])
    """Line of the first row of data, from 1."""
    decimal_separator: Literal[".", ","] = Field(default=".", examples=[","])
    """Decimal separator of numbers."""
    columns: tuple[str, ...] = Field(default=(), examples=[["sku", "product"]])
    """The columns of the file that its imports were made with, of which they may map only some."""

    @property
    def codec(self) -> str:
        """Python's name of the encoding."""
        return CODECS[self.encoding]
