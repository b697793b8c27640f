"""The ALM API: revisions, synchronization, reports and online status.

Source: docs/anaplan-behaviour.md#alm-reports.
"""
