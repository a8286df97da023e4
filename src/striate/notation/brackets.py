"""One layer with what stands in its bracket: CONV[10, 5x5], POOL2, CONV[K=96, F=11, S=4, P=0, fit=pad]."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from striate.errors import NotationError
from striate.layers import LAYERS, Layer
from striate.layers.layer import FITS, MOST, Setting, check_setting
from striate.layers.sides import Lengths, Sides, sides_text, simple
from striate.layers.sliding import Filtering
from striate.notation.bare_words import take_word
from striate.notation.cursor import Cursor
from striate.notation.tokens import Token
from striate.notation.words import unknown_layer, unknown_setting

__all__ = ["Placed", "read_layer"]


@dataclass(frozen=True)
class Placed:
    """A layer and where it stands in the text.

    ``bare``: whether a pattern gives its number. ``optional``: the word that says whether it is there, and which of the
    places of that word this is; ``way``: how to leave it out, for an error.
    """

    layer: Layer
    position: int
    length: int
    bare: bool = False
    optional: tuple[str, int] | None = None
    way: str = ""


@dataclass
class _Found:
    """What has been read of one layer so far: values by the setting's letter."""

    layer: type[Layer]
    word: Token
    values: dict[str, float | str | Sides] = field(default_factory=dict)
    fit: str | None = None
    choice: str | None = None


def read_layer(cursor: Cursor, fit: str) -> Placed:
    """The layer at the cursor; ``fit`` is for a layer whose bracket says nothing of it."""
    word = cursor.take()
    layer = LAYERS.get(word.text.upper())
    number, rest = cursor.now, cursor.after
    joined = (number.kind, rest.kind, number.position, rest.position) == ("number", "word", word.end, number.end)
    if joined and (layer is None or rest.text.upper() == "D"):  # L2POOL, CONV2D
        raise cursor.error(unknown_layer(f"{word.text}{number.text}{rest.text}"), word, rest.end - word.position)
    if layer is None:
        raise cursor.error(unknown_layer(word.text), word)
    found = _Found(layer, word)
    _shorthand(cursor, found)
    if cursor.now.kind == "open":
        _bracket(cursor, found)
    elif cursor.now.kind == "begin" and cursor.after.kind in ("number", "finish"):
        raise cursor.error(f"around settings, brackets are square: write it as in {layer.example}")
    end = cursor.last.end
    lacking = cursor.bare.get(layer.kind, {})
    bare = bool(lacking) and not any(letter in found.values for letter in lacking)
    if bare:
        found.values.update(lacking)
    for letter in layer.required:
        if letter not in found.values:
            raise NotationError(_missing(cursor, found, letter), cursor.text, word.position, end - word.position)
    settings: dict[str, Any] = {s.name: found.values[s.letter] for s in layer.settings if s.letter in found.values}
    if hasattr(layer, "fit"):
        settings["fit"] = found.fit or fit
    if found.choice:
        settings[layer.word] = found.choice
    try:
        return Placed(layer(**settings), word.position, end - word.position, bare)
    except NotationError as error:
        raise error.at(cursor.text, word.position, end - word.position) from None


def _shorthand(cursor: Cursor, found: _Found) -> None:
    """The notes' short forms without a bracket: CONV5-16, POOL2, FC-4096."""
    if cursor.now.kind == "number":
        numbers = cursor.numbers()
        if len(numbers) == 1 and found.layer.size == "F":
            _put(cursor, found, "F", numbers[0])
        else:
            _bare(cursor, found, numbers)
    if cursor.now.kind == "dash" and cursor.after.kind == "number" and found.layer.number:
        cursor.take()
        _put(cursor, found, found.layer.number, cursor.take())


def _bracket(cursor: Cursor, found: _Found) -> None:
    """``[ entry, entry, ... ]``; new lines inside are blanks."""
    opening = cursor.take()
    cursor.skip_lines()
    while cursor.now.kind != "close":
        if cursor.now.kind == "number":
            _bare(cursor, found, cursor.numbers())
        elif cursor.now.kind == "word":
            _named(cursor, found)
        else:
            raise _unexpected(cursor, found, opening)
        cursor.skip_lines()
        if cursor.now.kind == "comma":
            cursor.take()
            cursor.skip_lines()
            if cursor.now.kind == "close":
                raise cursor.error(
                    "a setting is missing behind this comma: add it, or leave the comma out", cursor.last
                )
        elif cursor.now.kind != "close":
            raise _unexpected(cursor, found, opening)
    cursor.take()


