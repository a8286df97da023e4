"""What a browser may ask, and the check of every message against it.

Whatever is wrong is an ArgumentError with a sentence; what passes has exactly the names, kinds and
ranges below, so that nobody behind this module looks again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from striate.errors import ArgumentError
from striate.layers.layer import FITS
from striate.layers.loss import LOSSES
from striate.train.schedule import SCHEDULES
from striate.web.settings import RATES

LONGEST = 256 * 1024  # characters of a request
LINE = 20_000  # of a line of notation, which is told again and again
HIGHEST = 2**31 - 1

Check = Callable[[str, object], Any]
"""(what it is called, what was sent) -> the value; ArgumentError for anything else."""


def whole(least: int, most: int = HIGHEST) -> Check:
    """A whole number from `least` to `most`."""

    def check(name: str, value: object) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ArgumentError(f"{name} is a whole number from {least:,} to {most:,}, not {_shown(value)}")
        return value

    return check


def number(least: float, most: float) -> Check:
    """A number from `least` to `most`."""

    def check(name: str, value: object) -> float:
        # No comparison with NaN is true.
        if type(value) not in (int, float) or not least <= value <= most:  # type: ignore[operator]
            raise ArgumentError(f"{name} is a number from {least:g} to {most:g}, not {_shown(value)}")
        return float(value)  # type: ignore[arg-type]

    return check


def text(longest: int) -> Check:
    """A text of at most `longest` characters."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > longest:
            raise ArgumentError(f"{name} is a text of at most {longest:,} characters, not {_shown(value)}")
        return value

    return check


