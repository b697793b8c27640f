"""The Financial Consolidation API: staging tables, dimensions, workflows and users.

Source: docs/anaplan-behaviour.md#financial-consolidation-api.
"""
