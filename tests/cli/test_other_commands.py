"""`striate test`, `predict`, `plan`, the help and the version."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command_line import COMMAND, VGG, Run
from PIL import Image

import striate
from striate.data.load import load
from striate.notation.named import is_name
from striate.notation.table import summary
from striate.train.model import Model


def test_test_in_a_pipe(run: Run, trained: tuple[Path, str]) -> None:
    said = run("test", trained[0] / "digits.striate", "digits").stdout
    assert "\x1b" not in said
    accuracy = re.search(r"test accuracy (.* images\))", trained[1])
    assert accuracy
    assert f"accuracy {accuracy[1]}, loss" in said
    rows = {line.split()[0]: line.split() for line in said.splitlines() if re.match(r"\d +\d", line)}
    assert sorted(rows) == [str(digit) for digit in range(10)]
    for digit, (_, images, right, sign, *cells) in rows.items():
        counts = [0 if cell == "·" else int(cell) for cell in cells]
        assert sum(counts) == int(images)
        assert sign == "%"
        assert float(right) == pytest.approx(100 * counts[int(digit)] / sum(counts), abs=0.06)
    assert max(map(len, said.splitlines())) <= 80


def test_test_as_json(run: Run, trained: tuple[Path, str]) -> None:
    found = json.loads(run("test", trained[0] / "digits.striate", "--json").stdout)
    assert found["accuracy"] == pytest.approx(Model.load(trained[0] / "digits.striate").notes["test_accuracy"])
    assert np.array(found["confusion"]).sum() == found["images"] == 359
    assert np.trace(found["confusion"]) == found["correct"]


def test_predict_names_the_class(run: Run, trained: tuple[Path, str], tmp_path: Path) -> None:
    digits = load("digits").train
    for number in (0, 1):
        Image.fromarray(digits.images[number, :, :, 0]).save(tmp_path / f"{digits.labels[number]}.png")
    said = run("predict", trained[0] / "digits.striate", "0.png", "1.png").stdout.splitlines()
    assert [said[0], said[6]] == ["0.png", "1.png"]
    assert said[1].split()[0] == "0"
    assert said[7].split()[0] == "1"
    found = json.loads(run("predict", trained[0] / "digits.striate", "0.png", "--json").stdout)
    best = found["images"][0]["best"]
    assert len(best) == 5
    chances = [guess["probability"] for guess in best]
    assert chances == sorted(chances, reverse=True)
    scores = (
        Model.load(trained[0] / "digits.striate").compile(threads=1).scores(digits.images[:1])[0].astype(np.float64)
    )
    assert chances[0] == pytest.approx(np.exp(scores[0]) / np.exp(scores).sum(), rel=1e-5)


def test_plan(run: Run) -> None:
    said = run("plan", VGG, "--batch", 8).stdout
    assert said.rstrip("\n") == str(summary(striate.parse(VGG), 8)).rstrip("\n")
    assert json.loads(run("plan", VGG, "--json").stdout) == summary(striate.parse(VGG)).to_dict()
    assert "55x55x96" in run("plan", "INPUT[224x224x3] - CONV[96, 11x11, S=4, P=0]", "--fit", "pad").stdout


def test_help_and_version(run: Run) -> None:
    assert run("--version").stdout == f"striate {striate.__version__}\n"
    assert "train" in run("--help").stdout
    for command in ("train", "test", "predict", "look", "plan", "nets", "gradcheck", "convert"):
        said = run(command, "--help").stdout
        # Every help ends its text with an example to copy.
        assert f"\n    striate {command} " in said or f"\n    striate {command}\n" in said


def test_the_lines_in_the_help_are_lines() -> None:
    source = Path(striate.__file__).parent
    text = "".join((source / name).read_text(encoding="utf-8") for name in ("cli.py", "cli_study.py"))
    shown = [shlex.split(line) for line in re.findall(r"^      striate (.*)$", text, re.M)]
    lines = [words for words in shown if len(words) > 1 and (words[1].startswith("INPUT") or is_name(words[1]))]
    assert len(lines) > 10
    for words in lines:
        given = [word for word in words[2:] if re.fullmatch("[A-Z]=[0-9]+", word)]
        striate.parse(
            " ".join([words[1], *given]), fit=words[words.index("--fit") + 1] if "--fit" in words else "raise"
        )


def test_a_reader_that_leaves_early(environment: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "plan", VGG],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()


def test_nets(run: Run) -> None:
    said = run("nets").stdout
    assert re.search(r"^vgg-16 +224x224x3 +1,000 +138,357,544 ", said, re.M)
    assert f"\n  {VGG}\n" in said
    rows = json.loads(run("nets", "--json").stdout)
    assert {row["name"]: row["line"] for row in rows}["tiny-vgg"] == VGG


def test_a_name_in_place_of_a_line(run: Run, tmp_path: Path) -> None:
    assert run("plan", "tiny-vgg").stdout == run("plan", VGG).stdout
    assert run("look", "tiny-vgg[16x16x1]", "-o", "net.png").stdout == "saved net.png\n"
    assert (tmp_path / "net.png").exists()
    assert "did you mean vgg-19?" in run("plan", "vgg-18", status=2).stderr


def test_a_pattern_and_what_is_given(run: Run) -> None:
    pattern = "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC"
    assert run("plan", pattern, "N=2", "M=3", "K=0").stdout == run("plan", VGG).stdout
    assert "K is not given" in run("plan", pattern, "N=2", "M=3", status=2).stderr


def test_hints(run: Run) -> None:
    said = run("plan", "vgg-16", "--lint").stdout
    assert said.endswith("2 hints from the notes; none is an error\n")
    assert run("plan", "tiny-vgg", "--lint").stdout == "no hints: as the notes advise\n"
    read = json.loads(run("plan", "INPUT[8x8x1] - FC[2] - RELU", "--lint", "--json").stdout)
    assert read["hints"][0]["layers"] == ["relu1"]
    assert (
        json.loads(run("plan", "tiny-vgg", "--lint", "--json").stdout)["line"]
        == run("plan", "tiny-vgg").stdout.split("\n")[0]
    )
    for other in ("--lint", "--json"):
        assert (
            f"--explain and {other} do not go together" in run("plan", "tiny-vgg", "--explain", other, status=2).stderr
        )
