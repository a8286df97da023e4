"""A network: layers in a row or in ways side by side, each with the volumes it takes and makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from striate.errors import ArgumentError, FitError, NotationError
from striate.layers import Add, Bn, Conv, Dropout, Fc, Input, Join, Layer
from striate.layers.join import join_all, part_all
from striate.layers.layer import Array, Parameters
from striate.layers.loss import Loss, as_loss, mean_weight
from striate.layers.loss import loss as loss_of
from striate.notation.tree import Mark, text, tree
from striate.volume import Volume

__all__ = ["MOST_LAYERS", "MOST_NUMBERS", "Mark", "Network", "Node", "chain", "unbiased"]

MOST_LAYERS = 1_000  # the deepest ConvNets have hundreds
MOST_NUMBERS = 2**31 - 1  # of one volume, or of one layer's weights: 8 GiB of float32


@dataclass(frozen=True)
class Node:
    """A layer in its place: its name (``conv1``, numbered per kind from 1), its input and output volumes.

    ``inputs`` are the names of the nodes that it reads: none for INPUT, several for a join, whose input volume is the
    joined one.
    """

    name: str
    layer: Layer
    input: Volume
    output: Volume
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.layer.notation()} {self.input} -> {self.output}"


@dataclass(frozen=True, repr=False)
class Network:
    """Layers, INPUT first. Two networks are equal if their layers are, and read each other alike; ``str`` gives
    canonical text. ``nodes`` are in an order in which each comes after those that it reads.

    Make one with ``parse`` or ``Network.of``.

    >>> from striate.layers import Conv, Fc, Input, Relu
    >>> network = Network.of([Input(8, 8, 1), Conv(4), Relu(), Fc(10)])
    >>> print(network, network.output, network.classes)
    INPUT[8x8x1] - CONV[4] - RELU - FC[10] [1x1x10] 10
    >>> print(Network.of([Input(8, 8, 1), Mark.FORK, Conv(4), Mark.WAY, Conv(4, 1, 1, 0), Add(), Fc(10)]))
    INPUT[8x8x1] - ( CONV[4] | CONV[4, 1x1] )+ - FC[10]
    """

    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, layers: Iterable[Layer | Mark]) -> Network:
        """The network of these layers, and marks where ways part; NotationError or FitError where they make none."""
        return cls(unbiased(chain(layers)))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers alone."""
        return tuple(node.layer for node in self.nodes)

    def path(self, through: str = "") -> tuple[Node, ...]:
        """The nodes on one way from INPUT to the scores, through the layer of that name; else the first of ways."""
        named = {node.name: node for node in self.nodes}
        behind: dict[str, Node] = {}
        for node in self.nodes[::-1]:
            behind.update(dict.fromkeys(node.inputs, node))
        found = [named[through] if through else self.nodes[-1]]
        while found[0].inputs:
            found.insert(0, named[found[0].inputs[0]])
        while found[-1].name in behind:
            found.append(behind[found[-1].name])
        return tuple(found)

    @property
    def input(self) -> Volume:
        """The volume of one image."""
        return self.nodes[0].output

    @property
    def output(self) -> Volume:
        """The volume of the scores."""
        return self.nodes[-1].output

    @property
    def classes(self) -> int:
        """How many scores the network gives: the size of its output."""
        return self.output.size

    def parameter_shapes(self) -> dict[str, tuple[int, ...]]:
        """Every parameter's shape, in the layers' order: ``{"conv1.weights": (K, D, F, F), ...}``."""
        return {
            f"{node.name}.{name}": shape
            for node in self.nodes
            for name, shape in node.layer.parameter_shapes(node.input).items()
        }

    def state_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of what training keeps for scores and no gradient moves: BN's running ``mean`` and ``variance``."""
        return {
            f"{node.name}.{name}": shape
            for node in self.nodes
            for name, shape in node.layer.state_shapes(node.input).items()
        }

    def tensor_shapes(self) -> dict[str, tuple[int, ...]]:
        """Parameters, then state: all numbers with which scores are made.

        >>> from striate.layers import Bn, Fc, Input
        >>> list(Network.of([Input(1, 1, 4), Bn(), Fc(2)]).tensor_shapes())
        ['bn1.weights', 'bn1.biases', 'fc1.weights', 'fc1.biases', 'bn1.mean', 'bn1.variance']
        """
        return {**self.parameter_shapes(), **self.state_shapes()}

    def __str__(self) -> str:
        return text(tree(self.nodes))

    def __repr__(self) -> str:
        return f"parse({str(self)!r})"

    def _repr_html_(self) -> str:
        """What a notebook shows: the table of the network."""
        from striate.look.html import network_html

        return network_html(self)

    @property
    def dropouts(self) -> dict[str, float]:
        """The rate of every DROPOUT, by its name, in order."""
        return {node.name: node.layer.rate for node in self.nodes if isinstance(node.layer, Dropout)}

    def activations(
        self,
        parameters: Parameters,
        images: npt.ArrayLike,
        kept: Parameters | None = None,
        training: bool = False,
    ) -> dict[str, Array]:
        """What every node makes of ``images`` ``(N, H, W, D)``, by name, in float64: the oracle forward.

        Images are taken as they are: no division by 255. kept: for training, which numbers (1, and 0 for the others)
        every DROPOUT keeps, ``{"dropout1": (N, H, W, D)}``; one that is not named keeps all. training: BN normalises by
        the statistics of these images, instead of the running ones, which then need not be given. ArgumentError for
        wrong shapes or parameters.
        """
        x = np.asarray(images, np.float64)
        if x.ndim != 4 or x.shape[1:] != self.input.shape:
            height, width, depth = self.input.shape
            raise ArgumentError(
                f"images for INPUT{self.input} have the shape (N, {height}, {width}, {depth}), not {x.shape}"
            )
        checked = self._checked(parameters, kept, training)
        made: dict[str, Array] = {}
        for node in self.nodes:
            made[node.name] = node.layer.forward(self.read(node, made) if made else x, _own(checked, node, training))
        return made

    @staticmethod
    def read(node: Node, made: Mapping[str, Array]) -> Array:
        """What a node after INPUT reads of what the nodes before it ``made``: one volume, or several as one."""
        return join_all(node.layer, [made[name] for name in node.inputs])

    @staticmethod
    def part(node: Node, dx: Array, made: Mapping[str, Array]) -> list[tuple[str, Array]]:
        """The gradient on what a node reads as (name, gradient on that volume), in the order of its inputs."""
        depths = [made[name].shape[-1] for name in node.inputs]
        return list(zip(node.inputs, part_all(node.layer, dx, depths), strict=True))

    def next_state(
        self, parameters: Parameters, images: npt.ArrayLike, kept: Parameters | None = None
    ) -> dict[str, Array]:
        """What the state becomes in a training step on ``images``, in float64; kept as above."""
        made, checked = self.activations(parameters, images, kept, True), self._checked(parameters, kept)
        return {
            f"{node.name}.{name}": values
            for node in self.nodes[1:]
            for name, values in node.layer.next_state(self.read(node, made), _own(checked, node)).items()
        }

    def forward(self, parameters: Parameters, images: npt.ArrayLike) -> Array:
        """The class scores ``(N, classes)`` of ``images``; in D, H, W order if it is a wider volume."""
        return _scores(self.activations(parameters, images)[self.nodes[-1].name])

    def gradients(
        self,
        parameters: Parameters,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        loss: str | Loss = "softmax",
        kept: Parameters | None = None,
    ) -> tuple[float, dict[str, Array], dict[str, Array]]:
        """``(mean loss, its gradient on every parameter, every node's activations)`` of a training step, in float64.

        kept as above; BN normalises by the statistics of these images.
        """
        made = self.activations(parameters, images, kept, True)
        checked = self._checked(parameters, kept, True)
        last = made[self.nodes[-1].name]
        losses, dscores = loss_of(loss, _scores(last), labels)
        images_, height, width, depth = last.shape
        on = {self.nodes[-1].name: dscores.reshape(images_, depth, height, width).transpose(0, 2, 3, 1)}
        gradients: dict[str, Array] = {}
        for node in self.nodes[:0:-1]:
            x, y, dy = self.read(node, made), made[node.name], on.pop(node.name)
            dx, found = node.layer.backward(x, _own(checked, node, True), y, dy)
            for name, part in self.part(node, dx, made):
                on[name] = on[name] + part if name in on else part
            gradients.update({f"{node.name}.{name}": gradient for name, gradient in found.items()})
        ordered = {name: gradients[name] for name in self.parameter_shapes()}
        return float(losses.sum() / mean_weight(as_loss(loss), np.asarray(labels), self.classes)), ordered, made

    def _checked(self, parameters: Parameters, kept: Parameters | None, training: bool = False) -> dict[str, Array]:
        shapes = self.tensor_shapes()
        if training and not set(self.state_shapes()) & set(parameters):
            shapes = self.parameter_shapes()
        if set(parameters) != set(shapes):
            odd = sorted(set(parameters) ^ set(shapes))
            raise ArgumentError(f"parameters are named {', '.join(shapes) or '(none)'}; check {', '.join(odd)}")
        checked = {name: np.asarray(parameters[name], np.float64) for name in shapes}
        for name, shape in shapes.items():
            if checked[name].shape != shape:
                raise ArgumentError(f"{name} has the shape {shape}, not {checked[name].shape}")
        for name, numbers in (kept or {}).items():
            if name not in self.dropouts:
                raise ArgumentError(f"{name!r} is no DROPOUT of {self}: it has {', '.join(self.dropouts) or 'none'}")
            checked[f"{name}.kept"] = np.asarray(numbers, np.float64)
        return checked


