"""Looking inside: what the page shows of a picture is compared with `striate predict` and with the oracle in NumPy."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from look_page import choose, click, drop, load_model, made, number, scores, source
from page_server import Served, launched, serving, watched
from striate.data.image import read_image
from striate.data.load import load
from striate.notation.parse import parse
from striate.preprocessing import Preprocessing
from striate.program import compile as compile_network
from striate.train.model import Model

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
DIGITS = "INPUT[8x8x1] - CONV[12] - RELU - POOL - CONV[20] - RELU - POOL - FC[10]"
COLOURED = "INPUT[16x12x3] - CONV[24, 5x5] - RELU - POOL - CONV[6] - RELU - POOL[3x3, S=1, P=1] - FC[7] - RELU - FC[4]"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A network that has learned the digits a little, and one for colour images with weights as they are drawn."""
    folder = tmp_path_factory.mktemp("models")
    data, network = load("digits").train, parse(DIGITS)
    program = compile_network(network, batch=64, preprocessing=Preprocessing.measure(data.images))
    for step in range(120):
        rows = slice(step * 64 % 1700, step * 64 % 1700 + 64)
        program.train(data.images[rows], data.labels[rows])
    notes = {"data": "digits", "pixels": "uint8"}
    digits = Model(network, program.parameters(), tuple("0123456789"), program.preprocessing, notes=notes)
    colours = parse(COLOURED)
    rng = np.random.default_rng(3)
    shapes = colours.parameter_shapes()
    parameters = {name: rng.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    prepared = Preprocessing((0.5, 0.45, 0.4), (0.25, 0.24, 0.26))
    coloured = Model(colours, parameters, ("ship", "a rather long name", "cat", "x"), prepared)
    digits.save(folder / "digits.striate")
    coloured.save(folder / "coloured.striate")
    return {"digits": folder / "digits.striate", "coloured": folder / "coloured.striate"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Path]) -> Iterator[Served]:
    """A server that holds both models; the coloured one came last."""
    for server in serving(tmp_path_factory.mktemp("served")):
        for name in ("digits", "coloured"):
            load_model(server, models[name])
        yield server


