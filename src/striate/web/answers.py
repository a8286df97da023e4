"""What is done about each request of a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from striate.errors import ArgumentError, NotationError, StriateError
from striate.notation.parse import parse
from striate.version import __version__
from striate.web import wire
from striate.web.browser import Browser
from striate.web.describe import network_json, sides
from striate.web.desk import Desk
from striate.web.explain import explain
from striate.web.frames import Payload, Picks, activation_section, folded, in_bytes, last_scores, named, test_image
from striate.web.messages import Ask
from striate.web.run import Run
from striate.web.settings import RATES
from striate.web.trainer import Watch
from striate.web.uploads import LIMITS

GUESSES = 3
PIECE = 8  # images whose classes are guessed at a time: between two such pieces training goes on


@dataclass(frozen=True)
class Opening:
    """What a page begins with."""

    defaults: dict[str, Any]
    nets: list[dict[str, str]]


class Answers:
    """A method for each name in `messages.REQUESTS`."""

    def __init__(self, desk: Desk, opening: Opening) -> None:
        self.desk, self.opening = desk, opening
        self._known: dict[str, Callable[[Browser, dict[str, Any], Ask], Awaitable[Any]]] = {
            "hello": self.hello, "plan": self.plan, "start": self.start, "control": self.control, "set": self.set,
            "watch": self.watch, "guesses": self.guesses, "weights": self.weights, "explain": self.explain,
            "look": self.look,
        }  # fmt: skip

    async def __call__(self, browser: Browser, ask: Ask) -> str | bytes:
        """The answer to a checked request, whatever happens."""
        try:
            result = await self._known[ask.do](browser, ask.values, ask)
        except NotationError as error:
            # Every fix is parsed before it is offered, which may take a while.
            return await asyncio.to_thread(self.desk.hub.error, ask.id, error, ask.values.get("fit", "raise"))
        except StriateError as error:
            return self.desk.hub.error(ask.id, error)
        except MemoryError:
            return self.desk.hub.error(ask.id, StriateError("the memory is not enough: a smaller batch needs less"))
        except Exception as error:
            # A fault of ours: the browser is told, and the server goes on.
            return self.desk.hub.error(ask.id, StriateError(f"{ask.do} failed: {type(error).__name__}: {error}"))
        return result if isinstance(result, bytes | str) else wire.text({"re": ask.id, "result": result})

    async def hello(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """What there is."""
        data = await asyncio.to_thread(self.desk.workshop.sets.describe)
        runs = [run.describe() for run in self.desk.hub.runs()]
        return {
            "version": __version__, "data": data, "defaults": self.opening.defaults, "rates": RATES, "limits": LIMITS,
            "runs": runs, "nets": self.opening.nets,
        }  # fmt: skip

    async def plan(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """The table of a line."""
        return await asyncio.to_thread(lambda: network_json(parse(values["line"], values["fit"]), values["batch"]))

    async def start(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """A new run."""
        run = await self.desk.finish(self.desk.start(**values))
        return {"run": run.describe()}

    async def control(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """Pause, resume, step, stop or remove."""
        run = self.desk.run(values["run"])
        await self.desk.finish(self.desk.control(run, values["action"]))
        return {"run": run.describe()}

    async def set(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """Other settings, before the next step."""
        run = self.desk.run(values["run"])
        await self.desk.finish(self.desk.set(run, values["settings"]))
        return {"run": run.describe()}

    async def watch(self, browser: Browser, values: dict[str, Any], ask: Ask) -> dict[str, Any]:
        """Frames of a run from now on, or none."""
        browser.watch, browser.frame, browser.seen = None, None, None
        if values["run"] is not None:
            run = await self.desk.awake(values["run"])
            test_image(run, values["image"])
            browser.watch = Watch(run.id, tuple(sorted(set(values["what"]))), values["image"], values["most"])
            browser.rate = values["rate"]
        self.desk.trainer.anew()
        self.desk.hub.refresh()
        return {}

    async def guesses(self, browser: Browser, values: dict[str, Any], ask: Ask) -> bytes:
        """Test images, each with its three best classes."""
        run = await self.desk.awake(values["run"])
        first = values["first"]
        test_image(run, first)
        assert run.test is not None
        images = run.test.images[first : first + values["count"]]
        labels = run.test.labels[first : first + values["count"]]
        guesses = []
        for start in range(0, len(images), PIECE):
            piece = images[start : start + PIECE]
            scores = await self.desk.visit(partial(_scores, run, piece))
            for row, label in zip(scores, labels[start:], strict=False):
                found = named(row.astype(np.float64), run.classes, run.settings.loss, GUESSES)
                guesses.append({"label": int(label), "best": found, "right": bool(row.argmax() == label)})
        header = {
            "re": ask.id, "kind": "guesses", "run": run.id, "first": first, "count": len(images),
            "volume": sides(run.network.input), "guesses": guesses,
        }  # fmt: skip
        return wire.pack(header, [in_bytes(images)[0].tobytes()])

    async def weights(self, browser: Browser, values: dict[str, Any], ask: Ask) -> str:
        """One filter of a layer."""
        run = await self.desk.awake(values["run"])
        node = find_node(run, values["layer"])
        names = parameters_of(run, node.name)
        if not names:
            raise ArgumentError(f"{node.name} is a {node.layer.kind} and has no weights")
        parameters = await self.desk.visit(lambda: run.awake().parameters(*names))
        cube = folded(node, parameters[f"{node.name}.weights"])
        chosen = values["filter"]
        if chosen >= len(cube):
            raise ArgumentError(f"{node.name} has {len(cube):,} filters, 0 to {len(cube) - 1:,}; not {chosen:,}")
        filter = cube[chosen].transpose(1, 2, 0)
        biases = parameters.get(f"{node.name}.biases")
        bias = float(biases.reshape(-1)[chosen]) if biases is not None else 0.0

        def said() -> str:
            result = {"shape": list(filter.shape), "values": filter.tolist(), "bias": bias}
            return wire.text({"re": ask.id, "result": result})

        return await asyncio.to_thread(said)

    async def explain(self, browser: Browser, values: dict[str, Any], ask: Ask) -> str:
        """How one number came to be."""
        run = await self.desk.awake(values["run"])
        node = find_node(run, values["layer"])
        if values["image"] is None:
            if run.id not in browser.looked:
                raise ArgumentError("nothing has been looked at yet: drop an image, draw, or use the camera first")
            image = browser.looked[run.id]
        else:
            image, _ = test_image(run, values["image"])
        names = parameters_of(run, node.name)
        x, y, d = values["position"]

        def look() -> tuple[Any, Any]:
            program = run.awake()
            return program.activations(image[None]), program.parameters(*names) if names else {}

        def said(made: Any, parameters: Any) -> str:
            numbers = {name: each[0] for name, each in made.items()}
            return wire.text({"re": ask.id, "result": explain(run.network, parameters, numbers, node.name, (x, y, d))})

        return await asyncio.to_thread(said, *await self.desk.visit(look))

    async def look(self, browser: Browser, values: dict[str, Any], ask: Ask) -> bytes:
        """What a run makes of the pixels sent."""
        run = await self.desk.awake(values["run"])
        volume = run.network.input
        if len(ask.payload) != volume.size:
            raise ArgumentError(f"INPUT{volume} takes {volume.size:,} bytes, not {len(ask.payload):,}")
        image = np.frombuffer(ask.payload, np.uint8).reshape(volume.shape)
        browser.looked[run.id] = image
        made = await self.desk.visit(lambda: run.awake().activations(image[None]))
        picks = browser.picks(run.id, values["most"])
        return await asyncio.to_thread(_looked, run, ask, image, {name: each[0] for name, each in made.items()}, picks)


def _scores(run: Run, images: Any) -> Any:
    # The program of now: since it was asked for, the run may have got another batch.
    return run.awake().scores(images)


def _looked(run: Run, ask: Ask, image: Any, made: Any, picks: Picks) -> bytes:
    payload = Payload()
    most = ask.values["most"]
    found = [activation_section(image, node, made[node.name], most, picks) for node in run.network.nodes]
    sections = [section | payload.add(data) for section, data in found]
    loss = run.settings.loss
    scores = named(last_scores(run.network, made), run.classes, loss, 5)
    header = {"re": ask.id, "kind": "look", "run": run.id, "scores": scores, "sections": sections}
    return wire.pack(header, payload.pieces)


def find_node(run: Run, name: str) -> Any:
    """The layer of that name; ArgumentError where there is none."""
    for node in run.network.nodes:
        if node.name == name:
            return node
    raise ArgumentError(f"{run.name} has no layer {name[:40]!r}: it has {', '.join(n.name for n in run.network.nodes)}")


def parameters_of(run: Run, layer: str) -> tuple[str, ...]:
    """The names of a layer's parameters and of its state, if it has any."""
    return tuple(name for name in run.network.tensor_shapes() if name.rpartition(".")[0] == layer)
