"""Tests whose failure would be a crash or a hang run in a process of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import striate

PATHS = [str(Path(striate.__file__).parent.parent), str(Path(__file__).parent)]
PATIENCE = 60  #: seconds: far more than any of them takes; a process that hangs is ended then


def start(script: str, cache: Path) -> subprocess.Popen[str]:
    """Begin a Python process with the package, the tests' helpers, and its own cache folder."""
    paths = os.pathsep.join([*PATHS, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    environment = {**os.environ, "PYTHONPATH": paths, "STRIATE_CACHE": str(cache)}
    command = [
        sys.executable,
        "-W",
        "error::RuntimeWarning",
        "-X",
        "faulthandler",
        "-c",
        textwrap.dedent(script),
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, text=True, start_new_session=True, **pipes)


def _end(process: subprocess.Popen[str]) -> None:
    """Kill it, and what it forked: a child would keep the pipes open."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def finish(process: subprocess.Popen[str]) -> str:
    """What it printed; fails with its last words where it crashed or hangs."""
    try:
        out, complaints = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        _end(process)
        out, complaints = process.communicate()
        raise AssertionError(f"still running after {PATIENCE} s; it printed {out!r}\n{complaints[-2000:]}") from None
    assert process.returncode == 0, f"exit status {process.returncode}\n{complaints[-2000:]}"
    return out


def run(script: str, cache: Path) -> str:
    """Start and finish."""
    return finish(start(script, cache))
