"""`striate plan`: the table of a network's volumes, counts and memory."""

from __future__ import annotations

from striate.commands.say import console, on_terminal
from striate.notation.parse import parse
from striate.notation.table import summary


def explain(line: str, fit: str, batch: int) -> None:
    """Print what the engine would run on this processor: kernels, tiles, calls and the map of the memory."""
    from striate.native.host import choose_target
    from striate.plan.plan import plan as make_plan

    print(make_plan(parse(line, fit=fit), choose_target(), batch, "softmax"))


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
