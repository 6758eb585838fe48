"""The ASGI application: routes, request ids, errors in OpenAI's shape, and heals that end with their client.

The same application answers inside the program, without a port, and on loopback for other programs.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.base.errors import MaskroomError
from app.base.text import tr
from app.engines.host import EngineHost
from app.imaging.arrays import U8
from app.server.edits import EditForm, model_list, read_form, write_reply
from app.server.errors import Rejected, rejection_of

log = logging.getLogger(__name__)

MAX_BODY = 1 << 30
CLIENT_CLOSED = 499
"""As nginx numbers it; nobody is there to read it."""

OnProgress: TypeAlias = Callable[[str, float], None]
"""Told the value of x-client-request-id and the share (0–1) that is done."""


def create_app(host: EngineHost, on_progress: OnProgress | None = None) -> Starlette:
    """The application over `host`, which stays the caller's to close."""
    edits = _Edits(host, on_progress)
    application = Starlette(
        routes=[
            Route("/v1/images/edits", edits.post, methods=["POST"]),
            Route("/v1/models", _models, methods=["GET"]),
        ],
        exception_handlers={
            Rejected: _answer_rejected,
            HTTPException: _answer_http,
        },
    )
    application.add_middleware(LoopbackOnly)
    application.add_middleware(Answers)
    return application


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


class _Edits:
    """POST /v1/images/edits."""

    def __init__(self, host: EngineHost, on_progress: OnProgress | None) -> None:
        self._host = host
        self._on_progress = on_progress

    async def post(self, request: Request) -> Response:
        try:
            body = await _read_body(request)
            form = await asyncio.to_thread(read_form, body, request.headers.get("content-type", ""))
            del body
            results = await self._heal_while_wanted(form, request)
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED)
        except MaskroomError as error:
            if error.details:
                log.error("%s: %s", error.code, error.details)
            raise rejection_of(error) from error
        pieces = await asyncio.to_thread(write_reply, form, results, int(time.time()))
        return StreamingResponse(
            _each(pieces),
            media_type="application/json",
            headers={"content-length": str(sum(map(len, pieces)))},
        )

    async def _heal_while_wanted(self, form: EditForm, request: Request) -> tuple[U8, ...]:
        """The results; the heal is cancelled as soon as the client has gone or this task is cancelled."""
        heal = asyncio.create_task(self._host.heal(form.request, self._reporter(request)))
        gone = asyncio.create_task(_disconnected(request.receive))
        try:
            await asyncio.wait((heal, gone), return_when=asyncio.FIRST_COMPLETED)
            if not heal.done():
                raise ClientDisconnect
            return heal.result()
        finally:
            heal.cancel()
            gone.cancel()
            await asyncio.gather(heal, gone, return_exceptions=True)

    def _reporter(self, request: Request) -> Callable[[float], None]:
        sink = self._on_progress
        name = request.headers.get("x-client-request-id")
        if sink is None or name is None:
            return lambda share: None
        return lambda share: sink(name, share)


async def _read_body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    too_large = Rejected(tr("The request is too large."), status=413, code="request_too_large")
    if announced.isdigit() and int(announced) > MAX_BODY:
        raise too_large
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise too_large
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else await asyncio.to_thread(b"".join, chunks)


async def _disconnected(receive: Receive) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _each(pieces: Sequence[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _models(request: Request) -> Response:
    return Response(model_list(), media_type="application/json")


async def _answer_rejected(request: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return error.response()


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, code = str(error.detail), "http_error"
    if error.status_code == HTTPStatus.NOT_FOUND:
        message, code = tr("There is nothing at {path}.", path=request.url.path), "not_found"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        message, code = (
            tr("This address does not take {method}.", method=request.method),
            "method_not_allowed",
        )
    response = Rejected(message, status=error.status_code, code=code).response()
    response.headers.update(error.headers or {})
    return response
