"""Who reads whose volume, and which gradients are wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from striate.notation.network import Network
from striate.plan.fuse import Unit


@dataclass(frozen=True)
class Flow:
    """Units in an order in which each comes after those that it reads.

    sources: by a unit's name, those it reads, INPUT being a unit here, too. readers: those that read its volume, as
    often as they do. wanted: the names of those on whose volumes gradients are wanted. inside: every gradient
    is looked at afterwards.
    """

    units: tuple[Unit, ...]
    sources: Mapping[str, tuple[Unit, ...]]
    readers: Mapping[str, tuple[Unit, ...]]
    wanted: frozenset[str]
    inside: bool = False

    @property
    def last(self) -> Unit:
        """The unit that makes the scores."""
        return self.units[-1]

    def goes_on(self, unit: Unit) -> bool:
        """Whether a gradient is wanted of what the unit reads."""
        return any(source.name in self.wanted for source in self.sources[unit.name])

    def before(self, unit: Unit) -> Unit | None:
        """The unit that this one reads, if a gradient of its volume is wanted; for units that read one."""
        source = self.sources[unit.name][0]
        return source if source.name in self.wanted else None

    def x(self, unit: Unit) -> str:
        """The buffer of the volume that the unit reads, the first of a join's."""
        return self.sources[unit.name][0].result


def flow(network: Network, units: Sequence[Unit], inside: bool = False) -> Flow:
    """Of a network's units. Gradients go back as far as there is something to learn, or ``inside`` to the images."""
    first = Unit(network.nodes[0], network.nodes[:1])
    named = {first.name: first, **{unit.name: unit for unit in units}}
    sources = {unit.name: tuple(named[name] for name in unit.reads) for unit in units}
    readers: dict[str, list[Unit]] = {name: [] for name in named}
    wanted = {first.name} if inside else set()
    for unit in units:
        for name in unit.reads:
            readers[name].append(unit)
        if unit.learns or wanted.intersection(unit.reads):
            wanted.add(unit.name)
    told = {name: tuple(these) for name, these in readers.items()}
    return Flow(tuple(units), MappingProxyType(sources), MappingProxyType(told), frozenset(wanted), inside)
