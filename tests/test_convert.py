"""FC as CONV: the same scores, and sliding over a bigger image scores every window at once.

Weights and pixels are small whole numbers here, whose sums are exact in float32 and float64: so equal means equal.
"""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import striate.notation.convert
import striate.train.slide
from striate import ArgumentError, Model, compile, parse
from striate.commands.convert import Options, convert
from striate.look.heat import heat
from striate.notation import Network
from striate.notation.convert import is_padded, reshaped, step, to_conv
from striate.train.slide import converted, slide

PADDED = "INPUT[8x8x1] - CONV[3] - RELU - POOL - FC[5] - RELU - FC[4]"
BARE = "INPUT[10x10x2] - CONV[3, 4x4, S=2, P=0] - RELU - FC[5] - RELU - DROPOUT - FC[4]"
WIDE = "INPUT[9x5x2] - CONV[3, 2x2, P=0] - RELU - POOL - FC[3]"
Numbers = dict[str, np.ndarray]


def whole(network: Network, random: np.random.Generator) -> Numbers:
    """Parameters that are small whole numbers."""
    return {n: random.integers(-2, 3, shape).astype(np.float32) for n, shape in network.parameter_shapes().items()}


@st.composite
def without_padding(draw: st.DrawFn) -> str:
    """A network of CONV, RELU and POOL without padding, and of one to three FCs, drawn from its end."""
    width = draw(st.integers(1, 3))
    layers: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        field, stride = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        kind = draw(st.sampled_from(["CONV", "POOL"]))
        name = f"CONV[{draw(st.integers(1, 3))}, " if kind == "CONV" else "POOL["
        layers.insert(0, f"{name}{field}x{field}, S={stride}{', P=0' if kind == 'CONV' else ''}]")
        if draw(st.booleans()):
            layers.insert(1, "RELU")
        width = (width - 1) * stride + field
    fcs = [f"FC[{draw(st.integers(1, 4))}]" for _ in range(draw(st.integers(1, 3)))]
    return " - ".join([f"INPUT[{width}x{width}x{draw(st.integers(1, 2))}]", *layers, " - RELU - ".join(fcs)])


@settings(max_examples=60)
@given(without_padding(), st.integers(0, 3), st.integers(0, 2), st.integers(0, 9))
def test_without_padding_every_window_scores_what_it_scores_cut_out(line: str, more: int, less: int, seed: int) -> None:
    network, random = parse(line), np.random.default_rng(seed)
    assert not is_padded(network)
    (apart, _), own = step(network), network.input.width
    parameters = whole(network, random)
    image = random.integers(0, 4, (1, own + less * apart, own + more * apart, network.input.depth))
    slid = to_conv(network, image.shape[2], image.shape[1])
    assert (slid.output.width, slid.output.height) == (more + 1, less + 1)
    volume = slid.activations(reshaped(network, parameters), image)[slid.nodes[-1].name][0]
    for row in range(less + 1):
        for column in range(more + 1):
            cut = image[:, row * apart : row * apart + own, column * apart : column * apart + own]
            assert np.array_equal(network.forward(parameters, cut)[0], volume[row, column])


@pytest.mark.parametrize(
    "line", [PADDED, BARE, WIDE, "INPUT[5x5x2] - FC[3]", "INPUT[4x4x3] - POOL - FC[3] - FC[2] - RELU"]
)
def test_on_its_own_size_it_is_the_same_network(line: str) -> None:
    network, random = parse(line), np.random.default_rng(0)
    parameters, images = whole(network, random), random.integers(0, 4, (3, *network.input.shape))
    same = to_conv(network)
    assert not any(node.layer.kind == "FC" for node in same.nodes)
    assert sum(p.size for p in parameters.values()) == sum(p.size for p in reshaped(network, parameters).values())
    assert np.array_equal(network.forward(parameters, images), same.forward(reshaped(network, parameters), images))


def test_images_that_are_not_square() -> None:
    network, random = parse(WIDE), np.random.default_rng(5)
    assert str(to_conv(network, 13, 7)) == WIDE.replace("9x5", "13x7").replace("FC[3]", "CONV[3, 4x2, P=0]")
    model = Model(network, whole(network, random), ("a", "b", "c"))
    image = random.integers(0, 4, (7, 13, 2)).astype(np.float32)
    found = slide(model, image, threads=1)
    assert found.scores.shape == (2, 3, 3) and (found.window, found.apart) == ((9, 5), (2, 2))
    for row, column in np.ndindex(2, 3):
        cut = image[None, 2 * row : 2 * row + 5, 2 * column : 2 * column + 9]
        assert np.array_equal(network.forward(model.parameters, cut)[0], found.scores[row, column])


def test_compiled_and_slid() -> None:
    network, random = parse(BARE), np.random.default_rng(1)
    model = Model(network, whole(network, random), ("a", "b", "c", "d"))
    image = random.integers(0, 4, (14, 18, 2)).astype(np.float32)
    found = slide(model, image, threads=1)
    assert found.scores.shape == (3, 5, 4) and (found.window, found.apart) == ((10, 10), (2, 2))
    cuts = np.stack([image[y : y + 10, x : x + 10] for y in range(0, 5, 2) for x in range(0, 9, 2)])
    program = compile(network, batch=16, threads=1)
    program.load(model.parameters)
    assert np.array_equal(program.scores(cuts), found.scores.reshape(15, 4))
    assert np.array_equal(converted(model).compile(batch=16, threads=1).scores(cuts), found.scores.reshape(15, 4))


