"""Pictures and page speak one visual language: the same colours, which can be read on their ground."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import striate
from striate.layers import LAYERS
from striate.look.palette import ALIKE, COLOURS, NEGATIVE, POSITIVE, contrast

STATIC = Path(striate.__file__).parent / "web" / "static"
TOKENS = (STATIC / "style" / "tokens.css").read_text(encoding="utf-8")


def properties(selector: str) -> dict[str, str]:
    """The custom properties of the first rule of a selector."""
    body = re.search(rf"^{re.escape(selector)} {{\n(.*?)^}}", TOKENS, re.M | re.S)
    assert body
    return dict(re.findall(r"--([\w-]+): (#\w{6});", body[1]))


@pytest.mark.parametrize(("theme", "selector"), [("light", ":root"), ("dark", ':root[data-theme="dark"]')])
def test_the_page_has_the_pictures_colours(theme: str, selector: str) -> None:
    page = properties(selector)
    assert {name: page[name.lower()] for name in COLOURS[theme]} == COLOURS[theme]
    assert (page["negative"], page["positive"]) == (NEGATIVE, POSITIVE)


@pytest.mark.parametrize("selector", [":root", ':root[data-theme="dark"]'])
def test_text_can_be_read(selector: str) -> None:
    """A contrast of 4.5 at least with the ground and with raised panels (WCAG 2.1, level AA)."""
    page = properties(selector)
    texts = ["ink", "pale", "accent", "good", "bad"]
    texts += ["input", "conv", "local", "relu", "pool", "fc", "dropout", "add", "concat", "bn", "gap", "lrn"]
    for ground in ("ground", "raised"):
        weak = {name: contrast(page[name], page[ground]) for name in texts if contrast(page[name], page[ground]) < 4.5}
        assert not weak, (ground, weak)


def test_every_layer_has_a_colour() -> None:
    base = (STATIC / "style" / "base.css").read_text(encoding="utf-8")
    rules = [(set(re.findall(r"\.kind-(\w+)", names)), token) for names, token in
             re.findall(r"((?:\.kind-\w+,? )+)\{ --kind: var\(--(\w+)\); \}", base)]  # fmt: skip
    page = {name: token for names, token in rules for name in names}
    assert page == {kind: ALIKE.get(kind, kind).lower() for kind in (*LAYERS, "ADD", "CONCAT")}
    words = (STATIC / "js" / "network" / "highlight.js").read_text(encoding="utf-8")
    assert set(LAYERS) <= set(re.findall(r'"([A-Z]+)"', words))
