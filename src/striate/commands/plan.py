"""`striate plan`: the table of a network's volumes, counts and memory."""

from __future__ import annotations

import json

from striate.commands.say import console, count, on_terminal
from striate.notation.lint import hints
from striate.notation.named import expand
from striate.notation.parse import parse
from striate.notation.table import summary


def explain(line: str, fit: str, batch: int) -> None:
    """Print what the engine would run on this processor: kernels, calls and what they cost, the map of the memory."""
    from striate.emit.estimate import estimate
    from striate.native.host import choose_target
    from striate.native.peak import peak
    from striate.plan.plan import plan as make_plan

    target = choose_target()
    made = make_plan(parse(line, fit=fit), target, batch, "softmax")
    most = peak(target)
    print(f"{made}\n\npredicted, for one lane group on one core of {most / 1e9:.0f} GF/s:")
    print(f"{'microseconds':>12} {'flops':>15} {'bytes':>12}  call")
    total = 0.0
    for call in made.train:
        expected = estimate(made, call)
        seconds = expected.seconds(made, most)
        total += seconds
        name = f"{call.family}({call.buffers[0]})"
        tile = call.setting("tile")
        shown = f"  {tile}" if tile is not None and not isinstance(tile, int) else ""
        print(f"{seconds * 1e6:12,.1f} {expected.flops:15,} {expected.bytes:12,}  {name:34}{shown}".rstrip())
    print(f"{total * 1e6:12,.1f} in all, update apart")


def lint(line: str, fit: str, as_json: bool) -> None:
    """Print what the notes advise and the network does otherwise."""
    found = hints(line, fit)
    if as_json:
        rows = [{"layers": h.names, "reason": h.reason, "position": h.position, "length": h.length} for h in found]
        named = expand(line)
        print(json.dumps({"line": named.line if named else line, "hints": rows}, indent=2))
        return
    for hint in found:
        print(f"{hint}\n")
    print(f"{count(len(found), 'hint')} from the notes; none is an error" if found else "no hints: as the notes advise")


def plan(line: str, fit: str, batch: int, as_json: bool) -> None:
    """Print the table of the network."""
    table = summary(parse(line, fit=fit), batch)
    if as_json:
        print(table.to_json())
    elif on_terminal():
        from striate.commands.plan_table import tables

        for piece in tables(table, console().width):
            console().print(piece)
    else:
        print(table)
