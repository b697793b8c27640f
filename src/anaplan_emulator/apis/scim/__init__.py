"""The SCIM API: managing users and their workspaces (facts 7)."""
