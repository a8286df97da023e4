"""What is kept of a run, and that it goes on from there exactly, after whatever ended the server."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from visiting import LINE, Client, Served, served, until
from websockets.sync.client import connect

from striate.notation.parse import parse
from striate.program import compile
from striate.train.checkpoint import FORMAT, Checkpoint
from striate.train.modelfile import read_tensors, write_tensors
from striate.train.steps import Steps
from striate.web.claim import LOCK
from striate.web.ending import FINISHING, GIVEN_UP, LOST
from striate.web.run import Run
from striate.web.sets import Sets
from striate.web.settings import Settings
from striate.web.shelf import Shelf

SETTINGS = {"epochs": 30, "batch": 40, "lr": 0.03, "seed": 2}


def learned(page: Served, run: int) -> dict[str, Any]:
    program = page.page.desk.trainer.runs[run].awake()
    return {**program.parameters(), **{f"v.{name}": values for name, values in program.velocity().items()}}


DROPPING = "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[20] - RELU - DROPOUT[0.3] - FC[10]"


@pytest.fixture(scope="module", params=[LINE, DROPPING])
def uninterrupted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a run has learned at its end, and under "line" its line."""
    with served(tmp_path_factory.mktemp("whole")) as page, page.client() as client:
        run = client.ask("start", line=request.param, data="digits", settings=SETTINGS)["run"]["id"]
        client.state(run, "done")
        return {"line": request.param, **learned(page, run)}


def begun(client: Client, line: str) -> int:
    """A run that stands near its beginning: it is paused before it can have ended."""
    run: int = client.ask("start", line=line, data="digits", settings=SETTINGS)["run"]["id"]
    client.ask("control", run=run, action="pause")
    client.state(run, "paused")
    return run


