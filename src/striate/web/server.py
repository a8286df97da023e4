"""The server around the application: its socket, its protocol, its beginning and its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from striate.errors import ArgumentError
from striate.web.ending import Ending
from striate.web.guard import bracketed

PORT = 8765
TRIES = 20  # ports tried after the usual one
MESSAGE = 4 << 20  # bytes of one message from a browser
HIGH = 1 << 16  # bytes that a socket holds back before sending waits


class Connection(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which the application can also cut off.

    Closing politely waits until everything unsent is read, which a browser that stops reading never does.
    """

    def connection_made(self, transport: Any) -> None:
        """Remember how to cut it off, for the application's scope."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=HIGH)
        self.app_state = {**self.app_state, "abort": transport.abort}

    def pause_writing(self) -> None:
        """Let sending wait: the browser does not read."""
        self.writable.clear()

    def resume_writing(self) -> None:
        """Let sending go on."""
        self.writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let whoever waits for a browser that is gone find out."""
        super().connection_lost(exc)
        self.writable.set()


class Server(uvicorn.Server):
    """uvicorn's server, which ends when it is wished; signals are heard elsewhere."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self.ending = ending

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals as they are."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Whether it is to end."""
        return await super().on_tick(counter) or self.ending.wished


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens there: on the usual port or one of the next, or on the one asked for.

    Raises ArgumentError where that cannot be.
    """
    candidates = [port] if port is not None else [*range(PORT, PORT + TRIES), 0]
    try:
        family, _, _, _, address = socket.getaddrinfo(host, candidates[0], type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise ArgumentError(f"--host {host}: there is no such address ({error})") from None
    for candidate in candidates:
        found = socket.socket(family, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((address[0], candidate, *address[2:]))
            found.listen(128)
        except OSError as error:
            found.close()
            problem = error
        else:
            return found
    raise ArgumentError(f"--host {host} --port {candidates[-1]} cannot be listened on: {problem.strerror or problem}")


def address(host: str, port: int, token: str) -> str:
    """The address to open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, bracketed(host))
    return f"http://{shown}:{port}/?token={token}"


def make_server(app: Starlette, ending: Ending | None = None) -> Server:
    """The server of an application, with what a local page needs of it and no more."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws=Connection,
        ws_max_size=MESSAGE,
        ws_per_message_deflate=False,
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
    return Server(config, ending or Ending())


def serve(app: Starlette, listening: socket.socket, ending: Ending) -> None:
    """Answer until the end is wished."""
    asyncio.run(make_server(app, ending).serve(sockets=[listening]))
