"""Requests: connection, limits, retries, polling, and recovery of ambiguous starts."""
