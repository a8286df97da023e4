"""What is typed wrongly: numbers checked as they are read, and one sentence for every mistake in options."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import typer

from striate.commands.say import MISTAKE

__all__ = ["complain", "limit", "real", "sentence", "whole"]


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers in a range, for typer's ``parser``; what it refuses is a typer.BadParameter.

    >>> whole(1)("32")
    32
    >>> try:
    ...     whole(1, 9)("10")
    ... except typer.BadParameter as error:
    ...     print(error.message)
    is a whole number from 1 to 9, not 10
    """

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            to = "" if most is None else f" to {most:,}"
            raise typer.BadParameter(f"is a whole number from {least}{to}, not {text}")
        return value

    return read


def real(least: float = 0, most: float = math.inf) -> Callable[[str], float]:
    """The same for finite numbers that need not be whole.

    >>> real(0, 1)("0.9")
    0.9
    """

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and least <= value <= most):
            to = "" if most == math.inf else f" to {most:g}"
            raise typer.BadParameter(f"is a finite number from {least:g}{to}, not {text}")
        return value

    return read


def limit(text: str) -> float:
    """A finite number above zero, likewise.

    >>> limit("2.5")
    2.5
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise typer.BadParameter(f"is a finite number above zero, not {text}: leave it out for no limit")
    return value


def complain(error: Any) -> NoReturn:
    """Print the sentence, or the help of a command without any words, and leave with the exit status of a mistake."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
    else:
        print(f"striate: {sentence(error)}", file=sys.stderr)
    sys.exit(MISTAKE)


def sentence(error: Exception) -> str:
    """What typer found wrong with the words of a command, as one sentence.

    >>> sentence(typer.BadParameter("is a whole number from 1, not 0", param_hint="--epochs"))
    '--epochs is a whole number from 1, not 0'
    """
    context = getattr(error, "ctx", None)
    command = getattr(context, "command_path", "striate")
    message = str(getattr(error, "message", None) or "").removeprefix("Value error, ").rstrip(".")
    name = _name(error)
    if type(error).__name__ == "NoSuchOption":
        meant = " or ".join(sorted(getattr(error, "possibilities", None) or ()))
        way = f"did you mean {meant}?" if meant else f"{command} -h names its options"
        return f"{command} has no {getattr(error, 'option_name', '')}: {way}"
    if type(error).__name__ == "MissingParameter":
        return f"{name or 'a word'} is missing: {command} -h shows what it takes"
    if type(error).__name__ == "BadOptionUsage":
        return f"{getattr(error, 'option_name', '')} stands without its value: {command} -h shows its options"
    if message.startswith("is "):  # from above
        return f"{name} {message}"
    if name:
        return f"{name}: {message}"
    extra = re.search(r"unexpected extra argument.*\((.*)\)", message)
    if extra:
        return f"{command} has no use for {extra[1]}: {command} -h shows what it takes"
    said, _, near = (message[:1].lower() + message[1:]).partition(". Did you mean ")
    return f"{said}: " + (f"did you mean {near}" if near else f"{command} -h shows what there is")


def _name(error: Exception) -> str:
    """The option as it is typed, or the argument as help shows it."""
    param = getattr(error, "param", None)
    if param is None:
        return str(getattr(error, "param_hint", None) or "")
    names = [name for name in getattr(param, "opts", ()) if name.startswith("--")]
    return str(names[0] if names else getattr(param, "metavar", None) or param.name.upper())
