"""The base class of all parts of a tenant's description, and checks of names that they share."""

from collections.abc import Collection, Iterable

from pydantic import BaseModel, ConfigDict


class Description(BaseModel):
    """A part of a tenant's file. Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def require_known(kind: str, name: str, known: Collection[str]) -> None:
    """Check that a name refers to something.

    Raises:
        ValueError: It does not.
    """
    if name not in known:
        raise ValueError(f"no {kind} is called {name!r}")


def require_distinct_ids(kind: str, ids: Iterable[str]) -> None:
    """Check that the ids that are given are distinct; "" stands for none.

    Raises:
        ValueError: Two of them are the same.
    """
    given = [each for each in ids if each]
    if len(set(given)) < len(given):
        raise ValueError(f"each {kind} needs an id of its own")


def require_distinct(kind: str, names: Iterable[str]) -> None:
    """Check that names are distinct, ignoring their case.

    Raises:
        ValueError: Two of them are the same.
    """
    folded = [name.lower() for name in names]
    if len(set(folded)) < len(folded):
        raise ValueError(f"each {kind} needs a name of its own")
