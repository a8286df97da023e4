"""`striate predict`: the five best classes of each image, with their scores."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from striate.commands.say import console
from striate.data.image import read_image
from striate.train.guess import Guess, best
from striate.train.model import Model

BAR = 30  # characters


def predict(path: Path, images: list[Path], threads: int | None, as_json: bool) -> None:
    """Score the images with the model at `path` and print the best classes of each."""
    model = Model.load(path)
    # Every file is read before anything is compiled or printed, so that a wrong one is the only message.
    pixels = np.stack([read_image(image, model.network.input) for image in images])
    warn_of_floats(path, model)
    scores = model.compile(threads=threads).scores(pixels)
    guesses = [best(row, model.classes, model.loss) for row in scores]
    if as_json:
        found = [
            {"image": str(image), "best": [guess.to_json() for guess in few]}
            for image, few in zip(images, guesses, strict=True)
        ]
        print(json.dumps({"model": str(path), "images": found}, indent=2))
        return
    for image, few in zip(images, guesses, strict=True):
        _show(image, few)


def warn_of_floats(path: str | Path, model: Model) -> None:
    """Say on stderr that image files are given to a model that was trained on something else."""
    if model.notes.get("pixels") == "float32":
        print(
            f"striate: {path} was trained on float32 images; image files are given to it as numbers 0 to 1",
            file=sys.stderr,
        )


def _show(image: Path, few: tuple[Guess, ...]) -> None:
    """Print one image's classes, each with a bar."""
    seen = console()
    seen.print(str(image), style="bold", markup=False, soft_wrap=True)
    width = min(30, max(len(guess.name) for guess in few))
    # Scores may be negative: the best fills the bar, and a bar ends where the score is 0 or less.
    top = max(few[0].score, 1e-30)
    for place, guess in enumerate(few):
        part = max(guess.score, 0.0) / top if guess.probability is None else guess.probability
        value = guess.value.rjust(8)
        line = f"  {guess.name[:width]:<{width}} {value}  {'█' * round(BAR * part)}".rstrip()
        seen.print(line, style="green" if place == 0 else None, markup=False, soft_wrap=True)
