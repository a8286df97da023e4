"""Options of `striate train` on how the network learns."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from striate.commands.mistyped import limit, real, whole

__all__ = [
    "L1",
    "L2",
    "Batch",
    "Clip",
    "ClipValue",
    "CurvesOut",
    "Decay",
    "Drop",
    "DropAt",
    "Epochs",
    "Kind",
    "LearningRate",
    "MaxNorm",
    "ModelOut",
    "Momentum",
    "Nesterov",
    "OptimizerOption",
    "Rate",
    "RateOption",
    "Smoothing",
    "TrainedOn",
    "Validation",
    "Warmup",
    "Weights",
]


class Kind(str, Enum):
    """How gradients move the parameters."""

    sgd = "sgd"
    adagrad = "adagrad"
    adadelta = "adadelta"
    rmsprop = "rmsprop"
    adam = "adam"
    adamw = "adamw"


class Rate(str, Enum):
    """How the learning rate changes."""

    constant = "constant"
    cosine = "cosine"
    step = "step"
    one_cycle = "one-cycle"


TrainedOn = Annotated[
    str | None,
    typer.Argument(metavar="DATA", help="digits, mnist, fashion-mnist, cifar10, a folder of images, or an .npz file."),
]
Epochs = Annotated[
    int, typer.Option("--epochs", metavar="N", parser=whole(1), help="Times to go through the training images.")
]
Batch = Annotated[int, typer.Option("--batch", metavar="N", parser=whole(1), help="Images a step.")]
Validation = Annotated[
    float,
    typer.Option(
        "--validation", metavar="FRACTION", parser=real(0, 0.99), help="Fraction of the training images held out."
    ),
]
ModelOut = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Model file to write; DATA.striate if not given.")
]
CurvesOut = Annotated[
    Path | None,
    typer.Option("--png", metavar="FILE", help="Picture of loss and accuracy; beside --out if not given."),
]
OptimizerOption = Annotated[Kind, typer.Option("--optimizer", help="What moves the parameters.")]
LearningRate = Annotated[
    float | None,
    typer.Option(
        "--lr",
        metavar="RATE",
        parser=real(),
        help="Learning rate; if not given 0.01, of adadelta 1, of adam and adamw 0.001.",
    ),
]
Momentum = Annotated[
    float | None,
    typer.Option("--momentum", metavar="M", parser=real(0, 1), help="Momentum of sgd; 0.9 if not given."),
]
Nesterov = Annotated[bool, typer.Option("--nesterov", help="Nesterov's momentum, of sgd.")]
L2 = Annotated[
    float | None,
    typer.Option("--l2", metavar="STRENGTH", parser=real(), help="L2 regularisation; if not given 0.0005, of adamw 0."),
]
L1 = Annotated[float, typer.Option("--l1", metavar="STRENGTH", parser=real(), help="L1 regularisation.")]
Decay = Annotated[
    float | None,
    typer.Option("--weight-decay", metavar="D", parser=real(), help="Decay of weights, of adamw; 0.01 if not given."),
]
MaxNorm = Annotated[
    float | None,
    typer.Option("--max-norm", metavar="N", parser=limit, help="The largest norm of an output's weights."),
]
Clip = Annotated[
    float | None,
    typer.Option("--clip", metavar="N", parser=limit, help="The largest norm of the gradient of all parameters."),
]
ClipValue = Annotated[
    float | None,
    typer.Option("--clip-value", metavar="V", parser=limit, help="The largest number of a gradient, instead."),
]
RateOption = Annotated[
    Rate,
    typer.Option(
        "--schedule",
        help="Learning rate: constant; falling along half a cosine; dropping; or rising first, then falling.",
    ),
]
Warmup = Annotated[
    float, typer.Option("--warmup", metavar="EPOCHS", parser=real(), help="Epochs in which the rate first rises.")
]
Drop = Annotated[
    float | None,
    typer.Option(
        "--drop", metavar="FACTOR", parser=real(), help="By how much the rate drops, with step; 0.1 if not given."
    ),
]
DropAt = Annotated[
    str | None,
    typer.Option("--drop-at", metavar="F,F,...", help="After which fractions of the training; 0.5,0.75 if not given."),
]
Smoothing = Annotated[
    float,
    typer.Option(
        "--label-smoothing",
        metavar="E",
        parser=real(0, 0.99),
        help="So much of a label is spread over all classes, with softmax.",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--class-weights",
        metavar="W,W,...",
        help="What each class counts for, with softmax; or balanced, for rare ones to count more.",
    ),
]