def chain(layers: Iterable[Layer | Mark]) -> Iterator[Node]:
    """Place layers one after the other, in ways where marks say so; an error concerns the one taken last.

    Raises NotationError unless INPUT comes first, only once, and not alone, or if sizes get out of hand;
    FitError where a layer does not fit its input, or ways do not fit each other.
    """
    numbers: Counter[str] = Counter()
    ways = _Ways()
    for layer in layers:
        if isinstance(layer, Mark):
            ways.mark(layer)
            continue
        place = sum(numbers.values())
        if not isinstance(layer, Layer):
            raise ArgumentError(f"a network is made of layers, and {layer!r} is none: see striate.layers")
        if (place == 0) != isinstance(layer, Input):
            raise NotationError(_misplaced(layer, place))
        if place >= MOST_LAYERS:
            raise NotationError(f"a network has at most {MOST_LAYERS:,} layers")
        numbers[layer.kind] += 1
        name = layer.kind.lower() + ("" if place == 0 else str(numbers[layer.kind]))
        ways.at = _node(name, layer, ways.ends(layer))
        yield ways.at
    if sum(numbers.values()) < 2:
        example = "INPUT[32x32x3] - CONV[10] - RELU - POOL - FC[10]"
        what = "INPUT alone computes nothing" if numbers else "there are no layers here"
        raise NotationError(f"{what}: add layers, as in {example}")
    ways.check_closed()


