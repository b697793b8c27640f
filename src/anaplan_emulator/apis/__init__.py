"""Anaplan's APIs. Each has its routes, its rules and the parsers of its own languages."""

from anaplan_emulator.apis.actions.routes import ENDPOINTS as ACTION_ENDPOINTS
from anaplan_emulator.apis.administration.routes import ENDPOINTS as ADMINISTRATION_ENDPOINTS
from anaplan_emulator.apis.alm.routes import ENDPOINTS as ALM_ENDPOINTS
from anaplan_emulator.apis.audit.routes import ENDPOINTS as AUDIT_ENDPOINTS
from anaplan_emulator.apis.authentication.routes import ENDPOINTS as AUTHENTICATION_ENDPOINTS
from anaplan_emulator.apis.calendar.routes import ENDPOINTS as CALENDAR_ENDPOINTS
from anaplan_emulator.apis.calls import Endpoint
from anaplan_emulator.apis.catalog.routes import ENDPOINTS as CATALOG_ENDPOINTS
from anaplan_emulator.apis.cloud_works.routes import ENDPOINTS as CLOUD_WORKS_ENDPOINTS
from anaplan_emulator.apis.consolidation.routes import ENDPOINTS as CONSOLIDATION_ENDPOINTS
from anaplan_emulator.apis.exception_users.routes import ENDPOINTS as EXCEPTION_USER_ENDPOINTS
from anaplan_emulator.apis.files.routes import ENDPOINTS as FILE_ENDPOINTS
from anaplan_emulator.apis.large_reads.routes import ENDPOINTS as LARGE_READ_ENDPOINTS
from anaplan_emulator.apis.lists.routes import ENDPOINTS as LIST_ENDPOINTS
from anaplan_emulator.apis.modules.routes import ENDPOINTS as MODULE_ENDPOINTS
from anaplan_emulator.apis.oauth.routes import ENDPOINTS as OAUTH_ENDPOINTS
from anaplan_emulator.apis.scim.routes import ENDPOINTS as SCIM_ENDPOINTS

ENDPOINTS: list[Endpoint] = [
    *AUTHENTICATION_ENDPOINTS,
    *OAUTH_ENDPOINTS,
    *CATALOG_ENDPOINTS,
    *FILE_ENDPOINTS,
    *ACTION_ENDPOINTS,
    *ALM_ENDPOINTS,
    *MODULE_ENDPOINTS,
    *LIST_ENDPOINTS,
    *LARGE_READ_ENDPOINTS,
    *CALENDAR_ENDPOINTS,
    *AUDIT_ENDPOINTS,
    *CONSOLIDATION_ENDPOINTS,
    *SCIM_ENDPOINTS,
    *CLOUD_WORKS_ENDPOINTS,
    *EXCEPTION_USER_ENDPOINTS,
    *ADMINISTRATION_ENDPOINTS,
]
