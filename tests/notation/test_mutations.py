"""No text brings the parser down: thousands of lines that are almost right, always the same ones."""

from __future__ import annotations

import pytest
from mutations import check, mutations, seeds
from test_messages import MISTAKES

from corpus import CASES, NETS

SEEDS = seeds([*CASES.values(), *NETS.values(), *MISTAKES])


@pytest.mark.parametrize("fit", ["raise", "pad", "crop"])
def test_almost_right_lines(fit: str) -> None:
    number = ("raise", "pad", "crop").index(fit)
    right = sum(check(text, fit) for text in mutations(SEEDS, 10_000, number))
    assert 500 < right < 9500  # both kinds are among them


def test_fixes_of_almost_right_lines() -> None:
    for text in mutations(SEEDS, 500, 3):
        check(text, mended=True)


def test_the_longest_texts_take_little_time() -> None:
    pieces = ("[", "RELU-", "N=1 ", "*N", "?", "INPUT[8x8x1]\n", "[POOL?]*N-", "A", ",1", "CONV[1,", "vgg-", "x", "\n")
    for piece in pieces:
        check((piece * 100_000)[:100_000])


def test_fixes_of_the_longest_texts_take_little_time() -> None:
    check("INPUT[8x8x1] - CONV[10 - " + "RELU - " * 14_000, mended=True)
    check("INPUT[8x8x1] - [CONV[10] - " + "FC[2] - " * 12_000, mended=True)
    check("CONV[1," * 14_000, mended=True)
