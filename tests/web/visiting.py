"""A page on a port of its own, with runs in a folder of its own, and a client that speaks to it."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from striate.web.answers import Opening
from striate.web.page import Page
from striate.web.server import listen, make_server
from striate.web.sets import Sets
from striate.web.settings import Settings

LINE = "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"
TOKEN = "a-token-of-the-tests"
PATIENCE = 60.0


def until(right: Callable[[], Any]) -> None:
    """Wait for that to be so."""
    ends = time.monotonic() + PATIENCE
    while not right():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.005)


class Client:
    """A browser: asks, and keeps what it is told meanwhile."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.frames: list[tuple[dict[str, Any], bytes]] = []
        self.acks = True
        self.number = 0

    def ask(self, do: str, **values: Any) -> Any:
        """The result of a request; an AssertionError with its message where it is refused."""
        answer = self.answer(do, **values)
        assert "error" not in answer, answer
        return answer["result"]

    def refused(self, do: str, **values: Any) -> dict[str, Any]:
        """The error of a request."""
        answer = self.answer(do, **values)
        assert "error" in answer, answer
        return answer["error"]

    def answer(self, do: str, **values: Any) -> dict[str, Any]:
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "do": do, **values}))
        return self.wait(lambda message: isinstance(message, dict) and message.get("re") == self.number)

    def binary(self, do: str, payload: bytes = b"", **values: Any) -> tuple[dict[str, Any], bytes]:
        """The answer to a request that comes as a binary message; with a payload, it is asked as one."""
        self.number += 1
        head = {"id": self.number, "do": do, **values}
        if do == "look":
            text = json.dumps(head).encode()
            self.socket.send(len(text).to_bytes(4, "little") + text + payload)
        else:
            self.socket.send(json.dumps(head))
        return self.wait(lambda message: isinstance(message, tuple) and message[0].get("re") == self.number)

    def wait(self, right: Callable[[Any], bool]) -> Any:
        """The first message from here that is right; frames are kept and acknowledged."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            message = self.receive(ends - time.monotonic())
            if right(message):
                return message
        raise AssertionError("it never came")

    def receive(self, timeout: float = PATIENCE) -> Any:
        raw = self.socket.recv(timeout)
        if isinstance(raw, str):
            message = json.loads(raw)
            if "event" in message:
                self.events.append(message)
            return message
        length = int.from_bytes(raw[:4], "little")
        head, payload = json.loads(raw[4 : 4 + length]), raw[4 + length :]
        if head["kind"] == "frame":
            self.frames.append((head, payload))
            if self.acks:
                self.socket.send('{"do":"ack"}')
        return head, payload

    def event(self, name: str, right: Callable[[Any], bool] = lambda event: True) -> Any:
        return self.wait(lambda message: isinstance(message, dict) and message.get("event") == name and right(message))

    def frame(self, right: Callable[[Any], bool] = lambda head: True) -> tuple[dict[str, Any], bytes]:

        def fits(message: Any) -> bool:
            return isinstance(message, tuple) and message[0]["kind"] == "frame" and right(message[0])

        return self.wait(fits)

    def state(self, run: int, state: str) -> dict[str, Any]:
        """The run, once it has that state."""
        for known in self.ask("hello")["runs"]:
            if known["id"] == run and known["state"] == state:
                return known
        found: list[dict[str, Any]] = []

        def right(event: dict[str, Any]) -> bool:
            found[:] = [known for known in event["runs"] if known["id"] == run and known["state"] == state]
            return bool(found)

        self.event("runs", right)
        return found[0]


class Served:
    """A page that is being served."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.socket = listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        opening = Opening({"line": LINE, "fit": "raise", "data": "digits", "settings": Settings().to_json()}, [])
        sets = how.pop("sets", None) or Sets()
        self.page = Page(sets, opening, folder, TOKEN, "127.0.0.1", self.port, threads=1, **how)
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"
        self.server = make_server(self.page.app)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[self.socket])))

    def open(self) -> None:
        self.page.begin()
        self.thread.start()
        while not (self.server.started and self.page.desk.shown):
            assert self.thread.is_alive()
            time.sleep(0.01)

    def close(self) -> None:
        self.server.should_exit = True
        self.thread.join()
        self.page.end()

    @contextmanager
    def client(self, **how: Any) -> Iterator[Client]:
        url = f"ws://{self.host}/ws?token={TOKEN}"
        with connect(url, origin=self.origin, max_size=None, compression=None, **how) as socket:
            yield Client(socket)


@contextmanager
def served(folder: Path, **how: Any) -> Iterator[Served]:
    found = Served(folder, **how)
    found.open()
    try:
        yield found
    finally:
        found.close()
