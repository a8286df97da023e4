"""The whole page put together: training thread, workshop, shelf, and the application in front of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from starlette.applications import Starlette

from striate.train.model import Model
from striate.web.answers import Answers, Opening
from striate.web.app import make_app
from striate.web.desk import Desk
from striate.web.frames import Camera
from striate.web.hub import Hub
from striate.web.sets import Sets
from striate.web.shelf import Shelf
from striate.web.trainer import Trainer
from striate.web.workshop import Workshop


@dataclass(frozen=True)
class Page:
    """What a page is made of; `host` and `port` are what is listened on, `folder` is where runs are kept."""

    sets: Sets
    opening: Opening
    folder: Path
    token: str
    host: str
    port: int
    threads: int | None = None
    checkpoint: float = 30.0
    model: Model | None = None
    desk: Desk = field(init=False)
    app: Starlette = field(init=False)

    def __post_init__(self) -> None:
        trainer = Trainer(Camera(), self.checkpoint)
        desk = Desk(trainer, Hub(trainer), Workshop(self.sets, self.threads), Shelf(self.folder))
        object.__setattr__(self, "desk", desk)
        app = make_app(Answers(desk, self.opening), self.token, self.host, self.port, self.model)
        object.__setattr__(self, "app", app)

    def begin(self) -> None:
        """Start the training thread."""
        self.desk.trainer.start()

    def end(self) -> tuple[int, list[str]]:
        """End training and keep every run; how many are on the shelf as they are, and why others are not."""
        self.desk.trainer.stop()
        return self.desk.close()
