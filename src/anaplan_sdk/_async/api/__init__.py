"""The API namespaces: what a user sees as `client.x.method`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anaplan_sdk._async.api.administration import Administration as Administration
    from anaplan_sdk._async.api.alm import Alm as Alm
    from anaplan_sdk._async.api.audit import Audit as Audit
    from anaplan_sdk._async.api.cloud_works import CloudWorks as CloudWorks
    from anaplan_sdk._async.api.consolidation import Consolidation as Consolidation
    from anaplan_sdk._async.api.exception_users import ExceptionUsers as ExceptionUsers
    from anaplan_sdk._async.api.resolver import Resolver as Resolver
    from anaplan_sdk._async.api.scim import Scim as Scim
    from anaplan_sdk._async.api.transactional import Transactional as Transactional
else:
    from anaplan_sdk._lazy import lazy_names

    # A program waits only for the import of those that it uses.
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        "",
        {
            "administration": "Administration",
            "alm": "Alm",
            "audit": "Audit",
            "cloud_works": "CloudWorks",
            "consolidation": "Consolidation",
            "exception_users": "ExceptionUsers",
            "resolver": "Resolver",
            "scim": "Scim",
            "transactional": "Transactional",
        },
    )
