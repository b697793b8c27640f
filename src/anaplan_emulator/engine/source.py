"""Uploaded files as rows: decoding, delimiters and line numbers.

Files are read as a stream of chunks, so memory stays bounded whatever their size.
"""




# Stands for "no separator": a code point that Unicode reserves for private agreements.
_NEVER = "\ue000"
_CODECS = {"UTF-8": "utf-8", "ISO-8859-1": "iso-8859-1", "UTF-16LE": "utf-16-le"}
