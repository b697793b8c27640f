"""The Administration API: importing and exporting users as CSV (facts 10)."""
