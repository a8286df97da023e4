"""Settings may be NumPy's numbers: they are kept as Python's, so they compare, print and are saved alike."""

from __future__ import annotations

import doctest
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from striate import SGD, AdamW, Loss, Volume, compile, parse, scalars
from striate.layers import Bn, Conv, Dropout, Fc, Leaky, Lrn, Pool
from striate.train.schedule import schedule

WHOLE, REAL = np.int64, np.float32


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (Conv(WHOLE(3), field=WHOLE(5)), Conv(3, field=5)),
        (Conv(WHOLE(4), field=(WHOLE(5), np.uint8(3)), groups=WHOLE(2)), Conv(4, field=(5, 3), groups=2)),
        (Fc(WHOLE(4)), Fc(4)),
        (Pool(WHOLE(3), WHOLE(2)), Pool(3, 2)),
        (Dropout(REAL(0.25)), Dropout(0.25)),
        (Leaky(REAL(0.25)), Leaky(0.25)),
        (Lrn(WHOLE(5), alpha=REAL(0.5)), Lrn(5, alpha=0.5)),
        (Bn(eps=REAL(0.5)), Bn(eps=0.5)),
        (Volume(WHOLE(8), WHOLE(4), WHOLE(1)), Volume(8, 4, 1)),
        (SGD(REAL(0.5), momentum=np.float64(0.25)), SGD(0.5, momentum=0.25)),
        (AdamW(WHOLE(1), max_norm=REAL(2)), AdamW(1, max_norm=2.0)),
        (Loss("softmax", REAL(0.25), np.ones(3, REAL)), Loss("softmax", 0.25, (1.0, 1.0, 1.0))),
    ],
)
def test_settings_are_kept_as_pythons_numbers(made: Any, expected: Any) -> None:
    assert made == expected and repr(made) == repr(expected)
    assert json.dumps(asdict(made)) == json.dumps(asdict(expected))


def test_a_program_takes_them_too() -> None:
    program = compile(parse("INPUT[2x2x1] - FC[2]"), batch=WHOLE(3), threads=WHOLE(1), seed=WHOLE(7))
    assert program.batch == 3 and type(program.batch) is int


def test_a_schedule_takes_them_too() -> None:
    found = schedule("step", warmup=REAL(0.5), at=np.array([0.5, 0.75], REAL), by=REAL(0.5))
    assert [found(done) for done in (0.7, 0.8, 0.9)] == [1.0, 0.5, 0.25]


def test_the_examples_in_the_docstrings() -> None:
    failed, tried = doctest.testmod(scalars)
    assert tried and not failed
