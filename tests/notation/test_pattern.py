"""Patterns: letters and question marks, and what is given for them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import FitError, NotationError
from striate.notation import parse
from striate.notation.fixes import fixes

NOTES = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"


@pytest.mark.parametrize(
    ("behind", "line"),
    [
        ("N=0 M=0 K=0", "INPUT[32x32x3] - FC[10]"),  # a linear classifier, as the notes say
        ("N=2 M=3 K=0", "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"),  # their tiny VGG
        ("N=1 M=1 K=0 POOL=0", "INPUT[32x32x3] - CONV[10] - RELU - FC[10]"),
        ("N=1, M=2, K=1", "INPUT[32x32x3] - [CONV[10] - RELU - POOL]*2 - FC[64] - RELU - FC[10]"),
        ("\nn=1\nm=2\nk=2", "INPUT[32x32x3] - [CONV[10] - RELU - POOL]*2 - [FC[64] - RELU]*2 - FC[10]"),
        (
            "N=2 M=3 K=2 CONV=16,32,64 FC=128,100 INPUT=64x64x1 classes=5 POOL=1,0,1",
            "INPUT[64x64x1] - [CONV[16] - RELU]*2 - POOL - [CONV[32] - RELU]*2 - [CONV[64] - RELU]*2 - POOL"
            " - FC[128] - RELU - FC[100] - RELU - FC[5]",
        ),
        ("N=2 M=1 K=1 CONV=4,5 FC=7,9", "INPUT[32x32x3] - CONV[4] - RELU - CONV[5] - RELU - POOL"
                                        " - FC[7] - RELU - FC[9]"),
        ("N=0 M=2 K=0 classes=3", "INPUT[32x32x3] - [POOL]*2 - FC[3]"),
        ("N=0 M=0 K=1 FC=30", "INPUT[32x32x3] - FC[30] - RELU - FC[10]"),
    ],
)  # fmt: skip
def test_the_pattern_of_the_notes(behind: str, line: str) -> None:
    assert str(parse(f"{NOTES} {behind}")) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("INPUT[8x8x1] - POOL? - FC[2]", "INPUT[8x8x1] - POOL - FC[2]"),
        ("INPUT[8x8x1] - POOL? - FC[2] POOL=0", "INPUT[8x8x1] - FC[2]"),
        ("INPUT[8x8x1] - [CONV[5] - RELU]? - FC[2] CONV=0", "INPUT[8x8x1] - FC[2]"),
        ("INPUT[8x8x1] - [POOL - DROPOUT]?*2 - FC[2] POOL=0,1", "INPUT[8x8x1] - POOL - DROPOUT - FC[2]"),
        ("INPUT[8x8x1] - [POOL - DROPOUT]*2? - FC[2] POOL=0", "INPUT[8x8x1] - FC[2]"),
        ("INPUT[8x8x1] - CONV[5x5, P=0] - FC  CONV=6", "INPUT[8x8x1] - CONV[6, 5x5, P=0] - FC[10]"),
        ("[INPUT - [CONV - RELU]*N - FC] N=1", "INPUT[32x32x3] - CONV[10] - RELU - FC[10]"),
        ("INPUT[8x8x1] - [[POOL? - RELU]*2]? - FC[2] POOL=1", "INPUT[8x8x1] - [POOL - RELU]*2 - FC[2]"),
        ("INPUT[8x8x1] - RELU*N - FC[2] N=3", "INPUT[8x8x1] - [RELU]*3 - FC[2]"),
    ],
)  # fmt: skip
def test_other_patterns(text: str, line: str) -> None:
    assert str(parse(text)) == line


def test_a_line_that_is_no_pattern_has_no_defaults() -> None:
    with pytest.raises(NotationError, match="needs the images' size"):
        parse("[INPUT - CONV - RELU - POOL - FC]")


@settings(max_examples=60)
@given(st.integers(0, 3), st.integers(0, 4), st.integers(0, 3), st.booleans())
def test_the_pattern_is_the_line_written_out(n: int, m: int, k: int, pool: bool) -> None:
    block = ["CONV[10] - RELU"] * n + ["POOL"] * pool
    layers = ["INPUT[32x32x3]", *block * m, *["FC[64] - RELU"] * k, "FC[10]"]
    assert parse(f"{NOTES} N={n} M={m} K={k}" + " POOL=0" * (not pool and m > 0)) == parse(" - ".join(layers))


def test_an_optional_layer_that_does_not_fit_can_be_done_without() -> None:
    with pytest.raises(FitError, match="optional: POOL=1,1,1,1,1,0 does without it") as caught:
        parse(f"{NOTES} N=1 M=6 K=0")
    line = dict(fixes(caught.value))["POOL=1,1,1,1,1,0"]
    assert len(parse(line).nodes) == 1 + 6 * 2 + 5 + 1


@pytest.mark.parametrize(
    ("behind", "label", "fixed"),
    [
        ("N=2 M=3", "K=2", "N=2 M=3 K=2"),
        ("N=2 M=3 K=1 POOL=2", "POOL=1", "N=2 M=3 K=1 POOL=1"),
        ("N=2 M=3 K=1 CONV=16,32", "CONV=16", "N=2 M=3 K=1 CONV=16"),
        ("N=9999 M=3 K=1", "N=500", "N=500 M=3 K=1"),
        ("N=2 M=3 K=1 INPUT=64", "INPUT=64x64x3", "N=2 M=3 K=1 INPUT=64x64x3"),
        ("N=2 M=3 K=1 CONV=0", "CONV=1", "N=2 M=3 K=1 CONV=1"),
        ("N=2 M=3 K=1 J=0", "leave J=0 out", "N=2 M=3 K=1 "),
    ],
)  # fmt: skip
def test_fixes_change_what_is_given(behind: str, label: str, fixed: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse(f"{NOTES} {behind}")
    assert dict(fixes(caught.value))[label] == f"{NOTES} {fixed}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"N=2 M=3 {NOTES}", "INPUT stands behind what is given: put that behind the last layer"),
        ("INPUT - DROPOUT? - FC DROPOUT=0.5", "write one, as in DROPOUT=1"),
        (f"{NOTES} N=2 M=3 K=2 FC=8,6,4 classes=7", "FC=8,6,4 has 3 values for 2 bare FCs: give 1 or 2$"),
        ("INPUT - FC FC=3 classes=5", "FC is given in vain, .* ends the line and has classes: leave FC=3 out"),
        ("INPUT - CONV*N - FC N=0 CONV=3", "none is left in the line as it is repeated: leave CONV=3 out"),
    ],
)
def test_what_is_given_wrongly(text: str, message: str) -> None:
    with pytest.raises(NotationError, match=message):
        parse(text)


def test_a_setting_behind_its_bracket_is_moved_into_it() -> None:
    with pytest.raises(NotationError) as caught:
        parse("INPUT[8x8x1] - POOL[4x4] S=4 - FC[2]")
    assert ("put S=4 into the bracket", "INPUT[8x8x1] - POOL[4x4, S=4] - FC[2]") in fixes(caught.value)


def test_nothing_repeated_often_takes_no_time() -> None:
    assert str(parse("INPUT[8x8x1] - [[RELU]*N]*M - FC[2] N=0 M=999999999999")) == "INPUT[8x8x1] - FC[2]"
    text = "INPUT[8x8x1] - [RELU" + " - [POOL?]*N" * 8000 + "]*900 - FC[2] N=0"
    assert str(parse(text)) == "INPUT[8x8x1] - [RELU]*900 - FC[2]"
