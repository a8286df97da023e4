"""`striate serve` on the command line: what it takes, and that no mistake is a traceback."""

from __future__ import annotations

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import striate
from striate.web.claim import DOOR, LOCK, Claim
from striate.web.ending import FINISHING

COMMAND = [sys.executable, "-m", "striate.cli", "serve", "--no-open"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": ENVIRONMENT}


def served(*words: str) -> tuple[str, subprocess.Popen[str]]:
    """The first line that it prints, and the process."""
    process = subprocess.Popen([*COMMAND, *words], **PIPES)  # type: ignore[call-overload]
    return process.stdout.readline(), process


def ended(process: subprocess.Popen[str]) -> str:
    """What it says on Ctrl-C, after that it is about to end."""
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert errors.startswith(FINISHING)
    return errors.removeprefix(FINISHING)


def test_it_prints_an_address_that_opens_and_ends_with_a_sentence(tmp_path: Path) -> None:
    line, process = served("--folder", str(tmp_path / "new" / "runs"))
    url = re.fullmatch(r"the page is at (http://127\.0\.0\.1:\d+/\?token=[\w-]{43})\n", line)
    assert url
    with urllib.request.urlopen(url[1], timeout=60) as answer:
        assert answer.status == 200 and b"<html" in answer.read().lower()
    assert ended(process) == "stopped\n"


def test_the_next_free_port_is_taken_unless_one_was_asked_for(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run([*COMMAND, "--port", str(port)], **PIPES, check=False)  # type: ignore[call-overload]
        assert done.returncode == 2 and f"--port {port} cannot be listened on" in done.stderr
    ports = []
    processes = []
    for number in range(2):
        line, process = served("--folder", str(tmp_path / str(number)))
        ports.append(int(re.search(r":(\d+)/", line)[1]))  # type: ignore[index]
        processes.append(process)
    assert ports[0] != ports[1]
    assert [ended(process) for process in processes] == ["stopped\n", "stopped\n"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere 127.0.0.2 is no address of the machine by itself")
@pytest.mark.parametrize("host, warned", [("127.0.0.2", False), ("0.0.0.0", True)])
def test_any_free_port_and_who_can_reach_it(tmp_path: Path, host: str, warned: bool) -> None:
    line, process = served("--host", host, "--port", "0", "--folder", str(tmp_path))
    url = line.split()[-1]
    with urllib.request.urlopen(url, timeout=60) as answer:
        assert answer.status == 200
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and ("other machines can reach it" in errors) is warned


def test_a_model_and_data_of_ones_own_are_shown(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (40, 6, 6, 1), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=images, labels=np.arange(40) % 4)
    network = striate.parse("INPUT[6x6x1] - FC[4]")
    program = striate.compile(network, threads=1)
    striate.Model(network, program.parameters(), tuple("0123")).save(tmp_path / "own.striate")
    line, process = served(str(tmp_path / "own.striate"), str(tmp_path / "own.npz"), "--folder", str(tmp_path / "runs"))
    from visiting import Client
    from websockets.sync.client import connect

    host, token = re.search(r"http://(\S+)/\?token=(\S+)", line).groups()  # type: ignore[union-attr]
    with connect(f"ws://{host}/ws?token={token}", origin=f"http://{host}", compression=None) as connection:  # type: ignore[arg-type]
        client = Client(connection)
        hello = client.ask("hello")
        assert hello["data"][0]["name"] == hello["defaults"]["data"] == str(tmp_path / "own.npz")
        assert hello["data"][0]["volume"] == [6, 6, 1] and hello["defaults"]["line"] == str(network)
        (run,) = hello["runs"]
        assert run["loaded"] and run["test"] == 40 and run["data"] == str(tmp_path / "own.npz")
        begun = client.ask("start", line=str(network), data=hello["defaults"]["data"], settings={"epochs": 1})["run"]
        client.state(begun["id"], "done")
    assert "1 run kept" in ended(process)


@pytest.mark.parametrize(
    "words, part",
    [
        (["INPUT[10x10x1] - CONV[4, S=2, P=0]"], "4.5 is no whole number"),
        (["RELO"], "is no layer"),
        (["nowhere.striate"], "no such file"),
        (["INPUT[8x8x1] - FC[10]", "nowhere"], "no data set of that name"),
        (["INPUT[8x8x1] - FC[3]", "digits"], "end the line with FC[10]"),
        (["INPUT[9x9x1] - FC[10]", "digits"], "[8x8x1]"),
        (["--host", "no.such.host.invalid"], "there is no such address"),
        (["--folder", "{file}"], "name another"),
        (["--host", "192.0.2.1"], "--host 192.0.2.1 cannot be listened on"),
        (["--host", "192.0.2.1", "--port", "0"], "--host 192.0.2.1 --port 0 cannot be listened on"),
    ],
)
def test_mistakes_are_sentences(tmp_path: Path, words: list[str], part: str) -> None:
    (tmp_path / "file").write_text("")
    filled = [word.replace("{file}", str(tmp_path / "file")) for word in words]
    done = subprocess.run([*COMMAND, *filled], **PIPES, timeout=120, check=False)  # type: ignore[call-overload]
    assert done.returncode == 2 and done.stdout == ""
    assert part in done.stderr and "Traceback" not in done.stderr and done.stderr.startswith("striate: ")


def test_a_folder_belongs_to_one_server(tmp_path: Path) -> None:
    line, process = served("--folder", str(tmp_path))
    assert "token=" in line
    done = subprocess.run([*COMMAND, "--folder", str(tmp_path)], **PIPES, timeout=60, check=False)  # type: ignore[call-overload]
    assert done.returncode == 2 and done.stdout == "" and "Traceback" not in done.stderr
    assert f"--folder {tmp_path}: another striate serve" in done.stderr
    process.kill()
    process.communicate()
    line, process = served("--folder", str(tmp_path))  # a server that was killed holds nothing
    assert "token=" in line and ended(process) == "stopped\n"


def test_what_a_killed_server_left_is_cleared_away(tmp_path: Path) -> None:
    left = [".run-1-00ff00ff.checkpoint.0123456789ab.part", DOOR]
    others = [".mine.part", "run.checkpoint.bak", ".x.checkpoint.0123456789ab.part.txt", "notes.html"]
    for name in (*left, *others):
        (tmp_path / name).write_text("x")
    Claim(tmp_path).close()
    assert {path.name for path in tmp_path.iterdir()} == {*others, LOCK}


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for the browser")
def test_the_token_is_not_in_the_browsers_command_line(tmp_path: Path) -> None:
    browser, said, folder = tmp_path / "browser", tmp_path / "said", tmp_path / "runs"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$*" > {said}.part; mv {said}.part {said}\n')
    browser.chmod(0o755)
    environment = {**ENVIRONMENT, "BROWSER": str(browser)}
    command = [*COMMAND[:-1], "--folder", str(folder)]
    process = subprocess.Popen(command, **{**PIPES, "env": environment})  # type: ignore[call-overload]
    url = process.stdout.readline().split()[-1]
    until(said.exists)
    door = folder / DOOR
    assert said.read_text() == door.as_uri()
    assert stat.S_IMODE(door.stat().st_mode) == 0o600 and f"url={url}" in door.read_text()
    assert ended(process) == "stopped\n" and not door.exists()


def until(right: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not right():
        assert time.monotonic() < ends, "it never happened"
        time.sleep(0.02)
