from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.errors import ArgumentError, FitError, NotationError
from striate.layers import Conv, Fc, Local, Pool, Window, window
from striate.volume import Volume

SIDES = st.integers(1, 40)
FIELDS = st.integers(1, 12)
STRIDES = st.integers(1, 9)


@pytest.mark.parametrize(
    ("size", "field", "stride", "padding", "count"),
    [
        (7, 3, 1, 0, 5),
        (7, 3, 2, 0, 3),
        (5, 3, 1, 1, 5),
        (5, 3, 2, 1, 3),
        (5, 3, 1, 0, 3),
        (227, 11, 4, 0, 55),
        (5, 5, 1, 0, 1),
        (9, 2, 7, 0, 2),
    ],
)
def test_the_notes_formula(size: int, field: int, stride: int, padding: int, count: int) -> None:
    assert window(size, field, stride, padding) == Window(field, stride, padding, padding, count)


def test_stride_3_does_not_fit_across_5() -> None:
    with pytest.raises(FitError) as caught:
        window(5, 3, 3, 1)
    assert "(5 - 3 + 2*1)/3 + 1 = 2.333 is no whole number" in str(caught.value)


def test_the_notes_misfit_with_its_ways_out() -> None:
    with pytest.raises(FitError) as caught:
        window(10, 3, 2, 0)
    assert str(caught.value) == (
        "(W - F + 2*P)/S + 1 = (10 - 3 + 2*0)/2 + 1 = 4.5 is no whole number: "
        "try S=1, or F=2 or F=4, or W=9 or W=11, or fit=pad | crop"
    )


def test_alexnets_riddle() -> None:
    assert window(224, 11, 4, 0, "pad") == Window(11, 4, 1, 2, 55)
    assert window(224, 11, 4, 0, "crop") == Window(11, 4, 0, 0, 54)
    with pytest.raises(FitError, match=r"= 54\.25 is no whole number"):
        window(224, 11, 4, 0)


def test_a_field_beyond_the_input() -> None:
    for fit in ("raise", "crop"):
        with pytest.raises(FitError, match=r"W \+ 2\*P = 2 \+ 2\*0 = 2 is less than F=5") as caught:
            window(2, 5, 1, 0, fit)
        assert "crop" not in str(caught.value)
    assert window(2, 5, 1, 0, "pad") == Window(5, 1, 1, 2, 1)


def test_both_sides_are_minded() -> None:
    with pytest.raises(FitError) as caught:
        Pool().output(Volume(9, 7, 1))
    assert "(9 - 2 + 2*0)/2" in str(caught.value) and "(H - F + 2*P)/S + 1 = (7 - 2" in str(caught.value)
    with pytest.raises(FitError) as caught:
        Pool().output(Volume(8, 7, 1))
    assert "H=6 or H=8" in str(caught.value) and "W=" not in str(caught.value)


@given(SIDES, FIELDS, STRIDES, st.integers(0, 5), st.sampled_from(["pad", "crop", "raise"]))
def test_a_window_against_counting(size: int, field: int, stride: int, padding: int, fit: str) -> None:
    starts = [at for at in range(0, size + 2 * padding - field + 1, stride)]
    neat = bool(starts) and starts[-1] + field == size + 2 * padding
    try:
        found = window(size, field, stride, padding, fit)
    except FitError:
        assert not neat and (fit == "raise" or (fit == "crop" and not starts))
        return
    padded = size + found.before + found.after
    assert len(range(0, padded - field + 1, stride)) == found.count
    if neat or fit == "crop":
        assert (found.before, found.after, found.count) == (padding, padding, len(starts))
    else:
        added = found.before + found.after - 2 * padding
        assert (padded - field) % stride == 0  # it fits now,
        assert added <= max(stride - 1, field - size - 2 * padding)  # with no zero more than needed,
        assert found.before - padding == added // 2  # and the odd one after


