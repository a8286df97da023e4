"""The server around the application: its socket, its protocol, its beginning and its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

from striate.errors import ArgumentError
from striate.web.connections import Connection, Requests, open_more_files
from striate.web.ending import Ending
from striate.web.guard import bracketed

PORT = 8765
TRIES = 20  # ports tried after the usual one
MESSAGE = 4 << 20  # bytes of one message from a browser


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
    """A socket that listens there: on the usual port or one of the next, or on the one asked for; 0 is any free one.

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
    where = f"--host {host}" + (f" --port {port}" if port is not None else "")
    raise ArgumentError(f"{where} cannot be listened on: {problem.strerror or problem}")


def address(host: str, port: int, token: str) -> str:
    """The address to open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, bracketed(host))
    return f"http://{shown}:{port}/?token={token}"


def make_server(app: Starlette, ending: Ending | None = None) -> Server:
    """The server of an application, with what a local page needs of it and no more."""
    config = uvicorn.Config(
        app,
        http=Requests,
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
    open_more_files()
    asyncio.run(make_server(app, ending).serve(sockets=[listening]))
