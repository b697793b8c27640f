r"""The content of certificates and keys, in the forms in which it arrives.

A variable or a secret store may hold PEM whose line ends are the two characters `\n` or blanks, in
quotes, in UTF-16, or all of it once more in Base64; the same is done to DER and PKCS#12.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from textwrap import wrap

_BLOCK = re.compile(
    r"-----BEGIN (?P<label>[A-Z0-9 ]+)-----\s*"
    # The headers of an encrypted key (RFC 1421, section 4.6).
    r"(?P<headers>(?:(?:Proc-Type|DEK-Info):\s*\S+\s+)*)"
    r"(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=label)-----"
)
_LINE_ENDS = re.compile(r"\\+[rn]")
_HEADER = re.compile(r"(Proc-Type|DEK-Info):\s*(\S+)")
# Shorter text may be the name of a file; no RSA key or certificate is as short.
_SHORTEST_BASE64 = 256
# A sequence of more than 255 bytes, as all certificates, RSA keys and PKCS#12 files are.
_DER_MARKS = (b"\x30\x80", b"\x30\x82", b"\x30\x83")
_PEM_MARK = "-----BEGIN "


def unwrap(content: bytes) -> bytes | None:
    """Return the PEM or DER content in what was passed or read; None if it is neither.

    Args:
        content: What was passed as text, bytes or a file.

    Returns:
        PEM with its usual line ends, or DER.
    """
    if content.startswith(_DER_MARKS):
        return content
    text = _text(content)
    if _PEM_MARK in text:
        text = _LINE_ENDS.sub("\n", text)
        return "".join(map(_block, _BLOCK.finditer(text))).encode() or content
    packed = "".join(_LINE_ENDS.sub("", text).strip("\"' \t\r\n").split())
    if len(packed) < _SHORTEST_BASE64:
        return None
    try:
        return unwrap(b64decode(packed, validate=True))
    except (Base64Error, ValueError):
        return None


def labels(content: bytes) -> list[str]:
    """List the blocks in PEM.

    Args:
        content: PEM or DER.

    Returns:
        Their names, such as `CERTIFICATE`; none for DER.
    """
    return [found["label"] for found in _BLOCK.finditer(_text(content))]


def only(content: bytes, kind: str) -> bytes:
    """Select blocks in PEM.

    Args:
        content: PEM or DER.
        kind: What the names of the blocks end with.

    Returns:
        PEM with these blocks; DER as it is.
    """
    if _PEM_MARK.encode() not in content:
        return content
    blocks = _BLOCK.finditer(_text(content))
    return "".join(found[0] + "\n" for found in blocks if found["label"].endswith(kind)).encode()


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"B\0E\0G\0I\0N" in content:
        encoding = "utf-16-be" if content.startswith(b"\0") else "utf-16-le"
    else:
        encoding = "utf-8-sig"
    return content.decode(encoding, "replace")


def _block(found: re.Match[str]) -> str:
    label, headers = found["label"], _HEADER.findall(found["headers"])
    lines = [f"-----BEGIN {label}-----"]
    if headers:
        lines += [f"{name}: {value}" for name, value in headers] + [""]
    lines += [*wrap("".join(found["body"].split()), 64), f"-----END {label}-----", ""]
    return "\n".join(lines)
