"""What is asked of a run while it is being compiled."""

from __future__ import annotations

import json
from typing import Any

import pytest
from test_batches import SETTINGS, Compiler
from visiting import LINE, Client, Served, until

from striate.web.run import Run
from striate.web.settings import Settings


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Compiler:
    """A compiler that waits until it is opened."""
    found = Compiler()
    found.open.clear()
    monkeypatch.setattr("striate.web.workshop.compile", found)
    return found


def begin(client: Client, **how: Any) -> int:
    return int(client.ask("start", line=LINE, data="digits", settings=SETTINGS, **how)["run"]["id"])


@pytest.mark.parametrize(("actions", "state"), [
    (["pause"], "paused"), (["stop"], "stopped"), (["pause", "resume"], "running"), (["stop", "pause"], "paused"),
])  # fmt: skip
def test_the_last_wish_counts(client: Client, closed: Compiler, actions: list[str], state: str) -> None:
    run = begin(client)
    for action in actions:
        assert client.ask("control", run=run, action=action)["run"]["state"] == "compiling"
    closed.open.set()
    found = client.event("runs", lambda event: any(each["state"] != "compiling" for each in event["runs"]))
    assert [each["state"] for each in found["runs"]] == [state]
    if state != "running":
        assert client.ask("hello")["runs"][0]["step"] == 0


def test_a_start_alone_pauses_what_is_still_compiled(client: Client, shared: Served, closed: Compiler) -> None:
    first = begin(client)
    desk = shared.page.desk
    other = Run(99, desk.trainer.runs[first].network, LINE, "digits", tuple("0123456789"), Settings())
    desk.trainer.call(lambda: desk.trainer.runs.update({99: other})).result(10)
    client.socket.send(json.dumps({"id": 900, "do": "start", "line": LINE, "data": "digits", "settings": SETTINGS}))
    closed.open.set()
    answer = client.wait(lambda message: isinstance(message, dict) and message.get("re") == 900)
    client.state(answer["result"]["run"]["id"], "running")
    client.state(first, "paused")
    assert other.wish == "paused"


def test_what_is_removed_is_not_prepared(
    client: Client, shared: Served, closed: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Any] = []
    monkeypatch.setattr("striate.web.workshop._look", looked.append)
    first = begin(client)
    until(lambda: closed.batches)
    removed = shared.page.desk.trainer.runs[first]
    client.ask("control", run=first, action="remove")
    closed.open.set()
    second = begin(client)
    client.state(second, "running")
    until(lambda: looked)
    assert len(looked) == 1 and removed.program is None
