"""Writing the cells of modules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from anaplan_sdk._async.api.namespace import ApiNamespace, path_segment
from anaplan_sdk._async.transfer.batch_write import BatchWrite, WriteEndpoint
from anaplan_sdk._formats.json_batches import MAX_ITEMS, Batcher
from anaplan_sdk.models import CellWrite, CellWriteResult


class Cells(ApiNamespace):
    """Cells of modules."""

    async def update_module_data(
        self, module_id: int | str, data: Iterable[CellWrite | Mapping[str, object]]
    ) -> int | dict[str, object]:
        """Write cells of a module and return the number of changed cells or Anaplan's reply.

        Any number of cells is sent in as many requests as Anaplan's limits require (100,000 cells
        or 15 MB each), one after the other, so that the last value of a repeated cell remains. A
        request is repeated only if Anaplan certainly did not carry it out. The user must be a
        workspace administrator.

        Args:
            module_id: The module (102…).
            data: The cells, such as `{"lineItemName": "Units", "dimensions": [{"dimensionName":
                "Time", "itemName": "Jan 26"}], "value": 12.5}`. A value is a number, a bool, a date
                or a str, which may be the name of a list item or a period. All cells of a sequence
                are validated before the first request; those of another iterable request by
                request.

        Returns:
            The number of changed cells if Anaplan rejected none; otherwise Anaplan's reply as a
            dict. The `requestIndex` of each of its failures is the cell's index in `data`.

        Raises:
            ArgumentTypeException: `data` is a single cell or a str.
            InvalidArgumentException: A cell is invalid or too large for a request, or the client
                has no model.
            InvalidIdentifierException: There is no such module.
            WriteRefusedException: Anaplan refused a request, and all of its cells, as some are
                invalid; the error has those.
            WriteInterruptedException: A request failed after others had been sent; the error has
                the result so far and the indexes whose outcome is unknown.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Update module cell data".
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
        cells_per_request: int = MAX_ITEMS,
        raise_on_failure: bool = False,
    ) -> CellWriteResult:
        """Write cells of a module. The user must be a workspace administrator.

        Any number of cells is sent in as many requests as Anaplan's limits require (100,000 cells
        or 15 MB each), one after the other, so that the last value of a repeated cell remains. A
        request is repeated only if Anaplan certainly did not carry it out.

        Args:
            module_id: The module (102…).
            cells: The cells, such as `{"lineItemName": "Units", "dimensions": [{"dimensionName":
                "Time", "itemName": "Jan 26"}], "value": 12.5}`. A value is a number, a bool, a date
                or a str, which may be the name of a list item or a period. All cells of a sequence
                are validated before the first request; those of another iterable request by
                request.
            cells_per_request: The most cells in one request, 1 to 100,000 (the default).
            raise_on_failure: Whether to raise an error if Anaplan rejects a cell; by default
                rejected cells are only listed in the result.

        Returns:
            How many cells have changed, and which were rejected and why, by their indexes in
            `cells`.

        Raises:
            ArgumentTypeException: `cells` is a single cell or a str.
            InvalidArgumentException: A cell is invalid or too large for a request,
                `cells_per_request` is out of range, or the client has no model.
            InvalidIdentifierException: There is no such module.
            WriteRefusedException: Anaplan refused a request, and all of its cells, as some are
                invalid; the error has those.
            PartialFailureException: Cells were rejected, and `raise_on_failure` is set; the error
                has the result.
            WriteInterruptedException: A request failed after others had been sent; the error has
                the result so far and the indexes whose outcome is unknown.
            AnaplanException: The request failed; see the subclasses.

        Source: Anaplan Integration API V2 guide, "Update module cell data".
        """
        url = f"{self._model}/modules/{path_segment(module_id)}/data"
        endpoint = WriteEndpoint("POST", url, opening=b"[", closing=b"]")
        batches = Batcher(CellWrite, cells_per_request).batches(cells)
        write = BatchWrite(self._session, endpoint, CellWriteResult)
        return await write.run(batches, raise_on_failure=raise_on_failure)
