"""A page for all tests, and a browser of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from visiting import LINE, Client, Served, served


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One page for all tests that leave it as it was."""
    with served(tmp_path_factory.mktemp("runs")) as found:
        yield found


@pytest.fixture
def client(shared: Served) -> Iterator[Client]:
    with shared.client() as found:
        yield found
        for run in found.ask("hello")["runs"]:
            found.ask("control", run=run["id"], action="remove")


@pytest.fixture
def run(client: Client) -> dict[str, Any]:
    """A run of some steps, paused."""
    begun = client.ask("start", line=LINE, data="digits", settings={"epochs": 1000, "lr": 0.02})["run"]
    client.state(begun["id"], "running")
    client.event("progress")
    return client.ask("control", run=begun["id"], action="pause")["run"]
