"""Frames: every byte stands for the number that the program has, and who watches gets the newest."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from visiting import LINE, Client, Served

import striate
from striate.data.load import load
from striate.train.held_out import hold_out
from striate.web.frames import EVERY, TINY, Camera, pack, pick, quantised
from striate.web.run import Run
from striate.web.settings import Settings
from striate.web.trainer import Watch

EVERYTHING = ["activations", "gradients", "weights"]
TEST = hold_out(load("digits"), 0.1, 0).test


def numbers(section: dict[str, Any], payload: bytes) -> Any:
    """What a section's bytes stand for: (slices, H, W), or (images, H, W, 3) where it is in colour."""
    assert section["at"] + section["bytes"] <= len(payload)
    data = np.frombuffer(payload, np.uint8, section["bytes"], section["at"])
    height, width = section["shape"][:2]
    colour = (3,) if section["form"] == "rgb" else ()
    values = section["min"] + data.astype(np.float64) / 255 * (section["max"] - section["min"])
    return values.reshape(-1, height, width, *colour)


def half_a_step(section: dict[str, Any]) -> float:
    return (section["max"] - section["min"]) / 255 * 0.5001 + 1e-7


def test_a_frame_is_what_the_program_has(client: Client, run: dict[str, Any], shared: Served) -> None:
    client.ask("watch", run=run["id"], what=EVERYTHING, image=7)
    head, payload = client.frame()
    assert head["run"] == run["id"] and head["step"] == run["step"] and head["image"] == 7
    assert head["label"] == TEST.labels[7]
    program = shared.page.desk.trainer.runs[run["id"]].awake()
    inside = program.inside(TEST.images[7:8], TEST.labels[7:8])
    parameters = program.parameters()
    seen = set()
    for section in head["sections"]:
        layer, what = section["layer"], section["what"]
        seen.add((layer, what))
        shown = numbers(section, payload)
        if what == "weights":
            cube = parameters[f"{layer}.weights"]
            volume = (1, 3, 3) if layer == "conv1" else (4, 4, 4)
            cube = cube.reshape(-1, *volume)
            assert section["shape"] == [*volume[1:], volume[0], len(cube)] and section["of"] == len(cube)
            assert section["min"] == -section["max"] and section["max"] == pytest.approx(np.abs(cube).max())
            expected = np.stack([cube[filter, slice] for filter, slice in section["slices"]])
        elif layer == "input" and what == "activations":
            expected = TEST.images[7].transpose(2, 0, 1)
            assert (section["min"], section["max"]) == (0, 255)
        else:
            array = {"activations": inside.activations, "gradients": inside.gradients}[what][layer][0]
            expected = array.transpose(2, 0, 1)[section["slices"]]
            low, high = array.min(), array.max()
            if what == "gradients":
                low, high = -np.abs(array).max(), np.abs(array).max()
            assert section["min"] == pytest.approx(low, rel=1e-4) and section["max"] == pytest.approx(high, rel=1e-4)
        np.testing.assert_allclose(shown, expected, atol=half_a_step(section) + 1e-5)
    names = ["input", "conv1", "relu1", "pool1", "fc1"]
    both = {(name, what) for name in names for what in ("activations", "gradients")}
    assert seen == both | {("conv1", "weights"), ("fc1", "weights")}
    scores = program.scores(TEST.images[7:8])[0].astype(np.float64)
    powers = np.exp(scores) / np.exp(scores).sum()
    assert [name for name, _ in head["scores"]] == [str(i) for i in np.argsort(-powers)[:5]]
    np.testing.assert_allclose([p for _, p in head["scores"]], np.sort(powers)[::-1][:5], rtol=1e-4)


def test_filters_of_colour_images_come_in_colour() -> None:
    network = striate.parse("INPUT[9x9x3] - CONV[20, 5x5] - RELU - CONV[3] - FC[10]")
    run = Run(1, network, "", None, tuple("0123456789"), Settings())
    images = np.random.default_rng(0).integers(0, 256, (3, 9, 9, 3), dtype=np.uint8)
    run.test = striate.data.dataset.Dataset("three", images, np.array([1, 2, 3]), run.classes)
    run.adopt(striate.compile(network, 4, threads=1), None, None)
    watch = Watch(1, ("activations", "weights"), 2, 4)
    message = pack(Camera()(run, watch), watch, {})
    import json

    length = int.from_bytes(message[:4], "little")
    head, payload = json.loads(message[4 : 4 + length]), message[4 + length :]
    sections = {(each["layer"], each["what"]): each for each in head["sections"]}
    parameters = run.awake().parameters()
    pixels = sections["input", "activations"]
    assert pixels["form"] == "rgb" and payload[pixels["at"] : pixels["at"] + pixels["bytes"]] == images[2].tobytes()
    first = sections["conv1", "weights"]
    assert first["form"] == "rgb" and first["slices"] == [0, 1, 2, 3] and first["shape"] == [5, 5, 3, 20]
    expected = parameters["conv1.weights"][:4].transpose(0, 2, 3, 1)
    np.testing.assert_allclose(numbers(first, payload), expected, atol=half_a_step(first))
    second = sections["conv2", "weights"]
    assert second["form"] == "maps"
    assert second["slices"] == [[filter, slice] for filter in range(3) for slice in range(4)]
    expected = parameters["conv2.weights"][:3, :4].reshape(12, 3, 3)
    np.testing.assert_allclose(numbers(second, payload), expected, atol=half_a_step(second))
    maps = sections["conv1", "activations"]
    assert len(maps["slices"]) == 4 and maps["of"] == 20
    made = run.awake().activations(images[2:])["conv1"][0]
    most_active = np.sort(np.argsort(-np.abs(made).mean((0, 1)), kind="stable")[:4])
    assert maps["slices"] == most_active.tolist()


