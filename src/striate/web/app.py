"""The routes of the page."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket

from striate.errors import StriateError
from striate.train.model import Model
from striate.web.answers import Answers
from striate.web.browser import Browser
from striate.web.guard import Guard, query_tokens, refuse, token_fits
from striate.web.hub import MOST
from striate.web.uploads import TooLargeError, Uploads, download, file_name

STATIC = Path(__file__).parent / "static"
NO_TOKEN = "The address lacks its token: open the whole address that striate serve printed, with what stands after ?."

# What the system says of .js may be wrong, and with nosniff a module of another type is refused.
for _suffix, _type in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)


def make_app(answers: Answers, token: str, host: str, port: int, model: Model | None = None) -> Starlette:
    """The application for that address; it begins with the shelf's runs, and with that model."""
    hub, uploads = answers.desk.hub, Uploads()

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

    async def take_image(request: Request) -> Response:
        return Response(await uploads.image(request), media_type="application/octet-stream")

    async def take_model(request: Request) -> Response:
        run = await answers.desk.add_model(await uploads.model(request))
        return JSONResponse({"run": run.describe()})

    async def give_model(request: Request) -> Response:
        if not token_fits(query_tokens(request.scope), token):
            return PlainTextResponse(NO_TOKEN + "\n", 403)
        number = request.query_params.get("run", "")
        run = answers.desk.run(int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0)
        return await download(await answers.desk.model(run), file_name(run.data, run.id))

    def posted(work: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def checked(request: Request) -> Response:
            if not token_fits(request.headers.getlist("x-striate-token"), token):
                return PlainTextResponse(NO_TOKEN + "\n", 403)
            return await work(request)

        return checked

    async def mistake(request: Request, error: Exception) -> Response:
        status = 413 if isinstance(error, TooLargeError) else 400
        return Response(hub.error(None, error), status, media_type="application/json")  # type: ignore[arg-type]

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        hub.open()
        await answers.desk.open()
        if model is not None:
            await answers.desk.add_model(model)
        yield
        uploads.close()
        answers.desk.workshop.close()
        hub.close()

    routes = [
        Route("/", page),
        WebSocketRoute("/ws", connect),
        Route("/image", posted(take_image), methods=["POST"]),
        Route("/model", posted(take_model), methods=["POST"]),
        Route("/model", give_model),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
    guard = Middleware(Guard, host=host, port=port)
    return Starlette(routes=routes, middleware=[guard], lifespan=life, exception_handlers={StriateError: mistake})
