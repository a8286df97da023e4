"""A small data set and a small program for everything about training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import striate
from striate.data.dataset import Dataset
from striate.data.load import load
from striate.optimizers import SGD
from striate.preprocessing import Preprocessing
from striate.program import Program

LINE = "INPUT[8x8x1] - CONV[8] - RELU - POOL - FC[10]"


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load("digits").train


@pytest.fixture
def program(make_program: Callable[..., Program]) -> Program:
    """Made anew for each test: training changes it."""
    return make_program()


@pytest.fixture
def make_program(digits: Dataset) -> Callable[..., Program]:
    """A function that compiles the same small program, with other settings where they are given."""

    def make(lr: float = 0.02, loss: str = "softmax", threads: int = 1) -> Program:
        return striate.compile(
            striate.parse(LINE),
            batch=32,
            optimizer=SGD(lr=lr, momentum=0.9, l2=1e-4),
            loss=loss,
            seed=3,
            threads=threads,
            preprocessing=Preprocessing.measure(digits.images),
        )

    return make
