"""The Integration API: users, workspaces and models."""
