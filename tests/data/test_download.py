"""Downloads, from a server on this machine."""

from __future__ import annotations

import gzip
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest

from striate.data import download, load
from striate.data import load as load_function
from striate.data.download import fetch
from striate.data.sources import SOURCES, Remote, Source
from striate.errors import DataError

CONTENT = bytes(range(256)) * 1000


class Server(HTTPServer):
    """Hands out `files`; a value may be bytes, or a status."""

    files: dict[str, bytes | int]
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        found = self.server.files.get(self.path, 404)
        if isinstance(found, int):
            self.send_error(found)
            return
        self.send_response(200)
        # The honest length: a path that starts with /cut promises more than comes.
        self.send_header("Content-Length", str(len(found) + (5000 if self.path.startswith("/cut") else 0)))
        self.end_headers()
        self.wfile.write(found)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        running.files, running.asked = {}, []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def remote(server: Server, *paths: str, content: bytes = CONTENT, name: str = "set.bin") -> Remote:
    urls = tuple(f"http://127.0.0.1:{server.server_port}{path}" for path in paths)
    return Remote(name, len(content), "sha256:" + hashlib.sha256(content).hexdigest(), urls)


def test_success_with_progress(server: Server, tmp_path: Path) -> None:
    server.files = {"/a": CONTENT, "/b": CONTENT[:100]}
    files = (remote(server, "/a"), remote(server, "/b", content=CONTENT[:100], name="b.bin"))
    steps: list[tuple[int, int]] = []
    fetch(files, tmp_path / "new", lambda done, total: steps.append((done, total)))
    assert (tmp_path / "new" / "set.bin").read_bytes() == CONTENT
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["b.bin", "set.bin"]
    assert steps[-1] == (256_100, 256_100) and {total for _, total in steps} == {256_100}
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    fetch(files, tmp_path / "new")
    assert server.asked == ["/a", "/b"], "what is there is not downloaded again"


@pytest.mark.parametrize(
    ("path", "content", "says"),
    [
        ("/a", CONTENT[:-1] + b"x", "it sent another file: sha256"),
        ("/a", CONTENT[:-1], "it sent 255,999 of 256,000 bytes"),
        ("/cut", CONTENT[:-9], "255,991"),
        ("/a", CONTENT + b"!", "more than the 256,000 bytes"),
        ("/a", b"", "it sent 0 of 256,000"),
        ("/a", 404, "HTTP 404"),
        ("/a", 503, "HTTP 503"),
    ],
)
def test_a_bad_place_is_named_and_nothing_stays(
    server: Server, tmp_path: Path, path: str, content: bytes | int, says: str
) -> None:
    server.files = {path: content, "/good": CONTENT}
    with pytest.raises(DataError, match=says) as caught:
        fetch((remote(server, path),), tmp_path)
    message = str(caught.value)
    assert f"put it at {tmp_path / 'set.bin'}" in message and "256,000 bytes" in message and path in message
    assert list(tmp_path.iterdir()) == []
    fetch((remote(server, path, "/good"),), tmp_path)  # the next place is tried
    assert (tmp_path / "set.bin").read_bytes() == CONTENT


def test_md5_as_some_sites_publish_it(server: Server, tmp_path: Path) -> None:
    server.files = {"/a": b"abc"}
    url = f"http://127.0.0.1:{server.server_port}/a"
    fetch((Remote("a", 3, "md5:900150983cd24fb0d6963f7d28e17f72", (url,)),), tmp_path)
    assert (tmp_path / "a").read_bytes() == b"abc"


def _closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_no_network(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{_closed_port()}/a"
    with pytest.raises(DataError, match=r"(?s)could not be downloaded.*refused.*put it at"):
        fetch((Remote("a", 3, "md5:00", (url,)),), tmp_path)


def test_a_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "TIMEOUT", 0.05)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DataError, match="timed out"):
            fetch((Remote("a", 3, "md5:00", (url,)),), tmp_path)


def test_a_server_that_speaks_nonsense(tmp_path: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"what?\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a"
        with pytest.raises(DataError, match="what"):
            fetch((Remote("a", 3, "md5:00", (url,)),), tmp_path)
        thread.join()


def test_a_folder_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    server.files = {"/a": CONTENT}
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot be written: .*--data-dir"):
        fetch((remote(server, "/a"),), tmp_path / "file" / "inside")


def test_ctrl_c_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.files = {"/a": CONTENT}

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch((remote(server, "/a"),), tmp_path, stop)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def little_mnist(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """MNIST with eight pictures, at a place on this machine."""
    files = []
    for name, content in (
        ("train-images-idx3-ubyte.gz", bytes([0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0, 0, 2]) + bytes(32)),
        ("train-labels-idx1-ubyte.gz", bytes([0, 0, 8, 1, 0, 0, 0, 8]) + bytes(8)),
        ("t10k-images-idx3-ubyte.gz", bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2]) + bytes(4)),
        ("t10k-labels-idx1-ubyte.gz", bytes([0, 0, 8, 1, 0, 0, 0, 1, 9])),
    ):
        packed = gzip.compress(content)
        server.files[f"/{name}"] = packed
        files.append(remote(server, f"/absent/{name}", f"/{name}", content=packed, name=name))
    source = Source("mnist", "mnist", frozenset({"mnist"}), tuple(files))
    monkeypatch.setitem(SOURCES, "mnist", source)
    return server


def test_a_set_is_downloaded_once(little_mnist: Server, alone: Path) -> None:
    steps: list[tuple[int, int]] = []
    splits = load("mnist", progress=lambda done, total: steps.append((done, total)))
    assert len(splits.train) == 8 and splits.train.images.shape == (8, 2, 2, 1)
    assert steps and steps[-1][0] == steps[-1][1]
    assert len(list((alone / "data" / "mnist").iterdir())) == 4
    asked = len(little_mnist.asked)
    np.testing.assert_array_equal(load("mnist").train.images, splits.train.images)
    assert len(little_mnist.asked) == asked


def test_a_download_that_was_cut_goes_on_with_the_files_that_lack(little_mnist: Server, tmp_path: Path) -> None:
    good = little_mnist.files.pop("/t10k-images-idx3-ubyte.gz")
    with pytest.raises(DataError) as caught:
        load("mnist", data_dir=tmp_path)
    message = str(caught.value)
    assert "mnist is not on this machine" in message and "t10k-images-idx3-ubyte.gz could not be downloaded" in message
    assert str(tmp_path / "mnist") in message and "HTTP 404" in message
    with pytest.raises(DataError, match="lacks t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte"):
        load_function("mnist", data_dir=tmp_path, download=False)
    little_mnist.files["/t10k-images-idx3-ubyte.gz"] = good
    little_mnist.asked.clear()
    assert load("mnist", data_dir=tmp_path).test is not None
    assert not [path for path in little_mnist.asked if "train" in path]


def test_the_table_of_sources_is_the_published_one(official: Path) -> None:
    """Sizes and checksums against the official files."""
    for name in ("mnist", "fashion-mnist"):
        for file in SOURCES[name].files:
            path = official / name / file.name
            if not path.is_file():
                pytest.skip(f"{path.name} is not among the official data")
            content = path.read_bytes()
            assert len(content) == file.size
            assert "sha256:" + hashlib.sha256(content).hexdigest() == file.checksum
            assert all(url.startswith("http") and url.endswith(file.name) for url in file.urls)
            assert len(file.urls) > 1
