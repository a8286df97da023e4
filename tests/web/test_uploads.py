"""Images and models that are sent: decoded as everywhere, limited in bytes and pixels, never believed."""

from __future__ import annotations

import http.client
import io
import json
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from visiting import LINE, TOKEN, Client, Served

import striate
from striate.data.image import read_image
from striate.data.load import load
from striate.train.held_out import fingerprint, hold_out
from striate.web import desk, uploads


def post(served: Served, path: str, body: Any, chunked: bool = False) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    headers = {"Origin": served.origin, "X-Striate-Token": TOKEN}
    connection.request("POST", path, body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    found = answer.status, answer.read()
    connection.close()
    return found


def picture(kind: str, size: tuple[int, int] = (40, 30), **how: Any) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **how)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "WEBP"])
@pytest.mark.parametrize("depth", [1, 3])
def test_an_image_is_read_as_from_a_file(shared: Served, tmp_path: Path, kind: str, depth: int) -> None:
    body = picture(kind)
    status, pixels = post(shared, f"/image?width=9&height=7&depth={depth}", body)
    (tmp_path / "image").write_bytes(body)
    assert status == 200 and pixels == read_image(tmp_path / "image", striate.Volume(9, 7, depth)).tobytes()


@pytest.mark.parametrize(
    "query",
    [
        "", "width=8&height=8", "width=0&height=8&depth=1", "width=8&height=8&depth=2", "width=8&height=8&depth=4",
        "width=99999&height=8&depth=1", "width=-8&height=8&depth=1", "width=8.5&height=8&depth=1",
        "width=4096&height=4096&depth=3", "width=٣&height=8&depth=1",
    ],
)  # fmt: skip
def test_sizes_that_are_none_are_refused(shared: Served, query: str) -> None:
    from urllib.parse import quote

    status, body = post(shared, f"/image?{quote(query, safe='=&')}", picture("PNG"))
    assert status == 400 and json.loads(body)["error"]["kind"] in ("argument", "data")


def test_too_many_bytes_are_not_read(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "IMAGE_BYTES", 5000)
    body = picture("BMP", (60, 60))
    assert len(body) > 5000
    for chunked in (False, True):
        sent = iter([body[:4000], body[4000:]]) if chunked else body
        status, answer = post(shared, "/image?width=8&height=8&depth=1", sent, chunked)
        assert status == 413 and "at most 5,000 bytes" in json.loads(answer)["error"]["message"]


def test_too_many_pixels_are_not_decoded(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "IMAGE_PIXELS", 1000)
    status, answer = post(shared, "/image?width=8&height=8&depth=1", picture("PNG", (40, 30)))
    message = json.loads(answer)["error"]["message"]
    assert status == 400 and "40 x 30 = 1,200 pixels, at most 1,000" in message and message.startswith("the image")


