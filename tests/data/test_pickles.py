"""The pickle reader: reads plain data, runs nothing, survives anything."""

from __future__ import annotations

import contextlib
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.data.pickles import PickleError, read_plain


def python2(labels: list[int], pixels: np.ndarray[Any, Any]) -> bytes:
    """A batch as Python 2 wrote it: byte strings, NumPy 1's names, protocol 2."""

    def text(value: bytes) -> bytes:
        return b"U" + bytes([len(value)]) + value

    raw = pixels.astype(np.uint8).tobytes()
    rows, columns = (b"J" + struct.pack("<i", length) for length in pixels.shape)
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\nq\x05cnumpy\nndarray\nK\x00\x85" + text(b"b") + b"\x87R"
        b"(K\x01" + rows + columns + b"\x86cnumpy\ndtype\n" + text(b"u1") + b"K\x00K\x01\x87R"
        b"(K\x03"
        + text(b"|")
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<I", len(raw))
        + raw
        + b"tb"
    )
    listed = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    return b"\x80\x02}q\x01(" + text(b"labels") + listed + text(b"data") + array + text(b"note") + text(b"x") + b"u."


PIXELS = np.arange(12, dtype=np.uint8).reshape(3, 4)


@pytest.mark.parametrize(
    "data",
    [
        python2([1, 2, 3], PIXELS),
        *(pickle.dumps({"labels": [1, 2, 3], "data": PIXELS}, protocol=protocol) for protocol in (2, 3)),
        pickle.dumps({b"labels": [1, 2, 3], b"data": PIXELS.copy("F")}, protocol=2),
        pickle.dumps({"labels": [1, 2, 3], "data": PIXELS}, protocol=2).replace(b"numpy._core", b"numpy.core"),
    ],
)
def test_arrays_of_both_pythons_and_both_numpys(data: bytes) -> None:
    batch = read_plain(data)
    assert batch["labels"] == [1, 2, 3]
    np.testing.assert_array_equal(batch["data"], PIXELS)


def test_what_it_reads_is_what_pickle_reads() -> None:
    data = python2([7, 0], np.zeros((2, 3), np.uint8))
    ours, theirs = read_plain(data), pickle.loads(data, encoding="latin-1")
    assert ours["labels"] == theirs["labels"]
    np.testing.assert_array_equal(ours["data"], theirs["data"])


class Bomb:
    """Unpickled by Python, it makes a folder."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, protocol: int) -> None:
    data = pickle.dumps({"data": Bomb(tmp_path / "run"), "labels": []}, protocol=protocol)
    with pytest.raises(PickleError):
        read_plain(data)
    assert not (tmp_path / "run").exists()
    pickle.loads(data)  # the bomb is live: Python's own machine runs it
    assert (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "data",
    [
        b"cos\nsystem\n(U\x04true" + b"tR.",
        b"\x80\x02cbuiltins\neval\nU\x031+1\x85R.",
        b"(ios\nsystem\n.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02cnumpy\nload\nU\x01x\x85R.",
        b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\nK\x00\x85U\x01b\x87R.",
        b"\x80\x02cnumpy\nndarray\n)\x81.",
        b"\x80\x02cnumpy\ndtype\nU\x01O\x85R.",
        b"\x80\x02\x82\x01.",
        b"P1\n.",
    ],
)
def test_every_way_to_a_call_is_shut(data: bytes) -> None:
    with pytest.raises(PickleError):
        read_plain(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b".",
        b"K\x05.",
        b"]" * 2_000_000,
        b"(" * 1000 + b"t" * 1001,
        b"]q\x01h\x01ah\x01.",
        b"]" + b"q\x01(h\x01h\x01tq\x01" * 5000 + b".",  # tuples that share tuples: 2^5000 when printed
        b"}]K\x01s.",
        b"}(K\x01u.",
        b"T\xff\xff\xff\x7f.",
        b"h\x09.",
        b"c" + b"a" * 1000,
        python2([1], PIXELS)[:-20],
        python2([1], PIXELS).replace(b"J\x03\0\0\0", b"J\x04\0\0\0"),
        python2([1], PIXELS).replace(b"J\x03\0\0\0", b"J\xff\xff\xff\xff"),
    ],
)
def test_nonsense_is_refused(data: bytes) -> None:
    with pytest.raises(PickleError):
        read_plain(data)


@given(st.data())
def test_damaged_bytes_end_in_pickle_errors_only(data: st.DataObject) -> None:
    content = bytearray(python2([1, 2, 3], PIXELS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(len(content) // 2, len(content) + 200)) :]
    with contextlib.suppress(PickleError):
        assert isinstance(read_plain(bytes(content)), dict)


@given(st.binary(max_size=200))
def test_random_bytes_end_in_pickle_errors_only(content: bytes) -> None:
    with contextlib.suppress(PickleError):
        read_plain(b"\x80\x02" + content)
