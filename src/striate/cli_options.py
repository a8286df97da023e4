"""Options that several commands have."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from striate.commands.mistyped import whole

__all__ = ["DataDir", "Fit", "FitOption", "Json", "LineOf", "Loss", "LossOption", "Threads"]


class Fit(str, Enum):
    """What to do where a filter does not fit its input neatly."""

    stop = "raise"
    pad = "pad"
    crop = "crop"


class Loss(str, Enum):
    """The loss on the scores."""

    softmax = "softmax"
    svm = "svm"
    squared = "svm-squared"
    l2 = "l2"


LineOf = typer.Argument(
    metavar="LINE", help='The network, such as "INPUT[8x8x1] - CONV[16] - RELU - FC[10]", or a name of striate nets.'
)
FitOption = Annotated[Fit, typer.Option("--fit", help="Filters that do not fit: an error, zeros added, or cropped.")]
LossOption = Annotated[Loss, typer.Option("--loss", help="Loss on the scores.")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", metavar="FOLDER", help="Where data sets are looked for first.")
]
Threads = Annotated[
    int | None, typer.Option("--threads", metavar="N", parser=whole(1), help="Threads; all cores if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
