"""The Financial Consolidation API: staging tables, dimensions, workflows, users (facts 11)."""
