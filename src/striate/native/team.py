"""A team of threads: every member calls the same native function once, with its rank."""

from __future__ import annotations

import atexit
import ctypes
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from operator import methodcaller
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.native.assemble import Entry
    from striate.native.handoff import Handoff

Job = Callable[[], None]


def usable_processors() -> int:
    """How many processors this process may run on: affinity, then the control group's quota, or all."""
    affinity = hasattr(os, "sched_getaffinity")
    count = len(os.sched_getaffinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(count, _quota(count)))


def _quota(otherwise: int) -> int:
    """Whole processors of the control group's quota (version 2), at least one."""
    try:
        with open("/sys/fs/cgroup/cpu.max") as file:  # noqa: PTH123 - a kernel interface, not a path of ours
            quota, period = file.read().split()
        return otherwise if quota == "max" else max(1, int(quota) // int(period))
    except (OSError, ValueError):
        return otherwise


def pause_address() -> int:
    """The address of the system's call that offers the processor to other threads."""
    if sys.platform == "win32":
        function = ctypes.windll.kernel32.SwitchToThread
    else:
        function = ctypes.CDLL(None).sched_yield
    return ctypes.cast(function, ctypes.c_void_p).value or 0


class Team:
    """Ranks 1 and up wait in threads of their own; rank 0 is whoever calls ``run``.

    Programs share the team, one at a time. Where there is a processor for each, members linger for a moment after a
    call, ready for the next. A forked child starts with an empty team and makes its own threads.
    """

    def __init__(self) -> None:
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)
        atexit.register(self._dismiss)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._members: list[SimpleQueue[Job]] = []
        self._handoff: Handoff | None = None

    def run(self, entry: Entry, context: int, threads: int) -> None:
        """Call ``entry(context, rank, threads)`` on every rank, and return when all have returned.

        Ctrl-C must not fall between the ranks' calls: those already inside would wait for the others for ever.
        Python handles signals between bytecodes, so all calls are made from one, by ``deque`` and ``map``. And it
        must not let the caller go while members are inside: they still look at the program's memory.
        """
        if threads == 1:
            entry(context, 0, 1)
            return
        with self._lock:
            while len(self._members) < threads - 1:
                self._hire()
            if self._all_awake(entry, context, threads):
                return
            back: list[int] = []
            bell: SimpleQueue[None] = SimpleQueue()
            calls: list[Callable[[], object]] = [
                partial(self._members[rank - 1].put, partial(_take_part, entry, context, rank, threads, back, bell))
                for rank in range(1, threads)
            ]
            calls.append(partial(entry, context, 0, threads))
            interrupted = None
            try:
                deque(map(methodcaller("__call__"), calls), maxlen=0)
            except KeyboardInterrupt as error:
                interrupted = error
            while len(back) < threads - 1:
                try:
                    bell.get()
                except KeyboardInterrupt as error:
                    interrupted = error
            if interrupted:
                raise interrupted

    def _all_awake(self, entry: Entry, context: int, threads: int) -> bool:
        """Make the calls without Python, if every member is still there; signals are then handled afterwards."""
        where: int = getattr(entry, "address", 0)
        return self._handoff is not None and bool(where) and self._handoff.lead(where, context, threads)

    def _hire(self) -> None:
        from striate.native.handoff import MOST, Handoff  # threads are hired when they are first needed

        jobs: SimpleQueue[Job] = SimpleQueue()
        rank = len(self._members) + 1
        if self._handoff is None and rank == 1:
            self._handoff = Handoff(pause_address())
        linger = self._handoff.linger if self._handoff and rank < min(MOST, usable_processors()) else None
        threading.Thread(target=_serve, args=(jobs, rank, linger), name=f"striate-{rank}", daemon=True).start()
        self._members.append(jobs)

    def _dismiss(self) -> None:
        """When Python ends, nobody lingers any more."""
        if self._handoff:
            self._handoff.close()


def _take_part(entry: Entry, context: int, rank: int, threads: int, back: list[int], bell: SimpleQueue[None]) -> None:
    try:
        entry(context, rank, threads)
    finally:
        back.append(rank)
        bell.put(None)


def _serve(jobs: SimpleQueue[Job], rank: int, linger: Callable[[int], None] | None) -> None:
    while True:
        jobs.get()()
        if linger and jobs.empty():
            linger(rank)


TEAM = Team()  #: the process's one team
