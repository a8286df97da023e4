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
        self.bare: dict[str, dict[str, int]] = {}  # settings that layers may lack, with what they are then

    @property
    def tokens(self) -> list[Token]:
        """All of them, the one of kind ``end`` last."""
        return self._tokens

    def split(self, at: int) -> Cursor:
        """A cursor over the tokens from ``at`` on; this one then ends before them."""
        rest = Cursor.__new__(Cursor)
        rest.text, rest._tokens, rest._at, rest.bare = self.text, self._tokens[at:], 0, {}
        self._tokens = [*self._tokens[:at], Token("end", "", self._tokens[at].position)]
        while len(self._tokens) > 1 and self._tokens[-2].kind in ("comma", "newline"):
            del self._tokens[-2]
        return rest

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
        at = self._at
        while self._tokens[at].kind == "newline":
            at += 1
        return self._tokens[at]

    def numbers(self) -> list[Token]:
        """Read ``5`` or ``5x5`` or ``32x32x3``; there must be a number."""
        numbers = [self.take()]
        while self.now.kind == "times" and self.after.kind == "number":
            self.take()
            numbers.append(self.take())
        return numbers

    def whole(self, number: Token) -> int:
        """The value of a number token; NotationError if it is no whole number or has too many digits."""
        digits = number.text.lstrip("0") or "0"
        if "." in digits:
            raise self.error(f"{number.text} is no whole number: write one, as in *3", number)
        if len(digits) > _DIGITS:
            raise self.error(f"a number of {len(digits):,} digits is too large: numbers go to {MOST:,}", number)
        return int(digits)

    def error(self, reason: str, token: Token | None = None, length: int = 0) -> NotationError:
        """An error that points at ``token``, or at the next one."""
        token = token or self.now
        return NotationError(reason, self.text, token.position, length or max(1, len(token.text)))
