"""`striate serve`: the live page."""

from __future__ import annotations

import secrets
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from striate.commands.train import DATA, LINE
from striate.data.load import NAMES
from striate.web.settings import Settings

NETS = [
    {"name": "digits", "line": LINE},
]


@dataclass(frozen=True)
class Options:
    """What the user asked for; the defaults stand in `cli.py`."""

    what: str | None
    data: str | None
    host: str
    port: int | None
    open: bool
    data_dir: Path | None
    threads: int | None
    folder: Path | None
    checkpoint: float


def serve(options: Options) -> None:
    """Show the page until Ctrl-C."""
    from striate.web.answers import Answers
    from striate.web.app import make_app
    from striate.web.desk import Desk, Opening
    from striate.web.frames import capture
    from striate.web.hub import Hub
    from striate.web.server import address, listen
    from striate.web.server import serve as run
    from striate.web.sets import Sets
    from striate.web.trainer import Trainer

    sys.setswitchinterval(0.001)
    sets = Sets(options.data_dir, options.data)
    trainer = Trainer(capture, options.checkpoint)
    hub = Hub(trainer)
    desk = Desk(trainer, hub, sets, options.threads)
    defaults = {"line": options.what or LINE, "fit": "raise", "data": options.data or DATA, "settings": Settings().to_json()}
    listening = listen(options.host, options.port)
    port = listening.getsockname()[1]
    token = secrets.token_urlsafe()
    app = make_app(Answers(desk, Opening(defaults, NETS)), token, options.host, port)
    url = address(options.host, port, token)
    print(f"open {url}\nCtrl-C ends it", flush=True)
    if options.open:
        webbrowser.open(url)
    trainer.start()
    run(app, listening)
    trainer.stop()
    print("stopped")