def same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def test_a_run_goes_on_bit_for_bit_in_another_server(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    with served(tmp_path) as page, page.client() as client:
        whole = dict(uninterrupted)
        run = begun(client, whole.pop("line"))
        for _ in range(3):  # somewhere within an epoch
            paused = client.ask("control", run=run, action="step")["run"]
        kept_points = client.ask("hello")["runs"][0]
    with served(tmp_path) as page, page.client() as client:
        again = client.ask("hello")["runs"][0]
        for name in ("id", "network", "step", "steps", "epoch", "settings", "data", "classes", "state", "time"):
            assert again[name] == paused[name] == kept_points[name], name
        told = [event for event in client.events if event["event"] == "history"]
        history = told[0] if told else client.event("history")
        assert history["run"] == run and history["points"][-1][0] == pytest.approx(paused["time"], rel=1e-6)
        assert len(history["points"]) == paused["step"]
        client.ask("control", run=run, action="resume")
        client.state(run, "done")
        same(learned(page, run), whole)


def test_a_pause_does_not_wait_for_validation(
    tmp_path: Path, uninterrupted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what is kept in the middle of it goes on exactly, too."""
    monkeypatch.setattr("striate.train.steps.PIECE", 20)
    whole = dict(uninterrupted)
    with served(tmp_path) as page, page.client() as client:
        desk = page.page.desk
        close, met = Run._close_some, threading.Event()

        def hold(self: Run, steps: Any) -> None:
            if steps.epoch == 2 and not met.is_set() and len(steps._scores) == 3:
                met.set()
                desk.trainer.call(lambda: desk._pause(self))  # asked for in the middle of validation
            close(self, steps)

        monkeypatch.setattr(Run, "_close_some", hold)
        run = client.ask("start", line=whole.pop("line"), data="digits", settings=SETTINGS)["run"]["id"]
        until(lambda: desk.trainer.runs[run].state == "paused")
        steps = desk.trainer.runs[run].steps
        assert steps is not None and steps.epoch == 2 and steps.epoch_over
    monkeypatch.setattr(Run, "_close_some", close)
    with served(tmp_path) as page, page.client() as client:
        before = client.ask("hello")["runs"][0]["step"]
        assert client.ask("control", run=run, action="step")["run"]["step"] == before + 1
        client.ask("control", run=run, action="resume")
        client.state(run, "done")
        same(learned(page, run), whole)


def test_a_change_of_batch_goes_on_exactly_too(tmp_path: Path) -> None:
    results, first = [], b""
    for interrupted in (False, True):
        folder = tmp_path / str(interrupted)
        with served(folder) as page, page.client() as client:
            run = begun(client, DROPPING)
            client.ask("control", run=run, action="step")
            client.ask("control", run=run, action="stop")
        # From the same checkpoint, once in one go and once with another server in between.
        kept = next(folder.glob("*.checkpoint"))
        if interrupted:
            kept.write_bytes(first)
        else:
            first = kept.read_bytes()
        with served(folder) as page, page.client() as client:
            run = client.ask("hello")["runs"][0]["id"]
            client.ask("control", run=run, action="step")
            client.ask("set", run=run, settings={"batch": 25, "lr": 0.01, "dropout": 0.6})
            until(lambda page=page, run=run: page.page.desk.trainer.runs[run].awake().batch == 25)
            client.ask("control", run=run, action="step")
            if not interrupted:
                client.ask("control", run=run, action="resume")
                client.state(run, "done")
                results.append(learned(page, run))
        if interrupted:
            with served(folder) as page, page.client() as client:
                client.ask("control", run=run, action="resume")
                client.state(run, "done")
                results.append(learned(page, run))
    same(*results)


def test_changes_and_steps_of_a_standing_run_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, and not only when the server ends in peace: also where the run sleeps."""

    def kept() -> Checkpoint:
        return Checkpoint.load(next(tmp_path.glob("*.checkpoint")))

    monkeypatch.setattr("striate.web.history.MOST", 20)
    with served(tmp_path) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings={**SETTINGS, "epochs": 10**5})["run"]["id"]
        client.event("progress", lambda event: event["run_now"]["step"] > 50)
        client.ask("control", run=run, action="pause")
        for _ in range(3):
            step = client.ask("control", run=run, action="step")["run"]["step"]
        until(lambda: list(tmp_path.glob("*.checkpoint")) and kept().position.step == step)
        client.ask("set", run=run, settings={"lr": 0.123})
        until(lambda: kept().settings["lr"] == 0.123)
        stride = page.page.desk.trainer.runs[run].history.stride
    with served(tmp_path) as page, page.client() as client:
        assert page.page.desk.trainer.runs[run].history.stride == stride > 1
        client.ask("set", run=run, settings={"lr": 0.321})
        until(lambda: kept().settings["lr"] == 0.321)
        client.ask("control", run=run, action="stop")
        until(lambda: kept().facts["state"] == "stopped")
        assert page.page.desk.trainer.runs[run].program is None and kept().position.step == step


def test_damaged_checkpoints_are_told_and_left_alone(tmp_path: Path) -> None:
    with served(tmp_path) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 1})["run"]["id"]
        client.state(run, "done")
    good = next(tmp_path.glob("*.checkpoint"))
    whole = good.read_bytes()
    damaged = {
        "cut.checkpoint": whole[:-100],
        "flipped.checkpoint": whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:],
        "empty.checkpoint": b"",
        "other.checkpoint": b"this is no checkpoint",
    }
    for name, data in damaged.items():
        (tmp_path / name).write_bytes(data)
    with served(tmp_path) as page, page.client() as client:
        assert [each["state"] for each in client.ask("hello")["runs"]] == ["done"]
        notes: list[str] = []
        while len(notes) < len(damaged):
            notes = [event["message"] for event in client.events if event["event"] == "note"]
            client.receive() if len(notes) < len(damaged) else None
        for name in damaged:
            assert any(name in note for note in notes)
    assert all((tmp_path / name).read_bytes() == data for name, data in damaged.items())


