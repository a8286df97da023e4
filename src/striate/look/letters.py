"""Fonts for class names in any script: the one that comes with matplotlib, and what else is installed for its gaps."""

from __future__ import annotations

import contextlib
import functools
import logging
import unicodedata
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OWN = "DejaVu Sans"  # comes with matplotlib
# Of fonts that have the letters which it lacks, these first, in this order; then the others by their names.
PREFERRED = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "PingFang SC", "Hiragino Sans", "Microsoft YaHei",
    "WenQuanYi Zen Hei", "Noto Sans Devanagari", "Noto Sans",
)  # fmt: skip
LISTED = 12  # letters that are named in a sentence


def families(text: str) -> list[str]:
    """The fonts that the text is set in: for every letter that the first lacks, one that has it, where there is one.

    >>> families("chat, кошка, γάτα")
    ['DejaVu Sans']
    """
    return [OWN, *_others("".join(sorted(set(text) - _letters_of(OWN))))]


def unreadable(figure: Figure) -> str:
    """The letters of a picture that no installed font has, each once, in order: they are drawn as boxes.

    >>> from striate.look.paper import Paper
    >>> unreadable(Paper(10, 10).figure)
    ''
    """
    from matplotlib.text import Text

    written = {letter for found in figure.findobj(Text) for letter in found.get_text()}
    return "".join(sorted(letter for letter in written if _seen(letter) and not _has(families(letter), letter)))


def sentence(letters: str) -> str:
    """What people are told of such letters.

    >>> sentence("猫")
    'no font on this machine has 猫: such letters are drawn as boxes; install a font that has them, such as Noto Sans'
    """
    shown = " ".join(letters[:LISTED]) + (" …" if len(letters) > LISTED else "")
    return (
        f"no font on this machine has {shown}: such letters are drawn as boxes; "
        "install a font that has them, such as Noto Sans"
    )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep matplotlib from saying what `sentence` says better: letters that no font has, weights that a font lacks."""
    log = logging.getLogger("matplotlib.font_manager")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")
            yield
    finally:
        log.setLevel(before)


def _seen(letter: str) -> bool:
    """Whether a letter is drawn at all: spaces, controls and selectors of a variant are not."""
    return (
        unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Zs") and not "\ufe00" <= letter <= "\ufe0f"
    )


def _has(names: list[str], letter: str) -> bool:
    return any(letter in _letters_of(name) for name in names)


@functools.lru_cache(1024)
def _others(wanted: str) -> tuple[str, ...]:
    """As few fonts as have these letters, as far as there are any."""
    left, found = {letter for letter in wanted if _seen(letter)}, []
    for name in _installed() if left else ():
        if left & _letters_of(name):
            left -= _letters_of(name)
            found.append(name)
        if not left:
            break
    return tuple(found)


def _installed() -> list[str]:
    """The other fonts of this machine, best first."""
    known = _files().keys() - {OWN}
    preferred = [name for name in PREFERRED if name in known]
    # A font of last resort has every letter, and all of them are boxes.
    return preferred + sorted(name for name in known - {*preferred} if "LastResort" not in name.replace(" ", ""))


def _files() -> dict[str, str]:
    """The file of every font's regular face; fonts without one are left alone."""
    from matplotlib.font_manager import fontManager

    return {
        face.name: face.fname
        for face in reversed(fontManager.ttflist)
        if face.style == "normal" and face.weight in (400, "normal", "regular") and face.stretch in (400, "normal")
    }


@functools.cache
def _letters_of(name: str) -> frozenset[str]:
    """What a font has; nothing where its file cannot be read."""
    from matplotlib.ft2font import FT2Font

    try:
        return frozenset(map(chr, FT2Font(_files()[name]).get_charmap()))
    except (KeyError, OSError, RuntimeError):
        return frozenset()
