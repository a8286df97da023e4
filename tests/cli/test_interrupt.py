"""Ctrl-C: a real signal to a real process."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
from pathlib import Path

from command_line import COMMAND, TINY
from PIL import Image

from striate.data.load import load
from striate.train.held_out import hold_out
from striate.train.model import Model


@contextlib.contextmanager
def training(folder: Path, environment: dict[str, str]):  # type: ignore[no-untyped-def]
    """A training run that would take a long time, as a process of its own."""
    words = ["train", TINY, "digits", "--epochs", "100000", "--out", "long.striate"]
    process = subprocess.Popen(
        [*COMMAND, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_ctrl_c_saves_what_was_learned(tmp_path: Path, environment: dict[str, str]) -> None:
    with training(tmp_path, environment) as process:
        # Past the third epoch.
        for line in process.stdout:
            if line.split()[:1] == ["3"]:
                break
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"stopped after \d+\.\d\d of 100000 epochs; saved what was learned so far", errors)
    assert "Traceback" not in errors
    assert sorted(each.name for each in tmp_path.iterdir()) == ["long.png", "long.striate"]
    with Image.open(tmp_path / "long.png") as picture:
        picture.load()
    model = Model.load(tmp_path / "long.striate")
    assert model.notes["stopped"] is True
    assert model.notes["epochs"] >= 3
    digits = hold_out(load("digits"), 0.1, seed=0).test
    assert (model.compile(threads=1).scores(digits.images).argmax(1) == digits.labels).mean() > 0.5


def test_ctrl_c_before_the_first_step_saves_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    with training(tmp_path, environment) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    # It may have come a few steps far; then what they taught is saved.
    assert process.returncode == 130
    assert "Traceback" not in errors
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ([] if "saved what" not in errors else ["long.png", "long.striate"])
