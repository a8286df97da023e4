"""The training thread alone: turns, visits and what they may cost, failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from test_gate import Clock
from visiting import until

import striate
from striate.errors import ArgumentError, DivergedError
from striate.web import gate
from striate.web import trainer as module
from striate.web.history import History
from striate.web.hub import Hub
from striate.web.run import Run
from striate.web.settings import Settings
from striate.web.trainer import Trainer, Want, Watch

WATCH = Watch(1, ("activations",), 0, 8)


class Fake(Run):
    """A run whose step takes a moment, and may fail."""

    def __init__(self, id: int, takes: float = 0.001, fails: Exception | None = None) -> None:
        super().__init__(id, striate.parse("INPUT[1x1x1] - FC[2]"), "", None, ("a", "b"), Settings(), "running")
        self.takes, self.fails, self.taken = takes, fails, 0

    def step(self) -> None:
        if self.fails:
            raise self.fails
        time.sleep(self.takes)
        self.taken += 1


class Listening:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.states, self.frames, self.kept = 0, [], []  # type: ignore[var-annotated]
        self.trainer: Trainer | None = None
        self.broken, self.notes = False, []  # type: ignore[var-annotated]

    def trouble(self, message: str) -> None:
        self.notes.append(message)

    def states_changed(self) -> None:
        self.states += 1

    def captured(self, watch: Watch, raw: object) -> None:
        if self.broken:
            raise RuntimeError("cannot schedule new futures")
        self.frames.append((watch, raw))
        assert self.trainer is not None
        self.trainer.busy.discard(watch)

    def due(self, run: Run) -> None:
        if self.broken:
            raise MemoryError
        self.kept.append(run)


@pytest.fixture
def working() -> Iterator[Any]:
    """Makes a trainer with these runs, at work."""
    made: list[Trainer] = []

    def make(*runs: Run, capture: Any = lambda run, watch: "raw", checkpoint: float = 60.0) -> Any:
        trainer = Trainer(capture, checkpoint)
        trainer.listener = listening = Listening()
        listening.trainer = trainer
        made.append(trainer)
        trainer.start()
        trainer.call(lambda: trainer.runs.update({run.id: run for run in runs})).result(10)
        return trainer, listening

    yield make
    for trainer in made:
        trainer.stop()


def test_running_runs_take_turns(working: Any) -> None:
    runs = [Fake(1), Fake(2), Fake(3)]
    trainer, _ = working(*runs)
    until(lambda: runs[0].taken > 20)
    counts = trainer.call(lambda: [run.taken for run in runs]).result(10)
    assert max(counts) - min(counts) <= 1


def test_visits_take_their_share_and_no_more(working: Any) -> None:
    """While training, visits that would fill all the time get SHARE of it: twelve of 2 ms take what SHARE says."""
    run = Fake(1, 0.0005)
    trainer, _ = working(run)
    began = time.monotonic()
    visits = [trainer.visit(lambda: time.sleep(0.002)) for _ in range(12)]
    for each in visits:
        each.result(30)
    # The last visit needs no pause behind it.
    assert time.monotonic() - began >= 11 * 0.002 / module.SHARE
    assert run.taken > 12


def test_a_long_visit_does_not_keep_frames_away(working: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHARE", 0.001)
    trainer, listening = working(Fake(1))
    gates = [trainer.visit(lambda: time.sleep(0.1)) for _ in range(2)]  # the second in a hundred seconds
    gates[0].result(30)
    trainer.want((Want(WATCH, 30.0),))
    until(lambda: len(listening.frames) >= 3)
    assert not gates[1].done()
    gates[1].cancel()


def test_visits_of_standing_runs_do_not_wait(working: Any) -> None:
    run = Fake(1)
    run.state = "paused"
    trainer, _ = working(run)
    order: list[int] = []
    for number in range(50):
        trainer.visit(lambda number=number: order.append(number)).result(10)
    assert order == list(range(50)) and run.taken == 0


def test_frames_come_at_their_rate_and_one_at_a_time(working: Any) -> None:
    run = Fake(1, 0.0002)
    trainer, listening = working(run)
    trainer.want((Want(WATCH, 20.0),))
    began = time.monotonic()
    until(lambda: len(listening.frames) >= 5)
    # The first comes at once; the others keep a twentieth of a second.
    assert time.monotonic() - began >= 4 / 20 - 0.001
    assert all(frame == (WATCH, "raw") for frame in listening.frames)
    trainer.busy.add(WATCH)
    time.sleep(0.1)
    count = len(listening.frames)
    time.sleep(0.2)
    assert len(listening.frames) == count


def test_a_run_that_fails_stops_alone(working: Any) -> None:
    good, diverged, broken = Fake(1), Fake(2, fails=DivergedError("too large")), Fake(3, fails=RuntimeError("a bug"))
    _, listening = working(good, diverged, broken)
    until(lambda: diverged.state == broken.state == "failed")
    assert "too large" in str(diverged.error) and "RuntimeError: a bug" in str(broken.error)
    taken = good.taken
    until(lambda: good.taken > taken)
    assert listening.states == 2


def test_a_capture_that_fails_is_told(working: Any) -> None:
    def capture(run: Run, watch: Watch) -> object:
        raise ArgumentError("there is no such image")

    trainer, listening = working(Fake(1), capture=capture)
    trainer.want((Want(WATCH, 30.0),))
    until(lambda: listening.frames)
    assert isinstance(listening.frames[0][1], ArgumentError)


def test_errors_of_visits_reach_who_asked(working: Any) -> None:
    trainer, _ = working(Fake(1))
    with pytest.raises(ZeroDivisionError):
        trainer.visit(lambda: 1 / 0).result(10)
    with pytest.raises(ArgumentError):
        trainer.call(Fake(2).awake).result(10)


def test_checkpoints_are_due_again_and_again(working: Any) -> None:
    run = Fake(1)
    _, listening = working(run, checkpoint=0.05)
    until(lambda: len(listening.kept) >= 3)
    assert set(listening.kept) == {run}


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_listener_that_fails_stops_nothing(working: Any, monkeypatch: pytest.MonkeyPatch, state: Any) -> None:
    monkeypatch.setattr(module, "LATER", 0.01)
    run = Fake(1)
    run.state = state
    trainer, listening = working(run, checkpoint=0.02)
    listening.broken = True
    trainer.want((Want(WATCH, 30.0),))
    until(lambda: any("RuntimeError" in note for note in listening.notes))
    if state == "running":
        until(lambda: any("MemoryError" in note for note in listening.notes))
    listening.broken = False
    until(lambda: listening.frames)
    assert trainer.call(lambda: 7).result(10) == 7


def test_a_hub_that_is_closed_takes_no_frame() -> None:
    trainer = Trainer(lambda run, watch: "raw")
    hub = Hub(trainer)
    trainer.want((Want(WATCH, 30.0),))
    hub.close()
    hub.captured(WATCH, "raw")
    hub.refresh()
    assert not trainer.wanted


def test_the_curve_of_a_restored_run_keeps_its_past_and_its_scale() -> None:
    whole = History()
    for step in range(6000):
        whole.add((step / 10, 1.0, 0.5, 0.01))
    again = History(whole.whole(), whole.whole_epochs(), whole.stride)
    for step in range(6000, 12000):
        whole.add((step / 10, 1.0, 0.5, 0.01))
        again.add((step / 10, 1.0, 0.5, 0.01))
    assert again.stride == whole.stride == 16
    found, expected = ([point[0] for point in each.whole()] for each in (again, whole))
    assert len(found) == pytest.approx(len(expected), abs=2) and found == pytest.approx(expected[: len(found)], abs=2)


def test_what_still_waits_is_done_at_the_end(working: Any) -> None:
    trainer, _ = working(Fake(1))
    gate = threading.Event()
    trainer.call(gate.wait)
    late = [trainer.visit(lambda: 7), trainer.call(lambda: 8)]
    threading.Timer(0.05, gate.set).start()
    trainer.stop()
    assert [each.result(1) for each in late] == [7, 8]


def test_nothing_is_remembered_of_a_run_that_is_gone(working: Any) -> None:
    trainer, _ = working(Fake(1), Fake(2))
    trainer.call(lambda: None).result()
    assert set(trainer._saves) == {1, 2}
    trainer.call(lambda: trainer.runs.pop(1)).result()
    trainer.call(lambda: None).result()
    assert set(trainer._saves) == {2}


@pytest.mark.parametrize(("delay", "frames"), [(0.0, 20.0), (0.005, 5.0), (0.014, 2.0)])
def test_frames_that_delay_steps_are_fewer(delay: float, frames: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 a second are asked for; the first step behind each takes `delay` seconds longer, as beside a browser."""
    clock, step, own = Clock(), 0.004, 0.001
    monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(gate, "time", clock)
    behind: list[float] = []

    class Delayed(Fake):
        def step(self) -> None:
            clock.work(step + (behind.pop() if behind else 0.0))

    def capture(run: Run, watch: Watch) -> object:
        clock.work(own)
        behind.append(delay)
        trainer.drawn()
        return "raw"

    listening, trainer = Listening(), Trainer(capture)
    trainer.listener, listening.trainer = listening, trainer
    run = trainer.runs[1] = Delayed(1)
    trainer._recount()
    trainer._free = clock.now
    trainer.want((Want(WATCH, 20.0),))
    ends = []
    for seconds in (5.0, 25.0):  # the first let it find out
        while clock.now < 100.0 + seconds:
            trainer._take_step(run)
            trainer._look(clock.now)
        ends.append(len(listening.frames))
    found = (ends[1] - ends[0]) / 20
    assert found == pytest.approx(min(frames, module.DRAWN / (own + delay)), rel=0.2)
