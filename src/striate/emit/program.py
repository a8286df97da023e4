"""The functions of a program, in the vocabulary."""

from __future__ import annotations

from striate.emit import depth_first, inside, layer_by_layer, one_image
from striate.emit.builder import ProgramBuilder
from striate.emit.fold import fold
from striate.emit.interface import ENTRIES, FOLD_ENTRIES, INSIDE_ENTRIES, SINGLE_ENTRIES
from striate.emit.prepare import prepare
from striate.plan.plan import Plan


def emit_entry(b: ProgramBuilder, plan: Plan, entry: str) -> None:
    """One of the program's functions, by its name in ENTRIES, SINGLE_ENTRIES, INSIDE_ENTRIES or FOLD_ENTRIES."""
    what, element = {**ENTRIES, **SINGLE_ENTRIES, **INSIDE_ENTRIES, **FOLD_ENTRIES}[entry]
    schedule = layer_by_layer if plan.layered else depth_first
    if what == "prepare":
        prepare(b, plan)
    elif what == "fold":
        fold(b, plan)
    elif what == "single_prepare":
        one_image.single_prepare(b, plan)
    else:
        scores = layer_by_layer.scores if plan.layered_scores else depth_first.scores
        bodies = {"train": schedule.train, "scores": scores}
        {**bodies, "single": one_image.single, "inside": inside.inside}[what](b, plan, element)
