"""Words that stand in a bracket by themselves, such as POOL[3x3, S=2, average]."""

from __future__ import annotations

from difflib import get_close_matches

from striate.errors import NotationError
from striate.layers import Layer
from striate.notation.cursor import Cursor
from striate.notation.tokens import Token

__all__ = ["take_word"]

_MEANT = {
    "avg": "average", "ave": "average", "mean": "average", "maximum": "max", "largest": "max",
    "lp": "l2", "norm": "l2", "euclidean": "l2", "rms": "l2",
}  # fmt: skip
_NAMES = ("of", "mode", "type", "kind", "method")  # that others put before such a word


def take_word(cursor: Cursor, layer: type[Layer]) -> tuple[str, Token, int] | None:
    """One of the layer's words with its first token and its length, once it is read; None if none is at the cursor.

    Raises NotationError for what is nearly one of them, and for one behind a name or before a value.

    >>> from striate.layers import Pool
    >>> take_word(Cursor("L2]"), Pool)[0], take_word(Cursor("S=2]"), Pool)
    ('l2', None)
    """
    first, second = cursor.now, cursor.after
    if not layer.words:
        return None
    if second.kind == "equals":
        if first.text.lower() in (*layer.words, *_NAMES):
            raise _by_itself(cursor, layer)
        return None
    text, joined = _spelled(cursor)
    if text in layer.words:
        for _ in range(1 + joined):
            cursor.take()
        return text, first, len(text)
    near = get_close_matches(text, layer.words, 1, 0.7) if len(text) > 2 else []
    meant = _MEANT.get(text) or next(iter(near), None)
    if meant in layer.words:
        raise cursor.error(f"{layer.kind} has no {first.text}: did you mean {meant}?", first, len(text))
    return None


def _spelled(cursor: Cursor) -> tuple[str, bool]:
    """The word at the cursor in small letters, and whether it has two tokens: L2 is a letter and a number."""
    first, second = cursor.now, cursor.after
    joined = first.kind == "word" and second.kind == "number" and second.position == first.end
    return (first.text + (second.text if joined else "")).lower(), joined


def _by_itself(cursor: Cursor, layer: type[Layer]) -> NotationError:
    """mode=average, or average=1: the word alone would do."""
    name, last = cursor.take(), cursor.take()
    text, joined = _spelled(cursor)
    if cursor.now.kind in ("word", "number"):
        last = cursor.after if joined else cursor.now
    word = name.text.lower() if name.text.lower() in layer.words else _MEANT.get(text, text)
    way = word if word in layer.words else " | ".join(layer.words)
    return cursor.error(f"{layer.kind}'s words stand by themselves: write {way}", name, last.end - name.position)