def choice(*names: str) -> Check:
    """One of these words."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ArgumentError(f"{name} is one of {', '.join(names)}, not {_shown(value)}")
        return value

    return check


def yes_or_no(name: str, value: object) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} is true or false, not {_shown(value)}")
    return value


def nothing_or(check: Check) -> Check:
    """null, or what `check` lets through."""
    return lambda name, value: None if value is None else check(name, value)


def several(check: Check, least: int, most: int) -> Check:
    """A list of `least` to `most` such values."""

    def each(name: str, value: object) -> list[Any]:
        if not isinstance(value, list) or not least <= len(value) <= most:
            count = least if least == most else f"{least} to {most}"
            raise ArgumentError(f"{name} is a list of {count} values, not {_shown(value)}")
        return [check(f"{name}[{place}]", item) for place, item in enumerate(value)]

    return each


@dataclass(frozen=True)
class Table:
    """A table with some of these names and no others; those in `left_out` may be missing and have these values."""

    fields: Mapping[str, Check]
    left_out: Mapping[str, Any]

    def __call__(self, name: str, value: object) -> dict[str, Any]:
        """The checked table."""
        if not isinstance(value, dict):
            raise ArgumentError(f"{name} is a table of values by name, not {_shown(value)}")
        for key in value:
            if key not in self.fields:
                known = ", ".join(self.fields) or "nothing"
                raise ArgumentError(f"{name} has no {_shown(key)}: it has {known}")
        missing = [key for key in self.fields if key not in value and key not in self.left_out]
        if missing:
            raise ArgumentError(f"{name} needs {missing[0]}")
        given = {key: self.fields[key](f"{name}.{key}", value[key]) for key in value}
        return {**self.left_out, **given}


class Some(Table):
    """A table with any of these names; those missing stay missing."""

    def __init__(self, fields: Mapping[str, Check]) -> None:
        super().__init__(fields, dict.fromkeys(fields))

    def __call__(self, name: str, value: object) -> dict[str, Any]:
        """Only what was given."""
        checked = super().__call__(name, value)
        return {key: checked[key] for key in value}  # type: ignore[attr-defined]


CHANGING: dict[str, Check] = {
    "lr": number(0, 1000),
    "momentum": number(0, 0.9999),
    "batch": whole(1, 4096),
    "l2": number(0, 1000),
    "dropout": number(0, 0.99),
}
SETTINGS: dict[str, Check] = {
    **CHANGING,
    "optimizer": choice(*RATES),
    "epochs": whole(1, 100_000),
    "schedule": choice(*SCHEDULES),
    "loss": choice(*LOSSES),
    "seed": whole(0),
    "dropout": nothing_or(CHANGING["dropout"]),
}
WHAT = ("activations", "gradients", "weights")
RUN = whole(1)
LAYER = text(100)


def picture(name: str, value: object) -> int | None:
    """{"test": index} as the index, {"look": true} as None."""
    checked = Some({"test": whole(0), "look": yes_or_no})(name, value)
    if len(checked) != 1 or checked.get("look") is False:
        raise ArgumentError(f'{name} is {{"test": a number}} or {{"look": true}}, not {_shown(value)}')
    return checked.get("test")


REQUESTS: dict[str, Table] = {
    "hello": Table({}, {}),
    "plan": Table(
        {"line": text(LINE), "fit": choice(*FITS), "batch": whole(1, 1_000_000)}, {"fit": "raise", "batch": 1}
    ),
    "start": Table(
        {
            "line": text(LINE), "fit": choice(*FITS), "data": text(4096), "settings": Some(SETTINGS),
            "race": yes_or_no,
        },
        {"fit": "raise", "settings": {}, "race": False},
    ),
    "control": Table({"run": RUN, "action": choice("pause", "resume", "step", "stop", "remove")}, {}),
    "set": Table({"run": RUN, "settings": Some(CHANGING)}, {}),
    "watch": Table(
        {
            "run": nothing_or(RUN), "what": several(choice(*WHAT), 1, 3), "image": whole(0), "most": whole(1, 1024),
            "rate": number(0.1, 30),
        },
        {"what": ["activations"], "image": 0, "most": 16, "rate": 20.0},
    ),
    "guesses": Table({"run": RUN, "first": whole(0), "count": whole(1, 200)}, {}),
    "weights": Table({"run": RUN, "layer": LAYER, "filter": whole(0)}, {}),
    "explain": Table({"run": RUN, "image": picture, "layer": LAYER, "position": several(whole(0), 3, 3)}, {}),
    "ack": Table({}, {}),
    "look": Table({"run": RUN, "most": whole(1, 1024)}, {"most": 16}),
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """A checked request: its number (None for an ack), what to do, and the values for it."""

    id: int | None
    do: str
    values: dict[str, Any]
    payload: bytes = b""


class BadRequest(ArgumentError):
    """A request that says something wrong; `id` is its number where that much could be read."""

    def __init__(self, message: str, id: int | None) -> None:
        super().__init__(message)
        self.id = id


def read(message: str | bytes, payload: bytes | None = None) -> Ask:
    """The request in a JSON text; with a payload, the one in the header of a binary message.

    Raises BadRequest for everything that is no request.

    >>> read('{"id": 3, "do": "control", "run": 1, "action": "step"}').values
    {'run': 1, 'action': 'step'}
    """
    if len(message) > LONGEST:
        raise BadRequest(f"a request has at most {LONGEST:,} characters", None)
    try:
        value = json.loads(message, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise BadRequest("a request is a table in JSON", None) from None
    if not isinstance(value, dict):
        raise BadRequest("a request is a table in JSON", None)
    id, do = value.pop("id", None), value.pop("do", None)
    if not (id is None and do == "ack") and (type(id) is not int or not 0 <= id <= 2**53):
        raise BadRequest("id is a whole number from 0, which the answer repeats", None)
    known = REQUESTS.get(do) if isinstance(do, str) else None
    if known is None:
        raise BadRequest(f"do is one of {', '.join(REQUESTS)}, not {_shown(do)}", id)
    if (payload is not None) != (do == "look"):
        raise BadRequest("look, and nothing else, comes as a binary message with its pixels", id)
    try:
        return Ask(id, do, known(do, value), payload or b"")
    except ArgumentError as error:
        raise BadRequest(str(error), id) from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _shown(value: object) -> str:
    """A value for a message, short whatever it is."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a table"
    shown = json.dumps(value)
    return shown if len(shown) <= 40 else f"{shown[:40]}…"
