"""Schedules against PyTorch's, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest

from striate.errors import ArgumentError
from striate.train.schedule import SCHEDULES, schedule

STEPS = 200


def rates(torch: Any, make: Any) -> list[float]:
    """PyTorch's learning rate before every step, where ours would be 1 without a schedule."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, found = make(torch.optim.lr_scheduler, optimizer), []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


THEIRS: list[tuple[str, dict[str, Any], Any, float]] = [
    ("constant", {}, lambda s, o: s.ConstantLR(o, 1.0), 1e-9),
    ("cosine", {}, lambda s, o: s.CosineAnnealingLR(o, STEPS), 1e-6),
    ("step", {}, lambda s, o: s.MultiStepLR(o, [STEPS // 2, STEPS * 3 // 4]), 1e-9),
    ("step", {"at": (0.2,), "by": 0.5}, lambda s, o: s.MultiStepLR(o, [STEPS // 5], 0.5), 1e-9),
    # Theirs is at its height a step before 30 % are done.
    ("one-cycle", {}, lambda s, o: s.OneCycleLR(o, 1.0, STEPS), 0.03),
    ("constant", {"warmup": 0.1}, lambda s, o: s.LinearLR(o, 0.01, 1.0, STEPS // 10), 1e-6),
    (
        "cosine",
        {"warmup": 0.1},
        lambda s, o: s.SequentialLR(
            o, [s.LinearLR(o, 0.01, 1.0, STEPS // 10), s.CosineAnnealingLR(o, STEPS * 9 // 10)], [STEPS // 10]
        ),
        1e-6,
    ),
]


@pytest.mark.parametrize(("name", "settings", "make", "off"), THEIRS, ids=[f"{n}{s}" for n, s, *_ in THEIRS])
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*")
@pytest.mark.filterwarnings("ignore:.*epoch parameter.*")
def test_they_are_pytorchs(name: str, settings: dict[str, Any], make: Any, off: float) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: schedules are compared with it where it is")
    ours = schedule(name, **settings)
    assert [ours(step / STEPS) for step in range(STEPS)] == pytest.approx(rates(torch, make), abs=off)


@pytest.mark.parametrize("name", SCHEDULES)
def test_they_stay_between_nothing_and_all(name: str) -> None:
    for warmup in (0.0, 0.3):
        factors = [schedule(name, warmup)(done / 100) for done in range(101)]
        assert all(0 <= factor <= 1 for factor in factors) and max(factors) > 0.98


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"name": "linear"}, "take one of constant, cosine, step, one-cycle"),
        ({"name": "cosine", "warmup": 1}, "from 0 up to 1, not 1"),
        ({"name": "cosine", "warmup": float("nan")}, "from 0 up to 1, not nan"),
        ({"name": "cosine", "by": 0.1}, "those of the schedule step, not of cosine"),
        ({"name": "step", "at": ()}, "not at none"),
        ({"name": "step", "at": (0.5, 0.5)}, "not at 0.5, 0.5"),
        ({"name": "step", "at": (0, 0.5)}, "between 0 and 1"),
        ({"name": "step", "by": 0}, "not by 0"),
    ],
)
def test_what_they_refuse(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        schedule(**settings)
