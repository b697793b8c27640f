"""The Integration API: modules, line items, views, dimensions and cells."""