def _unexpected(cursor: Cursor, found: _Found, opening: Token) -> NotationError:
    now, kind = cursor.now, found.layer.kind
    if now.kind == "open":
        return cursor.error(f"a bracket stands in {kind}'s bracket: write it as in {found.layer.example}")
    numbered = cursor.last.kind == "number" and cursor.after.kind in ("number", "dash")
    if now.kind == "word" and now.text in "eE" and numbered:
        return _exponent(cursor)
    word = now.kind == "word" and now.text.lower() in (*found.layer.words, "l")
    if (now.kind == "number" or word) and cursor.last.kind in ("number", "word"):
        return cursor.error(f"a comma is missing here: write it as in {found.layer.example}")
    if now.kind in ("dash", "plus") and cursor.after.kind == "number":
        return cursor.error(f"numbers in {kind}'s bracket have no sign: write it as in {found.layer.example}", now, 2)
    if now.kind in ("end", "dash", "arrow"):
        reason = f"the bracket of {kind} is not closed: put ] behind its last setting, as in {found.layer.example}"
        return cursor.error(reason, opening if now.kind == "end" else now)
    return cursor.error(f"{now} has no place in {kind}'s bracket: write it as in {found.layer.example}")


def _exponent(cursor: Cursor) -> NotationError:
    """1e-4 has been read as far as its e."""
    first, letter = cursor.last, cursor.take().text
    sign = cursor.take().text if cursor.now.kind == "dash" else ""
    digits = cursor.take().text if cursor.now.kind == "number" else ""
    large = not sign and digits not in map(str, range(7))
    exact = digits in map(str, range(10))
    value = "1000000" if large else format(Decimal(f"{first.text}e{sign and '-'}{digits}"), "f") if exact else "0.0001"
    reason = f"{first.text}{letter}{sign}{digits} is no number here: write it out, as in {value}"
    return cursor.error(reason, first, cursor.last.end - first.position)


def _named(cursor: Cursor, found: _Found) -> None:
    """``S=2`` or ``fit=pad``, or one of the layer's words."""
    word = take_word(cursor, found.layer)
    if word:
        _put_word(cursor, found, *word)
        return
    name = cursor.take()
    letter = next((s.letter for s in found.layer.settings if s.letter.upper() == name.text.upper()), None)
    is_fit = name.text.lower() == "fit" and hasattr(found.layer, "fit")
    if not letter and not is_fit:
        _refuse_same(cursor, name, found.layer)
        raise cursor.error(_no_setting(name, found.layer), name)
    if cursor.now.kind != "equals":
        sample = _setting(found.layer, letter).sample if letter else ""
        value = cursor.now.text if cursor.now.kind == "number" else sample
        whole = "fit=pad" if is_fit else f"{letter}={value}"
        raise cursor.error(f"= is missing behind {name.text}: write {whole}", name)
    cursor.take()
    cursor.skip_lines()
    if is_fit:
        _put_fit(cursor, found)
    elif cursor.now.kind == "number":
        _put_named(cursor, found, letter or "", cursor.numbers())
    elif cursor.now.kind == "word" and cursor.now.text.lower() in _setting(found.layer, letter or "").words:
        _keep(cursor, found, letter or "", cursor.now.text.lower(), cursor.take())
    elif cursor.now.kind == "dash" and cursor.after.kind == "number":
        setting = _setting(found.layer, letter or "")
        least = f"a whole number from {setting.least}" if setting.whole else setting.range
        reason = f"{letter} of {found.layer.kind} is {least}, not -{cursor.after.text}"
        raise cursor.error(reason, cursor.now, cursor.after.end - cursor.now.position)
    else:
        sample = _setting(found.layer, letter or "").sample
        words = "".join(f" or {letter}={word}" for word in _setting(found.layer, letter or "").words)
        raise cursor.error(f"a number is missing behind {letter}=: write it as in {letter}={sample}{words}")


def _setting(layer: type[Layer], letter: str) -> Setting:
    return next(s for s in layer.settings if s.letter == letter)