@pytest.fixture
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server without any network."""
    yield from serving(tmp_path_factory.mktemp("empty"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium whose camera shows a test picture that moves."""
    yield from launched(CAMERA)


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from watched(browser, complaints, permissions=["camera"], reduced_motion="reduce")


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of soft colours, larger than any INPUT here."""
    file = tmp_path_factory.mktemp("photo") / "photo.png"
    small = np.random.default_rng(5).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    Image.fromarray(small).resize((210, 160), Image.Resampling.BICUBIC).save(file)
    return file


def opened(page: Page, served: Served, model: str) -> Page:
    return choose(page, served, {"digits": "model 1", "coloured": "model 2"}[model])


def predicted(model: Path, image: Path) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "striate.cli", "predict", str(model), str(image), "--json"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    best: list[dict[str, Any]] = json.loads(said)["images"][0]["best"]
    return best


def terms(page: Page) -> list[float]:
    """The numbers of the sum as they stand there, the total last."""
    return [number(text) for text in page.locator(".terms .term-amount").all_inner_texts()]


def grid(table: Locator) -> npt.NDArray[np.float64]:
    """The numbers of a table as they stand there."""
    rows = table.locator("tr").all()
    return np.array([[number(cell) for cell in row.locator("td").all_inner_texts()] for row in rows])


def test_without_a_network_it_says_what_to_do(empty: Served, page: Page) -> None:
    page.goto(empty.tab("look"))
    note = page.locator(".look-empty")
    note.wait_for()
    assert "Train a network first, or load a model" in note.inner_text()
    assert note.get_by_role("link", name="Train a network").get_attribute("href") == "#train"
    assert page.locator(".look-figure").is_hidden()


@pytest.mark.parametrize("way", ["drop", "choose", "paste"])
def test_an_image_is_seen_as_striate_predict_sees_it(
    served: Served, page: Page, models: dict[str, Path], photo: Path, way: str
) -> None:
    from playwright.sync_api import expect

    opened(page, served, "coloured")
    if way == "choose":
        source(page, "File")
        page.locator("#look-file").set_input_files(photo)
    else:
        drop(page, photo.name, photo.read_bytes(), event=way)
    expect(page.locator(".column")).to_have_count(9)
    best = predicted(models["coloured"], photo)
    for row, (label, value) in zip(best, scores(page), strict=False):
        assert label == row["class"] and abs(float(value.rstrip(" %")) - 100 * row["probability"]) < 0.06
    assert page.locator(".score:visible").count() == 4  # as many as there are classes
    sizes = page.locator(".column-size").all_inner_texts()[-9:]
    assert sizes == ["16x12x24", "16x12x24", "8x6x24", "8x6x6", "8x6x6", "8x6x6", "1x1x7", "1x1x7", "1x1x4"]
    assert page.locator('[data-layer="conv1"] .column-of').inner_text() == "10 of 24"
    classes = page.locator('[data-layer="fc2"] .column-classes li').all_inner_texts()
    assert classes == ["ship", "a rather long name", "cat", "x"]


def test_the_maps_are_the_activations(served: Served, page: Page, models: dict[str, Path], photo: Path) -> None:
    """Every pixel of every map: grey from the layer's least number to its greatest."""
    opened(page, served, "coloured")
    drop(page, photo.name, photo.read_bytes())
    page.locator('[data-layer="pool2"] canvas').wait_for()
    _, numbers = made(models["coloured"], read_image(photo, parse(COLOURED).input))
    for layer in ("conv2", "relu2", "pool2"):  # 6 slices, all shown
        values = numbers[layer]
        height, width, depth = values.shape
        pixels = page.evaluate(
            """
            ([layer, width, height, depth]) => {
              const canvas = document.querySelector(`[data-layer="${layer}"] canvas`);
              const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
              const cell = canvas.width / width, high = (canvas.height + 4) / depth;
              const seen = [];
              const at = (x, y) => data[4 * (Math.floor(y) * canvas.width + Math.floor(x))];
              for (let d = 0; d < depth; d++)
                for (let y = 0; y < height; y++)
                  for (let x = 0; x < width; x++) seen.push(at((x + 0.5) * cell, d * high + (y + 0.5) * cell));
              return seen;
            }
            """,
            [layer, width, height, depth],
        )
        low, high = values.min(), values.max()
        expected = (values.transpose(2, 0, 1) - low) / (high - low) * 255
        assert np.abs(np.array(pixels).reshape(depth, height, width) - expected).max() <= 0.51, layer


def test_the_sum_of_a_convolution_is_its_value(
    served: Served, page: Page, models: dict[str, Path], photo: Path
) -> None:
    from playwright.sync_api import expect

    opened(page, served, "coloured")
    drop(page, photo.name, photo.read_bytes())
    model, numbers = made(models["coloured"], read_image(photo, parse(COLOURED).input))
    page.locator('[data-layer="conv2"] canvas').wait_for()
    d = click(page, "conv2", 3, 5, 0)  # the window reaches over the upper border
    value = number(page.locator(".explain-value").inner_text())
    assert abs(value - numbers["conv2"][0, 5, d]) < 1e-4
    amounts = terms(page)
    assert len(amounts) == 16 + 3 and abs(sum(amounts[:-1]) - amounts[-1]) < 0.5e-4 * len(amounts)
    assert amounts[-1] == value and abs(amounts[-2] - model.parameters["conv2.biases"][d]) < 1e-4
    padded = np.pad(numbers["pool1"], ((1, 1), (1, 1), (0, 0)))[0:3, 5:8]
    products = padded * model.parameters["conv2.weights"][d].transpose(1, 2, 0)
    shares = products.sum((0, 1))
    order = np.argsort(-np.abs(shares))
    assert np.abs(np.array(amounts[:16]) - shares[order[:16]]).max() < 1e-4
    assert abs(amounts[16] - shares[order[16:]].sum()) < 1e-4  # the 8 others
    cards = page.locator(".cards[data-role] .card")
    assert cards.count() == 4
    for i in range(4):
        window, filter, product = (grid(cards.nth(i).locator("table").nth(n)) for n in range(3))
        slice_ = int(cards.nth(i).get_attribute("data-slice") or -1)
        assert slice_ == order[i]
        for shown, exact in ((window, padded), (product, products)):
            assert np.abs(shown - exact[:, :, slice_]).max() < 0.006 * max(1, np.abs(exact[:, :, slice_]).max())
        assert np.abs(filter - model.parameters["conv2.weights"][d, slice_]).max() < 0.0006
        assert cards.nth(i).locator("table").first.locator("td.padding").count() == 3
    page.locator(".more summary").click()
    expect(page.locator(".more .card")).to_have_count(12)


