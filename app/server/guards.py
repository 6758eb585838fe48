"""What stands before every route: an answer to every request, and only for programs of this machine."""

from __future__ import annotations

import logging
import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.base.text import tr
from app.server.errors import Rejected

log = logging.getLogger(__name__)


class Answers:
    """Gives every request an answer, also where the server fails, and every answer an x-request-id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req_{uuid.uuid4().hex}"

        began = False

        async def send_with_id(message: Message) -> None:
            nonlocal began
            if message["type"] == "http.response.start":
                began = True
                MutableHeaders(scope=message)["x-request-id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            log.exception("while answering %s", scope["path"])
            if began:
                raise
            failure = Rejected(tr("The server failed."), status=500, code="internal", kind="server_error")
            await failure.response()(scope, receive, send_with_id)


class LoopbackOnly:
    """Refuses what a web page of another origin, or a name that was bent to this machine, sends here.

    Any page in a browser can post to a loopback port; it cannot hide its Origin, nor the Host it asked for.
    """

    NAMES = frozenset({"127.0.0.1", "localhost", "::1"})

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._is_welcome(Headers(scope=scope)):
            refusal = Rejected(
                tr("This server only answers programs on this machine."), status=403, code="cross_origin"
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_welcome(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        asked = [f"//{headers.get('host', '')}", *([] if origin is None else [origin])]
        return all(_host_name(url) in self.NAMES for url in asked)


def _host_name(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
