"""Writing cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from anaplan_sdk._async.api.namespace import ApiNamespace, segment
from anaplan_sdk._async.transfer.batch_write import BatchWrite, WriteEndpoint
from anaplan_sdk._formats.json_batches import MAX_ITEMS, Batcher
from anaplan_sdk.models import CellWrite, CellWriteResult


class Cells(ApiNamespace):
    """Cells of modules."""

    async def update_module_data(
        self, module_id: int | str, data: Iterable[CellWrite | Mapping[str, object]]
    ) -> int | dict[str, object]:
        """Writes cells as `write_cells` does, and returns less.

        Returns:
            How many cells have changed, when none was refused; Anaplan's whole reply otherwise,
            whose failures tell the place in `data` as `requestIndex`.
        """
        result = await self.write_cells(module_id, data)
        if not result.failures:
            return result.cells_changed
        return {
            **(result.model_extra or {}),
            "numberOfCellsChanged": result.cells_changed,
            "failures": [
                {
                    "requestIndex": failure.index,
                    "failureType": failure.reason,
                    "failureMessageDetails": failure.details,
                    **(failure.model_extra or {}),
                }
                for failure in result.failures
            ],
        }

    async def write_cells(
        self,
        module_id: int | str,
        cells: Iterable[CellWrite | Mapping[str, object]],
        *,
        batch_size: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> CellWriteResult:
        """Writes cells of a module.

        Any number of them is sent in as many requests as Anaplan's limits ask for (100,000 cells or
        15 MB each), one after the other: where a cell comes twice, the last value stays. A request
        is not repeated unless Anaplan certainly did not act on it.

        Args:
            module_id: The module.
            cells: Such as `{"lineItemName": "Units", "dimensions": [{"dimensionName": "Time",
                "itemName": "Jan 26"}], "value": 12.5}`. Values are numbers, booleans, texts (names
                of items and periods, too) and dates. An iterator is consumed as requests go out, so
                its cells are checked request by request; a list is checked whole beforehand.
            batch_size: How many cells a request has at the most.
            raise_on_failure: Raises an error when Anaplan refuses a cell.

        Returns:
            How many cells have changed, and which were refused and why; indexes are those of
            `cells`.

        Raises:
            ValueError: A cell isn't one, or is too large.
            PartialFailureException: Cells were refused, and `raise_on_failure` is set.
            WriteInterruptedException: A request failed after others had gone out; it tells what was
                done and what is in doubt.
        """
        url = f"{self._model}/modules/{segment(module_id)}/data"
        endpoint = WriteEndpoint("POST", url, opening=b"[", closing=b"]")
        batches = Batcher(CellWrite, batch_size).batches(cells)
        write = BatchWrite(self._session, endpoint, CellWriteResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)
