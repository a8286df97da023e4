"""The exhibits: what they compute is compared with Striate's own rule and layers; they are used by keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from page_server import Served, watched
from striate.errors import StriateError
from striate.layers import Conv
from striate.layers.window import check_window, window
from striate.volume import Volume

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LINE, DEMO = "#stride-exhibit", "#convolution-exhibit"

# Sets the sliders as a hand would, and says what is shown then.
SET = """
([exhibit, settings]) => {
  const root = document.querySelector(exhibit);
  for (const [letter, value] of Object.entries(settings)) {
    const fit = letter === "fit";
    const input = root.querySelector(fit ? `input[value="${value}"]` : `input[data-letter="${letter}"]`);
    if (fit) input.checked = true;
    else if (input.value === String(value)) continue;
    else input.value = value;
    input.dispatchEvent(new Event(fit ? "change" : "input"));
  }
}
"""
ALL_LINES = f"""
(every) => every.map((settings) => {{
  ({SET})(["{LINE}", settings]);
  const root = document.querySelector("{LINE}");
  const all = (found) => [...root.querySelectorAll(found)];
  const verdict = root.querySelector(".verdict");
  return {{
    outputs: all(".neuron").map((node) => Number(node.textContent.replace("−", "-"))),
    inputs: all(".line-inputs .cell:not(.absent)").map((cell) => [cell.childNodes[1].textContent, cell.className]),
    ghosts: all(".ghost").length, absent: all(".line-inputs .absent").length,
    wrong: verdict.classList.contains("wrong"), words: verdict.innerText,
  }};
}})
"""
TABLES = """
(name) => {
  const root = document.querySelector(name);
  const all = (found, inside = root) => [...inside.querySelectorAll(found)];
  const number = (node) => Number(node.textContent.split("=").at(-1).replace("−", "-"));
  const rows = (table) => [...table.rows].map((row) => [...row.cells].map(number));
  const tables = (inside) => all("table", inside).map(rows);
  return {
    input: tables(root.querySelector(".demo-input")), padding: all(".demo-input td.padding").length,
    filters: all(".filter").map(tables), biases: all(".bias").map(number),
    output: all(".output-cells").map((cells) => [...cells.children].map(number)),
    worked: tables(root.querySelector(".demo-worked")), sum: root.querySelector('[data-role="value"]').textContent,
  };
}
"""


@pytest.fixture(params=["light", "dark"])
def coloured(request: pytest.FixtureRequest, browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from watched(browser, complaints, color_scheme=request.param, reduced_motion="reduce")


@pytest.fixture
def still(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from watched(browser, complaints, reduced_motion="reduce")


def opened(page: Page, served: Served) -> Page:
    page.goto(served.tab("exhibits"))
    page.locator(f"{DEMO} .output-cells button").first.wait_for()
    return page


def test_every_setting_of_the_line_is_as_striate_has_it(served: Served, still: Page) -> None:
    page = opened(still, served)
    letters = ("W", "F", "S", "P", "fit")
    ranges = range(3, 11), range(1, 6), range(1, 5), range(4), ("raise", "pad", "crop")
    every = [dict(zip(letters, values, strict=True)) for values in product(*ranges)]
    fitting = 0
    for settings, shown in zip(every, page.evaluate(ALL_LINES, every), strict=True):
        size, field, stride, padding, fit = (settings[letter] for letter in letters)
        try:
            check_window("CONV", field, padding, fit)
            found = window(size, field, stride, padding, fit)
        except StriateError:
            assert shown["wrong"], settings
            room = size + 2 * padding - field
            if padding < field and room >= 0:
                assert shown["ghosts"] == 1 and (room + shown["absent"]) % stride == 0, settings
                assert "no whole number" in shown["words"]
            continue
        fitting += 1
        assert not shown["wrong"], settings
        assert len(shown["outputs"]) == found.count and shown["ghosts"] == shown["absent"] == 0, settings
        x = np.array([float(text.replace("−", "-")) for text, _ in shown["inputs"]])
        assert len(x) == found.before + size + found.after, settings
        assert not x[: found.before].any() and not x[found.before + size :].any()
        weights = np.zeros(field)
        weights[-1], weights[0] = -1, 1  # a field of 1 keeps the first
        expected = [float(x[i * stride : i * stride + field] @ weights) for i in range(found.count)]
        assert shown["outputs"] == expected, settings
        added = sum("added" in kind for _, kind in shown["inputs"])
        left = sum("left" in kind.split() for _, kind in shown["inputs"])
        assert added == found.before + found.after - 2 * padding, settings
        assert left == len(x) - (stride * (found.count - 1) + field), settings
    assert 500 < fitting < len(every)


def test_the_line_begins_as_in_the_notes(served: Served, still: Page) -> None:
    shown = opened(still, served).evaluate(ALL_LINES, [{}, {"S": 2}])
    assert [text for text, _ in shown[0]["inputs"]] == ["0", "1", "2", "−1", "1", "−3", "0"]
    assert [each["outputs"] for each in shown] == [[-2, 2, 1, 2, 1], [-2, 1, 1]]
    assert "(W − F + 2P)/S + 1 = (5 − 3 + 2·1)/2 + 1 = 3" in shown[1]["words"]


def test_each_fix_of_a_line_that_does_not_fit_makes_it_fit(served: Served, still: Page) -> None:
    page = opened(still, served)
    settings = {"W": 10, "F": 3, "S": 2, "P": 0, "fit": "raise"}
    page.evaluate(SET, [LINE, settings])
    assert "(10 − 3 + 2·0)/2 + 1 = 4.5" in page.locator(f"{LINE} .verdict").inner_text()
    fixes = page.locator(f"{LINE} .chips button").all_inner_texts()
    assert set(fixes) >= {"S=1", "F=2", "F=4", "W=9", "fit=pad", "fit=crop"}
    for fix in fixes:
        page.evaluate(SET, [LINE, settings])
        page.locator(f"{LINE} .chips").get_by_role("button", name=fix, exact=True).click()
        assert page.locator(f"{LINE} .verdict.wrong").count() == 0, fix
        letter, value = fix.split("=")
        control = f'input[value="{value}"]' if letter == "fit" else f'input[data-letter="{letter}"]'
        assert page.locator(f"{LINE} {control}").input_value() == value


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"W": 7, "F": 3, "S": 1, "P": 0, "D": 1, "K": 1},
        {"W": 9, "F": 4, "S": 3, "P": 1, "D": 2, "K": 3, "fit": "pad"},
        {"W": 8, "F": 3, "S": 2, "P": 0, "D": 3, "K": 2, "fit": "crop"},
        {"W": 3, "F": 4, "S": 4, "P": 0, "D": 3, "K": 1, "fit": "pad"},
        {"W": 6, "F": 1, "S": 1, "P": 0, "D": 3, "K": 3},
    ],
    ids=str,
)
def test_the_demo_computes_what_the_layer_does(served: Served, still: Page, settings: dict[str, Any]) -> None:
    page = opened(still, served)
    page.evaluate(SET, [DEMO, settings])
    page.locator(DEMO).get_by_role("button", name="New numbers").click()
    s = {"W": 5, "F": 3, "S": 2, "P": 1, "D": 3, "K": 2, "fit": "raise", **settings}
    shown = page.evaluate(TABLES, DEMO)
    layer = Conv(s["K"], field=s["F"], stride=s["S"], padding=s["P"], fit=s["fit"])
    rows, columns = layer.windows(Volume(s["W"], s["W"], s["D"]))
    padded = np.array(shown["input"], np.float64)
    side = rows.before + s["W"] + rows.after
    assert padded.shape == (s["D"], side, side)
    inside = slice(rows.before, rows.before + s["W"])
    x = padded[:, inside, inside]
    assert padded.sum() == x.sum() > 0 and shown["padding"] == s["D"] * (side**2 - s["W"] ** 2)
    weights, biases = np.array(shown["filters"], np.float64), np.array(shown["biases"], np.float64)
    assert weights.shape == (s["K"], s["D"], s["F"], s["F"])
    y = layer.forward(x.transpose(1, 2, 0)[None], {"weights": weights, "biases": biases})[0]
    output = np.array(shown["output"]).reshape(s["K"], rows.count, columns.count)
    assert (output == y.transpose(2, 0, 1)).all()

    last = f"{s['K'] - 1} {rows.count - 1} {columns.count - 1}"
    page.locator(f'{DEMO} button[data-at="{last}"]').click()
    shown = page.evaluate(TABLES, DEMO)
    corner = (rows.count - 1) * s["S"]
    seen = padded[:, corner : corner + s["F"], corner : corner + s["F"]]
    worked = np.array(shown["worked"]).reshape(s["D"], 3, s["F"], s["F"])
    assert (worked[:, 0] == seen).all() and (worked[:, 1] == weights[-1]).all()
    assert (worked[:, 2] == seen * weights[-1]).all()
    terms = [int(number.replace("−", "-")) for number in re.findall(r"−?\d+", shown["sum"].split("=", 1)[1])]
    assert terms[:-1] == [*(seen * weights[-1]).sum((1, 2)), biases[-1]]
    assert sum(terms[:-1]) == terms[-1] == y[-1, -1, -1]


def test_new_numbers_are_new_and_the_same_for_everyone(served: Served, still: Page) -> None:
    page = opened(still, served)
    first = page.evaluate(TABLES, DEMO)
    page.locator(DEMO).get_by_role("button", name="New numbers").click()
    second = page.evaluate(TABLES, DEMO)
    assert first["input"] != second["input"] and first["filters"] != second["filters"]
    page.reload()
    opened(page, served)
    assert page.evaluate(TABLES, DEMO) == first


def test_a_demo_that_does_not_fit_says_why_and_computes_nothing(served: Served, still: Page) -> None:
    page = opened(still, served)
    page.evaluate(SET, [DEMO, {"W": 6, "P": 0}])
    assert "2.5 is no whole number" in page.locator(f"{DEMO} .verdict").inner_text()
    assert page.locator(f"{DEMO} .output-cells").count() == 0
    assert page.locator(DEMO).get_by_role("button", name="Play").is_disabled()


def test_it_plays_only_where_movement_is_welcome_and_stops_when_asked(served: Served, page: Page, still: Page) -> None:
    from playwright.sync_api import expect

    opened(still, served).locator(f"{DEMO} .demo-stage").scroll_into_view_if_needed()
    expect(still.locator(f"{DEMO} .play")).to_have_text("Play")
    opened(page, served).locator(f"{DEMO} .demo-stage").scroll_into_view_if_needed()
    expect(page.locator(f"{DEMO} .play")).to_have_text("Pause")
    sum_line = page.locator(f"{DEMO} [data-role=value]")
    expect(sum_line).to_contain_text("o[0,1,0]")  # it moves by itself,
    expect(sum_line).to_have_attribute("aria-live", "off")  # without a speech
    page.locator(f"{DEMO} .play").click()
    expect(page.locator(f"{DEMO} .play")).to_have_text("Play")
    before = sum_line.inner_text()
    page.locator(DEMO).get_by_role("button", name="Step on").click()
    expect(sum_line).not_to_have_text(before)
    expect(sum_line).to_have_attribute("aria-live", "polite")


def test_what_plays_stops_when_one_leaves(served: Served, still: Page) -> None:
    from playwright.sync_api import expect

    page = opened(still, served)
    page.locator(f"{DEMO} .play").click()
    expect(page.locator(f"{DEMO} .play")).to_have_text("Pause")
    page.evaluate(
        """
        () => {
          const [set, clear] = [setInterval, clearInterval];
          window.going = "unknown";
          window.clearInterval = (id) => (clear(id), (window.going = "stopped"));
          window.setInterval = (...all) => (set(...all), (window.going = "begun"));
          location.hash = "network";
        }
        """
    )
    page.wait_for_function("window.going === 'stopped'")
    page.evaluate("location.hash = 'exhibits'")
    expect(page.locator(f"{DEMO} .play")).to_be_visible()
    expect(page.locator(f"{DEMO} .play")).to_have_text("Play")


def test_by_keyboard_alone(served: Served, still: Page) -> None:
    from playwright.sync_api import expect

    page = opened(still, served)
    page.locator(f'{LINE} input[data-letter="W"]').focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{LINE} [data-role=count]")).to_contain_text("(6 − 3 + 2·1)/1 + 1 = 6")
    for _ in range(5):  # F, S, P, the choice of fit, then the neurons
        page.keyboard.press("Tab")
    focused = page.locator(":focus")
    assert "neuron 1:" in (focused.get_attribute("aria-label") or "")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"{LINE} [data-role=neuron]")).to_contain_text("neuron 3 of 6: 2·1 + (−1)·0 + 1·(−1) + 0 = 1")
    assert page.locator(f"{LINE} .cell.seen").count() == 3

    page.locator(f'{DEMO} button[data-at="0 0 0"]').focus()
    for key in ("ArrowRight", "ArrowDown", "PageDown"):
        page.keyboard.press(key)
    expect(page.locator(f"{DEMO} [data-role=value]")).to_contain_text("o[1,1,1]")
    expect(page.locator(":focus")).to_have_attribute("data-at", "1 1 1")
    expect(page.locator(f"{DEMO} .filter.chosen")).to_contain_text("b1")


def test_nothing_is_wrong_for_those_who_cannot_see_it(served: Served, coloured: Page) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe checks the page")
    page = opened(coloured, served)
    for settings in ({}, {"W": 10, "S": 2, "P": 0}, {"W": 10, "S": 4, "P": 1, "fit": "pad"}, {"fit": "crop"}):
        page.evaluate(SET, [LINE, settings])
        found = axe.Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == [], found


@pytest.mark.parametrize("width", [360, 390, 800])
def test_it_fits_a_phone(served: Served, browser: Browser, complaints: list[str], width: int) -> None:
    for page in watched(browser, complaints, viewport={"width": width, "height": 800}, reduced_motion="reduce"):
        opened(page, served)
        for settings in ({}, {"W": 10, "F": 5, "S": 4, "P": 3, "fit": "pad"}):
            page.evaluate(SET, [LINE, settings])
            page.evaluate(SET, [DEMO, {**settings, **({"W": 9, "F": 4} if settings else {})}])
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
