"""Models of the Integration API: dimensions and their items."""

from __future__ import annotations

from anaplan_sdk.models._base import AnaplanModel, ObjectId


class Dimension(AnaplanModel):
    """A dimension, an item of a dimension, or another object that is known by id and name.

    Attributes:
        id: The id, such as `101...` for a list or `20000000003` for time.
        name: The name.

    Source: Anaplan Integration API V2 guide, "Retrieve dimensions IDs for a line item".
    """

    id: ObjectId
    name: str = ""


class DimensionWithCode(Dimension):
    """An item of a dimension.

    Attributes:
        code: The code; empty when the item has none.

    Source: Anaplan Integration API V2 guide, "Retrieve all items in a dimension".
    """

    code: str = ""
