"""The functions of a program, in the vocabulary."""

from __future__ import annotations

from striate.emit import depth_first, layer_by_layer
from striate.emit.builder import ProgramBuilder
from striate.emit.prepare import prepare
from striate.plan.plan import Plan

#: The functions of a program: what each does, and the element of the images it takes.
ENTRIES = {
    "train_float": ("train", "f32"),
    "train_byte": ("train", "u8"),
    "scores_float": ("scores", "f32"),
    "scores_byte": ("scores", "u8"),
    "prepare": ("prepare", ""),
}


def emit_entry(b: ProgramBuilder, plan: Plan, entry: str) -> None:
    """One of the program's functions, by its name in ENTRIES."""
    what, element = ENTRIES[entry]
    if what == "prepare":
        prepare(b, plan)
        return
    schedule = layer_by_layer if plan.layered else depth_first
    {"train": schedule.train, "scores": schedule.scores}[what](b, plan, element)
