"""What an error of the notation points at, and edits there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from striate.errors import NotationError
from striate.notation.edits import Edit, set_setting
from striate.notation.tokens import Token, tokenize

__all__ = ["Place"]


@dataclass(frozen=True)
class Place:
    """Where the error points, and what stands there."""

    error: NotationError
    fit: str

    @property
    def text(self) -> str:
        """The whole line."""
        return self.error.text

    @property
    def start(self) -> int:
        """The place of its first character."""
        return self.error.position

    @property
    def end(self) -> int:
        """The place behind its last character."""
        return min(len(self.text), self.start + self.error.length)

    @property
    def pointed(self) -> str:
        """The characters themselves."""
        return self.text[self.start : self.end]

    def put(self, new: str, label: str = "") -> Edit:
        """In place of what is pointed at."""
        return Edit(label or new, self.start, self.end, new)

    def insert(self, new: str, at: int, label: str = "") -> Edit:
        """At a place, with nothing taken away."""
        return Edit(label or new.strip(), at, at, new)

    def setting(self, letter: str, value: int | str) -> Iterator[Edit]:
        """A setting of the layer that is pointed at."""
        for new in set_setting(self.pointed, letter, value, self.fit):
            yield self.put(new, f"{letter}={value}")

    def tokens(self) -> list[Token]:
        """Of the whole line; none where a character of it has no meaning."""
        try:
            return tokenize(self.text)
        except NotationError:
            return []

    def around(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The same span with the separator or comma before it, with the one behind it, and alone."""
        tokens = [token for token in self.tokens() if token.kind != "end"]
        joints = ("dash", "arrow", "comma", "newline")
        front = [token for token in tokens if token.end <= start]
        back = [token for token in tokens if token.position >= end]
        if front and front[-1].kind in joints:
            before = front[-2].end if len(front) > 1 else 0
            yield before, end
        if back and back[0].kind in joints:
            yield start, back[1].position if len(back) > 1 else len(self.text)
        yield start, end
