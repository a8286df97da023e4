"""Programs in company: side by side, in several threads, forked, interrupted; nothing crashes, hangs or leaks."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

import scripted
from lives import IMAGES, NETS, data, digest, life, make


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
