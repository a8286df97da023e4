"""Text to tokens: words, numbers and marks, each with its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from striate.errors import NotationError

__all__ = ["LONGEST", "Token", "tokenize"]

LONGEST = 100_000  # characters
_WORD = 60  # letters

_TOKEN = re.compile(
    r"""(?P<space>[^\S\n]+)
      | (?P<newline>\n)
      | (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
      | (?P<times>[*×∗·]|[xX](?![A-Za-z]))
      | (?P<word>[^\W\d_]+)
      | (?P<arrow>[-–—−=]+>|→|⟶|➔)
      | (?P<dash>[-–—−‐‑])
      | (?P<open>\[)
      | (?P<close>\])
      | (?P<comma>,)
      | (?P<question>\?)
      | (?P<equals>=)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A piece of the text: ``kind`` is a group name of the pattern above, or ``end``."""

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        """The place just behind it."""
        return self.position + len(self.text)

    def __str__(self) -> str:
        return {"newline": "the end of the line", "end": "the end"}.get(self.kind, repr(self.text))


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text`` without blanks, closed by one of kind ``end``.

    Raises NotationError at the first character that has no meaning.

    >>> [token.text for token in tokenize("CONV5-16")]
    ['CONV', '5', '-', '16', '']
    """
    if len(text) > LONGEST:
        raise NotationError(f"the text has {len(text):,} characters; at most {LONGEST:,} are read")
    tokens = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise NotationError(_strange(text[position]), text, position, 1)
        if match.lastgroup == "word" and match.end() - position > _WORD:
            reason = f"{match[0][:20]}… is no layer: a word of {len(match[0]):,} letters is none"
            raise NotationError(reason, text, position, len(match[0]))
        if match.lastgroup and match.lastgroup != "space":
            tokens.append(Token(match.lastgroup, match.group(), position))
        position = match.end()
    return [*tokens, Token("end", "", len(text))]


def _strange(character: str) -> str:
    if character in "(){}<>":
        return f"{character!r} has no meaning here: brackets are square, as in [CONV[10, 5x5] - RELU]*2"
    if character in ";|/+>&":
        return f"{character!r} has no meaning here: layers are separated by - or -> or → or a new line"
    if character == "%":
        return "'%' has no meaning here: a share is written as a number, as in DROPOUT[0.5] for one half"
    if character in "'\"`‘’“”":
        return "quotes have no meaning here: numbers and words stand as they are, as in S=2 or fit=pad"
    if character == "_":
        return "'_' has no meaning here: layers have no names of their own, they are numbered, as conv1 and conv2"
    if character == "^":
        return "'^' has no meaning here: repetitions have a star, as in [CONV[10] - RELU]*2: write '*'"
    if character == ":":
        return "':' has no meaning here: settings have =, as in S=2, and layers are separated by - or -> or a new line"
    plain = unicodedata.normalize("NFKC", character)
    if plain != character and len(plain) == 1 and plain.isascii():
        return f"{character!r} ({unicodedata.name(character, 'another character')}) only looks like it: write {plain!r}"
    shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
    return f"{shown} has no meaning in the notation: layers are words with brackets, as in CONV[10, 5x5] - RELU"