@settings(max_examples=40)
@given(st.binary(max_size=200), st.integers(0, 2000), st.binary(max_size=8))
def test_damaged_images_are_told(shared: Served, noise: bytes, cut: int, put: bytes) -> None:
    whole = picture("PNG")
    for body in (noise, whole[:cut], whole[:cut] + put + whole[cut + len(put) :]):
        status, answer = post(shared, "/image?width=8&height=8&depth=1", body)
        assert status in (200, 400)
        assert len(answer) == 64 if status == 200 else json.loads(answer)["error"]["message"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    network = striate.parse(LINE)
    program = striate.compile(network, threads=1, seed=5)
    digits = load("digits")
    notes = {"data": "digits", "seed": 4, "fingerprint": fingerprint(digits), "batch": 16, "lr": 0.03}
    made = striate.Model(network, program.parameters(), tuple("0123456789"), loss="softmax", notes=notes)
    made.save(tmp_path / "digits.striate")
    return tmp_path / "digits.striate"


def test_a_model_is_a_run_that_stands_still(client: Client, shared: Served, model: Path) -> None:
    status, answer = post(shared, "/model", model.read_bytes())
    run = json.loads(answer)["run"]
    assert status == 200 and run["loaded"] and run["state"] == "stopped" and run["data"] == "digits"
    held = hold_out(load("digits"), 0.0, 4).test
    assert run["test"] == len(held) and run["settings"]["lr"] == 0.03 and run["settings"]["batch"] == 16
    _, payload = client.binary("guesses", run=run["id"], first=0, count=5)
    assert payload == held.images[:5].tobytes()
    for do, values in (("control", {"action": "resume"}), ("set", {"settings": {"lr": 1}})):
        assert "loaded from a file" in client.refused(do, run=run["id"], **values)["message"]
    client.ask("watch", run=run["id"])
    assert client.frame()[0]["run"] == run["id"]


def get(served: Served, path: str) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def test_a_loaded_model_comes_back_as_it_was(client: Client, shared: Served, model: Path) -> None:
    run = json.loads(post(shared, "/model", model.read_bytes())[1])["run"]
    status, headers, body = get(shared, f"/model?run={run['id']}&token={TOKEN}")
    assert status == 200 and body == model.read_bytes()
    assert f'filename="digits-{run["id"]}.striate"' in headers["Content-Disposition"]


def test_a_run_is_saved_as_a_model(client: Client, run: dict[str, Any], shared: Served, tmp_path: Path) -> None:
    status, _, body = get(shared, f"/model?run={run['id']}&token={TOKEN}")
    (tmp_path / "run.striate").write_bytes(body)
    model = striate.Model.load(tmp_path / "run.striate")
    parameters = shared.page.desk.trainer.runs[run["id"]].awake().parameters()
    assert status == 200 and str(model.network) == LINE and model.notes["steps"] == run["step"]
    assert all((model.parameters[name] == values).all() for name, values in parameters.items())
    model.save(tmp_path / "again.striate")
    assert (tmp_path / "again.striate").read_bytes() == body


NO_MODELS = [
    "/model", "/model?run=1", f"/model?run=999&token={TOKEN}", f"/model?run=x&token={TOKEN}",
    f"/model?token={TOKEN}", f"/model?run={'9' * 5000}&token={TOKEN}",
]  # fmt: skip


@pytest.mark.parametrize("path", NO_MODELS)
def test_no_such_model(shared: Served, path: str) -> None:
    assert get(shared, path)[0] in (400, 403)


@settings(max_examples=25)
@given(st.integers(0, 20_000), st.binary(min_size=1, max_size=4))
def test_damaged_models_are_told(shared: Served, place: int, put: bytes) -> None:
    network = striate.parse("INPUT[2x2x1] - FC[2]")
    parameters = {"fc1.weights": np.ones((2, 4), np.float32), "fc1.biases": np.zeros(2, np.float32)}
    with tempfile.TemporaryDirectory() as folder:
        striate.Model(network, parameters, ("a", "b")).save(f"{folder}/m.striate")
        whole = Path(f"{folder}/m.striate").read_bytes()
    place %= len(whole)
    body = whole[:place] + put + whole[place + len(put) :]
    status, answer = post(shared, "/model", body)
    told = json.loads(answer)
    if body == whole:
        assert status == 200
    else:
        assert status == 400 and told["error"]["kind"] == "model" and "/tmp" not in told["error"]["message"]


def test_too_large_a_model_is_not_kept(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MODEL_BYTES", 1000)
    status, answer = post(shared, "/model", b"x" * 1001)
    assert status == 413 and "at most 1,000 bytes" in json.loads(answer)["error"]["message"]


def no_room(*values: Any, **named: Any) -> Any:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("broken", ["tempfile.mkstemp", "striate.web.uploads._receive"])
def test_a_full_disk_is_told_to_who_sends_a_model(shared: Served, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setattr(broken, no_room)
    status, answer = post(shared, "/model", b"x")
    assert status == 400 and "no room for a temporary file: No space left" in json.loads(answer)["error"]["message"]


def test_a_full_disk_is_told_to_who_fetches_a_model(
    client: Client, run: dict[str, Any], shared: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(striate.Model, "save", no_room)
    status, _, answer = get(shared, f"/model?run={run['id']}&token={TOKEN}")
    assert status == 400 and "No space left" in json.loads(answer)["error"]["message"]
    assert not list(tmp_path.iterdir())


def test_an_upload_that_drips_ends(shared: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.5)
    head = (
        f"POST /image?width=8&height=8&depth=1 HTTP/1.1\r\nHost: {shared.host}\r\nOrigin: {shared.origin}\r\n"
        f"X-Striate-Token: {TOKEN}\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", shared.port), timeout=0.05) as raw:
        raw.sendall(head.encode())
        answer, ends = b"", time.monotonic() + 30
        while b"bytes came in" not in answer and time.monotonic() < ends:
            raw.sendall(b"x")  # it never pauses for long
            try:
                answer += raw.recv(65536)
            except TimeoutError:
                continue
    assert b"400 Bad Request" in answer and b"bytes came in" in answer
    status, _ = post(shared, "/image?width=8&height=8&depth=1", picture("PNG"))
    assert status == 200


def test_loaded_models_are_bounded(
    client: Client, shared: Served, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = sum(values.nbytes for values in striate.Model.load(model).parameters.values())
    monkeypatch.setattr(desk, "MOST_MODELS", 2 * one)
    runs = [json.loads(post(shared, "/model", model.read_bytes())[1])["run"]["id"] for _ in range(2)]
    status, answer = post(shared, "/model", model.read_bytes())
    message = json.loads(answer)["error"]["message"]
    assert status == 400 and f"would have {3 * one:,} bytes, at most {2 * one:,}" in message
    client.ask("control", run=runs[0], action="remove")
    assert post(shared, "/model", model.read_bytes())[0] == 200
