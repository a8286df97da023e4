"""A trained network as a file: the line, its parameters, and what is needed to use them on new images."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError, ModelError, StriateError
from striate.layers.loss import LOSSES
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.preprocessing import Preprocessing
from striate.train.modelfile import read_tensors, write_tensors

if TYPE_CHECKING:
    from striate.program import Program

FORMAT = "1"


@dataclass(frozen=True, eq=False)
class Model:
    """A network with its parameters, the names of its classes, and how images are prepared for it.

    `parameters` are float32, named and shaped as `network.tensor_shapes()` says, BN's running statistics
    among them; `classes` are the names of the scores, in order; `loss` is "softmax" or "svm"; `notes`
    are facts about the training that JSON can hold (epochs, seed, accuracy ...).

    Raises ArgumentError where these do not fit together.

    >>> import tempfile
    >>> network = parse("INPUT[2x2x1] - FC[2]")
    >>> parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    >>> model = Model(network, parameters, ("no", "yes"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/two.striate")
    ...     print(Model.load(f"{folder}/two.striate"))
    INPUT[2x2x1] - FC[2], trained with softmax to tell no, yes
    """

    network: Network
    parameters: Mapping[str, npt.NDArray[np.float32]]
    classes: tuple[str, ...]
    preprocessing: Preprocessing = field(default_factory=Preprocessing)
    loss: str = "softmax"
    notes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = self.network.tensor_shapes()
        if self.parameters.keys() != shapes.keys():
            odd = ", ".join(sorted(self.parameters.keys() ^ shapes.keys()))
            raise ArgumentError(f"the parameters are not those of the line: {odd}")
        for name, shape in shapes.items():
            found = self.parameters[name]
            if found.shape != shape or found.dtype != np.float32:
                raise ArgumentError(f"{name} is {found.dtype} {found.shape}, the line needs float32 {shape}")
        if len(self.classes) != self.network.classes:
            raise ArgumentError(
                f"the line ends in {self.network.classes} scores, but {len(self.classes)} classes are named"
            )
        # It raises where means and standard deviations are not one for each depth slice.
        self.preprocessing.scales(self.network.input.depth)
        if self.loss not in LOSSES:
            raise ArgumentError(f"loss={self.loss!r} is unknown: take one of {', '.join(LOSSES)}")

    def __str__(self) -> str:
        shown = ", ".join(self.classes[:10]) + (", ..." if len(self.classes) > 10 else "")
        return f"{self.network}, trained with {self.loss} to tell {shown}"

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """What a notebook shows: the architecture and the first layer's filters, and how large in CSS pixels."""
        from striate.look.portrait import portrait_png

        return portrait_png(self)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to `path`, whole or not at all; an OSError says why it cannot be written.

        The file is safetensors. Its metadata are strings: format, line, classes, preprocessing,
        loss, training (JSON where they are no plain words) and sha256, the checksum of the
        parameters and of the other metadata. The same model gives the same bytes.
        """
        metadata = {
            "format": FORMAT,
            "line": str(self.network),
            "classes": json.dumps(self.classes),
            "preprocessing": self.preprocessing.to_json(),
            "loss": self.loss,
            "training": json.dumps(dict(self.notes), sort_keys=True),
        }
        write_tensors(path, dict(self.parameters), metadata)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read the model at `path`; every bit of its parameters is as it was saved.

        Raises ModelError, naming the file and the reason, where it is missing, damaged or of another kind.
        """
        tensors, metadata = read_tensors(path, FORMAT)
        try:
            classes = json.loads(metadata["classes"])
            if not (isinstance(classes, list) and all(isinstance(name, str) for name in classes)):
                raise ArgumentError("classes are no list of names")
            notes = json.loads(metadata["training"])
            if not isinstance(notes, dict):
                raise ArgumentError("training is no table of facts")
            return cls(
                network=parse(metadata["line"]),
                parameters=tensors,
                classes=tuple(classes),
                preprocessing=Preprocessing.from_json(metadata["preprocessing"]),
                loss=metadata["loss"],
                notes=notes,
            )
        except KeyError as error:
            raise ModelError(f"{os.fspath(path)}: {error} is missing from its metadata") from None
        except (StriateError, ValueError, TypeError, RecursionError) as error:
            raise ModelError(f"{os.fspath(path)}: its contents do not fit together: {error}") from None

    def compile(self, batch: int | None = None, threads: int | None = None) -> Program:
        """Return a program with these parameters, ready to score images (or to be trained on).

        Without `batch` it has the batch the model was trained with, whose code is in the cache.
        """
        from striate.program import compile as compile_network

        trained = self.notes.get("batch")
        if batch is None:
            batch = trained if isinstance(trained, int) and 1 <= trained <= 1024 else 128
        program = compile_network(
            self.network, batch=batch, loss=self.loss, threads=threads, preprocessing=self.preprocessing
        )
        program.load(dict(self.parameters))
        return program
