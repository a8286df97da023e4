"""The order in which a batch goes through the network, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from striate.layers import Fc
from striate.plan.fuse import Unit
from striate.plan.local import is_local, weight_bytes

STREAMED_BYTES = 2**23  #: of FC weights: more than caches hold beside the volumes
FEW_GROUPS = 4  #: fewer than these could not keep the threads of a small machine busy

ORDERS = ("depth first", "layer by layer")


@dataclass(frozen=True)
class Order:
    """``layered``: every call for all lane groups before the next call; else every group through all calls."""

    layered: bool
    why: str

    def __str__(self) -> str:
        return f"{ORDERS[self.layered]}: {self.why}"


def choose_order(units: Sequence[Unit], groups: int, force: str | None = None) -> Order:
    """Depth first keeps a group's volumes in the cache; layer by layer shares each call among all threads."""
    if force is not None:
        return Order(bool(ORDERS.index(force)), "asked for")
    bytes_ = sum(4 * unit.input.size * unit.node.layer.outputs for unit in units if isinstance(unit.node.layer, Fc))
    local = sum(weight_bytes(unit) for unit in units if is_local(unit))
    if bytes_ + local > STREAMED_BYTES:
        whose = " and ".join(kind for kind, some in (("FC", bytes_), ("LOCAL", local)) if some)
        return Order(True, f"{bytes_ + local:,} bytes of {whose} weights come from memory once for all groups")
    if groups < FEW_GROUPS:
        return Order(True, f"{groups} of at least {FEW_GROUPS} groups: threads share each call")
    return Order(False, f"{groups} groups, each stays with one thread and its cache")
