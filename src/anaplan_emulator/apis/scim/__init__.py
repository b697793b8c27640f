"""The SCIM API: managing users and their workspaces (docs/anaplan-behaviour.md#scim-api)."""
