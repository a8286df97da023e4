"""What every layer means: its shape rule, its counts, and plain NumPy forward and backward."""

from __future__ import annotations

from striate.layers.activation import Activation, Elu, Gelu, Leaky, Sigmoid, Silu, Tanh
from striate.layers.bn import Bn
from striate.layers.conv import Conv
from striate.layers.dropout import Dropout
from striate.layers.fc import Fc
from striate.layers.gap import Gap
from striate.layers.input import Input
from striate.layers.join import Add, Concat, Join
from striate.layers.layer import Layer, Setting
from striate.layers.local import Local
from striate.layers.lrn import Lrn
from striate.layers.maxout import Maxout
from striate.layers.pool import Pool
from striate.layers.relu import Relu
from striate.layers.window import Window, window

__all__ = [
    "LAYERS", "Activation", "Add", "Bn", "Concat", "Conv", "Dropout", "Elu", "Fc", "Gap", "Gelu", "Input", "Join",
    "Layer", "Leaky", "Local", "Lrn", "Maxout", "Pool", "Relu", "Setting", "Sigmoid", "Silu", "Tanh", "Window",
    "window",
]  # fmt: skip

LAYERS: dict[str, type[Layer]] = {
    "INPUT": Input,
    "CONV": Conv,
    "LOCAL": Local,
    "RELU": Relu,
    "POOL": Pool,
    "FC": Fc,
    "DROPOUT": Dropout,
    "BN": Bn,
    "GAP": Gap,
    "LRN": Lrn,
    "LEAKY": Leaky,
    "ELU": Elu,
    "GELU": Gelu,
    "SILU": Silu,
    "SIGMOID": Sigmoid,
    "TANH": Tanh,
    "MAXOUT": Maxout,
}
