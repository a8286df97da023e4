"""The one thread that trains: running runs take turns, and everything else waits for its place between two steps.

Browsers never touch a program themselves. What they want to know is asked for here and done between
two steps, as a visit; visits together may take no more than SHARE of the time while a run is
training. So however many browsers there are, and however slowly they read, training goes on.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from math import inf
from typing import Any, Protocol, TypeVar

from striate.errors import StriateError
from striate.web.gate import Gate, Toll
from striate.web.run import Run

T = TypeVar("T")

LATER = 5.0  # seconds until a frame is tried again that nobody took
SOON = 0.5  # seconds from a change of a standing run to its checkpoint
SHARE = 0.03  # of the training thread's time, for visits while a run is training
DRAWN = 0.03  # of its time, for frames and for what it waits while browsers draw


@dataclass(frozen=True, slots=True)
class Watch:
    """What a browser wants to see of a run: which kinds of numbers, of which test image, how many slices."""

    run: int
    what: tuple[str, ...]
    image: int
    most: int


@dataclass(frozen=True, slots=True)
class Want:
    """Somebody has room for a frame of this watch, at most `rate` a second."""

    watch: Watch
    rate: float


class Listener(Protocol):
    """Who is told what happens; every method is called in the training thread and returns at once."""

    def states_changed(self) -> None:
        """A run has another state."""

    def captured(self, watch: Watch, raw: object) -> None:
        """The numbers of a frame are here."""

    def trouble(self, message: str) -> None:
        """Something went wrong that stops nothing."""

    @property
    def due(self) -> Callable[[Run], None]:
        """What is called with a run whose checkpoint is to be written."""


class Trainer:
    """Runs, and the thread in which they train."""

    def __init__(self, capture: Callable[[Run, Watch], object], checkpoint: float = 30.0) -> None:
        self.runs: dict[int, Run] = {}
        self.wanted: tuple[Want, ...] = ()
        self.busy: set[Watch] = set()  #: frames that are still being packed
        self.listener: Listener | None = None
        self._capture, self._checkpoint = capture, checkpoint
        self._controls: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._visits: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._last: dict[Watch, float] = {}  # when each was captured
        self._saves: dict[int, float] = {}  # when each run's next checkpoint is due
        self._changed: dict[Run, float] = {}  # standing runs, and when their checkpoint is due
        self._gates = {"visit": Gate(), "frame": Gate()}
        self._toll = Toll()
        self._updates: deque[float] = deque()  # when something went out that browsers draw
        self._turn = 0
        self._running: list[Run] = []
        self._free = 0.0  # since when there is nothing to do but steps
        self._ending = False
        self._awake = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="striate-trainer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step that is being taken, then the thread; what still waits is done first."""
        self._ending = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join()

    def call(self, work: Callable[[], T]) -> Future[T]:
        """Have a short piece of work done between two steps, whatever the time: commands."""
        return self._put(self._controls, work)

    def visit(self, work: Callable[[], T]) -> Future[T]:
        """Have something looked up between two steps, when visits have time again."""
        return self._put(self._visits, work)

    def soon(self, run: Run) -> None:
        """Have a checkpoint of a standing run that has changed written in a moment; in the training thread."""
        self._changed[run] = time.monotonic() + min(SOON, self._checkpoint)

    def anew(self) -> None:
        """Others look now, or at something else: find out anew what updates cost."""
        self.call(self._toll.anew)

    def drawn(self) -> None:
        """Something goes out now that a browser draws; from any thread."""
        if self._running:
            self._updates.append(time.monotonic())

    @property
    def pace(self) -> float:
        """Seconds from one update to the next, at least, for browsers not to slow training by more than DRAWN."""
        return self._toll.pace(DRAWN, time.monotonic()) if self._running else 0.0

    def _put(self, queue: deque[tuple[Callable[[], Any], Future[Any]]], work: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        queue.append((work, future))
        self._awake.set()
        return future

    def want(self, wanted: tuple[Want, ...]) -> None:
        """Say which frames there is room for."""
        self.wanted = wanted
        if wanted:
            self._awake.set()

    def _loop(self) -> None:
        while not self._ending:
            while self._controls:
                _do(*self._controls.popleft())
                self._recount()
                self._free = time.monotonic()
            self._keep_changed()
            if self._running:
                self._turn += 1
                self._take_step(self._running[self._turn % len(self._running)])
                if self._visits or self.wanted:
                    self._look(time.monotonic())
            elif not self._look(inf):
                self._awake.wait(self._nap())
                self._awake.clear()
        for work, future in (*self._controls, *self._visits):
            _do(work, future)

    def _nap(self) -> float | None:
        """How long there is nothing to do: until the next frame or checkpoint of a standing run."""
        if self._controls or self._visits or self._ending:
            return 0
        naps = [max(0.0, due - time.monotonic()) for due in self._changed.values()]
        if any(want.watch not in self.busy for want in self.wanted):
            naps.append(0.02)
        return min(naps, default=None)

    def _keep_changed(self) -> None:
        if self._changed:
            now = time.monotonic()
            for run in [run for run, due in self._changed.items() if due <= now]:
                del self._changed[run]
                self._due(run)

    def _recount(self) -> None:
        before = self._running
        self._running = [run for run in self.runs.values() if run.state == "running"]
        self._saves = {id: when for id, when in self._saves.items() if id in self.runs}
        self._toll.forget(set(self.runs))
        for run in self._running:
            if run not in before:
                self._saves[run.id] = time.monotonic() + self._checkpoint

    def _take_step(self, run: Run) -> None:
        try:
            run.step()
        except StriateError as error:
            run.fail(str(error))
        except Exception as error:
            # The thread must outlive whatever a run does, or no run would ever train again.
            run.fail(f"training ended: {type(error).__name__}: {error}")
        self._count(run)
        if run.state != "running":
            self._recount()
            self._tell(run)
        elif time.monotonic() >= self._saves.get(run.id, 0.0):
            self._saves[run.id] = time.monotonic() + self._checkpoint
            self._due(run)

    def _count(self, run: Run) -> None:
        """What a step has taken since there was nothing else to do: where it waited for other threads, that too."""
        began, self._free = self._free, time.monotonic()
        while self._updates:
            self._toll.update(self._updates.popleft())
        self._toll.step(run.id, began, self._free - began)

    def _due(self, run: Run) -> None:
        self._heard("no checkpoint could be made", lambda listener: listener.due(run))

    def _heard(self, lost: str, say: Callable[[Listener], None]) -> bool:
        """Tell the listener; whether it heard. Whatever goes wrong there, training goes on."""
        listener = self.listener
        if listener is None:
            return True
        try:
            say(listener)
        except Exception as error:
            with suppress(Exception):
                listener.trouble(f"{lost}: {type(error).__name__}: {error}")
            return False
        return True

    def _tell(self, run: Run) -> None:
        if run.state == "done":
            self._due(run)
        self._heard("the browsers could not be told", lambda listener: listener.states_changed())

    def _look(self, now: float) -> bool:
        """One visit and one frame, where somebody waits for them and their gates are open; whether there was any."""
        # Each has a gate of its own, so that a long visit does not keep frames away.
        found = self._gates["visit"].through(self._visit, now, SHARE)
        if now == inf or not self._toll.rests(now):
            found |= self._gates["frame"].through(self._frame, now, DRAWN, self._toll.seconds)
        if found:
            self._free = time.monotonic()
        return found

    def _visit(self) -> bool:
        if self._visits:
            _do(*self._visits.popleft())
            return True
        return False

    def _frame(self) -> bool:
        """Capture the frame that has waited longest among those that are due."""
        now = time.monotonic()
        due = [
            (self._last.get(want.watch, 0.0), want)
            for want in self.wanted
            if want.watch not in self.busy and now - self._last.get(want.watch, 0.0) >= 1 / want.rate
        ]
        if not due or self.listener is None:
            return False
        last, want = min(due, key=lambda pair: pair[0])
        watch, gap = want.watch, 1 / want.rate
        self._last = {key: when for key, when in self._last.items() if now - when < 10}
        # A frame comes a step later than it might; those behind it keep the beat all the same.
        self._last[watch] = last + gap if now - last < 2 * gap else now
        run = self.runs.get(watch.run)
        self.busy.add(watch)
        try:
            raw: object = self._capture(run, watch) if run is not None else None
        except StriateError as error:
            raw = error
        except Exception as error:
            raw = StriateError(f"no frame could be made: {type(error).__name__}: {error}")
        if not self._heard("a frame is lost", lambda listener: listener.captured(watch, raw)):
            self.busy.discard(watch)
            self._last[watch] = now + LATER
        return True


def _do(work: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