CRAFTED: dict[str, Any] = {
    "position is a list": {"position": []},
    "endless time": {"facts": {"time": 10**400}},
    "no time": {"facts": {"time": float("nan")}},
    "high number": {"facts": {"id": 2**40}},
    "more seen than there are": {"position": {"seen": 10**9}},
    "more right than seen": {"position": {"seen": 1, "correct": 2}},
    "more steps than there will be": {"position": {"steps": 1}},
    "no share": {"position": {"share": 2.0}},
    "no scales": {"preprocessing": []},
    "a class too few": {"classes": ["a"]},
}


def test_crafted_checkpoints_are_told_and_the_others_shown(tmp_path: Path) -> None:
    """Their checksums are right: somebody wrote them so."""
    run, shelf = stepping(3), Shelf(tmp_path)
    for _ in range(5):
        run.step()
    shelf.keep(run)
    shelf.close()
    assert run.path is not None
    tensors, metadata = read_tensors(run.path, FORMAT)
    metadata.pop("sha256")
    for name, change in CRAFTED.items():
        changed = {
            key: json.dumps({**json.loads(metadata[key]), **value} if isinstance(value, dict) else value)
            for key, value in change.items()
        }
        write_tensors(tmp_path / f"{name}.checkpoint", tensors, {**metadata, **changed})
    (tmp_path / "link.checkpoint").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.checkpoint").mkdir()
    found = list(Shelf(tmp_path).runs())
    runs, told = [each for each in found if isinstance(each, Run)], [each for each in found if isinstance(each, str)]
    assert [(each.id, each.at.step) for each in runs] == [(3, 5)]
    for name in (*CRAFTED, "link", "folder"):
        (sentence,) = [each for each in told if f"{name}.checkpoint" in each]
        assert "Error:" not in sentence


def test_the_page_answers_while_the_shelf_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for id in (1, 2):
        run, shelf = stepping(id), Shelf(tmp_path)
        run.step()
        shelf.keep(run)
        shelf.close()
    first, second = sorted(tmp_path.glob("*.checkpoint"), key=lambda path: path.stat().st_mtime)
    second.rename(tmp_path / "renamed.checkpoint")
    begun, go = threading.Event(), threading.Event()
    load = Checkpoint.load

    def slow(path: Path) -> Checkpoint:
        begun.set()
        assert go.wait(60)
        return load(path)

    monkeypatch.setattr(Checkpoint, "load", slow)
    page = Served(tmp_path)
    page.page.begin()
    page.thread.start()
    try:
        assert begun.wait(60)
        with page.client() as client:
            assert client.ask("hello")["runs"] == []
            new = client.ask("start", line=LINE, data="digits", settings={"epochs": 10**5})["run"]["id"]
            go.set()
            client.event("runs", lambda event: len(event["runs"]) == 3)
            shown = {each["id"]: each["saved"] for each in client.ask("hello")["runs"]}
            assert shown == {1: str(first), new: shown[new], new + 1: str(tmp_path / "renamed.checkpoint")}
            assert new == 2
    finally:
        go.set()
        page.close()


def test_other_images_under_the_same_name_are_refused(tmp_path: Path) -> None:
    from striate.web.sets import Sets

    path = tmp_path / "own.npz"
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (60, 8, 8, 1), dtype=np.uint8), np.arange(60) % 10
    np.savez(path, images=images, labels=labels)
    with served(tmp_path / "runs", sets=Sets(given=str(path))) as page, page.client() as client:
        run = client.ask("start", line=LINE, data=str(path), settings={"epochs": 9})["run"]["id"]
        client.state(run, "done")
        again = client.ask("start", line=LINE, data=str(path), settings={"epochs": 10**5, "batch": 64})["run"]["id"]
        client.state(again, "running")
    np.savez(path, images=255 - images, labels=labels)
    with served(tmp_path / "runs", sets=Sets(given=str(path))) as page, page.client() as client:
        error = client.refused("control", run=again, action="resume")
        assert "other images" in error["message"]
    with served(tmp_path / "runs") as page, page.client() as client:
        error = client.refused("control", run=again, action="resume")
        assert "no data set that this server may read" in error["message"]


