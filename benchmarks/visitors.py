"""Who visits the live page in a benchmark, each in a process of its own: readers, one that stops reading, Chromium."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.devtools import Chromium, family, processor_seconds, program

EVERYTHING = ("activations", "gradients", "weights")
ACK = '{"do":"ack"}'
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"  # milliseconds
SETTLED = 2.0  # seconds in which the server finds out how many frames a second it can spare
COUNT = """
const Plain = window.WebSocket;
window.counted = {frames: 0, events: 0};
window.WebSocket = class extends Plain {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (message) => {
      if (typeof message.data === "string") window.counted.events += 1; else window.counted.frames += 1;
    });
  }
};
"""


@contextmanager
def socket_to(url: str) -> Iterator[Any]:
    """The page's WebSocket."""
    from websockets.sync.client import connect

    parts = urlsplit(url)
    origin = f"http://{parts.netloc}"
    with connect(f"ws://{parts.netloc}/ws?{parts.query}", origin=origin, max_size=None, compression=None) as found:  # type: ignore[arg-type]
        yield found


def ask(connection: Any, do: str, **values: Any) -> Any:
    """One request and its result; whatever else comes meanwhile is read and acknowledged."""
    connection.send(json.dumps({"id": 1, "do": do, **values}))
    while True:
        message = connection.recv(120)
        if isinstance(message, bytes):
            connection.send(ACK)
            continue
        answer = json.loads(message)
        if answer.get("re") == 1:
            if "error" in answer:
                raise RuntimeError(answer["error"]["message"])
            return answer["result"]


def watch(connection: Any, run: int, rate: float) -> None:
    """Ask for frames with everything in them."""
    ask(connection, "watch", run=run, what=list(EVERYTHING), rate=rate)


class Visitor:
    """A process that visits; `open` and `close` begin and end a visit, and `close` says what came."""

    def __init__(self, work: Callable[[Connection, str, int, float], None], url: str, run: int, rate: float) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        self.process = context.Process(target=work, args=(there, url, run, rate), daemon=True)
        self.process.start()
        self._pipe.recv()  # it is ready

    def ask(self, what: str) -> Any:
        """One order and what it comes to."""
        self._pipe.send(what)
        return self._pipe.recv()

    def end(self) -> None:
        """End the process."""
        self._pipe.send("end")
        self.process.join(20)
        self.process.terminate()


def listener(pipe: Connection, url: str, run: int, rate: float) -> None:
    """Hears how training goes, and asks for no frames."""
    reader(pipe, url, run, 0)


def reader(pipe: Connection, url: str, run: int, rate: float) -> None:
    """Reads and acknowledges everything."""
    pipe.send("ready")
    while pipe.recv() == "open":
        with socket_to(url) as connection:
            if rate:
                watch(connection, run, rate)
            pipe.send("open")
            frames = events = 0
            began = time.perf_counter()
            while not pipe.poll():
                try:
                    message = connection.recv(0.2)
                except TimeoutError:
                    continue
                if isinstance(message, bytes):
                    frames += 1
                    connection.send(ACK)
                else:
                    events += 1
            pipe.recv()
            pipe.send({"frames": frames, "events": events, "seconds": time.perf_counter() - began})


def deaf(pipe: Connection, url: str, run: int, rate: float) -> None:
    """Asks for everything, acknowledges blindly and never reads; where the server cuts it off, it comes again."""
    pipe.send("ready")
    while pipe.recv() == "open":
        pipe.send("open")
        connected, visits, began = 0.0, 0, time.perf_counter()
        while not pipe.poll():
            visits += 1
            came = time.perf_counter()
            connected += _stay(pipe, url, run, rate, came)
            time.sleep(0.2)
        pipe.recv()
        pipe.send({"connected": connected, "visits": visits, "seconds": time.perf_counter() - began})


def _stay(pipe: Connection, url: str, run: int, rate: float, came: float) -> float:
    """Acknowledge without reading until the server cuts the connection or the visit is over; seconds of it."""
    parts = urlsplit(url)
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # little fits in before the server has to wait
        raw.connect((parts.hostname, parts.port))
        raw.settimeout(1.0)
        raw.sendall(
            f"GET /ws?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\nOrigin: http://{parts.netloc}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode()
        )
        asked = {"id": 1, "do": "watch", "run": run, "what": list(EVERYTHING), "rate": rate}
        try:
            raw.sendall(_masked(json.dumps(asked)))
            while not pipe.poll(1 / rate):
                raw.sendall(_masked(ACK))
        except OSError:  # the server has had enough
            pass
        return time.perf_counter() - came


def _masked(text: str) -> bytes:
    """A text frame as a browser sends it, of less than 64 KiB; the mask is all zeros and changes nothing."""
    data = text.encode()
    return struct.pack("!BBHI", 0x81, 0xFE, len(data), 0) + data


def chromium(pipe: Connection, url: str, run: int, rate: float, sight: str = ".layers-panel") -> None:
    """Chromium, with the page open on what is trained; in sight are its layers, or the part that `sight` names."""
    with Chromium() as browser:
        browser.before(COUNT)
        pipe.send("ready")
        began = used = 0.0
        while (order := pipe.recv()) != "end":
            if order == "open":
                browser.go(f"{url}#train")
                browser.until("document.querySelector('.layers canvas') !== null")
                browser.value(f"document.querySelector('{sight}').scrollIntoView()")  # what is out of sight is not sent
                browser.until("window.counted.events > 2")
                time.sleep(SETTLED)
                browser.value("window.counted.frames = window.counted.events = 0")
                began, used = time.perf_counter(), processor_seconds(os.getpid())
                pipe.send("open")
            else:
                found = dict(browser.value("window.counted"))
                found["seconds"] = time.perf_counter() - began
                found["cores"] = (processor_seconds(os.getpid()) - used) / found["seconds"]
                found["paint"] = browser.value(PAINT)
                if order == "close":
                    browser.go("about:blank")
                pipe.send(found)


def curves(pipe: Connection, url: str, run: int, rate: float) -> None:
    """Chromium with the curves in sight, and no layers."""
    chromium(pipe, url, run, rate, ".run-panel")


def resident(pid: int) -> int:
    """Bytes of a process in memory; 0 where it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmRSS")), 0)


def renderer(pid: int) -> int:
    """The largest of Chromium's renderers below a process, in bytes."""
    return max((resident(each) for each in family(pid) if _is_renderer(each)), default=0)


def _is_renderer(pid: int) -> bool:
    try:
        return b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def has_chromium() -> bool:
    """Whether Chromium can be run here."""
    return program() is not None and os.name == "posix"
