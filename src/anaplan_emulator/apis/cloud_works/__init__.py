"""The CloudWorks API: connections, integrations, flows, runs and schedules (facts 8)."""
