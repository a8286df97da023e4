"""A real server on a free port, a real Chromium, and pages that may not complain or call anyone else."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

import striate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
SWITCHES = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
PATIENCE = 30_000  # milliseconds that anything may take: slow machines are no faults


@dataclass(frozen=True)
class Served:
    """A running `striate serve`: its address with the token, and the folder that it works in."""

    url: str
    folder: Path

    def tab(self, name: str) -> str:
        """The address of one view."""
        return f"{self.url}#{name}"


def serving(folder: Path, words: tuple[str, ...] = ()) -> Iterator[Served]:
    """Start the server with `words` for arguments; ended with Ctrl-C, it must not have fallen over."""
    for needed in ("starlette", "uvicorn", "websockets"):
        pytest.importorskip(needed, reason=f"the page's server needs {needed}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if key != "STRIATE_DATA"}
    environment |= {"PYTHONPATH": str(Path(striate.__file__).parents[1]), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "striate.cli", "serve", *words, "--no-open", "--port", str(port)]
    with (folder / "errors").open("w") as errors:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / "runs")],
            cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            address = re.search(r"http://\S+", said)
            assert address, said + (folder / "errors").read_text()
            yield Served(address.group(), folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
            process.stdout.close()
    assert "Traceback" not in (folder / "errors").read_text()


def watched(browser: Browser, complaints: list[str], **options: object) -> Iterator[Page]:
    """The same with options of the browser's context, such as viewport or color_scheme."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    page.on("websocket", lambda web: hosts.add(urlsplit(web.url).hostname))
    yield page
    context.close()
    assert complaints == []
    assert hosts <= {"127.0.0.1", None}  # None: blob: and data:, which are the page's own


def launched(more: Iterable[str] = ()) -> Iterator[Browser]:
    """Headless Chromium, with `more` switches; the test is skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the page is tested with playwright")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"the page is tested with Chromium, and there is none at {CHROMIUM}")
    with playwright.sync_playwright() as begun:
        browser = begun.chromium.launch(executable_path=CHROMIUM, args=[*SWITCHES, *more])
        yield browser
        browser.close()
