"""The functions of a program, in the vocabulary."""

from __future__ import annotations

from striate.emit import depth_first, layer_by_layer, one_image
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

#: Those for one image, which are compiled when they are first wanted.
SINGLE_ENTRIES = {
    "single_float": ("single", "f32"),
    "single_byte": ("single", "u8"),
    "single_prepare": ("single_prepare", ""),
}


def emit_entry(b: ProgramBuilder, plan: Plan, entry: str) -> None:
    """One of the program's functions, by its name in ENTRIES or SINGLE_ENTRIES."""
    what, element = {**ENTRIES, **SINGLE_ENTRIES}[entry]
    schedule = layer_by_layer if plan.layered else depth_first
    if what == "prepare":
        prepare(b, plan)
    elif what == "single_prepare":
        one_image.single_prepare(b, plan)
    else:
        {"train": schedule.train, "scores": schedule.scores, "single": one_image.single}[what](b, plan, element)
