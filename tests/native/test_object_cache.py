"""Objects on disk: taken where they are whole and their own, made again otherwise, and never needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import judge
import scripted
import striate
from striate.native import build, cache
from striate.native.assemble import assemble

pytestmark = pytest.mark.skipif(not judge.ABLE, reason="this processor runs no target of the engine")

LINE = "INPUT[6x5x2] - CONV[3] - RELU - FC[4]"
IMAGES = np.random.default_rng(0).random((5, 5, 6, 2), np.float32)


class Counter:
    """How often LLVM was asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, *arguments: object) -> bytes:
        self.count += 1
        return assemble(*arguments)  # type: ignore[arg-type]


@pytest.fixture
def assembled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counter:
    """A cache folder of its own, nothing loaded yet, and a count of assemblies."""
    counter = Counter()
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(build, "assemble", counter)
    forget(monkeypatch)
    return counter


def forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if in a new process: what is loaded is not known any more."""
    monkeypatch.setattr(build, "_LOADED", {})


def scores(**more: object) -> bytes:
    arguments: dict[str, object] = {"batch": 5, "threads": 1, **more}
    program = striate.compile(striate.parse(LINE), **arguments)  # type: ignore[arg-type]
    return program.scores(IMAGES).tobytes()


def objects(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.*"))


def test_a_second_time_llvm_is_not_asked(assembled: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = scores()
    assert assembled.count == 1
    (kept,) = objects(tmp_path)
    assert kept.suffix == ".o" and kept.parent.name == "objects"
    scores()
    assert assembled.count == 1
    forget(monkeypatch)
    before = kept.read_bytes()
    assert scores() == first
    assert assembled.count == 1 and kept.read_bytes() == before


def test_whatever_shapes_the_code_has_an_object_of_its_own(assembled: Counter, tmp_path: Path) -> None:
    scores()
    for more in ({"batch": 6}, {"loss": "svm"}, *({"target": name} for name in judge.ABLE[1:])):
        before = assembled.count
        scores(**more)
        assert assembled.count == before + 1, more
    scores(threads=3, seed=9, optimizer=striate.SGD(0.3))
    assert assembled.count == len(objects(tmp_path))


def test_without_the_cache_nothing_is_written(assembled: Counter, tmp_path: Path) -> None:
    scores(cache=False)
    assert assembled.count == 1 and not (tmp_path / "cache").exists()
    scores()
    assert assembled.count == 1 or objects(tmp_path)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda b: b"",
    "one byte": lambda b: b[:1],
    "the head alone": lambda b: b[:49],
    "half": lambda b: b[: len(b) // 2],
    "one byte short": lambda b: b[:-1],
    "one byte more": lambda b: b + b"\0",
    "a bit of the code": lambda b: b[:-500] + bytes([b[-500] ^ 1]) + b[-499:],
    "a bit of the seal": lambda b: b[:20] + bytes([b[20] ^ 128]) + b[21:],
    "a bit of the head": lambda b: b"S" + b[1:],
    "zeros": lambda b: bytes(len(b)),
    "another format": lambda b: b.replace(b"striate object 1", b"striate object 2"),
    "the code alone": lambda b: b[49:],
    "text": lambda b: b"hello\n" * 1000,
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_objects_are_made_again(
    what: str, assembled: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = scores()
    (kept,) = objects(tmp_path)
    whole = kept.read_bytes()
    broken = DAMAGES[what](whole)
    assert broken != whole
    kept.write_bytes(broken)
    forget(monkeypatch)
    assert scores() == first
    assert assembled.count == 2 and kept.read_bytes() == whole
    forget(monkeypatch)
    assert scores() == first and assembled.count == 2  # it is whole again


def test_an_object_under_anothers_name_is_foreign(
    assembled: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first = scores()
    (kept,) = objects(tmp_path)
    scores(batch=6)
    (other,) = [path for path in objects(tmp_path) if path != kept]
    shutil.copy(other, kept)
    forget(monkeypatch)
    assert scores() == first and assembled.count == 3


def test_a_folder_in_the_objects_place(assembled: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = scores()
    (kept,) = objects(tmp_path)
    kept.unlink()
    kept.mkdir()
    forget(monkeypatch)
    assert scores() == first and kept.is_dir()
    assert objects(tmp_path) == [kept]  # and no part of a file is left beside it


@pytest.mark.parametrize("place", ["file/below", "file", "loop"])
def test_a_cache_that_cannot_be_written(
    place: str, assembled: Counter, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A path below a regular file: not even the administrator can write there."""
    (tmp_path / "file").write_text("a regular file")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    monkeypatch.setenv("STRIATE_CACHE", str(tmp_path / place))
    first = scores()
    forget(monkeypatch)
    assert scores() == first and assembled.count == 2
    assert not cache.write_object("0" * 64, b"code")
    assert (tmp_path / "file").read_text() == "a regular file"


def test_processes_that_compile_the_same_at_once(tmp_path: Path) -> None:
    script = f"""
import sys, time
import numpy as np, striate
network = striate.parse({LINE!r})
images = np.ones((5, 5, 6, 2), np.float32)
sys.stdout.write(striate.compile(network, 5).scores(images).tobytes().hex())
"""
    running = [scripted.start(script, tmp_path / "cache") for _ in range(3)]
    seen = {scripted.finish(process) for process in running}
    assert len(seen) == 1 and seen.pop()
    assert [path.suffix for path in objects(tmp_path)] == [".o"]


SOURCES = (
    "plan/tiles.py", "emit/relu.py", "emit/single/conv.py", "native/assemble.py", "layers/window.py",
    "notation/network.py", "volume.py",
)  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
def test_other_sources_make_other_objects(source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever decides what the code is: an object of other sources is never taken."""
    copy = tmp_path / "striate"
    shutil.copytree(Path(cache.__file__).parent.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(cache, "__file__", str(copy / "native" / "cache.py"))
    fresh = cache._sources.__wrapped__
    before = fresh()
    assert fresh() == before
    (copy / source).write_text((copy / source).read_text() + "\n# changed\n")
    assert fresh() != before


def test_keys_keep_their_parts_apart() -> None:
    assert len({cache.cache_key(*parts) for parts in (("a", "b"), ("ab",), ("b", "a"), ("a", "b", ""))}) == 4
