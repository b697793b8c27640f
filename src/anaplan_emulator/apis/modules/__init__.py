"""Modules, line items, views, dimensions and cells."""