def unbiased(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """The nodes; a CONV or FC whose results BN alone reads has no bias, which BN would take away again.

    >>> from striate.layers import Bn, Conv, Input
    >>> Network.of([Input(8, 8, 1), Conv(4), Bn(), Conv(4)]).parameter_shapes().keys()
    dict_keys(['conv1.weights', 'bn1.weights', 'bn1.biases', 'conv2.weights', 'conv2.biases'])
    """
    placed = tuple(nodes)
    reading: dict[str, list[Layer]] = {}
    for node in placed:
        for name in node.inputs:
            reading.setdefault(name, []).append(node.layer)
    return tuple(
        replace(node, layer=replace(node.layer, biased=list(map(type, reading.get(node.name, []))) != [Bn]))
        if isinstance(node.layer, Conv | Fc)
        else node
        for node in placed
    )


@dataclass
class _Ways:
    """The node placed last, and of every open fork its node and the last nodes of its ways so far."""

    at: Node | None = None
    forks: list[list[Node]] = field(default_factory=list)

    def mark(self, mark: Mark) -> None:
        """A fork, or the next way of one."""
        if self.at is None:
            raise NotationError("a network begins with INPUT[WxHxD], and ways part only behind it: put INPUT first")
        if mark is Mark.FORK:
            self.forks.append([self.at])
        elif self.forks:
            self.forks[-1].append(self.at)
            self.at = self.forks[-1][0]
        else:
            raise ArgumentError("Mark.WAY stands between the ways of a fork: put Mark.FORK before the first")

    def ends(self, layer: Layer) -> list[Node]:
        """The nodes that a layer reads; a join ends the ways that it joins."""
        if not isinstance(layer, Join):
            return [self.at] if self.at else []
        if not self.forks or self.at is None:
            raise ArgumentError(f"{layer.kind} joins the ways of a fork: put Mark.FORK before the first")
        fork, *ends = [*self.forks.pop(), self.at]
        if isinstance(layer, Add) and len(ends) == 1:
            ends.append(fork)
        if len(ends) < 2 or (isinstance(layer, Add) and len(ends) > 2):
            raise ArgumentError(f"{layer.kind} joins {'one or two' if isinstance(layer, Add) else 'two or more'} ways")
        return ends

    def check_closed(self) -> None:
        """Every fork has its join."""
        if self.forks:
            raise ArgumentError("Mark.FORK has no join: put Add() or Concat() behind the last way")


def _node(name: str, layer: Layer, inputs: list[Node]) -> Node:
    """The layer placed behind ``inputs``."""
    volumes = [node.output for node in inputs]
    before = volumes[0] if volumes else layer.output(Volume(1, 1, 1))
    try:
        before = layer.joined(volumes) if isinstance(layer, Join) else before
        volume = layer.output(before)
    except FitError as error:
        what = f"{name} does not fit" if isinstance(layer, Join) else f"{name} does not fit {before}"
        raise FitError(f"{what}: {error.reason}") from None
    _check_size(layer, before, volume)
    return Node(name, layer.settled(before), before, volume, tuple(node.name for node in inputs))


def _misplaced(layer: Layer, place: int) -> str:
    if place == 0:
        return (
            f"a network begins with INPUT, which says the images' size, and not with {layer.kind}: "
            f"put INPUT[WxHxD] first, as in INPUT[32x32x3] - {layer.notation()}"
        )
    return f"there is exactly one INPUT, at the beginning, and this is another (layer {place + 1}): leave it out"


def _check_size(layer: Layer, input: Volume, output: Volume) -> None:
    if output.size > MOST_NUMBERS:
        raise NotationError(
            f"{layer.notation()} makes the volume {output} of {output.size:,} numbers; "
            f"at most {MOST_NUMBERS:,} (8 GiB of float32) are allowed: use a smaller volume"
        )
    weights = sum(int(np.prod(s, dtype=object)) for s in layer.parameter_shapes(input).values())
    if weights > MOST_NUMBERS:
        raise NotationError(
            f"{layer.notation()} on {input} has {weights:,} weights and biases; "
            f"at most {MOST_NUMBERS:,} (8 GiB of float32) are allowed: make its input or itself smaller"
        )


def _own(parameters: Parameters, node: Node, training: bool = False) -> dict[str, npt.NDArray[np.float64]]:
    """A node's own parameters, and its state unless it is ``training``."""
    state = () if training else node.layer.state_shapes(node.input)
    names = [*node.layer.parameter_shapes(node.input), *state, "kept"]
    return {name: parameters[f"{node.name}.{name}"] for name in names if f"{node.name}.{name}" in parameters}


def _scores(volume: Array) -> Array:
    scores: Array = volume.transpose(0, 3, 1, 2).reshape(len(volume), -1)
    return scores
