"""How one number of a volume came to be: what it sees, and the multiply-and-add that made it."""

from __future__ import annotations

from typing import Any

from striate.notation.network import Network
from striate.web.inside import Numbers


def explain(
    network: Network, parameters: Numbers, made: Numbers, layer: str, position: tuple[int, int, int]
) -> dict[str, Any]:
    """The number at `position` (x, y, d) of a layer."""
    raise NotImplementedError
