"""The same bits: for any number of threads, from run to run, in any company; and robust against how it is called."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import judge
import scripted
from corpus import draw as draw_numbers
from judge import EACH_TARGET
from striate import SGD, Preprocessing, Program, compile, parse
from striate.plan import convolution
from striate.plan import plan as planner
from striate.plan.order import ORDERS

NETS = {
    "conv-pool": "INPUT[9x8x3] - CONV[5] - RELU - POOL[2x2, S=2, fit=crop] - CONV[7, S=2, fit=crop] - RELU - FC[11]",
    "1x1": "INPUT[6x5x3] - CONV[17] - RELU - CONV[19, 1x1] - RELU - CONV[18, 1x1] - FC[11]",
    "no-fusion": "INPUT[7x7x2] - RELU - POOL[3x3, S=2] - FC[9] - RELU - FC[4] - RELU",
}
BATCH = 70  #: 5 groups of 16, 9 of 8, 18 of 4 lanes: more than there are slots, and the last not full
IMAGES = (70, 33, 1, 70, 17)  #: of each step


def data(line: str, count: int, seed: int = 0) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    _, images, labels = draw_numbers(parse(line), count, seed)
    return images.astype(np.float32), labels


def make(
    line: str,
    threads: int = 1,
    batch: int = BATCH,
    target: str | None = None,
    seed: int = 3,
    order: str | None = None,
) -> Program:
    return compile(parse(line), batch, SGD(0.05, 0.9, 1e-3), threads=threads, target=target, seed=seed, order=order)


def digest(program: Program) -> bytes:
    """All bits of parameters and velocity."""
    rows = (program.parameters(), program.velocity())
    return b"".join(array.tobytes() for row in rows for array in row.values())


def life(program: Program, line: str) -> list[bytes]:
    """Steps on full and partial batches, and scores: every bit that comes out."""
    seen = []
    for i, count in enumerate(IMAGES):
        images, labels = data(line, count, seed=i)
        seen += [
            np.float64(program.train(images, labels)).tobytes(),
            program.losses.tobytes(),
            digest(program),
        ]
        seen.append(bytes([program.correct]))
    loss, gradients = program.gradients(images, labels)
    seen += [np.float64(loss).tobytes(), *(g.tobytes() for g in gradients.values())]
    return [*seen, program.scores(data(line, 200)[0]).tobytes()]


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


# ---- in company
def test_programs_side_by_side() -> None:
    """Programs take turns without touching each other, also two of one network."""
    lines = [*NETS.values(), NETS["conv-pool"]]
    alone = [life(make(line, 2, seed=i), line) for i, line in enumerate(lines)]
    together = [make(line, 2, seed=i) for i, line in enumerate(lines)]
    for step, count in enumerate(IMAGES):
        for program, line in zip(together, lines, strict=True):
            program.train(*data(line, count, seed=step))
    for program, line, seen in zip(together, lines, alone, strict=True):
        assert digest(program) == seen[4 * len(IMAGES) - 2]
        assert program.scores(data(line, 200)[0]).tobytes() == seen[-1]


def test_several_python_threads_with_a_program_each() -> None:
    line = NETS["conv-pool"]
    alone = life(make(line), line)
    programs = [make(line, threads) for threads in (1, 2, 3, 2)]
    seen: dict[int, list[bytes]] = {}

    def work(i: int) -> None:
        seen[i] = life(programs[i], line)

    together = [threading.Thread(target=work, args=(i,)) for i in range(len(programs))]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert [seen.get(i) == alone for i in range(len(programs))] == [True] * len(programs)


def test_several_python_threads_with_one_program() -> None:
    line = NETS["conv-pool"]
    program, (images, _) = make(line, 2), data(line, 200)
    expected = program.scores(images)
    wrong = []

    def work(start: int) -> None:
        for _ in range(20):
            if not np.array_equal(program.scores(images[start : start + 50]), expected[start : start + 50]):
                wrong.append(start)

    together = [threading.Thread(target=work, args=(start,)) for start in (0, 50, 100, 150)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert not wrong


# ---- what would crash or hang
PREAMBLE = f"""
import os, sys, threading, hashlib
import numpy as np
import striate
network = striate.parse({NETS["conv-pool"]!r})
random = np.random.default_rng(0)
images = random.standard_normal((70, 8, 9, 3)).astype(np.float32)
labels = random.integers(0, 11, 70)
def make(threads=2, batch=70, **more):
    return striate.compile(network, batch, threads=threads, **more)