@given(SIDES, SIDES, FIELDS, STRIDES, st.integers(0, 5))
def test_what_an_error_proposes_does_fit(wide: int, high: int, field: int, stride: int, padding: int) -> None:
    padding = min(padding, field - 1)
    try:
        Pool(field, stride, padding).output(Volume(wide, high, 1))
    except FitError as error:
        now = {"F": field, "S": stride, "P": padding, "W": wide, "H": high}
        tries = str(error).split(": try ")[1].replace(", or ", " or ").split(" or ")
        settings = [way.split("=") for way in tries if not way.startswith("fit")]
        for letter, value in settings:
            new = {**now, letter: int(value)}
            both_sides = {"W", "H"} <= {letter for letter, _ in settings}
            if letter in "WH" and both_sides:
                continue  # each mends its own side only
            if letter == "W" and wide == high:
                new["H"] = new["W"]
            Pool(new["F"], new["S"], new["P"]).output(Volume(new["W"], new["H"], 1))


@given(st.integers(1, 30), st.integers(0, 6))
def test_the_default_padding_keeps_the_size(side: int, half: int) -> None:
    assert Conv(4, field=2 * half + 1).output(Volume(side, side, 3)) == Volume(side, side, 4)


def test_an_even_field_wants_its_padding_said() -> None:
    with pytest.raises(NotationError, match=r"P = \(F-1\)/2 = 1.5 is no whole number: say P=1 or P=2"):
        Conv(3, field=4)
    assert Conv(3, field=4, padding=1).padding == 1


@pytest.mark.parametrize(
    ("layer", "settings", "message"),
    [
        (Conv, {"filters": 0}, "K of CONV, the number of filters, is a whole number from 1"),
        (Conv, {"filters": 3, "stride": 0}, "S of CONV"),
        (Conv, {"filters": 3, "padding": -1}, "P of CONV, the zero-padding, is a whole number from 0"),
        (Conv, {"filters": 3, "padding": 3}, "nothing but zeros"),
        (Conv, {"filters": 3, "field": 0}, "F of CONV"),
        (Conv, {"filters": 3, "field": 2.0}, "F of CONV"),
        (Conv, {"filters": 2_000_000}, "not 2,000,000"),
        (Conv, {"filters": 3, "fit": "stretch"}, "fit of CONV is one of raise, pad, crop"),
        (Pool, {"padding": 2}, "nothing but zeros"),
        (Pool, {"field": True}, "F of POOL"),
        (Fc, {"outputs": 0}, "n of FC"),
        (Conv, {"filters": 3, "field": (3, 3, 3)}, "F of CONV, .* not 3x3x3"),
        (Conv, {"filters": 3, "dilation": ()}, "dilation of CONV"),
        (Conv, {"filters": 3, "padding": (1,)}, "P of CONV"),
        (Local, {"filters": 3, "field": (3,)}, "F of LOCAL"),
        (Local, {"filters": 0, "field": 2}, "K of LOCAL"),
        (Pool, {"field": (2, 3.0)}, r"F of POOL, .* not 2x3\.0"),
        (Pool, {"stride": True}, "not True"),
    ],
)
def test_settings_that_make_no_sense(layer: type, settings: dict[str, object], message: str) -> None:
    with pytest.raises(NotationError, match=message):
        layer(**settings)


def test_an_unknown_fit() -> None:
    with pytest.raises(ArgumentError, match="fit is one of"):
        window(4, 2, 2, 0, "shrink")


@pytest.mark.parametrize("layer", [Conv(3, stride=2, fit="pad"), Pool(fit="crop")])
def test_a_fit_that_changes_nothing_is_dropped(layer: Conv | Pool) -> None:
    kept, dropped = (
        (Volume(8, 7, 2), Volume(7, 7, 2)) if isinstance(layer, Conv) else (Volume(8, 7, 2), Volume(8, 8, 2))
    )
    assert layer.settled(kept) == layer
    settled = layer.settled(dropped)
    assert settled.fit == "raise" and settled.windows(dropped) == layer.windows(dropped)
