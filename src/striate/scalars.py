"""NumPy's numbers as Python's, so that settings compare, print and are saved alike whoever made them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["plain"]


def plain(value: Any) -> Any:
    """A NumPy number as Python's of the same value, also within a tuple; anything else as it is.

    >>> import numpy as np
    >>> plain(np.int64(3)), plain((np.int32(3), 5)), plain("each")
    (3, (3, 5), 'each')
    """
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    return value.item() if isinstance(value, np.integer | np.floating) else value
