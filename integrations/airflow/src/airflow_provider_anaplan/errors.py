"""Which errors of the SDK fail a task for good, and which let Airflow retry it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from anaplan_sdk import exceptions

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:  # Airflow 3.1
    from airflow.exceptions import (  # type: ignore[attr-defined,no-redef]
        AirflowException,
        AirflowFailException,
    )

__all__ = ["AirflowException", "AirflowFailException", "as_airflow_errors", "is_final"]

# Not all of these are `retryable` for the SDK, since the same call might start the work twice. An
# attempt in a DAG waits again for what was started, and starts it again only where it has failed.
_WORTH_A_RETRY = (
    exceptions.AnaplanActionError,
    exceptions.AnaplanTimeoutException,
    exceptions.IntegrationRunException,
    exceptions.RunStoreException,
    exceptions.TokenStoreException,
    exceptions.UploadIncompleteException,
)


def is_final(error: exceptions.AnaplanException) -> bool:
    """Return whether another attempt is pointless, or must wait for a person.

    Args:
        error: An error of the SDK.

    Returns:
        True for invalid arguments and ids, refused credentials, missing permissions, a task that
        was cancelled, and an unknown outcome; False for what may succeed later.
    """
    if isinstance(error, exceptions.AnaplanActionCancelledException):
        return True
    return not (error.retryable or isinstance(error, _WORTH_A_RETRY))


@contextmanager
def as_airflow_errors() -> Iterator[None]:
    """Raise errors of the SDK as Airflow's, with the same text.

    Yields:
        Nothing.

    Raises:
        AirflowFailException: Airflow must not retry.
        AirflowException: Airflow may retry.
    """
    try:
        yield
    except exceptions.AnaplanException as error:
        kind = AirflowFailException if is_final(error) else AirflowException
        raise kind(str(error)) from error