def test_a_removed_run_is_gone_for_good(tmp_path: Path) -> None:
    with served(tmp_path) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 2})["run"]["id"]
        client.state(run, "done")
        until(lambda: list(tmp_path.glob("*.checkpoint")))
        client.ask("control", run=run, action="remove")
        until(lambda: not list(tmp_path.glob("*.checkpoint")))


def test_a_full_disk_is_told_and_training_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Checkpoint, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Checkpoint, "save", full)
    with served(tmp_path, checkpoint=0.05) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 10**5})["run"]["id"]
        note = client.event("note")["message"]
        assert "could not be kept" in note and "No space left" in note
        step = client.event("progress")["run_now"]["step"]
        assert client.event("progress")["run_now"]["step"] > step
        assert client.ask("hello")["runs"][0]["saved"] is None and run


def stepping(id: int = 1) -> Run:
    """A run in memory that takes a step whenever it is told."""
    network, settings = parse("INPUT[8x8x1] - FC[10]"), Settings(batch=64)
    material = Sets().material("digits", network.input, 0)
    program = compile(network, batch=64, threads=1, preprocessing=material.preprocessing)
    run = Run(id, network, str(network), "digits", material.parts.train.classes, settings, "running")
    run.adopt(program, material, Steps(program, material.parts.train, material.parts.validation, 20))
    return run


def on_disk(run: Run) -> int:
    assert run.path is not None
    return Checkpoint.load(run.path).position.step


def test_a_copy_that_comes_during_a_write_is_written_although_the_end_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, shelf = stepping(), Shelf(tmp_path)
    begun, go = threading.Event(), threading.Event()
    save = Checkpoint.save

    def slow(self: Checkpoint, path: Path) -> None:
        begun.set()
        assert go.wait(60)
        save(self, path)

    monkeypatch.setattr(Checkpoint, "save", slow)
    run.step()
    shelf.keep(run)
    assert begun.wait(60)
    for _ in range(5):
        run.step()
    shelf.keep(run)
    assert not shelf.holds(run)
    closing = threading.Thread(target=shelf.close)
    closing.start()
    until(lambda: shelf._writer._shutdown)
    go.set()
    closing.join()
    assert on_disk(run) == 6 and shelf.holds(run)


@pytest.mark.parametrize("asleep", [False, True])
def test_what_could_not_be_written_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asleep: bool
) -> None:
    said: list[str | None] = []
    run, shelf = stepping(), Shelf(tmp_path)
    shelf.tell = lambda run, problem: said.append(problem)
    run.step()
    shelf.keep(run)
    until(lambda: said == [None])

    def full(self: Checkpoint, path: Path) -> None:
        raise OSError(28, "No space left on device")

    for _ in range(3):
        run.step()
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "save", full)
        shelf.keep(run)
        if asleep:
            run.sleep()
        until(lambda: len(said) == 2)
    assert on_disk(run) == 1 and not shelf.holds(run) and "No space left" in shelf.problems[run.id]
    assert shelf.load(run).position.step == 4  # what wakes a run is what it has learned
    shelf.keep(run)
    shelf.close()
    assert on_disk(run) == 4 and shelf.holds(run) and not shelf.problems and said[2:] == [None]


def test_settings_of_a_standing_run_are_kept_too(tmp_path: Path) -> None:
    run, shelf = stepping(), Shelf(tmp_path)
    run.step()
    shelf.keep(run)
    until(lambda: shelf.holds(run))
    run.settings = run.settings.changed({"lr": 0.5})
    shelf.keep(run)
    shelf.close()
    assert run.path is not None and Checkpoint.load(run.path).settings["lr"] == 0.5


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], Client]]:
    """`striate serve` as a process of its own, and a browser of it."""
    command = [sys.executable, "-m", "striate.cli", "serve", "--no-open", "--folder", str(folder), *options]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as served:
        try:
            assert served.stdout is not None
            found = re.search(r"http://(\S+)/\?token=(\S+)", served.stdout.readline())
            assert found, served.stderr.read() if served.stderr else ""
            url = f"ws://{found[1]}/ws?token={found[2]}"
            with connect(url, origin=f"http://{found[1]}", max_size=None, compression=None) as socket:  # type: ignore[arg-type]
                yield served, Client(socket)
        finally:
            served.kill()


