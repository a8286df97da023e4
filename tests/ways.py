"""Drawn networks with skips and branches, for tests of the notation and of the engine."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from striate.errors import NotationError
from striate.notation import parse

LAYERS = (
    "RELU", "CONV[2]", "CONV[3, 1x1]", "POOL[3x3, S=1, P=1]", "DROPOUT[0.3]", "POOL[fit=crop]", "CONV[5, 2x2, P=0]",
)  # fmt: skip


def layers_for(depth: int) -> tuple[str, ...]:
    """Layers that keep a volume of that depth, for ways that can be added, and some that make another."""
    convs = (f"CONV[{depth}{window}]" for window in ("", ", 1x1", ", 5x5", ", groups=each"))
    same = (*convs, f"LOCAL[{depth}]", "RELU", "RELU", "LEAKY", "TANH", "SILU", "LRN", "BN", "BN", "DROPOUT[0.3]")
    pools = ("POOL[3x3, S=1, P=1]", "POOL[3x3, S=1, P=1, average]", "POOL[3x3, S=1, P=1, l2]")
    halved = (f"CONV[{depth}, S=2, fit=crop]", f"CONV[{depth}, 1x1, S=2, fit=crop]", "POOL[fit=crop]", "GAP")
    return (*same, *pools, *halved, "MAXOUT", "CONV[7]", "CONV[16, 1x1]", "FC[3]")


def fits(line: str) -> bool:
    """Whether a line is right."""
    try:
        parse(line)
    except NotationError:
        return False
    return True


@st.composite
def rows(draw: st.DrawFn, layers: Sequence[str] = LAYERS, deep: int = 3) -> str:
    """A line with skips and branches in each other; what does not go with what is before it is left out."""
    line = f"INPUT[{draw(st.integers(1, 9))}x{draw(st.integers(1, 9))}x{draw(st.sampled_from([1, 2, 3, 8]))}]"
    for _ in range(draw(st.integers(1, 4))):
        item = draw(items(layers, deep))
        line = f"{line} - {item}" if fits(f"{line} - {item}") else line
    return line if " - " in line else f"{line} - {{ . | RELU }}"


def items(layers: Sequence[str], deep: int) -> st.SearchStrategy[str]:
    """A layer, or a group of some kind."""
    layer = st.sampled_from(layers)
    if not deep:
        return layer
    inner = items(layers, deep - 1)
    row = st.lists(inner, min_size=1, max_size=3).map(" - ".join)
    way = st.one_of(st.just("."), row)
    return st.one_of(
        layer,
        st.tuples(row, st.integers(1, 3)).map(lambda drawn: f"[{drawn[0]}]*{drawn[1]}"),
        way.map(lambda one: f"( {one} )+"),
        st.tuples(way, way).map(lambda two: f"( {two[0]} | {two[1]} )+"),
        st.lists(way, min_size=2, max_size=3).map(lambda some: f"{{ {' | '.join(some)} }}"),
    )
