"""Memory that begins at a cache line."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError
from striate.intake import address
from striate.plan.arena import ALIGNMENT


def aligned_zeros(size: int) -> npt.NDArray[np.uint8]:
    """``size`` zero bytes that begin at a cache line."""
    try:
        memory = np.zeros(size + ALIGNMENT, np.uint8)
    except MemoryError:
        raise ArgumentError(
            f"the network needs {size / 2**30:,.1f} GiB of memory, more than there is: use a smaller batch or network"
        ) from None
    start = -address(memory) % ALIGNMENT
    return memory[start : start + size]
