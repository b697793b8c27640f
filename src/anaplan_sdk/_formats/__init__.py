"""Pure codecs without HTTP or I/O: CSV, lines, chunks, gzip and JSON batches."""