def test_killed_in_mid_training_it_loses_no_more_than_the_interval(tmp_path: Path) -> None:
    settings = {"epochs": 100_000}
    with process(tmp_path, "--checkpoint", "1") as (server, client):
        run = client.ask("start", line=LINE, data="digits", settings=settings)["run"]["id"]
        client.state(run, "running")
        seen: list[tuple[float, int]] = []  # when the browser knew of which step
        began = time.monotonic()
        while time.monotonic() - began < 5:
            now = client.event("progress")["run_now"]
            seen.append((time.monotonic(), now["step"]))
        server.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        server.wait()
    kept = next(tmp_path.glob("*.checkpoint"))
    found = Checkpoint.load(kept)  # whole, although its writer was killed
    others = {path.name for path in tmp_path.iterdir() if path.suffix != ".checkpoint" and ".part" not in path.name}
    assert others == {LOCK}
    # The interval, and as much again for a machine that is busy with other things.
    before = [step for when, step in seen if when < killed - 2]
    assert before and found.position.step >= before[-1]
    with process(tmp_path) as (_, client):
        until(lambda: client.ask("hello")["runs"])
        again = client.ask("hello")["runs"][0]
        assert again["id"] == run and again["state"] == "paused" and again["step"] == found.position.step
        client.ask("control", run=run, action="resume")
        assert client.event("progress", lambda event: event["points"])["run_now"]["step"] > found.position.step


@pytest.mark.parametrize(
    "signals", [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGINT", "SIGINT"], ["SIGTERM", "SIGTERM"]], ids="+".join
)
def test_ctrl_c_keeps_the_run_and_says_so(tmp_path: Path, signals: list[str]) -> None:
    with process(tmp_path, "--checkpoint", "1000") as (server, client):
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 10**5})["run"]["id"]
        client.state(run, "running")
        told = client.event("progress")["run_now"]["step"]
        for name in signals:  # two at once are one
            server.send_signal(getattr(signal, name))
            time.sleep(0.05)
        _, errors = server.communicate(timeout=60)
    assert server.returncode == 0
    assert errors == f"{FINISHING}stopped; 1 run kept in {tmp_path}: striate serve shows it again\n"
    kept = Checkpoint.load(next(tmp_path.glob("*.checkpoint")))
    assert kept.position.step >= told and json.loads(json.dumps(dict(kept.settings)))["epochs"] == 10**5


LONG = "INPUT[32x32x3] - [CONV[64] - RELU]*2 - POOL - FC[10]"


def test_a_second_ctrl_c_gives_the_runs_up_without_a_traceback(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    data = tmp_path / "own.npz"
    images = random.integers(0, 256, (4000, 32, 32, 3), dtype=np.uint8)
    np.savez(data, images=images, labels=np.arange(4000) % 10)
    folder = tmp_path / "runs"
    with process(folder, LONG, str(data), "--threads", "1", "--checkpoint", "1000") as (server, client):
        settings = {"epochs": 9, "batch": 3000}
        run = client.ask("start", line=LONG, data=str(data), settings=settings)["run"]["id"]
        client.state(run, "running")  # a step takes seconds
        server.send_signal(signal.SIGINT)
        time.sleep(0.7)
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    assert server.returncode == GIVEN_UP and errors == FINISHING + LOST
    assert not list(folder.glob("*.checkpoint"))


def test_a_run_that_cannot_be_kept_is_told_at_the_end(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    with process(folder, "--checkpoint", "1000") as (server, client):
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 10**5})["run"]["id"]
        client.state(run, "running")
        client.event("progress")
        shutil.rmtree(folder)
        folder.write_text("a file where the folder was")
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=60)
    assert server.returncode == 1 and "Traceback" not in errors
    assert "stopped\n" in errors and "kept in" not in errors and "run 1 could not be kept" in errors
