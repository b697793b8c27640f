"""Capturing a model as a tenant file: reading it, guessing what is not shown, and pseudonyms."""
