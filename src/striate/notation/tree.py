"""The ways of a network as a tree: what was written between which brackets, found again from what reads what.

A join's ways part at its immediate dominator: the last node through which every path to the join leads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Union

from striate.layers import Add, Join
from striate.notation.canonical import canonical

if TYPE_CHECKING:
    from striate.notation.network import Node

__all__ = ["Branching", "Mark", "marks", "sources", "steps", "text", "tree"]


class Mark(Enum):
    """What stands among layers where ways part: FORK before the first way, WAY before each further one.

    The join that ends the ways is a layer, Add or Concat.
    """

    FORK = "fork"
    WAY = "way"


@dataclass(frozen=True)
class Branching:
    """Ways side by side, each a row of items, or empty; and the node that joins them."""

    join: Node
    ways: tuple[Items, ...]


Items = tuple[Union["Node", Branching], ...]


def tree(nodes: Sequence[Node]) -> Items:
    """The nodes in a row, those between a fork and its join as one item.

    >>> from striate.notation import parse
    >>> [getattr(item, "name", "ways") for item in tree(parse("INPUT[4x4x1] - ( RELU )+ - FC[2]").nodes)]
    ['input', 'ways', 'fc1']
    """
    place = {node.name: index for index, node in enumerate(nodes)}
    before: list[int] = []  # of each node, its immediate dominator
    for node in nodes:
        inputs = [place[name] for name in node.inputs]
        while len(set(inputs)) > 1:
            latest = max(inputs)
            inputs = [before[latest] if index == latest else index for index in inputs]
        before.append(inputs[0] if inputs else -1)

    def row(last: int, stop: int) -> Items:
        """What leads from behind ``stop`` to ``last``."""
        found: list[Node | Branching] = []
        while last != stop:
            node = nodes[last]
            if isinstance(node.layer, Join):
                ways = tuple(row(place[name], before[last]) for name in node.inputs)
                found.append(Branching(node, ways))
            else:
                found.append(node)
            last = before[last]
        return tuple(found[::-1])

    return row(len(nodes) - 1, -1)


def text(items: Items) -> str:
    """Canonical text of a row; one that is empty is a dot."""
    return canonical([_item_text(item) for item in items]) if items else "."


def _item_text(item: Node | Branching) -> str:
    if not isinstance(item, Branching):
        return item.layer.notation()
    if not isinstance(item.join.layer, Add):
        return f"{{ {' | '.join(map(text, item.ways))} }}"
    result, shortcut = item.ways
    return f"( {text(result)} | {text(shortcut)} )+" if shortcut else f"( {text(result)} )+"


def steps(items: Items) -> Iterator[Node | Mark]:
    """The nodes of a row in order, with marks where ways part.

    >>> from striate.notation import parse
    >>> [getattr(step, "name", "") for step in steps(tree(parse("INPUT[4x4x1] - { . | RELU }").nodes))]
    ['input', 'FORK', 'WAY', 'relu1', 'concat1']
    """
    for item in items:
        if not isinstance(item, Branching):
            yield item
            continue
        ways = item.ways
        if isinstance(item.join.layer, Add) and not ways[1]:
            ways = ways[:1]  # a shortcut without layers is not said
        for number, way in enumerate(ways):
            yield Mark.WAY if number else Mark.FORK
            yield from steps(way)
        yield item.join


def marks(nodes: Sequence[Node]) -> list[str]:
    """What stands before each node's name in a table, so that the ways can be seen.

    >>> from striate.notation import parse
    >>> nodes = parse("INPUT[4x4x1] - { CONV[2] - RELU | CONV[3] }").nodes
    >>> print(*(mark + node.name for mark, node in zip(marks(nodes), nodes)), sep="\\n")
    input
    ┌ conv1
    │ relu1
    ├ conv2
    └ concat1
    """
    found = {node.name: mark for node, mark in _marked(tree(nodes))}
    return [found[node.name] for node in nodes]


def _marked(items: Items) -> Iterator[tuple[Node, str]]:
    for item in items:
        if not isinstance(item, Branching):
            yield item, ""
            continue
        lead = "┌ "
        for way in item.ways:
            for node, mark in _marked(way):
                yield node, lead + mark
                lead = "│ "
            lead = "├ " if lead == "│ " else lead
        yield item.join, "└ " if lead != "┌ " else ""


def sources(node: Node) -> str:
    """What a node adds or joins, such as ``conv2 + input``; empty for any other."""
    if not isinstance(node.layer, Join):
        return ""
    return (" + " if isinstance(node.layer, Add) else " | ").join(node.inputs)
