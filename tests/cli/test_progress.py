"""Progress in a pipe: a line an epoch, and a sign of life in long ones."""

from __future__ import annotations

import pytest

from striate.commands import progress
from striate.commands.progress import Lines, Table
from striate.train.loop import Report


def report(step: int, kind: str = "step", loss: float = 1.0, validation: float | None = None) -> Report:
    return Report(kind, 1, 2, step, 200, loss, 0.5, 0.01, 1234.5, 75.0, validation, validation)  # type: ignore[arg-type]


def test_a_long_epoch_gives_a_sign_of_life(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with Lines(Table(validated=True)) as lines:
        for step in range(1, 101):
            now += 0.3  # 30 seconds in all
            lines.show(report(step))
        lines.show(report(100, "epoch", validation=0.25))
    head, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["0.34", "0.68", "1"]
    assert {len(row) for row in rows} == {len(head)}
    assert rows[-1].split() == ["1", "1.0000", "50.0", "%", "25.0", "%", "1,234", "1:15"]


def test_figures_of_steps_follow_slowly_and_those_of_epochs_are_exact() -> None:
    table = Table(validated=False)
    assert table.follow(report(1, loss=4.0)).loss == 4.0
    assert table.follow(report(2, loss=2.0)).loss == 3.0
    for step in range(3, 200):
        followed = table.follow(report(step, loss=2.0))
    assert followed.loss == pytest.approx(2.0, abs=0.1)
    assert table.follow(report(200, loss=100.0)).loss < 6
    assert table.follow(report(200, "epoch", loss=100.0)).loss == 100.0
