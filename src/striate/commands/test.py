"""`striate test`: accuracy, per class and confusion."""

from __future__ import annotations

import json
from pathlib import Path

from striate.commands.say import console
from striate.commands.source import load_data
from striate.commands.verdict import verdict
from striate.errors import ArgumentError
from striate.train.evaluate import evaluate
from striate.train.match import relabel
from striate.train.model import Model
from striate.train.tested import tested


def test(path: Path, data: str | None, data_dir: Path | None, threads: int | None, as_json: bool) -> None:
    """Test the model at `path` on the data set and print what came out."""
    model = Model.load(path)
    name = data if data is not None else model.notes.get("data")
    if not isinstance(name, str):
        raise ArgumentError(f"{path} does not say what it was trained on: name a data set after it")
    dataset, what = tested(load_data(name, data_dir, model.network.input), model)
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
