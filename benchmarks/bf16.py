"""Would bfloat16 pay? Kernels on pairs (VDPBF16PS) beside the float32 kernels that Striate takes, in turn.

Peaks of both instructions; forward passes of single layers, one lane group a thread; what a whole net could gain at
best; and what storing bfloat16 does to the scores. An experiment: the kernels are those of benchmarks/pairs.py, and
nothing in Striate uses them. Weights are transformed, or paired, beforehand in all kernels.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import binding as llvm
from numpy.lib.stride_tricks import sliding_window_view
from tests.corpus import draw

import striate
from benchmarks.layers import LAYERS, choose, parse_layers
from benchmarks.nets import LINES, network
from benchmarks.options import add_json, add_nets, add_turns, names, numbers
from benchmarks.pairs import LANES, Contender, Floats, Layer, PairBuilder, PairTensor, apart, rounded
from benchmarks.report import write_json
from benchmarks.turns import in_turn, ratio
from striate.emit.builder import Kernel
from striate.emit.index import Index, Span
from striate.emit.llvm import LlvmModule
from striate.emit.tensor import Tensor
from striate.intake import address
from striate.layers import Conv, Fc
from striate.native.aligned import aligned_zeros
from striate.native.assemble import Loaded, assemble
from striate.native.host import choose_target
from striate.native.profile import profile
from striate.native.team import TEAM, usable_processors
from striate.notation import Network
from striate.plan.geometry import TILE_SIZES
from striate.plan.plan import plan
from striate.plan.shape import Shape
from striate.plan.winograd import transforms

Array = npt.NDArray[np.float64]

BESIDE = "resnet-r2-1x1,resnet-r2-3x3,resnet-r4-1x1b"  #: layers of conv_layers.txt that are timed beside the nets
SMOKE = {"filter": "resnet-r5-1x1b", "nets": "seed", "rounds": 1, "burst": 0.001, "images": 1}
CHAINS = 24  #: independent sums of the peaks' loops
TURNS = 2_000
LEAST = 5e-4  #: seconds that a timed call takes at least: kernels are repeated within it


def options(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    add_nets(parser, "seed,tinyvgg,convnetjs,vgg32,vgg64,alexnet")
    parser.add_argument(
        "--filter", default=BESIDE, metavar="PARTS", help="single layers beside the nets': parts of names"
    )
    parser.add_argument("--threads", default=f"1,{usable_processors()}", help="numbers of threads (default: 1 and all)")
    parser.add_argument("--images", type=int, default=16, help="images whose scores are compared")
    add_turns(parser, 3, 0.05)
    add_json(parser)


def supported() -> bool:
    """Whether this processor has AVX512_BF16."""
    return choose_target().lanes == LANES and bool(llvm.get_host_cpu_features().get("avx512bf16"))


def _kernel_ir(kernel: Kernel) -> str:
    """A function ``kernel``, and ``run`` (context, rank, threads), which repeats it on the rank's memory.

    The context holds the repetitions; then, for each rank, the arguments' addresses and its first and last item.
    """
    module = LlvmModule(LANES, True)
    b = PairBuilder(module)
    tensors = [Tensor(b, name, shape, f"%{name}") for name, shape in kernel.arguments]
    types = ["ptr"] * len(tensors) + ["i64", "i64"]
    kinds = [f"ptr noalias nocapture %{tensor.name}" for tensor in tensors] + ["i64 %first", "i64 %last"]
    span = Span(Index.variable("%first"), Index.variable("%last"))
    kernel.emit(b, *tensors, **({"span": span} if kernel.items else {}))
    module.functions.append(b.function(f"void @kernel({', '.join(kinds)})", "void"))
    lines = [f"  %skip = mul i64 %rank, {8 * len(types)}", "  %row = getelementptr i8, ptr %context, i64 %skip"]
    for i, type_ in enumerate(types):
        lines += [f"  %at.{i} = getelementptr i8, ptr %row, i64 {8 * i + 8}", f"  %a.{i} = load {type_}, ptr %at.{i}"]
    call = f"call void @kernel({', '.join(f'{type_} %a.{i}' for i, type_ in enumerate(types))})"
    loop = ["turn:", "  %i = phi i64 [ 0, %entry ], [ %next, %turn ]", f"  {call}", "  %next = add i64 %i, 1"]
    loop += [
        "  %more = icmp slt i64 %next, %turns",
        "  br i1 %more, label %turn, label %end",
        "end:",
        "  ret void",
        "}",
    ]
    head = ["define void @run(ptr %context, i64 %rank, i64 %size) {", "entry:", "  %turns = load i64, ptr %context"]
    return module.text() + "\n".join([*head, *lines, "  br label %turn", *loop]) + "\n"


class Timed:
    """A contender's kernel with memory for a lane group a thread; threads share parameters, and items if it has any."""

    def __init__(self, contender: Contender, threads: int) -> None:
        target, kernel = choose_target(), contender.kernel
        target = replace(target, features=f"{target.features},+avx512bf16")
        self._code = Loaded(assemble(_kernel_ir(kernel), target), target, ["run"])
        self._contender, self._threads, self._memory = contender, threads, []
        shared: dict[str, Any] = {}
        rows: list[int] = []
        for rank in range(threads):
            for name, shape in kernel.arguments:
                if shape.per_lane or name not in shared:
                    shared[name] = aligned_zeros(shape.bytes(LANES)).view(np.float32)
                    if name in contender.values:
                        shared[name][:] = contender.values[name].ravel()
                    self._memory.append(shared[name])
                rows.append(address(shared[name]))
                if not rank and name == "y":
                    self._results = shared[name]
            share = (rank, rank + 1) if contender.shared else (0, threads)
            rows += [kernel.items * end // threads for end in share]
        self._context = np.array([1, *rows], np.int64)
        self._context[0] = max(1, int(LEAST / statistics.median(in_turn({0: self}, 3, 0.0)[0])))

    def __call__(self) -> None:
        """Run the kernel several times on every thread."""
        TEAM.run(self._code.entries["run"], address(self._context), self._threads)

    @property
    def turns(self) -> int:
        """How often a call runs the kernel."""
        return int(self._context[0])

    def results(self) -> Floats:
        """The results of rank 0's group, as (filters, rest)."""
        y = self._results.reshape(dict(self._contender.kernel.arguments)["y"].axes[0].size, -1)
        return apart(y) if self._contender.pairs else y


def _peak(pairs: bool) -> Contender:
    def spin(b: Any, x: Tensor) -> None:
        factor = (PairTensor.of(x) if pairs else x)[0]
        sums = [b.register("sum", x[i]) for i in range(CHAINS)]
        for _ in b.range(TURNS, "turn"):
            for each in sums:
                each.value = b.fma(factor, x[0] if pairs else factor, each.value)
        for i, each in enumerate(sums):
            x[i] = each.value

    return Contender(Kernel("spin", (("x", Shape.of(CHAINS)),), spin), {})


def peaks(threads: int, chosen: argparse.Namespace) -> dict[str, float]:
    """Float operations a second of both instructions on registers, in turn."""
    made = {name: Timed(_peak(name == "bf16"), threads) for name in ("f32", "bf16")}
    times = in_turn(made, max(chosen.rounds, 3), chosen.burst)
    work = {"f32": 2 * LANES, "bf16": 4 * LANES}
    return {
        name: work[name] * CHAINS * TURNS * threads * made[name].turns / min(taken) for name, taken in times.items()
    }


def measure(layer: Layer, threads: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """A layer by every kernel: seconds, flops a second, gain over the float32 kernel that is taken, and how far from
    the direct kernel's results."""
    kinds = {"direct": [layer.floats("direct")], "f32": [layer.floats()], "bf16": list(layer.pairs())}
    if (mixed := layer.winograd_pairs()) is not None:
        kinds["winograd bf16"] = [mixed]
    made = {(name, i): Timed(one, threads) for name, some in kinds.items() for i, one in enumerate(some)}
    times = in_turn(made, chosen.rounds, chosen.burst)
    taken = {key: [second / made[key].turns for second in times[key]] for key in made}
    true, row = made["direct", 0].results(), {}
    for name in kinds:
        best = min((key for key in made if key[0] == name), key=lambda key: statistics.median(taken[key]))
        groups, seconds = (1 if kinds[name][0].shared else threads), statistics.median(taken[best])
        row[name] = {
            "kernel": kinds[name][best[1]].kernel.name.rsplit("_", 1)[0],
            "seconds": seconds,
            "gflops": layer.flops * groups / seconds / 1e9,
            "gain": ratio(taken["f32", 0], taken[best]),
            "off": float(np.sqrt(np.mean((made[best].results() - true) ** 2) / np.mean(true**2))),
        }
    return row


def net_layers(net: Network) -> dict[str, Layer]:
    """Its CONV and FC layers, each by itself."""
    return {
        node.name: Layer(f"INPUT{node.input} - {node.layer.notation()} - RELU")
        for node in net.nodes
        if isinstance(node.layer, Conv | Fc)
    }


def at_best(net: Network, rows: Mapping[str, Mapping[str, Any]], kinds: tuple[str, ...]) -> dict[str, float]:
    """How many times as fast a net's calls would be if each CONV and FC took the fastest of its kernels.

    In every direction the time of the forward pass is supposed possible; all other calls stay as they are.
    """
    made = plan(net, choose_target(), LANES, "softmax")
    gains = {}
    for what, calls in (("predict", made.scores), ("train", made.train)):
        before = after = 0.0
        forth: dict[str, float] = {}
        for each in profile(made, calls, 0.03):
            parts = [name.split(".") for name in each.call.buffers]
            owner = next((p[0] for p in parts if p[0] in rows and p[1] in ("weights", "forth", "back")), "")
            before += each.seconds
            if each.call.family.endswith("_forward"):
                forth[owner] = each.seconds
            faster = [forth[owner] / rows[owner][kind]["gain"] for kind in kinds if owner and kind in rows[owner]]
            after += min([each.seconds, *faster])
        gains[what] = before / after
    return gains


def _winograd(layer: Conv, x: Array, weights: Array) -> Array:
    """A CONV by Winograd, transformed data and weights rounded to bfloat16."""
    size, (rows, columns) = (
        TILE_SIZES[layer.field],
        (count - layer.field + 1 + 2 * layer.padding for count in x.shape[1:3]),
    )
    kit = transforms(size, layer.field)
    into, by, out = (np.array(matrix, np.float64) for matrix in (kit.data, kit.weights, kit.result))
    more = [(layer.padding, layer.padding + -count % size) for count in (rows, columns)]
    tiles = sliding_window_view(np.pad(x, ((0, 0), *more, (0, 0))), (kit.tile, kit.tile), (1, 2))[:, ::size, ::size]
    v = rounded(np.einsum("ai,nyxdij,bj->abnyxd", into, tiles, into, optimize=True)).astype(np.float64)
    u = rounded(np.einsum("ar,kdrc,bc->abdk", by, weights, by, optimize=True)).astype(np.float64)
    m = v.reshape(kit.tile**2, -1, x.shape[3]) @ u.reshape(kit.tile**2, x.shape[3], -1)
    m = m.reshape(*v.shape[:-1], -1)
    y = np.einsum("ia,abnyxk,jb->nyixjk", out, m, out, optimize=True)
    return y.reshape(len(x), y.shape[1] * size, -1, y.shape[-1])[:, :rows, :columns]


def bf16_scores(net: Network, parameters: Mapping[str, Array], images: Array, winograd: frozenset[str]) -> Array:
    """Scores with volumes and weights stored in bfloat16 and sums in full; or, where CONVs are named, with only the
    products of these in bfloat16, by Winograd."""
    x: Any = images
    for node in net.nodes[1:]:
        own = {key: parameters[f"{node.name}.{key}"] for key in node.layer.parameter_shapes(node.input)}
        if node.name in winograd and isinstance(node.layer, Conv):
            x = _winograd(node.layer, x, own["weights"]) + own["biases"]
            continue
        if own and not winograd:
            x, own["weights"] = rounded(x).astype(np.float64), rounded(own["weights"]).astype(np.float64)
        x = node.layer.forward(x, own)
    return np.asarray(x).reshape(len(images), -1)


def scores(net: Network, images: int) -> dict[str, float]:
    """Errors of the scores against float64, root mean square over that of the scores; random parameters."""
    parameters, pixels, _ = draw(net, images)
    taken = plan(net, choose_target(), LANES, "softmax").kernels
    depth = {node.name: node.input.depth for node in net.nodes}
    winograd = frozenset(name for name, each in taken.items() if each.forward.size > 1 and depth[name] % 2 == 0)
    true: Any = pixels
    for node in net.nodes[1:]:
        true = node.layer.forward(
            true, {key: parameters[f"{node.name}.{key}"] for key in node.layer.parameter_shapes(node.input)}
        )
    true = true.reshape(images, -1)
    found: dict[str, Array] = {}
    for name, exact in (("f32 direct", True), ("f32", False)):
        program = striate.compile(net, batch=images, exact=exact)
        program.load(parameters)
        found[name] = program.scores(pixels.astype(np.float32)).astype(np.float64)
    found["bf16"] = bf16_scores(net, parameters, pixels, frozenset())
    if winograd:
        found["winograd bf16"] = bf16_scores(net, parameters, pixels, winograd)
    return {name: float(np.sqrt(np.mean((got - true) ** 2) / np.mean(true**2))) for name, got in found.items()}


def _line(name: str, threads: int, row: Mapping[str, Mapping[str, Any]]) -> str:
    """A layer's row of the table."""
    plain = row["f32"]
    cells = [f"{name:18} {threads:2} {row['direct']['gflops']:7.0f}  {plain['kernel']:17}{plain['gflops']:6.0f}"]
    for kind in ("bf16", "winograd bf16"):
        found = row.get(kind)
        cells.append(f"{found['gflops']:7.0f} {found['gain']:5.2f}x {found['off']:8.1e}" if found else "")
    return " | ".join(cells)


def run(chosen: argparse.Namespace) -> None:
    """Peaks, layers, nets."""
    if not supported():
        print("this processor has no AVX512_BF16: nothing to measure")
        return
    rows: list[dict[str, Any]] = []
    counts, known = numbers(chosen.threads), dict[tuple[str, int], dict[str, Any]]()
    for threads in counts:
        most = peaks(threads, chosen)
        f32, bf16 = most["f32"] / 1e9, most["bf16"] / 1e9
        print(f"{threads} threads at most: f32 {f32:.0f} GF/s, bf16 {bf16:.0f} GF/s, {bf16 / f32:.2f} times as much")
        rows.append({"threads": threads, "peaks": most})
    print("effective GF/s of the forward pass; gain over the f32 kernel that is taken; error beside f32 direct")
    head = f"{'f32 direct, taken':37} | {'bf16, direct':>23} | f32 volumes, Winograd's products bf16"
    print(f"{'layer':18} {'':2} {head}")
    singles = parse_layers(LAYERS.read_text(encoding="utf-8")) if chosen.filter else {}
    layers = {name: Layer(f"{single} - RELU") for name, single in choose(singles, chosen.filter).items()}
    nets = {name: network(name) for name in names(chosen.nets, LINES, "nets")}
    for net, whole in nets.items():
        layers |= {f"{net} {name}": layer for name, layer in net_layers(whole).items()}
    for name, layer in layers.items():
        for threads in counts:
            if (layer.line, threads) not in known:
                known[layer.line, threads] = measure(layer, threads, chosen)
            row = known[layer.line, threads]
            print(_line(name, threads, row), flush=True)
            rows.append({"layer": name, "line": layer.line, "threads": threads, "kernels": row})
    for net, whole in nets.items():
        rows.append({"net": net, **_whole(net, whole, known, counts[0], chosen.images)})
    write_json(chosen, rows)


def _whole(net: str, whole: Network, known: Mapping[Any, Any], threads: int, images: int) -> dict[str, Any]:
    """What is to be gained of a net, and what rounding does to its scores; two lines."""
    rows = {name: known[layer.line, threads] for name, layer in net_layers(whole).items()}
    errors, gains = scores(whole, images), {}
    for kinds in (("bf16",), ("bf16", "winograd bf16")):
        best = gains[" or ".join(kinds)] = at_best(whole, rows, kinds)
        said = ", ".join(f"{what} {gain:.2f}x" for what, gain in best.items())
        print(f"{net:10} at best, with {' or '.join(kinds)}: {said}")
    print(f"{net:10} error of the scores: " + ", ".join(f"{k} {v:.1e}" for k, v in errors.items()), flush=True)
    return {"at_best": gains, "errors": errors}
