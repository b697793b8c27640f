"""CloudWorks: connections to clouds, integrations, their runs and schedules (facts 8)."""
