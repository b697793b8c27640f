"""The discovery documents of the SCIM API, which need no authentication.

Source: docs/anaplan-behaviour.md#scim-discovery.
"""

from typing import Any

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_CORE = "urn:ietf:params:scim:schemas:core:2.0"

_DOCUMENTATION = "https://scimapi.docs.apiary.io"

# Anaplan declares everything as unsupported, including patches.
SERVICE_PROVIDER_CONFIG: dict[str, Any] = {
    "schemas": [f"{_CORE}:ServiceProviderConfig"],
    # The specification has the first of these names, and a sample the second.
    "documentationUri": _DOCUMENTATION,
    "documentationUrl": _DOCUMENTATION,
    "patch": {"supported": False},
    "bulk": {"supported": False, "maxOperations": 1000, "maxPayloadSize": 1_048_576},
    "filter": {"supported": False, "maxResults": 200},
    "changePassword": {"supported": False},
    "sort": {"supported": False},
    "etag": {"supported": False},
    "authenticationSchemes": [
        {
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "A token of the authentication service, or an API key",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "documentationUri": _DOCUMENTATION,
        }
    ],
    "meta": {"resourceType": "ServiceProviderConfig", "location": "/ServiceProviderConfig"},
}


def _attribute(name: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "type": "string",
        "multiValued": False,
        "required": False,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
        **more,
    }


_USER_SCHEMA = {
    "id": USER,
    "name": "User",
    "description": "User Account",
    "meta": {"resourceType": "Schema", "location": f"/Schemas/{USER}"},
    "attributes": [
        _attribute("userName", required=True, mutability="immutable", uniqueness="server"),
        _attribute("externalId"),
        _attribute("displayName", mutability="readOnly"),
        _attribute("active", type="boolean"),
        _attribute(
            "name",
            type="complex",
            required=True,
            subAttributes=[
                _attribute("familyName", required=True),
                _attribute("givenName", required=True),
                _attribute("formatted", mutability="readOnly"),
            ],
        ),
        *(
            _attribute(
                name,
                type="complex",
                multiValued=True,
                subAttributes=[
                    _attribute("value"),
                    *([_attribute("display")] if name == "entitlements" else []),
                    _attribute("type"),
                    _attribute("primary", type="boolean", mutability="readOnly"),
                ],
            )
            for name in ("emails", "entitlements")
        ),
    ],
}


def _list_response(resource: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [LIST_RESPONSE], "totalResults": 1, "Resources": [resource]}


SCHEMAS = _list_response(_USER_SCHEMA)
RESOURCE_TYPES = _list_response(
    {
        "schemas": [f"{_CORE}:ResourceType"],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "User Account",
        "schema": USER,
        "meta": {"resourceType": "ResourceType", "location": "/ResourceTypes/User"},
    }
)
