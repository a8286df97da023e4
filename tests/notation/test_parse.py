from __future__ import annotations

import doctest
import importlib
import pickle
import pkgutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate.layers
import striate.notation
from corpus import CASES, LARGE, NETS, draw
from striate.errors import ArgumentError, FitError, NotationError
from striate.layers import (
    Conv,
    Dropout,
    Elu,
    Fc,
    Gap,
    Gelu,
    Input,
    Layer,
    Leaky,
    Lrn,
    Maxout,
    Pool,
    Relu,
    Sigmoid,
    Silu,
    Tanh,
)
from striate.notation import Network, parse
from striate.notation.network import MOST_LAYERS
from striate.volume import Volume

TINY = "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
EVERY = {**NETS, **LARGE, **CASES}


def layer(text: str, size: str = "32x32x3") -> Layer:
    return parse(f"INPUT[{size}] - {text}").nodes[1].layer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CONV[10]", Conv(10, 3, 1, 1)),
        ("CONV[12, 5x5]", Conv(12, 5, 1, 2)),
        ("CONV[5x5, 12]", Conv(12, 5)),
        ("CONV[12,5×5,S=3,P=2,fit=crop]", Conv(12, 5, 3, 2, "crop")),
        ("CONV[12, 5*5]", Conv(12, 5)),
        ("CONV[12, 5 x 5]", Conv(12, 5)),
        ("CONV[12, 5X5]", Conv(12, 5)),
        ("CONV[P=0, F=11, K=96, S=7]", Conv(96, 11, 7, 0)),
        ("CONV[K=96, F=11x11, S=7, P=0]", Conv(96, 11, 7, 0)),
        ("conv[k=4, f=5]", Conv(4, 5)),
        ("CONV5-16", Conv(16, 5)),
        ("Conv3-64", Conv(64, 3)),
        ("CONV3x3-64", Conv(64, 3)),
        ("CONV-7", Conv(7)),
        ("CONV5-16[S=1, P=0]", Conv(16, 5, 1, 0)),
        ("CONV[\n  16,\n  5x5\n]", Conv(16, 5)),
        ("CONV [16]", Conv(16)),
        ("CONV[016]", Conv(16)),
        ("relu", Relu()),
        ("RELU[]", Relu()),
        ("LEAKY", Leaky(0.01)),
        ("leaky[.2]", Leaky(0.2)),
        ("LEAKY[a=0]", Leaky(0)),
        ("ELU", Elu(1)),
        ("ELU[A=0.5]", Elu(0.5)),
        ("GELU", Gelu()),
        ("SiLU", Silu()),
        ("SIGMOID", Sigmoid()),
        ("TANH", Tanh()),
        ("MAXOUT", Maxout(2)),
        ("MAXOUT[4]", Maxout(4)),
        ("MAXOUT[k=4]", Maxout(4)),
        ("MAXOUT2", Maxout(2)),
        ("DROPOUT", Dropout(0.5)),
        ("Dropout[]", Dropout(0.5)),
        ("DROPOUT[0.3]", Dropout(0.3)),
        ("DROPOUT[p=.3]", Dropout(0.3)),
        ("DROPOUT[P = 0.00001]", Dropout(0.00001)),
        ("DROPOUT0.3", Dropout(0.3)),
        ("DROPOUT-0.3", Dropout(0.3)),
        ("DROPOUT[0]", Dropout(0)),
        ("POOL", Pool()),
        ("POOL[]", Pool()),
        ("POOL2", Pool(2)),
        ("POOL[2]", Pool(2)),
        ("POOL[2x2]", Pool(2)),
        ("POOL[F=4, S=4]", Pool(4, 4)),
        ("POOL[4x4, S=4]", Pool(4, 4)),
        ("POOL[3x3, S=1, P=1]", Pool(3, 1, 1)),
        ("POOL[average]", Pool(of="average")),
        ("pool[3X3, L2, S=2, P = 1, fit=pad]", Pool(3, 2, 1, "pad", "l2")),
        ("POOL[max]", Pool()),
        ("GAP", Gap()),
        ("gap[]", Gap()),
        ("LRN", Lrn()),
        ("LRN[5, alpha=0.0001, beta=0.75, k=1]", Lrn()),
        ("LRN3", Lrn(3)),
        ("lrn[N=2, K=2, Alpha=.5]", Lrn(2, 0.5, 0.75, 2)),
        ("FC[10]", Fc(10)),
        ("FC-4096", Fc(4096)),
        ("FC10", Fc(10)),
        ("FC[n=10]", Fc(10)),
    ],
)
def test_the_forms_of_a_layer(text: str, expected: Layer) -> None:
    size = "33x33x3" if isinstance(expected, Conv) and expected.fit == "crop" else "32x32x3"
    assert layer(text, "8x8x4" if isinstance(expected, Maxout) else size) == expected


