"""Texts that are almost right: lines of the corpus with a few edits, and what must hold for any text at all."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from striate.errors import NotationError
from striate.notation import NAMED, parse
from striate.notation.fixes import MOST, fixes

SLOWEST = 5.0  # seconds of processor time for one text; the longest ones take a fifth

PIECES = [
    "INPUT[8x8x1]", "INPUT", "CONV[4]", "CONV", "CONV5-16", "POOL", "POOL?", "RELU", "FC[10]", "FC", "DROPOUT[0.5]",
    "[", "]", "*2", "*N", "*0", "?", "=", "N=2", "POOL=0", "CONV=16,32", "classes=3", "-", "->", "→", "\n", ",", " ",
    "x", "×", "5x5", "S=2", "P=0", "fit=pad", "fit=crop", "0", "1e9", "-1", "0.5", "999999999999", "K=", "vgg-16",
    "[64x64x3, 10]", "(", ")+", "{", "|", "}", "%", "é", "\u202e", "\x00", "８", "LOCAL", "BN", "groups=2", "3x5",
]  # fmt: skip


def mutated(text: str, random: np.random.Generator, others: list[str]) -> str:
    """One to three edits: pieces put in, parts cut out, doubled, exchanged, or taken from another text."""
    for _ in range(random.integers(1, 4)):
        start, end = sorted(random.integers(0, len(text) + 1, 2))
        end = min(end, start + int(random.integers(1, 12)))
        kind = random.integers(10)
        if kind == 0:
            text = text[:start] + PIECES[random.integers(len(PIECES))] + text[start:]
        elif kind == 1:
            text = text[:start] + text[end:]
        elif kind == 2:
            text = text[:end] + text[start:end] + text[end:]
        elif kind == 3:
            text = text[:start] + text[start:end][::-1] + text[end:]
        elif kind == 4:
            text = text[:start] + chr(int(random.integers(32, 127))) + text[end:]
        elif kind > 5:
            text = _layers_moved(text, kind, random)
        else:
            other = others[random.integers(len(others))]
            at = int(random.integers(0, len(other) + 1))
            text = text[:start] + other[at : at + 15] + text[end:]
    return text


def _layers_moved(text: str, kind: int, random: np.random.Generator) -> str:
    """Whole layers exchanged, left out, doubled, or with another number."""
    layers = text.split(" - ")
    first, second = (int(at) for at in random.integers(len(layers), size=2))
    if kind == 6:
        layers[first], layers[second] = layers[second], layers[first]
    elif kind == 7:
        del layers[first]
    elif kind == 8:
        layers.insert(first, layers[second])
    else:
        return text.replace(str(random.integers(1, 10)), str(random.integers(1, 20)), 1)
    return " - ".join(layers)


def mutations(seeds: list[str], count: int, seed: int = 0) -> Iterator[str]:
    """``count`` texts, always the same."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        yield mutated(seeds[random.integers(len(seeds))], random, seeds)


def check(text: str, fit: str = "raise", mended: bool = False) -> bool:
    """Fail unless ``text`` is a network whose text is itself again, or an error that points into it; which it is.

    mended: whether its fixes are asked for, too.
    """
    began = time.process_time()
    try:
        network = parse(text, fit)
    except NotationError as error:
        assert 0 <= error.position <= len(text) and error.length >= 1, repr(text)
        assert error.text in (text, "") and error.reason and len(error.reason) < 4000, repr(text)
        assert all(c.isprintable() or c in "\t\n" for c in str(error)), repr(text)
        if mended:
            assert len(fixes(error, fit)) <= MOST, repr(text)
        right = False
    else:
        assert parse(str(network)) == network, repr(text)
        right = True
    assert time.process_time() - began < SLOWEST, repr(text)
    return right


def seeds(lines: list[str]) -> list[str]:
    """Lines to begin with: those given, names, and patterns."""
    pattern = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC N=2 M=3 K=1"
    return [
        *(line for line in lines if len(line) < 1000),
        *NAMED,
        "vgg-16[64x64x3, 10]",
        pattern,
        pattern + " CONV=4,5,6 POOL=1,0,1 classes=3 INPUT=8x8x1",
    ]
