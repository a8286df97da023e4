"""`striate serve`: the live page."""

from __future__ import annotations

import contextlib
import secrets
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from striate.commands.say import FAILED, count, stop
from striate.commands.source import load_data
from striate.commands.train import DATA, LINE
from striate.data.load import NAMES
from striate.errors import ArgumentError
from striate.notation.named import NAMED
from striate.notation.network import Network
from striate.notation.parse import parse
from striate.train.match import check_match
from striate.train.model import Model

if TYPE_CHECKING:
    from socket import socket

    from striate.web.claim import Claim
    from striate.web.ending import Ending
    from striate.web.page import Page
    from striate.web.sets import Sets

NETS = [
    {"name": "small, for the digits", "line": LINE},
    {"name": "with DROPOUT", "line": "INPUT[8x8x1] - CONV[32] - RELU - POOL - FC[64] - RELU - DROPOUT - FC[10]"},
    *(
        {"name": name, "line": NAMED[name].line()}
        for name in ("lenet-5", "convnetjs-cifar10", "tiny-vgg", "resnet-20", "alexnet", "vgg-16", "googlenet")
    ),
]
"""Lines that a page offers to begin with."""

SWITCH = 0.0005  # seconds after which a thread of Python's lets another one in: training waits for no page


@dataclass(frozen=True)
class Options:
    """What the user asked for; the defaults stand in `cli.py`."""

    what: str | None
    data: str | None
    host: str
    port: int | None
    browse: bool
    data_dir: Path | None
    threads: int | None
    folder: Path | None
    checkpoint: float


def serve(options: Options) -> None:
    """Show the page until Ctrl-C, and keep every run."""
    from striate.web.claim import Claim
    from striate.web.ending import Ending
    from striate.web.server import address, listen

    model, network = _subject(options.what)
    listening = listen(options.host, options.port)
    claim = Claim(_folder(options.folder))
    try:
        page = _page(options, model, network, listening.getsockname()[1], claim.folder)
        with Ending() as ending:
            ending.at_last = claim.shut
            _greet(options, claim, address(options.host, page.port, page.token))
            kept, problems = _run(page, listening, ending)
    finally:
        claim.close()
    again = f"; {count(kept, 'run')} kept in {claim.folder}: striate serve shows {'it' if kept == 1 else 'them'} again"
    print(f"stopped{again if kept else ''}", file=sys.stderr)
    if problems:
        stop("\n".join(problems), FAILED)


def _greet(options: Options, claim: Claim, where: str) -> None:
    """Say where the page is, and open it."""
    from striate.web.guard import is_local

    print(f"the page is at {where}\nCtrl-C ends it", flush=True)
    if not is_local(options.host):
        print("other machines can reach it: whoever has the address can use it", file=sys.stderr)
    if options.browse:
        with contextlib.suppress(OSError):
            webbrowser.open(claim.door(where).absolute().as_uri())


def _run(page: Page, listening: socket, ending: Ending) -> tuple[int, list[str]]:
    """Serve until the end is wished; how many runs are kept, and why others are not."""
    from striate.web.server import serve as run

    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH)
    page.begin()
    try:
        run(page.app, listening, ending)
    finally:
        ended = page.end()
        sys.setswitchinterval(before)
    return ended


def _page(options: Options, model: Model | None, network: Network | None, port: int, folder: Path) -> Page:
    """The page, with the line and the data that it begins with."""
    from striate.web.answers import Opening
    from striate.web.page import Page
    from striate.web.sets import Sets
    from striate.web.settings import Settings

    sets = Sets(options.data_dir, options.data)
    subject = model.network if model is not None else network
    data = _data(options, sets, subject, model)
    line = str(subject) if model is not None else (options.what or LINE)
    if subject is None and data is not None:
        line = _line_for(sets, data)
    defaults = {"line": line, "fit": "raise", "data": data or DATA, "settings": Settings().to_json()}
    return Page(
        sets, Opening(defaults, NETS), folder, secrets.token_urlsafe(), options.host, port,
        options.threads, options.checkpoint, model,
    )  # fmt: skip


def _subject(what: str | None) -> tuple[Model | None, Network | None]:
    """The model or the network that was given: a file is a model, and all else is a line."""
    if what is None:
        return None, None
    if what.endswith(".striate") or ("[" not in what and Path(what).exists()):
        return Model.load(what), None
    return None, parse(what)


def _data(options: Options, sets: Sets, network: Network | None, model: Model | None) -> str | None:
    """The data set that the page begins with, read already where it was named."""
    if options.data is None:
        named = model.notes.get("data") if model is not None else None
        fitting = [name for name in sets.names if network is not None and sets.volume(name) == network.input]
        return named if named in sets.names else (fitting[0] if fitting else None)
    volume = network.input if network is not None else None
    splits = load_data(options.data, options.data_dir, volume)
    sets.keep(options.data, volume, splits)
    if network is not None and model is None:
        check_match(network, splits.train)
    return options.data


def _line_for(sets: Sets, data: str) -> str:
    """A small network for the images and classes of a data set."""
    for each in sets.describe():
        if each["name"] == data and "volume" in each:
            width, height, depth = each["volume"]
            pools = sum(width % 2**power == height % 2**power == 0 for power in (1, 2, 3))
            blocks = "".join(f" - CONV[{16 * 2**power}] - RELU - POOL" for power in range(pools))
            return f"INPUT[{width}x{height}x{depth}]{blocks} - FC[{len(each['classes'])}]"
    raise ArgumentError(f"{data} is no data set that can be shown: known names are {', '.join(NAMES)}")


def _folder(given: Path | None) -> Path:
    """Where runs are kept."""
    import platformdirs

    return given if given is not None else Path(platformdirs.user_data_dir("striate", appauthor=False)) / "runs"
