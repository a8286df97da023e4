"""The command line: options, defaults and help. What the commands do is in `striate.commands`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from striate import __version__
from striate.cli_learning import (
    L1,
    L2,
    Batch,
    Clip,
    ClipValue,
    CurvesOut,
    Decay,
    Drop,
    DropAt,
    Epochs,
    Kind,
    LearningRate,
    MaxNorm,
    ModelOut,
    Momentum,
    Nesterov,
    OptimizerOption,
    Rate,
    RateOption,
    Smoothing,
    TrainedOn,
    Validation,
    Warmup,
    Weights,
)
from striate.cli_options import DataDir, Fit, FitOption, Json, LineOf, Loss, LossOption, Threads
from striate.cli_study import study
from striate.commands.mistyped import complain, real, whole
from striate.commands.say import FAILED, spoken, stop

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"striate {__version__}")
        raise typer.Exit


@app.callback()
def striate(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Striate compiles ConvNets: one line of notation is checked, planned, compiled and trained.

    \b
      striate train
      striate plan "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
    """


@app.command(short_help="Train a network and save it.")
@spoken
def train(
    line: Annotated[str | None, LineOf] = None,
    data: TrainedOn = None,
    epochs: Epochs = 20,
    batch: Batch = 32,
    optimizer: OptimizerOption = Kind.sgd,
    lr: LearningRate = None,
    momentum: Momentum = None,
    nesterov: Nesterov = False,
    l2: L2 = None,
    l1: L1 = 0.0,
    weight_decay: Decay = None,
    max_norm: MaxNorm = None,
    clip: Clip = None,
    clip_value: ClipValue = None,
    schedule: RateOption = Rate.cosine,
    warmup: Warmup = 0.0,
    drop: Drop = None,
    drop_at: DropAt = None,
    loss: LossOption = Loss.softmax,
    label_smoothing: Smoothing = 0.0,
    class_weights: Weights = None,
    validation: Validation = 0.1,
    fit: FitOption = Fit.stop,
    seed: Annotated[
        int,
        typer.Option("--seed", metavar="N", parser=whole(0), help="Of the start, the order and the held-out images."),
    ] = 0,
    threads: Threads = None,
    out: ModelOut = None,
    png: CurvesOut = None,
    data_dir: DataDir = None,
) -> None:
    """Train a network; without LINE and DATA, a small one on the digits that come with Striate.

    Ctrl-C ends training and saves what was learned.

    \b
      striate train
      striate train "INPUT[28x28x1] - CONV[8, 5x5] - RELU - POOL - FC[10]" mnist --epochs 3
      striate train "INPUT[64x64x3] - [CONV[16] - RELU - POOL]*3 - FC[5]" flowers/
      striate train tiny-vgg cifar10 --optimizer adamw --schedule one-cycle --label-smoothing 0.1
    """
    from striate.commands.learning import Learning
    from striate.commands.train import Options
    from striate.commands.train import train as run

    learning = Learning(
        optimizer.value, lr, momentum, nesterov, l1, l2, weight_decay, max_norm, clip, clip_value, loss.value,
        label_smoothing, class_weights, schedule.value, warmup, drop, drop_at,
    )  # fmt: skip
    run(
        Options.of(
            line, data, out, png, fit=fit.value, epochs=epochs, batch=batch, learning=learning, validation=validation,
            seed=seed, threads=threads, data_dir=data_dir,
        )
    )  # fmt: skip


@app.command(short_help="Test a model: accuracy, per class, confusion.")
@spoken
def test(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as striate train writes it.")],
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="What to test on; if not given, what it was trained on."),
    ] = None,
    data_dir: DataDir = None,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Test a model: accuracy, per class, and which class is taken for which.

    Of a data set with a test part, that is tested; of the one the model was trained on, the images
    held out then; of any other, all images.

    \b
      striate test digits.striate
      striate test cifar.striate cifar10 --json
    """
    from striate.commands.test import test as run

    run(model, data, data_dir, threads, json)


@app.command(short_help="Name the best classes of images.")
@spoken
def predict(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A model file, as striate train writes it.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE", help="Image files.")],
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Name the five best classes of each image, with their scores.

    Images are resized and cropped to INPUT's size. A softmax score is a probability in per cent.

    \b
      striate predict cifar.striate photo.jpg
    """
    from striate.commands.predict import predict as run

    run(model, images, threads, json)


