"""Who may talk to the studio: this machine, by its own name, with the token that the address holds.

A page of another site can neither guess the token nor read an answer (no CORS); a name that was made to point
here (DNS rebinding) is refused by the Host header; the policy lets our pages load nothing from elsewhere.
Neighbour: ``app``, which it stands before.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
    "media-src blob:; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Guard:
    """Passes on what may pass, with the token taken off the path; the rest is 403.

    Parameters
    ----------
    app : ASGI application
    token : str
        First part of every path.
    hosts : iterable of str
        Host headers that mean this server, such as ``127.0.0.1:8000``.
    """

    def __init__(self, app: ASGIApp, *, token: str, hosts: Iterable[str]) -> None:
        self._app = app
        self._token = token
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":  # the studio has no web sockets
            await self._serve(scope, receive, _with_headers(send))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        token = scope["path"].partition("/")[2].partition("/")[0]
        known = hmac.compare_digest(token.encode(), self._token.encode())
        if not known or headers.get("host", "") not in self._hosts or not self._from_here(headers):
            await PlainTextResponse("Forbidden", status_code=403)(scope, receive, send)
            return
        root = f"{scope.get('root_path', '')}/{token}"
        await self._app({**scope, "root_path": root}, receive, send)

    def _from_here(self, headers: Headers) -> bool:
        """Whether the request does not come from a page of another site."""
        origin = headers.get("origin")
        return origin is None or origin.removeprefix("http://") in self._hosts


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
        await send(message)

    return with_headers
