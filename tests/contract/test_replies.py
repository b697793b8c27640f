"""The emulator's responses conform to the community's specifications of Anaplan's APIs.

`exchanges` has exchanges for every operation of the emulator. `amendments` has the known
differences of Anaplan from the specifications.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.contract.conftest import STRICT
from tests.contract.exchange import Exchange, fill
from tests.contract.exchanges import EXCHANGES, UNAUTHENTICATED

if TYPE_CHECKING:
    import httpx2
    from tests.contract.conftest import Contract, PendingExchange, Scenario

FORMS = [(exchange, path) for exchange in EXCHANGES for path in exchange.path_forms]
OPERATIONS = sorted({(each.specification, each.method, path) for each, path in FORMS})


@pytest.mark.parametrize(
    ("exchange", "path"),
    [pytest.param(*form, id=f"{form[0].method}-{form[1]}-{form[0].status}") for form in FORMS],
)
def test_responses_conform_to_the_specification(
    contracts: Mapping[str, Contract], scenario: Scenario, exchange: Exchange, path: str
) -> None:
    contract = contracts[exchange.specification]

    reply = exchange.send(scenario, path, contract.prefix)

    assert reply.status_code == exchange.status, reply.text
    assert contract.violations(reply, exchange.method, path) == []
    assert scenario.has_emulator_date(reply)


@pytest.mark.parametrize(
    ("specification", "method", "path"),
    [each for each in OPERATIONS if each[0] != "authentication"],
)
def test_requests_without_authentication_are_rejected(
    contracts: Mapping[str, Contract],
    scenario: Scenario,
    specification: str,
    method: str,
    path: str,
) -> None:
    contract = contracts[specification]

    reply = scenario.http.request(method, contract.prefix + fill(path, scenario, {}))

    assert reply.status_code == UNAUTHENTICATED.get((method, path), 401)
    assert contract.violations(reply, method, path) == []


def test_every_implemented_operation_has_successful_and_failed_exchanges(
    contracts: Mapping[str, Contract], scenario: Scenario
) -> None:
    succeeded = {(each.method, path) for each, path in FORMS if each.status < 400}
    failed = {(each.method, path) for each, path in FORMS if each.status >= 400}
    implemented = set()
    for contract in contracts.values():
        for method, path in contract.operations():
            if contract.is_removed(method, path):
                continue
            # One of the operations signs out, so every request needs a new token.
            scenario.reset()
            url = contract.prefix + fill(path, scenario, {})
            reply = scenario.http.request(method, url, headers=scenario.authorization("ada"))
            # 405 is returned if the path has other methods.
            if reply.status_code not in (405, 501):
                implemented.add((method, path))

    # Operations without authentication have no failed exchange.
    unauthenticated = {operation for operation, status in UNAUTHENTICATED.items() if status == 200}
    assert implemented - failed == unauthenticated & implemented
    assert implemented - succeeded == set()


@pytest.mark.parametrize("name", STRICT)
def test_every_amendment_is_needed(
    contracts: Mapping[str, Contract],
    scenario: Scenario,
    find_unneeded_amendments: Callable[[str, Iterable[PendingExchange]], list[str]],
    name: str,
) -> None:
    def send(exchange: Exchange, path: str) -> httpx2.Response:
        scenario.reset()
        return exchange.send(scenario, path, contracts[name].prefix)

    exchanges = [
        (partial(send, exchange, path), exchange.method, path)
        for exchange, path in FORMS
        if exchange.specification == name
    ]

    assert find_unneeded_amendments(name, exchanges) == []
