"""Pictures of what a network is, does and has learned, as matplotlib figures.

>>> import striate
>>> figure = striate.look.architecture("INPUT[32x32x3] - CONV[12, 5x5] - RELU - POOL - FC[10]")
>>> figure.axes[0].texts[0].get_text()
'Architecture'

Models are given as Model, Program or the path of a model file, images as arrays (H, W, D) or paths, data as
Dataset, name or path. Matplotlib is imported when a picture is drawn; figures are drawn without pyplot, so nothing
needs to be closed.
"""

from __future__ import annotations

from striate.look.boxes import architecture
from striate.look.gradient import saliency, where
from striate.look.heat import heat
from striate.look.matrix import confusion
from striate.look.save import save
from striate.look.surest import mistakes
from striate.look.through import activations
from striate.look.weights import filters

__all__ = ["activations", "architecture", "confusion", "filters", "heat", "mistakes", "saliency", "save", "where"]
