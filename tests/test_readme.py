"""What README.md says can be done can be done."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import striate

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """The words of every striate command in a console block."""
    blocks = re.findall(r"^```console\n(.*?)^```", TEXT, re.M | re.S)
    joined = "\n".join(re.sub(r"\n    -", " -", block) for block in blocks)
    return [shlex.split(line)[1:] for line in re.findall(r"^\$ (striate .*)$", joined, re.M)]


def run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "striate.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300)


def test_it_shows_every_command() -> None:
    assert {words[0] for words in commands()} == {"train", "test", "predict", "plan", "look", "serve"}


@pytest.mark.parametrize("words", [words for words in commands() if words[0] == "train" and len(words) > 1])
def test_every_line_trained_is_a_network(words: list[str]) -> None:
    assert str(striate.parse(words[1]))


def test_training_ends_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(striate.__file__).parents[1]))
    said = run(["train"], tmp_path).stdout.splitlines()
    shown = re.search(r"^\$ striate train\n(.*?)^```", TEXT, re.M | re.S)
    assert shown
    told = shown[1].splitlines()
    # The line, the split and the files are the same everywhere; figures may differ between processors by a little.
    assert told[:2] == said[:2]
    assert told[-1] == said[-1]
    accuracies = [float(re.search(r"([\d.]+) %", lines[-2])[1]) for lines in (told, said)]  # type: ignore[index]
    assert accuracies[1] == pytest.approx(accuracies[0], abs=1.0)


def test_the_looks_are_saved_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands run as they stand, on a model of the same line with drawn weights, and on drawn images."""
    monkeypatch.setenv("PYTHONPATH", str(Path(striate.__file__).parents[1]))
    monkeypatch.setenv("COLUMNS", "200")
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    classes = ("0", "horse", *map(str, range(2, 10)))
    np.savez(tmp_path / "few.npz", images=images, labels=np.arange(40) % 10, classes=classes)
    Image.fromarray(images[0]).save(tmp_path / "horse.png")
    line = next(words[1] for words in commands() if "vgg.striate" in words and words[0] == "train")
    network = striate.parse(line)
    drawn = {
        name: random.standard_normal(shape).astype(np.float32) for name, shape in network.parameter_shapes().items()
    }
    striate.Model(network, drawn, classes, notes={"data": str(tmp_path / "few.npz")}).save(tmp_path / "vgg.striate")
    told = re.findall(r"^\$ striate look .*\n(saved .*)$", TEXT, re.M)
    said = []
    for words in (words for words in commands() if words[0] == "look"):
        done = run(words, tmp_path)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.strip())
        assert (tmp_path / said[-1].removeprefix("saved ")).stat().st_size > 1000
    assert said == told
    assert len(said) == 5


def test_the_misfit_is_told_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(striate.__file__).parents[1]))
    words = next(words for words in commands() if words[0] == "plan")
    done = run(words, tmp_path)
    assert done.returncode == 2
    assert " ".join(done.stderr.split()) in " ".join(TEXT.split())


def test_the_python_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)
    assert blocks
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, str(README), "exec"), names)
    assert names["scores"].shape == (1797, 10)  # type: ignore[attr-defined]
    assert (names["scores"].argmax(1) == names["digits"].labels).mean() > 0.9  # type: ignore[attr-defined]
    assert names["model"].fit(names["X"], names["y"]).score(names["X"], names["y"]) > 0.9  # type: ignore[attr-defined]


def test_the_pictures_are_there() -> None:
    for name in re.findall(r"!\[.*?\]\((.*?)\)", TEXT):
        assert (README.parent / name).stat().st_size > 1000
    for name in re.findall(r"[^!]\[.*?\]\(([^)]*)\)", TEXT):
        assert (README.parent / name).exists()
    more = README.parent / "docs" / "look.md"
    for name in re.findall(r"!\[.*?\]\((.*?)\)", more.read_text(encoding="utf-8")):
        assert (more.parent / name).stat().st_size > 1000
    for name in re.findall(r'(?:src|srcset)="(.*?)"', TEXT):
        assert (README.parent / name).stat().st_size > 1000
