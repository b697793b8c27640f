"""Files and actions: `anaplan upload`, `download`, `import`, `export`, `run` and the like."""