def test_the_receptive_field_is_outlined(served: Served, page: Page, photo: Path) -> None:
    """conv2 at (5, 2) reads pool1 x 4-6, y 1-3, so conv1 x 8-13, y 2-7, so the image x 6-15, y 0-9."""
    opened(page, served, "coloured")
    drop(page, photo.name, photo.read_bytes())
    page.locator('[data-layer="conv2"] canvas').wait_for()
    click(page, "conv2", 0, 5, 2)
    sides = "left", "top", "width", "height"
    style = page.locator(".map-box.receptive").evaluate("(box, sides) => sides.map((side) => box.style[side])", sides)
    shares = [float(text.rstrip("%")) / 100 for text in style]
    assert np.allclose(np.array(shares) * [16, 12, 16, 12], [6, 0, 10, 10])
    assert "10x10 pixels (x 6 to 15; y 0 to 9)" in page.locator(".explain-words").inner_text()
    windows = page.locator('[data-layer="pool1"] .map-box.window')
    assert windows.count() == 10  # on every slice shown
    cell = page.locator('[data-layer="pool1"] canvas').evaluate("(canvas) => canvas.clientWidth") / 8
    style = windows.first.evaluate("(box, sides) => sides.map((side) => parseFloat(box.style[side]))", sides)
    assert style == [4 * cell, cell, 3 * cell, 3 * cell]


def test_pool_relu_and_fc_are_explained(served: Served, page: Page, models: dict[str, Path], photo: Path) -> None:
    opened(page, served, "coloured")
    drop(page, photo.name, photo.read_bytes())
    model, numbers = made(models["coloured"], read_image(photo, parse(COLOURED).input))
    page.locator('[data-layer="fc1"] canvas').wait_for()

    d = click(page, "pool1", 2, 3, 4)
    seen = numbers["relu1"][8:10, 6:8, d]
    assert np.abs(grid(page.locator(".card table")) - seen).max() < 0.006 * max(1.0, seen.max())
    won = page.locator(".card td").evaluate_all("(cells) => cells.map((cell) => cell.classList.contains('winner'))")
    assert np.flatnonzero(won).tolist() == [seen.argmax()]
    assert abs(number(page.locator(".explain-value").inner_text()) - seen.max()) < 1e-4

    d = click(page, "relu2", 1, 2, 2)
    x = numbers["conv2"][2, 2, d]
    before, after = re.findall(r"−?[\d.]+", page.locator("[data-role=sum]").inner_text().removeprefix("max(0,"))
    assert abs(number(before) - x) < 1e-4 and abs(number(after) - max(0, x)) < 1e-4

    d = click(page, "fc1", 4, 0, 0)
    products = model.parameters["fc1.weights"][d].reshape(6, 6, 8) * numbers["pool2"].transpose(2, 0, 1)
    rows = [number(text) for text in page.locator(".contributions td.product").all_inner_texts()]
    largest = products.ravel()[np.argsort(-np.abs(products.ravel()))[:12]]
    assert np.abs(np.array(rows[:12]) - largest).max() < 1e-4
    assert abs(rows[12] - (products.sum() - largest.sum())) < 2e-3
    assert abs(rows[13] - model.parameters["fc1.biases"][d]) < 1e-4
    assert abs(sum(rows[:-1]) - rows[-1]) < 1e-3 and abs(rows[-1] - numbers["fc1"][0, 0, d]) < 1e-4


