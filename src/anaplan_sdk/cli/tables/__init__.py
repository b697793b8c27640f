"""Tables in files and pipes: CSV, Parquet, Arrow and JSON Lines."""