def _refuse_same(cursor: Cursor, name: Token, layer: type[Layer]) -> None:
    """What other programs call padding=same and padding=valid, of a layer whose P keeps sizes by itself."""
    value = cursor.after
    ways = {"same": f"without a P, {layer.kind} keeps the size at S=1: leave it out", "valid": "it is P=0: write P=0"}
    if cursor.now.kind == "equals" and value.text.lower() in ways and issubclass(layer, Filtering):
        length = value.end - name.position
        raise cursor.error(f"{layer.kind} has no {name.text}: {ways[value.text.lower()]}", name, length)


def _no_setting(name: Token, layer: type[Layer]) -> str:
    if name.text.upper() in LAYERS:
        return f"the bracket of {layer.kind} is not closed before {name.text}: put ] and - between them"
    if not layer.settings:
        return f"{layer.kind} has no settings: write {layer.example} without a bracket"
    return unknown_setting(name.text, layer)


def _put_fit(cursor: Cursor, found: _Found) -> None:
    value = cursor.take() if cursor.now.kind == "word" else cursor.now
    if value.text.lower() not in FITS:
        raise cursor.error(f"fit is one of {', '.join(FITS)}, not {value}: write fit=pad or fit=crop", value)
    if found.fit:
        raise cursor.error(f"fit is said twice in {found.layer.kind}'s bracket: leave one out", value)
    found.fit = value.text.lower()


def _put_word(cursor: Cursor, found: _Found, word: str, token: Token, length: int) -> None:
    if found.choice:
        reason = f"what {found.layer.kind} makes of a window is said twice, first as {found.choice}: leave one out"
        raise cursor.error(reason, token, length)
    found.choice = word


def _put_named(cursor: Cursor, found: _Found, letter: str, numbers: list[Token]) -> None:
    if len(numbers) == 1:
        _put(cursor, found, letter, numbers[0])
    elif isinstance(_setting(found.layer, letter), Lengths):
        _put_sides(cursor, found, letter, numbers)
    else:
        shown = "x".join(n.text for n in numbers)
        length = numbers[-1].end - numbers[0].position
        raise cursor.error(f"{letter} is one number, not {shown}: write {letter}={numbers[0].text}", numbers[0], length)


def _bare(cursor: Cursor, found: _Found, numbers: list[Token]) -> None:
    """A number or a size without a name."""
    layer, length = found.layer, numbers[-1].end - numbers[0].position
    shown = "x".join(n.text for n in numbers)
    if len(numbers) == 1 and layer.number:
        if layer.number in found.values:
            reason = _second_number(layer, shown, found.values[layer.number])
            raise cursor.error(reason, numbers[0])
        _put(cursor, found, layer.number, numbers[0])
    elif layer.size == "F":
        _put_sides(cursor, found, "F", numbers)
    elif layer.size == "WHD" and len(numbers) == 3 and sum(not number.text.strip("0") for number in numbers) > 1:
        reason = (
            f"W, H and D of INPUT are whole numbers from 1 to {MOST:,}, not {shown}: write it as in {layer.example}"
        )
        raise cursor.error(reason, numbers[0], length)
    elif layer.size == "WHD" and len(numbers) == 3:
        for letter, number in zip(layer.size, numbers, strict=True):
            _put(cursor, found, letter, number)
    elif layer.size == "WHD":
        _three_apart(cursor, numbers)
        reason = f"INPUT takes width x height x depth, three numbers, not {shown}: {_three(numbers)}"
        raise cursor.error(reason, numbers[0], length)
    elif layer.number:
        reason = f"{layer.kind} takes one number, not {shown}: write {layer.kind}[{numbers[-1].text}]"
        raise cursor.error(reason, numbers[0], length)
    elif layer.settings:
        names = " or ".join(f"{s.letter}={s.sample}" for s in layer.settings)
        reason = f"{shown} has no name, and {layer.kind}'s numbers have: write {names}"
        raise cursor.error(reason, numbers[0], length)
    else:
        raise cursor.error(f"{layer.kind} has no settings: leave {shown} out", numbers[0], length)


def _second_number(layer: type[Layer], shown: str, first: object) -> str:
    if layer.size == "F" and layer.number != "F":
        return (
            f"{shown} is a second bare number behind {layer.number}={first}: "
            f"if it is the field, write {shown}x{shown} or F={shown}; the rest has names, S=.. and P=.."
        )
    names = ", ".join(f"{s.letter}=.." for s in layer.settings if s.letter != layer.number)
    rest = f": name it, {names}" if names else ": leave one out"
    return f"{shown} is a second bare number behind {layer.number}={first}{rest}"


