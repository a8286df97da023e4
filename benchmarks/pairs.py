"""Forward kernels on bfloat16, written by Striate's own emitters: a lane holds a pair of numbers of one image.

VDPBF16PS adds two products of bfloat16 numbers to each float32 lane. So the numbers of two slices (where there is an
odd number of them, of two neighbouring columns) share a lane's 32 bits, and an emitter that is told of half as many
slices writes the kernel: its multiply-adds become VDPBF16PS, and what it stores is rounded and paired
(VCVTNE2PS2BF16 and a permutation) two filters at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from striate.emit.builder import Kernel
from striate.emit.conv import conv_forward
from striate.emit.estimate import HELD
from striate.emit.fc import fc_forward
from striate.emit.index import Index
from striate.emit.kernels import kernel_of
from striate.emit.llvm import LlvmBuilder, Ssa
from striate.emit.packed import packed_forward
from striate.emit.tensor import Tensor
from striate.emit.winograd import winograd_forward
from striate.layers import Conv, Fc
from striate.native.host import choose_target
from striate.notation import parse
from striate.notation.network import Node
from striate.plan.plan import plan
from striate.plan.shape import Axis, Shape
from striate.plan.sweep import Sweep, Tap, split_evenly
from striate.plan.tiles import Tile, WinogradTile, winograd_tile
from striate.plan.winograd import transforms

Floats = npt.NDArray[np.float32]

LANES = 16
PAIRS = f"<{2 * LANES} x bfloat>"
TRIED = 3  #: register tiles of a direct kernel that are tried; the fastest counts


def rounded(numbers: npt.NDArray[Any]) -> Floats:
    """The nearest bfloat16 numbers, ties to even, as float32."""
    bits = np.ascontiguousarray(numbers, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).view(np.float32)


def paired(low: npt.NDArray[Any], high: npt.NDArray[Any]) -> Floats:
    """Two bfloat16 numbers in the 32 bits of each float32; ``high`` is zero where it is shorter."""
    missing = [(0, a - b) for a, b in zip(low.shape, high.shape, strict=True)]
    halves = (rounded(each).view(np.uint32) for each in (np.pad(high, missing), low))
    return (next(halves) | next(halves) >> 16).view(np.float32)


def apart(pairs: Floats) -> Floats:
    """The numbers of pairs along the first axis."""
    bits = pairs.view(np.uint32)
    both = np.stack([bits << 16, bits & 0xFFFF0000], axis=1).view(np.float32)
    return both.reshape(-1, *pairs.shape[1:])


@dataclass(frozen=True)
class Both:
    """The float32 vectors of two slices, to be rounded into one vector of pairs."""

    low: Ssa
    high: Ssa

    def __add__(self, other: Both) -> Both:
        return Both(self.low + other.low, self.high + other.high)

    def __sub__(self, other: Both) -> Both:
        return Both(self.low - other.low, self.high - other.high)

    def __mul__(self, factor: Ssa) -> Both:
        return Both(self.low * factor, self.high * factor)


class PairBuilder(LlvmBuilder):
    """LLVM IR in which a multiply-add of pairs is VDPBF16PS."""

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a * b + c in float32, or c and the two products of every lane's pairs."""
        if isinstance(a, Both):
            return Both(self.fma(a.low, b, c.low), self.fma(a.high, b, c.high))
        if a.type != PAIRS:
            return super().fma(a, b, c)
        name, operands = "llvm.x86.avx512bf16.dpbf16ps.512", (c, a, self.as_pairs(b))
        self.intrinsic(f"{c.type} @{name}({c.type}, {PAIRS}, {PAIRS})")
        return self.assign(f"call {c.type} @{name}({', '.join(f'{v.type} {v.name}' for v in operands)})", c.type)

    def as_pairs(self, value: Ssa) -> Ssa:
        """The same bits, known to be pairs."""
        return self.assign(f"bitcast {value.type} {value.name} to {PAIRS}", PAIRS)

    def pair(self, value: Both) -> Ssa:
        """Both rounded, lane by lane side by side; 32 bits a lane, as they are stored."""
        name, order = "llvm.x86.avx512bf16.cvtne2ps2bf16.512", [i // 2 + LANES * (i % 2) for i in range(2 * LANES)]
        self.intrinsic(f"{PAIRS} @{name}({self.vector_type}, {self.vector_type})")
        both = ", ".join(f"{v.type} {v.name}" for v in (value.high, value.low))
        rough = self.assign(f"call {PAIRS} @{name}({both})", PAIRS)
        mask = f"<{2 * LANES} x i32> <{', '.join(f'i32 {i}' for i in order)}>"
        lanes = self.assign(f"shufflevector {PAIRS} {rough.name}, {PAIRS} {rough.name}, {mask}", PAIRS)
        return self.assign(f"bitcast {PAIRS} {lanes.name} to {self.vector_type}", self.vector_type)


class PairTensor(Tensor):
    """A tensor of pairs: loaded for VDPBF16PS; takes pairs as they lie in memory, or ``Both``."""

    @staticmethod
    def of(tensor: Tensor) -> PairTensor:
        """The same memory."""
        return PairTensor(tensor.builder, tensor.name, tensor.shape, tensor.storage)

    @property
    def flat(self) -> PairTensor:
        """A tensor without halo as one long axis."""
        return PairTensor.of(super().flat)

    def __getitem__(self, index: Any) -> Any:
        return self.builder.as_pairs(super().__getitem__(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, self.builder.pair(value) if isinstance(value, Both) else value)


class TwoSlices(Tensor):
    """A float32 volume, read two slices at a time; ``storage`` is the volume."""

    @staticmethod
    def of(volume: Tensor) -> TwoSlices:
        """The volume with half as many slices."""
        return TwoSlices(volume.builder, volume.name, half(volume.shape), volume)

    def __getitem__(self, index: Any) -> Both:
        d, y, x = index
        return Both(self.storage[2 * d, y, x], self.storage[2 * d + 1, y, x])


@dataclass(frozen=True)
class PairedResults(Tensor):
    """Results of filters two by two: the even one's wait here for the odd one's."""

    waiting: dict[tuple[object, ...], tuple[Index, Ssa]] = field(default_factory=dict)

    def __setitem__(self, index: Any, value: Ssa) -> None:
        k, *at = index
        if tuple(at) not in self.waiting:
            self.waiting[tuple(at)] = Index.of(k), value
            return
        even, first = self.waiting.pop(tuple(at))
        pair = self.builder.assign(f"lshr exact i64 {self.builder.integer(even)}, 1", "i64")
        super().__setitem__((Index.variable(pair.name), *at), self.builder.pair(Both(first, value)))


def half(shape: Shape) -> Shape:
    """A volume's shape with two slices, or two filters, in one."""
    return Shape((Axis(-(-shape.axes[0].size // 2)), *shape.axes[1:]), shape.element)


@dataclass(frozen=True)
class Contender:
    """A kernel, the numbers of its arguments (halos included), whether its results are pairs, and whether threads
    share its items, as they do those of an FC whose weights no cache holds."""

    kernel: Kernel
    values: Mapping[str, Floats]
    pairs: bool = False
    shared: bool = False


@dataclass(frozen=True)
class Layer:
    """A CONV or FC, followed by RELU, by itself: all kernels for its forward pass of one lane group."""

    line: str

    @property
    def node(self) -> Node:
        """The CONV or FC."""
        return parse(self.line, fit="crop").nodes[1]

    @property
    def flops(self) -> int:
        """Of the plain definition, one lane group."""
        node = self.node
        return node.layer.flops(node.input) * LANES

    def numbers(self) -> tuple[Floats, Floats]:
        """Input (D, H, W, lanes) and weights."""
        random, node = np.random.default_rng(0), self.node
        shape = node.layer.parameter_shapes(node.input)["weights"]
        x = random.standard_normal((node.input.depth, node.input.height, node.input.width, LANES), np.float32)
        return x, random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))

    def floats(self, kind: str | None = None) -> Contender:
        """The float32 kernel that the planner takes, or one of a ``kind``."""
        made = plan(parse(self.line, fit="crop"), choose_target(), LANES, "softmax", force=kind)
        kernel = kernel_of(made, made.scores[0])
        shapes, (x, weights) = dict(kernel.arguments), self.numbers()
        values = {"x": _within(x, shapes["x"])}
        if "u" in shapes:
            values["u"] = _within(_transformed(weights, made.scores[0].setting("tile").size), shapes["u"])
        else:
            values["weights"] = weights
        return Contender(kernel, values, shared=isinstance(self.node.layer, Fc) and weights.nbytes > HELD)

    def pairs(self) -> Iterator[Contender]:
        """Kernels on pairs, volumes and weights in bfloat16: what may be the fastest, to be tried."""
        layer, usual = self.node.layer, self.floats("direct")
        settings = dict(usual.kernel.emit.keywords) if isinstance(usual.kernel.emit, partial) else {}
        if isinstance(layer, Fc):
            tile = next(n for n in (8, 10, 6, 4, 2) if _even(layer.outputs, n))
            yield self._fc(usual, settings | {"tile": tile})
        elif isinstance(layer, Conv):
            for choice in _tiles(layer.filters, settings["columns"])[:TRIED]:
                yield self._conv(usual, settings | {"tile": choice})
            packed = self.floats("packed")
            if "v" in dict(packed.kernel.arguments) and isinstance(packed.kernel.emit, partial):
                yield self._packed(packed, dict(packed.kernel.emit.keywords))

    def _fc(self, usual: Contender, settings: Mapping[str, Any]) -> Contender:
        volume, (x, weights) = self.node.input, self.numbers()
        by_slice = weights.reshape(len(weights), volume.depth, -1)
        values = {
            "x": paired(x[::2], x[1::2]),
            "weights": paired(by_slice[:, ::2], by_slice[:, 1::2]).reshape(len(weights), -1),
        }
        items = len(weights) // settings["tile"]

        def emit(b: Any, x: Tensor, weights: Tensor, biases: Tensor, y: Tensor, span: Any = None) -> None:
            fc_forward(b, PairTensor.of(x), weights, biases, _results(y), span=span, **settings)

        return _paired_kernel(usual, values, emit, items)

    def _conv(self, usual: Contender, settings: dict[str, Any]) -> Contender:
        whole, (_, weights) = usual.values["x"], self.numbers()
        if len(whole) % 2:  # pairs of columns, every second of which a tap meets
            taps = settings["columns"].taps[::2]
            columns = replace(settings["columns"], taps=tuple(Tap(tap.offset, i) for i, tap in enumerate(taps)))
            settings = settings | {"columns": columns}
            x, weights = paired(whole, whole[:, :, 1:]), paired(weights[..., ::2], weights[..., 1::2])
        else:
            x, weights = paired(whole[::2], whole[1::2]), paired(weights[:, ::2], weights[:, 1::2])
        settings = {name: value for name, value in settings.items() if name != "split"}

        def emit(b: Any, x: Tensor, weights: Tensor, biases: Tensor, y: Tensor) -> None:
            conv_forward(b, PairTensor.of(x), weights, biases, _results(y), **settings)

        return _paired_kernel(usual, {"x": x, "weights": weights}, emit)

    def _packed(self, usual: Contender, settings: dict[str, Any]) -> Contender:
        x, weights = usual.values["x"], usual.values["weights"]
        values = {"x": paired(x[::2], x[1::2]), "weights": paired(weights[:, ::2], weights[:, 1::2])}
        tile = settings["tile"]
        many = next(n for n in (tile.filters, tile.filters - 1, tile.filters + 2, 4, 2) if _even(len(weights), n))
        settings = {**settings, "tile": replace(tile, filters=many)}
        del settings["split"]

        def emit(b: Any, x: Tensor, weights: Tensor, biases: Tensor, y: Tensor, v: Tensor, m: Tensor) -> None:
            packed_forward(b, x, weights, biases, _results(y), PairTensor.of(v), m, **settings)

        return _paired_kernel(usual, values, emit)

    def winograd_pairs(self) -> Contender | None:
        """Winograd's kernel, its products of pairs, all volumes in float32; None where there is none."""
        node, usual = self.node, self.floats("winograd")
        if node.input.depth % 2 or "u" not in usual.values or not isinstance(usual.kernel.emit, partial):
            return None
        settings, shapes = dict(usual.kernel.emit.keywords), dict(usual.kernel.arguments)
        del settings["split"]
        size, depth, (_, weights) = settings["tile"].size, node.input.depth // 2, self.numbers()
        filters, rows, columns = len(weights), settings["rows"].count, settings["columns"].count
        tile: WinogradTile = winograd_tile(size, filters, depth, rows, columns, choose_target())
        settings["tile"], count = tile, tile.down * tile.across
        u = _transformed(weights, size)
        width = -(-depth // LANES)
        width = (width + (width >= 8 and width % 2 == 0)) * LANES
        shapes |= {
            "u": Shape.of(len(u), filters, width, element="f32"),
            "v": Shape((Axis(len(u)), Axis(depth * count, 0, 1 - depth * count % 2))),
            "m": Shape.of(tile.held(filters, len(u), LANES), count, len(u)),
        }
        values = {"x": usual.values["x"], "u": _within(paired(u[..., ::2], u[..., 1::2]), shapes["u"])}

        def emit(b: Any, x: Tensor, u: Tensor, biases: Tensor, y: Tensor, v: Tensor, m: Tensor) -> None:
            winograd_forward(b, TwoSlices.of(x), u, biases, y, PairTensor.of(v), m, **settings)

        return Contender(Kernel("pairs", tuple(shapes.items()), emit), values)


def _paired_kernel(usual: Contender, values: dict[str, Floats], emit: Any, items: int = 0) -> Contender:
    """The kernel ``usual`` on pairs: the same arguments, half as deep."""
    shapes = dict(usual.kernel.arguments)
    shapes |= {name: half(shapes[name]) for name in ("x", "y", "v") if name in shapes}
    shapes["weights"] = Shape.of(*values["weights"].shape, element="f32")
    if len(usual.values["x"]) % 2:
        shapes["x"] = dict(usual.kernel.arguments)["x"]
    return Contender(Kernel("pairs", tuple(shapes.items()), emit, items), values, True, usual.shared)


def _results(y: Tensor) -> PairedResults:
    return PairedResults(y.builder, y.name, y.shape, y.storage)


def _within(numbers: npt.NDArray[Any], shape: Shape) -> Floats:
    """The numbers with zeros around them, as the shape lies in memory."""
    whole = np.zeros([axis.extent for axis in shape.axes] + [LANES] * shape.per_lane, np.float32)
    whole[tuple(slice(a.before, a.before + n) for a, n in zip(shape.axes, numbers.shape, strict=False))] = numbers
    return whole


def _transformed(weights: Floats, size: int) -> Floats:
    """Winograd's transform of the weights, (points, K, D)."""
    by = np.array(transforms(size, weights.shape[-1]).weights, np.float64)
    return np.einsum("ar,kdrc,bc->abkd", by, weights, by).reshape(-1, *weights.shape[:2]).astype(np.float32)


def _even(total: int, most: int) -> bool:
    return all(width % 2 == 0 for _, width, _ in split_evenly(total, most))


def _tiles(filters: int, columns: Sweep) -> list[Tile]:
    """Tiles of an even number of filters whose sums fit the registers, the fewest loads first."""
    offers = []
    offsets = [tap.offset for tap in columns.taps]
    reach = max(offsets) - min(offsets)
    for many in (n for n in range(2, 17, 2) if n <= filters and _even(filters, n)):
        for wide in range(1, min(columns.count, 14) + 1):
            held = wide + (reach if columns.step == 1 else 0)
            if many * wide + held + 2 > choose_target().registers:
                continue
            loads = (many * len(offsets) + held) / (many * wide * len(offsets))
            full = columns.count / (-(-columns.count // wide) * wide)
            offers.append(((1 + loads) / full * max(1, 10 / (many * wide)), Tile(many, 1, wide)))
    return [tile for _, tile in sorted(offers, key=lambda offer: offer[0])]
