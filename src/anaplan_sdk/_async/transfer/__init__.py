"""Uploads and downloads, and writes of any number of items."""
