"""Chromium without a screen, as people run it: steered by its DevTools, of which only what is used here is switched on.

A driver such as Playwright has every message of a page's sockets told to it, and that costs the page more than drawing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

FLAGS = ("--headless", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--remote-debugging-port=0")


def program() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Chromium:
    """A browser with one page; a context manager."""

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        from websockets.sync.client import connect

        self._folder = tempfile.mkdtemp()
        where = [f"--user-data-dir={self._folder}", f"--window-size={width},{height}", "about:blank"]
        self._log = (Path(self._folder) / "log").open("w+", encoding="utf-8")
        self._process = subprocess.Popen([program() or "chromium", *FLAGS, *where], stderr=self._log)
        pages = json.load(urllib.request.urlopen(f"http://127.0.0.1:{self._port()}/json", timeout=30))
        address = next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page")
        self._socket = connect(address, max_size=None, open_timeout=30)
        self._count = 0
        self._ask("Page.enable")

    def _port(self) -> str:
        for _ in range(300):
            said = Path(self._log.name).read_text(encoding="utf-8")
            found = re.search(r"DevTools listening on ws://[^:]+:(\d+)", said)
            if found:
                return found[1]
            time.sleep(0.1)
        raise SystemExit("Chromium did not begin within 30 s")

    def _ask(self, method: str, **values: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": values}))
        while True:
            answer = json.loads(self._socket.recv(60))
            if answer.get("id") == self._count:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def before(self, script: str) -> None:
        """Run a script in every page before its own."""
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=script)

    def go(self, url: str) -> None:
        """Open an address."""
        self._ask("Page.navigate", url=url)

    def value(self, expression: str) -> Any:
        """What an expression comes to in the page."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['result'].get('description')}")
        return answer["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.value(expression):
            if time.monotonic() > end:
                raise SystemExit(f"in {seconds:g} s it never came to {expression}")
            time.sleep(0.1)

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
        shutil.rmtree(self._folder, ignore_errors=True)


def family(pid: int) -> set[int]:
    """A process and all below it."""
    found, parents = {pid}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = _words(int(entry.name))
            if words:
                parents[int(entry.name)] = int(words[1])
    for _ in range(8):  # generations
        found |= {child for child, parent in parents.items() if parent in found}
    return found


def processor_seconds(pid: int) -> float:
    """Seconds of processors that a process and all below it have used, without its own."""
    ticks = sum(int(words[11]) + int(words[12]) for each in family(pid) - {pid} if (words := _words(each)))
    return ticks / os.sysconf("SC_CLK_TCK")


def _words(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the name; none where the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return []
