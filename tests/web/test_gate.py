"""How many updates there are follows what they cost, in the training thread and in the steps beside them."""

from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import pytest

from striate.web import gate
from striate.web.gate import FRESH, MOST, NEAR, TOGETHER, Gate, Toll

STEP = 0.004


class Clock:
    """A time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def work(self, seconds: float) -> bool:
        self.now += seconds
        return True


def passed(spent: float, besides: float, share: float) -> float:
    """How many times a second a gate lets work through that is always there."""
    clock, opening, count = Clock(), Gate(), 0
    with patch.object(gate, "time", clock):
        end = clock.now + 10
        while clock.now < end:
            count += opening.through(lambda: clock.work(spent), clock.now, share, besides)
            clock.now += 0.0005
    return count / 10


@pytest.mark.parametrize(("spent", "besides"), [(0.001, 0.0), (0.001, 0.003), (0.002, 0.008)])
def test_work_takes_no_more_than_its_share(spent: float, besides: float) -> None:
    assert passed(spent, besides, 0.04) * (spent + besides) == pytest.approx(0.04, rel=0.05)


def cost(extra: float, noise: float = 0.0, updates: int = 200, period: float = 0.2, run: int = 1) -> float:
    """What a toll makes of steps that take `extra` seconds longer once behind an update, and `noise` at any time."""
    toll, now = Toll(), 0.0
    for update in range(updates):
        toll.update(now)
        end, first = now + period, True
        while now < end:
            spent = STEP + (extra if first else 0.0) + (noise if update % 2 else 0.0)
            toll.step(run, now, spent)
            now, first = now + spent, False
    return toll.seconds


def test_a_delay_behind_updates_is_their_cost() -> None:
    assert cost(0.005) == pytest.approx(0.005, rel=0.05)
    assert cost(0.0) == pytest.approx(0.0, abs=1e-9)


def test_what_slows_all_steps_is_not() -> None:
    """Something else that goes on beside slows steps far from an update as well as near ones."""
    steps_near = NEAR / STEP
    assert cost(0.0, noise=0.001) < 0.3 * 0.001 * steps_near


def test_one_update_is_blamed_for_so_much_at_most() -> None:
    assert cost(10.0, updates=50, period=20.0) <= MOST


def test_steps_longer_than_the_way_between_updates_are_held_against_those_before_them() -> None:
    toll = Toll()
    for at in range(5):
        toll.step(1, float(at), 0.5)
    for update in range(100):
        toll.update(5 + 0.52 * update)
        toll.step(1, 5 + 0.52 * update, 0.51)
    assert toll.seconds == pytest.approx(0.01, rel=0.05)


def test_runs_that_take_turns_are_not_held_against_each_other() -> None:
    """Of two runs, the slow one steps behind every update, and costs nothing for that."""
    toll, now = Toll(), 0.0
    for update in range(400):
        toll.update(now)
        for turn in range(40):
            run = 1 + (turn + update % 2) % 2
            toll.step(run, now, STEP * run)
            now += STEP * run
    assert toll.seconds == pytest.approx(0.0, abs=1e-4)
    toll.forget({2})
    assert toll.seconds == pytest.approx(0.0, abs=1e-4)


def test_what_goes_out_together_is_one_update() -> None:
    toll = Toll()
    toll.step(1, 0.0, STEP)
    for update in range(100):
        at = 1 + update / 5
        toll.update(at)
        toll.update(at + TOGETHER / 2)
        toll.step(1, at + 0.001, STEP + 0.003)
        toll.step(1, at + 2 * NEAR, STEP)
    assert toll.seconds == pytest.approx(0.003, rel=0.01)
    assert toll.pace(0.05, at + 2 * NEAR) == pytest.approx(0.06, rel=0.01)


def test_steps_are_left_alone_now_and_then() -> None:
    """Updates at any pace may not hide how long a step takes by itself."""
    toll, now, alone = Toll(), 0.0, []
    while now < 10 * FRESH:
        if not toll.rests(now):
            toll.update(now)
            alone.append(now)
        toll.step(1, now, STEP)
        now += STEP
    pauses = [after - before for before, after in pairwise(alone)]
    assert 8 <= sum(pause >= NEAR for pause in pauses) <= 12
    assert max(pauses) < 2 * NEAR + 2 * STEP
    assert toll.pace(0.04, now) < NEAR < toll.pace(0.04, now + 2 * FRESH)
