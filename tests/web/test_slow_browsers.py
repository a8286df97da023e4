"""Browsers that do not read, or never acknowledge: training goes on and nothing piles up."""

from __future__ import annotations

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from visiting import LINE, TOKEN, Served, served, until

from striate.web import browser


@contextmanager
def deaf(page: Served) -> Iterator[socket.socket]:
    """A browser that opens the socket, may speak, and never reads a byte of what comes."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", page.port))
    key = base64.b64encode(os.urandom(16)).decode()
    raw.sendall(
        f"GET /ws?token={TOKEN} HTTP/1.1\r\nHost: {page.host}\r\nOrigin: {page.origin}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    try:
        yield raw
    finally:
        raw.close()


def say(raw: socket.socket, message: Any) -> None:
    """One masked text frame."""
    data, mask = json.dumps(message).encode(), b"\1\2\3\4"
    length = struct.pack("!BBH", 0x81, 0xFE, len(data))
    raw.sendall(length + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(data)))


def test_a_browser_that_stops_reading_stops_nothing_and_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser, "PATIENCE", 3.0)
    with served(tmp_path) as page, page.client() as client:
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 100_000})["run"]["id"]
        client.state(run, "running")
        with deaf(page) as raw:
            hub = page.page.desk.hub
            until(lambda: len(hub.browsers) == 2)
            silent = next(each for each in hub.browsers if each.socket.client != client.socket.local_address)
            # Frames are asked for without any acknowledgement that is not sent at once.
            say(raw, {"id": 1, "do": "watch", "run": run, "what": ["activations", "gradients", "weights"], "rate": 30})
            for _ in range(200):
                say(raw, {"do": "ack"})
            steps = [client.event("progress")["run_now"]["step"] for _ in range(20)]
            assert all(later > earlier for earlier, later in pairwise(steps))
            for number in range(2, 30):
                say(raw, {"id": number, "do": "hello"})
            client.event("progress")
            assert len(silent._answers) <= browser.WAITING and silent._lanes.visits.qsize() <= browser.WAITING
            until(lambda: silent not in hub.browsers)
        assert client.event("progress")["run_now"]["step"] > steps[-1]


def test_a_browser_that_never_acknowledges_still_gets_progress(tmp_path: Path) -> None:
    with served(tmp_path) as page, page.client() as client:
        client.acks = False
        run = client.ask("start", line=LINE, data="digits", settings={"epochs": 100_000})["run"]["id"]
        client.ask("watch", run=run)
        for _ in range(40):
            client.event("progress")
        assert len(client.frames) == browser.CREDIT
        only = next(iter(page.page.desk.hub.browsers))
        assert only.credit == 0 and not page.page.desk.trainer.wanted


def test_a_browser_that_vanishes_is_forgotten(shared: Served) -> None:
    hub = shared.page.desk.hub
    before = len(hub.browsers)
    with deaf(shared):
        until(lambda: len(hub.browsers) == before + 1)
    until(lambda: len(hub.browsers) == before)
