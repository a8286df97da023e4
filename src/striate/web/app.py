"""The routes of the page."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from striate.web.answers import Answers
from striate.web.browser import Browser
from striate.web.guard import Guard, query_tokens, refuse, token_fits
from striate.web.hub import MOST

STATIC = Path(__file__).parent / "static"
NO_TOKEN = "The address lacks its token: open the whole address that striate serve printed, with what stands after ?."

# What the system says of .js may be wrong, and with nosniff a module of another type is refused.
for _suffix, _type in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)


def make_app(answers: Answers, token: str, host: str, port: int) -> Starlette:
    """The application for that address."""
    hub = answers.desk.hub

    async def page(request: Request) -> Response:
        if not token_fits(query_tokens(request.scope), token):
            return PlainTextResponse(NO_TOKEN + "\n", 403)
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    async def connect(socket: WebSocket) -> None:
        if not token_fits(query_tokens(socket.scope), token):
            await refuse(socket.scope, socket._send, 403, NO_TOKEN)
        elif len(hub.browsers) >= MOST:
            await refuse(socket.scope, socket._send, 503, f"{MOST} browsers are connected: close one first.")
        else:
            await socket.accept()
            browser = Browser(socket, hub, answers)
            hub.add(browser)
            try:
                await browser.live()
            finally:
                hub.remove(browser)

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        hub.open()
        yield
        hub.close()

    routes = [
        Route("/", page),
        WebSocketRoute("/ws", connect),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, host=host, port=port)], lifespan=life)
