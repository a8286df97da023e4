"""Fixes: each is a line that is right, or whose error comes later."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_messages import MISTAKES

from striate.errors import FitError, NotationError
from striate.notation import parse
from striate.notation.fixes import MOST, fixes
from striate.notation.tokens import tokenize


def error_of(text: str, fit: str = "raise") -> NotationError | None:
    try:
        parse(text, fit)
    except NotationError as error:
        return error
    return None


def characters_read(text: str) -> bool:
    try:
        tokenize(text)
    except NotationError:
        return False
    return True


def further(before: NotationError, line: str, fit: str = "raise") -> bool:
    """Whether the line is right, or leaves less to be read behind its error, or its error is of a later kind.

    Sizes are looked at when all words have been read, and words when all characters have.
    """
    after = error_of(line, fit)
    if after is None:
        return True
    left = [len(error.text) - error.position for error in (before, after)]
    sizes = r"does not fit|^INPUT alone|^a network begins|^there is exactly|makes the volume|weights and biases"
    kinds = [2 * bool(re.search(sizes, e.reason)) + characters_read(e.text) for e in (before, after)]
    return kinds[1] > kinds[0] or (kinds[1] == kinds[0] and left[1] < left[0])


@pytest.mark.parametrize("text", MISTAKES)
def test_every_fix_leads_further(text: str) -> None:
    error = error_of(text)
    assert error is not None
    found = fixes(error)
    assert len(found) <= MOST and len({line for _, line in found}) == len(found)
    for label, line in found:
        assert label.strip() and line != text and further(error, line), (label, line)


def test_most_mistakes_have_a_fix() -> None:
    without = [text for text in MISTAKES if not fixes(error_of(text))]  # type: ignore[arg-type]
    # Too large a volume or layer, INPUT with four sizes, a name like no other: only the person knows what was meant.
    assert len(without) <= 6, without


WAYS = [
    ("INPUT[10x10x3] - CONV[4, 3x3, S=2, P=0] - FC[2]", ["S=1", "F=2", "F=4", "W=9", "W=11", "fit=pad", "fit=crop"]),
    ("INPUT[224x224x3] - CONV[K=96, F=11, S=4, P=0]", ["S=3", "F=8", "F=12", "W=223", "W=227", "fit=pad", "fit=crop"]),
    ("INPUT[8x7x1] - POOL - FC[2]", ["S=1", "H=6", "H=8", "fit=pad", "fit=crop"]),
    ("INPUT[3x3x1] - CONV[2, 5x5, P=0] - FC[2]", ["P=1", "F=3", "W=5", "fit=pad"]),
    ("INPUT[8x8x3] - CONV[16] - MAXOUT[3] - FC[2]", ["k=2", "k=4", "D=15", "D=18"]),
    ("INPUT[8x8x3] - FC-5 - RELU - MAXOUT - FC[2]", ["k=5", "D=4", "D=6"]),
    ("INPUT[8x8x1] - TANH - MAXOUT - FC[2]", ["D=2"]),
    (
        "INPUT[9x7x1] - POOL[S=2] - FC[2]",
        ["S=1", "F=3", "W=8, H=6", "W=8, H=8", "W=10, H=6", "W=10, H=8", "fit=pad", "fit=crop"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("text, labels", WAYS)
def test_every_way_that_the_arithmetic_names_can_be_chosen(text: str, labels: list[str]) -> None:
    error = error_of(text)
    assert isinstance(error, FitError)
    found = dict(fixes(error))
    assert list(found) == labels
    assert all(error_of(line) is None for line in found.values())
    shown = set(re.findall(r"\b[SPFWH]=\d+", error.reason.rpartition("try ")[2]))
    assert shown == {part for label in labels for part in re.findall(r"[SPFWH]=\d+", label)}


OTHERS = [
    ("INPUT[8x8x6] - CONV[9, groups=each] - FC[2]", ["K=6", "K=12"]),
    ("INPUT[8x8x6] - CONV[8, groups=3] - FC[2]", ["groups=2", "K=6", "K=9"]),
    ("INPUT[9x8x3] - CONV[4, 3x5, S=2x2, P=0]", ["S=2x1", "S=2x3", "F=3x4", "F=3x6", "H=7", "H=9"]),
    ("INPUT[9x7x1] - POOL[2x3, S=2x1]", ["S=1", "F=3", "W=8", "W=10", "fit=pad", "fit=crop"]),
    ("INPUT[4x9x3] - CONV[4, P=0, dilation=2]", ["P=1", "F=2", "dilation=1", "W=5", "fit=pad"]),
    ("INPUT[8x8x1] - CONV[10, 4x3]", ["P=1", "P=2x1", "F=3", "F=5x3"]),
    ("INPUT[8x8x1] - CONV[10, 3x5, P=1x5]", ["P=2"]),
]  # fmt: skip


@pytest.mark.parametrize("text, labels", OTHERS)
def test_fixes_of_sides_and_groups(text: str, labels: list[str]) -> None:
    error = error_of(text)
    assert error is not None
    found = dict(fixes(error))
    assert list(found)[: len(labels)] == labels
    assert all(error_of(line) is None for line in found.values())


SAID = [
    ("INPUT[8x8x1] - RLEU - FC[2]", "RELU", "INPUT[8x8x1] - RELU - FC[2]"),
    ("INPUT[8x8x1] - conv [4, 3x3 , stride=1]", "S", "INPUT[8x8x1] - conv [4, 3x3 , S=1]"),
    ("CONV[3] - FC[10]", "INPUT[32x32x3] first", "INPUT[32x32x3] - CONV[3] - FC[10]"),
    ("INPUT[8x8] - FC[2]", "INPUT[8x8x1]", "INPUT[8x8x1] - FC[2]"),
    ("INPUT[8x8x1] | RELU", "put - there", "INPUT[8x8x1] - RELU"),
    ("INPUT[8x8x1] - FC[2] - SOFTMAX", "leave SOFTMAX out", "INPUT[8x8x1] - FC[2]"),
    ("INPUT[8x8x1] - (RELU)*2 - FC[2]", "square brackets", "INPUT[8x8x1] - [RELU]*2 - FC[2]"),
    ("INPUT[8x8x1] - CONV[10, 4x4]", "P=1", "INPUT[8x8x1] - CONV[10, 4x4, P=1]"),
    ("INPUT[8x8x1] - LEAKY[7] - FC[2]", "a=0.01", "INPUT[8x8x1] - LEAKY[0.01] - FC[2]"),
    ("INPUT[8x8x1] - FC[5] - MAXOUT", "D=6", "INPUT[8x8x1] - FC[6] - MAXOUT"),
    ("INPUT[8x8x6] - CONV[9, 3x3, groups=each]", "K=12", "INPUT[8x8x6] - CONV[12, 3x3, groups=each]"),
    ("INPUT[9x8x3] - CONV[4, 3x5, S=2x2, P=0]", "F=3x4", "INPUT[9x8x3] - CONV[4, 3x4, S=2x2, P=0]"),
    ("INPUT[8x8x1]", "FC[10] at the end", "INPUT[8x8x1] - FC[10]"),
    ("INPUT[8x8x1] - CONV[10 - RELU - FC[2]", "put ] there", "INPUT[8x8x1] - CONV[10] - RELU - FC[2]"),
    ("INPUT[64x64x3] - [CONV5-16, RELU - POOL2]*2", "put - there", "INPUT[64x64x3] - [CONV5-16 - RELU - POOL2]*2"),
]  # fmt: skip


@pytest.mark.parametrize("text, label, line", SAID)
def test_fixes_keep_the_rest_as_it_was_written(text: str, label: str, line: str) -> None:
    error = error_of(text)
    assert error is not None and dict(fixes(error))[label] == line


pieces = st.sampled_from([
    "INPUT[8x8x1]", "INPUT[9x12x3]", "INPUT", "INPUT[8x8]", "CONV[4]", "CONV", "CONV[4, 5x5, P=0]", "CONV[4, S=2]",
    "CONV5-16", "CONV[4, 4x4]", "CONV[4, P=9]", "CONV[S=3, K=2]", "CONVV[3]", "POOL", "POOL[3x3, S=2]", "POOL2", "RELU",
    "RELU[3]", "RLU", "FC[10]", "FC", "FC[0]", "FLATTEN", "SOFTMAX", "[RELU", "]*3", "]*0", "[POOL]*2", "10", "×3",
    "fit=pad", "CONV[4, fti=pad]",
])  # fmt: skip
joints = st.sampled_from([" - ", " - ", " -> ", "\n", " ", ", ", " | ", " - - ", "("])


@st.composite
def lines(draw: st.DrawFn) -> str:
    parts = draw(st.lists(pieces, min_size=1, max_size=7))
    start = draw(st.sampled_from(["INPUT[8x8x1] - ", "INPUT[9x12x3] - ", ""]))
    return start + "".join(part + draw(joints) for part in parts[:-1]) + parts[-1]


@settings(max_examples=300)
@given(lines(), st.sampled_from(["raise", "pad", "crop"]))
def test_fixes_of_drawn_lines_lead_further(text: str, fit: str) -> None:
    error = error_of(text, fit)
    if error is None:
        return
    for label, line in fixes(error, fit):
        assert further(error, line, fit), (label, line)
