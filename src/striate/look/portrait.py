"""What a notebook shows of a model: its architecture, and beneath it what its first layer looks for."""

from __future__ import annotations

import io

from striate.look.boxes import architecture
from striate.look.palette import COLOURS
from striate.look.paper import DENSITY
from striate.look.save import picture_bytes
from striate.look.weights import filters
from striate.train.model import Model


def portrait_png(model: Model) -> tuple[bytes, dict[str, int]]:
    """The picture as a PNG file, and the width and height at which it is shown, in CSS pixels.

    >>> import numpy as np
    >>> from striate.notation.parse import parse
    >>> network = parse("INPUT[2x2x1] - FC[2]")
    >>> zeros = {name: np.zeros(shape, np.float32) for name, shape in network.parameter_shapes().items()}
    >>> portrait_png(Model(network, zeros, ("no", "yes")))[0][1:4]
    b'PNG'
    """
    from PIL import Image

    shapes = model.network.parameter_shapes()
    figures = [architecture(model.network)]
    if shapes:
        first = next(iter(shapes)).split(".")[0]
        figures.append(filters(model, layers=[first], title="What its first layer looks for"))
    pictures = [Image.open(io.BytesIO(picture_bytes(figure))).convert("RGB") for figure in figures]
    wide, high = max(picture.width for picture in pictures), sum(picture.height for picture in pictures)
    sheet, top = Image.new("RGB", (wide, high), COLOURS["light"]["ground"]), 0
    for picture in pictures:
        sheet.paste(picture, (0, top))
        top += picture.height
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue(), {"width": round(wide / DENSITY), "height": round(high / DENSITY)}
