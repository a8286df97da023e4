"""How many requests of a browser wait, and how large they may be together."""

from __future__ import annotations

import asyncio

from striate.web.lanes import PICTURES, Given, Lanes
from striate.web.messages import Ask


def test_pictures_that_wait_are_bounded_and_hold_up_nothing() -> None:
    answered: list[int | None] = []
    refused: list[int | None] = []

    async def visit() -> None:
        go = asyncio.Event()

        async def work(ask: Given) -> None:
            if isinstance(ask, Ask) and ask.do == "look":
                await go.wait()
            answered.append(ask.id)

        async def refuse(ask: Ask, error: Exception) -> None:
            refused.append(ask.id)

        lanes = Lanes(work, refuse)
        visits = asyncio.create_task(lanes.visit())
        for id in range(6):
            await asyncio.wait_for(lanes.put(Ask(id, "look", {"run": 1}, b"pixels")), 60)
        await lanes.put(Ask(10, "control", {"run": 1, "action": "pause"}))
        while 10 not in answered:
            await asyncio.sleep(0)
        assert answered == [10] and refused == list(range(PICTURES, 6))
        go.set()
        while len(answered) < 1 + PICTURES:
            await asyncio.sleep(0)
        await lanes.put(Ask(11, "look", {"run": 1}, b"pixels"))
        while 11 not in answered:
            await asyncio.sleep(0)
        visits.cancel()

    asyncio.run(asyncio.wait_for(visit(), 60))
    assert answered == [10, *range(PICTURES), 11]
