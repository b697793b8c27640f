"""The ALM API: revisions, synchronization, reports and online status (facts 5)."""
