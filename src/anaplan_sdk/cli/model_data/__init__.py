"""Data of models: `anaplan list`, `view` and `cells`."""
