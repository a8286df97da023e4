"""What a connection may cost: how many there are, how long each may take, and how it is cut off."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

MOST = 256  # connections at a time, those of strangers too
HEAD = 10.0  # seconds in which the head of a request must have come
UNREAD = 60.0  # seconds for which an answer may be left unread
HIGH = 1 << 16  # bytes that a socket holds back before sending waits
FILES = 1 << 16  # files and connections that the process may have open, where the system lets it


class Requests(H11Protocol):
    """uvicorn's HTTP, for a server that strangers can reach.

    Whoever connects and says nothing, or says it byte by byte, or does not read, is cut off after a while:
    each connection is an open file, and where they run out no checkpoint can be written.
    """

    _late: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request; one connection too many ends at once."""
        super().connection_made(transport)
        if len(self.connections) > MOST:
            transport.abort()
        else:
            self._late = self.loop.call_later(HEAD, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        _over(self._late)
        _over(self._unread)
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Wait no longer once a request is being answered."""
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            _over(self._late)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Wait no longer: the browser's socket goes on in its own way."""
        _over(self._late)
        super().handle_websocket_upgrade(event)

    def on_response_complete(self) -> None:
        """Wait for the next request; what is left of this one's body takes no longer either."""
        _over(self._late)
        self._late = self.loop.call_later(HEAD, self.transport.abort)
        super().on_response_complete()

    def pause_writing(self) -> None:
        """The answer is not read: for a while that may be so."""
        super().pause_writing()
        _over(self._unread)
        self._unread = self.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """The answer is read."""
        _over(self._unread)
        super().resume_writing()


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


def _over(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


def open_more_files() -> None:
    """Let the process have as many files open as the system grants, up to FILES."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # there is none on Windows, which needs none

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = FILES if hard == resource.RLIM_INFINITY else min(hard, FILES)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
