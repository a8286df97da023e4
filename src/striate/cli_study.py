"""The command line, continued: commands that study networks without data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from striate.cli_options import Fit, FitOption, Json, LineOf, Loss, LossOption, Threads
from striate.commands.mistyped import real, whole
from striate.commands.say import spoken

__all__ = ["study"]


def study(app: typer.Typer) -> None:
    """Add the commands of this file."""
    app.command(short_help="List the networks with a name.")(nets)
    app.command(short_help="Check the gradients of a network.")(gradcheck)
    app.command(short_help="Turn FC into CONV, and slide over bigger images.")(convert)


@spoken
def nets(json: Json = False) -> None:
    """List the networks with a name, which any command takes in place of a line.

    \b
      striate nets
      striate plan vgg-16
      striate plan "alexnet[256x256x3, 10]"
    """
    from striate.commands.nets import nets as run

    run(json)


@spoken
def gradcheck(
    line: Annotated[str, LineOf],
    fit: FitOption = Fit.stop,
    loss: LossOption = Loss.softmax,
    images: Annotated[
        int, typer.Option("--images", metavar="N", parser=whole(1, 1000), help="Images of the batch.")
    ] = 5,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", parser=whole(0), help="Of weights, images and labels.")
    ] = 0,
    tolerance: Annotated[
        float, typer.Option("--tolerance", metavar="E", parser=real(), help="The relative error that fails.")
    ] = 1e-4,
    json: Json = False,
) -> None:
    """Check every parameter's gradient: compiled against the oracle's, and against finite differences of its loss.

    Weights, images and labels are drawn. The oracle is plain NumPy: a network for large images takes long.
    The exit status is 1 if a tensor fails.

    \b
      striate gradcheck "INPUT[8x8x1] - CONV[4] - RELU - POOL - FC[10]"
      striate gradcheck lenet-5 --loss svm
    """
    from striate.commands.gradcheck import run

    run(line, fit.value, loss.value, images, seed, tolerance, json)


@spoken
def convert(
    what: Annotated[str, typer.Argument(metavar="MODEL|NET", help="A model file, or a line of notation or its name.")],
    image: Annotated[Path | None, typer.Argument(metavar="IMAGE", help="An image to slide over.")] = None,
    size: Annotated[
        str | None, typer.Option("--input", metavar="WxH", help="The size of the images to slide over.")
    ] = None,
    of: Annotated[str | None, typer.Option("--class", metavar="NAME", help="Class to look for, or the best.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Model or picture to write.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Draw on a dark ground.")] = False,
    fit: FitOption = Fit.stop,
    threads: Threads = None,
) -> None:
    """Turn every FC into the CONV that computes the same, and slide the network over bigger images.

    Of a line, print the converted one; of a model, save it; with IMAGE, draw a heat map of where a class is.

    \b
      striate convert vgg-16 --input 384x384
      striate convert cifar.striate -o conv.striate
      striate convert cifar.striate street.jpg --class automobile
    """
    from striate.commands.convert import Options
    from striate.commands.convert import convert as run

    run(Options(what, image, size, of, fit.value, out, dark, threads))
