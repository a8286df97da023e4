"""`striate gradcheck`: the compiled gradients against the oracle's, and against finite differences."""

from __future__ import annotations

import json

import typer

from striate.commands.say import FAILED, count
from striate.gradcheck import Check, Checks
from striate.notation.parse import parse


def run(line: str, fit: str, loss: str, images: int, seed: int, tolerance: float, as_json: bool) -> None:
    """Print a row for each parameter tensor as soon as it is checked; leave with status 1 if one fails."""
    network = parse(line, fit=fit)
    checks = Checks(network, loss, images, seed)
    names = {name: "x".join(map(str, shape)) for name, shape in network.parameter_shapes().items()}
    wide, long = max(9, *map(len, names)), max(5, *map(len, names.values()))
    if not as_json:
        target = checks.program.plan.target.name
        print(f"{network}\n{loss} loss of {count(images, 'image')}, seed {seed}, compiled for {target}")
        print(
            f"\n{'parameter':<{wide}}  {'shape':>{long}}  {'numbers':>11}  {'analytic':>9}  {'numeric':>9}", flush=True
        )
    done: list[Check] = []
    for check in checks:
        done.append(check)
        if not as_json:
            shape = names[check.name]
            numbers = 1
            for size in check.shape:
                numbers *= size
            row = (
                f"{check.name:<{wide}}  {shape:>{long}}  {numbers:>11,}  {check.analytic:>9.1e}  {check.numeric:>9.1e}"
            )
            print(row + ("" if check.holds(tolerance) else "  fails"), flush=True)
    failed = [check.name for check in done if not check.holds(tolerance)]
    if as_json:
        rows = [{"name": c.name, "shape": c.shape, "analytic": c.analytic, "numeric": c.numeric} for c in done]
        print(json.dumps({"network": str(network), "tolerance": tolerance, "failed": failed, "checks": rows}, indent=2))
    else:
        print(_meaning(len(done), failed, tolerance))
    if failed:
        raise typer.Exit(FAILED)


def _meaning(checked: int, failed: list[str], tolerance: float) -> str:
    """What the columns are, and what came out."""
    result = f"{count(len(failed), 'tensor')} of {checked} off by {tolerance:g} or more" if failed else (
        f"all {count(checked, 'tensor')} within {tolerance:g}"
    )  # fmt: skip
    return (
        "\nanalytic: largest difference from the oracle's gradient, in parts of its largest number"
        "\nnumeric:  the slope along a direction against (f(x + h) - f(x - h)) / 2h of the oracle's loss"
        f"\n{result}"
    )
