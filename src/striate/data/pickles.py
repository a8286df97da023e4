"""Read the pickles of CIFAR-10's Python distribution without running anything.

A pickle is a program for a little stack machine, and Python's own machine can be told to call any
function. The machine here knows only the instructions that plain lists, dicts, numbers, strings
and uint8 arrays are made of (protocols 2 and 3, as Python 2 and 3 write them). The four names that an array
needs are symbols compared with a table: nothing is ever imported, looked up or called.

Source of the instructions: CPython's pickletools, and NumPy's ndarray.__reduce__.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from enum import Enum
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_INSTRUCTIONS = 1_000_000
"""A batch of CIFAR-10 has about 30,000; a limit keeps a bomb of tiny instructions from filling the memory."""


class PickleError(ValueError):
    """A pickle that is damaged, or that asks for more than plain data."""


class _Symbol(Enum):
    """The names a pickle of an array mentions."""

    RECONSTRUCT = "numpy.core.multiarray _reconstruct"
    NDARRAY = "numpy ndarray"
    DTYPE = "numpy dtype"
    ENCODE = "_codecs encode"  # how Python 3 writes bytes in protocol 2


_SYMBOLS = {symbol.value: symbol for symbol in _Symbol}
_SYMBOLS["numpy._core.multiarray _reconstruct"] = _Symbol.RECONSTRUCT  # NumPy 2's name for it


class _Dtype:
    """The dtype uint8, the only one here."""


class _Array:
    """An array on its way: BUILD brings the content."""

    value: npt.NDArray[np.uint8] | None = None


class _Machine:
    """The stack machine. It stops with PickleError at whatever it does not know."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """Return what the pickle holds."""
        for _ in range(MOST_INSTRUCTIONS):
            start = self.at
            code = self.take(1)
            if code == b".":
                return self.pop()
            step = _STEPS.get(code[0])
            if step is None:
                raise PickleError(f"instruction {code!r} at byte {start} is not one that image data needs")
            step(self)
        raise PickleError(f"more than {MOST_INSTRUCTIONS} instructions")

    def take(self, count: int) -> bytes:
        """Return the next bytes of the file."""
        end = self.at + count
        if end > len(self.data):
            raise PickleError(f"it needs {end} bytes and has {len(self.data)}")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, layout: struct.Struct) -> int:
        """Return the next whole number."""
        return int(layout.unpack(self.take(layout.size))[0])

    def line(self) -> str:
        """Return the next line, as names are written."""
        end = self.data.find(b"\n", self.at, self.at + 200)
        if end < 0:
            raise PickleError(f"a name at byte {self.at} does not end")
        text = self.data[self.at : end].decode("latin-1")
        self.at = end + 1
        return text

    def pop(self) -> Any:
        """Return the top of the stack, without it."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise PickleError(f"nothing on the stack at byte {self.at}")
        return self.stack.pop()

    def top(self, kind: type[Any]) -> Any:
        """Return the top of the stack, which must be of that kind."""
        if not self.stack or not isinstance(self.stack[-1], kind):
            raise PickleError(f"no {kind.__name__.strip('_').lower()} on the stack at byte {self.at}")
        return self.stack[-1]

    def since_mark(self) -> list[Any]:
        """Return everything above the last mark, without it."""
        if not self.marks:
            raise PickleError(f"no mark on the stack at byte {self.at}")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def tuple_of(self, count: int) -> None:
        """Replace the last `count` values by a tuple of them."""
        items = [self.pop() for _ in range(count)]
        self.stack.append(tuple(reversed(items)))

    def get(self, key: int) -> None:
        """Put a remembered value on the stack."""
        if key not in self.memo:
            raise PickleError(f"value {key} at byte {self.at} was never remembered")
        self.stack.append(self.memo[key])

    def put(self, key: int) -> None:
        """Remember the top of the stack."""
        self.memo[key] = self.top(object)

    def set_items(self, items: list[Any]) -> None:
        """Put keys and values into the dict on the stack."""
        target = self.top(dict)
        keys = items[::2]
        if len(items) % 2 or not all(isinstance(key, (str, bytes)) for key in keys):
            raise PickleError(f"keys of the dict at byte {self.at} are not strings")
        target.update(zip(keys, items[1::2], strict=True))

    def symbol(self) -> None:
        """Put a known name on the stack: as a symbol, never as the thing that it names."""
        name = f"{self.line()} {self.line()}"
        if name not in _SYMBOLS:
            raise PickleError(f"it names {name.replace(' ', '.')!r}, which image data does not need")
        self.stack.append(_SYMBOLS[name])

    def reduce(self) -> None:
        """Make the array, dtype or bytes that a symbol and its arguments stand for."""
        arguments, symbol = self.pop(), self.pop()
        if symbol is _Symbol.RECONSTRUCT:
            self.stack.append(_Array())
        elif symbol is _Symbol.DTYPE and isinstance(arguments, tuple) and arguments[:1] in ((b"u1",), ("u1",)):
            self.stack.append(_Dtype())
        elif symbol is _Symbol.ENCODE and _is(arguments, str, str) and arguments[1] == "latin1":
            self.stack.append(_latin(arguments[0]))
        else:
            raise PickleError(f"it asks for more than an array of uint8 at byte {self.at}")

    def build(self) -> None:
        """Fill the array on the stack; a dtype needs nothing more."""
        state, target = self.pop(), self.top(object)
        if isinstance(target, _Dtype):
            return
        if not isinstance(target, _Array) or not _is(state, int, tuple, _Dtype, int, (bytes, str)):
            raise PickleError(f"it asks for more than an array of uint8 at byte {self.at}")
        _, shape, _, fortran, content = state
        content = _latin(content) if isinstance(content, str) else content
        # Nothing unchecked is printed: nested values that share each other can be exponentially long.
        if len(shape) > 4 or not all(type(length) is int and 0 <= length < 1 << 40 for length in shape):
            raise PickleError(f"the array before byte {self.at} has no sensible shape")
        if math.prod(shape) != len(content):
            raise PickleError(f"an array of shape {shape} has {len(content)} bytes")
        target.value = np.frombuffer(content, np.uint8).reshape(shape, order="F" if fortran else "C")


