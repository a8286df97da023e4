"""`striate test`: accuracy, per class and confusion."""

from __future__ import annotations

import json
from pathlib import Path

from striate.commands.say import console, count
from striate.commands.source import load_data
from striate.commands.verdict import verdict
from striate.data.dataset import Dataset, Splits
from striate.errors import ArgumentError
from striate.train.evaluate import evaluate
from striate.train.held_out import fingerprint, hold_out
from striate.train.match import relabel
from striate.train.model import Model


def test(path: Path, data: str | None, data_dir: Path | None, threads: int | None, as_json: bool) -> None:
    """Test the model at `path` on the data set and print what came out."""
    model = Model.load(path)
    name = data if data is not None else model.notes.get("data")
    if not isinstance(name, str):
        raise ArgumentError(f"{path} does not say what it was trained on: name a data set after it")
    dataset, what = _choose(load_data(name, data_dir, model.network.input), model)
    # The names of the classes are compared before anything is compiled.
    dataset = relabel(dataset, model.classes)
    result = evaluate(model.compile(threads=threads), dataset)
    if as_json:
        print(json.dumps({"model": str(path), "data": name, "tested": what, **result.to_json()}, indent=2))
        return
    print(model.network)
    print(f"{dataset.name}: {what}")
    screen = console()
    for line in verdict(result, screen.width):
        screen.print(line, soft_wrap=True)


def _choose(splits: Splits, model: Model) -> tuple[Dataset, str]:
    """Return the images to test on, and in words which they are."""
    if splits.test is not None:
        return splits.test, f"its {count(len(splits.test), 'test image')}"
    seed = model.notes.get("seed")
    if isinstance(seed, int) and seed >= 0 and model.notes.get("fingerprint") == fingerprint(splits):
        held = hold_out(splits, 0.0, seed).test
        return held, f"the {count(len(held), 'test image')} that were held out when the model was trained"
    return splits.train, f"all {count(len(splits.train), 'image')}"
