"""Decisions about HTTP, and log lines about requests: no module here sends anything or waits."""