@pytest.mark.parametrize(
    "text", ["INPUT[9x7x2]", "input [9X7×2]", "INPUT[W=9, D=2, H=7]", "INPUT 9x7x2", "INPUT[9*7*2]"]
)
def test_the_forms_of_input(text: str) -> None:
    assert parse(f"{text} - FC[1]").input == Volume(9, 7, 2)


@pytest.mark.parametrize(
    "separator", ["-", " - ", "->", " -> ", "→", " → ", "\n", "\r\n", "\n\n", " -\n", "\n- ", "–", "—", "⟶"]
)
def test_separators(separator: str) -> None:
    text = separator.join(["INPUT[32x32x3]", "CONV[4]", "RELU", "POOL", "FC[10]"])
    assert str(parse(text)) == "INPUT[32x32x3] - CONV[4] - RELU - POOL - FC[10]"


@pytest.mark.parametrize(
    "text",
    [
        f"[{TINY}]",
        f"  {TINY}\n",
        "INPUT[32x32x3]\n[\n[CONV[10]\nRELU]*2\nPOOL\n]*3\nFC[10]\n",
        "INPUT[32x32x3] → [[CONV3-10 → RELU] × 2 → POOL2] x 3 → FC-10",
        "INPUT[32x32x3]-[[CONV[10]-RELU]*2-POOL]\n*3-FC[10]",
        "INPUT[32x32x3] - [CONV[10] - RELU]*2 - POOL - [[CONV[10] - RELU]*2 - POOL]*2 - FC[10]",
        "INPUT[32x32x3]" + " - [CONV[10] - RELU - CONV[10] - RELU - POOL]" * 3 + " - FC[10]",
    ],
)
def test_ways_to_write_the_tiny_vgg(text: str) -> None:
    assert str(parse(text)) == TINY
    assert parse(text) == parse(TINY)


def test_names_are_numbered_per_kind() -> None:
    names = [node.name for node in parse("INPUT[8x8x1] - [CONV[2] - RELU]*2 - POOL - FC[4] - RELU - FC[2]").nodes]
    assert names == ["input", "conv1", "relu1", "conv2", "relu2", "pool1", "fc1", "relu3", "fc2"]


def test_a_layer_alone_can_be_repeated() -> None:
    assert str(parse("INPUT[8x8x1] - POOL*3 - FC[2]")) == "INPUT[8x8x1] - [POOL]*3 - FC[2]"


def test_parameter_shapes() -> None:
    shapes = parse("INPUT[8x6x3] - CONV[4, 5x5] - RELU - POOL - FC[10]").parameter_shapes()
    assert shapes == {
        "conv1.weights": (4, 3, 5, 5),
        "conv1.biases": (4,),
        "fc1.weights": (10, 4 * 3 * 4),
        "fc1.biases": (10,),
    }
    assert parse("INPUT[8x6x3] - CONV[4, 5x5]").classes == 8 * 6 * 4


@pytest.mark.parametrize("name", EVERY)
def test_the_corpus_is_canonical(name: str) -> None:
    network = parse(EVERY[name])
    assert parse(str(network)) == network
    assert str(parse(str(network))) == str(network)
    assert len(str(network)) <= len(EVERY[name])


def test_fit_is_kept_only_where_it_changes_something() -> None:
    line = "INPUT[10x10x1] - CONV[2] - POOL[3x3, S=2] - FC[2]"
    for fit, text in (("pad", "fit=pad"), ("crop", "fit=crop")):
        network = parse(line, fit=fit)
        assert str(network) == f"INPUT[10x10x1] - CONV[2] - POOL[3x3, S=2, {text}] - FC[2]"
        assert parse(str(network)) == network
    assert parse(TINY, fit="pad") == parse(TINY, fit="crop") == parse(TINY)


def test_a_fit_in_the_bracket_wins() -> None:
    pool = parse("INPUT[5x5x1] - POOL[fit=crop] - FC[2]", fit="pad").nodes[1]
    assert pool.output == Volume(2, 2, 1)
    with pytest.raises(FitError):
        parse("INPUT[5x5x1] - POOL[FIT=Raise] - FC[2]", fit="pad")


def test_wrong_arguments() -> None:
    with pytest.raises(ArgumentError, match="fit is one of"):
        parse(TINY, fit="PAD")
    with pytest.raises(ArgumentError, match="not int"):
        parse(3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="made of layers"):
        Network.of([Input(1, 1, 1), "RELU"])  # type: ignore[list-item]


