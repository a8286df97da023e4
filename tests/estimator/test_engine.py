"""How many threads an estimator takes: all, or its share where others work beside it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from joblib import Parallel, delayed

from striate.estimator.engine import threads_of
from striate.native.team import usable_processors

EVERY = usable_processors()


def test_alone_it_takes_every_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads_of(None) == threads_of(-1) == EVERY
    assert threads_of(-EVERY - 5) == 1 and threads_of(3) == 3
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert threads_of(None) == 1


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_side_by_side_do_not_take_more_than_there_are(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = Parallel(n_jobs=2, backend=backend)(delayed(threads_of)(None) for _ in range(2))
    assert all(each <= max(1, EVERY // 2) for each in found)


def test_without_scikit_learn_the_way_to_it_is_said() -> None:
    code = """
import sys
sys.modules["sklearn"] = None
import striate
try:
    striate.ConvNetClassifier
except ModuleNotFoundError as error:
    print(error)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "ConvNetClassifier needs scikit-learn: pip install 'striate[sklearn]'\n"
