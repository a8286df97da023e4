"""Who is answered: Host, Origin and token; and the headers of every answer, errors among them."""

from __future__ import annotations

import contextlib
import http.client
import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visiting import TOKEN, Served
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from striate.web.guard import Guard, token_fits


def request(served: Served, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, Any, bytes]:
    """Status, headers and body; header names have _ for -."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.putrequest(method, path, skip_host="Host" in named)
    for name, value in {"Content-Length": str(len(body)), **named}.items():
        connection.putheader(name, value)
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, answer.headers, answer.read()
    connection.close()
    return found


def test_the_page_needs_its_token(shared: Served) -> None:
    status, headers, body = request(shared, "GET", f"/?token={TOKEN}")
    assert status == 200 and headers["Cache-Control"] == "no-store" and b"<html" in body.lower()
    for path in ("/", "/?token=", "/?token=wrong", f"/?token={TOKEN}x", f"/?token={TOKEN}&token={TOKEN}"):
        status, _, body = request(shared, "GET", path)
        assert status == 403 and b"token" in body and TOKEN.encode() not in body


PATHS = ["/", f"/?token={TOKEN}", "/nothing", "/static/nothing.js", "/static/index.html", "/static/../app.py",
         "/static/%2e%2e/app.py", "/ws", "/model", "/image", "/%00", "/?" + "token=a&" * 50]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_answer_has_every_header(shared: Served, path: str, method: str) -> None:
    _, headers, _ = request(shared, method, path)
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';") and "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Permissions-Policy"].startswith("camera=(self)")
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static/") else "no-store")
    assert "server" not in headers


def test_nothing_outside_the_static_folder_is_handed_out(shared: Served) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2f..%2fcli.py"):
        status, _, body = request(shared, "GET", path)
        assert status in (404, 405) and b"import" not in body


def test_static_files_are_asked_about_again(shared: Served) -> None:
    status, headers, _ = request(shared, "GET", "/static/js/main.js")
    assert status == 200 and headers["Content-Type"].startswith("text/javascript")
    status, _, body = request(shared, "GET", "/static/js/main.js", If_None_Match=headers["ETag"])
    assert status == 304 and body == b""


STRANGERS = [
    "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "localhost.evil:{port}",
    "127.0.0.1:{port}.evil", "[::2]:{port}", "10.0.0.1:{port}",
]  # fmt: skip


@pytest.mark.parametrize("host", STRANGERS)
def test_another_host_is_misdirected(shared: Served, host: str) -> None:
    status, headers, body = request(shared, "GET", f"/?token={TOKEN}", Host=host.format(port=shared.port))
    assert status == 421 and "Content-Security-Policy" in headers and b"<html" not in body.lower()


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}", "LOCALHOST:{port}"])
def test_its_own_names_are_answered(shared: Served, host: str) -> None:
    status, _, _ = request(shared, "GET", f"/?token={TOKEN}", Host=host.format(port=shared.port))
    assert status == 200


def test_posts_need_this_origin_and_the_token(shared: Served) -> None:
    good = {"Origin": shared.origin, "X_Striate_Token": TOKEN}
    path = "/image?width=2&height=2&depth=1"
    assert request(shared, "POST", path, b"no image", **good)[0] == 400
    for wrong in (
        {"X_Striate_Token": TOKEN},
        {**good, "Origin": "http://evil.example"},
        {**good, "Origin": "null"},
        {**good, "Origin": shared.origin + ".evil.example"},
        {**good, "Origin": shared.origin.replace("http", "https")},
        {"Origin": shared.origin},
        {**good, "X_Striate_Token": "wrong"},
    ):
        assert request(shared, "POST", path, b"no image", **wrong)[0] == 403, wrong
    assert request(shared, "POST", f"{path}&token={TOKEN}", b"no image", Origin=shared.origin)[0] == 403


@pytest.mark.parametrize(
    "query, origin, status",
    [
        (f"?token={TOKEN}", None, 403),
        (f"?token={TOKEN}", "http://evil.example", 403),
        (f"?token={TOKEN}", "null", 403),
        ("?token=wrong", "own", 403),
        ("", "own", 403),
    ],
)
def test_the_socket_needs_both(shared: Served, query: str, origin: str | None, status: int) -> None:
    own = shared.origin if origin == "own" else origin
    with pytest.raises(InvalidStatus) as caught, connect(f"ws://{shared.host}/ws{query}", origin=own):  # type: ignore[arg-type]
        pass
    assert caught.value.response.status_code == status
    assert "Content-Security-Policy" in caught.value.response.headers


latin = st.characters(max_codepoint=255)
methods = st.sampled_from(["GET", "POST", "HEAD", "PUT", "OPTIONS", "get", "", "G\x00T"])
paths = st.text(latin, max_size=40) | st.sampled_from(
    ["/", "/ws", "/model?run=1", "/image?width=8", "/static/", "//", "*", "http://x/"]
)
names = st.sampled_from(["Host", "Origin", "Content-Length", "Transfer-Encoding", "Upgrade", "X-Striate-Token"])
values = st.text(latin, max_size=20) | st.sampled_from(["chunked", "-1", "9" * 30])
headers = st.lists(st.tuples(names, values), max_size=5)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    lines = [f"{draw(methods)} {draw(paths)} HTTP/1.1", *(f"{name}: {value}" for name, value in draw(headers)), "", ""]
    return "\r\n".join(lines).encode("latin-1") + draw(st.binary(max_size=50))


@settings(max_examples=150)
@given(requests() | st.binary(max_size=100))
def test_whatever_is_sent_the_server_answers_the_next(shared: Served, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", shared.port), timeout=30) as raw:
        raw.sendall(data)
        raw.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionError):
            while piece := raw.recv(65536):
                answer += piece
    assert b" 200 " not in answer.partition(b"\r\n")[0] and b"Traceback" not in answer
    assert request(shared, "GET", f"/?token={TOKEN}")[0] == 200


@pytest.mark.parametrize(
    "host, port, header, ours",
    [
        ("127.0.0.1", 8765, "127.0.0.1:8765", True),
        ("127.0.0.1", 8765, "192.168.0.7:8765", False),
        ("127.0.0.1", 80, "localhost", True),
        ("127.0.0.1", 80, "[::1]", True),
        ("0.0.0.0", 8765, "192.168.0.7:8765", True),
        ("0.0.0.0", 8765, "[fe80::1]:8765", True),
        ("0.0.0.0", 8765, "evil.example:8765", False),
        ("::1", 8765, "[::1]:8765", True),
        ("box.local", 8765, "Box.local:8765", True),
        ("box.local", 8765, "box.local.evil:8765", False),
    ],
)
def test_hosts(host: str, port: int, header: str, ours: bool) -> None:
    assert Guard(None, host, port).ours(header) is ours  # type: ignore[arg-type]


def test_tokens() -> None:
    assert token_fits(["abc"], "abc")
    assert not any(token_fits(given, "abc") for given in ([], ["ab"], ["abc", "abc"], ["äbc"], ["\udcff"], [""]))
