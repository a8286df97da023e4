"""What a run says of its optimizer: to its program, to its model file, and to its checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visiting import LINE, Client, Served, served

from striate import SGD, Adadelta, Adagrad, Adam, AdamW, RMSProp
from striate.commands.learning import Learning
from striate.layers.loss import Loss
from striate.notation.parse import parse
from striate.optimizers import Optimizer
from striate.train.model import Model
from striate.web.models import model_of, settings_of
from striate.web.settings import RATES, Settings

RULES = {
    "sgd": SGD(0.01, 0.8, 0.001),
    "nesterov": SGD(0.01, 0.8, 0.001, nesterov=True),
    "adagrad": Adagrad(0.01, l2=0.001),
    "adadelta": Adadelta(1.0, l2=0.001),
    "rmsprop": RMSProp(0.001, l2=0.001),
    "adam": Adam(0.001, l2=0.001),
    "adamw": AdamW(0.001, weight_decay=0.001),
}


@pytest.mark.parametrize("optimizer", RATES)
def test_a_run_trains_with_the_optimizer_and_its_model_says_so(client: Client, shared: Served, optimizer: str) -> None:
    asked = {"optimizer": optimizer, "lr": RATES[optimizer], "l2": 0.001, "momentum": 0.8, "epochs": 5000}
    id = client.ask("start", line=LINE, data="digits", settings=asked)["run"]["id"]
    client.event("progress", lambda event: event["run"] == id and bool(event["points"]))
    trainer = shared.page.desk.trainer
    run, rule = trainer.runs[id], RULES[optimizer]
    used = run.awake().optimizer
    assert 0 < used.lr <= rule.lr and replace(used, lr=rule.lr) == rule
    assert settings_of(trainer.visit(lambda: model_of(run)).result(60)).rule == rule
    client.ask("control", run=id, action="stop")


@pytest.mark.parametrize(("name", "rule"), RULES.items())
def test_a_model_of_the_command_line_says_its_optimizer(name: str, rule: Optimizer) -> None:
    decay = {"weight_decay": 0.001} if name == "adamw" else {"l2": 0.001}
    own = {"momentum": 0.8, "nesterov": name == "nesterov"} if isinstance(rule, SGD) else {}
    learning = Learning("sgd" if isinstance(rule, SGD) else name, lr=rule.lr, **decay, **own)  # type: ignore[arg-type]
    notes = learning.notes(learning.make_optimizer(), Loss("softmax"))
    network = parse("INPUT[1x1x1] - FC[2]")
    model = Model.__new__(Model)  # only what is read of it
    object.__setattr__(model, "loss", "softmax")
    object.__setattr__(model, "notes", notes)
    object.__setattr__(model, "network", network)
    assert settings_of(model).rule == rule


def adam(client: Client) -> int:
    """A run with Adam that will end."""
    asked = {"optimizer": "adam", "batch": 40, "epochs": 30}
    run: int = client.ask("start", line=LINE, data="digits", settings=asked)["run"]["id"]
    return run


def learned(client: Client, page: Served, run: int) -> dict[str, Any]:
    """What it has learned and remembers at its end."""
    client.state(run, "done")
    program = page.page.desk.trainer.runs[run].awake()
    return {**program.parameters(), **program.optimizer_state()}


def test_a_run_with_another_optimizer_goes_on_exactly(tmp_path: Path) -> None:
    with served(tmp_path / "whole") as page, page.client() as client:
        whole = learned(client, page, adam(client))
    with served(tmp_path / "parts") as page, page.client() as client:
        run = adam(client)
        client.ask("control", run=run, action="pause")
        client.state(run, "paused")
    with served(tmp_path / "parts") as page, page.client() as client:
        known = client.ask("hello")["runs"][0]
        assert known["settings"]["optimizer"] == "adam" and 0 <= known["step"] < known["steps"]
        client.ask("control", run=run, action="resume")
        parts = learned(client, page, run)
    assert whole.keys() == parts.keys() and any(name.startswith("squares.") for name in whole)
    for name in whole:
        np.testing.assert_array_equal(whole[name], parts[name], err_msg=name)


def test_what_the_optimizer_does_not_have_is_not_told() -> None:
    assert "momentum" not in Settings(optimizer="adam").to_notes()
    assert "nesterov" not in Settings().to_notes() and Settings(optimizer="nesterov").to_notes()["nesterov"] is True
