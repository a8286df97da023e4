"""An empty folder to run commands in, and one run whose files many tests look at."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from command_line import COMMAND, Run

import striate


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """No data folder and a cache of our own: no test meets the user's files, and none of them downloads."""
    environment = {key: value for key, value in os.environ.items() if key not in ("STRIATE_DATA", "COLUMNS")}
    return {
        **environment,
        "STRIATE_CACHE": str(tmp_path_factory.mktemp("cache")),
        "PYTHONPATH": str(Path(striate.__file__).parents[1]),
        "PYTHONIOENCODING": "utf-8",
    }


@pytest.fixture
def run(tmp_path: Path, environment: dict[str, str]) -> Run:
    """Run a command in an empty folder."""

    def run(*words: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> tuple[Path, str]:
    """What `striate train` leaves when it is given nothing: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("trained")
    done = subprocess.run([*COMMAND, "train"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return folder, done.stdout
