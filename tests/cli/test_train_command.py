"""`striate train`: what it prints, what it saves, what its options do."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import TINY, Run
from PIL import Image

import striate
from striate.data.load import load
from striate.train.held_out import hold_out
from striate.train.model import Model


def test_train_without_arguments(trained: tuple[Path, str]) -> None:
    folder, said = trained
    assert sorted(each.name for each in folder.iterdir()) == ["digits.png", "digits.striate"]
    match = re.search(r"^test accuracy (\d+\.\d) % \((\d+) of (\d+) images\)$", said, re.M)
    assert match
    assert float(match[1]) > 97
    assert "(stratified, seed 0)" in said
    assert "saved digits.striate and digits.png" in said
    with Image.open(folder / "digits.png") as picture:
        assert picture.format == "PNG"
    # What the file says is what was printed, and what its parameters do.
    model = Model.load(folder / "digits.striate")
    held = hold_out(load("digits"), 0.1, seed=0).test
    right = int((model.compile(threads=1).scores(held.images).argmax(1) == held.labels).sum())
    assert (right, len(held)) == (int(match[2]), int(match[3]))
    assert model.notes["test_accuracy"] == pytest.approx(right / len(held))
    assert model.notes["epochs"] == 20
    assert model.notes["striate"] == striate.__version__


def test_a_pipe_gets_plain_lines(trained: tuple[Path, str]) -> None:
    said = trained[1]
    assert "\x1b" not in said
    assert "\r" not in said
    lines = said.splitlines()
    head = next(line for line in lines if "images/s" in line)
    rows = [line for line in lines if re.match(r" +\d+ +\d", line)]
    assert [int(row.split()[0]) for row in rows] == list(range(1, 21))
    assert {len(row) for row in rows} == {len(head)}
    assert max(map(len, lines)) <= 80


def test_the_same_seed_is_the_same_file(run: Run, tmp_path: Path) -> None:
    for name, threads in (("one", 1), ("two", 2)):
        run(
            "train",
            TINY,
            "digits",
            "--epochs",
            2,
            "--seed",
            5,
            "--threads",
            threads,
            "--out",
            f"{name}.striate",
        )
    run("train", TINY, "digits", "--epochs", 2, "--seed", 6, "--out", "other.striate")
    one, two, other = ((tmp_path / f"{name}.striate").read_bytes() for name in ("one", "two", "other"))
    assert one == two
    assert one != other


def test_every_option_reaches_the_training(run: Run, tmp_path: Path) -> None:
    settings = {
        "epochs": 2, "batch": 50, "lr": 0.03, "momentum": 0.5, "l2": 0.001,
        "schedule": "constant", "loss": "svm", "validation": 0.25, "seed": 9,
    }  # fmt: skip
    words = [word for name, value in settings.items() for word in (f"--{name}", value)]
    line = "INPUT[8x8x1] - CONV[4, S=2] - RELU - FC[10]"
    run("train", line, "digits", status=2)
    run("train", line, "digits", *words, "--fit", "crop", "--out", "my.model", "--png", "my.png")
    model = Model.load(tmp_path / "my.model")
    assert (tmp_path / "my.png").exists()
    assert {name: model.notes[name] for name in settings if name != "loss"} == {
        name: value for name, value in settings.items() if name != "loss"
    }
    assert model.loss == "svm"
    assert model.network == striate.parse(line, fit="crop")
    # 1797 images: 359 to test, a quarter of the others to validate.
    assert model.notes["images"] == 1078
    assert model.notes["steps"] == 2 * 22


def test_every_option_of_learning_reaches_the_training(run: Run, tmp_path: Path) -> None:
    words = "--optimizer adamw --lr 0.01 --weight-decay 0.1 --l1 0.001 --max-norm 3 --clip 1 --label-smoothing 0.1"
    words += " --class-weights balanced --schedule step --warmup 1 --drop 0.5 --drop-at 0.5 --epochs 2"
    run("train", TINY, "digits", *words.split())
    model = Model.load(tmp_path / "digits.striate")
    counts = np.bincount(hold_out(load("digits"), 0.1, 0).train.labels)
    assert model.notes["class_weights"] == pytest.approx((counts.sum() / (10 * counts)).tolist())
    expected = {
        "optimizer": "adamw", "lr": 0.01, "beta1": 0.9, "l2": 0.0, "weight_decay": 0.1, "l1": 0.001, "max_norm": 3,
        "clip_norm": 1, "label_smoothing": 0.1, "schedule": "step", "warmup": 1, "drop": 0.5, "drop_at": "0.5",
    }  # fmt: skip
    assert {name: model.notes[name] for name in expected} == expected
    assert "clip_value" not in model.notes and "momentum" not in model.notes


@pytest.mark.parametrize(
    "words",
    ["--optimizer rmsprop --schedule one-cycle", "--loss svm-squared --nesterov --lr 0.003", "--loss l2 --clip 1"],
)
def test_what_learns(run: Run, words: str) -> None:
    said = run("train", TINY, "digits", "--epochs", 6, *words.split()).stdout
    assert float(re.search(r"test accuracy ([\d.]+) %", said)[1]) > 75  # type: ignore[index]


def test_without_validation(run: Run) -> None:
    said = run("train", TINY, "digits", "--epochs", 1, "--validation", 0).stdout
    assert "validat" not in said


def test_a_folder_of_images(run: Run, tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    for name, level in (("dark", 40), ("light", 200)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(level - 30, level + 30, (12, 16, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / name / f"{number}.png")
    said = run("train", "INPUT[6x6x3] - FC[2]", "pictures", "--epochs", 20, "--batch", 4).stdout
    assert "test accuracy 100.0 % (4 of 4 images)" in said
    assert (tmp_path / "pictures.striate").exists()
    held = run("test", "pictures.striate", "pictures").stdout
    assert "the 4 test images that were held out when the model was trained" in held
    (tmp_path / "pictures" / "dark" / "0.png").unlink()
    assert "all 19 images" in run("test", "pictures.striate", "pictures").stdout
    best = json.loads(run("predict", "pictures.striate", "pictures/light/3.png", "--json").stdout)
    assert best["images"][0]["best"][0]["class"] == "light"
