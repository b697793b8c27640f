"""Sending writes of any length, request by request, and telling what came of them all."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Generic, TypeVar

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
from anaplan_sdk.models.lists import WriteResult

R = TypeVar("R", bound=WriteResult)


@dataclass(frozen=True)
class Target:
    """Where a write goes.

    Attributes:
        method: The HTTP method.
        url: Its URL.
        params: What stands in the query.
        opening: What the body has before the items.
        closing: What it has after them.
        width: How many requests are under way at a time; more than one only where the order of
            the items makes no difference.
        adds: Whether to send a request once more would add its items once more: one without a
            clear answer is never told as an error that merely invites to.
    """

    method: str
    url: str
    params: dict[str, str] = field(default_factory=dict[str, str])
    opening: bytes = b'{"items":['
    closing: bytes = b"]}"
    width: int = 1
    adds: bool = False


class Writing(Generic[R]):
    """One write. Once a request has failed no other is begun; those under way are waited for."""

    def __init__(self, session: Session, target: Target, reply: type[R]) -> None:
        self._session = session
        self._target = target
        self._empty = reply()
        self._adapter = TypeAdapter(reply)
        self._results: list[R] = []
        self._failed: list[tuple[Batch, AnaplanException]] = []
        self._unsent: list[int] = []
        self._broken: Exception | None = None
        self._end = 0

    async def run(self, batches: Iterator[Batch], *, raise_on_failure: bool) -> R:
        """Sends the batches.

        Raises:
            PartialFailureException: Some items were refused, and the caller wants to be told so.
            WriteInterruptedException: A request failed, or the input did, when others were sent; or
                the only one failed without a clear answer, and added something.
            AnaplanException: The only request failed, or the first had no effect.
        """
        outcomes = runtime.ordered_map(
            self._send, runtime.iterate(self._taken(batches)), self._target.width
        )
        async with aclosing(outcomes):
            async for result in outcomes:
                if result is not None:
                    self._results.append(result)
        self._settle()
        result = merge_results(self._results) if self._results else self._empty
        if raise_on_failure and result.failures:
            first = result.failures[0]
            raise PartialFailureException(
                f"Anaplan refused {len(result.failures):,} of {self._end:,}; the first, at index "
                f"{first.index}: {first.details or first.reason}",
                result=result,
            )
        return result

    def _taken(self, batches: Iterator[Batch]) -> Generator[Batch]:
        # What was sent must be accounted for, even if the caller's own iterable fails.
        try:
            for batch in batches:
                self._end = batch.span.stop
                yield batch
                if self._failed:
                    return
        except Exception as error:  # noqa: BLE001 - raised at the end
            self._broken = error

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
        return locate_failures(decode(self._adapter, await self._deliver(batch)), batch)

    async def _deliver(self, batch: Batch) -> httpx2.Response:
        return await self._session.send(
            self._target.method,
            self._target.url,
            params=self._target.params,
            content=batch.body(self._target.opening, self._target.closing),
            headers={"Content-Type": "application/json"},
        )

    def _settle(self) -> None:
        if not self._failed:
            if self._broken is None:
                return
            if not self._end:
                raise self._broken
        self._failed.sort(key=lambda failed: failed[0].start)
        causes = [error for _, error in self._failed]
        if len(self._failed) == 1 and not self._results:
            batch, error = self._failed[0]
            if error.not_performed or (batch.is_last and not self._target.adds):
                raise error
        cause = causes[0] if causes else self._broken
        in_doubt = [batch.span for batch, error in self._failed if not error.not_performed]
        unsent_from = min([self._end, *self._unsent])
        doubt = ", ".join(f"{span.start:,} to {span.stop - 1:,}" for span in in_doubt)
        message = f"The write ended early, before index {unsent_from:,}: {cause}"
        raise WriteInterruptedException(
            f"{message} In doubt are {doubt}." if doubt else message,
            result=merge_results(self._results) if self._results else None,
            in_doubt=in_doubt,
            refused=[batch.span for batch, error in self._failed if error.not_performed],
            unsent_from=unsent_from,
        ) from cause
