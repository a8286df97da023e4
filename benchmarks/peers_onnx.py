"""The same networks for engines that take ONNX and only predict: ONNX Runtime and OpenVINO."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.nets import data, plain
from benchmarks.peers import Made
from striate.layers import Conv, Fc, Pool, Relu
from striate.notation import Network


def onnx_model(net: Network) -> bytes:
    """The network in ONNX, with random weights; any number of images."""
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    nodes: list[Any] = []
    weights: list[Any] = []
    last, flat = "images", False

    def add(kind: str, *shape: int, **settings: Any) -> None:
        nonlocal last
        name, inputs = f"{kind}{len(nodes)}", [last]
        if shape:
            numbers = random.standard_normal(shape, np.float32) * np.float32(np.sqrt(2 / np.prod(shape[1:])))
            weights.append(numpy_helper.from_array(numbers, f"{name}.weights"))
            weights.append(numpy_helper.from_array(np.zeros(shape[0], np.float32), f"{name}.biases"))
            inputs += [f"{name}.weights", f"{name}.biases"]
        nodes.append(helper.make_node(kind, inputs, [name], **settings))
        last = name

    for node in plain(net).nodes[1:]:
        layer = node.layer
        if isinstance(layer, Conv):
            shape = (layer.filters, node.input.depth, layer.field, layer.field)
            add("Conv", *shape, strides=[layer.stride] * 2, pads=[layer.padding] * 4)
        elif isinstance(layer, Pool):
            add("MaxPool", kernel_shape=[layer.field] * 2, strides=[layer.stride] * 2)
        elif isinstance(layer, Relu):
            add("Relu")
        elif isinstance(layer, Fc):
            if not flat:
                add("Flatten")
                flat = True
            add("Gemm", layer.outputs, node.input.size, transB=1)
    volume = net.input
    takes = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", volume.depth, volume.height, volume.width])
    gives = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["n", net.classes])
    graph = helper.make_graph(nodes, "net", [takes], [gives], weights)
    opset = [helper.make_opsetid("", 17)]
    return bytes(helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString())


def _images(net: Network, batch: int) -> Any:
    """Random images, (N, D, H, W)."""
    return np.ascontiguousarray(data(net, batch)[0].transpose(0, 3, 1, 2))


def onnxruntime_calls(net: Network, batch: int, threads: int) -> Made:
    """ONNX Runtime on its CPU provider."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(onnx_model(net), options, providers=["CPUExecutionProvider"])
    images = _images(net, batch)
    return {
        "infer": lambda: session.run(None, {"images": images}),
        "one": lambda: session.run(None, {"images": images[:1]}),
    }


def openvino_calls(net: Network, batch: int, threads: int, precision: str = "") -> Made:
    """OpenVINO, compiled for its number of images; without a ``precision`` it chooses, bfloat16 where there is such."""
    import openvino

    core, model, images = openvino.Core(), onnx_model(net), _images(net, batch)
    settings = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    if precision:
        settings["INFERENCE_PRECISION_HINT"] = precision

    def scorer(pictures: Any) -> Any:
        read = core.read_model(model, b"")
        read.reshape(pictures.shape)
        request = core.compile_model(read, "CPU", settings).create_infer_request()
        return lambda: request.infer({0: pictures}, share_inputs=True)

    return {"infer": scorer(images), "one": scorer(images[:1])}