def test_with_padding_windows_inside_see_their_neighbours() -> None:
    """The notes' "identical result" holds without padding; with it, only numbers that see no border are the same."""
    network, random = parse("INPUT[8x8x1] - CONV[1] - FC[1]"), np.random.default_rng(2)
    assert is_padded(network)
    parameters = whole(network, random)
    image = random.integers(1, 4, (1, 8, 9, 1))
    slid = to_conv(network, 9, 8)
    volume = slid.activations(reshaped(network, parameters), image)[slid.nodes[-1].name][0]
    cut = network.forward(parameters, image[:, :, :8])[0]
    assert not np.array_equal(volume[0, 0], cut)


@pytest.mark.parametrize("name", ["alexnet", "vgg-16"])
def test_the_notes_384(name: str) -> None:
    assert str(to_conv(parse(name), 384, 384).output) == "[6x6x1000]"
    assert step(parse(name)) == (32, 32)
    twelve = [str(node.output) for node in to_conv(parse("vgg-16"), 384, 384).nodes]
    assert "[12x12x512]" in twelve


def test_what_cannot_be() -> None:
    with pytest.raises(ArgumentError, match=r"8x8 and more by steps of 2 do, the nearest is 8x8"):
        to_conv(parse(PADDED), 9, 8)
    with pytest.raises(ArgumentError, match="is smaller than"):
        to_conv(parse(PADDED), 6, 8)
    local = parse("INPUT[8x8x1] - CONV[2] - LOCAL[2] - FC[3]")
    assert to_conv(local).output.size == 3
    with pytest.raises(ArgumentError, match=r"local1 has filters of its own for every place of \[8x8x2\].* 8x8 alone"):
        to_conv(local, 9, 8)
    network = parse("INPUT[6x4x1] - POOL - CONV[2, 2x2, P=0]")
    model = Model(network, whole(network, np.random.default_rng(0)), ("a", "b", "c", "d"))
    with pytest.raises(ArgumentError, match=r"a volume \[2x1x2\]: to slide, a network ends in FC or GAP"):
        slide(model, np.zeros((8, 8, 1), np.float32))


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, and an image larger than what it looks at."""
    monkeypatch.chdir(tmp_path)
    network = parse(PADDED)
    Model(network, whole(network, np.random.default_rng(3)), ("a", "b", "c", "d")).save("small.striate")
    pixels = np.random.default_rng(4).integers(0, 256, (12, 21)).astype(np.uint8)
    Image.fromarray(pixels).save("wide.png")
    return tmp_path


def ask(what: str, **others: object) -> Options:
    known = {"image": None, "size": None, "of": None, "fit": "raise", "out": None, "dark": False, "threads": 1}
    return Options(what, **{**known, **others})  # type: ignore[arg-type]


def test_the_command_saves_a_model(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convert(ask("small.striate"))
    assert capsys.readouterr().out.endswith("saved small-conv.striate\n")
    network = Model.load("small-conv.striate").network
    assert str(network) == "INPUT[8x8x1] - CONV[3] - RELU - POOL - CONV[5, 4x4, P=0] - RELU - CONV[4, 1x1]"


def test_the_command_draws_a_heat_map(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convert(ask("small.striate", image=Path("wide.png"), of="c"))
    assert capsys.readouterr().out == "saved wide-heat.png\n"
    assert (saved / "wide-heat.png").stat().st_size > 1000
    figure = heat("small.striate", "wide.png", of=2)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert words[0] == "Where wide.png is c" and "20x12 pixels" in words
    assert words[1].startswith("7 x 3 windows of 8x8 pixels, 2 apart, in one pass")
    assert "10x8 pixels" in [text.get_text() for text in heat("small.striate", "wide.png", size=(10, 8)).axes[0].texts]


def test_the_command_prints_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    convert(ask("tiny-vgg", size="48x40"))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "INPUT[48x40x3] - [[CONV[10] - RELU]*2 - POOL]*3 - CONV[10, 4x4, P=0]"
    assert said[1] == "scores [3x2x10]: of 6 windows of 32x32, 8 pixels apart"
    assert "have neighbours" in said[2]
    convert(ask("INPUT[8x8x1] - CONV[4, P=0]", size="12x10"))
    assert capsys.readouterr().out.splitlines()[1] == "scores [10x8x4]: of 15 windows of 8x8, 1 pixel apart"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ask("tiny-vgg", image=Path("wide.png")), "needs a model file"),
        (ask("tiny-vgg", size="48"), "width x height"),
        (ask("tiny-vgg", size="0x48"), "width x height"),
        (ask("tiny-vgg", out=Path("small.striate")), "-o goes with a model"),
        (ask("tiny-vgg", of="a"), "--class goes with a model"),
        (ask("small.striate", of="a"), "--class goes with an IMAGE"),
        (ask("small.striate", size="16x16"), "goes with a line"),
        (ask("small.striate", out=Path("small.striate")), "name another file"),
        (ask("small.striate", image=Path("wide.png"), of="zebra"), "no class 'zebra'"),
        (ask("small.striate", image=Path("wide.png"), size="9x9"), "the nearest is 8x8"),
    ],
)
def test_mistakes(saved: Path, options: Options, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        convert(options)


def test_the_examples() -> None:
    for module in (striate.notation.convert, striate.train.slide, import_module("striate.look.heat")):
        assert doctest.testmod(module).failed == 0
