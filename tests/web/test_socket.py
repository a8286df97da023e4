"""What a browser asks and is told, over a real socket."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_requests import mutated, values
from visiting import LINE, Client, Served, served, until
from websockets.exceptions import ConnectionClosed, InvalidStatus

import striate
from striate.data.load import load
from striate.train.held_out import hold_out
from striate.web import hub, lanes

DIGITS = hold_out(load("digits"), 0.1, 0)


def test_hello_says_what_there_is(client: Client) -> None:
    hello = client.ask("hello")
    digits = next(each for each in hello["data"] if each["name"] == "digits")
    assert digits["volume"] == [8, 8, 1] and digits["classes"] == list("0123456789")
    assert digits["train"] + digits["test"] == 1797 and digits["test"] == len(DIGITS.test)
    assert hello["version"] == striate.__version__ and hello["defaults"]["line"] == LINE
    assert set(hello["limits"]) == {"image_bytes", "image_pixels", "model_bytes"}


def test_a_line_is_planned_or_its_error_told(client: Client) -> None:
    good = client.ask("plan", line="input[32x32x3] - conv[12, 5x5] - relu - pool - fc[10]", batch=2)
    assert good["network"] == "INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]"
    conv = good["layers"][1]
    assert (conv["name"], conv["kind"], conv["parameters"], conv["output"]) == ("conv1", "CONV", 912, [32, 32, 12])
    assert conv["window"]["P"] == [2, 2] and good["layers"][2]["window"] is None
    wrong = client.refused("plan", line="INPUT[10x10x1] - CONV[4, S=2, P=0]")
    assert wrong["kind"] == "fit" and wrong["position"] == 17 and "4.5 is no whole number" in wrong["reason"]
    assert {"S=1", "F=2", "F=4", "fit=pad", "fit=crop"} <= {fix["label"] for fix in wrong["fixes"]}
    for fix in wrong["fixes"]:
        client.ask("plan", line=fix["line"])
    assert client.refused("plan", line="INPUT[8x8x1] - RLEU")["kind"] == "notation"
    client.ask("plan", line="INPUT[10x10x1] - CONV[4, S=2, P=0]", fit="crop")


def test_a_run_trains_and_says_how(client: Client) -> None:
    begun = client.ask("start", line=LINE, data="digits", settings={"epochs": 5, "batch": 50, "seed": 3})["run"]
    assert begun["state"] == "compiling" and begun["classes"] == list("0123456789")
    done = client.state(begun["id"], "done")
    assert done["epoch"] == done["epochs"] == 5 and done["step"] == done["steps"] == 5 * 26
    client.event("progress", lambda event: len(event["epochs"]) > 0 and event["epochs"][-1][0] == 5)
    told = [event for event in client.events if event["event"] == "progress"]
    times = [point[0] for event in told for point in event["points"]]
    assert times == sorted(times) and times[-1] == 5
    epochs = [epoch for event in told for epoch in event["epochs"]]
    # The same run by the training loop of the command line.
    from striate.train.loop import train_epochs

    program = striate.compile(
        striate.parse(LINE), 50, striate.SGD(0.01, 0.9, 5e-4), seed=3, threads=1,
        preprocessing=striate.Preprocessing.measure(hold_out(load("digits"), 0.1, 3).train.images),
    )  # fmt: skip
    parts = hold_out(load("digits"), 0.1, 3)
    reports = list(train_epochs(program, parts.train, parts.validation, 5, 3, schedule="cosine"))
    closed = [report for report in reports if report.kind == "epoch"]
    expected = [[r.time, r.loss, r.accuracy, r.validation_loss, r.validation_accuracy] for r in closed]
    np.testing.assert_allclose(epochs, expected, rtol=1e-12)


def test_pause_step_resume_stop_remove(client: Client, run: dict[str, Any]) -> None:
    id, step = run["id"], run["step"]
    assert run["state"] == "paused"
    assert client.ask("control", run=id, action="step")["run"]["step"] == step + 1
    time.sleep(0.3)
    assert client.ask("control", run=id, action="step")["run"]["step"] == step + 2
    assert client.ask("control", run=id, action="resume")["run"]["state"] == "running"
    assert "pause it" in client.refused("control", run=id, action="step")["message"]
    client.event("progress", lambda event: event["run_now"]["step"] > step + 2)
    assert client.ask("control", run=id, action="stop")["run"]["state"] == "stopped"
    client.ask("control", run=id, action="remove")
    assert "no run" in client.refused("control", run=id, action="resume")["message"]


def test_the_speed_is_that_since_it_was_resumed(client: Client, run: dict[str, Any], shared: Served) -> None:
    client.ask("control", run=run["id"], action="step")
    mine = shared.page.desk.trainer.runs[run["id"]]
    assert not mine._marks
    mine._marks.append((time.monotonic() - 1000, 0))
    client.ask("control", run=run["id"], action="resume")
    now = client.event("progress", lambda event: event["run_now"]["images_per_second"])["run_now"]
    assert now["images_per_second"] > 100


def test_a_line_is_read_beside_the_event_loop(client: Client, shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[threading.Thread] = []

    def noting(line: str, fit: str) -> Any:
        found.append(threading.current_thread())
        return striate.parse(line, fit)

    monkeypatch.setattr("striate.web.desk.parse", noting)
    client.ask("start", line=LINE, data="digits")
    assert len(found) == 1 and found[0] is not shared.thread


def test_settings_change_while_it_runs(client: Client, run: dict[str, Any]) -> None:
    id = run["id"]
    client.ask("control", run=id, action="resume")
    changed = client.ask("set", run=id, settings={"lr": 0.003, "momentum": 0.5, "l2": 0.0, "batch": 100})["run"]
    assert changed["settings"]["lr"] == 0.003 and changed["settings"]["batch"] == 100
    client.event("progress", lambda event: event["points"] and event["points"][-1][3] <= 0.003)

    def steps() -> int:
        found: int = next(each["steps"] for each in client.ask("hello")["runs"] if each["id"] == id)
        return found

    until(lambda: steps() != run["steps"])
    assert steps() < run["steps"]  # larger batches are fewer steps
    assert "DROPOUT" in client.refused("set", run=id, settings={"dropout": 0.3})["message"]


def test_dropout_changes_while_it_runs_and_with_another_batch(client: Client, shared: Served) -> None:
    line = "INPUT[8x8x1] - FC[20] - RELU - DROPOUT[0.3] - FC[10]"
    run = client.ask("start", line=line, data="digits", settings={"epochs": 5000})["run"]
    id = run["id"]
    assert run["has_dropout"] and run["settings"]["dropout"] == 0.3
    client.state(id, "running")
    mine = shared.page.desk.trainer.runs[id]
    assert mine.awake().dropout == {"dropout1": 0.3}
    assert client.ask("set", run=id, settings={"dropout": 0.6})["run"]["settings"]["dropout"] == 0.6
    assert mine.awake().dropout == {"dropout1": 0.6}
    client.ask("set", run=id, settings={"batch": 64})
    while mine.awake().batch != 64:
        client.receive()
    paused = client.ask("control", run=id, action="pause")["run"]
    program = mine.awake()
    assert program.batch == 64 and program.dropout == {"dropout1": 0.6} and program.steps == paused["step"]


def test_a_race_takes_turns_and_a_start_alone_pauses_the_others(client: Client, shared: Served) -> None:
    trainer = shared.page.desk.trainer

    def steps() -> dict[int, int]:
        """At one time for all runs: between two steps."""
        return trainer.call(lambda: {run.id: run.describe()["step"] for run in trainer.runs.values()}).result(60)

    first = client.ask("start", line=LINE, data="digits", settings={"epochs": 5000})["run"]["id"]
    client.state(first, "running")
    other = {"epochs": 5000, "lr": 0.001}
    second = client.ask("start", line=LINE, data="digits", settings=other, race=True)["run"]["id"]
    client.state(second, "running")
    began = steps()
    for id in (first, second) * 2:
        client.event("progress", lambda event, id=id: event["run"] == id)
    now = steps()
    gone = [now[id] - began[id] for id in (first, second)]
    assert min(gone) > 0 and abs(gone[0] - gone[1]) <= 2  # step by step
    third = client.ask("start", line=LINE, data="digits")["run"]["id"]
    states = {run["id"]: run["state"] for run in client.ask("hello")["runs"]}
    assert states[first] == states[second] == "paused" and states[third] != "paused"


def test_a_run_that_diverges_says_so(client: Client) -> None:
    id = client.ask("start", line=LINE, data="digits", settings={"lr": 1000})["run"]["id"]
    failed = client.state(id, "failed")
    assert "smaller learning rate" in failed["error"]
    assert "has failed" in client.refused("control", run=id, action="resume")["message"]


def test_a_failed_run_goes_on_from_its_checkpoint(client: Client, run: dict[str, Any], shared: Served) -> None:
    id = run["id"]
    until(lambda: client.ask("hello")["runs"][0]["saved"])
    client.ask("set", run=id, settings={"lr": 1000})
    until(lambda: not shared.page.desk.trainer._changed)
    client.ask("control", run=id, action="resume")
    failed = client.state(id, "failed")
    assert "its last checkpoint is kept: resume it" in failed["error"]
    assert "has failed" in client.refused("control", run=id, action="step")["message"]
    client.ask("set", run=id, settings={"lr": 0.001})
    client.events.clear()
    again = client.ask("control", run=id, action="resume")["run"]
    assert again["state"] == "running" and again["error"] is None
    client.event("progress", lambda event: event["run_now"]["step"] > failed["step"] + 50)
    begins = next(i for i, event in enumerate(client.events) if event["event"] == "history" and event["run"] == id)
    told = client.events[begins:]  # a history stands for all that came before it
    points = told[0]["points"] + [point for event in told if "run_now" in event for point in event["points"]]
    times = [point[0] for point in points]
    assert times == sorted(times) and max(point[1] for point in points) < 20  # what diverged is forgotten
    with shared.client() as other:
        points = other.event("history", lambda event: event["run"] == id)["points"]
        assert [point[0] for point in points] == sorted(point[0] for point in points)


def test_a_single_step_that_fails_says_what_is_left(client: Client, run: dict[str, Any]) -> None:
    until(lambda: client.ask("hello")["runs"][0]["saved"])
    client.ask("set", run=run["id"], settings={"lr": 1000})
    for _ in range(100):
        found = client.ask("control", run=run["id"], action="step")["run"]
        if found["state"] == "failed":
            break
    assert "its last checkpoint is kept" in found["error"]


def test_guesses_are_the_programs(client: Client, run: dict[str, Any], shared: Served) -> None:
    head, payload = client.binary("guesses", run=run["id"], first=350, count=24)
    assert head["count"] == len(DIGITS.test) - 350 == 9  # no more than there are
    assert payload == DIGITS.test.images[350:].tobytes()
    program = shared.page.desk.trainer.runs[run["id"]].awake()
    scores = program.scores(DIGITS.test.images[350:]).astype(np.float64)
    powers = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    for guess, row, label in zip(head["guesses"], powers, DIGITS.test.labels[350:], strict=True):
        assert guess["label"] == label and guess["right"] == (row.argmax() == label)
        assert [name for name, _ in guess["best"]] == [str(i) for i in np.argsort(-row)[:3]]
        # Few images at a time go through other kernels, whose roundings are others.
        np.testing.assert_allclose([p for _, p in guess["best"]], np.sort(row)[::-1][:3], rtol=1e-4)


def test_weights_are_the_programs(client: Client, run: dict[str, Any], shared: Served) -> None:
    parameters = shared.page.desk.trainer.runs[run["id"]].awake().parameters()
    found = client.ask("weights", run=run["id"], layer="conv1", filter=2)
    assert found["shape"] == [3, 3, 1] and found["bias"] == parameters["conv1.biases"][2]
    np.testing.assert_array_equal(np.array(found["values"])[:, :, 0], parameters["conv1.weights"][2, 0])
    fc = client.ask("weights", run=run["id"], layer="fc1", filter=9)
    np.testing.assert_array_equal(np.array(fc["values"]).transpose(2, 0, 1).ravel(), parameters["fc1.weights"][9])
    for layer, filter in (("relu1", 0), ("conv1", 4), ("nowhere", 0)):
        client.refused("weights", run=run["id"], layer=layer, filter=filter)


def test_wrong_requests_are_answered_and_the_server_goes_on(client: Client, run: dict[str, Any]) -> None:
    id = run["id"]
    for do, wrong in (
        ("start", {"line": LINE, "data": "/etc/passwd"}),
        ("start", {"line": LINE, "data": "../digits"}),
        ("start", {"line": "INPUT[9x8x1] - FC[10]", "data": "digits"}),
        ("start", {"line": "INPUT[8x8x1] - FC[3]", "data": "digits"}),
        ("control", {"run": 999, "action": "pause"}),
        ("watch", {"run": id, "image": 10**6}),
        ("guesses", {"run": id, "first": 10**6, "count": 1}),
        ("explain", {"run": id, "image": {"look": True}, "layer": "conv1", "position": [0, 0, 0]}),
        ("explain", {"run": id, "image": {"test": 0}, "layer": "conv1", "position": [99, 0, 0]}),
        ("explain", {"run": id, "image": {"test": 0}, "layer": "x", "position": [0, 0, 0]}),
    ):
        assert client.refused(do, **wrong)["message"]
    client.ask("hello")


def test_answers_come_in_order(client: Client, run: dict[str, Any]) -> None:
    """In the order in which they were asked, each kind for itself."""
    for id in range(100, 120, 2):
        client.socket.send(json.dumps({"id": id, "do": "weights", "run": run["id"], "layer": "conv1", "filter": 0}))
        client.socket.send(json.dumps({"id": id + 1, "do": "set", "run": run["id"], "settings": {"lr": id / 1e4}}))
    found = replies(client, 20)
    assert [id for id in found if id % 2 == 0] == list(range(100, 120, 2))
    assert [id for id in found if id % 2 == 1] == list(range(101, 120, 2))
    assert client.ask("hello")["runs"][0]["settings"]["lr"] == 118 / 1e4


def test_orders_do_not_wait_for_what_is_looked_at(client: Client, run: dict[str, Any], shared: Served) -> None:
    desk = shared.page.desk
    visit, held = desk.visit, asyncio.Event()

    async def never(work: Any) -> Any:
        await held.wait()

    desk.visit = never  # type: ignore[method-assign]
    try:
        client.socket.send(json.dumps({"id": 900, "do": "guesses", "run": run["id"], "first": 0, "count": 1}))
        assert client.ask("set", run=run["id"], settings={"lr": 0.5})["run"]["settings"]["lr"] == 0.5
        assert client.ask("control", run=run["id"], action="step")["run"]["step"] == run["step"] + 1
    finally:
        desk.visit = visit  # type: ignore[method-assign]
        desk.hub.in_loop(held.set)


def test_of_very_many_lines_the_newest_are_planned(client: Client) -> None:
    for id in range(100, 160):
        client.socket.send(json.dumps({"id": id, "do": "plan", "line": LINE}))
    answers = {}
    while len(answers) < 60:
        message = client.receive()
        if isinstance(message, dict) and "re" in message:
            answers[message["re"]] = message
    given_up = [id for id, answer in answers.items() if "newer lines" in answer.get("error", {}).get("message", "")]
    assert 0 < len(given_up) < 59 and max(given_up) < 160 - lanes.WAITING
    assert all("result" in answers[id] for id in range(160 - lanes.WAITING, 160))


def replies(client: Client, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        message = client.receive()
        if isinstance(message, dict) and "re" in message:
            found.append(message["re"])
    return found


def test_a_reload_picks_up(client: Client, run: dict[str, Any], shared: Served) -> None:
    with shared.client() as again:
        history = again.event("history", lambda event: event["run"] == run["id"])
        assert 0 < len(history["points"]) <= 1000
        found = next(each for each in again.ask("hello")["runs"] if each["id"] == run["id"])
        assert found["state"] == "paused" and found["step"] == run["step"]
        assert history["points"][-1][0] == pytest.approx(run["time"], abs=0.2)


def test_too_many_browsers_are_refused(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.web.app.MOST", 2)
    with shared.client(), shared.client(), pytest.raises(InvalidStatus) as caught, shared.client():
        pass
    assert caught.value.response.status_code == 503 and hub.MOST == 32


def test_a_message_that_is_too_large_ends_that_connection_alone(shared: Served) -> None:
    with shared.client() as one, shared.client() as other:
        with pytest.raises(ConnectionClosed):
            one.socket.send("x" * (5 << 20))
            for _ in range(100):
                one.receive()
        other.ask("hello")


@settings(max_examples=60)
@given(st.lists(mutated() | values | st.binary(max_size=40), min_size=1, max_size=5))
def test_whatever_a_browser_sends_the_server_answers_the_next(shared: Served, sent: list[Any]) -> None:
    with shared.client() as client:
        for message in sent:
            # Real runs would pile up; everything else is sent as drawn.
            if isinstance(message, dict) and message.get("do") == "start":
                message["data"] = "nowhere"
            client.socket.send(message if isinstance(message, bytes) else json.dumps(message))
        client.number = 2**52  # none of those drawn
        assert client.ask("plan", line=LINE)["network"] == LINE
        for event in client.events:
            assert event["event"] in ("runs", "history", "note", "progress")


def test_a_failing_handler_is_an_answer(shared: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*values: Any) -> None:
        raise RuntimeError("on purpose")

    monkeypatch.setattr("striate.web.answers.network_json", broken)
    error = client.refused("plan", line=LINE)
    assert error["kind"] == "other" and "on purpose" in error["message"]


def test_runs_that_were_used_longest_ago_sleep_and_wake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.web.desk.MOST_AWAKE", 2)
    with served(tmp_path) as here, here.client() as client:
        ids = []
        for seed in range(4):
            ids.append(client.ask("start", line=LINE, data="digits", settings={"epochs": 2, "seed": seed})["run"]["id"])
            client.state(ids[-1], "done")
        runs = here.page.desk.trainer.runs
        assert sum(runs[id].program is not None for id in ids) == 2 and runs[ids[0]].program is None
        head, _ = client.binary("guesses", run=ids[0], first=0, count=1)
        assert head["count"] == 1 and runs[ids[0]].program is not None
