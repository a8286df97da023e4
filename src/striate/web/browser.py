"""One browser: what it has asked, what it is still to be told, and how much it has room for.

Nothing that a browser leaves unread piles up. Of frames only the latest is kept, and one is sent only
with credit, which the browser gives back when it has drawn; progress since the last event is thinned
to a few points when it is sent; requests are not even read while answers wait.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket

from striate.errors import StriateError
from striate.web import messages, wire
from striate.web.lanes import WAITING, Lanes
from striate.web.messages import Ask, BadRequest
from striate.web.trainer import Watch

if TYPE_CHECKING:
    from striate.web.frames import Picks
    from striate.web.hub import Hub

CREDIT = 2  # frames under way at most
PATIENCE = 20.0  # seconds that a socket may stay unwritable
PAUSE = 0.05  # seconds from one progress event to the next, at least
ALONE = 1.0  # seconds without a frame until progress is told by itself: else beside frames, drawn in one go
STREAM = 1.0  # seconds from one picture to the next, at most, that belong together

Answer = Callable[["Browser", Ask], Awaitable[str | bytes]]


class Browser:
    """A connection, from its greeting to its end."""

    def __init__(self, socket: WebSocket, hub: Hub, answer: Answer) -> None:
        self.socket, self.hub, self._answer = socket, hub, answer
        self.credit = CREDIT
        self.watch: Watch | None = None
        self.rate = 20.0
        self.frame: bytes | None = None
        self.seen: tuple[Watch, int] | None = None  #: watch and version of the latest frame
        self.framed = 0.0  #: when it was
        self.looked: dict[int, Any] = {}  #: the pixels looked at last, by run
        self._picks: dict[int, tuple[float, int, Picks]] = {}  # when, how many, and which slices were shown, by run
        self._told: dict[int, tuple[int, int]] = {}  # points and epochs already sent, by run
        self._states = -1
        self._answers: deque[str | bytes] = deque()
        self._notes: deque[str] = deque(maxlen=20)
        self._lanes = Lanes(self._reply, self._refuse)
        self._wake, self._room = asyncio.Event(), asyncio.Event()
        self._sent: dict[int, float] = {}  # when each run's last progress was told

    def picks(self, run: int, most: int) -> Picks:
        """Which slices it is shown of a run: the same while pictures follow each other, as from a pen or a camera."""
        now = time.monotonic()
        last, shown, picks = self._picks.get(run, (now, most, {}))
        if now - last > STREAM or shown != most:
            picks = {}
        self._picks[run] = now, most, picks
        return picks

    async def live(self) -> None:
        """Serve the browser until it goes, or has not read for PATIENCE seconds."""
        tasks = [asyncio.create_task(work()) for work in (self._read, self._lanes.visit, self._lanes.plan, self._write)]
        self.wake()
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._lanes.close()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError, Exception):
                    await task
            self._cut()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def tell(self, note: str) -> None:
        """Have a sentence shown to the person; of many, the latest."""
        self._notes.append(wire.text({"event": "note", "message": note}))
        self.wake()

    def deliver(self, frame: bytes, watch: Watch, version: int) -> None:
        """Take the latest frame; one that has not been sent yet is replaced."""
        self.frame, self.seen, self.framed = frame, (watch, version), time.monotonic()
        self.wake()

    @property
    def hungry(self) -> bool:
        """Whether there is room for a frame."""
        return self.watch is not None and self.credit > 0 and self.frame is None

    def ready(self, watch: Watch) -> bool:
        """Whether a new frame of `watch` is what this browser waits for."""
        return self.watch == watch and self.hungry and time.monotonic() - self.framed >= 0.8 / self.rate

    def behind(self) -> bool:
        """Whether a run has gone on since this browser was told."""
        return any(self._told.get(run.id) != (run.history.count, run.history.closed) for run in self.hub.runs())

    async def _read(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] != "websocket.receive":
                return
            ask = _read(message)
            if isinstance(ask, Ask) and ask.do == "ack":
                self._acknowledged()
            else:
                await self._lanes.put(ask)

    def _acknowledged(self) -> None:
        self.credit = min(CREDIT, self.credit + 1)
        if self.credit == 1:  # there was no room, and now there is
            self.hub.refresh()
            self.wake()

    async def _reply(self, ask: Ask | BadRequest) -> None:
        if isinstance(ask, BadRequest):
            await self._send(self.hub.error(ask.id, ask))
        else:
            await self._send(await self._answer(self, ask))

    async def _refuse(self, ask: Ask, error: StriateError) -> None:
        await self._send(self.hub.error(ask.id, error))

    async def _send(self, answer: str | bytes) -> None:
        while len(self._answers) >= WAITING:
            self._room.clear()
            await self._room.wait()
        self._answers.append(answer)
        self.wake()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while (message := self._next()) is not None:
                kind = "text" if isinstance(message, str) else "bytes"
                sending = self.socket.send({"type": "websocket.send", kind: message})
                await asyncio.wait_for(sending, PATIENCE)

    def _next(self) -> str | bytes | None:
        """What is sent next: answers, notes, states, curves, and then the latest frame."""
        if self._answers:
            self._room.set()
            return self._answers.popleft()
        if self._notes:
            return self._notes.popleft()
        if self._states != self.hub.states:
            self._states = self.hub.states
            return self.hub.runs_text()
        return self._curves() or self._next_frame()

    def _curves(self) -> str | None:
        """What a run has done since the last event; its whole history the first time."""
        now = time.monotonic()
        runs = self.hub.runs()
        if self.watch is not None and now - self.framed < ALONE and (self.frame is None or self.credit <= 0):
            return None
        pause = max(PAUSE, self.hub.trainer.pace * len(self.hub.browsers))
        pause *= max(1, sum(run.state == "running" for run in runs))
        for run in runs:
            told, stands = self._told.get(run.id), (run.history.count, run.history.closed)
            if told is None:
                self._told[run.id] = stands
                return self.hub.history_text(run)
            sent = self._sent.get(run.id, 0.0)
            if told != stands and now - sent >= pause:
                # One that comes a moment late does not put off those behind it: they keep the beat.
                self._told[run.id], self._sent[run.id] = stands, sent + pause if now - sent < 2 * pause else now
                self.hub.trainer.drawn()
                return self.hub.progress_text(run, told, stands)
        return None

    def _next_frame(self) -> bytes | None:
        frame = self.frame
        if frame is None or self.credit <= 0:
            return None
        self.frame = None
        self.credit -= 1
        self.hub.trainer.drawn()
        self.hub.refresh()
        return frame

    def retell(self, run: int) -> None:
        """Tell the whole way of a run again."""
        self._told.pop(run, None)
        self.wake()

    def forget(self, run: int) -> None:
        """A run is gone."""
        self._told.pop(run, None)
        self._sent.pop(run, None)
        self.looked.pop(run, None)
        self._picks.pop(run, None)
        if self.watch is not None and self.watch.run == run:
            self.watch = None

    def _cut(self) -> None:
        """End the connection at once, whatever is still unsent: closing politely would wait for the reader."""
        abort = self.socket.scope.get("state", {}).get("abort")
        if abort is not None:
            abort()


def _read(message: Any) -> Ask | BadRequest:
    try:
        data = message.get("bytes")
        if data is None:
            return messages.read(message.get("text") or "")
        try:
            header, payload = wire.unpack(data)
        except ValueError as error:
            return BadRequest(str(error), None)
        return messages.read(header, bytes(payload))
    except BadRequest as error:
        return error
