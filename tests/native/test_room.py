"""A network too big for the memory that is free is refused before anything is allocated."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pytest

import striate
from striate import ArgumentError, parse
from striate.native import memory, room
from striate.native.room import SPARE, available

LINE = "INPUT[32x32x3] - CONV[10] - RELU - POOL - FC[10]"
MIB = 2**20


def free(patch: pytest.MonkeyPatch, mebibytes: float) -> None:
    patch.setattr(room, "available", lambda: int(mebibytes * MIB) + SPARE)


def test_the_batch_that_would_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(size: int) -> None:
        raise AssertionError(f"{size} bytes allocated")

    free(monkeypatch, 20)
    with monkeypatch.context() as patch:
        patch.setattr(memory, "aligned_zeros", refuse)
        with pytest.raises(
            ArgumentError, match=r"a batch of 4,096 needs .* MiB of memory, .* 20.0 MiB are free"
        ) as caught:
            striate.compile(parse(LINE), batch=4096, threads=1, order="layer by layer")
    fits = int(str(caught.value).split("a batch of ")[2].split()[0].replace(",", ""))
    assert 1 < fits < 4096
    program = striate.compile(parse(LINE), batch=fits, threads=1, order="layer by layer")
    assert program.plan.bytes(1) <= 20 * MIB
    with pytest.raises(ArgumentError):
        striate.compile(parse(LINE), batch=fits + program.plan.target.lanes, threads=1, order="layer by layer")


def test_a_network_too_big_for_any_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    free(monkeypatch, 100)
    with pytest.raises(ArgumentError, match=r"1\.5 GiB of it for parameters.*even a batch of 1 needs"):
        striate.compile(parse("vgg-16"), batch=8)


def test_looking_inside_is_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    program = striate.compile(parse(LINE), batch=1, threads=1)
    free(monkeypatch, 0.1)
    with pytest.raises(ArgumentError, match="looking inside needs"):
        program.activations(np.zeros((1, 32, 32, 3), np.uint8))


def test_where_nothing_is_known_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "available", lambda: None)
    assert striate.compile(parse("INPUT[8x8x1] - FC[10]"), batch=2).batch == 2


def test_a_control_group_counts_and_cached_files_are_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (
        ("memory.max", "1000\n"),
        ("memory.current", "900\n"),
        ("memory.stat", "anon 1\nactive_file 50\ninactive_file 20\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(room, "_GROUPS", ((tmp_path, "memory.max", "memory.current"),))
    assert available() == 170
    (tmp_path / "memory.max").write_text("max\n")
    monkeypatch.setattr(room, "_MEMINFO", tmp_path / "meminfo")
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    3 kB\n")
    assert available() == 3 * 1024


def test_the_examples() -> None:
    assert doctest.testmod(room).failed == 0
