"""The team of threads: every rank once, and nobody is still inside when a run is over."""

from __future__ import annotations

import threading
import time

import pytest

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
