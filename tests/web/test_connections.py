"""Strangers who connect and say nothing, or not enough: none of them stays, and the page goes on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from test_serve_command import COMMAND, PIPES
from visiting import Served

from striate.web import connections


@contextmanager
def stranger(page: Served, said: str = "") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", page.port), timeout=30) as raw:
        raw.sendall(said.encode())
        yield raw


def ends(raw: socket.socket, drip: bytes = b"") -> bool:
    """Whether the server ends the connection, which goes on dripping meanwhile."""
    raw.settimeout(0.05)
    last = time.monotonic() + 30
    while time.monotonic() < last:
        try:
            if drip:
                raw.sendall(drip)
            if not raw.recv(65536):
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


@pytest.mark.parametrize(
    "said, drip",
    [
        ("", b""),
        ("GET / HTTP/1.1\r\nX: ", b"x"),
        ("GET /static/mark.svg HTTP/1.1\r\nHost: {host}\r\n\r\n", b""),
        ("GET /static/mark.svg HTTP/1.1\r\nHost: {host}\r\n\r\nGET / HTTP/1.1\r\nX: ", b"x"),
        ("POST /model HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\n", b"x"),
    ],
    ids=["silent", "slow head", "kept alive", "slow second head", "slow body of what is refused"],
)
def test_who_says_too_little_is_cut_off(
    shared: Served, monkeypatch: pytest.MonkeyPatch, said: str, drip: bytes
) -> None:
    monkeypatch.setattr(connections, "HEAD", 0.5)
    with stranger(shared, said.replace("{host}", shared.host)) as raw:
        assert ends(raw, drip)


def test_who_does_not_read_is_cut_off(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "UNREAD", 0.5)
    ask = f"GET /static/js/main.js HTTP/1.1\r\nHost: {shared.host}\r\n\r\n"
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", shared.port))
        raw.settimeout(0.05)
        last = time.monotonic() + 30
        with pytest.raises(OSError, match=r"[Bb]roken pipe|reset|abort"):
            while time.monotonic() < last:
                try:
                    raw.sendall(ask.encode())
                except TimeoutError:
                    continue


def test_one_too_many_is_not_let_in(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST", 12)
    held = shared.server.server_state.connections
    with ExitStack() as stack:
        crowd = [stack.enter_context(stranger(shared)) for _ in range(40)]
        assert ends(crowd[-1])
        assert len(held) <= 12
    until(lambda: not held)
    with shared.client() as client:
        assert client.ask("hello")["version"]


def test_a_browser_stays_longer_than_a_head_may_take(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD", 0.5)
    with shared.client() as client:
        time.sleep(1)
        assert client.ask("hello")["version"]


@pytest.mark.skipif(sys.platform != "linux", reason="another process's limits are read")
def test_the_process_may_open_more_files(tmp_path: Path) -> None:
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))

    command = [*COMMAND, "--folder", str(tmp_path)]
    with subprocess.Popen(command, **PIPES, preexec_fn=few) as process:  # type: ignore[call-overload]
        process.stdout.readline()
        most = connections.FILES if hard == resource.RLIM_INFINITY else min(hard, connections.FILES)
        until(lambda: resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[0] == most)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=60)


def until(right: Callable[[], bool]) -> None:
    last = time.monotonic() + 60
    while not right():
        assert time.monotonic() < last, "it never happened"
        time.sleep(0.02)
