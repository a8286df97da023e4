"""`striate convert`: FC layers as CONV layers, and a network that slides over a bigger image."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from striate.commands.outputs import check_output
from striate.commands.predict import warn_of_floats
from striate.commands.say import count
from striate.errors import ArgumentError
from striate.notation.convert import is_padded, shown_step, to_conv
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.train.model import Model
from striate.train.slide import converted


@dataclass(frozen=True)
class Options:
    """What the user asked for; the defaults stand in `cli.py`."""

    what: str
    image: Path | None
    size: str | None
    of: str | None
    fit: str
    out: Path | None
    dark: bool
    threads: int | None


def convert(options: Options) -> None:
    """Of a line, print the converted line; of a model, save the converted one, or a heat map of an image."""
    size = _size(options.size)
    if not (options.what.endswith(".striate") or os.path.isfile(options.what)):  # noqa: PTH113
        _refuse_for_line(options)
        _print(parse(options.what, fit=options.fit), size)
        return
    if options.image is not None:
        _heat(options, size)
        return
    if size is not None:
        raise ArgumentError("--input goes with a line of notation or an IMAGE: a model keeps the size of its images")
    if options.of is not None:
        raise ArgumentError("--class goes with an IMAGE: name one behind the model, or leave --class out")
    model = Model.load(options.what)
    out = options.out or Path(f"{Path(options.what).stem}-conv.striate")
    _check_other(out, options)
    made = converted(model)
    made.save(out)
    print(f"{made.network}\nsaved {out}")


def _refuse_for_line(options: Options) -> None:
    """Refuse what only a model has or makes: ArgumentError."""
    if options.image is not None:
        raise ArgumentError("an image needs a model file: a line of notation has no weights, train it first")
    for option, given in (("-o", options.out), ("--class", options.of)):
        if given is not None:
            raise ArgumentError(f"{option} goes with a model file: of a line, the converted line is printed")


def _print(network: Network, size: tuple[int, int] | None) -> None:
    made = to_conv(network, *(size or ()))
    out, own, each = made.output, network.input, network.output
    windows = (out.width - each.width + 1) * (out.height - each.height + 1)
    step = shown_step(network)
    apart = f", {step} {'pixel' if step == '1' else 'pixels'} apart" if windows > 1 else ""
    print(made)
    print(f"scores {out}: of {count(windows, 'window')} of {own.width}x{own.height}{apart}")
    if is_padded(network) and windows > 1:
        print("not what the windows would score cut out: where those have zeros around them, these have neighbours")


def _heat(options: Options, size: tuple[int, int] | None) -> None:
    from striate.look.heat import heat
    from striate.look.letters import sentence, unreadable
    from striate.look.save import picture_format, save

    assert options.image is not None
    out = options.out or Path(f"{options.image.stem}-heat.png")
    picture_format(out)
    _check_other(out, options)
    model = Model.load(options.what)
    warn_of_floats(options.what, model)
    figure = heat(model, options.image, size=size, of=options.of, threads=options.threads, dark=options.dark)
    letters = unreadable(figure)
    if letters:
        print(f"striate: {sentence(letters)}", file=sys.stderr)
    save(figure, out)
    print(f"saved {out}")


def _check_other(out: Path, options: Options) -> None:
    """Refuse what cannot be written, and what the output is made of."""
    check_output("-o", out)
    for given in (Path(options.what), options.image):
        if given is not None and out.exists() and given.exists() and out.samefile(given):
            raise ArgumentError(f"-o {out} is what the result is made of: name another file")


def _size(text: str | None) -> tuple[int, int] | None:
    """Width and height of "384x384"."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,7})x([0-9]{1,7})", text.strip().lower())
    if match is None or "0" in (match[1].lstrip("0") or "0", match[2].lstrip("0") or "0"):
        raise ArgumentError(f"--input takes width x height, such as 384x384, not {text!r}")
    return int(match[1]), int(match[2])
