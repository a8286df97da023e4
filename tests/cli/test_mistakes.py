"""Mistakes: one clear message, the right exit status, and nothing left behind."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import TINY, Run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "INPUT[8x8x1] - CONV[4, S=3] - FC[10]", "digits"], "fit=pad"),
        (["train", "INPUT[8x8x1] - CONF[4] - FC[10]", "digits"], "^^^^"),
        (["train", TINY], "DATA is missing"),
        (["train", "INPUT[9x9x1] - FC[10]", "digits"], "[8x8x1]"),
        (["train", "INPUT[8x8x1] - FC[9]", "digits"], "end the line with FC[10]"),
        (["train", TINY, "digit"], "did you mean digits?"),
        (["train", TINY, "nowhere/"], "nowhere/"),
        (["train", "--out", "nowhere/my.striate"], "there is no folder nowhere"),
        (["train", "--out", "."], "is a folder"),
        (["train", "--out", "a.png"], "give them different names"),
        (["train", "--png", "a.jpg"], "let its name end in .png"),
        (["train", "--out", "/dev/null"], "no regular file"),
        (["train", "--out", "file.txt/my.striate"], "file.txt is no folder"),
        (["train", "--epochs", "0"], "striate: --epochs is a whole number from 1, not 0"),
        (["train", "--epochs", "many"], "striate: --epochs is a whole number from 1, not many"),
        (["train", "--lr", "nan"], "striate: --lr is a finite number from 0, not nan"),
        (["train", "--lr=-1"], "striate: --lr is a finite number from 0, not -1"),
        (["train", "--lr"], "striate: --lr stands without its value"),
        (["train", "--momentum", "1"], "momentum"),
        (["train", "--loss", "hinge"], "--loss"),
        (["train", "--schedule", "linear"], "--schedule"),
        (["train", "--optimizer", "magic"], "striate: --optimizer: 'magic' is not one of"),
        (["train", "--optimizer", "adam", "--momentum", "0.9"], "--momentum is for sgd: with adam, leave it out"),
        (["train", "--optimizer", "adam", "--nesterov"], "--nesterov is for sgd"),
        (["train", "--weight-decay", "0.1"], "--weight-decay is for adamw: with sgd, leave it out"),
        (["train", "--clip", "0"], "--clip is a finite number above zero, not 0: leave it out for no limit"),
        (["train", "--clip", "1", "--clip-value", "1"], "by --clip or by --clip-value, not by both"),
        (["train", "--max-norm", "-3"], "--max-norm is a finite number above zero, not -3"),
        (["train", "--warmup", "20"], "--warmup: 20 of 20 epochs: give a number from 0, and below 20"),
        (["train", "--drop", "0.5"], "those of the schedule step, not of cosine"),
        (["train", "--schedule", "step", "--drop-at", "0.5,half"], "--drop-at: '0.5,half' are no numbers"),
        (["train", "--schedule", "step", "--drop-at", "0.5,0.2"], "rising, not at 0.5, 0.2"),
        (["train", "--schedule", "step", "--drop", "2"], "up to 1, not by 2"),
        (["train", "--loss", "svm", "--label-smoothing", "0.1"], "are softmax's: with svm, leave them out"),
        (["train", "--class-weights", "1,2"], "--class-weights: 2 numbers, but digits has 10 classes"),
        (["train", "--class-weights", "1;2"], "are no numbers with commas between them"),
        (["train", "--class-weights", "1,1,1,1,1,1,1,1,1,-1"], "class_weights are finite numbers above zero"),
        (["train", "--validation", "1.5"], "striate: --validation is a finite number from 0 to 0.99, not 1.5"),
        (["train", "--seed", "-1"], "striate: --seed is a whole number from 0, not -1"),
        (["train", "--frobnicate"], "striate: striate train has no --frobnicate: "),
        (["train", "--momento", "1"], "did you mean --momentum?"),
        (["gradcheck", TINY, "--images", "9999"], "striate: --images is a whole number from 1 to 1,000, not 9999"),
        (["serve", "--port", "99999"], "striate: --port is a whole number from 0 to 65,535, not 99999"),
        (["nets", "vgg"], "striate: striate nets has no use for vgg: "),
        (["test"], "striate: MODEL is missing: striate test -h shows what it takes"),
        (["test", "nothing.striate", "digits"], "nothing.striate: there is no such file"),
        (["test", "file.txt", "digits"], "file.txt"),
        (["test", "good.striate", "nowhere"], "nowhere"),
        (["predict", "good.striate", "file.txt"], "file.txt"),
        (["predict", "good.striate", "nothing.png"], "nothing.png"),
        (["predict", "good.striate"], "IMAGE"),
        (["plan", ""], "INPUT"),
        (["plan", "INPUT[8x8x1] - FC[10]", "--fit", "squeeze"], "--fit"),
        (["plan", "INPUT[8x8x1] - FC[10]", "--batch", "0"], "--batch"),
        (["dance"], "striate: no such command 'dance': striate -h shows what there is"),
        (["trian"], "striate: no such command 'trian'"),
    ],
)
def test_a_mistake_is_one_clear_message(
    run: Run, trained: tuple[Path, str], tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "good.striate").write_bytes((trained[0] / "digits.striate").read_bytes())
    (tmp_path / "file.txt").write_text("some text")
    done = run(*words, status=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr and "Usage" not in done.stderr and done.stderr.startswith("striate: ")
    # Nothing was begun, nothing was left.
    assert "epoch" not in done.stdout
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file.txt", "good.striate"]


def test_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    if os.access(locked, os.W_OK):
        locked = Path("/proc")  # even the superuser cannot make files there
        if not locked.is_dir():
            pytest.skip("this user may write everywhere")
        done = run("train", "--epochs", 1, "--out", locked / "my.striate", "--png", "my.png", status=1)
        assert "my.striate" in done.stderr
    else:
        done = run("train", "--out", locked / "my.striate", status=2)
        assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_diverges_leaves_earlier_files_alone(run: Run, tmp_path: Path) -> None:
    for name in ("digits.striate", "digits.png"):
        (tmp_path / name).write_bytes(b"earlier")
    done = run("train", "--lr", 1e9, status=1)
    assert "a smaller learning rate" in done.stderr
    assert "nothing was saved" in done.stderr
    assert "Traceback" not in done.stderr
    assert {each.name: each.read_bytes() for each in tmp_path.iterdir()} == {
        "digits.striate": b"earlier", "digits.png": b"earlier",
    }  # fmt: skip


def test_a_damaged_model_is_refused(run: Run, trained: tuple[Path, str], tmp_path: Path) -> None:
    damaged = bytearray((trained[0] / "digits.striate").read_bytes())
    damaged[-9] ^= 4
    (tmp_path / "damaged.striate").write_bytes(damaged)
    done = run("test", "damaged.striate", "digits", status=2)
    assert "damaged.striate: damaged" in done.stderr
    assert done.stdout == ""
