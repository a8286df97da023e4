"""What tests of #look share: models on a server, and hands that choose, drop, and click."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import numpy as np
import numpy.typing as npt

from page_server import Served
from striate.train.model import Model

if TYPE_CHECKING:
    from playwright.sync_api import Page

GAP = 4  # CSS pixels between two maps


def load_model(served: Served, file: Path) -> None:
    """Give a model to the server, as the page does."""
    address = urlsplit(served.url)
    headers = {"X-Striate-Token": parse_qs(address.query)["token"][0], "Origin": f"http://{address.netloc}"}
    request = urllib.request.Request(f"http://{address.netloc}/model", file.read_bytes(), headers)
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["run"]["loaded"]


def choose(page: Page, served: Served, name: str) -> Page:
    """The view with the run of that name."""
    page.goto(served.tab("look"))
    page.locator("#look-run option", has_text=f"{name}:").wait_for(state="attached")
    page.locator("#look-run").select_option(label=page.locator("#look-run option", has_text=f"{name}:").inner_text())
    return page


def source(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).check(force=True)


def scores(page: Page) -> list[tuple[str, str]]:
    rows = page.locator(".score")
    return [(row.locator(".score-label").inner_text(), row.locator(".score-value").inner_text()) for row in rows.all()]


def drop(page: Page, name: str, content: bytes, kind: str = "image/png", event: str = "drop") -> None:
    """Drop or paste a file as a hand would."""
    page.evaluate(
        """
        ([name, text, kind, event]) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const data = new DataTransfer();
          data.items.add(new File([bytes], name, { type: kind }));
          if (event === "paste") document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
          else document.querySelector(".columns").dispatchEvent(
            new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
        }
        """,
        [name, base64.b64encode(content).decode(), kind, event],
    )


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(" ", "").lstrip("=+"))


def made(model: Path, image: npt.NDArray[np.uint8]) -> tuple[Model, dict[str, npt.NDArray[np.float64]]]:
    """The model, and every layer's (H, W, D) numbers for an image, by the oracle."""
    loaded = Model.load(model)
    scale, shift = loaded.preprocessing.scales(loaded.network.input.depth, byte=True)
    numbers = loaded.network.activations(loaded.parameters, image[None] * scale.astype(np.float64) + shift)
    return loaded, {name: values[0] for name, values in numbers.items()}


def click(page: Page, layer: str, shown: int, x: int, y: int) -> int:
    """Click the number (x, y) of the map that is shown as number `shown` of a layer; returns its depth slice."""
    from playwright.sync_api import expect

    width, height = map(int, page.locator(f'[data-layer="{layer}"] .column-size').inner_text().split("x")[:2])
    canvas = page.locator(f'[data-layer="{layer}"] canvas')
    cell = canvas.evaluate("(canvas) => canvas.clientWidth") / width
    canvas.click(position={"x": (x + 0.5) * cell, "y": shown * (height * cell + GAP) + (y + 0.5) * cell})
    heading = page.locator(".explain h2")
    flat = width * height == 1
    place = r"neuron \d+( \(.+\))?" if flat else rf"slice \d+, at x {x}, y {y}"
    expect(heading).to_have_text(re.compile(rf"{layer}, {place}$"))
    found = re.search(r"(slice|neuron) (\d+)", heading.inner_text())
    assert found
    return int(found.group(2))
