"""Writes of any size: the batches are sent one by one, and their results become one."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx2
from pydantic import TypeAdapter

from anaplan_sdk._async.transport.session import Session
from anaplan_sdk._formats.json_batches import Batch, locate_failures, merge_results
from anaplan_sdk._http.replies import decode
from anaplan_sdk._runtime import asynchronous as runtime
from anaplan_sdk.exceptions import (
    AnaplanException,
    PartialFailureException,
    WriteInterruptedException,
)
from anaplan_sdk.models.writes import WriteResult

R = TypeVar("R", bound=WriteResult)


@dataclass(frozen=True)
class WriteEndpoint:
    """Where and how the batches of a write are sent.

    Attributes:
        method: The HTTP method.
        url: The URL.
        params: The query.
        opening: The body before the items.
        closing: The body after the items.
        concurrency: How many requests are in progress at a time: more than one only if the order
            of the items makes no difference.
        is_idempotent: Whether sending a request again has no further effect. Otherwise no error
            may invite the caller to do so if the outcome of a request is unknown.
    """

    method: str
    url: str
    params: dict[str, str] = field(default_factory=dict[str, str])
    opening: bytes = b'{"items":['
    closing: bytes = b"]}"
    concurrency: int = 1
    is_idempotent: bool = True


class BatchWrite(Generic[R]):
    """One write. After a failed request no other is sent; those in progress are waited for."""

    def __init__(self, session: Session, endpoint: WriteEndpoint, reply: type[R]) -> None:
        self._session = session
        self._endpoint = endpoint
        self._empty = reply()
        self._adapter = TypeAdapter(reply)
        self._results: list[R] = []
        self._failed: list[tuple[Batch, AnaplanException]] = []
        self._unsent: list[int] = []
        self._input_error: Exception | None = None
        self._end = 0

    async def run(self, batches: Iterator[Batch], *, raise_on_failure: bool) -> R:
        """Send the batches and return the result of them all.

        Raises:
            PartialFailureException: Anaplan rejected items, and `raise_on_failure` is set.
            WriteInterruptedException: A request or the input failed after other requests were
                sent, or the outcome of a request that is not idempotent is unknown.
            AnaplanException: The only request failed, or the first one had no effect.
        """
        results = runtime.ordered_map(
            self._send, runtime.iterate(self._track(batches)), self._endpoint.concurrency
        )
        async with aclosing(results):
            async for result in results:
                if result is not None:
                    self._results.append(result)
        self._raise_if_interrupted()
        result = merge_results(self._results) if self._results else self._empty
        if raise_on_failure and result.failures:
            first = result.failures[0]
            raise PartialFailureException(
                f"Anaplan rejected {len(result.failures):,} of {self._end:,}; the first, at index "
                f"{first.index}: {first.details or first.reason}",
                result=result,
            )
        return result

    def _track(self, batches: Iterator[Batch]) -> Generator[Batch]:
        # If the caller's iterable fails, the error has to account for what was sent before.
        try:
            for batch in batches:
                self._end = batch.span.stop
                yield batch
                if self._failed:
                    return
        except Exception as error:  # noqa: BLE001 - raised at the end
            self._input_error = error

    async def _send(self, batch: Batch) -> R | None:
        if self._failed:
            self._unsent.append(batch.start)
            return None
        try:
            return await self._write(batch)
        except AnaplanException as error:
            self._failed.append((batch, error))
            return None

    async def _write(self, batch: Batch) -> R:
        return locate_failures(decode(self._adapter, await self._request(batch)), batch)

    async def _request(self, batch: Batch) -> httpx2.Response:
        return await self._session.send(
            self._endpoint.method,
            self._endpoint.url,
            params=self._endpoint.params,
            content=batch.body(self._endpoint.opening, self._endpoint.closing),
            headers={"Content-Type": "application/json"},
        )

    def _raise_if_interrupted(self) -> None:
        if not self._failed:
            if self._input_error is None:
                return
            if not self._end:
                raise self._input_error
        self._failed.sort(key=lambda failed: failed[0].start)
        causes = [error for _, error in self._failed]
        if len(self._failed) == 1 and not self._results:
            batch, error = self._failed[0]
            if error.not_performed or (batch.is_last and self._endpoint.is_idempotent):
                raise error
        cause = causes[0] if causes else self._input_error
        in_doubt = [batch.span for batch, error in self._failed if not error.not_performed]
        unsent_from = min([self._end, *self._unsent])
        spans = ", ".join(f"{span.start:,} to {span.stop - 1:,}" for span in in_doubt)
        reason = cause.message if isinstance(cause, AnaplanException) else cause
        message = f"The write ended before index {unsent_from:,}: {reason}"
        if spans:
            message += f" Anaplan may have written {spans}."
        accounts: dict[str, Any] = {
            "result": merge_results(self._results) if self._results else None,
            "in_doubt": in_doubt,
            "refused": [batch.span for batch, error in self._failed if error.not_performed],
            "unsent_from": unsent_from,
        }
        if isinstance(cause, AnaplanException):
            # What is known of the failed request holds, except that the call may be made again.
            changes: dict[str, Any] = {"retryable": False, "not_performed": False, **accounts}
            raise cause.as_type(WriteInterruptedException, message, **changes) from cause
        raise WriteInterruptedException(message, **accounts) from cause
