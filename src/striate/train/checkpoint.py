"""A training run as a file: everything with which another process goes on exactly where this one was."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError, ModelError, StriateError
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.optimizers import OPTIMIZERS
from striate.preprocessing import Preprocessing
from striate.train.modelfile import read_tensors, write_tensors
from striate.train.steps import Position

FORMAT = "checkpoint 1"

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run between two steps.

    `data` names what it is trained on and `fingerprint` is that of exactly these images; `settings`
    and `facts` are plain values that JSON can hold; `points` (n, 4) and `epochs` (n, 5) are its curves:
    time in epochs, loss, accuracy, learning rate; time, the means of both, and those of validation.
    `optimizer_state` is what the optimizer remembers, as `program.optimizer_state()` gives it.

    >>> import tempfile
    >>> network = parse("INPUT[2x2x1] - FC[2]")
    >>> values = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> state = {f"velocity.{name}": numbers for name, numbers in values.items()}
    >>> kept = Checkpoint(network, "two", "0f", ("no", "yes"), Preprocessing(), {}, Position(), values, state)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept.save(f"{folder}/one.checkpoint")
    ...     print(Checkpoint.load(f"{folder}/one.checkpoint").position.epoch)
    1
    """

    network: Network
    data: str
    fingerprint: str
    classes: tuple[str, ...]
    preprocessing: Preprocessing
    settings: Mapping[str, Any]
    position: Position
    parameters: Mapping[str, Floats]
    optimizer_state: Mapping[str, Floats]
    points: Floats = field(default_factory=lambda: np.empty((0, 4), np.float32))
    epochs: Floats = field(default_factory=lambda: np.empty((0, 5), np.float32))
    facts: Mapping[str, Any] = field(default_factory=dict)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to `path`, whole or not at all; an OSError says why it cannot be written."""
        tensors = {
            **{f"parameters.{name}": values for name, values in self.parameters.items()},
            **self.optimizer_state,
            "curves.points": self.points,
            "curves.epochs": self.epochs,
        }
        metadata = {
            "format": FORMAT,
            "line": str(self.network),
            "data": self.data,
            "fingerprint": self.fingerprint,
            "classes": json.dumps(self.classes),
            "preprocessing": self.preprocessing.to_json(),
            "settings": json.dumps(dict(self.settings), sort_keys=True),
            "position": json.dumps(asdict(self.position), sort_keys=True),
            "facts": json.dumps(dict(self.facts), sort_keys=True),
        }
        write_tensors(path, tensors, metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Checkpoint:
        """Read the run at `path`; ModelError, naming the file and the reason, where it is damaged or no such file."""
        tensors, metadata = read_tensors(path, FORMAT)
        try:
            network = parse(metadata["line"])
            settings, facts = json.loads(metadata["settings"]), json.loads(metadata["facts"])
            classes = json.loads(metadata["classes"])
            if not (isinstance(settings, dict) and isinstance(facts, dict) and isinstance(classes, list)):
                raise ArgumentError("settings, facts or classes are not what they should be")
            if len(classes) != network.classes:
                raise ArgumentError(f"the line ends in {network.classes} scores, but {len(classes)} classes are named")
            return cls(
                network=network,
                data=metadata["data"],
                fingerprint=metadata["fingerprint"],
                classes=tuple(map(str, classes)),
                preprocessing=Preprocessing.from_json(metadata["preprocessing"]),
                settings=settings,
                position=_position(json.loads(metadata["position"])),
                parameters=_row(tensors, "parameters", network.tensor_shapes()),
                optimizer_state=_state(tensors, network),
                points=_curve(tensors["curves.points"], 4),
                epochs=_curve(tensors["curves.epochs"], 5),
                facts=facts,
            )
        except KeyError as error:
            raise ModelError(f"{os.fspath(path)}: {error} is missing from it") from None
        except (StriateError, ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise ModelError(f"{os.fspath(path)}: its contents do not fit together: {error}") from None


def _position(values: Any) -> Position:
    """The position in those values; ArgumentError where a number is missing, or none of a run on its way."""
    plain = asdict(Position())
    if not isinstance(values, dict) or values.keys() != plain.keys():
        raise ArgumentError(f"a position has {', '.join(plain)}")
    for name, value in values.items():
        kinds = (int, float) if isinstance(plain[name], float) else (int,)
        if type(value) not in kinds or not 0 <= value < 2**62:
            raise ArgumentError(f"{name} is a number from 0, not {value!r}")
    at = Position(**values)
    if at.epoch < 1 or at.share > 1 or not at.marked <= at.step <= at.steps or not at.correct <= at.seen:
        raise ArgumentError(f"no run was ever at {at}")
    if at.seen and not at.step:
        raise ArgumentError(f"no run has seen {at.seen:,} images before its first step")
    return at


def _state(tensors: Mapping[str, Floats], network: Network) -> dict[str, Floats]:
    """What one of the optimizers remembers: all there is beside the parameters and the curves."""
    rows = {name.partition(".")[0]: None for name in tensors}
    rows = {row: None for row in rows if row not in ("parameters", "curves")}
    if not any(set(kind.rows) == rows.keys() for kind in OPTIMIZERS.values()):
        raise ArgumentError(f"no optimizer remembers {' and '.join(sorted(rows)) or 'nothing'}")
    shapes = network.parameter_shapes()
    return {f"{row}.{name}": values for row in sorted(rows) for name, values in _row(tensors, row, shapes).items()}


def _row(tensors: Mapping[str, Floats], row: str, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    found = {name: tensors[f"{row}.{name}"] for name in shapes}
    for name, shape in shapes.items():
        if found[name].shape != shape:
            raise ArgumentError(f"{name} is {found[name].shape}, the line needs {shape}")
    return found


def _curve(values: Floats, columns: int) -> Floats:
    if values.ndim != 2 or values.shape[1] != columns:
        raise ArgumentError(f"a curve is (n, {columns}), not {values.shape}")
    return values
