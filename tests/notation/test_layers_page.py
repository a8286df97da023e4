"""docs/layers.md has every layer, and its lines are networks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from striate.layers import LAYERS
from striate.notation import parse

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "layers.md").read_text(encoding="utf-8")
LINES = re.findall(r"^    (INPUT\[.*)$|`(INPUT\[\S+ - [^`]*)`", TEXT, re.M)


def test_every_layer_has_its_section_in_the_order_of_the_alphabet() -> None:
    sections = re.findall(r"^## (\w+)$", TEXT, re.M)
    assert sections == sorted(sections)
    assert set(LAYERS) <= set(sections)


@pytest.mark.parametrize("line", [block or inline for block, inline in LINES])
def test_every_line_is_a_network(line: str) -> None:
    parse(line)