def test_a_number_is_followed_back_to_the_image(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    page.locator('[data-layer="fc1"] canvas').wait_for()
    click(page, "fc1", 3, 0, 0)
    for layer in ("pool2", "relu2", "conv2", "pool1", "relu1", "conv1"):
        page.get_by_role("button", name=f"back to {layer}").click()
        expect(page.locator(".explain h2")).to_contain_text(f"{layer}, slice")
    expect(page.get_by_role("button", name="back to")).to_have_count(0)


def test_a_model_is_dropped_like_an_image(empty: Served, page: Page, models: dict[str, Path]) -> None:
    from playwright.sync_api import expect

    page.goto(empty.tab("look"))
    page.locator(".look-empty").wait_for()
    drop(page, "digits.striate", models["digits"].read_bytes(), kind="")
    expect(page.locator(".look-empty")).to_be_hidden()
    expect(page.locator(".thumb")).to_have_count(20)  # it says that it was trained on the digits
    expect(page.locator(".column")).to_have_count(7)
    page.get_by_label("Load model").set_input_files(models["coloured"])
    expect(page.locator("#look-run")).to_contain_text(COLOURED)
    expect(page.locator(".thumbs-words")).to_contain_text("has no test images")


def test_test_images_come_with_their_guesses(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    thumbs = page.locator(".thumb")
    expect(thumbs).to_have_count(20)
    expect(page.locator(".column")).to_have_count(7)
    words = thumbs.nth(6).get_attribute("aria-label") or ""
    thumbs.nth(6).click()
    best = re.search(r"taken for (\d)|: (\d), recognised", words)
    assert best
    expect(page.locator(".score-label").first).to_have_text(best.group(1) or best.group(2))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".thumbs-words")).to_contain_text("7: ")
    page.get_by_role("button", name="Later test images").click()
    expect(page.locator(".thumbs-words")).to_contain_text("20: ")


