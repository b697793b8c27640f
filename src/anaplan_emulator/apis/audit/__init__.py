"""The Audit API: reading audit events."""
