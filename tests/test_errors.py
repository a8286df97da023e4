from __future__ import annotations

import pickle

import pytest

from striate.errors import (
    ArgumentError,
    DataError,
    FitError,
    ModelError,
    NotationError,
    StriateError,
    pointed,
)


def test_the_tree() -> None:
    for kind in (NotationError, FitError, ArgumentError, DataError, ModelError):
        assert issubclass(kind, StriateError)
    assert issubclass(FitError, NotationError)
    assert issubclass(NotationError, ValueError)
    assert issubclass(ArgumentError, ValueError)
    assert not issubclass(DataError, ValueError)


def test_the_caret_stands_under_the_place() -> None:
    error = NotationError("no such layer", "INPUT[8x8x1] - RELO", 15, 4)
    heading, line, carets, reason = str(error).split("\n")
    assert heading == "at column 16:"
    assert [line[i] for i, c in enumerate(carets) if c == "^"] == list("RELO")
    assert reason == "no such layer"


def test_only_the_line_in_question_is_shown() -> None:
    text = "INPUT[8x8x1]\r\nCONV[0]\r\nFC[2]"
    assert pointed(text, text.index("0"), 1) == "line 2, column 6:\n  CONV[0]\n       ^"


def test_the_end_of_the_text_can_be_pointed_at() -> None:
    assert pointed("FC[", 3, 1) == "at column 4:\n  FC[\n     ^"
    assert pointed("", 0, 1).endswith("^")


def test_tabs_and_wide_characters_keep_the_caret_in_place() -> None:
    assert pointed("\tFC[0]", 4, 1).split("\n")[2] == "  \t   ^"
    assert pointed("層[0]", 2, 1).split("\n")[2] == "     ^"


@pytest.mark.parametrize("position", [0, 60, 250, 499])
def test_a_long_line_is_cut_around_the_caret(position: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(500))
    _, line, carets = pointed(text, position, 3).split("\n")
    assert len(line) < 110
    found = "".join(line[i] for i, c in enumerate(carets) if c == "^")
    assert found == text[position : position + 3]


def test_a_placed_error_stays_and_an_unplaced_one_is_placed() -> None:
    error = FitError("why")
    assert str(error) == "why"
    placed = error.at("POOL", 0, 4)
    assert type(placed) is FitError and placed.text == "POOL"
    assert placed.at("other", 1, 1) is placed


def test_an_error_survives_pickling() -> None:
    error = FitError("why", "POOL", 0, 4)
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error) and copy.position == 0 and copy.length == 4
