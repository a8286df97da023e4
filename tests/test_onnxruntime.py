"""The same network in ONNX, from ``program.parameters()``, scored by ONNX Runtime: the second judge from outside."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import judge
from judge import EACH_TARGET, LINES
from striate.layers import Bn, Conv, Dropout, Elu, Fc, Gap, Gelu, Leaky, Lrn, Maxout, Pool, Relu, Sigmoid, Silu, Tanh
from striate.notation import Network
from striate.notation.network import Node

onnx = pytest.importorskip("onnx", reason="onnx is not installed: the engine is compared with it only where it is")
runtime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed: compared only where it is")

NAMES = [
    *(name for name in LINES if name in ("seed", "lenet", "tinyvgg", "convnetjs", "vgg32")),
    "conv-11x11-stride-4",
    "even-field",
    "stride-beyond-field",
    "depth-17",
    "pad-three",
    "crop-conv",
    "crop-pool",
    "pad-pool",
    "pool-overlap",
    "pool-padded-negative",
    "conv-after-fc",
    "volume-last",
    "fc-fc-linear",
    "wide-stride",
    "relu-first",
    "bn",
    "bn-alone",
    "bn-after-fc",
    "functions",
    "sigmoid-tanh",
    "tanh-pool",
    "tanh-beside-relu",
    "maxout",
    "rectangle",
    "rectangle-pool",
    "dilation-stride",
    "groups",
    "depthwise-many",
    "average",
    "average-overlap",
    "average-padded",
    "l2-overlap",
    "l2-of-nothing",
    "gap-last",
    "lrn",
    "lrn-raw",
]


def graph(network: Network, parameters: judge.Numbers) -> bytes:
    """Conv, MaxPool, Gemm, Relu and its like; zeros for POOL are added by Pad: ONNX's own padding is minus infinity."""
    nodes, constants, at = [], {name: np.asarray(p) for name, p in parameters.items()}, "input"

    def add(kind: str, inputs: list[str], name: str, **attributes: Any) -> str:
        nodes.append(onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def maxout(node: Node, at: str) -> str:
        size, pieces = node.output, node.input.depth // node.output.depth
        constants[f"{node.name}.apart"] = np.array([-1, size.depth, pieces, size.height, size.width], np.int64)
        apart = add("Reshape", [at, f"{node.name}.apart"], f"{node.name}.pieces")
        constants["pieces"] = np.array([2], np.int64)
        return add("ReduceMax", [apart, "pieces"], node.name, keepdims=0)

    for node in network.nodes[1:]:
        layer, own = node.layer, [f"{node.name}.{name}" for name in node.layer.parameter_shapes(node.input)]
        if isinstance(layer, Conv):
            rows, columns = layer.windows(node.input)
            pads = [rows.before, columns.before, rows.after, columns.after]
            window = {"strides": [rows.stride, columns.stride], "dilations": [rows.dilation, columns.dilation]}
            window["group"] = layer.parts(node.input)[0]
            at = add("Conv", [at, *own], node.name, pads=pads, **window)
        elif isinstance(layer, Pool):
            rows, columns = layer.windows(node.input)
            pads = [0, 0, rows.before, columns.before, 0, 0, rows.after, columns.after]
            constants[f"{node.name}.pads"] = np.array(pads, np.int64)
            at = add("Pad", [at, f"{node.name}.pads"], f"{node.name}.padded")
            field = {"kernel_shape": [rows.field, columns.field], "strides": [rows.stride, columns.stride]}
            norm: dict[str, Any] = {"p": 2} if layer.of == "l2" else {}
            kind = {"max": "MaxPool", "average": "AveragePool", "l2": "LpPool"}[layer.of]
            at = add(kind, [at], node.name, **field, **norm)
        elif isinstance(layer, Gap):
            at = add("GlobalAveragePool", [at], node.name)
        elif isinstance(layer, Lrn):
            how = {"size": layer.slices, "alpha": float(layer.alpha), "beta": float(layer.beta), "bias": float(layer.k)}
            at = add("LRN", [at], node.name, **how)
        elif isinstance(layer, Bn):
            state = [f"{node.name}.mean", f"{node.name}.variance"]
            at = add("BatchNormalization", [at, *own, *state], node.name, epsilon=layer.eps)
        elif isinstance(layer, Relu):
            at = add("Relu", [at], node.name)
        elif isinstance(layer, Leaky | Elu):
            at = add("LeakyRelu" if isinstance(layer, Leaky) else "Elu", [at], node.name, alpha=layer.a)
        elif isinstance(layer, Gelu | Sigmoid | Tanh):
            at = add(type(layer).__name__, [at], node.name)
        elif isinstance(layer, Silu):
            at = add("Mul", [at, add("Sigmoid", [at], f"{node.name}.gate")], node.name)
        elif isinstance(layer, Maxout):
            at = maxout(node, at)
        elif isinstance(layer, Dropout):
            continue  # scores do without
        elif isinstance(layer, Fc):
            flat = add("Flatten", [at], f"{node.name}.flat")
            product = add("Gemm", [flat, *own], f"{node.name}.product", transB=1)
            constants[f"{node.name}.shape"] = np.array([-1, layer.outputs, 1, 1], np.int64)
            at = add("Reshape", [product, f"{node.name}.shape"], node.name)
        else:
            raise AssertionError(f"no ONNX for {layer}")
    add("Flatten", [at], "scores")
    height, width, depth = network.input.shape
    make, kind = onnx.helper.make_tensor_value_info, onnx.TensorProto.FLOAT
    made = onnx.helper.make_graph(
        nodes,
        "striate",
        [make("input", kind, ["N", depth, height, width])],
        [make("scores", kind, ["N", network.classes])],
        [onnx.numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = onnx.helper.make_model(made, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@cache
def judged(name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Images, and ONNX Runtime's scores of them."""
    known = judge.named(name, "softmax")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(graph(known.network, known.start), options, ["CPUExecutionProvider"])
    images = known.steps[0].images
    pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
    return images, session.run(None, {"input": pixels})[0]


@pytest.mark.parametrize("target", EACH_TARGET)
@pytest.mark.parametrize("name", NAMES)
def test_scores(name: str, target: str) -> None:
    images, expected = judged(name)
    judge.check(judge.program(judge.named(name, "softmax"), target).scores(images), expected, "scores")
