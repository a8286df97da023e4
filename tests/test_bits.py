"""The same bits: for any number of threads, from run to run, in any clothes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

import judge
from judge import EACH_TARGET
from lives import BATCH, NETS, data, digest, life, make
from striate import SGD, Preprocessing, compile, parse
from striate.plan import convolution
from striate.plan import plan as planner
from striate.plan.order import ORDERS


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", NETS)
def test_any_number_of_threads(name: str, target: str, order: str) -> None:
    line = NETS[name]
    lives = {threads: life(make(line, threads, target=target, order=order), line) for threads in (1, 2, 3, 8)}
    assert all(seen == lives[1] for seen in lives.values())


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", NETS)
def test_volumes_that_share_bytes(monkeypatch: pytest.MonkeyPatch, name: str, order: str) -> None:
    """As large ones do: their halos are cleared before each use, and results of 1x1 filters go past the caches."""
    line = NETS[name]
    expected = life(make(line, 2, order=order), line)
    monkeypatch.setattr(planner, "CLEARED_BYTES", 0)
    monkeypatch.setattr(convolution, "STREAMED", 0)
    shared = compile(parse(line), BATCH, SGD(0.05, 0.9, 1e-3), threads=2, seed=3, order=order, cache=False)
    assert any(call.family == "clear_halo" for call in shared.plan.train) or name != "conv-pool"
    assert life(shared, line) == expected


def test_from_run_to_run() -> None:
    line = NETS["conv-pool"]
    assert life(make(line, 2), line) == life(make(line, 2), line)
    assert life(make(line, 2, seed=4), line) != life(make(line, 2), line)


@pytest.mark.parametrize("target", EACH_TARGET)
def test_an_images_scores_do_not_depend_on_its_company(target: str) -> None:
    """Neither among many images nor among few; which of the two it is makes a difference of roundings."""
    line = NETS["conv-pool"]
    program, (images, _) = make(line, 2, target=target), data(line, 1000)
    scores, most = program.scores(images), program.plan.single.most
    few = np.concatenate([program.scores(images[i : i + 1]) for i in range(150)])
    judge.check(few, scores[:150], "scores of few images")
    assert scores.shape == (1000, 11) and scores.dtype == np.float32
    for count in (0, 1, most, most + 1, 15, 16, 17, 129):
        expected = few if count <= most else scores
        found = program.scores(images[:count])
        assert found.shape == (count, 11)
        assert np.array_equal(found, expected[:count])
        if count > most:
            assert np.array_equal(program.scores(images[1000 - count :]), scores[1000 - count :])
    assert np.array_equal(make(line, 1, batch=1, target=target).scores(images), scores)


def test_a_partial_batch_leaves_no_trace() -> None:
    """Neither lanes beyond the last image nor groups that were full before count."""
    line = NETS["conv-pool"]
    images, labels = data(line, BATCH)
    fresh, used = make(line), make(line)
    start = used.parameters()
    used.train(images, labels)
    used.load(start)
    used.load_velocity({name: np.zeros_like(p) for name, p in start.items()})
    for count in (1, 5, 16, 33):
        a = fresh.gradients(images[:count], labels[:count])
        b = used.gradients(images[:count], labels[:count])
        assert a[0] == b[0] and all(np.array_equal(a[1][n], b[1][n]) for n in start)


def test_gradients_change_nothing() -> None:
    line = NETS["conv-pool"]
    program, (images, labels) = make(line), data(line, 20)
    program.train(images, labels)
    before = digest(program)
    program.gradients(images, labels)
    assert digest(program) == before


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("poison", [np.nan, np.inf, 1e38])
def test_gradients_change_nothing_even_where_they_are_no_numbers(poison: float) -> None:
    line = NETS["conv-pool"]
    program, (images, labels) = make(line), data(line, 20)
    program.train(images, labels)
    before = digest(program)
    images[3] = poison
    program.gradients(images, labels)
    assert digest(program) == before


def test_gradients_leave_what_is_known_of_the_last_step() -> None:
    line = NETS["conv-pool"]
    program, (images, labels) = make(line), data(line, 20)
    program.train(images, labels)
    losses, correct = program.losses.copy(), program.correct
    program.gradients(images[:3], 10 - labels[:3])
    assert np.array_equal(program.losses, losses) and program.correct == correct


# ---- the same images in other clothes
CLOTHES: dict[str, Callable[[npt.NDArray[np.float32]], npt.ArrayLike]] = {
    "float64": lambda x: x.astype(np.float64),
    "big-endian": lambda x: x.astype(">f4"),
    "columns first": np.asfortranarray,
    "every other": lambda x: np.repeat(x, 2, axis=0)[::2],
    "mirrored twice": lambda x: np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1],
    "depth first": lambda x: np.ascontiguousarray(x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1),
    "read only": lambda x: np.frombuffer(x.tobytes(), np.float32).reshape(x.shape),
    "at an odd address": lambda x: np.frombuffer(b"." + x.tobytes(), np.float32, offset=1).reshape(x.shape),
    "lists": lambda x: x.tolist(),
}


@pytest.mark.parametrize("what", CLOTHES)
def test_images_in_other_clothes(what: str) -> None:
    line = NETS["conv-pool"]
    images, labels = data(line, 21)
    plain, other = make(line), make(line)
    clothed = CLOTHES[what](images)
    assert np.array_equal(plain.scores(images), other.scores(clothed))
    assert plain.train(images, labels) == other.train(clothed, labels)
    assert digest(plain) == digest(other)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int32", "uint64", ">i2", "list"])
def test_labels_in_other_clothes(kind: str) -> None:
    line = NETS["conv-pool"]
    images, labels = data(line, 21)
    plain, other = make(line), make(line)
    clothed = labels.tolist() if kind == "list" else labels.astype(kind)
    assert plain.train(images, labels) == other.train(images, clothed) and digest(plain) == digest(other)


@pytest.mark.parametrize("preprocessing", [None, Preprocessing((0.4, 0.5, 0.1), (0.2, 0.3, 1.7))])
@pytest.mark.parametrize("target", EACH_TARGET)
def test_bytes_are_like_their_255th_parts(target: str, preprocessing: Preprocessing | None) -> None:
    network = parse(NETS["conv-pool"])
    random = np.random.default_rng(5)
    images, labels = random.integers(0, 256, (21, *network.input.shape), np.uint8), random.integers(0, 11, 21)
    images[0], images[1] = 0, 255
    a, b = (compile(network, 21, preprocessing=preprocessing, target=target) for _ in range(2))
    judge.check(a.scores(images), b.scores(images / np.float32(255)), "scores")
    mean, std = (np.array(v) for v in (preprocessing.mean, preprocessing.std)) if preprocessing else (0, 1)
    expected = network.forward(a.parameters(), (images / 255 - mean) / std)
    judge.check(a.scores(images), expected, "scores")
    judge.check(a.train(images, labels), b.train(images / np.float32(255), labels), "loss")
    judge.check_all(a.velocity(), b.velocity(), "velocity")
