"""The exchanges with all APIs, with a module for each."""

from tests.contract.exchange import Exchange
from tests.contract.exchanges import (
    actions,
    administration,
    alm,
    audit,
    authentication,
    calendar,
    catalog,
    cloud_works,
    consolidation,
    exception_users,
    files,
    large_reads,
    lists,
    modules,
    scim,
)

EXCHANGES: list[Exchange] = [
    *authentication.EXCHANGES,
    *catalog.EXCHANGES,
    *files.EXCHANGES,
    *modules.EXCHANGES,
    *large_reads.EXCHANGES,
    *actions.EXCHANGES,
    *alm.EXCHANGES,
    *lists.EXCHANGES,
    *calendar.EXCHANGES,
    *audit.EXCHANGES,
    *cloud_works.EXCHANGES,
    *consolidation.EXCHANGES,
    *scim.EXCHANGES,
    *exception_users.EXCHANGES,
    *administration.EXCHANGES,
]

UNAUTHENTICATED: dict[tuple[str, str], int] = {
    **cloud_works.UNAUTHENTICATED,
    **scim.UNAUTHENTICATED,
    **exception_users.UNAUTHENTICATED,
}
"""Statuses of requests without authentication if not 401, by method and path."""
