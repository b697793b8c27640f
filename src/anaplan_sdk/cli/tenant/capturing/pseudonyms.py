"""Stable pseudonyms: the same text has the same one, and different texts have different ones.

They are keyed by a secret of the user, which is never written beside a capture: without it, nobody
can find out a text by making the pseudonyms of guesses.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path

from anaplan_sdk._runtime.user_folders import config_folder
from anaplan_sdk.cli.failures import usage_error

EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")
_CONSONANTS = "bdfgklmnprstvz"
_VOWELS = "aeiou"
_ADDRESS = 9
_OWN = re.compile(rf"([{_CONSONANTS}][{_VOWELS}]){{{_ADDRESS}}}@example\.com")
_UPPER = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_SYLLABLES = [c + v for c in _CONSONANTS for v in _VOWELS]
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*")
_CODE = re.compile(r"[^a-z\s]*[0-9A-Z][^a-z\s]*")
_GENERATED_NAME = re.compile(r"#[0-9]+")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")


class Pseudonyms:
    """Makes pseudonyms with a secret.

    Args:
        secret: The secret.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        # The same texts come again and again, in a column of a module above all.
        self.text = lru_cache(maxsize=20_000)(self._text)

    def __repr__(self) -> str:
        """Describe it without the secret.

        Returns:
            The name of the class.
        """
        return "Pseudonyms()"

    def email(self, address: str) -> str:
        """Return the pseudonym of an e-mail address, whose case does not matter.

        Args:
            address: The address.

        Returns:
            An address of example.com.
        """
        return f"{self._word('email', address.casefold(), _ADDRESS)}@example.com"

    def identifier(self, text: str) -> str:
        """Return the pseudonym of an id of 32 hexadecimal digits.

        Args:
            text: The id.

        Returns:
            Another one.
        """
        return self._digest("id", text).hex()[:32]

    def person(self, name: str, of: str) -> str:
        """Return the pseudonym of a first or last name.

        Args:
            name: The name.
            of: What it is.

        Returns:
            A name; empty for an empty one.
        """
        return self._word(of, name, 4).title() if name else ""

    def factor(self, line_item: str) -> Decimal:
        """Return the factor for the numbers of a line item or property.

        It is between 1.6 and 9.6, so that every number but zero changes.

        Args:
            line_item: What identifies the line item.

        Returns:
            The factor.
        """
        drawn = int.from_bytes(self._digest("factor", line_item)[:4], "big")
        return Decimal("1.6") + Decimal(drawn % 8000) / 1000

    def number(self, text: str, line_item: str) -> str:
        """Return a number, scaled: its sign, its decimal places and whether it is zero stay.

        Args:
            text: The number.
            line_item: What identifies its line item.

        Returns:
            The scaled number; a pseudonym of the text if it is not a number.
        """
        value = finite_number(text)
        if not value:
            return self.text(text) if value is None else text
        is_whole = value == value.to_integral_value()
        exponent = Decimal(1) if is_whole else Decimal((0, (1,), int(value.as_tuple().exponent)))
        try:
            scaled = (value * self.factor(line_item)).quantize(exponent)
        except InvalidOperation:  # More than 28 digits.
            return format(value * self.factor(line_item), "f" if is_whole else "")
        if not is_whole and scaled == scaled.to_integral_value():
            scaled += exponent.copy_sign(scaled)
        return format(scaled, "f")

    def date(self, text: str) -> str:
        """Return a date, moved back by the same number of weeks for all dates.

        Args:
            text: The date as `YYYY-MM-DD`, which may be followed by a time.

        Returns:
            The earlier date; a pseudonym of the text if it is not a date.
        """
        if not _DATE.match(text):
            return self.text(text)
        weeks = 1 + self._digest("date", "")[0] % 26
        try:
            day = date.fromisoformat(text[:10]) - timedelta(weeks=weeks)
        except (ValueError, OverflowError):
            return self.text(text)
        return day.isoformat() + text[10:]

    def inside(self, text: str) -> str:
        """Replace the e-mail addresses inside a text.

        Args:
            text: The text.

        Returns:
            The text without them; pseudonyms in it stay.
        """
        return EMAIL.sub(
            lambda found: found[0] if _OWN.fullmatch(found[0]) else self.email(found[0]), text
        )

    def _text(self, text: str) -> str:
        """Return the pseudonym of a text: digits for digits, capitals for capitals, or words.

        Args:
            text: The text.

        Returns:
            The pseudonym; an empty text and the generated names of numbered lists stay.
        """
        if not text or _GENERATED_NAME.fullmatch(text):
            return text
        if EMAIL.fullmatch(text):
            return self.email(text)
        number = int.from_bytes(self._digest("text", text)[:16], "big")
        if _NUMBER.fullmatch(text):
            return str(10**17 + number % (9 * 10**17))
        if _CODE.fullmatch(text):
            letters: list[str] = []
            for _ in range(14):
                number, place = divmod(number, len(_UPPER))
                letters.append(_UPPER[place])
            return "".join(letters)
        return " ".join(
            self._word(f"text {part}", text, 5).capitalize() for part in ("first", "second")
        )

    def _word(self, purpose: str, text: str, syllables: int) -> str:
        number = int.from_bytes(self._digest(purpose, text), "big")
        parts: list[str] = []
        for _ in range(syllables):
            number, place = divmod(number, len(_SYLLABLES))
            parts.append(_SYLLABLES[place])
        return "".join(parts)

    def _digest(self, purpose: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{purpose}\0{text}".encode(), hashlib.sha256)


def finite_number(text: str) -> Decimal | None:
    """Return the number that a text is.

    Args:
        text: The text.

    Returns:
        The number; None if it is another text, infinite or not a number.
    """
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def load_pseudonyms() -> Pseudonyms:
    """Return the pseudonyms of the user, whose secret is created if it does not exist.

    Returns:
        The pseudonyms.

    Raises:
        CommandError: The file of the secret cannot be read or written, or is damaged.
    """
    path = config_folder() / "capture.key"
    try:
        secret = _read_secret(path)
    except OSError as error:
        raise usage_error(
            f"{str(path)!r} can't be read or written: {error.strerror}.",
            "It has the secret of the pseudonyms.",
        ) from None
    if not re.fullmatch(r"[0-9a-f]{64}", secret):
        raise usage_error(
            f"{str(path)!r} is damaged: it has the secret of the pseudonyms.",
            "Delete it: later captures will have other pseudonyms than those before.",
        )
    return Pseudonyms(bytes.fromhex(secret))


def _read_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text("ascii", errors="replace").strip()
    with os.fdopen(descriptor, "w") as file:
        secret = secrets.token_hex(32)
        file.write(secret)
    return secret
