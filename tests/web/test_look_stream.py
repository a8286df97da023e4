"""Pictures that follow each other, as from a pen or a camera, are shown by the same slices."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from striate.web import browser as browsers
from striate.web.browser import STREAM, Browser
from striate.web.frames import pick


@pytest.mark.parametrize("count", [1, 4])
def test_progress_comes_twenty_times_a_second_over_all_runs(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    now = [100.0]
    monkeypatch.setattr(browsers, "time", SimpleNamespace(monotonic=lambda: now[0]))  # the event loop's clock goes on
    runs = [SimpleNamespace(id=id, state="running", history=SimpleNamespace(count=0, closed=0)) for id in range(count)]
    told = {"history_text": lambda run: "history", "progress_text": lambda run, told, stands: "progress"}
    browser = Browser(cast(Any, None), cast(Any, SimpleNamespace(runs=lambda: runs, **told)), cast(Any, None))
    sent = []
    for _ in range(5000):
        now[0] += 0.001
        for run in runs:
            run.history.count += 1
        sent += [browser._curves()]
    assert sent.count("history") == count
    assert 95 - 5 * count <= sent.count("progress") <= 100 + count


def test_an_acknowledgement_changes_what_is_wanted_only_where_there_was_no_room() -> None:
    asked: list[int] = []
    browser = Browser(cast(Any, None), cast(Any, SimpleNamespace(refresh=lambda: asked.append(1))), cast(Any, None))
    for credit, times in ((2, 0), (1, 0), (0, 1)):
        browser.credit = credit
        browser._acknowledged()
        assert (browser.credit, len(asked)) == (min(credit + 1, 2), times)


def test_slices_stay_while_pictures_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(browsers, "time", SimpleNamespace(monotonic=lambda: now[0]))  # the event loop's clock goes on
    nobody = cast(Any, None)
    browser = Browser(nobody, nobody, nobody)
    values = np.zeros((2, 2, 5), np.float32)

    def shown(strongest: int, run: int = 1, most: int = 2) -> list[int]:
        values[...] = 0
        values[:, :, strongest], values[:, :, 0] = 2, 1
        return pick("conv1", values, most, browser.picks(run, most)).tolist()

    assert shown(3) == [0, 3]
    for _ in range(4):  # however long the stream is
        now[0] += 0.9 * STREAM
        assert shown(4) == [0, 3]
    assert shown(4, run=2) == [0, 4]
    now[0] += 1.1 * STREAM
    assert shown(4) == [0, 4]
    assert shown(2, most=1) == [2]
