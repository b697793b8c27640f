"""The Administration API (facts 10): users in and out as CSV."""
