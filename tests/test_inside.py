"""Activations and gradients of every layer, against the oracle, PyTorch's rules and finite differences."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt
import pytest

import judge
from floors import own_of
from judge import EACH_TARGET, IN_TURN
from striate import ArgumentError, Preprocessing, compile, parse
from striate.inside import Inside
from striate.layers.loss import loss as loss_of
from striate.notation import Network

LINE = "INPUT[9x8x3] - CONV[21] - RELU - POOL[2x2, S=2, fit=crop] - CONV[7, S=2, fit=crop] - RELU - FC[11]"
FEW = 5

Array = npt.NDArray[np.float64]


def backwards(network: Network, parameters: judge.Numbers, made: dict[str, Array], dscores: Array) -> dict[str, Array]:
    """The gradient on every volume by the oracle's layers."""
    last = made[network.nodes[-1].name]
    count, height, width, depth = last.shape
    dy = dscores.reshape(count, depth, height, width).transpose(0, 2, 3, 1)
    found = {network.nodes[-1].name: dy}
    for node in network.nodes[:0:-1]:
        x, y, dy = network.read(node, made), made[node.name], found[node.name]
        dx, _ = node.layer.backward(x, own_of(node, parameters, training=False), y, dy)
        for name, part in network.part(node, dx, made):
            found[name] = found[name] + part if name in found else part
    return found


def flat(network: Network, made: dict[str, Array]) -> Array:
    last = made[network.nodes[-1].name]
    return np.asarray(last.transpose(0, 3, 1, 2).reshape(len(last), -1))


def compare(seen: Inside, made: dict[str, Array], gradients: dict[str, Array]) -> None:
    judge.check_all(seen.activations, made, "activation")
    assert list(seen.gradients) == list(made)
    for name, expected in gradients.items():
        found = np.asarray(seen.gradients[name], np.float64)
        if name.startswith(("relu", "dropout", "add", "concat")) and (made[name] >= 0).all():
            # Of equal zeros in a POOL's window either may be called the largest: RELU gives them nothing back.
            alive = made[name] > 0
            found, expected = found * alive, expected * alive
        judge.check(found, expected, f"gradient on {name}")


@pytest.mark.parametrize(("name", "target"), IN_TURN)
def test_every_net(name: str, target: str) -> None:
    known = judge.named(name, "softmax")
    program, step = judge.program(known, target), known.steps[0]
    images, labels = step.images, step.labels
    made = known.network.activations(known.start, images)
    judge.check_all(program.activations(images), made, "activation")
    losses, dscores = loss_of("softmax", flat(known.network, made), labels)
    seen = program.inside(images, labels)
    judge.check(seen.values, losses, "losses")
    compare(seen, made, backwards(known.network, known.start, made, dscores * len(images)))


@pytest.mark.parametrize("name", ["seed", "conv-last", "pool-last", "relu-last", "fc-1", "volume-last"])
def test_of_a_score(name: str) -> None:
    known = judge.named(name, "softmax")
    images, labels = known.steps[0].images[:FEW], known.steps[0].labels[:FEW]
    made = known.network.activations(known.start, images)
    scores = flat(known.network, made)
    seen = judge.program(known).inside(images, labels, of="score")
    judge.check(seen.values, scores[np.arange(FEW), labels], "score")
    compare(seen, made, backwards(known.network, known.start, made, np.eye(scores.shape[1])[labels]))


