"""The team of threads: every rank once, and nobody is still inside when a run is over."""

from __future__ import annotations

import ctypes
import threading
import time

import numpy as np
import pytest

from striate.native import handoff
from striate.native.team import Team


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_every_rank_is_called_once(threads: int) -> None:
    team, seen = Team(), []
    meet = threading.Barrier(threads)

    def entry(context: int, rank: int, count: int) -> None:
        seen.append((context, rank, count, threading.get_ident()))
        meet.wait(10)  # they are there at the same time

    for _ in range(3):
        seen.clear()
        team.run(entry, 7, threads)
        assert sorted(call[:3] for call in seen) == [(7, rank, threads) for rank in range(threads)]
        assert len({call[3] for call in seen}) == threads
        assert [call[3] for call in seen if call[1] == 0] == [threading.get_ident()]


def test_a_run_is_over_when_all_have_left() -> None:
    """Its memory is given away afterwards: a member still waiting inside would read another program's."""
    team, left = Team(), []

    def entry(context: int, rank: int, count: int) -> None:
        if rank:
            time.sleep(0.05 * rank)
        left.append(rank)

    for _ in range(3):
        left.clear()
        team.run(entry, 0, 3)
        assert sorted(left) == [0, 1, 2]


def test_a_smaller_and_a_larger_team_in_turn() -> None:
    team, seen = Team(), []
    for threads in (4, 1, 2, 6, 3):
        meet = threading.Barrier(threads)

        def entry(context: int, rank: int, count: int, meet: threading.Barrier = meet) -> None:
            meet.wait(10)
            seen.append(rank)

        seen.clear()
        team.run(entry, 0, threads)
        assert sorted(seen) == list(range(threads))


def test_callers_take_turns() -> None:
    team, inside, most = Team(), [0], [0]

    def entry(context: int, rank: int, count: int) -> None:
        if rank == 0:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.002)
            inside[0] -= 1

    callers = [threading.Thread(target=lambda: [team.run(entry, 0, 2) for _ in range(10)]) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert most == [1]


# ---- calls passed on to members that are still awake
class Native:
    """A function that notes its calls, with an address as compiled ones have."""

    def __init__(self, wait: float = 0.0) -> None:
        self.seen: list[tuple[int, int, int]] = []
        self._wait = wait
        self._function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)(self)
        self.address = ctypes.cast(self._function, ctypes.c_void_p).value

    def __call__(self, context: int, rank: int, threads: int) -> None:
        time.sleep(self._wait * rank)
        self.seen.append((context, rank, threads))


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members linger, however few processors there are."""
    monkeypatch.setattr("striate.native.team.usable_processors", lambda: 8)


@pytest.mark.usefixtures("roomy")
@pytest.mark.parametrize("wait", [0.0, 0.02])
@pytest.mark.parametrize("pause", [0.0, 0.0001, 0.01])
def test_awake_or_asleep_every_rank_is_called_once(pause: float, wait: float) -> None:
    team, entry = Team(), Native(wait)
    for i in range(30 if wait else 200):
        threads = 2 + i % 3
        entry.seen.clear()
        team.run(entry, 7 + i, threads)
        assert sorted(entry.seen) == [(7 + i, rank, threads) for rank in range(threads)]
        time.sleep(pause)
    team._dismiss()
    team.run(entry, 1, 4)  # and still, where nobody lingers any more


@pytest.mark.usefixtures("roomy")
def test_members_that_linger_are_called_without_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handoff, "IR", handoff.IR.replace("2500", "1000000000"))
    team, entry = Team(), Native()
    team.run(entry, 0, 3)
    assert team._handoff
    boxes = team._handoff._memory.view(np.int64)[16 : 3 * 16 : 16]
    while (boxes != handoff.WAITING).any():
        time.sleep(0.001)
    entry.seen.clear()
    assert team._all_awake(entry, 5, 3)
    assert sorted(entry.seen) == [(5, rank, 3) for rank in range(3)]
    assert not team._all_awake(entry, 5, 4)  # one too many: nobody is called, and the others go back to sleep
    while (boxes != handoff.ASLEEP).any():
        time.sleep(0.001)
    assert len(entry.seen) == 3


def test_no_member_lingers_without_a_processor_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.native.team.usable_processors", lambda: 1)
    team, entry = Team(), Native()
    for _ in range(20):
        team.run(entry, 0, 3)
        assert not team._all_awake(entry, 0, 3)
