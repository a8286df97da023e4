"""What native code and those who call it agree on; nothing is emitted here, so callers of kept code import no emitter.

Every function is ``void entry(ptr context, i64 rank, i64 threads)``. The context is a row of 64-bit numbers, named in
``CONTEXT``. ``sync`` points to 64-byte lines: arrivals, generation, then one counter for each hand-out of work;
the caller clears the counters before a run.
"""

from __future__ import annotations

CONTEXT = ("arena", "pictures", "out", "images", "groups", "sync", "pause")
LINE = 64  #: bytes of a cache line
COUNTERS = 2  #: the line of the first counter in ``sync``

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

#: What scores use in place of BN, made when parameters or running statistics have changed; with each of the others.
FOLD_ENTRIES = {"fold": ("fold", "")}

#: Those of a plan for looking inside.
INSIDE_ENTRIES = {
    "inside_float": ("inside", "f32"),
    "inside_byte": ("inside", "u8"),
    "prepare": ("prepare", ""),
}
