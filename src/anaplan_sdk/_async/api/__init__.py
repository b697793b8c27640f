"""The API namespaces: what a user sees as `client.x.method`."""
