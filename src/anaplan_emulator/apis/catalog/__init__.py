"""Users, workspaces and models."""
