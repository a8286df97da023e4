"""The place in the row of tokens that the parser has reached."""

from __future__ import annotations

from striate.errors import NotationError
from striate.layers.layer import MOST
from striate.notation.tokens import Token, tokenize

__all__ = ["Cursor"]

_DIGITS = 12  # longer numbers are not even converted


class Cursor:
    """Walks over the tokens of ``text``, and makes errors that point into it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._tokens = tokenize(text)
        self._at = 0

    @property
    def now(self) -> Token:
        """The token to be read next; the one of kind ``end`` for ever at the end."""
        return self._tokens[self._at]

    @property
    def after(self) -> Token:
        """The token behind it."""
        return self._tokens[min(self._at + 1, len(self._tokens) - 1)]

    @property
    def last(self) -> Token:
        """The token read last."""
        return self._tokens[max(self._at - 1, 0)]

    def take(self) -> Token:
        """Read one token."""
        token = self.now
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def skip_lines(self) -> bool:
        """Pass over new lines; whether there were any."""
        start = self._at
        while self.now.kind == "newline":
            self.take()
        return self._at > start

    def beyond_lines(self) -> Token:
        """The first token from here that is no new line."""
        return next(token for token in self._tokens[self._at :] if token.kind != "newline")

    def whole(self, number: Token) -> int:
        """The value of a number token; NotationError if it is no whole number or has too many digits."""
        digits = number.text.lstrip("0") or "0"
        if not digits.isdigit():
            raise self.error(f"{number.text} is no whole number: write one, as in *3", number)
        if len(digits) > _DIGITS:
            raise self.error(f"a number of {len(digits):,} digits is too large: numbers go to {MOST:,}", number)
        return int(digits)

    def error(self, reason: str, token: Token | None = None, length: int = 0) -> NotationError:
        """An error that points at ``token``, or at the next one."""
        token = token or self.now
        return NotationError(reason, self.text, token.position, length or max(1, len(token.text)))
