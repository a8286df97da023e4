"""What every layer means: its shape rule, its counts, and plain NumPy forward and backward."""

from __future__ import annotations

from striate.layers.conv import Conv
from striate.layers.dropout import Dropout
from striate.layers.fc import Fc
from striate.layers.input import Input
from striate.layers.layer import Layer, Setting
from striate.layers.local import Local
from striate.layers.pool import Pool
from striate.layers.relu import Relu
from striate.layers.window import Window, window

__all__ = ["LAYERS", "Conv", "Dropout", "Fc", "Input", "Layer", "Local", "Pool", "Relu", "Setting", "Window", "window"]

LAYERS: dict[str, type[Layer]] = {
    "INPUT": Input,
    "CONV": Conv,
    "LOCAL": Local,
    "RELU": Relu,
    "POOL": Pool,
    "FC": Fc,
    "DROPOUT": Dropout,
}
