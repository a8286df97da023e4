"""Ways out of an error of the notation, as whole new lines that a person can choose with one click.

A fix is an edit of the text that the error's reason suggests. None is offered unread: the new line
must be right, or its error must come later.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice

from striate.errors import FitError, NotationError
from striate.layers import LAYERS
from striate.notation.edits import Edit, set_depth
from striate.notation.mend_ways import dot, kept, plus, projected, square
from striate.notation.parse import parse, read
from striate.notation.pattern_fixes import PATTERN_RULES, give
from striate.notation.pointed import Place as _Place
from striate.notation.slip_fixes import SLIP_RULES
from striate.notation.tokens import tokenize

__all__ = ["fixes", "reach"]

MOST = 8  # fixes of one error
TRIED = 400_000  # characters of all new lines together: each is read before it is offered
NEAR = 200  # tokens behind the error, where something may be missing
_SIZES = ("32x32x3", "28x28x1")  # of INPUT, where nothing is said of it: CIFAR-10's and MNIST's


def fixes(error: NotationError, fit: str = "raise") -> list[tuple[str, str]]:
    """(label, new line) for each way out of ``error``, the best first; ``fit`` as it was for ``parse``.

    >>> from striate.notation.parse import parse
    >>> try:
    ...     parse("INPUT[8x8x1] - RLEU - FC[10]")
    ... except NotationError as error:
    ...     print(fixes(error))
    [('RELU', 'INPUT[8x8x1] - RELU - FC[10]'), ('leave RLEU out', 'INPUT[8x8x1] - FC[10]')]
    """
    text = error.text
    before = reach(text, fit)
    found: dict[str, tuple[tuple[int, int], str]] = {}
    for edit in islice(_edits(error, fit), max(4, TRIED // max(1, len(text)))):
        line = edit.apply(text)
        got = reach(line, fit)
        if got > max(before, found[edit.label][0] if edit.label in found else before):
            found[edit.label] = got, line
    # Where another way leads to the end, leaving something out is worth offering only if it does too.
    right = any(got >= (3, 0) for got, _ in found.values())
    chosen: dict[str, str] = {}
    for label, (got, line) in found.items():
        if got >= (3, 0) or not (right and label.startswith("leave ")):
            chosen.setdefault(line, label)
    return [(label, line) for line, label in chosen.items()][:MOST]


def reach(text: str, fit: str = "raise") -> tuple[int, int]:
    """How far a text is right: its characters, its words and brackets, its sizes, all; then by place.

    The place is minus the number of characters from the error to the end, which an edit before it leaves alone.

    >>> reach("INPUT[8x8x1] - RELO"), reach("INPUT[8x8x1] - RELU")
    ((1, -4), (3, 0))
    """
    stage = 0
    try:
        tokenize(text)
        stage = 1
        read(text, fit)
        stage = 2
        parse(text, fit)
    except NotationError as error:
        return stage, error.position - len(text)
    return 3, 0


def _edits(error: NotationError, fit: str) -> Iterator[Edit]:
    """What may help, the most fitting first."""
    if not error.text.strip() or error.reason.startswith("there are no layers"):
        example = "INPUT[32x32x3] - CONV[10] - RELU - POOL - FC[10]"
        yield Edit(example, 0, len(error.text), example)
        return
    place = _Place(error, fit)
    if isinstance(error, FitError) and place.pointed[:1] not in ("(", "{"):
        yield from _fit(place)
    for pattern, make in _RULES:
        match = re.search(pattern, error.reason)
        if match:
            yield from make(place, match)


def _fit(place: _Place) -> Iterator[Edit]:
    """Every way that the arithmetic names: settings of the layer, the sides of its input, pad or crop."""
    ways = place.error.reason.rpartition(": try ")[2]
    named = re.findall(r"\b([SPFWHKkD]|dilation|groups)=(\d+(?:x\d+)?)", ways)
    for letter, value in named:
        if letter == "D":
            yield from set_depth(place.text, place.start, int(value))
        elif letter not in "WH":
            yield from place.setting(letter, value)
    yield from _sides(place, named)
    for word in ("pad", "crop"):
        if re.search(rf"fit=(pad \| )?{word}", ways):
            yield from place.setting("fit", word)


def _sides(place: _Place, named: list[tuple[str, str]]) -> Iterator[Edit]:
    """Other sizes of INPUT with which the layer's own input is as wide and high as it should be."""
    has = re.search(r"does not fit \[(\d+)x(\d+)x\d+\]", place.error.reason)
    size = re.search(r"\[\s*(\d+)\s*[xX×*]\s*(\d+)\s*[xX×*]\s*(\d+)\s*\]", place.text)
    if not has or not size:
        return
    wide, high = int(has[1]), int(has[2])
    widths = [int(value) for letter, value in named if letter == "W"]
    heights = [int(value) for letter, value in named if letter == "H"]
    square = wide == high and not heights
    pairs = [(width, width) for width in widths] if square else [
        *((width, high) for width in widths), *((wide, height) for height in heights),
        *((width, height) for width in widths for height in heights),
    ]  # fmt: skip
    across, down, deep = (int(size[group]) for group in (1, 2, 3))
    for width, height in pairs:
        for step in dict.fromkeys((1, round(across / wide) or 1)):
            new = (across + (width - wide) * step, down + (height - high) * step)
            label = f"W={width}" if square or height == high else f"H={height}" if width == wide else ""
            label = label if (across, down) == (wide, high) else f"INPUT[{new[0]}x{new[1]}x{deep}]"
            if min(new) > 0:
                yield Edit(label or f"W={width}, H={height}", size.start(), size.end(), f"[{new[0]}x{new[1]}x{deep}]")


