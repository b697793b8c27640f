"""What the emulator answers fits what the community's specifications tell of Anaplan's answers.

`exchanges` has exchanges of every operation that the emulator knows; `amendments` has what is known
to be otherwise than the specifications say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.contract.conftest import STRICT
from tests.contract.exchange import Exchange, fill
from tests.contract.exchanges import EXCHANGES, STRANGERS

if TYPE_CHECKING:
    import httpx2
    from tests.contract.conftest import Asking, Contract, Place

FORMS = [(exchange, path) for exchange in EXCHANGES for path in exchange.forms]
OPERATIONS = sorted({(each.specification, each.method, path) for each, path in FORMS})


@pytest.mark.parametrize(
    ("exchange", "path"),
    [pytest.param(*form, id=f"{form[0].method}-{form[1]}-{form[0].status}") for form in FORMS],
)
def test_the_reply_fits_the_specification(
    contracts: Mapping[str, Contract], place: Place, exchange: Exchange, path: str
) -> None:
    contract = contracts[exchange.specification]

    reply = exchange.send(place, path, contract.prefix)

    assert reply.status_code == exchange.status, reply.text
    assert contract.misfits(reply, exchange.method, path) == []
    assert place.is_dated(reply)


@pytest.mark.parametrize(
    ("specification", "method", "path"),
    [each for each in OPERATIONS if each[0] != "authentication"],
)
def test_nothing_is_told_to_strangers(
    contracts: Mapping[str, Contract], place: Place, specification: str, method: str, path: str
) -> None:
    contract = contracts[specification]

    reply = place.http.request(method, contract.prefix + fill(path, place, {}))

    assert reply.status_code == STRANGERS.get((method, path), 401)
    assert contract.misfits(reply, method, path) == []


def test_every_operation_the_emulator_answers_is_in_the_table(
    contracts: Mapping[str, Contract], place: Place
) -> None:
    succeed = {(each.method, path) for each, path in FORMS if each.status < 400}
    refused = {(each.method, path) for each, path in FORMS if each.status >= 400}
    answered = set()
    for contract in contracts.values():
        for method, path in contract.operations():
            if contract.is_removed(method, path):
                continue
            # Signed in anew each time: one of the operations is to sign out.
            place.start_over()
            url = contract.prefix + fill(path, place, {})
            reply = place.http.request(method, url, headers=place.authorization("ada"))
            # 405 is said of a path that is known by another method.
            if reply.status_code not in (405, 501):
                answered.add((method, path))

    # Where anybody may ask, nobody is refused.
    open_to_all = {operation for operation, status in STRANGERS.items() if status == 200}
    assert answered - refused == open_to_all & answered
    assert answered - succeed == set()


@pytest.mark.parametrize("name", STRICT)
def test_every_amendment_is_needed(
    contracts: Mapping[str, Contract],
    place: Place,
    unneeded: Callable[[str, Iterable[Asking]], list[str]],
    name: str,
) -> None:
    def ask(exchange: Exchange, path: str) -> httpx2.Response:
        place.start_over()
        return exchange.send(place, path, contracts[name].prefix)

    exchanges = [
        (partial(ask, exchange, path), exchange.method, path)
        for exchange, path in FORMS
        if exchange.specification == name
    ]

    assert unneeded(name, exchanges) == []
