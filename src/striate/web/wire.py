"""Binary messages, both ways: the length of a JSON header, the header, then bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

_COMPACT = (",", ":")


def text(value: object) -> str:
    """JSON without blanks; numbers that are not finite become null, which is all that JSON has for them.

    >>> text({"loss": float("nan"), "points": [1, 2.5]})
    '{"loss":null,"points":[1,2.5]}'
    """
    try:
        return json.dumps(value, separators=_COMPACT, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value), separators=_COMPACT, allow_nan=False)


def pack(header: Mapping[str, Any], pieces: Sequence[bytes] = ()) -> bytes:
    """One binary message: u32 little-endian length of the header, the header, the pieces.

    >>> pack({"kind": "look"}, [b"abc"])
    b'\\x0f\\x00\\x00\\x00{"kind":"look"}abc'
    """
    head = text(header).encode()
    return b"".join([len(head).to_bytes(4, "little"), head, *pieces])


def unpack(message: bytes) -> tuple[bytes, memoryview]:
    """Header and payload of a binary message; ValueError where its length says nonsense.

    >>> unpack(pack({}, [b"xyz"]))[0]
    b'{}'
    """
    length = int.from_bytes(message[:4], "little")
    if len(message) < 4 or length > len(message) - 4:
        raise ValueError("a binary message begins with the length of its header")
    return message[4 : 4 + length], memoryview(message)[4 + length :]


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
