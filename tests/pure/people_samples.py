"""Samples of users for `test_models`, one of each model."""

from __future__ import annotations

from typing import Any

from anaplan_sdk import models
from anaplan_sdk.models import AnaplanModel, consolidation, scim

META = {"resourceType": "User", "location": "https://api.anaplan.com/scim/1/0/v2/Users/a"}
ATTRIBUTE = {
    "name": "name",
    "type": "complex",
    "multiValued": False,
    "description": "",
    "required": True,
    "caseExact": False,
    "mutability": "readWrite",
    "returned": "default",
    "uniqueness": "none",
}

SAMPLES: list[tuple[type[AnaplanModel], dict[str, Any]]] = [
    (
        models.UserRow,
        {"username": "a@b.c", "first_name": "A", "last_name": "B", "licenses": ["Standard"]},
    ),
    (
        models.UserImportResult,
        {
            "accepted": 3,
            "created": 1,
            "updated": 1,
            "errors": {"3": "License not found"},
        },
    ),
    (
        models.ExceptionWorkspace,
        {
            "workspaceGuid": "a" * 32,
            "workspaceName": "Treasury",
            "users": [{"userGuid": "b" * 32, "email": "a@b.c"}],
        },
    ),
    (models.ExceptionUser, {"userGuid": "b" * 32, "email": "a@b.c"}),
    (
        scim.User,
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "a" * 32,
            "externalId": "X-1",
            "userName": "a@b.c",
            "name": {"familyName": "B", "givenName": "A", "formatted": "A B"},
            "displayName": "A B",
            "active": True,
            "emails": [{"value": "a@b.c", "type": "work", "primary": True}],
            "entitlements": [
                {"value": "w", "display": "W", "type": "WORKSPACE", "primary": False},
                {"value": "w", "type": "WORKSPACE_IDS"},
            ],
            "meta": {**META, "created": "2026-01-31T00:00:00Z", "lastModified": "2026-01-31Z"},
        },
    ),
    (
        scim.ServiceProviderConfig,
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
            "meta": {**META, "created": "2026-01-31T00:00:00Z"},
            "documentationUri": "https://help.anaplan.com",
            "patch": {"supported": False},
            "bulk": {"supported": False, "maxOperations": 1000, "maxPayloadSize": 1048576},
            "filter": {"supported": False, "maxResults": 200},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": False},
            "authenticationSchemes": [{"name": "OAuth", "type": "oauthbearertoken"}],
        },
    ),
    (
        scim.Resource,
        {"id": "User", "name": "User", "endpoint": "/Users", "description": "", "meta": META},
    ),
    (
        scim.Schema,
        {
            "id": "urn:ietf:params:scim:schemas:core:2.0:User",
            "name": "User",
            "description": "",
            "attributes": [{**ATTRIBUTE, "subAttributes": [ATTRIBUTE]}],
            "meta": META,
        },
    ),
    (
        consolidation.Dimension,
        {
            "dimensionName": "Account",
            "dimensionType": "Account",
            "translations": "fr",
            "relatedDimension": None,
            "properties": [{"propertyName": "Classification", "propertyType": "list"}],
            "processingStatus": None,
        },
    ),
    (
        consolidation.DimensionMember,
        {
            "memberName": "1110",
            "memberTag": None,
            "memberCaption": "Cash",
            "parentMemberName": "1100",
            "sortOrder": 1,
            "isLeaf": True,
            "memberStorage": "Stored",
            "properties": [{"Classification": "Asset"}],
        },
    ),
    (consolidation.WorkflowState, {"runId": "11111111-1111-1111-1111-111111111111"}),
    (
        consolidation.User,
        {
            "userId": 1,
            "userName": "jane@fluence.app",
            "fullName": "Jane",
            "isDisabled": False,
            "email": "jane@company.com",
            "roles": ["Admin"],
        },
    ),
]
