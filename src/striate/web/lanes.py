"""The requests of one browser on their way to their answers: what is quick does not wait for what is slow.

Orders (`control`, `set`) wait for those of the same run only. Lines to `plan` are answered at most
RATE times a second; of very many the oldest are given up. Everything else is a visit, one after the other;
of those that bring a picture, no more than PICTURES are taken at a time.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from striate.errors import ArgumentError
from striate.web.messages import Ask, BadRequest

WAITING = 8  # requests of a kind read and not yet answered
PICTURES = 2  # of those, such as bring a picture, which are large
RATE = 20.0  # lines planned a second
ORDERS = ("control", "set")

Given = Ask | BadRequest
Work = Callable[[Given], Awaitable[None]]


class Lanes:
    """`work` answers one request; `refuse` one that is given up. Neither raises."""

    def __init__(self, work: Work, refuse: Callable[[Ask, ArgumentError], Awaitable[None]]) -> None:
        self._work, self._refuse = work, refuse
        self.visits: asyncio.Queue[Given] = asyncio.Queue(WAITING)
        self._pictures = 0
        self.plans: deque[Ask] = deque()
        self._planned = asyncio.Event()
        self._room = asyncio.Semaphore(WAITING)
        self._orders: dict[int, asyncio.Task[None]] = {}  # the last of each run
        self._tasks: set[asyncio.Task[None]] = set()

    async def put(self, ask: Given) -> None:
        """Take a request; waits while too many of its kind wait."""
        do = ask.do if isinstance(ask, Ask) else None
        if isinstance(ask, Ask) and do in ORDERS:
            await self._room.acquire()
            run = ask.values["run"]
            task = self._orders[run] = asyncio.create_task(self._obey(ask, self._orders.get(run)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif isinstance(ask, Ask) and do == "plan":
            self.plans.append(ask)
            self._planned.set()
            if len(self.plans) > WAITING:
                await self._refuse(self.plans.popleft(), ArgumentError("newer lines have been sent since"))
        elif isinstance(ask, Ask) and ask.payload and self._pictures >= PICTURES:
            await self._refuse(ask, ArgumentError("pictures are being looked at already: wait for their answers"))
        else:
            self._pictures += bool(isinstance(ask, Ask) and ask.payload)
            await self.visits.put(ask)

    async def _obey(self, ask: Ask, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await asyncio.wait({before})
            await self._work(ask)
        finally:
            self._room.release()
            run = ask.values["run"]
            if self._orders.get(run) is asyncio.current_task():
                del self._orders[run]

    async def visit(self) -> None:
        """Answer the visits, without end."""
        while True:
            ask = await self.visits.get()
            await self._work(ask)
            self._pictures -= bool(isinstance(ask, Ask) and ask.payload)

    async def plan(self) -> None:
        """Answer the lines, without end."""
        while True:
            await self._planned.wait()
            self._planned.clear()
            while self.plans:
                await self._work(self.plans.popleft())
                await asyncio.sleep(1 / RATE)

    def close(self) -> None:
        """End what waits."""
        for task in list(self._tasks):
            task.cancel()