def _latin(text: str) -> bytes:
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise PickleError("a byte string has characters that are no bytes") from error


def _is(values: Any, *kinds: type[Any] | tuple[type[Any], ...]) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) == len(kinds)
        and all(isinstance(value, kind) for value, kind in zip(values, kinds, strict=True))
    )


def _push(make: Callable[[_Machine], Any]) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(make(m))


def _text(layout: struct.Struct) -> Callable[[_Machine], None]:
    # "replace": text is compared or shown, never trusted.
    return lambda m: m.stack.append(m.take(m.number(layout)).decode("utf-8", "replace"))


def _bytes(layout: struct.Struct) -> Callable[[_Machine], None]:
    return lambda m: m.stack.append(m.take(m.number(layout)))


_U1, _U2, _U4, _I4 = (struct.Struct(layout) for layout in ("<B", "<H", "<I", "<i"))

_STEPS: dict[int, Callable[[_Machine], None]] = {
    ord("\x80"): lambda m: None if m.take(1) in (b"\x02", b"\x03") else _refuse("its protocol is not 2 or 3"),
    ord("("): lambda m: m.marks.append(len(m.stack)),
    ord("}"): _push(lambda m: {}),
    ord("]"): _push(lambda m: []),
    ord(")"): _push(lambda m: ()),
    ord("N"): _push(lambda m: None),
    ord("\x88"): _push(lambda m: True),
    ord("\x89"): _push(lambda m: False),
    ord("K"): _push(lambda m: m.number(_U1)),
    ord("M"): _push(lambda m: m.number(_U2)),
    ord("J"): _push(lambda m: m.number(_I4)),
    ord("\x8a"): _push(lambda m: int.from_bytes(m.take(m.number(_U1)), "little", signed=True)),
    ord("U"): _bytes(_U1),
    ord("T"): _bytes(_U4),
    ord("C"): _bytes(_U1),
    ord("B"): _bytes(_U4),
    ord("X"): _text(_U4),
    ord("q"): lambda m: m.put(m.number(_U1)),
    ord("r"): lambda m: m.put(m.number(_U4)),
    ord("h"): lambda m: m.get(m.number(_U1)),
    ord("j"): lambda m: m.get(m.number(_U4)),
    ord("\x85"): lambda m: m.tuple_of(1),
    ord("\x86"): lambda m: m.tuple_of(2),
    ord("\x87"): lambda m: m.tuple_of(3),
    ord("t"): lambda m: m.stack.append(tuple(m.since_mark())),
    ord("a"): lambda m: _append(m, [m.pop()]),
    ord("e"): lambda m: _append(m, m.since_mark()),
    ord("s"): lambda m: m.set_items([m.pop(), m.pop()][::-1]),
    ord("u"): lambda m: m.set_items(m.since_mark()),
    ord("c"): _Machine.symbol,
    ord("R"): _Machine.reduce,
    ord("b"): _Machine.build,
}
"""Instruction byte -> what it does. What is not in this table is refused."""


def _append(machine: _Machine, items: list[Any]) -> None:
    machine.top(list).extend(items)


def _refuse(reason: str) -> None:
    raise PickleError(reason)


def read_plain(data: bytes) -> dict[str, Any]:
    """Return the dict in a pickle of plain data; keys are text, arrays are uint8.

    Raises PickleError at anything else; nothing in the pickle is ever run.

    >>> import pickle
    >>> batch = read_plain(pickle.dumps({"labels": [6, 9], "data": np.zeros((2, 3), np.uint8)}, protocol=2))
    >>> batch["labels"], batch["data"].shape
    ([6, 9], (2, 3))
    """
    found = _Machine(data).run()
    if not isinstance(found, dict):
        raise PickleError(f"it holds a {type(found).__name__} where a dict is expected")
    return {
        key.decode("latin-1") if isinstance(key, bytes) else key: value.value if isinstance(value, _Array) else value
        for key, value in found.items()
    }
