"""The checkpoint: every bit comes back, and what is damaged or of another kind is refused."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from striate.errors import ModelError
from striate.notation.parse import parse
from striate.preprocessing import Preprocessing
from striate.train.checkpoint import Checkpoint
from striate.train.model import Model
from striate.train.steps import Position

NETWORK = parse("INPUT[4x4x1] - CONV[2] - RELU - FC[3]")


def made(**changes: Any) -> Checkpoint:
    random = np.random.default_rng(0)
    shapes = NETWORK.parameter_shapes()
    rows = [{name: random.standard_normal(shapes[name]).astype(np.float32) for name in shapes} for _ in range(2)]
    state = {f"velocity.{name}": values for name, values in rows[1].items()}
    whole = Checkpoint(
        NETWORK, "digits", "0123", ("a", "ü", "c"), Preprocessing((0.1,), (0.3,)), {"lr": 0.1, "batch": 3},
        Position(2, 30, 20, 1.5, 47, 300, 10, 0.25), rows[0], state,
        random.random((7, 4), np.float32), np.float32([[1, 2, 0.5, np.nan, np.nan]]), {"id": 4, "line": "x"},
    )  # fmt: skip
    return replace(whole, **changes)


def test_every_bit_comes_back(tmp_path: Path) -> None:
    kept = made()
    kept.save(tmp_path / "a.checkpoint")
    found = Checkpoint.load(tmp_path / "a.checkpoint")
    for name in ("network", "data", "fingerprint", "classes", "preprocessing", "settings", "position", "facts"):
        assert getattr(found, name) == getattr(kept, name), name
    for row in ("parameters", "optimizer_state"):
        ours, theirs = getattr(kept, row), getattr(found, row)
        assert all((ours[name] == theirs[name]).all() for name in ours) and ours.keys() == theirs.keys()
    np.testing.assert_array_equal(found.points, kept.points)
    np.testing.assert_array_equal(found.epochs, kept.epochs)
    kept.save(tmp_path / "b.checkpoint")
    assert (tmp_path / "a.checkpoint").read_bytes() == (tmp_path / "b.checkpoint").read_bytes()


def test_a_run_without_a_step_is_kept_too(tmp_path: Path) -> None:
    made(points=np.empty((0, 4), np.float32), epochs=np.empty((0, 5), np.float32)).save(tmp_path / "a.checkpoint")
    assert Checkpoint.load(tmp_path / "a.checkpoint").points.shape == (0, 4)


def test_models_and_checkpoints_are_not_taken_for_each_other(tmp_path: Path) -> None:
    made().save(tmp_path / "a.checkpoint")
    with pytest.raises(ModelError, match="its format is 'checkpoint 1'"):
        Model.load(tmp_path / "a.checkpoint")
    Model(NETWORK, made().parameters, ("a", "b", "c")).save(tmp_path / "m.striate")
    with pytest.raises(ModelError, match="its format is '1'"):
        Checkpoint.load(tmp_path / "m.striate")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 100_000), st.integers(1, 255))
def test_no_bit_may_change(tmp_path: Path, place: int, flip: int) -> None:
    made().save(tmp_path / "a.checkpoint")
    data = bytearray((tmp_path / "a.checkpoint").read_bytes())
    data[place % len(data)] ^= flip
    (tmp_path / "a.checkpoint").write_bytes(data)
    with pytest.raises(ModelError, match=r"a\.checkpoint"):
        Checkpoint.load(tmp_path / "a.checkpoint")


@pytest.mark.parametrize(
    "changes",
    [
        {"position": {**asdict(Position()), "epoch": -1}},
        {"position": {**asdict(Position()), "epoch": 1.5}},
        {"position": {"epoch": 1}},
        {"points": np.zeros((3, 5), np.float32)},
        {"epochs": np.zeros(5, np.float32)},
        {"optimizer_state": {"velocity.conv1.weights": np.zeros((1,), np.float32)}},
        {"optimizer_state": {}},
        {"optimizer_state": {**made().optimizer_state, "speed.conv1.weights": np.zeros((2, 1, 3, 3), np.float32)}},
    ],
)
def test_contents_that_do_not_fit_together_are_refused(
    tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a file has a right checksum: somebody wrote it so."""
    if isinstance(changes.get("position"), dict):
        monkeypatch.setattr("striate.train.checkpoint.asdict", lambda position: position)
    made(**changes).save(tmp_path / "a.checkpoint")
    monkeypatch.undo()
    with pytest.raises(ModelError):
        Checkpoint.load(tmp_path / "a.checkpoint")


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ModelError, match="no such file"):
        Checkpoint.load("nowhere/at.all")
