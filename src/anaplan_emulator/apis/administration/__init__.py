"""The Administration API: importing and exporting users as CSV.

Source: docs/anaplan-behaviour.md#administration-api.
"""
