"""The model file: every bit comes back, and no wrong bit gets in."""

from __future__ import annotations

import errno
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

import striate
from striate.data.dataset import Dataset
from striate.errors import ArgumentError, ModelError
from striate.preprocessing import Preprocessing
from striate.train.model import Model
from striate.train.modelfile import checksum

LINE = "INPUT[4x4x1] - CONV[2] - RELU - FC[3]"


def small(**changes: Any) -> Model:
    network = striate.parse(LINE)
    generator = np.random.default_rng(0)
    parameters = {
        name: generator.standard_normal(shape).astype(np.float32) for name, shape in network.parameter_shapes().items()
    }
    fields = {
        "network": network,
        "parameters": parameters,
        "classes": ("ant", "bee", 'Käfer \u2603 " \\'),
        "preprocessing": Preprocessing((1 / 3,), (0.1,)),
        "loss": "svm",
        "notes": {"seed": 7, "epochs": 1.5, "test_accuracy": None},
    }
    return Model(**{**fields, **changes})


def same(one: Model, other: Model) -> bool:
    return (
        one.network == other.network
        and one.classes == other.classes
        and one.preprocessing == other.preprocessing
        and one.loss == other.loss
        and dict(one.notes) == dict(other.notes)
        and list(one.parameters) == sorted(other.parameters, key=list(one.parameters).index)
        and all(one.parameters[name].tobytes() == other.parameters[name].tobytes() for name in one.parameters)
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    small().save(tmp_path / "small.striate")
    return tmp_path / "small.striate"


def refused(path: Path, reason: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model.load(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)


def test_everything_comes_back(path: Path) -> None:
    assert same(small(), Model.load(path))


def test_odd_bits_come_back(tmp_path: Path) -> None:
    model = small()
    odd = np.array([0x80000000, 1, 0x7F800000, 0x7FC12345, 0xFF7FFFFF], np.uint32).view(np.float32)
    model.parameters["fc1.weights"].ravel()[:5] = odd
    model.save(tmp_path / "odd.striate")
    assert same(model, Model.load(tmp_path / "odd.striate"))


def test_scores_come_back(tmp_path: Path, digits: Dataset) -> None:
    program = striate.compile(
        striate.parse("INPUT[8x8x1] - CONV[3] - RELU - FC[10]"),
        batch=16,
        preprocessing=Preprocessing.measure(digits.images),
    )
    program.train(digits.images[:16], digits.labels[:16])
    Model(program.network, program.parameters(), digits.classes, program.preprocessing).save(tmp_path / "m")
    again = Model.load(tmp_path / "m").compile(threads=1)
    assert again.scores(digits.images).tobytes() == program.scores(digits.images).tobytes()


def test_the_file_is_safetensors_with_readable_metadata(path: Path) -> None:
    tensors = load_file(path)
    assert all(np.array_equal(tensors[name], values) for name, values in small().parameters.items())
    raw = path.read_bytes()
    metadata = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    assert metadata["format"] == "1"
    assert metadata["line"] == LINE
    assert json.loads(metadata["classes"])[1] == "bee"
    assert json.loads(metadata["preprocessing"]) == {"mean": [1 / 3], "std": [0.1]}
    assert json.loads(metadata["training"])["seed"] == 7


def test_the_same_model_is_the_same_file(path: Path, tmp_path: Path) -> None:
    Model.load(path).save(tmp_path / "again.striate")
    assert (tmp_path / "again.striate").read_bytes() == path.read_bytes()


def test_every_flipped_bit_is_noticed(path: Path) -> None:
    """Refused with a reason, or, where JSON has two spellings of one thing, the same model still."""
    whole, harmless = path.read_bytes(), 0
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            path.write_bytes(damaged)
            try:
                found = Model.load(path)
            except ModelError as error:
                assert str(path) in str(error)
            else:
                assert same(small(), found)
                harmless += 1
    assert harmless < 20


def test_every_shorter_file_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        refused(path, "")
    path.write_bytes(whole + b"\0")
    refused(path, "")


@given(noise=st.binary(max_size=300), header=st.booleans())
def test_noise_is_refused(tmp_path_factory: pytest.TempPathFactory, noise: bytes, header: bool) -> None:
    path = tmp_path_factory.mktemp("noise") / "noise.striate"
    path.write_bytes((len(noise).to_bytes(8, "little") if header else b"") + noise)
    refused(path, "")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nothing", "no such file")
    refused(tmp_path, "is no file")


def test_a_foreign_safetensors_file_is_refused(path: Path) -> None:
    path.write_bytes(save({"x": np.zeros(3, np.float32)}))
    refused(path, "no model of Striate")
    path.write_bytes(save({"x": np.zeros(3, np.float32)}, {"format": "pt"}))
    refused(path, "no model of Striate")


def test_hostile_headers_are_refused(path: Path) -> None:
    deep = b'{"__metadata__":' + b'{"a":' * 5000 + b"1" + b"}" * 5001
    for header in (
        b"",
        b"[]",
        b"{}",
        b'{"__metadata__":{"format":1}}',
        b'{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}',
        b'{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}',
        b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
        deep,
    ):
        path.write_bytes(struct.pack("<Q", len(header)) + header)
        refused(path, "")
    path.write_bytes(struct.pack("<Q", 1 << 62) + b"{}")
    refused(path, "")


def forge(path: Path, tensors: dict[str, np.ndarray] | None = None, **changes: str | None) -> None:
    """Write a file whose checksum is right, with other metadata or tensors: damage that was meant."""
    raw = path.read_bytes()
    metadata = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])["__metadata__"]
    metadata.update(changes)
    metadata = {key: value for key, value in metadata.items() if value is not None}
    tensors = tensors if tensors is not None else load_file(path)
    if "sha256" not in changes:
        metadata["sha256"] = checksum(tensors, metadata)
    path.write_bytes(save(tensors, metadata))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"format": "2"}, "its format is '2'"),
        ({"sha256": "0" * 64}, "do not match their checksum"),
        ({"sha256": None}, "no model of Striate"),
        ({"line": None}, "'line' is missing"),
        ({"line": "INPUT[4x4x1] - CONV[2] - RELU - FC[4]"}, "fc1.weights is float32 (3, 32)"),
        ({"line": "INPUT[4x4x1] - FC[3] - FC[3]"}, "not those of the line"),
        ({"line": "CONV["}, "CONV is not closed"),
        ({"line": "[" * 5000}, "do not fit together"),
        ({"line": "INPUT[1000000x1000000x3] - FC[3]"}, ""),
        ({"line": "INPUT[4x4x1] - [RELU]*1000000000 - FC[3]"}, ""),
        ({"classes": '["ant", "bee"]'}, "2 classes are named"),
        ({"classes": "[1, 2, 3]"}, "no list of names"),
        ({"classes": "{"}, ""),
        ({"classes": "[" * 100_000}, ""),
        ({"preprocessing": "[]"}, "no preprocessing"),
        ({"preprocessing": '{"mean": [NaN], "std": [1]}'}, "no preprocessing"),
        ({"preprocessing": '{"mean": [0, 0], "std": [1, 1]}'}, "depth"),
        ({"loss": "hinge"}, "loss='hinge'"),
        ({"training": "[]"}, "training"),
    ],
)
def test_metadata_that_makes_no_model(path: Path, changes: dict[str, str | None], reason: str) -> None:
    forge(path, **changes)
    refused(path, reason)


def test_tensors_that_are_no_parameters_are_refused(path: Path) -> None:
    good = load_file(path)
    forge(path, {**good, "fc1.biases": good["fc1.biases"].astype(np.float64)})
    refused(path, "fc1.biases is F64")
    forge(path, {**good, "fc1.biases": good["fc1.biases"][:2]})
    refused(path, "fc1.biases is float32 (2,), the line needs float32 (3,)")
    forge(path, {**good, "fc2.biases": good["fc1.biases"]})
    refused(path, "fc2.biases")


def test_a_file_is_written_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        small(notes={}).save(path)
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_model_is_checked_when_it_is_made() -> None:
    parameters = dict(small().parameters)
    for message, changes in {
        "conv1.biases": {"parameters": {k: v for k, v in parameters.items() if k != "conv1.biases"}},
        "float64": {"parameters": {k: v.astype(np.float64) for k, v in parameters.items()}},
        "2 classes": {"classes": ("ant", "bee")},
        "loss='l1'": {"loss": "l1"},
    }.items():
        with pytest.raises(ArgumentError) as caught:
            small(**changes)
        assert message in str(caught.value)
