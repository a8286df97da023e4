"""All browsers together: who wants which frame, and what everybody is told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from striate.errors import ArgumentError, DataError, FitError, ModelError, NotationError, StriateError
from striate.notation.fixes import fixes
from striate.web import wire
from striate.web.browser import Browser
from striate.web.frames import Picks, Raw, pack
from striate.web.run import Run
from striate.web.trainer import Trainer, Want, Watch

MOST = 32  # browsers at a time
TICK = 0.05  # seconds from one look at the runs to the next

_KINDS: tuple[tuple[type[StriateError], str], ...] = (
    (FitError, "fit"),
    (NotationError, "notation"),
    (ArgumentError, "argument"),
    (DataError, "data"),
    (ModelError, "model"),
)


class Hub:
    """Lives in the event loop; what the training thread tells it arrives there in turn."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        trainer.listener = self
        self.due: Callable[[Run], None] = lambda run: None  # its checkpoint is to be written
        self.browsers: set[Browser] = set()
        self.states = 0  #: changes whenever a run has another state
        self._picks: dict[Watch, Picks] = {}  # slices that are shown: chosen once
        self._texts: dict[tuple[Any, ...], str] = {}
        self._notes: deque[str] = deque(maxlen=10)
        self._packer = ThreadPoolExecutor(1, "striate-packer")
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin, in the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._ticking = asyncio.create_task(self._tick())

    def close(self) -> None:
        """End."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._closed = True
        self.trainer.want(())
        self._packer.shutdown(wait=False, cancel_futures=True)

    def runs(self) -> Sequence[Run]:
        """All runs, oldest first."""
        return list(self.trainer.runs.values())

    def add(self, browser: Browser) -> None:
        """A browser has come."""
        self.browsers.add(browser)
        self.trainer.anew()
        for note in self._notes:
            browser.tell(note)

    def remove(self, browser: Browser) -> None:
        """A browser has gone."""
        self.browsers.discard(browser)
        self.trainer.anew()
        self.refresh()

    def forget(self, run: int) -> None:
        """A run is gone."""
        for browser in self.browsers:
            browser.forget(run)
        self.announce()

    def retell(self, run: int) -> None:
        """The way of a run is another than was told."""
        for browser in self.browsers:
            browser.retell(run)

    def remember(self, note: str) -> None:
        """Have a sentence shown in every browser, those to come too."""
        self._notes.append(note)
        self.tell(note)

    def tell(self, note: str) -> None:
        """Have a sentence shown in every browser."""
        for browser in self.browsers:
            browser.tell(note)

    # What the training thread says.

    def in_loop(self, work: Any, *values: Any) -> None:
        """Have something done in the event loop, from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and nobody is there to be told
                self._loop.call_soon_threadsafe(work, *values)

    def states_changed(self) -> None:
        """A run has another state."""
        self.in_loop(self.announce)

    def trouble(self, message: str) -> None:
        """Something went wrong that stops nothing: everybody is told."""
        self.in_loop(self.tell, message)

    def captured(self, watch: Watch, raw: object) -> None:
        """The numbers of a frame are here: pack them in the packer's thread."""
        try:
            self._packer.submit(self._pack, watch, raw)
        except RuntimeError:
            if not self._closed:
                raise

    def announce(self) -> None:
        """Tell every browser how the runs stand."""
        self.states += 1
        self.refresh()
        for browser in self.browsers:
            browser.wake()

    def _pack(self, watch: Watch, raw: object) -> None:
        try:
            if not isinstance(raw, Raw):
                raise raw if isinstance(raw, StriateError) else ArgumentError(f"there is no run {watch.run}")
            frame = pack(raw, watch, self._picks.setdefault(watch, {}))
        except StriateError as error:
            self.in_loop(self._no_frame, watch, str(error))
        except Exception as error:
            # A fault of ours: whoever watches is told, and may watch again.
            self.in_loop(self._no_frame, watch, f"no frame could be made: {type(error).__name__}: {error}")
        else:
            self.in_loop(self._deliver, watch, raw.version, frame)

    def _deliver(self, watch: Watch, version: int, frame: bytes) -> None:
        self.trainer.busy.discard(watch)
        for browser in self.browsers:
            if browser.ready(watch):
                browser.deliver(frame, watch, version)
        self.refresh()

    def _no_frame(self, watch: Watch, why: str) -> None:
        self.trainer.busy.discard(watch)
        for browser in self.browsers:
            if browser.watch == watch:
                browser.watch = None
                browser.tell(why)
        self.refresh()

    def refresh(self) -> None:
        """Say anew which frames there is room for."""
        if self._closed:
            return
        rates: dict[Watch, float] = {}
        for browser in self.browsers:
            watch = browser.watch
            if watch is None or not browser.hungry:
                continue
            run = self.trainer.runs.get(watch.run)
            if run is None or not run.warm or (run.state != "running" and browser.seen == (watch, run.version)):
                continue
            rates[watch] = max(rates.get(watch, 0.0), browser.rate)
        watched = {browser.watch for browser in self.browsers}
        self._picks = {watch: picks for watch, picks in list(self._picks.items()) if watch in watched}
        self.trainer.want(tuple(Want(watch, rate) for watch, rate in rates.items()))

    async def _tick(self) -> None:
        clock = asyncio.get_running_loop().time
        due = clock()
        while True:
            due = max(due + TICK, clock())
            await asyncio.sleep(due - clock())
            for browser in self.browsers:
                if browser.behind():
                    browser.wake()

    # Texts that several browsers are sent alike.

    def runs_text(self) -> str:
        """How all runs stand."""
        return wire.text({"event": "runs", "runs": [run.describe() for run in self.runs()]})

    def history_text(self, run: Run) -> str:
        """The whole way of a run."""
        history = run.history
        return wire.text({
            "event": "history", "run": run.id, "points": history.whole(), "epochs": history.whole_epochs()
        })  # fmt: skip

    def progress_text(self, run: Run, told: tuple[int, int], stands: tuple[int, int]) -> str:
        """What a run has done since a browser was told."""
        key = (run.id, told, stands)
        found = self._texts.get(key)
        if found is None:
            if len(self._texts) >= MOST:
                self._texts.clear()
            history = run.history
            found = self._texts[key] = wire.text({
                "event": "progress", "run": run.id, "points": history.since(told[0]),
                "epochs": history.epochs_since(told[1]), "run_now": run.describe(),
            })  # fmt: skip
        return found

    def error(self, id: int | None, error: StriateError, fit: str = "raise") -> str:
        """The answer to a request that cannot be done."""
        kind = next((name for each, name in _KINDS if isinstance(error, each)), "other")
        said: dict[str, Any] = {"message": str(error), "kind": kind}
        if isinstance(error, NotationError):
            said |= {"reason": error.reason, "position": error.position, "length": error.length}
            said["fixes"] = [{"label": label, "line": line} for label, line in fixes(error, fit)]
        return wire.text({"re": id, "error": said})
