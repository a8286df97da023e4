"""`striate look`: pictures of a network, of what it has learned, and of what it makes of an image."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from striate.commands.outputs import check_output
from striate.commands.predict import warn_of_floats
from striate.commands.source import load_data
from striate.data.dataset import Dataset
from striate.errors import ArgumentError
from striate.look.letters import sentence, unreadable
from striate.look.save import picture_format, save
from striate.look.subject import Subject
from striate.notation.named import is_name
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.train.model import Model
from striate.train.tested import tested

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = ("filters", "confusion", "mistakes", "saliency", "where")
OF_AN_IMAGE = ("saliency", "where")


@dataclass(frozen=True)
class Options:
    """What the user asked for: `wanted` are those of PICTURES that were named."""

    model: str
    subject: str | None
    wanted: tuple[str, ...]
    out: Path | None
    dark: bool
    slices: str | None
    of: str | None
    fit: str
    data_dir: Path | None
    threads: int | None


def look(options: Options) -> None:
    """Check everything that can be checked, draw, save."""
    picture = _picture(options)
    slices = _numbers(options.slices)
    out = options.out if options.out is not None else Path(_name(options, picture))
    picture_format(out)
    check_output("-o", out)
    for given in (options.model, options.subject):
        if given is not None and out.exists() and os.path.exists(given) and out.samefile(given):  # noqa: PTH110
            raise ArgumentError(f"-o {out} is what the picture is made of: name another file")
    if picture == "architecture":
        from striate.look import architecture

        figure = architecture(_network(options), dark=options.dark)
    else:
        figure = _of_model(options, picture, slices)
    letters = unreadable(figure)
    if letters:
        print(f"striate: {sentence(letters)}", file=sys.stderr)
    save(figure, out)
    print(f"saved {out}")


def _picture(options: Options) -> str:
    """Return which picture is wanted; ArgumentError where the options do not go together."""
    wanted = options.wanted
    if len(wanted) > 1:
        raise ArgumentError(f"--{wanted[0]} and --{wanted[1]} are two pictures: ask for one at a time")
    picture = wanted[0] if wanted else "activations" if options.subject is not None else "architecture"
    if _is_line(options.model) and picture != "architecture":
        what = f"--{picture}" if wanted else f"an image ({options.subject})"
        raise ArgumentError(
            f"{what} needs a model file: a line of notation has no weights, train it with striate train first"
        )
    if picture in OF_AN_IMAGE and options.subject is None:
        raise ArgumentError(f"--{picture} needs an IMAGE: striate look {options.model} --{picture} IMAGE")
    if picture == "filters" and options.subject is not None:
        raise ArgumentError(f"--filters takes no IMAGE or DATA: leave {options.subject} out")
    if options.slices is not None and picture != "activations":
        raise ArgumentError("--slices chooses among activation maps: it goes with MODEL IMAGE alone")
    if options.of is not None and picture not in OF_AN_IMAGE:
        raise ArgumentError("--class chooses whose score is explained: it goes with --saliency and --where")
    return picture


def _is_line(text: str) -> bool:
    """Return whether this is a line of notation, and not the name of a file."""
    # Path.is_file raises where a line is longer than a file's name can be.
    return (text.lstrip().upper().startswith("INPUT") or is_name(text)) and not os.path.isfile(text)  # noqa: PTH113


def _network(options: Options) -> Network:
    return parse(options.model, fit=options.fit) if _is_line(options.model) else Model.load(options.model).network


def _numbers(text: str | None) -> list[int] | None:
    """Return the numbers of "0,3,7"."""
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) < 8 for part in parts):
        raise ArgumentError(f"--slices takes numbers from 0 with commas between them, such as 0,3,7, not {text!r}")
    return [int(part) for part in parts]


def _name(options: Options, picture: str) -> str:
    """Return the file to write where none is named: never the image's or the model's own name."""
    if picture == "architecture":
        return "architecture.png" if _is_line(options.model) else f"{Path(options.model).stem}-architecture.png"
    if picture == "activations" or picture in OF_AN_IMAGE:
        return f"{Path(options.subject or '').stem}-{'look' if picture == 'activations' else picture}.png"
    return f"{Path(options.model).stem}-{picture}.png"


def _of_model(options: Options, picture: str, slices: list[int] | None) -> Figure:
    """Return a picture of a model; files are read before anything is compiled."""
    import striate.look as pictures

    model, dark = Model.load(options.model), options.dark
    about = Subject(model, options.threads)
    if picture == "filters":
        return pictures.filters(about, dark=dark)
    if picture == "confusion":
        return pictures.confusion(about, _data(options, model), dark=dark)
    if picture == "mistakes":
        return pictures.mistakes(about, _data(options, model), dark=dark)
    warn_of_floats(options.model, model)
    image = Path(options.subject or "")
    if picture == "saliency":
        return pictures.saliency(about, image, of=options.of, dark=dark)
    if picture == "where":
        return pictures.where(about, image, of=options.of, dark=dark)
    return pictures.activations(about, image, slices=slices, dark=dark)


def _data(options: Options, model: Model) -> Dataset:
    """Return the images that `striate test` would take, under a name that says which they are."""
    name = options.subject if options.subject is not None else model.notes.get("data")
    if not isinstance(name, str):
        raise ArgumentError(f"{options.model} does not say what it was trained on: name a data set after it")
    dataset, which = tested(load_data(name, options.data_dir, model.network.input), model)
    return replace(dataset, name=f"{dataset.name}, {which}")
