"""How the commands speak: results on stdout, one clear message on stderr when something is wrong."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar

import typer

from striate.errors import StriateError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")
T = TypeVar("T")

FAILED, MISTAKE, INTERRUPTED = 1, 2, 130  # exit status: it went wrong; it was asked for wrongly; Ctrl-C


def spoken(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command end with a sentence instead of a traceback, and with the exit status that fits."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except StriateError as error:
            stop(str(error), MISTAKE)
        except BrokenPipeError:
            raise  # whoever read our output has seen enough: typer ends quietly
        except OSError as error:
            place = f"{error.filename}: " if error.filename is not None else ""
            stop(f"{place}{error.strerror or error}", FAILED)
        except MemoryError:
            stop("the memory is not enough: a smaller --batch or a smaller network needs less", FAILED)
        except KeyboardInterrupt:
            stop("stopped: nothing was saved", INTERRUPTED)

    return run


def stop(message: str, status: int) -> NoReturn:
    """Print the message on stderr and leave with this exit status."""
    print(f"striate: {message}", file=sys.stderr)
    raise typer.Exit(status)


def console() -> Console:
    """Return a console on stdout that colours nothing by itself."""
    from rich.console import Console

    return Console(highlight=False)


def on_terminal() -> bool:
    """Tell whether a person is looking: tables and bars then, plain lines otherwise."""
    return console().is_terminal


def percent(fraction: float) -> str:
    """Return a fraction in per cent with one digit.

    >>> percent(0.9784)
    '97.8 %'
    """
    return f"{100 * fraction:.1f} %"


def duration(seconds: float) -> str:
    """Return seconds as m:ss or h:mm:ss.

    >>> duration(75.4), duration(3600)
    ('1:15', '1:00:00')
    """
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> count(1, "image"), count(1797, "image")
    ('1 image', '1,797 images')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
