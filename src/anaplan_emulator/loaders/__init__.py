"""Writing a tenant's description into the database, by the rules of the engine."""
