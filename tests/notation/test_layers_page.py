"""docs/layers.md has every layer, and its lines are networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from striate.layers import LAYERS
from striate.notation import parse

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
LINE = re.compile(r"^    (INPUT\[.*)$|`(INPUT\[\S+ - [^`]*)`", re.M)
LINES = LINE.findall(TEXT)


def test_every_layer_has_its_section_in_the_order_of_the_alphabet() -> None:
    sections = re.findall(r"^## (\w+)$", TEXT, re.M)
    assert sections == sorted(sections)
    assert set(LAYERS) <= set(sections)


@pytest.mark.parametrize("line", [block or inline for block, inline in LINES])
def test_every_line_is_a_network(line: str) -> None:
    parse(line)


def test_every_section_shows_a_line_with_its_layer() -> None:
    for section in TEXT.split("\n## ")[1:]:
        kind = section.partition("\n")[0]
        networks = [parse(block or inline) for block, inline in LINE.findall(section)]
        if kind in LAYERS:
            assert any(node.layer.kind == kind for network in networks for node in network.nodes), kind


def test_every_layer_is_in_the_readme() -> None:
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    table = text.partition("| layer | means |")[2].partition("\n\n")[0]
    assert [kind for kind in LAYERS if not re.search(rf"`{kind}\b", table)] == []
