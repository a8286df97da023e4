"""Every message is checked: what is asked for in the right form passes, and nothing else does."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.web import wire
from striate.web.messages import REQUESTS, SETTINGS, BadRequest, read

GOOD: list[dict[str, Any]] = [
    {"id": 0, "do": "hello"},
    {"id": 1, "do": "plan", "line": "INPUT[8x8x1] - FC[2]", "fit": "pad", "batch": 3},
    {"id": 2, "do": "start", "line": "x", "data": "digits", "settings": {"lr": 1, "dropout": None}, "race": True},
    {"id": 3, "do": "control", "run": 1, "action": "pause"},
    {"id": 4, "do": "set", "run": 1, "settings": {"lr": 0.5, "batch": 7}},
    {"id": 5, "do": "watch", "run": None},
    {"id": 6, "do": "watch", "run": 2, "what": ["activations", "weights"], "image": 3, "most": 8, "rate": 30},
    {"id": 7, "do": "guesses", "run": 1, "first": 0, "count": 24},
    {"id": 8, "do": "weights", "run": 1, "layer": "conv1", "filter": 0},
    {"id": 9, "do": "explain", "run": 1, "image": {"test": 4}, "layer": "conv1", "position": [0, 1, 2]},
    {"id": 10, "do": "explain", "run": 1, "image": {"look": True}, "layer": "conv1", "position": [0, 1, 2]},
    {"do": "ack"},
]


@pytest.mark.parametrize("message", GOOD, ids=lambda message: message["do"])
def test_good_messages_pass(message: dict[str, Any]) -> None:
    ask = read(json.dumps(message))
    assert (ask.do, ask.id) == (message["do"], message.get("id"))
    given = {key: value for key, value in message.items() if key not in ("id", "do", "image")}
    assert all(ask.values[key] == value for key, value in given.items())


WRONG = [
    ("", "JSON"), ("[]", "JSON"), ("{", "JSON"), ("NaN", "JSON"),
    ('{"id": NaN, "do": "hello"}', "JSON"), ("[" * 9999, "JSON"),
    ("1" * 5000, "JSON"), ('{"do": "hello"}', "id is"), ('{"id": -1, "do": "hello"}', "id is"),
    ('{"id": true, "do": "hello"}', "id is"), ('{"id": 1.0, "do": "hello"}', "id is"), ('{"id": 1}', "do is one of"),
    ('{"id": 1, "do": "evil"}', "do is one of"), ('{"id": 1, "do": ["hello"]}', "do is one of"),
    ('{"id": 1, "do": "hello", "x": 1}', "hello has no"), ('{"id": 1, "do": "plan"}', "plan needs line"),
    ('{"id": 1, "do": "plan", "line": 3}', "plan.line is a text"),
    ('{"id": 1, "do": "plan", "line": "x", "fit": "squeeze"}', "plan.fit is one of"),
    ('{"id": 1, "do": "plan", "line": "x", "batch": 0}', "plan.batch is a whole number from 1"),
    ('{"id": 1, "do": "plan", "line": "x", "batch": true}', "plan.batch is a whole number"),
    ('{"id": 1, "do": "set", "run": 1, "settings": {"lr": 1e999}}', "set.settings.lr is a number"),
    ('{"id": 1, "do": "set", "run": 1, "settings": {"lr": -1}}', "from 0 to 1000"),
    ('{"id": 1, "do": "set", "run": 1, "settings": {"momentum": 1}}', "momentum is a number"),
    ('{"id": 1, "do": "set", "run": 1, "settings": {"epochs": 3}}', "settings has no"),
    ('{"id": 1, "do": "watch", "run": 1, "what": []}', "what is a list of 1 to 3"),
    ('{"id": 1, "do": "watch", "run": 1, "what": ["secrets"]}', "what[0] is one of"),
    ('{"id": 1, "do": "watch", "run": 1, "rate": 31}', "rate is a number from 0.1 to 30"),
    ('{"id": 1, "do": "explain", "run": 1, "image": {}, "layer": "x", "position": [0, 0, 0]}', "image is"),
    ('{"id": 1, "do": "explain", "run": 1, "image": {"look": false}, "layer": "x", "position": [0, 0, 0]}', "image is"),
    ('{"id": 1, "do": "explain", "run": 1, "image": {"test": 1}, "layer": "x", "position": [0]}', "list of 3 values"),
    ('{"id": 1, "do": "plan", "line": "' + "x" * 20_001 + '"}', "a text of at most 20,000"),
    ('{"id": 1, "do": "look", "run": 1}', "binary message"),
    ('{"id": 1, "do": "hello", "y": "' + "x" * 300_000 + '"}', "at most"),
]  # fmt: skip


@pytest.mark.parametrize("text, part", WRONG, ids=range(len(WRONG)))
def test_wrong_messages_are_told(text: str, part: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read(text)
    assert part in str(caught.value) and len(str(caught.value)) < 400


def test_a_request_number_is_repeated_where_it_could_be_read() -> None:
    for text, id in (('{"id": 7, "do": "evil"}', 7), ('{"id": "7", "do": "hello"}', None), ("x", None)):
        with pytest.raises(BadRequest) as caught:
            read(text)
        assert caught.value.id == id


names = st.sampled_from([*SETTINGS, "run", "x"])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(list(REQUESTS)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A good message in which some places hold something else."""
    message = copy.deepcopy(draw(st.sampled_from(GOOD)))
    for _ in range(draw(st.integers(1, 3))):
        key = draw(st.sampled_from([*message, "id", "do", "run", "settings", "strange"]))
        message[key] = draw(values)
    return message


@given(mutated() | values)
def test_whatever_comes_is_a_request_or_an_error(message: Any) -> None:
    try:
        ask = read(json.dumps(message))
    except BadRequest as error:
        assert str(error)
        return
    # What passed passes again, unchanged: nothing was let through by a way round.
    table = REQUESTS[ask.do]
    assert set(ask.values) <= set(table.fields)
    for name, value in ask.values.items():
        if name in message and name != "image":
            assert table.fields[name](name, message[name]) == value


@given(st.binary(max_size=60))
def test_binary_messages_are_unpacked_or_refused(data: bytes) -> None:
    try:
        header, payload = wire.unpack(data)
    except ValueError:
        assert len(data) < 4 or int.from_bytes(data[:4], "little") > len(data) - 4
    else:
        assert data == len(header).to_bytes(4, "little") + header + bytes(payload)


@given(st.dictionaries(st.text(max_size=5), st.floats() | st.text(max_size=5), max_size=3), st.binary(max_size=20))
def test_what_is_packed_can_be_unpacked(header: dict[str, Any], payload: bytes) -> None:
    found, rest = wire.unpack(wire.pack(header, [payload[:3], payload[3:]]))
    finite = {k: None if isinstance(v, float) and v - v != 0 else v for k, v in header.items()}
    assert json.loads(found) == finite and bytes(rest) == payload
