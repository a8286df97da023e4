"""The result of a test as lines for people: a row a class, with its confusion where that fits the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from striate.commands.say import count, percent
from striate.train.evaluate import Evaluation

if TYPE_CHECKING:
    from rich.text import Text

NAME = 24  # characters of a class's name, at most
MISTAKES = 5  # the most frequent ones, told where there is no room for all


def verdict(result: Evaluation, width: int) -> Iterator[Text]:
    """Yield the lines; colours are for terminals, the words and columns are the same everywhere."""
    from rich.text import Text

    name = min(NAME, max(5, *(len(each) for each in result.classes)))
    left = name + 8 + 10
    cell = min(8, (width - left - 2) // len(result.classes))
    fits = cell > len(str(result.confusion.max()))
    yield Text()
    if fits:
        yield Text(f"{'':<{left}}  taken for", "dim")
    head = f"{'class':<{name}}{'images':>8}{'right':>10}"
    yield Text(
        head + ("  " + "".join(f"{each[: cell - 1]:>{cell}}" for each in result.classes) if fits else ""),
        "bold",
    )
    for number, row in enumerate(result.per_class):
        right = percent(row.accuracy) if row.images else "-"
        line = Text(f"{row.name[:name]:<{name}}{row.images:>8,}{right:>10}")
        yield line + _cells(result, number, cell) if fits else line
    yield Text()
    if not fits:
        yield from (Text(f"{often:,} of {name} taken for {taken}") for name, taken, often in result.mistakes(MISTAKES))
    yield _sum(result)


def _cells(result: Evaluation, number: int, cell: int) -> Text:
    """Return one row of the confusion matrix: the diagonal green, frequent mistakes red, zeros as dots."""
    from rich.text import Text

    row = result.confusion[number]
    images = max(int(row.sum()), 1)
    line = Text("  ")
    for column, many in enumerate(row.tolist()):
        style = "green" if column == number else "red" if many / images >= 0.05 else "" if many else "dim"
        line.append(f"{many or '·':>{cell}}", style)
    return line


def _sum(result: Evaluation) -> Text:
    from rich.text import Text

    of = f"{result.correct:,} of {count(result.images, 'image')}"
    return Text.assemble(
        ("accuracy ", "bold"), (percent(result.accuracy), "bold green"), f" ({of}), loss {result.loss:.4f}"
    )