@app.command(short_help="Draw a network, and what it makes of images.")
@spoken
def look(
    model: Annotated[str, typer.Argument(metavar="MODEL|NET", help="A model file, or a line of notation or its name.")],
    subject: Annotated[
        str | None,
        typer.Argument(metavar="IMAGE|DATA", help="An image file; for --confusion and --mistakes, a data set."),
    ] = None,
    filters: Annotated[bool, typer.Option("--filters", help="Draw the learned filters.")] = False,
    confusion: Annotated[
        bool, typer.Option("--confusion", help="Draw which classes of DATA are taken for which.")
    ] = False,
    mistakes: Annotated[bool, typer.Option("--mistakes", help="Draw the surest mistakes on DATA.")] = False,
    saliency: Annotated[
        bool, typer.Option("--saliency", help="Draw how much each pixel of IMAGE moves the score.")
    ] = False,
    where: Annotated[bool, typer.Option("--where", help="Draw where in IMAGE the class was seen.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Picture to write: .png, .svg or .pdf."),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Draw on a dark ground.")] = False,
    slices: Annotated[
        str | None,
        typer.Option("--slices", metavar="0,3,7", help="Depth slices to show; the most active if not given."),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option("--class", metavar="NAME", help="Class that --saliency and --where explain, or the best."),
    ] = None,
    fit: FitOption = Fit.stop,
    data_dir: DataDir = None,
    threads: Threads = None,
) -> None:
    """Draw an image's way through a network: every volume as a column of activation maps, and the best classes.

    With an option, draw another picture; of a line of notation, or of a model alone, the volumes to scale.
    Without DATA, a model is tested on what striate test would take.

    \b
      striate look cifar.striate photo.jpg
      striate look cifar.striate --mistakes
      striate look "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]" -o net.svg
    """
    from striate.commands.look import PICTURES, Options
    from striate.commands.look import look as run

    asked = (filters, confusion, mistakes, saliency, where)
    wanted = tuple(name for name, given in zip(PICTURES, asked, strict=True) if given)
    run(Options(model, subject, wanted, out, dark, slices, of, fit.value, data_dir, threads))


@app.command(short_help="Print a network layer by layer.")
@spoken
def plan(
    line: Annotated[str, LineOf],
    given: Annotated[
        list[str] | None, typer.Argument(metavar="N=2", help="What is given for a pattern's letters.")
    ] = None,
    fit: FitOption = Fit.stop,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", parser=whole(1), help="Images whose activations are counted.")
    ] = 1,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print what the engine would run instead: kernels, tiles, memory.")
    ] = False,
    lint: Annotated[bool, typer.Option("--lint", help="Print instead what the notes would do otherwise.")] = False,
    json: Json = False,
) -> None:
    """Print a network's volumes, neurons, parameters, receptive fields, memory and flops, layer by layer.

    \b
      striate plan "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
      striate plan "INPUT[224x224x3] - CONV[96, 11x11, S=4, P=0]" --fit pad
      striate plan "INPUT -> [[CONV -> RELU]*N -> POOL?]*M -> [FC -> RELU]*K -> FC" N=2 M=3 K=1
    """
    from striate.commands.plan import explain as run_explain
    from striate.commands.plan import lint as run_lint
    from striate.commands.plan import plan as run

    if explain and (lint or json):
        stop(f"--explain and --{'lint' if lint else 'json'} do not go together: leave one out", 2)
    line = " ".join([line, *(given or [])])
    if explain:
        run_explain(line, fit.value, batch)
    elif lint:
        run_lint(line, fit.value, json)
    else:
        run(line, fit.value, batch, json)


@app.command(short_help="Time every kernel of a training step.")
@spoken
def profile(
    line: Annotated[str, LineOf],
    fit: FitOption = Fit.stop,
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", parser=whole(1), help="Images of a training step.")
    ] = 128,
    json: Json = False,
) -> None:
    """Time every kernel of a training step alone, beside the peak of one core, measured just before.

    \b
      striate profile "INPUT[32x32x3] - [[CONV[10] - RELU]*2 - POOL]*3 - FC[10]"
    """
    from striate.commands.profile import run

    run(line, fit.value, batch, json)


@app.command(short_help="Watch networks learn, on a page in the browser.")
@spoken
def serve(
    what: Annotated[
        str | None,
        typer.Argument(metavar="MODEL|NET", help="A model file to look into, or the line to begin with."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="A data set to offer, as for striate train."),
    ] = None,
    host: Annotated[str, typer.Option("--host", metavar="ADDRESS", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(
            "--port", metavar="N", parser=whole(0, 65535), help="The port, 0 for any; without it 8765 or the next."
        ),
    ] = None,
    browse: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in the browser.")] = True,
    data_dir: DataDir = None,
    threads: Threads = None,
    folder: Annotated[
        Path | None,
        typer.Option("--folder", metavar="FOLDER", help="Where runs are kept; the user's data folder if not given."),
    ] = None,
    checkpoint: Annotated[
        float,
        typer.Option(
            "--checkpoint", metavar="SECONDS", parser=real(1), help="From one checkpoint of a run to the next."
        ),
    ] = 30.0,
) -> None:
    """Show a page in the browser where networks are drawn, trained, and looked into while they learn.

    It is for this machine alone, and its address holds a token. Ctrl-C ends it and keeps every run.

    \b
      striate serve
      striate serve "INPUT[28x28x1] - CONV[8, 5x5] - RELU - POOL - FC[10]" mnist
      striate serve cifar.striate
    """
    from striate.commands.serve import Options
    from striate.commands.serve import serve as run

    run(Options(what, data, host, port, browse, data_dir, threads, folder, checkpoint))


study(app)


def main() -> None:
    """Run the command line."""
    # A class or file name that the terminal's encoding lacks must not end a long run.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        status = app(prog_name="striate", standalone_mode=False)
    except typer.Abort:
        sys.exit(FAILED)
    except Exception as error:
        if not hasattr(error, "format_message"):  # what typer says of the words of a command
            raise
        complain(error)
    sys.exit(status if isinstance(status, int) else 0)


if __name__ == "__main__":
    main()
