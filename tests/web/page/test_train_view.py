"""Start runs, watch them learn, steer them while they do; save, load, race, reload."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

import striate
from striate.web.wire import unpack

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from page_server import Served

LINE = "INPUT[8x8x1] - CONV[6] - RELU - POOL - FC[10]"
FOREVER = "100000"  # epochs


class Heard:
    """What the server told a page: its texts, taken apart, and its binary messages."""

    def __init__(self, page: Page) -> None:
        self.texts: list[dict[str, Any]] = []
        self.frames: list[tuple[dict[str, Any], bytes]] = []
        page.on("websocket", lambda web: web.on("framereceived", self._received))

    def _received(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.texts.append(json.loads(message))
        else:
            header, payload = unpack(message)
            self.frames.append((json.loads(header), bytes(payload)))

    def events(self, name: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text.get("event") == name]

    def setting(self, name: str) -> Any:
        """A setting of the run as the newest progress has it; None before the first."""
        return next((event["run_now"]["settings"][name] for event in reversed(self.events("progress"))), None)

    def shown(self) -> set[str]:
        """What the newest frame has: activations, gradients, weights."""
        return {section["what"] for frame in self.kinds("frame")[-1:] for section in frame[0]["sections"]}

    def kinds(self, kind: str) -> list[tuple[dict[str, Any], bytes]]:
        return [frame for frame in self.frames if frame[0]["kind"] == kind]


@pytest.fixture
def heard(page: Page) -> Heard:
    return Heard(page)


@pytest.fixture
def train(page: Page, heard: Heard, served: Served) -> Page:
    """The Train tab with no runs left over, and a small network for the digits in its form."""
    from playwright.sync_api import expect

    page.goto(served.tab("network"))
    page.wait_for_selector(".volumes")
    page.get_by_label("Line of notation").fill(LINE)
    expect(page.locator(".volume")).to_have_count(5)
    page.get_by_role("button", name="Train this").click()
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
    first = next(text["result"]["runs"] for text in heard.texts if "runs" in text.get("result", {}))
    for left in range(len(first), 0, -1):
        expect(page.locator(".runs tbody tr")).to_have_count(left)
        page.get_by_role("button", name="Remove").first.click()
        expect(page.locator(".runs tbody tr")).to_have_count(left - 1)
    page.get_by_role("spinbutton", name="Epochs").fill(FOREVER)
    page.get_by_label("Schedule").select_option("constant")
    return page


def start(page: Page, button: str = "Start training") -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name=button).click()
    expect(page.locator(".control .state")).to_have_text("running")


def until(page: Page, true: Callable[[], object]) -> None:
    """Let the page go on until `true()`."""
    for _ in range(600):
        if true():
            return
        page.wait_for_timeout(50)
    pytest.fail("it never came to that")


READ = """node => { const copy = document.createElement("canvas");
    [copy.width, copy.height] = [node.width, node.height];
    const context = copy.getContext("2d", {willReadFrequently: true}); context.drawImage(node, 0, 0);
    return [node.width, node.height, Array.from(context.getImageData(0, 0, node.width, node.height).data)]; }"""


def pixels(canvas: Locator) -> npt.NDArray[np.uint8]:
    """What a canvas shows: (height, width, 4) bytes, red first."""
    width, height, data = canvas.evaluate(READ)
    return np.array(data, np.uint8).reshape(height, width, 4)


def changes(page: Page, canvas: Locator) -> None:
    """Wait until the canvas shows something else."""
    first = canvas.evaluate("node => node.toDataURL()")
    until(page, lambda: canvas.evaluate("node => node.toDataURL()") != first)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def step_of(page: Page) -> int:
    return number(page.locator(".fact-step dd").inner_text())


def pause(page: Page) -> None:
    from playwright.sync_api import expect

    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".control .state")).to_have_text("paused")


def test_before_the_first_run_the_page_says_how_to_begin(train: Page) -> None:
    from playwright.sync_api import expect

    expect(train.get_by_text("Nothing is training yet")).to_be_visible()
    for name in ("Step", "Stop", "Resume"):
        expect(train.get_by_role("button", name=name, exact=True)).to_be_disabled()


def test_curves_grow_and_frames_arrive(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: len(heard.events("progress")) > 3)
    chart = train.locator("canvas.chart")
    changes(train, chart)
    points = [point for event in heard.events("progress") for point in event["points"]]
    times = [point[0] for point in points]
    assert times == sorted(times)
    assert points[-1][1] < points[0][1]
    expect(train.locator(".fact-speed dd")).not_to_have_text("–")
    expect(train.locator(".fact-left dd")).not_to_have_text("–")
    train.locator(".layers").scroll_into_view_if_needed()
    for band in ("activations", "gradients", "weights"):
        canvas = train.locator(f'[data-band="{band}"]')
        canvas.scroll_into_view_if_needed()
        changes(train, canvas)
    train.get_by_role("radio", name="List").check()
    for part in ("conv1 activations", "conv1 gradients", "conv1 weights", "fc1 activations"):
        canvas = train.locator(f'[data-part="{part}"]')
        canvas.scroll_into_view_if_needed()
        changes(train, canvas)


def test_a_map_shows_the_bytes_that_came(train: Page, heard: Heard) -> None:
    """Paused, so that the last frame stays: pixels read back are the payload's bytes, grey, in their places."""
    start(train)
    pause(train)
    canvas = train.locator('[data-band="activations"]')
    canvas.scroll_into_view_if_needed()
    until(train, lambda: heard.kinds("frame"))
    train.wait_for_timeout(500)
    header, payload = heard.kinds("frame")[-1]
    section = next(each for each in header["sections"] if (each["layer"], each["what"]) == ("conv1", "activations"))
    maps = np.frombuffer(payload, np.uint8)[section["at"] : section["at"] + section["bytes"]].reshape(6, 8, 8)
    left = canvas.evaluate(
        "node => document.querySelector('[data-range=\"conv1 activations\"]').offsetLeft - node.offsetLeft"
    )
    shown = pixels(canvas)[: 6 * 33 - 1, left // 2 : left // 2 + 32]  # a map a row, 4x4 pixels a number, a gap of one
    assert (shown[..., 0] == shown[..., 1]).sum() == (shown[..., 0] == shown[..., 2]).sum() >= 6 * 32 * 32
    for place in range(6):
        tile = shown[33 * place : 33 * place + 32, :, 0]
        assert (tile[::4, ::4] == maps[place]).all()
        assert (tile[3::4, 2::4] == maps[place]).all()


def test_every_layer_has_its_least_and_greatest(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    pause(train)
    train.locator(".layers").scroll_into_view_if_needed()
    names = [node.name for node in striate.parse(LINE).nodes]
    expect(train.locator(".layer-head h3")).to_have_text(names)
    sections: dict[tuple[str, str], dict[str, Any]] = {}
    for band in ("activations", "gradients", "weights"):
        train.locator(f'[data-band="{band}"]').scroll_into_view_if_needed()
        until(train, lambda band=band: band in heard.shown())
        sections |= {(each["layer"], each["what"]): each for each in heard.kinds("frame")[-1][0]["sections"]}
    relu = train.locator('[data-range="relu1 activations"] dd')
    relu.first.scroll_into_view_if_needed()
    expect(relu.first).to_have_text("0")
    shown = float(relu.last.inner_text())
    assert shown == pytest.approx(sections["relu1", "activations"]["max"], rel=0.01)
    weights = train.locator('[data-range="conv1 weights"] dd')
    train.locator('[data-band="weights"]').scroll_into_view_if_needed()
    expect(weights.first).not_to_have_text("–")
    low, high = (text.replace("−", "-") for text in weights.all_inner_texts())
    greatest = sections["conv1", "weights"]["max"]
    assert max(-float(low), float(high)) == pytest.approx(greatest, rel=0.02)


def test_settings_change_while_it_runs(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    rate = train.get_by_role("group", name="Change while it runs").get_by_label("Learning rate", exact=True)
    expect(rate).to_have_value("0.01")
    rate.fill("0.002")
    rate.press("Enter")
    until(train, lambda: any(point[3] == 0.002 for event in heard.events("progress") for point in event["points"]))
    slider = train.get_by_role("slider", name="Momentum, slider")
    slider.focus()
    slider.press("Home")
    until(train, lambda: heard.setting("momentum") == 0)
    batch = train.get_by_role("group", name="Change while it runs").get_by_label("Batch", exact=True)
    batch.fill("64")
    batch.press("Enter")
    until(train, lambda: heard.setting("batch") == 64)
    assert heard.setting("lr") == pytest.approx(0.002)
    expect(train.get_by_role("slider", name="Momentum, slider")).to_have_attribute("aria-valuetext", "0")


def test_another_optimizer_brings_its_rate_and_asks_for_no_momentum(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    form = train.locator("form.setup")
    form.get_by_label("Optimizer").select_option("adam")
    expect(form.get_by_label("Learning rate")).to_have_value("0.001")
    expect(form.get_by_label("Momentum")).to_be_disabled()
    start(train)
    until(train, lambda: heard.setting("optimizer") == "adam")
    knobs = train.get_by_role("group", name="Change while it runs")
    expect(knobs.get_by_label("Momentum", exact=True)).to_be_disabled()
    expect(knobs.get_by_label("Learning rate", exact=True)).to_be_enabled()
    form.get_by_label("Optimizer").select_option("nesterov")
    expect(form.get_by_label("Momentum")).to_be_enabled()
    train.get_by_role("button", name="Start beside the others").click()
    expect(train.locator(".runs .differs")).to_have_text(["adam, lr 0.001", "nesterov, lr 0.01"])


def test_pause_step_and_resume_count_exactly(train: Page) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: step_of(train) > 5)
    pause(train)
    train.wait_for_timeout(400)
    at = step_of(train)
    train.wait_for_timeout(400)
    assert step_of(train) == at
    for more in (1, 2, 3):
        train.get_by_role("button", name="Step", exact=True).click()
        expect(train.locator(".fact-step dd")).to_have_text(f"{at + more:,}")
    expect(train.locator(".control .state")).to_have_text("paused")
    train.get_by_role("button", name="Resume").click()
    until(train, lambda: step_of(train) > at + 10)
    train.get_by_role("button", name="Stop").click()
    expect(train.locator(".control .state")).to_have_text("stopped")


def test_runs_race_on_one_chart(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    train.get_by_label("Race of the same network with").select_option(label="three learning rates")
    train.get_by_role("button", name="Start the race").click()
    rows = train.locator(".runs tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.locator(".state")).to_have_text(["running"] * 3)
    expect(rows.locator(".differs")).to_have_text(["lr 0.001", "lr 0.01", "lr 0.1"])
    ids = {int(row.get_attribute("data-run") or 0) for row in rows.all()}
    until(train, lambda: {event["run"] for event in heard.events("progress") if event["points"]} >= ids)
    dashes = [line.get_attribute("stroke-dasharray") for line in rows.locator(".swatch line").all()]
    inks = [line.evaluate("node => getComputedStyle(node).stroke") for line in rows.locator(".swatch line").all()]
    assert len(set(dashes)) == len(set(inks)) == 3
    wanted = {tuple(int(part) for part in re.findall(r"\d+", ink)) for ink in inks}
    chart = train.locator("canvas.chart")
    until(train, lambda: wanted <= set(map(tuple, np.unique(pixels(chart)[..., :3].reshape(-1, 3), axis=0).tolist())))
    steps = {event["run"]: event["run_now"]["step"] for event in heard.events("progress") if event["run"] in ids}
    assert max(steps.values()) < 1.5 * min(steps.values())  # they take turns; what is known of each may be a moment old


def test_a_saved_model_is_read_by_striate_and_by_the_page(train: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: step_of(train) > 20)
    pause(train)
    with train.expect_download() as coming:
        train.get_by_role("button", name="Save model").click()
    path = tmp_path / "saved.striate"
    coming.value.save_as(path)
    model = striate.Model.load(path)
    assert str(model.network) == str(striate.parse(LINE))
    train.locator("#model-file").set_input_files(path)
    expect(train.locator(".runs tbody tr")).to_have_count(2)
    expect(train.locator(".control h2")).to_contain_text("model")


def test_a_file_that_is_no_model_is_refused_where_it_was_chosen(
    train: Page, complaints: list[str], tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    path = tmp_path / "none.striate"
    path.write_bytes(b"this is no model")
    train.locator("#model-file").set_input_files(path)
    expect(train.locator(".control").get_by_role("alert")).to_contain_text("model")
    assert all("400" in complaint for complaint in complaints)  # the browser notes the refusal
    complaints.clear()
    expect(train.locator(".runs tbody tr")).to_have_count(0)


def test_a_reload_in_mid_training_picks_up(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: step_of(train) > 50)
    at = step_of(train)
    train.reload()
    expect(train.locator(".control .state")).to_have_text("running")
    until(train, lambda: heard.events("history"))
    assert heard.events("history")[-1]["points"][0][0] < 1
    until(train, lambda: train.locator(".fact-step dd").inner_text() != "–" and step_of(train) > at)


def test_guesses_are_the_programs(train: Page, heard: Heard, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: step_of(train) > 60)
    pause(train)
    train.locator(".guesses").scroll_into_view_if_needed()
    with train.expect_download() as coming:
        train.get_by_role("button", name="Save model").click()
    coming.value.save_as(tmp_path / "it.striate")
    model = striate.Model.load(tmp_path / "it.striate")
    train.locator(".guesses-panel").get_by_role("button", name="Later").click()
    expect(train.locator(".guesses-summary")).to_contain_text("images 12 to 23")
    header, payload = [frame for frame in heard.kinds("guesses") if frame[0]["first"] == 12][-1]
    images = np.frombuffer(payload, np.uint8).reshape(12, 8, 8, 1)
    scores = model.compile().scores(images)
    best = scores.argmax(1)
    for card, guess, found in zip(train.locator(".guess").all(), header["guesses"], best, strict=True):
        right = int(found) == guess["label"]
        assert card.locator(".mark-word").inner_text() == ("✓" if right else "✗")
        assert card.locator(".guess-name").first.inner_text() == model.classes[found]
        assert ("right" if right else "wrong") in (card.get_attribute("aria-label") or "")


def test_a_clicked_test_image_is_the_one_looked_at(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    train.locator(".guesses").scroll_into_view_if_needed()
    train.locator(".guess").nth(5).click()
    picture = train.locator(".picture-way").get_by_label("Test image", exact=True)
    expect(picture).to_have_value("5")
    train.locator(".layers").scroll_into_view_if_needed()  # what is out of sight is not asked for
    until(train, lambda: heard.kinds("frame") and heard.kinds("frame")[-1][0]["image"] == 5)
    train.get_by_role("button", name="Next test image").click()
    until(train, lambda: heard.kinds("frame")[-1][0]["image"] == 6)
    train.get_by_role("button", name="Previous test image").click()
    until(train, lambda: heard.kinds("frame")[-1][0]["image"] == 5)


def test_what_is_not_looked_at_is_not_sent(train: Page, heard: Heard) -> None:
    start(train)
    train.locator(".layers").scroll_into_view_if_needed()
    until(train, lambda: len(heard.kinds("frame")) > 2)
    train.get_by_role("link", name="Network", exact=True).click()
    train.wait_for_timeout(1000)
    count = len(heard.kinds("frame"))
    train.wait_for_timeout(1000)
    assert len(heard.kinds("frame")) == count
    train.get_by_role("link", name="Train", exact=True).click()
    train.locator(".layers").scroll_into_view_if_needed()
    until(train, lambda: len(heard.kinds("frame")) > count)


def test_only_what_is_on_the_screen_is_asked_for(train: Page, heard: Heard) -> None:
    start(train)
    train.set_viewport_size({"width": 1280, "height": 300})  # a band of six maps is higher than that
    for band in ("gradients", "activations"):
        train.locator(f'[data-band="{band}"]').evaluate("node => node.scrollIntoView({block: 'center'})")
        until(train, lambda band=band: heard.shown() == {band})


def test_a_data_set_that_does_not_go_with_the_line(train: Page) -> None:
    from playwright.sync_api import expect

    train.get_by_role("link", name="Network", exact=True).click()
    train.get_by_label("Line of notation").fill("INPUT[9x9x1] - CONV[6] - RELU - FC[7]")
    train.get_by_role("link", name="Train", exact=True).click()
    expect(train.get_by_role("button", name="Start training")).to_be_disabled()
    train.get_by_role("button", name="Change to INPUT[8x8x1]").click()
    train.get_by_role("button", name="Change to FC[10]").click()
    expect(train.locator(".setup-line")).to_have_text("INPUT[8x8x1] - CONV[6] - RELU - FC[10]")
    start(train)


def test_dropout_is_explained_and_added(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    expect(train.get_by_text("this network has none")).to_be_visible()
    group = train.get_by_role("group", name="Change while it runs")
    expect(group.get_by_label("Dropout", exact=True)).to_be_disabled()
    train.get_by_role("button", name="New line with DROPOUT").click()
    expect(train.locator(".setup-line")).to_have_text("INPUT[8x8x1] - CONV[6] - RELU - POOL - DROPOUT[0.5] - FC[10]")
    expect(train.get_by_role("button", name="Start training")).to_be_enabled()
    train.get_by_role("button", name="Start training").click()
    expect(train.locator(".runs tbody tr")).to_have_count(2)
    dropout = group.get_by_label("Dropout", exact=True)
    expect(dropout).to_be_enabled()
    dropout.fill("0.25")
    dropout.press("Enter")
    until(train, lambda: heard.setting("dropout") == 0.25)


def knob(page: Page, name: str) -> Locator:
    return page.get_by_role("group", name="Change while it runs").get_by_label(name, exact=True)


def set_to(heard: Heard, run: int) -> float:
    """The learning rate of `run` as the server told it last."""
    told = [each for event in heard.events("runs") for each in event["runs"] if each["id"] == run]
    told += [event["run_now"] for event in heard.events("progress") if event["run"] == run]
    told += [text["result"]["run"] for text in heard.texts if text.get("result", {}).get("run", {}).get("id") == run]
    return float(told[-1]["settings"]["lr"])


def test_a_knob_turns_the_run_that_it_showed(train: Page, heard: Heard) -> None:
    """Typed for the first run, and left by choosing the second."""
    from playwright.sync_api import expect

    train.get_by_label("Race of the same network with").select_option(label="constant and cosine rate")
    train.get_by_role("button", name="Start the race").click()
    rows = train.locator(".runs tbody tr")
    expect(rows).to_have_count(2)
    first, second = (int(row.get_attribute("data-run") or 0) for row in rows.all())
    rows.nth(0).get_by_role("radio").check()
    rate = knob(train, "Learning rate")
    expect(rate).to_have_value("0.01")
    rate.fill("0.0077")
    rows.nth(1).get_by_role("radio").click()
    until(train, lambda: set_to(heard, first) == 0.0077)
    assert set_to(heard, second) == 0.01
    expect(rate).to_have_value("0.01")
    rows.nth(0).get_by_role("radio").check()
    expect(rate).to_have_value("0.0077")


def test_a_value_out_of_bounds_is_put_back(train: Page) -> None:
    from playwright.sync_api import expect

    start(train)
    momentum = knob(train, "Momentum")
    expect(momentum).to_have_value("0.9")
    momentum.fill("1.5")
    momentum.press("Enter")
    expect(momentum).to_have_value("0.9")
    expect(train.locator(".knob-said")).to_have_text("Momentum goes from 0 to 0.9999: 1.5 was not taken")


def test_step_waits_for_a_pause_and_save_for_a_run(train: Page) -> None:
    from playwright.sync_api import expect

    save = train.get_by_role("button", name="Save model")
    expect(save).to_have_attribute("aria-disabled", "true")
    step = train.get_by_role("button", name="Step", exact=True)
    start(train)
    expect(save).to_have_attribute("aria-disabled", "false")
    expect(step).to_be_disabled()
    pause(train)
    expect(step).to_be_enabled()


def test_a_wild_run_leaves_the_others_their_scale(train: Page, heard: Heard) -> None:
    """The curve of a run that learns stands in the pane as high as before one beside it went to infinity."""
    from playwright.sync_api import expect

    def spread(ink: str) -> int:
        """Rows of the upper pane that the curve of this colour crosses."""
        wanted = [int(part) for part in re.findall(r"\d+", ink)]
        shown = pixels(train.locator("canvas.chart"))[..., :3]
        rows = np.flatnonzero((shown[: shown.shape[0] // 2] == wanted).all(-1).any(1))
        return int(rows.max() - rows.min()) if len(rows) else 0

    start(train)
    ink = train.locator(".swatch line").first.evaluate("node => getComputedStyle(node).stroke")
    until(train, lambda: step_of(train) > 400)
    until(train, lambda: spread(ink) > 50)
    train.locator(".setup").get_by_label("Learning rate").fill("1000")
    train.get_by_role("button", name="Start beside the others").click()
    expect(train.locator(".runs .state-failed")).to_have_count(1)
    train.wait_for_timeout(1000)
    assert spread(ink) > 50
    expect(train.locator(".guesses-summary")).not_to_contain_text("right")


def test_the_notation_may_be_typed_in_any_way(train: Page) -> None:
    """What mends a line works on how the server writes it."""
    from playwright.sync_api import expect

    train.get_by_role("link", name="Network", exact=True).click()
    train.get_by_label("Line of notation").fill("input 9x9x1 - conv-6 - relu - fc-7")
    train.get_by_role("link", name="Train", exact=True).click()
    train.get_by_role("button", name="Change to INPUT[8x8x1]").click()
    train.get_by_role("button", name="Change to FC[10]").click()
    expect(train.locator(".setup-line")).to_have_text("INPUT[8x8x1] - CONV[6] - RELU - FC[10]")
    expect(train.get_by_role("button", name="Start training")).to_be_enabled()


DROP = """([name, text]) => { const data = new DataTransfer();
    data.items.add(new File([text], name)); const target = document.querySelector("main");
    const event = new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true});
    target.dispatchEvent(event); return event.defaultPrevented; }"""


def test_a_dropped_file_is_taken_or_shown_its_place(train: Page, complaints: list[str]) -> None:
    from playwright.sync_api import expect

    assert train.evaluate(DROP, ["cat.png", "no picture"])
    expect(train.locator("[data-banner]")).to_contain_text("under Look")
    assert train.evaluate(DROP, ["none.striate", "no model"])
    expect(train.locator(".control").get_by_role("alert")).to_contain_text("model")
    complaints.clear()  # the browser notes the refusal
    train.get_by_role("link", name="Exhibits", exact=True).click()
    assert train.evaluate(DROP, ["none.striate", "no model"])
    expect(train.locator("[data-banner]")).to_contain_text("under Train or Look")


def test_one_test_image_is_a_tab_stop_and_arrows_lead_to_the_others(train: Page) -> None:
    from playwright.sync_api import expect

    start(train)
    pause(train)
    train.locator(".guesses").scroll_into_view_if_needed()
    cards = train.locator(".guess")
    expect(cards.first).to_be_enabled()
    assert [card.evaluate("node => node.tabIndex") for card in cards.all()] == [0] + [-1] * 11
    cards.first.focus()
    for key, place in (("ArrowRight", 1), ("End", 11), ("ArrowLeft", 10), ("Home", 0)):
        train.keyboard.press(key)
        expect(cards.nth(place)).to_be_focused()
    panel = train.locator(".guesses-panel")
    expect(panel.get_by_role("button", name="Earlier")).to_be_disabled()
    panel.get_by_role("button", name="Later").press("Enter")
    expect(train.locator(".guesses-summary")).to_contain_text("images 12 to 23")
    panel.get_by_role("button", name="Earlier").press("Enter")
    expect(panel.get_by_role("button", name="Later")).to_be_focused()


def test_the_validations_accuracy_stands_beside_the_batchs(train: Page, heard: Heard) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: any(event["epochs"] for event in heard.events("progress")))
    pause(train)
    train.wait_for_timeout(600)
    epochs = [epoch for event in heard.events("progress") for epoch in event["epochs"]]
    wanted = f"{100 * epochs[-1][4]:.1f} %"
    expect(train.locator(".fact-validation dd")).to_have_text(wanted)
    expect(train.locator(".runs tbody td").nth(5)).to_have_text(wanted)


def test_a_loaded_model_is_said_to_be_loaded(train: Page, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    start(train)
    until(train, lambda: step_of(train) > 5)
    pause(train)
    with train.expect_download() as coming:
        train.get_by_role("button", name="Save model").click()
    coming.value.save_as(tmp_path / "it.striate")
    train.locator("#model-file").set_input_files(tmp_path / "it.striate")
    expect(train.locator(".control .state")).to_have_text("loaded")
    expect(train.locator(".knobs")).to_be_hidden()
    expect(train.locator(".fact-step dd")).to_have_text("–")
