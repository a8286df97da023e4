"""A line of notation, and at once its volumes, counts, carets and fixes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import striate
from striate.errors import FitError, NotationError
from striate.notation.table import summary

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from page_server import Served

LENET = "INPUT[28x28x1] - CONV[20, 5x5, P=0] - RELU - POOL - CONV[50, 5x5, P=0] - RELU - POOL - FC[500] - RELU - FC[10]"
MISFIT = "INPUT[10x10x1] - CONV[4, S=2, P=0] - RELU"


@pytest.fixture
def line(page: Page, served: Served) -> Locator:
    """The editor of the Network tab, with the first plan drawn."""
    page.goto(served.tab("network"))
    page.wait_for_selector(".volumes")
    return page.get_by_label("Line of notation")


def plain(number: int) -> str:
    return f"{number:,}" if number else "–"


def test_every_volume_is_drawn_and_counted_as_the_table_has_it(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill(LENET)
    table = summary(striate.parse(LENET))
    expect(page.locator(".volume")).to_have_count(len(table.rows))
    sizes = [f"{row.output.width}x{row.output.height}x{row.output.depth}" for row in table.rows]
    assert page.locator(".volume-size").all_text_contents() == sizes
    assert page.locator(".arrow-name").all_text_contents() == [layer.kind for layer in striate.parse(LENET).layers[1:]]
    cells = [row.locator("th, td").all_inner_texts() for row in page.locator(".counts tbody tr").all()]
    for shown, row, size in zip(cells, table.rows, sizes, strict=True):
        wide, high = row.receptive_field
        assert shown[:5] == [
            row.name, row.notation, size,
            plain(row.neurons), plain(row.parameters),
        ]  # fmt: skip
        assert shown[6:8] == [plain(row.connections), f"{wide}x{high}"]
    totals = page.locator(".counts tfoot tr").locator("th, td").all_inner_texts()
    assert totals[3:5] == [f"{table.totals.neurons:,}", f"{table.totals.parameters:,}"]


def test_volumes_are_to_scale(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[32x32x8] - POOL - CONV[16]")
    expect(page.locator(".volume")).to_have_count(3)
    fronts = [path.get_attribute("d") or "" for path in page.locator(".face-front").all()]
    corners = [[float(number) for number in re.findall(r"-?[\d.]+", path)] for path in fronts]
    heights = [corner[5] - corner[1] for corner in corners]
    depths = [corner[2] - corner[0] for corner in corners]
    assert heights == pytest.approx([heights[0], heights[0] / 2, heights[0] / 2], abs=0.05)
    assert depths == pytest.approx([heights[0] / 4, heights[0] / 4, heights[0] / 2], abs=0.05)
    expect(page.locator(".caption")).to_contain_text("linear scale")


def test_the_picture_follows_every_letter(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x1] - FC[1")
    expect(page.get_by_role("button", name="Train this")).to_be_disabled()
    line.press("End")
    line.press_sequentially("2] - RELU", delay=20)
    expect(page.locator(".volume-size").last).to_have_text("1x1x12")
    expect(page.get_by_role("button", name="Train this")).to_be_enabled()
    expect(line).to_have_attribute("aria-invalid", "false")


def test_the_caret_stands_under_the_wrong_characters(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill(MISFIT)
    with pytest.raises(FitError) as caught:
        striate.parse(MISFIT)
    error = caught.value
    wrong = MISFIT[error.position : error.position + error.length]
    expect(page.locator(".caret")).to_have_count(len(wrong))
    assert "".join(page.locator(".caret").all_text_contents()) == wrong
    # The coloured layer and the textarea break lines alike: same width, same height, same letters.
    layer, area = page.locator(".editor-ink").bounding_box(), line.bounding_box()
    assert layer == area
    verdict = page.locator(".plan-verdict")
    expect(verdict).to_contain_text(f"Column {error.position + 1}")
    arithmetic = "(W − F + 2P)/S + 1 = (10 − 3 + 2·0)/2 + 1 = 4.5 is no whole number"
    expect(verdict.locator(".arithmetic")).to_have_text(arithmetic)
    expect(line).to_have_attribute("aria-invalid", "true")


def test_carets_are_where_a_monospaced_line_has_them(page: Page, line: Locator) -> None:
    """The browser places letters one by one: a caret begins where its letter does, in wrapped lines too."""
    from playwright.sync_api import expect

    page.set_viewport_size({"width": 360, "height": 800})
    long = "INPUT[32x32x3] - [CONV[10] - RELU]*2 - POOL - CONVV[10] - FC[10]"
    line.fill(long)
    expect(page.locator(".caret")).to_have_count(5)
    boxes = [caret.bounding_box() for caret in page.locator(".caret").all()]
    lefts = [box["x"] for box in boxes if box]
    width = lefts[1] - lefts[0]
    assert width > 5
    assert lefts == pytest.approx([lefts[0] + i * width for i in range(5)], abs=0.6)
    before = page.locator(".editor-ink").evaluate(
        """node => { const range = document.createRange(); const first = node.querySelector(".caret");
        range.setStart(node, 0); range.setEndBefore(first); return range.toString(); }"""
    )
    assert before == long[: long.index("CONVV")]


@pytest.mark.parametrize("label", ["S=1", "F=2", "W=9", "fit=pad", "fit=crop"])
def test_a_click_mends_the_line(page: Page, line: Locator, label: str) -> None:
    from playwright.sync_api import expect

    line.fill(MISFIT)
    page.get_by_role("button", name=label, exact=True).click()
    expect(line).to_have_attribute("aria-invalid", "false")
    mended = line.input_value()
    assert mended != MISFIT
    sizes = [str(node.output)[1:-1] for node in striate.parse(mended).nodes]
    expect(page.locator(".volume")).to_have_count(len(sizes))
    assert page.locator(".volume-size").all_text_contents() == sizes


def test_fit_can_be_chosen_for_all_layers(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill(MISFIT)
    expect(line).to_have_attribute("aria-invalid", "true")
    page.get_by_role("radio", name="crop", exact=True).check()
    expect(line).to_have_attribute("aria-invalid", "false")
    expect(page.locator(".volume-size").last).to_have_text("4x4x4")
    page.get_by_role("radio", name="pad", exact=True).check()
    expect(page.locator(".volume-size").last).to_have_text("5x5x4")
    page.get_by_role("radio", name="error", exact=True).check()
    expect(line).to_have_attribute("aria-invalid", "true")


def test_a_mistake_without_arithmetic_says_where_and_what(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x1] -\nRELO - FC[3]")
    with pytest.raises(NotationError) as caught:
        striate.parse("INPUT[8x8x1] -\nRELO - FC[3]")
    expect(page.locator(".plan-verdict")).to_contain_text("Line 2, column 1")
    expect(page.locator(".plan-verdict")).to_contain_text(caught.value.reason)
    page.get_by_role("button", name="Line 2, column 1").click()
    assert line.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)") == "RELO"


def test_examples_fill_the_line_and_the_batch_counts_memory(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    page.locator(".examples button").first.click()
    assert striate.parse(line.input_value())
    line.fill("INPUT[16x16x4] - RELU")
    page.get_by_label("Images in memory").fill("2")
    expect(page.locator(".counts tbody tr").first.locator("td").nth(7)).to_have_text("8.0 KiB")


def test_the_layer_kinds_are_coloured_as_everywhere(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x1] - CONV[2] - RELU - POOL - FC[10]")
    expect(page.locator(".volume")).to_have_count(5)
    names = page.locator(".editor-ink .ink-name")
    assert names.all_inner_texts() == ["INPUT", "CONV", "RELU", "POOL", "FC"]
    inks = [name.evaluate("node => getComputedStyle(node).color") for name in names.all()]
    arrows = [name.evaluate("node => getComputedStyle(node).fill") for name in page.locator(".arrow-name").all()]
    assert inks[1:] == arrows
    assert len(set(inks)) == 5


def test_arrows_keep_the_focus_on_the_choice_of_fit(page: Page, line: Locator) -> None:
    line.fill(MISFIT)
    page.get_by_role("radio", name="error", exact=True).focus()
    for name in ("pad", "crop", "error"):
        page.keyboard.press("ArrowRight")
        assert page.evaluate("document.activeElement.value") == {"error": "raise"}.get(name, name)


def test_one_multiplication_for_each_weight_of_each_neuron(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]")
    table = summary(striate.parse("INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"))
    wanted = sum(row.neurons * row.connections for row in table.rows)
    tile = page.locator(".tile", has_text="multiply-adds").locator("dd")
    expect(tile).to_have_text(f"{wanted:,}")


def test_a_small_network_with_many_filters_is_no_row_of_lines(page: Page, line: Locator) -> None:
    """On one linear scale, 8x8x64 would be a line: then sides and depths are drawn as square roots."""
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x1] - CONV[32] - RELU - POOL - CONV[64] - RELU - POOL - FC[10]")
    expect(page.locator(".volume")).to_have_count(8)
    expect(page.locator(".caption")).to_contain_text("square roots")
    boxes = [face.bounding_box() for face in page.locator(".face-front").all()]
    heights = [box["height"] for box in boxes if box]
    assert max(heights) > 72
    assert heights[0] / heights[3] == pytest.approx(2**0.5, rel=0.05)


def test_lines_lead_over_the_volumes_to_layers_that_read_an_earlier_one(page: Page, line: Locator) -> None:
    from playwright.sync_api import expect

    line.fill("INPUT[8x8x4] - ( CONV[4] - RELU - CONV[4] )+ - { CONV[2] | CONV[3] - RELU } - FC[3]")
    lines = page.locator(".skip-line")
    expect(lines).to_have_count(3)
    found = [(each.get_attribute("data-from"), each.get_attribute("data-to")) for each in lines.all()]
    assert found == [("input", "add1"), ("add1", "conv4"), ("conv3", "concat1")]
    # Each leads from the first box to the second, over both.
    for (begin, end), each in zip(found, lines.all(), strict=True):
        over = each.bounding_box()
        first, last = (page.locator(f'.volume[data-layer="{name}"] .face-top').bounding_box() for name in (begin, end))
        assert over and first and last and over["y"] < min(first["y"], last["y"])
        assert first["x"] < over["x"] < over["x"] + over["width"] < last["x"] + last["width"]
    line.fill("INPUT[8x8x4] - CONV[4] - RELU - FC[3]")
    expect(page.locator(".volume")).to_have_count(4)
    expect(lines).to_have_count(0)
