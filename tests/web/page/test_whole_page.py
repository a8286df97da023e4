"""The page as a whole: axe, keyboard alone, no jumps, narrow screens, colours, a server that goes away."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from page_server import serving, watched

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from page_server import Served

WRONG = "INPUT[10x10x1] - CONV[4, S=2, P=0] - RELU"
# The cumulative layout shift as web.dev/cls defines it: the worst stretch of at most 5 s without 1 s of rest.
SHIFTS = """() => new Promise(done => { let [worst, sum, first, last] = [0, 0, 0, 0];
    new PerformanceObserver(list => { for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        if (entry.startTime - last > 1000 || entry.startTime - first > 5000) [sum, first] = [0, entry.startTime];
        last = entry.startTime; sum += entry.value; worst = Math.max(worst, sum);
    } }).observe({type: "layout-shift", buffered: true}); setTimeout(() => done(worst), 300); })"""


@pytest.fixture(params=["light", "dark"])
def coloured(request: pytest.FixtureRequest, browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page on a system that is light, or dark."""
    yield from watched(browser, complaints, color_scheme=request.param)


@pytest.fixture
def phone(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page 360 pixels wide, under a finger."""
    yield from watched(browser, complaints, viewport={"width": 360, "height": 760}, has_touch=True, is_mobile=True)


def faults(page: Page) -> list[str]:
    """What axe calls serious or critical; contrast among it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="faults are found by axe")
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
    found = axe.Axe().run(page, options={"runOnly": rules}).response
    return [
        json.dumps([fault["id"], *(node["html"] for node in fault["nodes"][:3])])
        for fault in found["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def train(page: Page, served: Served) -> None:
    """Open the Train tab with a run that goes on."""
    from playwright.sync_api import expect

    page.goto(served.tab("train"))
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    page.get_by_role("spinbutton", name="Epochs").fill("100000")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator(".control .state")).to_have_text("running")


def test_axe_finds_no_fault_in_network(coloured: Page, served: Served) -> None:
    coloured.goto(served.tab("network"))
    coloured.wait_for_selector(".volumes")
    assert faults(coloured) == []
    coloured.get_by_label("Line of notation").fill(WRONG)
    coloured.wait_for_selector(".fix")
    assert faults(coloured) == []


def test_axe_finds_no_fault_in_train(coloured: Page, served: Served) -> None:
    coloured.goto(served.tab("train"))
    coloured.wait_for_selector(".setup-line span")
    assert faults(coloured) == []
    train(coloured, served)
    coloured.locator(".layers").scroll_into_view_if_needed()
    coloured.wait_for_selector(".layers canvas")
    coloured.locator(".guesses").scroll_into_view_if_needed()
    coloured.wait_for_selector(".guess:enabled")
    coloured.get_by_role("button", name="Pause").click()
    assert faults(coloured) == []


def test_the_keyboard_alone_gets_everywhere(page: Page, served: Served) -> None:
    """From the skip link to a run that is started, paused and stepped, with Tab, Enter, Space, letters and arrows."""
    from playwright.sync_api import expect

    def tab_to(words: str, most: int = 80) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            name = page.evaluate(
                """() => { const node = document.activeElement;
                if (node === document.body) return "";
                return node.getAttribute("aria-label") || node.labels?.[0]?.innerText || node.innerText || ""; }"""
            )
            if words in name:
                style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
                hidden = page.evaluate("() => ['radio', 'file'].includes(document.activeElement.type)")
                assert hidden or style != "none", f"{words} has the focus, and nothing shows it"
                return
        pytest.fail(f"Tab never came to {words}")

    page.goto(served.tab("network"))
    page.wait_for_selector(".volumes")
    tab_to("Skip to the content")
    tab_to("Line of notation")
    page.keyboard.press("Control+a")
    page.keyboard.type("INPUT[8x8x1] - CONV[4] - FC[10]")
    expect(page.locator(".volume")).to_have_count(3)
    tab_to("Train this")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    tab_to("Epochs")
    page.keyboard.type("100000")
    tab_to("Start training")
    page.keyboard.press("Enter")
    expect(page.locator(".control .state")).to_have_text("running")
    page.locator(".brand").focus()
    tab_to("Pause")
    page.keyboard.press("Space")
    expect(page.locator(".control .state")).to_have_text("paused")
    tab_to("place on the curves")
    page.keyboard.press("Home")
    canvas = page.locator("canvas.chart")
    expect(canvas).to_have_attribute("aria-valuenow", "0.00")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    expect(canvas).not_to_have_attribute("aria-valuenow", "0.00")
    assert "accuracy" in (canvas.get_attribute("aria-valuetext") or "")


def test_nothing_jumps(page: Page, served: Served) -> None:
    from playwright.sync_api import expect

    page.goto(served.tab("network"))
    page.wait_for_selector(".volumes")
    line = page.get_by_label("Line of notation")
    for text in ("INPUT[32x32x3] - CONV[10] - RELU - POOL - FC[10]", WRONG, "INPUT[8x8x1] - CONV[32] - RELU - FC[10]"):
        line.fill(text)
        page.wait_for_timeout(1000)
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    page.get_by_role("spinbutton", name="Epochs").fill("100000")
    page.get_by_role("button", name="Start training").click()
    expect(page.locator(".control .state")).to_have_text("running")
    page.wait_for_timeout(2000)
    page.locator(".layers").scroll_into_view_if_needed()
    page.wait_for_timeout(2000)
    assert page.evaluate(SHIFTS) < 0.02


@pytest.mark.parametrize("tab", ["network", "train"])
def test_a_narrow_screen_holds_it(phone: Page, served: Served, tab: str) -> None:
    from playwright.sync_api import expect

    phone.goto(served.tab(tab))
    phone.wait_for_selector(".volumes" if tab == "network" else ".setup-line span")
    if tab == "train":
        train(phone, served)
        phone.locator(".layers").scroll_into_view_if_needed()
        phone.wait_for_selector(".layers canvas")
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Nothing that is not inside a scrolling box reaches beyond the edge.
    beyond = phone.evaluate(
        """() => [...document.querySelectorAll("main button, main input, main select, main h2, main p")]
        .filter(node => { const box = node.getBoundingClientRect();
        return box.width > 2 && box.right > innerWidth + 1 && !node.closest(".scrolls, .layers"); })
        .map(node => node.outerHTML)"""
    )
    assert beyond == []
    expect(phone.get_by_role("radio", name="Dark")).to_be_attached()


def test_the_colours_follow_the_system_or_the_choice(page: Page, served: Served) -> None:
    from playwright.sync_api import expect

    ground = page.locator("body")
    dark, light = "rgb(20, 24, 29)", "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    page.goto(served.tab("network"))
    expect(ground).to_have_css("background-color", dark)
    page.emulate_media(color_scheme="light")
    expect(ground).to_have_css("background-color", light)
    page.get_by_role("radio", name="Dark").check()
    expect(ground).to_have_css("background-color", dark)
    page.reload()
    expect(ground).to_have_css("background-color", dark)
    page.get_by_role("radio", name="As the system").check()
    expect(ground).to_have_css("background-color", light)


def test_the_page_says_when_the_server_is_gone(browser: Browser, complaints: list[str], tmp_path: Path) -> None:
    from playwright.sync_api import expect

    server = serving(tmp_path)
    served = next(server)
    for page in watched(browser, complaints):
        page.goto(served.tab("network"))
        page.wait_for_selector(".volumes")
        with pytest.raises(StopIteration):
            next(server)
        expect(page.locator("[data-banner]")).to_contain_text("does not answer")
        complaints.clear()  # the browser notes every try
        page.close()
        complaints.clear()


def test_a_part_that_fails_to_load_can_be_tried_again(page: Page, served: Served, complaints: list[str]) -> None:
    from playwright.sync_api import expect

    page.route("**/train/view.js", lambda route: route.abort())
    page.goto(served.tab("network"))
    page.wait_for_selector(".volumes")
    page.get_by_role("link", name="Train", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.get_by_role("link", name="Exhibits", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Exhibits")
    page.get_by_role("link", name="Train", exact=True).click()
    page.unroute("**/train/view.js")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    assert all("ERR_FAILED" in complaint or "view.js" in complaint for complaint in complaints), complaints
    complaints.clear()
