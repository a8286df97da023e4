"""Programs that live through some steps, and every bit that comes out of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from corpus import draw as draw_numbers
from striate import SGD, Program, compile, parse

NETS = {
    "conv-pool": "INPUT[9x8x3] - CONV[5] - RELU - POOL[2x2, S=2, fit=crop] - CONV[7, S=2, fit=crop] - RELU - FC[11]",
    "1x1": "INPUT[6x5x3] - CONV[17] - RELU - CONV[19, 1x1] - RELU - CONV[18, 1x1] - FC[11]",
    "no-fusion": "INPUT[7x7x2] - RELU - POOL[3x3, S=2] - FC[9] - RELU - FC[4] - RELU",
    "bn": "INPUT[5x6x3] - BN - CONV[5] - BN - RELU - DROPOUT[0.2] - CONV[17, 1x1] - RELU - BN - FC[7] - BN - FC[4]",
    "activations": "INPUT[6x6x3] - CONV[6] - TANH - POOL - DROPOUT - CONV[4] - GELU - MAXOUT - FC[7] - ELU - FC[4]",
    "groups": "INPUT[6x5x4] - CONV[6, groups=2] - RELU - CONV[6, 2x3, P=0, groups=each] - CONV[3, groups=3] - FC[4]",
    "local": "INPUT[6x5x3] - LOCAL[4] - RELU - LOCAL[3, 3x2, S=2x1, P=0, fit=crop] - FC[4]",
    "ways": "INPUT[6x5x3] - CONV[5] - RELU - ( CONV[5] - DROPOUT )+ - { CONV[3] - RELU | . | POOL[3x3, S=1, P=1] }"
    " - FC[4]",
    "dropout": "INPUT[7x6x3] - DROPOUT[0.2] - CONV[5] - RELU - DROPOUT - POOL[3x3, S=1, P=1] - FC[7] - DROPOUT - FC[4]",
}
BATCH = 70  #: 5 groups of 16, 9 of 8, 18 of 4 lanes: more than there are slots, and the last not full
IMAGES = (70, 33, 1, 70, 17)  #: of each step


def data(line: str, count: int, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    _, images, labels = draw_numbers(parse(line), count, seed)
    return images.astype(np.float32), labels


def make(
    line: str,
    threads: int = 1,
    batch: int = BATCH,
    target: str | None = None,
    seed: int = 3,
    order: str | None = None,
) -> Program:
    return compile(parse(line), batch, SGD(0.05, 0.9, 1e-3), threads=threads, target=target, seed=seed, order=order)


def digest(program: Program) -> bytes:
    """All bits of parameters and velocity."""
    rows = (program.parameters(), program.velocity())
    return b"".join(array.tobytes() for row in rows for array in row.values())


def life(program: Program, line: str) -> list[bytes]:
    """Steps on full and partial batches, and scores: every bit that comes out."""
    seen = []
    for i, count in enumerate(IMAGES):
        images, labels = data(line, count, seed=i)
        seen += [
            np.float64(program.train(images, labels)).tobytes(),
            program.losses.tobytes(),
            digest(program),
        ]
        seen.append(bytes([program.correct]))
    loss, gradients = program.gradients(images, labels)
    seen += [np.float64(loss).tobytes(), *(g.tobytes() for g in gradients.values())]
    return [*seen, program.scores(data(line, 200)[0]).tobytes()]