def _three_apart(cursor: Cursor, numbers: list[Token]) -> None:
    """Refuse 32, 32, 3 in place of 32x32x3; PyTorch's order, depth first, is turned round."""
    found = list(numbers)
    at = cursor.tokens.index(cursor.last) + 1
    while len(found) < 3 and (more := [t for t in cursor.tokens[at : at + 2] if t.kind == "number"][:1]):
        found += more
        at = cursor.tokens.index(more[0]) + 1
    if len(found) == 3 and len(numbers) == 1:
        sides = [number.text for number in found]
        if sides[0] in ("1", "3") and sides[1] == sides[2] != sides[0]:
            sides = [*sides[1:], sides[0]]
        reason = f"the sizes of INPUT, width, height and depth, are joined by x: write {'x'.join(sides)}"
        raise cursor.error(reason, found[0], found[-1].end - found[0].position)


def _three(numbers: list[Token]) -> str:
    if len(numbers) == 2:
        size = "x".join(n.text for n in numbers)
        return f"write INPUT[{size}x3] for colour images or INPUT[{size}x1] for grey ones"
    if len(numbers) == 1:
        side = numbers[0].text
        return f"write INPUT[{side}x{side}x3] for square colour images, INPUT[1x1x{side}] for plain vectors"
    return "write it as in INPUT[32x32x3]"


def _put_sides(cursor: Cursor, found: _Found, letter: str, numbers: list[Token]) -> None:
    """5x5 is F=5, and 3x5 is 3 wide and 5 high."""
    shown, length = "x".join(n.text for n in numbers), numbers[-1].end - numbers[0].position
    sides = [n.text for n in numbers]
    if len(numbers) != 2:
        two = f"{sides[0]}x{sides[1]}" if len(sides) > 1 else f"{sides[0]}x{sides[0]}"
        what = "a field always spans the full depth of its input" if letter == "F" else f"{letter} is width x height"
        raise cursor.error(f"{what}: write {two}, not {shown}", numbers[0], length)
    wide, high = (_value(cursor, found, letter, number, length=0) for number in numbers)
    assert isinstance(wide, int) and isinstance(high, int)
    _keep(cursor, found, letter, simple((wide, high)), numbers[0], length)


def _put(cursor: Cursor, found: _Found, letter: str, number: Token, length: int = 0) -> None:
    """Keep one value, once it is a number in the setting's range and the first for its letter."""
    _keep(cursor, found, letter, _value(cursor, found, letter, number, length), number, length)


def _value(cursor: Cursor, found: _Found, letter: str, number: Token, length: int) -> float:
    """The number, once it is in the setting's range."""
    setting = _setting(found.layer, letter)
    if setting.whole and not number.text.isdigit():
        raise cursor.error(
            f"{letter}, {setting.meaning}, is a whole number, not {number.text}: write one, as in {letter}=3",
            number,
        )
    value = cursor.whole(number) if setting.whole else float(number.text)
    try:
        check_setting(found.layer.kind, setting, value)
    except NotationError as error:
        raise cursor.error(error.reason, number, length) from None
    return value


def _keep(
    cursor: Cursor, found: _Found, letter: str, value: float | str | Sides, token: Token, length: int = 0
) -> None:
    """Keep a value, if it is the first for its letter."""
    if letter in found.values:
        first = found.values[letter]
        shown = sides_text(first) if isinstance(first, tuple) else first
        reason = f"{letter} of {found.layer.kind} is said twice, first as {shown}: leave one out"
        raise cursor.error(reason, token, length)
    found.values[letter] = value


def _missing(cursor: Cursor, found: _Found, letter: str) -> str:
    layer = found.layer
    if cursor.now.kind == "newline" and cursor.beyond_lines().kind == "open":
        return f"{layer.kind} needs {letter}; a bracket on a new line is a group: put it behind {layer.kind}"
    if layer.size == "WHD" and not found.values:
        return f"{layer.kind} needs the images' size, width x height x depth: write it as in {layer.example}"
    setting = _setting(layer, letter)
    return f"{layer.kind} needs {letter}, {setting.meaning}: write it as in {layer.example}"
