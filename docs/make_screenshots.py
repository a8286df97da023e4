"""Photograph the live page for README.md and docs/page.md: python docs/make_screenshots.py [FOLDER]

Needs playwright, Chromium and CIFAR-10. `striate serve` trains the tiny VGG net of the notes for a while; then the page
is photographed in light, dark and at phone width. In a folder that is named on the command line, the model that
make_pictures.py has trained there is not trained again.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from make_pictures import MODELS, command
from playwright.sync_api import Browser, FloatRect, Page, expect, sync_playwright

from striate import parse

HERE = Path(__file__).resolve().parent
LINE = MODELS["vgg.striate"][0]
WRONG = "INPUT[10x10x1] - CONV[4, S=2, P=0] - RELU - FC[10]"
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
DESK, PHONE = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
WHOLE = {"width": 1280, "height": 3200}  # nothing scrolls, so that the header covers nothing
PATIENCE = 120_000  # milliseconds
TRAINED = 60_000  # milliseconds of training before the pictures are taken
SETTLED = 3_000  # the same, for maps and numbers to be drawn


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """`striate serve` with a trained model; the page's address."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONUNBUFFERED": "1"}
    words = ["serve", "vgg.striate", "cifar10", "--no-open", "--folder", "runs"]
    whole = [sys.executable, "-m", "striate.cli", *words]
    with subprocess.Popen(whole, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address, "striate serve did not begin"
            yield address.group()
        finally:
            process.send_signal(signal.SIGINT)


@contextmanager
def opened(browser: Browser, url: str, scheme: str, size: dict[str, int] = DESK) -> Iterator[Page]:
    """A page of this size and colour scheme."""
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    yield page
    context.close()


def content(page: Page) -> FloatRect:
    """The view, from under the header to its last panel, and not the empty page below."""
    box = page.locator("main .view:visible").bounding_box()
    ends = [panel.bounding_box() for panel in page.locator("main .panel:visible").all()]
    assert box is not None
    bottom = max(end["y"] + end["height"] for end in ends if end is not None)
    return {"x": 0, "y": box["y"], "width": WHOLE["width"], "height": bottom + 24 - box["y"]}


def network(browser: Browser, url: str) -> None:
    """A line and its volumes; a wrong line with its fixes."""
    with opened(browser, f"{url}#network", "light") as page:
        page.get_by_label("Line of notation").fill(LINE)
        expect(page.locator(".volume")).to_have_count(len(parse(LINE).nodes))
        page.screenshot(path=HERE / "page_network.png")
        page.get_by_label("Line of notation").fill(WRONG)
        expect(page.get_by_role("button", name="fit=pad")).to_be_visible()
        page.screenshot(path=HERE / "page_fixes.png", clip={"x": 0, "y": 0, "width": 1280, "height": 640})


def train(browser: Browser, url: str) -> None:
    """Six optimizers race; then every layer of one at work, in light and dark, and on a phone."""
    with opened(browser, f"{url}#network", "light") as page:
        page.get_by_label("Line of notation").fill(LINE)
        expect(page.locator(".volume")).to_have_count(len(parse(LINE).nodes))
        page.get_by_role("button", name="Train this").click()
        page.get_by_label("Data set").select_option("cifar10")
        page.get_by_role("button", name="Start the race").click()
        expect(page.locator(".control .state")).to_have_text("running", timeout=PATIENCE)
        page.wait_for_timeout(TRAINED)
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(SETTLED)
        page.screenshot(path=HERE / "page_train.png")
    for scheme in ("light", "dark"):
        with opened(browser, f"{url}#train", scheme, WHOLE) as page:
            page.locator(".layers canvas").first.wait_for()
            page.wait_for_timeout(SETTLED)
            page.locator(".layers-panel").screenshot(path=HERE / f"page_layers_{scheme}.png")
    with opened(browser, f"{url}#train", "dark", PHONE) as page:
        page.wait_for_timeout(SETTLED)
        page.screenshot(path=HERE / "page_phone.png")
        page.get_by_role("button", name="Pause").click()


def look(browser: Browser, url: str) -> None:
    """A test image on its way through the trained network, and what made one of the numbers."""
    for scheme in ("light", "dark"):
        with opened(browser, f"{url}#look", scheme, WHOLE) as page:
            maps = page.locator('.column[data-layer="conv3"] canvas')
            maps.wait_for()
            page.wait_for_timeout(SETTLED)
            maps.click(position={"x": 34, "y": 20})
            page.wait_for_timeout(SETTLED)
            page.screenshot(path=HERE / f"page_look_{scheme}.png", clip=content(page))


def exhibits(browser: Browser, url: str) -> None:
    """The stride example and the convolution demo."""
    with opened(browser, f"{url}#exhibits", "light", WHOLE) as page:
        page.wait_for_timeout(SETTLED)
        page.screenshot(path=HERE / "page_exhibits.png", clip=content(page))


def photograph(folder: Path) -> None:
    """Everything, of a model in the folder."""
    if not (folder / "vgg.striate").exists():
        command("train", *MODELS["vgg.striate"], "--out", "vgg.striate", folder=folder)
    with serving(folder) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        for each in (network, look, exhibits, train):
            each(browser, url)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        photograph(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            photograph(Path(place))
