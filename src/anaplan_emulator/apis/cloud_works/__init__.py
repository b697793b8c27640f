"""The CloudWorks API: connections, integrations, flows, runs and schedules.

Source: docs/anaplan-behaviour.md#cloudworks-api.
"""