Rule = Callable[[_Place, "re.Match[str]"], Iterator[Edit]]


def _meant(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    value = re.compile(r"\s*=\s*[\w.]+").match(place.text, place.end) if "=" in match[1] else None
    yield Edit(match[1], place.start, value.end() if value else place.end, match[1])


def _left_out(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """Without what is pointed at; a layer goes with its bracket, both with what joins them to the rest."""
    end = place.end
    bracket = re.compile(r"\s*\[[^\[\]]*\]").match(place.text, end)
    ends = [bracket.end(), end] if bracket else [end]
    shown = place.pointed if len(place.pointed) <= 20 else "it"
    for last in ends:
        for start, stop in place.around(place.start, last):
            yield Edit(f"leave {shown} out", start, stop, "")


def _entry_out(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """Without the setting that is pointed at, by its name or by its value."""
    name = re.search(r"[A-Za-z]+\s*=\s*$", place.text[: place.start])
    value = re.compile(r"\s*=\s*[\w.]+").match(place.text, place.end)
    start = name.start() if name else place.start
    end = value.end() if value else place.end
    for first, last in place.around(start, end):
        yield Edit(f"leave {place.text[start:end]} out", first, last, "")


def _repetition_out(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    count = re.compile(r"\W?\s*\d+").match(place.text, place.start)
    for first, last in place.around(place.start, count.end() if count else place.end):
        yield Edit("leave it out", first, last, "")


def _written(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """What the reason says to write, in place of what is pointed at, and of a number behind it."""
    for new in re.findall(r"[A-Za-z]+=\w+(?:\.\d+)?|\d+x\d+(?!\w)", match[1]):
        number = re.compile(r"\s*[\d.]+").match(place.text, place.end)
        if number and new[0].isalpha():
            yield Edit(new, place.start, number.end(), new)
        yield place.put(new)
        yield place.put(new.partition("=")[2] or new, new)


def _inputs(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for size in re.findall(r"INPUT\[([\dx]+)\]", place.error.reason):
        yield place.put(size, f"INPUT[{size}]")


def _input_first(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for size in _SIZES:
        yield place.insert(f"INPUT[{size}] - ", 0, f"INPUT[{size}] first")


def _needs(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """A layer without its number: with one, or the images' size."""
    word = re.match(r"[A-Za-z]+", place.pointed)
    if match[1] == "INPUT":
        for size in _SIZES:
            yield place.put(f"{word[0] if word else 'INPUT'}[{size}]", f"INPUT[{size}]")
        for depth in (3, 1) if match[2] == "D" else ():
            yield from place.setting("D", depth)
        return
    rest = re.compile(r"\s*\n\s*\[").match(place.text, place.end)
    if rest:
        yield Edit("bracket behind it", place.end, rest.end() - 1, "")
    inside = place.pointed.find("[")
    if inside >= 0:
        yield place.insert("10, ", place.start + inside + 1, f"{match[2]}=10")
    yield place.insert("[10]", place.end, f"{match[2]}=10")


def _joined(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.insert("- ", place.start, "put - between")
    yield Edit("put - there", len(place.text[: place.start].rstrip()), place.end, " -")


def _closed(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """A ], )+ or } where one is missing: at the place, behind each layer from there, at the end."""
    named = re.search(r"put (\)\+|\}) behind", match.string)
    sign, before = named[1] if named else "]", len(place.text[: place.start].rstrip(" \t,"))
    yield Edit(f"put {sign} there", before, place.start, f"{sign} - " if place.pointed[:1].isalpha() else f"{sign} ")
    tokens = [token for token in place.tokens() if token.position > place.start][:NEAR]
    for token in reversed(tokens):
        if token.position > place.start and token.kind in ("dash", "arrow", "end"):
            label = f"put {sign} at the end" if token.kind == "end" else f"put {sign}"
            yield place.insert(sign, len(place.text[: token.position].rstrip()), label)
    yield place.insert(sign, len(place.text.rstrip()), f"put {sign} at the end")


def _more(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    yield place.insert(" - FC[10]", len(place.text.rstrip(" -\n")), "FC[10] at the end")


def _least(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """The nearest number in the range."""
    least, most = int(match[2]), int((match[3] or "1000000").replace(",", ""))
    digits = re.sub(r"\D", "", place.pointed)
    value = int(digits) if digits and len(digits) < 12 else most + 1
    near = max(least, min(most, value))
    yield place.put(str(near), f"{match[1]}={near}")
    yield place.put(str(least), f"{match[1]}={least}")


def _share(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    """A rate that is none: what is between 1 and 100 was meant in per cent."""
    percent = re.search(r"([\d.]+)\s*$", place.text[: place.start]) if place.pointed == "%" else None
    number = re.search(r"\d+(?:\.\d+)?", percent[1] if percent else place.pointed)
    value = float(number[0]) if number else 0.5
    shares = [format(value / 100, "g")] if 1 < value < 100 else []
    for share in (*shares, format(value, "g") if value < 1 else "0.5"):
        yield Edit(f"p={share}", percent.start() if percent else place.start, place.end, share)


def _whole(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for value in dict.fromkeys((round(float(match[1])), int(float(match[1])) + 1)):
        yield place.put(str(value))


def _times(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for count in ("2", "1"):
        yield place.put(f"*{count}")


def _at_most(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    letter = re.search("[A-Za-z]+$", place.pointed)
    for count in (int(match[1].replace(",", "")), 10, 2):
        yield give(place, letter[0], str(count)) if letter else place.put(f"*{count}")


def _padding(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    largest = int(match[1])
    apart = "x" in place.error.reason.partition(":")[0]  # sides of their own: the largest is one's alone
    for value in dict.fromkeys((largest // 2, *(() if apart else (largest // 2 + largest % 2, largest)))):
        yield from place.setting("P", value)


def _said(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for letter, value in re.findall(r"\b([A-Z])=(\d+(?:x\d+)?)", match[1]):
        yield from place.setting(letter, value)


def _named(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for letter in re.findall(r"\b([A-Za-z]+)=\.\.", match[1]):
        yield place.put(f"{letter}={place.pointed}")


def _a_number(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for word in (match[2], "1") if match[2] and place.pointed[:1].isalpha() else ():
        yield place.put(word, f"{match[1]}={word}")
    for value in ("0.5",) if match[1] == "p" else ("1", "3"):
        blank = " " if place.pointed[:1].isalnum() else ""
        yield place.insert(value + blank, place.start, f"{match[1]}={value}")
        yield place.put(value, f"{match[1]}={value}")


def _layer_of(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    for word in ("CONV", "FC"):
        yield place.put(f"{word}[{place.pointed}]")


def _unsigned(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    yield Edit("without the sign", place.start, place.start + 1, "")


def _comma(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    yield Edit("put a comma", len(place.text[: place.start].rstrip()), place.start, ", ")


def _no_bracket(place: _Place, match: re.Match[str]) -> Iterator[Edit]:
    start, end = place.text.rfind("[", 0, place.start), place.text.find("]", place.end)
    if 0 <= start < end and "]" not in place.text[start : place.start]:
        yield Edit("without a bracket", start, end + 1, "")
    yield from _left_out(place, match)


_KINDS = "|".join(LAYERS)
_RULES: tuple[tuple[str, Rule], ...] = (
    *PATTERN_RULES,
    *SLIP_RULES,
    (r"did you mean ([\w=-]+)\?", _meant),
    (r"let the (shortcut|group) end with (CONV\[[^\]]*\])", projected),
    (r"the ways make", kept),
    (r"^a \+ is missing|^branches are two", plus),
    (r"^a way is missing", dot),
    (r"begins with INPUT", _input_first),
    (r"computes nothing", _more),
    (r"write (INPUT\[)", _inputs),
    (rf"^({_KINDS}) needs (the|\w)", _needs),
    (r"(?:separator is missing|separated by)", _joined),
    (r"brackets are square", square),
    (r"not closed|put \] ", _closed),
    (r"comma is missing", _comma),
    (r"a number is missing behind (\w+)=(?:.* or \1=(\w+))?", _a_number),
    (r"a number is missing here|\*0 leaves", _times),
    (r"repeat at most ([\d,]+) times", _at_most),
    (r"^(?:\w+, [^,]+, is a whole number, not )?([\d.]+(?:[eE]-\d+)?)(?: is no whole number|: write one)", _whole),
    (r"^(\w+) of .* is a whole number from (\d+)(?: to ([\d,]+))?(?:, or \w+)?, not", _least),
    (r"^p[ ,].* is a number from|a share is written as", _share),
    (r"is a number from .* such as ([\d.]+), not", _meant),
    (r"(numbers) go to", lambda place, match: iter([place.put("1000000")])),
    (r"(?:say|use) (.*)", _said),
    (r"P is at most [^=]* = (\d+)", _padding),
    (r"fit is one of", lambda place, match: iter([place.put("pad", "fit=pad"), place.put("crop", "fit=crop")])),
    (r"write ((?!it as|one,)[^:]*)", _written),
    (r"name it, (.*)", _named),
    (r"a layer begins with its word", _layer_of),
    (r"have no sign", _unsigned),
    (r"has no settings", _no_bracket),
    (r"takes one number, not [\d.x]+: write \w+\[([\d.]+)\]", _meant),
    (r"repeats what stands before", _repetition_out),
    (r"^\w+ has no|said twice", _entry_out),
    (r"^(?!.*twice).*(leave|leaving)|is no layer", _left_out),
)
