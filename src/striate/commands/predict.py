"""`striate predict`: the five best classes of each image, with their scores."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.commands.say import console
from striate.data.image import read_image
from striate.train.model import Model

BEST = 5
BAR = 30  # characters


def predict(path: Path, images: list[Path], threads: int | None, as_json: bool) -> None:
    """Score the images with the model at `path` and print the best classes of each."""
    model = Model.load(path)
    # Every file is read before anything is compiled or printed, so that a wrong one is the only message.
    pixels = np.stack([read_image(image, model.network.input) for image in images])
    if model.notes.get("pixels") == "float32":
        print(
            f"striate: {path} was trained on float32 images; image files are given to it as numbers 0 to 1",
            file=sys.stderr,
        )
    scores = model.compile(threads=threads).scores(pixels)
    guesses = [_best(model, row) for row in scores]
    if as_json:
        found = [{"image": str(image), "best": best} for image, best in zip(images, guesses, strict=True)]
        print(json.dumps({"model": str(path), "images": found}, indent=2))
        return
    for image, best in zip(images, guesses, strict=True):
        _show(image, best)


def _best(model: Model, scores: npt.NDArray[np.float32]) -> list[dict[str, Any]]:
    """Return the best classes, best first; softmax gives a probability, the SVM's scores are none."""
    exact = scores.astype(np.float64)
    order = np.argsort(-exact, kind="stable")[:BEST]
    best: list[dict[str, Any]] = [{"class": model.classes[i], "score": float(exact[i])} for i in order]
    if model.loss == "softmax":
        powers = np.exp(exact - exact.max())
        for guess, number in zip(best, order, strict=True):
            guess["probability"] = float(powers[number] / powers.sum())
        return best
    return best


def _show(image: Path, best: list[dict[str, Any]]) -> None:
    """Print one image's classes, each with a bar."""
    seen = console()
    seen.print(str(image), style="bold", markup=False, soft_wrap=True)
    width = min(30, max(len(guess["class"]) for guess in best))
    # Scores may be negative: the best fills the bar, and a bar ends where the score is 0 or less.
    top = max(best[0]["score"], 1e-30)
    for place, guess in enumerate(best):
        part = guess.get("probability", max(guess["score"], 0.0) / top)
        value = f"{100 * guess['probability']:6.1f} %" if "probability" in guess else f"{guess['score']:8.2f}"
        line = f"  {guess['class'][:width]:<{width}} {value}  {'█' * round(BAR * part)}".rstrip()
        seen.print(line, style="green" if place == 0 else None, markup=False, soft_wrap=True)