def test_drawing_changes_the_scores(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    expect(page.locator(".thumb")).to_have_count(20)
    source(page, "Draw")
    pad = page.locator(".pad")
    words = page.locator(".scores ol")
    for x in (0.35, 0.65):  # a one, then an eleven
        before = words.inner_text()
        box = pad.bounding_box()
        assert box
        page.mouse.move(box["x"] + x * box["width"], box["y"] + 0.2 * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + x * box["width"], box["y"] + 0.8 * box["height"], steps=8)
        page.mouse.up()
        expect(words).not_to_have_text(before, use_inner_text=True)
    seen = page.locator(".input-pixels").evaluate("(c) => [...c.getContext('2d').getImageData(0, 0, 8, 8).data]")
    ink = np.array(seen).reshape(8, 8, 4)[:, :, 0]
    assert ink.max() > 150 and ink[:, 0].min() == 0  # white on black, as the digits are
    assert ink.any(1).all()  # and as high as the picture, as they are


def overlap(centre: float, scale: float, numbers: int, side: int) -> npt.NDArray[np.float64]:
    """(numbers, side): how much of each pixel of a drawing lies under each number of the picture, along one axis."""
    edges = centre + (np.arange(numbers + 1) - numbers / 2) / scale
    low, high = edges[:-1, None], edges[1:, None]
    pixels = np.arange(side)
    return np.clip(np.minimum(high, pixels + 1) - np.maximum(low, pixels), 0, None)


def test_a_drawing_is_scaled_and_centred_as_mnist_is(served: Served, page: Page) -> None:
    page.goto(served.tab("look"))
    rng, side, share = np.random.default_rng(9), 64, 20 / 28
    ink = np.zeros((side, side), np.uint8)
    ink[9:50, 30:41] = rng.integers(40, 256, (41, 11))
    ink[40:50, 12:41] = 255
    script = """
        async ([ink, side, volume, share]) => {
          const { centred, manner } = await import("/static/js/look/ink.js");
          const found = [...centred(Uint8Array.from(ink), side, volume, share)];
          const both = [found, found.map((byte) => 255 - byte)];
          const manners = both.map((bytes) => manner(Uint8Array.from(bytes), 1, volume));
          return [found, manners, [...centred(new Uint8Array(side * side), side, volume, share)]];
        }
    """
    rows, columns = np.mgrid[:side, :side] + 0.5
    y, x = (float((ink * axis).sum() / ink.sum()) for axis in (rows, columns))
    for width, height in ((28, 28), (8, 8), (20, 32)):
        seen, manners, blank = page.evaluate(script, [ink.ravel().tolist(), side, [width, height], share])
        scale = share * min(width, height) / 41  # the longer side of what was drawn
        expected = overlap(y, scale, height, side) @ ink @ overlap(x, scale, width, side).T * scale**2
        assert np.abs(np.array(seen).reshape(height, width) - expected).max() <= 0.51
        assert blank == [0] * (width * height)
        assert [each["dark"] for each in manners] == [False, True]
        assert manners[0]["share"] == manners[1]["share"]
        assert abs(manners[0]["share"] - share) <= 2 / min(width, height)  # of whole pixels


def test_drawing_by_keyboard(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    words = page.locator(".scores ol")
    expect(words).to_contain_text("%")
    before = words.inner_text()
    source(page, "Draw")
    expect(words).not_to_have_text(before, use_inner_text=True)
    blank = words.inner_text()
    page.locator(".pad").focus()
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    expect(page.locator(".pad-cursor")).to_have_class(re.compile("down"))
    expect(words).not_to_have_text(blank, use_inner_text=True)
    page.keyboard.press("Delete")
    expect(words).to_have_text(blank, use_inner_text=True)


def test_an_explanation_follows_the_pen(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    source(page, "Draw")
    page.locator('[data-layer="conv1"] canvas').wait_for()
    click(page, "conv1", 2, 4, 4)
    value, heading = page.locator(".explain-value"), page.locator(".explain h2").inner_text()
    blank = value.inner_text()
    page.locator(".pad").focus()
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("ArrowUp")
    expect(value).not_to_have_text(blank)
    assert page.locator(".explain h2").inner_text() == heading
    amounts = terms(page)
    assert abs(sum(amounts[:-1]) - amounts[-1]) < 0.5e-4 * len(amounts)


def test_the_figure_follows_a_network_that_learns(empty: Served, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(empty.tab("look"))
    page.locator(".look-empty").wait_for()
    page.evaluate(
        """
        async (line) => {
          const { Socket } = await import("/static/js/socket.js");
          const socket = new Socket();
          await new Promise((resolve) => socket.on("open", resolve));
          const settings = { epochs: 100000, lr: 0.0001 };
          await socket.ask("start", { line, fit: "raise", data: "digits", settings, race: false });
        }
        """,
        DIGITS,
    )
    expect(page.locator(".column")).to_have_count(7)
    value = page.locator(".score-value").first
    for _ in range(2):  # the picture stays the same, the network does not
        before = page.locator(".scores ol").inner_text()
        expect(page.locator(".scores ol")).not_to_have_text(before, use_inner_text=True)
    assert re.fullmatch(r"[\d.]+ %", value.inner_text())


def test_the_camera_is_live_and_off_when_one_leaves(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "coloured")
    asked = "navigator.mediaDevices.enumerateDevices().then((all) => all.length)"
    assert page.evaluate(asked) > 0
    source(page, "Camera")
    assert page.locator(".camera-video").evaluate("(video) => video.srcObject") is None  # nothing before the click
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator(".column")).to_have_count(9)
    pixels = "document.querySelector('.input-pixels').toDataURL()"
    before = page.evaluate(pixels)
    page.wait_for_function(f"(before) => {pixels} !== before", arg=before)
    page.evaluate("window.track = document.querySelector('.camera-video').srcObject.getVideoTracks()[0]")
    assert page.evaluate("window.track.readyState") == "live"
    page.evaluate("location.hash = 'exhibits'")
    page.wait_for_function("window.track.readyState === 'ended'")
    page.evaluate("location.hash = 'look'")
    expect(page.get_by_role("button", name="Use the camera")).to_be_visible()


def test_the_camera_is_off_when_its_network_is_removed(empty: Served, page: Page, models: dict[str, Path]) -> None:
    load_model(empty, models["coloured"])
    page.goto(empty.tab("look"))
    source(page, "Camera")
    page.get_by_role("button", name="Use the camera").click()
    page.locator(".column").first.wait_for()
    page.evaluate(
        """
        async () => {
          window.track = document.querySelector(".camera-video").srcObject.getVideoTracks()[0];
          const { Socket } = await import("/static/js/socket.js");
          const socket = new Socket();
          await new Promise((resolve) => socket.on("open", resolve));
          await socket.ask("control", { run: 1, action: "remove" });
        }
        """
    )
    page.wait_for_function("window.track.readyState === 'ended'")
    page.locator(".look-empty").wait_for()


def test_by_keyboard_alone(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    opened(page, served, "digits")
    page.locator('[data-layer="conv1"] canvas').wait_for()
    page.locator(".columns").focus()
    readout = page.locator(".columns-readout")
    expect(readout).to_contain_text(re.compile(r"conv1, slice \d+ of 12, x 0, y 0"))
    first = readout.inner_text().split(",")[1]
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(readout).to_contain_text("x 1, y 2")
    page.keyboard.press("Shift+ArrowDown")
    expect(readout).to_contain_text(re.compile(r"conv1, slice \d+ of 12, x 1, y 2"))
    assert readout.inner_text().split(",")[1] != first
    page.keyboard.press("Shift+ArrowRight")
    expect(readout).to_contain_text("relu1, slice")
    page.keyboard.press("Enter")
    expect(page.locator(".explain h2")).to_contain_text("relu1, slice")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "← Follow it back to conv1"


def test_files_that_are_no_images_get_a_sentence(
    served: Served, page: Page, complaints: list[str], photo: Path
) -> None:
    from playwright.sync_api import expect

    opened(page, served, "coloured")
    words = page.locator(".file-words")
    drop(page, "notes.png", b"these are words and no picture")
    expect(words).to_have_class(re.compile("bad"))
    expect(words).to_contain_text("no image")
    drop(page, "cut.png", photo.read_bytes()[:300])
    expect(words).not_to_contain_text("no image that")
    expect(words).to_have_class(re.compile("bad"))
    whole = io.BytesIO()
    Image.new("L", (9000, 9000)).save(whole, "PNG")
    drop(page, "wide.png", whole.getvalue())
    expect(words).to_contain_text("pixels")
    drop(page, "large.png", bytes(17 << 20))
    expect(words).to_contain_text("at most 16 MiB")
    drop(page, photo.name, photo.read_bytes())  # and then it goes on
    expect(page.locator(".column")).to_have_count(9)
    expect(words).to_have_text("photo.png")
    # Chromium itself writes down what a server refuses.
    assert len(complaints) == 3 and all("400" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nothing_is_wrong_for_those_who_cannot_see_it(
    served: Served, browser: Browser, complaints: list[str], colours: str
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe checks the page")

    def check(page: Page) -> None:
        found = axe.Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == [], found

    for page in watched(browser, complaints, color_scheme=colours, reduced_motion="reduce"):
        opened(page, served, "digits")
        page.locator('[data-layer="conv2"] canvas').wait_for()
        for layer, shown in (("conv2", 1), ("pool1", 0), ("relu1", 0), ("fc1", 2)):
            click(page, layer, shown, 0, 0)
            check(page)
        for name in ("File", "Draw", "Camera"):
            source(page, name)
            check(page)


@pytest.mark.parametrize("width", [360, 390, 800])
def test_it_fits_a_phone(served: Served, browser: Browser, complaints: list[str], width: int) -> None:
    for page in watched(browser, complaints, viewport={"width": width, "height": 800}, reduced_motion="reduce"):
        opened(page, served, "digits")
        page.locator('[data-layer="conv2"] canvas').wait_for()
        for layer in ("conv2", "fc1"):
            click(page, layer, 0, 0, 0)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
