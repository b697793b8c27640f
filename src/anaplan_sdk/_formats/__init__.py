"""Pure codecs that know no HTTP: CSV rows, chunks, gzip, JSON batches."""
