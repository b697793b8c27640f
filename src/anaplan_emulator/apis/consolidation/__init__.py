"""The Financial Consolidation API: staging tables, dimensions, workflows and users (facts 11)."""