def test_gradients_on_pixels_are_slopes() -> None:
    """Finite differences of the engine's own scores, of single pixels before preprocessing."""
    network = parse(LINE)
    preprocessing = Preprocessing((0.1, 0.2, 0.3), (0.5, 1.0, 2.0))
    program = compile(network, 4, preprocessing=preprocessing)
    random = np.random.default_rng(0)
    image = random.standard_normal((1, *network.input.shape)).astype(np.float32)
    seen = program.inside(image, [4], of="score").gradients["input"][0]
    scale = 1 / np.array([0.5, 1.0, 2.0])
    parameters = program.parameters()

    def score(pixels: npt.NDArray[np.float64]) -> float:
        return float(network.forward(parameters, (pixels - np.array(preprocessing.mean)) * scale)[0, 4])

    for _ in range(20):
        at = (0, *(int(random.integers(n)) for n in network.input.shape))
        more, less = image.astype(np.float64), image.astype(np.float64)
        more[at] += 1e-6
        less[at] -= 1e-6
        assert seen[at[1:]] * scale[at[3]] == pytest.approx((score(more) - score(less)) / 2e-6, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("loss", ["softmax", "svm"])
def test_parameters_are_those_of_now(loss: str) -> None:
    network = parse(LINE)
    program = compile(network, 4, loss=loss)
    images = np.random.default_rng(1).standard_normal((20, *network.input.shape)).astype(np.float32)
    labels = np.arange(20) % 11
    for _ in range(3):
        made = network.activations(program.parameters(), images)
        judge.check_all(program.activations(images), made, "activation")
        losses, dscores = loss_of(loss, flat(network, made), labels)
        seen = program.inside(images, labels)
        judge.check(seen.values, losses, "losses")
        judge.check(seen.gradients["fc1"][:, 0, 0], dscores * 20, "gradient of the scores")
        program.train(images[:4], labels[:4])
    program.load({name: p * 2 for name, p in program.parameters().items()})
    judge.check_all(program.activations(images), network.activations(program.parameters(), images), "activation")


def test_looking_changes_nothing() -> None:
    network = parse(LINE)
    images = np.random.default_rng(1).integers(0, 256, (4, *network.input.shape), np.uint8)
    labels = np.arange(4)

    def after(looking: bool) -> list[bytes]:
        program = compile(network, 4, threads=2)
        for _ in range(3):
            program.train(images, labels)
            if looking:
                program.activations(images)
                program.inside(images, labels)
                program.inside(images, labels, of="score")
        return [values.tobytes() for values in (*program.parameters().values(), *program.velocity().values())]

    assert after(True) == after(False)


@pytest.mark.parametrize("target", EACH_TARGET)
def test_any_number_of_threads(target: str) -> None:
    network = parse(LINE)
    images = np.random.default_rng(1).integers(0, 256, (21, *network.input.shape), np.uint8)

    def bits(threads: int) -> bytes:
        program = compile(network, 4, threads=threads, target=target)
        seen = program.inside(images, np.arange(21) % 11)
        volumes = (program.activations(images), seen.activations, seen.gradients)
        return b"".join(array.tobytes() for each in volumes for array in each.values())

    alone = bits(1)
    assert all(bits(threads) == alone for threads in (2, 3, 8))


def test_bytes_are_what_floats_are() -> None:
    network = parse(LINE)
    program = compile(network, 4, preprocessing=Preprocessing((0.5,) * 3, (0.25,) * 3))
    images = np.random.default_rng(1).integers(0, 256, (3, *network.input.shape), np.uint8)
    plain = program.activations(images)
    judge.check_all(program.activations(images / np.float32(255)), plain, "activation")
    judge.check(plain["input"], (images / 255 - 0.5) / 0.25, "input")


def test_no_images_have_no_activations() -> None:
    program = compile(parse(LINE), 4)
    nothing = np.zeros((0, 8, 9, 3), np.float32)
    assert {name: a.shape[0] for name, a in program.activations(nothing).items()} == dict.fromkeys(
        ["input", "conv1", "relu1", "pool1", "conv2", "relu2", "fc1"], 0
    )
    assert program.inside(nothing, np.zeros(0, int)).values.shape == (0,)


@pytest.mark.parametrize(
    ("images", "labels", "of", "words"),
    [
        (np.zeros((1, 9, 8, 3)), [0], "loss", "have the shape"),
        (np.zeros((1, 8, 9, 3)), [11], "loss", "labels are from 0 to 10"),
        (np.zeros((2, 8, 9, 3)), [1], "score", "need labels"),
        (np.zeros((1, 8, 9, 3)), [1], "logit", "loss or score"),
    ],
)
def test_wrong_arguments(images: npt.NDArray[np.float64], labels: list[int], of: str, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        compile(parse(LINE), 4).inside(images, labels, of)


def test_looking_while_it_trains() -> None:
    """A look sees the parameters of one moment, never half a step."""
    network = parse("INPUT[6x6x1] - CONV[8] - RELU - FC[8] - FC[3]")
    program = compile(network, 8, threads=2)
    images = np.random.default_rng(1).standard_normal((8, 6, 6, 1)).astype(np.float32)
    labels = np.arange(8) % 3
    moments = {program.activations(images[:1])["fc2"].tobytes()}
    seen: list[bytes] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(program.activations(images[:1])["fc2"].tobytes())

    looker = threading.Thread(target=look)
    looker.start()
    twin = compile(network, 8, threads=2)
    for _ in range(200):
        program.train(images, labels)
        twin.train(images, labels)
        moments.add(twin.activations(images[:1])["fc2"].tobytes())
    done.set()
    looker.join()
    assert seen and set(seen) <= moments
