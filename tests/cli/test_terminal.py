"""On a terminal of 80 columns: bars, colours, and nothing wider than the screen."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND, TINY, VGG


def on_terminal(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """What a command shows on a terminal of 80 columns."""
    fcntl, pty, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "termios"))
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")
    environment = {**environment, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    assert process.wait() == 0
    return shown.decode()


def plain(shown: str) -> list[str]:
    """The lines without colours and cursor movements."""
    return re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown))


def test_training_on_a_terminal_shows_a_bar(tmp_path: Path, environment: dict[str, str]) -> None:
    lines = plain(on_terminal(["train", TINY, "digits", "--epochs", "3"], tmp_path, environment))
    bars = [line for line in lines if "━" in line]
    assert bars
    assert all(re.search(r"loss \d.*accuracy .* %.*images/s .*left", line) for line in bars)
    assert [line.split()[0] for line in lines if re.match(r" +\d+ +\d", line)] == ["1", "2", "3"]
    assert max(map(len, lines)) <= 80


def test_plan_on_a_terminal_fits_and_says_the_same(tmp_path: Path, environment: dict[str, str]) -> None:
    lines = plain(on_terminal(["plan", VGG], tmp_path, environment))
    assert max(map(len, lines)) <= 80
    totals = [line for line in lines if line.strip().startswith("total")]
    assert re.findall(r"[\d,.]+", " ".join(totals)) == [
        "26,890", "6,370", "70", "1,802,570", "235.2", "75.5", "3,588,320",
    ]  # fmt: skip


def test_a_test_on_a_terminal_is_coloured_and_aligned(
    trained: tuple[Path, str], tmp_path: Path, environment: dict[str, str]
) -> None:
    shown = on_terminal(["test", str(trained[0] / "digits.striate")], tmp_path, environment)
    assert "\x1b[32m" in shown
    rows = [line for line in plain(shown) if re.match(r"\d +\d", line)]
    assert len({len(row) for row in rows}) == 1
