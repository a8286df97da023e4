"""Everything Striate can complain about, in one tree.

StriateError                 whatever the user can meet; ``str(error)`` is the full message
├── NotationError            the line of notation: where, the rule, the numbers, a way out (a ValueError)
│   └── FitError             a filter does not fit its input neatly: with the arithmetic
├── ArgumentError            a wrong argument, in Python or on the command line (a ValueError)
├── DataError                a data set or an image: names the file
├── ModelError               a saved model: names the file
└── DivergedError            training left the finite numbers
"""

from __future__ import annotations

import unicodedata
from typing import TypeVar

__all__ = ["ArgumentError", "DataError", "DivergedError", "FitError", "ModelError", "NotationError", "StriateError"]

_WIDEST = 100  # characters of a line that a message shows; longer lines are cut around the caret

E = TypeVar("E", bound="NotationError")


class StriateError(Exception):
    """The root of everything the user can meet."""


class NotationError(StriateError, ValueError):
    """The notation is wrong at ``text[position : position + length]``.

    ``reason`` holds the rule, the numbers and a way out; ``str(error)`` puts the line and a caret line
    before it. Without a text (a layer built in Python) the message is the reason alone.

    >>> print(NotationError("no such layer: did you mean RELU?", "INPUT[8x8x1] - RELO", 15, 4))
    at column 16:
      INPUT[8x8x1] - RELO
                     ^^^^
    no such layer: did you mean RELU?
    """

    def __init__(self, reason: str, text: str = "", position: int = 0, length: int = 1) -> None:
        super().__init__(reason, text, position, length)
        self.reason = reason
        self.text = text
        self.position = position
        self.length = length

    def at(self: E, text: str, position: int, length: int) -> E:
        """The same error, pointing into ``text``; an error that points somewhere already stays as it is."""
        return self if self.text else type(self)(self.reason, text, position, length)

    def __str__(self) -> str:
        if not self.text:
            return self.reason
        return f"{pointed(self.text, self.position, self.length)}\n{self.reason}"


class FitError(NotationError):
    """A filter does not fit its input neatly; the message has the arithmetic and settings that fit."""


class ArgumentError(StriateError, ValueError):
    """A wrong argument: images of the wrong shape, an unknown loss, a batch of 0."""


class DataError(StriateError):
    """A data set or an image can't be read; the message names the file."""


class ModelError(StriateError):
    """A saved model can't be read; the message names the file."""


def pointed(text: str, position: int, length: int) -> str:
    """The line of ``text`` that holds ``position``, under a heading and above a line of carets.

    >>> print(pointed("INPUT[8x8x1]\\nFC[0]", 16, 1))
    line 2, column 4:
      FC[0]
         ^
    """
    position = max(0, min(position, len(text)))
    start = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[start : len(text) if end < 0 else end].rstrip("\r")
    column = min(position - start, len(line))
    heading = f"line {text.count(chr(10), 0, position) + 1}, " if "\n" in text.strip("\n") else "at "
    return f"{heading}column {column + 1}:\n" + _caret(line, column, length)


def _caret(line: str, column: int, length: int) -> str:
    length = max(1, min(length, len(line) - column, _WIDEST // 2))
    first = max(0, min(column - _WIDEST // 3, len(line) - _WIDEST)) if len(line) > _WIDEST else 0
    last = first + _WIDEST
    front, back = "… " if first else "", " …" if last < len(line) else ""
    before = "".join("\t" if c == "\t" else " " * _cells(c) for c in line[first:column])
    carets = "^" * max(1, sum(_cells(c) for c in line[column : column + length]))
    shown = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in line[first:last])
    return f"  {front}{shown}{back}\n  {' ' * len(front)}{before}{carets}"


def _cells(character: str) -> int:
    """How many cells of a terminal ``character`` fills: 2 for wide ones, 0 for combining ones."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class DivergedError(StriateError):
    """The loss or a parameter is no finite number any more: what was learned is lost."""
