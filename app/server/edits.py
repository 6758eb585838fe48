"""POST /v1/images/edits: reads, heals for as long as somebody waits, and answers as was asked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeAlias

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Message

from app.base.errors import MaskroomError
from app.base.text import tr
from app.engines.host import EngineHost
from app.engines.types import HealProgress, HealRequest
from app.imaging.arrays import U8
from app.server.errors import Rejected, rejection_of
from app.server.files import FileShelf
from app.server.forms import read_form
from app.server.replies import embedded, encode_result, linked, write_reply
from app.server.streaming import EventStream, edit_events
from app.server.types import EditForm

log = logging.getLogger(__name__)

MAX_BODY = 1 << 30
CLIENT_CLOSED = 499
"""As nginx numbers it; nobody is there to read it."""

OnProgress: TypeAlias = Callable[[str, float], None]
"""Told the value of x-client-request-id and the share (0–1) that is done."""


class Edits:
    """The endpoint. Links to results lead to `shelf`."""

    def __init__(self, host: EngineHost, shelf: FileShelf, on_progress: OnProgress | None) -> None:
        self._host = host
        self._shelf = shelf
        self._on_progress = on_progress

    async def post(self, request: Request) -> Response:
        try:
            body = await _read_body(request)
            form = await asyncio.to_thread(read_form, body, request.headers.get("content-type", ""))
            del body
            if form.partials is not None:
                return await self._stream(form, request)
            results = await self._heal_while_wanted(form.request, request, self._reporter(request))
        except ClientDisconnect:
            return Response(status_code=CLIENT_CLOSED)
        except MaskroomError as error:
            raise rejection_of(error) from error
        return await self._answer(form, results, request)

    async def _answer(self, form: EditForm, results: Sequence[U8], request: Request) -> Response:
        if form.reply.as_url:
            files = await asyncio.to_thread(lambda: [encode_result(form, result) for result in results])
            names = self._shelf.keep(files, form.reply.format)
            pictures = [linked(str(request.url_for("file", name=name))) for name in names]
        else:
            pictures = await asyncio.to_thread(
                lambda: [embedded(encode_result(form, result)) for result in results]
            )
        pieces = write_reply(form, pictures, int(time.time()))
        return in_pieces(pieces, "application/json")

    async def _stream(self, form: EditForm, request: Request) -> Response:
        """The stream, once its first event is there: until then an error can have its own status."""
        report = self._reporter(request)

        async def heal(asked: HealRequest) -> tuple[U8, ...]:
            # The early picture is quick, and a share of its own would go back to 0 after it.
            return await self._heal_while_wanted(
                asked, request, report if asked is form.request else lambda share: None
            )

        events = edit_events(form, heal)
        return EventStream(await anext(events), events)

    async def _heal_while_wanted(
        self, asked: HealRequest, request: Request, report: HealProgress
    ) -> tuple[U8, ...]:
        """The results; the heal is cancelled as soon as the client has gone or this task is cancelled."""
        heal = asyncio.create_task(self._host.heal(asked, report))
        gone = asyncio.create_task(_disconnected(request.receive))
        try:
            await asyncio.wait((heal, gone), return_when=asyncio.FIRST_COMPLETED)
            if not heal.done():
                raise ClientDisconnect
            return heal.result()
        except MaskroomError as error:
            if error.details:
                log.error("%s: %s", error.code, error.details)
            raise
        finally:
            heal.cancel()
            gone.cancel()
            await asyncio.gather(heal, gone, return_exceptions=True)

    def _reporter(self, request: Request) -> HealProgress:
        sink = self._on_progress
        name = request.headers.get("x-client-request-id")
        if sink is None or name is None:
            return lambda share: None
        return lambda share: sink(name, share)


def in_pieces(pieces: Sequence[bytes | memoryview], media_type: str) -> StreamingResponse:
    """An answer that is never copied into one."""
    return StreamingResponse(
        _each(pieces), media_type=media_type, headers={"content-length": str(sum(map(len, pieces)))}
    )


async def _each(pieces: Sequence[bytes | memoryview]) -> AsyncIterator[bytes | memoryview]:
    for piece in pieces:
        yield piece


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


async def _disconnected(receive: Callable[[], Awaitable[Message]]) -> None:
    """Return when the client has closed the connection."""
    while (await receive())["type"] != "http.disconnect":
        pass
