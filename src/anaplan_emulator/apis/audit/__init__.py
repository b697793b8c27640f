"""The Audit API: what users did, for the tenant's auditors."""