def test_a_network_made_in_python_is_checked_too() -> None:
    with pytest.raises(NotationError, match="begins with INPUT"):
        Network.of([Relu()])
    with pytest.raises(NotationError, match="exactly one INPUT"):
        Network.of([Input(2, 2, 1), Relu(), Input(2, 2, 1)])
    with pytest.raises(NotationError, match="computes nothing"):
        Network.of([Input(2, 2, 1)])
    with pytest.raises(FitError, match="pool1 does not fit"):
        Network.of([Input(3, 3, 1), Pool()])


def test_as_many_layers_as_allowed_and_no_more() -> None:
    relus = MOST_LAYERS - 2
    assert len(parse(f"INPUT[1x1x1] - [RELU]*{relus} - FC[2]").nodes) == MOST_LAYERS
    with pytest.raises(NotationError, match="1,001 layers are too many"):
        parse(f"INPUT[1x1x1] - [RELU]*{relus + 1} - FC[2]")
    with pytest.raises(NotationError, match="too many"):
        parse("INPUT[1x1x1] - " + "[" * 9 + "RELU" + "]*1000" * 9)


def test_wrong_arrays_for_the_oracle() -> None:
    network = parse("INPUT[4x3x2] - FC[3]")
    parameters, images, labels = draw(network, 2)
    assert network.forward(parameters, images).shape == (2, 3)
    with pytest.raises(ArgumentError, match=r"\(N, 3, 4, 2\), not \(2, 4, 3, 2\)"):
        network.forward(parameters, images.transpose(0, 2, 1, 3))
    with pytest.raises(ArgumentError, match=r"check fc1\.biases"):
        network.forward({"fc1.weights": parameters["fc1.weights"]}, images)
    with pytest.raises(ArgumentError, match=r"fc1.weights has the shape \(3, 24\)"):
        network.gradients({**parameters, "fc1.weights": np.zeros((3, 23))}, images, labels)


def test_a_network_can_be_copied_hashed_and_printed() -> None:
    network = parse(TINY)
    assert pickle.loads(pickle.dumps(network)) == network
    assert len({network, parse(TINY)}) == 1
    assert repr(network) == f"parse('{TINY}')"
    assert str(network.nodes[1]) == "conv1: CONV[10] [32x32x3] -> [32x32x10]"


PIECES = [
    "INPUT", "CONV", "RELU", "POOL", "FC", "[", "]", "*", "-", "->", "\n", ",", "=", "x", " ", "é", "?", "\t",
    "0", "1", "2", "3", "16", "8x8x3", "[8x8x1]", "[4]", "K", "F=3", "S=", "P=1", "fit=pad", "4.5",
    "DROPOUT", "p=", ".5",
    "INPUT[8x8x1] - ",
]  # fmt: skip


@settings(deadline=None, max_examples=500)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=20))
def test_any_text_is_a_network_or_a_pointed_error(text: str) -> None:
    for line in (text, "INPUT[8x8x1] - " + text):
        try:
            network = parse(line)
        except NotationError as error:
            assert 0 <= error.position <= len(line) and error.length >= 1
            assert "^" in str(error) or not error.text
            assert error.reason
        else:
            assert parse(str(network)) == network


FIELDS, STRIDES = st.integers(1, 6), st.integers(1, 4)
LAYERS = st.one_of(
    st.just(Relu()),
    st.builds(Dropout, st.floats(0, 1, exclude_max=True)),
    st.builds(Fc, st.integers(1, 3)),
    st.builds(Pool, FIELDS, STRIDES, st.just(0), st.just("pad")),
    st.builds(Conv, st.integers(1, 3), FIELDS, STRIDES, st.just(0), st.just("pad")),
)
BLOCKS = st.lists(LAYERS, min_size=1, max_size=3).flatmap(lambda block: st.integers(1, 3).map(lambda n: block * n))


@settings(deadline=None, max_examples=200)
@given(st.integers(1, 9), st.integers(1, 9), st.lists(BLOCKS, min_size=1, max_size=4), st.integers(1, 3))
def test_canonical_text_is_the_network_again(wide: int, high: int, blocks: list[list[Layer]], times: int) -> None:
    layers = [layer for block in blocks for layer in block] * times
    network = Network.of([Input(wide, high, 2), *layers])
    assert parse(str(network)) == network


def test_the_examples_in_the_docstrings() -> None:
    modules = ["striate.errors", "striate.volume"]
    for package in (striate.layers, striate.notation):
        modules += [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    results = [doctest.testmod(importlib.import_module(name)) for name in modules]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 20
