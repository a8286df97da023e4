"""Pictures that follow each other, as from a pen or a camera, are shown by the same slices."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from striate.web import browser as browsers
from striate.web.browser import STREAM, Browser
from striate.web.frames import pick


class Told:
    """A hub with runs that go on, whose updates are to be `pace` seconds apart."""

    def __init__(self, count: int, pace: float = 0.0) -> None:
        self._runs = [
            SimpleNamespace(id=id, state="running", history=SimpleNamespace(count=0, closed=0)) for id in range(count)
        ]
        self.drawn = 0
        self.trainer = SimpleNamespace(pace=pace, drawn=self._drawn)
        self.browsers: list[Browser] = []

    def _drawn(self) -> None:
        self.drawn += 1

    def runs(self) -> list[Any]:
        return self._runs

    def history_text(self, run: Any) -> str:
        return "history"

    def progress_text(self, run: Any, told: Any, stands: Any) -> str:
        return "progress"

    def refresh(self) -> None:
        pass


def seconds(browser: Browser, hub: Told, now: list[float], count: float) -> list[str | bytes | None]:
    """What a browser is sent while runs step a thousand times a second."""
    sent: list[str | bytes | None] = []
    for _ in range(int(1000 * count)):
        now[0] += 0.001
        for run in hub.runs():
            run.history.count += 1
        sent += [browser._curves() or browser._next_frame()]
    return sent


@pytest.mark.parametrize("count", [1, 4])
def test_progress_comes_twenty_times_a_second_over_all_runs(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    now = [100.0]
    monkeypatch.setattr(browsers, "time", SimpleNamespace(monotonic=lambda: now[0]))  # the event loop's clock goes on
    hub = Told(count)
    browser = Browser(cast(Any, None), cast(Any, hub), cast(Any, None))
    sent = seconds(browser, hub, now, 5)
    assert sent.count("history") == count
    assert 95 - 5 * count <= sent.count("progress") <= 100 + count
    assert hub.drawn == sent.count("progress")


@pytest.mark.parametrize("others", [0, 2])
def test_progress_that_slows_training_comes_less_often(monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    now = [100.0]
    monkeypatch.setattr(browsers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    hub = Told(1, pace=0.1)
    browser = Browser(cast(Any, None), cast(Any, hub), cast(Any, None))
    hub.browsers = [browser] * (1 + others)
    assert seconds(browser, hub, now, 6).count("progress") == pytest.approx(60 / (1 + others), abs=2)


def test_progress_goes_with_frames_while_they_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(browsers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    hub, watch = Told(1), cast(Any, "a watch")
    browser = Browser(cast(Any, None), cast(Any, hub), cast(Any, None))
    browser.watch = watch
    seconds(browser, hub, now, 2)
    now[0] += 2 * browsers.PAUSE
    for _ in range(10):
        browser.deliver(b"frame", watch, 1)
        assert [each for each in seconds(browser, hub, now, 0.5) if each] == ["progress", b"frame"]
        browser.credit = 2
    assert seconds(browser, hub, now, 5).count("progress") >= 80  # there are no more


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