def digest(program):
    return hashlib.sha256(b"".join(p.tobytes() for p in program.parameters().values())).hexdigest()
def train(program, steps=3):
    for _ in range(steps):
        program.train(images, labels)
    return digest(program)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_forks_while_another_thread_trains(tmp_path: Path) -> None:
    """Each child finds the program between two steps: every state is one of the parent's, and it can train on."""
    out = scripted.run(
        PREAMBLE
        + """
program, lone, states = make(), make(), {}
end = digest(lone)
for _ in range(400):
    before, end = end, train(lone, 1)
    states[before] = end
def work():
    train(program, 400)
worker = threading.Thread(target=work)
worker.start()
for _ in range(8):
    child = os.fork()
    if child == 0:
        found = digest(program)
        os._exit(0 if found == end or train(program, 1) == states[found] else 1)
    assert os.waitpid(child, 0)[1] == 0
worker.join()
print("parent", digest(program) == end, flush=True)
""",
        tmp_path,
    )
    assert "parent True" in out


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_trains_too(tmp_path: Path) -> None:
    out = scripted.run(
        PREAMBLE
        + """
program = make()
train(program)
sys.stdout.flush()
child = os.fork()
print("child" if child == 0 else "parent", train(program), flush=True)
if child == 0:
    print("new", train(make(3), 6), flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
        tmp_path,
    )
    lines = dict(line.split() for line in out.splitlines())
    assert lines.keys() == {"child", "parent", "new"} and len(set(lines.values())) == 1


def test_ctrl_c_ends_a_step_and_nothing_else(tmp_path: Path) -> None:
    """Interrupted over and over; then a fresh program still trains, and to the same bits as ever."""
    out = scripted.run(
        PREAMBLE
        + """
import _thread, time
expected = train(make())
stop = False
def nag():
    time.sleep(0.2)  # let start() return first
    while not stop:
        time.sleep(0.002)
        _thread.interrupt_main()
program, caught, nagging = make(), 0, threading.Thread(target=nag)
nagging.start()
while caught < 100:
    try:
        program.train(images, labels)
    except KeyboardInterrupt:
        caught += 1
while True:
    try:
        stop = True
        nagging.join()
        break
    except KeyboardInterrupt:
        pass
try:
    time.sleep(0.1)
except KeyboardInterrupt:
    pass
assert np.isfinite(program.train(images, labels))
print(train(make()) == expected)
""",
        tmp_path,
    )
    assert out == "True\n"


def test_machine_code_lives_as_long_as_a_program_needs_it(tmp_path: Path) -> None:
    """Compiling the same network again without the cache must not take the first one's code away."""
    out = scripted.run(
        PREAMBLE
        + """
programs = [make(cache=False) for _ in range(4)]
print(len({train(program) for program in programs}))
""",
        tmp_path,
    )
    assert out == "1\n"


def test_compiling_in_several_threads_at_once(tmp_path: Path) -> None:
    out = scripted.run(
        PREAMBLE
        + """
seen = []
together = [threading.Thread(target=lambda: seen.append(train(make()))) for _ in range(6)]
for thread in together: thread.start()
for thread in together: thread.join()
print(len(seen), len(set(seen)))
""",
        tmp_path,
    )
    assert out == "6 1\n"


def test_programs_that_come_and_go(tmp_path: Path) -> None:
    """A thread of the team must have left a program before its memory goes to the next one."""
    out = scripted.run(
        """
import numpy as np, striate
network = striate.parse("INPUT[2x2x1] - FC[2]")
images = np.zeros((160, 2, 2, 1), np.float32)
for _ in range(1500):
    striate.compile(network, 160, threads=8).scores(images)
print("done")
""",
        tmp_path,
    )
    assert out == "done\n"
