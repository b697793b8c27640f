"""The SQLite database: schema, transactions, identifiers, users, tokens and the audit log."""
