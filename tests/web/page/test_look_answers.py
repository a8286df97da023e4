"""The look view never says two things at once: not while a network learns, not after another was chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from look_page import choose, click, drop, load_model, made, number, scores, source
from page_server import Served, serving, watched
from striate.notation.parse import parse
from striate.preprocessing import Preprocessing
from striate.train.model import Model

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LINE = "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[6] - RELU - DROPOUT[0.5] - FC[2]"
ONE = "INPUT[8x8x1] - FC[1] - FC[3]"
NORMED = "INPUT[8x8x1] - CONV[2] - BN - RELU - FC[4] - BN - RELU - FC[3]"
NAMES = ("a class with a rather long name, the first", "a class with a rather long name, the second")

# Texts of the same moment, so that what belongs together can be compared while everything changes.
NOW = """
() => Object.fromEntries([["readout", ".columns-readout"], ["heading", ".explain h2"], ["value", ".explain-value"]]
  .map(([name, found]) => [name, document.querySelector(found)?.textContent ?? ""]))
"""
LEARN = """
async ([line, data]) => {
  const { Socket } = await import("/static/js/socket.js");
  const socket = new Socket();
  await new Promise((resolve) => socket.on("open", resolve));
  const settings = { epochs: 100000, lr: 0.001 };
  return (await socket.ask("start", { line, fit: "raise", data, settings, race: false })).run.name;
}
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models with weights as they are drawn: of scores that are no probabilities, of single numbers, without biases."""
    folder = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(4)
    files = {}
    abc = ("a", "b", "c")
    for name, line, classes, loss in (
        ("svm", LINE, NAMES, "svm"), ("one", ONE, abc, "softmax"), ("normed", NORMED, abc, "softmax")
    ):  # fmt: skip
        network = parse(line)
        parameters = {n: rng.normal(0, 0.5, s).astype(np.float32) for n, s in network.tensor_shapes().items()}
        parameters |= {n: np.abs(values) for n, values in parameters.items() if n.endswith(".variance")}
        files[name] = folder / f"{name}.striate"
        Model(network, parameters, classes, Preprocessing((0.3,), (0.3,)), loss=loss).save(files[name])
    return files


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, models: dict[str, Path]) -> Iterator[Served]:
    """A server that holds them: model 1, 2 and 3."""
    for server in serving(tmp_path_factory.mktemp("served")):
        load_model(server, models["svm"])
        load_model(server, models["one"])
        load_model(server, models["normed"])
        yield server


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    yield from watched(browser, complaints, reduced_motion="reduce")


def blank(page: Page) -> None:
    """Look at an empty drawing."""
    source(page, "Draw")
    page.locator(".column canvas").first.wait_for()


def test_scores_of_an_svm_are_numbers_and_may_be_negative(served: Served, page: Page, models: dict[str, Path]) -> None:
    choose(page, served, "model 1")
    blank(page)
    _, numbers = made(models["svm"], np.zeros((8, 8, 1), np.uint8))
    exact = numbers["fc2"][0, 0]
    assert exact.min() < 0  # the weights were drawn so
    shown = scores(page)[:2]
    assert [name for name, _ in shown] == [NAMES[k] for k in np.argsort(-exact)]
    assert np.abs(np.array([number(value) for _, value in shown]) - np.sort(exact)[::-1]).max() < 0.006
    assert all("%" not in value and "-" not in value for _, value in shown)
    bars = page.locator(".score-bar").evaluate_all("(bars) => bars.map((bar) => bar.style.transform)")
    top = max(exact.max(), 1e-30)
    for bar, score in zip(bars, np.sort(exact)[::-1], strict=False):
        assert abs(float(bar[7:-1]) - max(0.0, score / top)) < 1e-3


def test_only_classes_have_bars_and_their_names_are_readable(served: Served, page: Page) -> None:
    choose(page, served, "model 1")
    blank(page)
    assert page.locator(".score:visible").count() == 2
    for label in page.locator(".score:visible .score-label").all():
        assert label.get_attribute("title") in NAMES
        assert label.evaluate(
            "(node) => node.scrollHeight <= node.clientHeight + 1 && node.scrollWidth <= node.clientWidth"
        )
    page.locator("#look-run").select_option(index=1)
    page.locator(".score:visible").nth(2).wait_for()
    assert page.locator(".score:visible").count() == 3


def test_dropout_passes_on_what_it_gets(served: Served, page: Page, models: dict[str, Path]) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 1")
    blank(page)
    _, numbers = made(models["svm"], np.zeros((8, 8, 1), np.uint8))
    alive = int(numbers["relu2"][0, 0].argmax())
    assert numbers["relu2"][0, 0, alive] > 0
    click(page, "dropout1", alive, 0, 0)
    value = number(page.locator(".explain-value").inner_text())
    assert abs(value - numbers["relu2"][0, 0, alive]) < 1e-4  # nothing is scaled
    words = page.locator(".explain-words")
    expect(words).to_contain_text("dropout1 passes on what relu2 gives it. Only while a network learns, DROPOUT sets")
    page.get_by_role("button", name="Follow it back to relu2").click()
    expect(page.locator(".explain h2")).to_have_text(f"relu2, neuron {alive}")
    assert number(page.locator(".explain-value").inner_text()) == value


def test_that_there_are_no_test_images_is_said_once_and_in_place(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 1")
    expect(page.locator(".thumbs-words")).to_contain_text(
        "model 1 has no test images: it does not say what it was trained on. Drop an image, draw, or use the camera."
    )
    assert "trained on" not in page.locator("[data-banner]").inner_text()
    blank(page)  # an answer later, so are notes that the server would have sent
    assert "trained on" not in page.locator("[data-banner]").inner_text()


def test_a_neuron_is_called_by_its_number_and_class(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 2")
    blank(page)
    click(page, "fc2", 1, 0, 0)
    expect(page.locator(".explain h2")).to_have_text("fc2, neuron 1 (b)")
    expect(page.locator(".explain-words")).to_contain_text("multiplies the one number of fc1 with its weight")
    assert page.locator(".contributions tbody th").all_inner_texts() == ["neuron 0", "bias"]


def test_a_layer_without_bias_is_not_said_to_have_one(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 3")
    blank(page)
    words = page.locator(".explain-words")
    click(page, "conv1", 1, 2, 3)
    expect(words).to_contain_text("9 products add up to this number.")
    expect(page.locator("[data-role=sum] small")).to_have_text(["slice 0", "value"])
    click(page, "fc1", 1, 0, 0)
    expect(words).to_contain_text("with its weights and adds the products.")
    assert "bias" not in page.locator(".explain").inner_text()


def test_another_network_begins_with_an_empty_sheet(served: Served, page: Page) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 1")
    blank(page)
    click(page, "conv1", 1, 2, 3)
    expect(page.locator(".columns-readout")).to_contain_text("explained below")
    expect(page.locator(".scores [role=status]")).to_have_text(re.compile("best class: a class"))
    page.locator("#look-run").focus()
    source(page, "File")  # no picture of its own
    page.locator("#look-run").select_option(index=1)
    expect(page.locator(".column")).to_have_count(0)
    expect(page.locator(".columns-readout")).to_have_text("")
    expect(page.locator(".scores [role=status]")).to_have_text("")
    expect(page.locator(".explain h2")).to_have_text("What made this number?")
    assert page.locator(".score-label:visible").all_inner_texts() == ["–"] * 3


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Served]:
    """A server without any network."""
    yield from serving(tmp_path)


@pytest.fixture
def learning(empty: Served, page: Page) -> Page:
    """The view of a network that learns, looked at as it does."""
    page.goto(empty.tab("look"))
    page.locator(".look-empty").wait_for()
    page.evaluate(LEARN, ["INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]", "digits"])
    page.locator('[data-layer="conv1"] canvas').wait_for()
    return page


def test_the_line_below_the_maps_says_what_the_explanation_says(learning: Page) -> None:
    page = learning
    click(page, "conv1", 1, 3, 3)  # the pointer stays there
    seen: set[str] = set()
    for _ in range(400):
        now = page.evaluate(NOW)
        assert now["readout"] == f"{now['heading']}: {now['value']}, explained below"
        seen.add(now["value"])
        if len(seen) == 4:
            break
        page.wait_for_timeout(50)
    assert len(seen) == 4  # it has learned meanwhile
    assert "taken for" not in page.locator(".thumbs-words").inner_text()


def test_marks_of_the_test_images_follow_a_network_that_learns(learning: Page) -> None:
    names = "[...document.querySelectorAll('.thumb')].map((thumb) => thumb.title).join()"
    learning.locator(".thumb").first.wait_for()
    first = learning.evaluate(names)
    learning.wait_for_function(f"(first) => {names} !== first", arg=first)
    right = "document.querySelectorAll('.thumb.right').length"
    learning.wait_for_function(f"{right} >= 16")  # of 20: it learns the digits well


def test_a_screen_reader_is_not_talked_to_without_end(learning: Page) -> None:
    page = learning
    click(page, "conv1", 1, 3, 3)
    page.keyboard.press("ArrowRight")
    page.evaluate(
        """
        () => {
          window.said = [];
          const live = "[aria-live=polite], [aria-live=assertive], [role=status], [role=alert], output";
          const near = (node) => (node.nodeType === 1 ? node : node.parentNode).closest?.(live);
          new MutationObserver((all) => all.forEach(({ target, addedNodes }) => {
            const speaks = (node) => node.nodeType === 1 && (node.matches(live) || node.querySelector(live));
            const inside = [...addedNodes].some(speaks);
            const region = near(target);
            if (region || inside) window.said.push(`${(region ?? target).className}: ${target.textContent}`);
          })).observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
        }
        """
    )
    before = page.evaluate(NOW)
    for _ in range(3):  # three pictures with three explanations
        page.wait_for_function(f"(before) => ({NOW})().value !== before", arg=before["value"])
        before = page.evaluate(NOW)
    said = [words for words in page.evaluate("window.said") if "best class" not in words]
    assert said == []  # what the best class is, is said at most every 1.5 seconds, and only where it changes


def test_what_goes_wrong_while_drawing_is_no_answer_of_the_server(
    served: Served, page: Page, complaints: list[str]
) -> None:
    page.goto(served.tab("look"))
    failed = page.evaluate(
        """
        async () => {
          const { Looker } = await import("/static/js/look/looker.js");
          const failed = [];
          const answers = [
            () => Promise.resolve({ header: {}, bytes: new Uint8Array() }),
            () => Promise.reject(new Error("refused")),
          ];
          const looker = new Looker({ askBytes: () => answers.shift()() }, {
            shown: () => { throw new Error("drawn wrongly"); },
            failed: (error, seen) => failed.push([error.message, seen.run]),
          });
          looker.see(7, 10, new Uint8Array());
          await new Promise((resolve) => setTimeout(resolve, 200));
          const still = looker.still;
          looker.see(8, 10, new Uint8Array());
          await new Promise((resolve) => setTimeout(resolve, 200));
          return [failed, still];
        }
        """
    )
    assert failed == [[["refused", 8]], True]
    assert complaints == ["drawn wrongly"]  # seen by whoever looks for faults of the page
    complaints.clear()


def test_a_loaded_model_is_chosen_whatever_the_server_lists(
    served: Served, page: Page, models: dict[str, Path], complaints: list[str]
) -> None:
    """The server's list without the run may come at any moment; the app must know the run before that."""
    page.goto(served.tab("look"))
    page.locator("#look-run option").first.wait_for(state="attached")
    steps: list[Any] = page.evaluate(
        """
        async (bytes) => {
          const { loadModel } = await import("/static/js/look/models.js");
          const { Socket } = await import("/static/js/socket.js");
          const steps = [];
          const app = {
            renew: (run) => steps.push(["renew", run.id]), set: ({ run }) => steps.push(["set", run]),
            note: (...all) => steps.push(all),
          };
          const run = await loadModel(app, new File([Uint8Array.from(bytes)], "mine.striate"));
          const box = [];
          await loadModel(app, new File(["no model"], "broken.striate"), (...all) => box.push(all));
          const socket = new Socket();
          await new Promise((resolve) => socket.on("open", resolve));
          await socket.ask("control", { run: run.id, action: "remove" });
          return [steps, run.id, run.name, box];
        }
        """,
        list(models["one"].read_bytes()),
    )
    complaints.clear()  # Chromium itself writes down what a server refuses
    said, run, name, box = steps
    assert said == [["renew", run], ["set", run], [f"mine.striate is loaded as {name}", False]]
    assert box == [["", False], ["broken.striate: no model file, or a damaged one", True]]


def test_a_wrong_file_is_named_in_plain_words(served: Served, page: Page, complaints: list[str]) -> None:
    from playwright.sync_api import expect

    choose(page, served, "model 1")
    blank(page)
    drop(page, "mine.striate", b"no model")
    expect(page.locator("[data-banner]")).to_have_text("mine.striate: no model file, or a damaged one")
    drop(page, "notes.png", b"these are words and no picture")
    words = page.locator(".file-words")
    expect(words).to_contain_text(re.compile(r"^notes\.png: this is no image .*: choose another$"))
    complaints.clear()  # Chromium itself writes down what a server refuses


def test_an_image_without_a_network_gets_a_sentence(empty: Served, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(empty.tab("look"))
    page.locator(".look-empty").wait_for()
    drop(page, "photo.png", b"", event="paste")
    expect(page.locator("[data-banner]")).to_contain_text("no network yet that could look at it")
