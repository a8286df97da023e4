"""`striate train`: from a line and a data set to a model file and a picture."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from striate import __version__
from striate.commands.interrupt import Interrupt
from striate.commands.learning import Learning
from striate.commands.outputs import check_outputs
from striate.commands.progress import watching
from striate.commands.say import FAILED, INTERRUPTED, MISTAKE, count, percent, stop
from striate.commands.source import load_data
from striate.errors import DivergedError
from striate.layers.loss import Loss
from striate.notation.parse import parse
from striate.notation.table import summary
from striate.optimizers import Optimizer
from striate.train.evaluate import Evaluation, evaluate
from striate.train.held_out import Parts, fingerprint, hold_out
from striate.train.loop import Report, check_finite, train_epochs
from striate.train.match import check_match
from striate.train.model import Model

if TYPE_CHECKING:
    from striate.program import Program

LINE = "INPUT[8x8x1] - CONV[32] - RELU - POOL - CONV[64] - RELU - POOL - FC[10]"
DATA = "digits"


@dataclass(frozen=True)
class Options:
    """What the user asked for; the defaults stand in `cli.py`."""

    line: str
    data: str
    fit: str
    epochs: int
    batch: int
    learning: Learning
    validation: float
    seed: int
    threads: int | None
    out: Path
    png: Path
    data_dir: Path | None

    @classmethod
    def of(cls, line: str | None, data: str | None, out: Path | None, png: Path | None, **others: Any) -> Options:
        """With what is not said: a small network on the digits, and files named as the data are."""
        if line is not None and data is None:
            stop("DATA is missing: name a data set after the line, such as digits, or a folder of images", MISTAKE)
        data = data if data is not None else DATA
        out = out if out is not None else Path(f"{Path(data).resolve().name.split('.')[0] or 'model'}.striate")
        png = png if png is not None else out.parent / f"{out.stem}.png"
        return cls(line=line if line is not None else LINE, data=data, out=out, png=png, **others)


def train(options: Options) -> None:
    """Check everything that can be checked, train, test, save."""
    network = parse(options.line, fit=options.fit)
    options.learning.check(options.epochs)
    check_outputs(options.out, options.png)
    splits = load_data(options.data, options.data_dir, network.input)
    parts = hold_out(splits, options.validation, options.seed)
    check_match(network, parts.train)
    optimizer, loss = options.learning.make_optimizer(), options.learning.make_loss(parts.train)
    print(network)
    print(f"{parts.train.name}: {parts}", flush=True)
    run = _Run(options, parts, _compile(options, network, optimizer, loss, parts), loss)
    facts = {"data": options.data, "fingerprint": fingerprint(splits) if splits.test is None else None}
    try:
        with Interrupt() as interrupt:
            run.learn(interrupt)
            if interrupt.asked:
                run.save_learned(facts)
            run.finish(facts)
    except DivergedError as error:
        stop(f"{error}; nothing was saved", FAILED)


def _compile(options: Options, network: Any, optimizer: Optimizer, loss: Loss, parts: Parts) -> Program:
    from striate.preprocessing import Preprocessing
    from striate.program import compile as compile_network

    began = time.perf_counter()
    program = compile_network(
        network,
        batch=options.batch,
        optimizer=optimizer,
        loss=loss,
        seed=options.seed,
        threads=options.threads,
        preprocessing=Preprocessing.measure(parts.train.images),
    )
    spent = time.perf_counter() - began
    parameters = summary(program.network).totals.parameters
    print(
        f"{count(parameters, 'parameter')}; compiled in {spent:.2f} s for {count(program.threads, 'thread')}",
        flush=True,
    )
    return program


class _Run:
    """One training run on its way: the program, the reports so far, and what becomes of them."""

    def __init__(self, options: Options, parts: Parts, program: Program, loss: Loss) -> None:
        self.options, self.parts, self.program, self.loss = options, parts, program, loss
        self.history: list[Report] = []

    def learn(self, interrupt: Interrupt) -> None:
        """Train until the last epoch or Ctrl-C, showing progress."""
        options, parts = self.options, self.parts
        reports = train_epochs(
            self.program,
            parts.train,
            parts.validation,
            options.epochs,
            options.seed,
            schedule=options.learning.make_schedule(options.epochs),
        )
        with watching(parts.validation is not None) as progress:
            for report in reports:
                self.history.append(report)
                progress.show(report)
                if interrupt.asked:
                    return

    def finish(self, facts: dict[str, Any]) -> None:
        """Test, save, and say what came out."""
        result = evaluate(self.program, self.parts.test)
        of = f"{result.correct:,} of {count(result.images, 'image')}"
        self.save(facts, result)
        print(f"test accuracy {percent(result.accuracy)} ({of})")
        print(f"saved {self.options.out} and {self.options.png}")

    def save_learned(self, facts: dict[str, Any]) -> NoReturn:
        """Save what was learned before Ctrl-C, and leave."""
        if not self.history:
            stop("stopped before the first step: nothing was learned, nothing is saved", INTERRUPTED)
        check_finite(self.program, "when training was stopped")
        self.save(facts, None)
        last = self.history[-1]
        stop(
            f"stopped after {last.time:.2f} of {last.epochs} epochs;"
            f" saved what was learned so far: {self.options.out} and {self.options.png}",
            INTERRUPTED,
        )

    def save(self, facts: dict[str, Any], result: Evaluation | None) -> None:
        """Write model and picture, each whole or not at all."""
        from striate.look.curves import curves, save_png

        options, parts = self.options, self.parts
        model = Model(
            network=self.program.network,
            parameters=self.program.parameters(),
            classes=parts.train.classes,
            preprocessing=self.program.preprocessing,
            loss=self.program.loss,
            notes={**facts, **self.notes(result)},
        )
        title = f"{self.program.network} on {parts.train.name}"
        figure = curves(self.history, title, result.accuracy if result else None)
        model.save(options.out)
        save_png(figure, options.png)

    def notes(self, result: Evaluation | None) -> dict[str, Any]:
        """Return the facts about the training that the model file keeps."""
        options, last = self.options, self.history[-1]
        return {
            "striate": __version__,
            "images": len(self.parts.train),
            "pixels": str(self.parts.train.images.dtype),
            "epochs": last.time,
            "steps": last.step,
            "batch": options.batch,
            **options.learning.notes(self.program.optimizer, self.loss),
            "seed": options.seed,
            "validation": options.validation,
            "validation_accuracy": last.validation_accuracy,
            "test_accuracy": result.accuracy if result else None,
            "stopped": result is None,
        }
