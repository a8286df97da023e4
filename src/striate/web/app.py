"""The routes of the page."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from striate.errors import StriateError
from striate.train.model import Model
from striate.web import wire
from striate.web.answers import Answers
from striate.web.browser import Browser
from striate.web.guard import Guard, query_tokens, refuse, token_fits
from striate.web.hub import MOST
from striate.web.uploads import TooLargeError, Uploads, download, file_name

STATIC = Path(__file__).parent / "static"
NO_TOKEN = "The address lacks its token: open the whole address that striate serve printed, with what stands after ?."

Handler = Callable[[Request], Awaitable[Response]]

# What the system says of .js may be wrong, and with nosniff a module of another type is refused.
for _suffix, _type in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)


def make_app(answers: Answers, token: str, host: str, port: int, model: Model | None = None) -> Starlette:
    """The application for that address; it begins with the shelf's runs, and with that model."""
    site = Site(answers, token, model)
    routes = [
        Route("/", site.page),
        WebSocketRoute("/ws", site.connect),
        Route("/image", site.posted(site.take_image), methods=["POST"]),
        Route("/model", site.posted(site.take_model), methods=["POST"]),
        Route("/model", site.give_model),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    guard = Middleware(Guard, host=host, port=port)
    return Starlette(
        routes=routes, middleware=[guard], lifespan=site.life, exception_handlers={StriateError: site.mistake}
    )


class Site:
    """What stands behind the routes."""

    def __init__(self, answers: Answers, token: str, model: Model | None) -> None:
        self.answers, self.desk, self.hub = answers, answers.desk, answers.desk.hub
        self.token, self.model = token, model
        self.uploads = Uploads()

    @asynccontextmanager
    async def life(self, app: Starlette) -> AsyncIterator[None]:
        """From the first request to the last."""
        self.hub.open()
        self.desk.open()
        if self.model is not None:
            try:
                await self.desk.add_model(self.model)
            except StriateError as error:
                self.hub.remember(str(error))
        yield
        self.uploads.close()
        self.desk.workshop.close()
        self.hub.close()

    async def page(self, request: Request) -> Response:
        """The page itself."""
        if not token_fits(query_tokens(request.scope), self.token):
            return PlainTextResponse(NO_TOKEN + "\n", 403)
        return FileResponse(STATIC / "index.html", media_type="text/html; charset=utf-8")

    async def connect(self, socket: WebSocket) -> None:
        """A browser, for as long as it stays."""
        if not token_fits(query_tokens(socket.scope), self.token):
            await refuse(socket.scope, socket._send, 403, NO_TOKEN)
        elif len(self.hub.browsers) >= MOST:
            await refuse(socket.scope, socket._send, 503, f"{MOST} browsers are connected: close one first.")
        else:
            await socket.accept()
            browser = Browser(socket, self.hub, self.answers)
            self.hub.add(browser)
            try:
                await browser.live()
            finally:
                self.hub.remove(browser)

    def posted(self, work: Handler) -> Handler:
        """The handler, for those who have the token in a header."""

        async def checked(request: Request) -> Response:
            if not token_fits(request.headers.getlist("x-striate-token"), self.token):
                return PlainTextResponse(NO_TOKEN + "\n", 403)
            return await work(request)

        return checked

    async def take_image(self, request: Request) -> Response:
        """An image file as pixels."""
        return Response(await self.uploads.image(request), media_type="application/octet-stream")

    async def take_model(self, request: Request) -> Response:
        """A model file as a run."""
        run = await self.desk.add_model(await self.uploads.model(request))
        return Response(wire.text({"run": run.describe()}), media_type="application/json")

    async def give_model(self, request: Request) -> Response:
        """A run as a model file."""
        if not token_fits(query_tokens(request.scope), self.token):
            return PlainTextResponse(NO_TOKEN + "\n", 403)
        number = request.query_params.get("run", "")
        run = self.desk.run(int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
        return await download(await self.desk.model(run), file_name(run.data, run.id))

    async def mistake(self, request: Request, error: Exception) -> Response:
        """The answer to what cannot be done."""
        status = 413 if isinstance(error, TooLargeError) else 400
        said = error if isinstance(error, StriateError) else StriateError(str(error))
        return Response(self.hub.error(None, said), status, media_type="application/json")
