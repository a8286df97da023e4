"""`striate profile`: how long every kernel of a training step takes, beside the planner's guess and the peak."""

from __future__ import annotations

import json

from striate.native.host import choose_target
from striate.native.peak import peak
from striate.native.profile import Measured, profile
from striate.native.room import fitting
from striate.notation.parse import parse
from striate.plan.plan import Plan
from striate.plan.plan import plan as make_plan


def _conv_flops(made: Plan, measured: Measured) -> int:
    """The flops of a CONV's plain definition for one lane group, if the call computes one of its directions."""
    parameters = [b for b in measured.call.buffers if b.split(".")[-1] in ("forth", "back") or ".weights" in b]
    owner = parameters[0].split(".")[0] if parameters else ""
    unit = next((u for u in made.units if u.name == owner and owner in made.kernels), None)
    return unit.node.layer.flops(unit.input) * made.target.lanes if unit else 0


def _rows(made: Plan, timed: list[Measured], most: float) -> list[dict[str, object]]:
    total = sum(measured.seconds for measured in timed)
    rows: list[dict[str, object]] = []
    for measured in timed:
        done = measured.expected.flops / measured.seconds
        rows.append(
            {
                "call": f"{measured.call.family}({measured.call.buffers[0]})",
                "microseconds": measured.seconds * 1e6,
                "predicted_microseconds": measured.expected.seconds(made, most) * 1e6,
                "share": measured.seconds / total,
                "gflops": done / 1e9,
                "of_peak": done / most,
                "effective_gflops": _conv_flops(made, measured) / measured.seconds / 1e9 or None,
            }
        )
    return rows


def run(line: str, fit: str, batch: int, as_json: bool) -> None:
    """Time every call of a training step, alone, on one thread and one lane group."""
    target = choose_target()
    network = parse(line, fit=fit)
    made = fitting(lambda images: make_plan(network, target, images, "softmax"), batch, 1)
    most = peak(target)
    rows = _rows(made, profile(made, made.train), most)
    if as_json:
        print(json.dumps({"target": target.name, "peak_gflops": most / 1e9, "calls": rows}, indent=1))
        return
    print(f"{target}; one core's multiply-add peak is {most / 1e9:.0f} GF/s now")
    head = f"one group of {target.lanes} images, one thread"
    print(
        f"{head:42} {'us':>9} {'predicted':>9} {'share':>7} {'GF/s':>6} {'of peak':>8} {'effective':>10}",
    )
    for row in rows:
        effective = row["effective_gflops"]
        print(
            f"{row['call']:42} {row['microseconds']:9.1f} {row['predicted_microseconds']:9.1f} {row['share']:7.1%}"
            f" {row['gflops']:6.0f} {row['of_peak']:8.0%} {'' if effective is None else f'{effective:.0f}':>10}"
        )
    seconds = sum(float(str(row["microseconds"])) for row in rows) / 1e6
    predicted = sum(float(str(row["predicted_microseconds"])) for row in rows)
    speed = f"{target.lanes / seconds:,.0f} images/s a thread"
    print(f"{'all':42} {seconds * 1e6:9.1f} {predicted:9.1f}   {speed}")
    print("GF/s: operations done.  effective: those of the plain definition, many of which Winograd saves.")
    print("The update of the parameters is not among them.")
