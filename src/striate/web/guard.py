"""Who may speak to the server, and what every answer tells the browser to forbid.

A page of somebody else's could send requests to this machine. So the Host must be ours (a foreign
name that resolves to this machine is not), the Origin of everything but reading must be this page,
and everything that shows or does something needs the token, which only the printed address holds.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """An ASGI application around another: refuses strange hosts and origins, and adds the headers.

    `port` is the one that is listened on. `host` is the address asked for: besides the loopback
    names, that one is answered to. Where it means every address (0.0.0.0, ::), every plain address
    and this machine's name are: a foreign page can lend its name to this machine, but no address.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self.app, self.port = app, port
        self.names = {*LOOPBACK, bracketed(host)}
        self.everywhere = host in ("0.0.0.0", "::")
        if self.everywhere:
            self.names.add(socket.gethostname().lower())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refused = self.refusal(scope)
        guarded = _with_headers(scope["path"], send)
        if refused is None:
            await self.app(scope, receive, guarded)
        else:
            await refuse(scope, guarded, *refused)

    def refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for a request that is not answered; None for one that is."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.ours(hosts[0]):
            return 421, "This server answers to its own address only: open the address that striate serve printed."
        changes = scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD")
        origins = headers.getlist("origin")
        if changes and not (len(origins) == 1 and self.same_origin(origins[0], hosts[0])):
            return 403, "This request does not come from the page that striate serve shows: open its printed address."
        return None

    def ours(self, host: str) -> bool:
        """Whether a Host header names this server."""
        name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
        if not name:
            name, port = host, ""
        if (port or "80") != str(self.port):
            return False
        return name.lower() in self.names or (self.everywhere and _is_address(name))

    def same_origin(self, origin: str, host: str) -> bool:
        """Whether an Origin header is the page at that Host."""
        return origin.lower() == f"http://{host.lower()}"


def bracketed(host: str) -> str:
    """The host as an address in the browser's bar has it.

    >>> bracketed("::1"), bracketed("Localhost")
    ('[::1]', 'localhost')
    """
    return f"[{host}]" if ":" in host else host.lower()


def is_local(host: str) -> bool:
    """Whether this machine alone reaches a server at that address.

    >>> is_local("localhost"), is_local("127.0.0.2"), is_local("::1"), is_local("0.0.0.0")
    (True, True, True, False)
    """
    return bracketed(host) in LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def token_fits(given: Iterable[str], token: str) -> bool:
    """Whether exactly one token was given and it is the right one, in a time that tells nothing of it."""
    tokens = list(given)
    return len(tokens) == 1 and hmac.compare_digest(tokens[0].encode("utf-8", "replace"), token.encode())


def query_tokens(scope: Scope) -> list[str]:
    """The tokens in the address of a request."""
    try:
        query = parse_qs(scope["query_string"].decode("ascii", "replace"), max_num_fields=20)
    except ValueError:
        return []
    return query.get("token", [])


async def refuse(scope: Scope, send: Send, status: int, sentence: str) -> None:
    """Answer with a status and one sentence as plain text, to a request for a WebSocket too."""
    body = (sentence + "\n").encode()
    kind = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _with_headers(path: str, send: Send) -> Send:
    """`send`, with the headers added to whatever begins an answer."""
    fresh = "no-cache" if path.startswith("/static/") else "no-store"

    async def guarded(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start", "websocket.accept"):
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers["Cache-Control"] = fresh
        await send(message)

    return guarded
