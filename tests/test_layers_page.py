"""docs/layers.md has a section for every layer, and lines that are lines."""

from __future__ import annotations

import re
from pathlib import Path

import striate
from striate.layers import LAYERS

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs" / "layers.md").read_text(encoding="utf-8")


def test_every_layer_has_a_section() -> None:
    titles = re.findall(r"^## (.*)$", TEXT, re.M)
    assert titles == sorted(titles)
    assert set(LAYERS) <= set(titles)


def test_every_layer_is_in_the_table_of_the_readme() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| layer | means |")[2].partition("\n\n")[0]
    assert [kind for kind in LAYERS if not re.search(rf"`{kind}\b", table)] == []


def test_each_section_shows_a_line_with_its_layer() -> None:
    for section in TEXT.split("\n## ")[1:]:
        kind = section.partition("\n")[0]
        lines = re.findall(r"^    (INPUT\[.*)$|`(INPUT\[.*?)`$", section, re.M)
        networks = [striate.parse(first or second) for first, second in lines]
        if kind in LAYERS:
            assert any(node.layer.kind == kind for network in networks for node in network.nodes), kind
