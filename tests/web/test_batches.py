"""Another batch, whenever it is wished: while a run compiles, trains, sleeps, and where it cannot be."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visiting import LINE, Client, Served, served, until

from striate.program import Program, compile

SETTINGS = {"epochs": 1000, "batch": 32, "lr": 0.02}


class Compiler:
    """`compile`, which notes the batches, waits where it is closed, and finds one batch too large."""

    def __init__(self) -> None:
        self.batches: list[int] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, *values: Any, batch: int, **how: Any) -> Program:
        self.batches.append(batch)
        assert self.open.wait(60)
        if batch == 4096:
            raise MemoryError
        return compile(*values, batch=batch, **how)


@pytest.fixture
def compiler(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    found = Compiler()
    monkeypatch.setattr("striate.web.workshop.compile", found)
    return found


def batch_of(page: Served, run: int) -> Callable[[], int | None]:
    return lambda: getattr(page.page.desk.trainer.runs[run].program, "batch", None)


def settings_of(client: Client, run: int) -> dict[str, Any]:
    return next(each["settings"] for each in client.ask("hello")["runs"] if each["id"] == run)


def test_a_batch_that_is_set_while_it_compiles_is_what_it_gets(
    client: Client, shared: Served, compiler: Compiler
) -> None:
    compiler.open.clear()
    run = client.ask("start", line=LINE, data="digits", settings=SETTINGS)["run"]["id"]
    until(lambda: compiler.batches == [32])
    told = client.ask("set", run=run, settings={"batch": 8})["run"]
    assert told["state"] == "compiling" and told["settings"]["batch"] == 8
    compiler.open.set()
    until(lambda: batch_of(shared, run)() == 8)


@pytest.mark.parametrize("do", ["guesses", "weights", "explain", "look"])
def test_what_is_looked_up_is_looked_up_in_the_program_of_then(
    client: Client, run: dict[str, Any], shared: Served, monkeypatch: pytest.MonkeyPatch, do: str
) -> None:
    """Between a request and its visit, the run changes over to a program with other parameters."""
    desk, mine = shared.page.desk, shared.page.desk.trainer.runs[run["id"]]
    other = compile(mine.network, batch=16, threads=1, seed=77)
    visit = desk.trainer.visit

    def later(work: Callable[[], Any]) -> Any:
        mine.program = other
        return visit(work)

    monkeypatch.setattr(desk.trainer, "visit", later)
    image = np.zeros((1, 8, 8, 1), np.uint8)
    if do == "guesses":
        head, payload = client.binary("guesses", run=run["id"], first=0, count=20)
        scores = other.scores(np.frombuffer(payload, np.uint8).reshape(20, 8, 8, 1))
        assert [guess["best"][0][0] for guess in head["guesses"]] == [str(best) for best in scores.argmax(1)]
    elif do == "weights":
        told = client.ask("weights", run=run["id"], layer="conv1", filter=1)
        np.testing.assert_array_equal(np.array(told["values"])[:, :, 0], other.parameters()["conv1.weights"][1, 0])
    elif do == "explain":
        where = {"image": {"test": 0}, "layer": "conv1", "position": [2, 2, 1]}
        told = client.ask("explain", run=run["id"], **where)
        assert told["weights"][0] == other.parameters()["conv1.weights"][1, 0].tolist()
    else:
        head, _ = client.binary("look", image.tobytes(), run=run["id"])
        assert head["scores"][0][0] == str(other.scores(image).argmax())


def test_what_was_asked_is_done_although_who_asked_is_gone(
    client: Client, shared: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, begun = threading.Event(), threading.Event()
    workshop = shared.page.desk.workshop
    material = workshop.sets.material

    def slowly(*values: Any) -> Any:
        begun.set()
        assert gate.wait(60)
        return material(*values)

    monkeypatch.setattr(workshop.sets, "material", slowly)
    hub = shared.page.desk.hub
    before = len(hub.browsers)
    with shared.client() as other:
        other.socket.send(json.dumps({"id": 1, "do": "start", "line": LINE, "data": "digits", "settings": SETTINGS}))
        assert begun.wait(60)
    until(lambda: len(hub.browsers) == before)
    gate.set()
    until(lambda: [run["state"] for run in client.ask("hello")["runs"]] == ["running"])


def test_of_many_wishes_the_first_and_the_last_are_compiled(
    client: Client, run: dict[str, Any], shared: Served, compiler: Compiler
) -> None:
    compiler.open.clear()
    for batch in range(10, 20):
        client.ask("set", run=run["id"], settings={"batch": batch})
    until(lambda: compiler.batches)
    compiler.open.set()
    until(lambda: batch_of(shared, run["id"])() == 19)
    assert compiler.batches == [10, 19]


def test_a_batch_that_cannot_be_is_told_and_put_back(client: Client, run: dict[str, Any], compiler: Compiler) -> None:
    client.ask("control", run=run["id"], action="resume")
    client.ask("set", run=run["id"], settings={"batch": 4096})
    note = client.event("note")["message"]
    assert "keeps its batch of 32" in note and "MemoryError" in note
    assert settings_of(client, run["id"])["batch"] == 32
    client.event("progress", lambda event: event["points"])


def test_a_removed_run_gets_no_batch(client: Client, run: dict[str, Any], shared: Served, compiler: Compiler) -> None:
    compiler.open.clear()
    client.ask("set", run=run["id"], settings={"batch": 10})
    until(lambda: compiler.batches)
    client.ask("set", run=run["id"], settings={"batch": 11})
    client.ask("control", run=run["id"], action="remove")
    compiler.open.set()
    until(lambda: not shared.page.desk.batches._pending)
    assert compiler.batches == [10]


def paused(folder: Path) -> int:
    """A run of five steps and more in that folder."""
    with served(folder) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings=SETTINGS)["run"]["id"]
        client.event("progress", lambda event: event["run_now"]["step"] > 5)
        client.ask("control", run=run, action="stop")
    return int(run)


def test_a_batch_that_cannot_be_does_not_keep_a_run_asleep(tmp_path: Path, compiler: Compiler) -> None:
    run = paused(tmp_path)
    with served(tmp_path) as page, page.client() as client:
        client.ask("set", run=run, settings={"batch": 4096})
        assert client.ask("control", run=run, action="resume")["run"]["state"] == "running"
        assert "keeps its batch of 32" in client.event("note")["message"]
        assert settings_of(client, run)["batch"] == 32 == batch_of(page, run)()


def test_a_batch_set_asleep_is_the_same_change_as_awake(tmp_path: Path) -> None:
    run = paused(tmp_path)
    kept = next(tmp_path.glob("*.checkpoint"))
    found, first = [], kept.read_bytes()
    for asleep in (True, False):
        kept.write_bytes(first)
        with served(tmp_path) as page, page.client() as client:
            if not asleep:
                client.ask("watch", run=run)  # wakes it
            client.ask("set", run=run, settings={"batch": 8})
            if not asleep:
                until(lambda page=page: batch_of(page, run)() == 8)
            for _ in range(3):
                told = client.ask("control", run=run, action="step")["run"]
            mine = page.page.desk.trainer.runs[run]
            points = [point[0::3] for point in mine.history.since(mine.history.count - 3)]
            found.append((told["step"], told["steps"], points, mine.awake().parameters()))
    for mine, its in zip(found[0][:3], found[1][:3], strict=True):
        assert mine == its
    for name, values in found[0][3].items():
        np.testing.assert_array_equal(values, found[1][3][name])
