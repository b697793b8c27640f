"""The exchanges of all rooms: each has a module here that lists its own."""

from tests.contract.exchange import Exchange
from tests.contract.exchanges import (
    actions,
    administration,
    alm,
    audit,
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
    signing_in,
)

EXCHANGES: list[Exchange] = [
    *signing_in.EXCHANGES,
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

STRANGERS: dict[tuple[str, str], int] = {
    **cloud_works.STRANGERS,
    **scim.STRANGERS,
    **exception_users.STRANGERS,
}
"""What strangers are told where it isn't 401, by method and path; 200 where anybody may ask."""
