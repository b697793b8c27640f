"""Conversion of scripts for Anaplan Connect: `anaplan convert-connect`."""