def test_while_it_trains_one_frame_in_four_has_gradients_and_weights() -> None:
    network = striate.parse(LINE)
    run = Run(1, network, LINE, "digits", TEST.classes, Settings())
    run.test = TEST
    run.adopt(striate.compile(network, 4, threads=1), None, None)
    camera, watch = Camera(), Watch(1, ("activations", "gradients", "weights"), 2, 4)

    def whole() -> bool:
        raw = camera(run, watch)
        assert list(raw.activations) == [node.name for node in network.nodes]
        assert bool(raw.gradients) == bool(raw.parameters)
        return bool(raw.gradients)

    run.state = "running"
    assert [whole() for _ in range(2 * EVERY + 1)] == [i % EVERY == 0 for i in range(2 * EVERY + 1)]
    run.state = "paused"
    assert all(whole() for _ in range(EVERY))


def test_slices_keep_their_places_while_one_watches() -> None:
    values = np.random.default_rng(1).standard_normal((4, 4, 9)).astype(np.float32)
    picks: dict[str, Any] = {}
    first = pick("conv1", values, 3, picks).tolist()
    assert pick("conv1", values[:, :, ::-1] * 2, 3, picks).tolist() == first and len(first) == 3


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30), st.booleans())
def test_quantised_numbers_are_off_by_half_a_step(values: list[float], odd: bool) -> None:
    array = np.array(values, np.float32)
    low, high = float(array.min()), float(array.max())
    given = np.append(array, np.float32(np.nan if odd else low))
    data = quantised(given, low, high)
    assert data.dtype == np.uint8
    back = low + data[: len(array)].astype(np.float64) / 255 * (high - low)
    step = (high - low) / 255
    np.testing.assert_allclose(back, array, atol=0.501 * step + 1e-6 * max(abs(low), abs(high)) + TINY)


def test_frames_go_on_while_it_trains_and_stop_when_asked(client: Client, run: dict[str, Any]) -> None:
    client.ask("control", run=run["id"], action="resume")
    client.ask("watch", run=run["id"], rate=30)
    steps = [client.frame()[0]["step"] for _ in range(5)]
    assert steps == sorted(steps) and steps[0] < steps[-1]
    client.ask("watch", run=None)
    client.frames.clear()
    for _ in range(5):
        client.event("progress")
    assert len(client.frames) <= 2  # those that were under way


def test_a_standing_run_sends_one_frame_a_watch(client: Client, run: dict[str, Any]) -> None:
    client.ask("watch", run=run["id"], image=1)
    assert client.frame()[0]["image"] == 1
    client.ask("watch", run=run["id"], image=2)
    assert client.frame()[0]["image"] == 2
    client.frames.clear()
    ends = time.monotonic() + 0.5
    while time.monotonic() < ends:
        client.ask("plan", line=LINE)
    assert not client.frames
    stepped = client.ask("control", run=run["id"], action="step")["run"]["step"]
    assert client.frame()[0]["step"] == stepped


def test_without_acks_there_are_two_frames(client: Client, run: dict[str, Any]) -> None:
    client.acks = False
    client.ask("control", run=run["id"], action="resume")
    client.ask("watch", run=run["id"], rate=30)
    client.frame()
    client.frame()
    for _ in range(5):
        client.event("progress")
    assert len(client.frames) == 2
    client.socket.send('{"do":"ack"}')
    client.frame()
    assert len(client.frames) == 3


def test_browsers_that_watch_the_same_share_frames(client: Client, run: dict[str, Any], shared: Served) -> None:
    client.ask("watch", run=run["id"], what=EVERYTHING, image=3)
    mine = client.frame()
    with shared.client() as other:
        other.ask("watch", run=run["id"], what=EVERYTHING, image=3)
        assert other.frame() == mine


def test_a_look_is_what_the_program_makes_of_the_pixels(client: Client, run: dict[str, Any], shared: Served) -> None:
    program = shared.page.desk.trainer.runs[run["id"]].awake()
    pixels = np.random.default_rng(5).integers(0, 256, (8, 8, 1), dtype=np.uint8)
    head, payload = client.binary("look", pixels.tobytes(), run=run["id"])
    assert head["kind"] == "look"
    made = program.activations(pixels[None])
    for section in head["sections"][1:]:
        expected = made[section["layer"]][0].transpose(2, 0, 1)[section["slices"]]
        np.testing.assert_allclose(numbers(section, payload), expected, atol=half_a_step(section))
    scores = program.scores(pixels[None])[0].astype(np.float64)
    assert head["scores"][0][0] == str(scores.argmax())
    told = client.ask("explain", run=run["id"], image={"look": True}, layer="conv1", position=[3, 4, 1])
    assert told["sum"] == pytest.approx(float(made["conv1"][0, 4, 3, 1]), rel=1e-4, abs=1e-4)
    head = b'{"id":77,"do":"look","run":%d}' % run["id"]
    client.socket.send(len(head).to_bytes(4, "little") + head + b"few")
    error = client.wait(lambda message: isinstance(message, dict) and message.get("re") == 77)["error"]
    assert "takes 64 bytes, not 3" in error["message"]
