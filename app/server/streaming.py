"""An edit as a stream of events: an early picture where there is one, then the result."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.base.errors import MaskroomError
from app.engines.types import HealMethod, HealRequest
from app.imaging.arrays import U8
from app.server.errors import rejection_of
from app.server.replies import NO_USAGE, about_result, embedded, encode_result
from app.server.types import EditForm

Heal: TypeAlias = Callable[[HealRequest], Awaitable[Sequence[U8]]]
Event: TypeAlias = Sequence[bytes]
"""One event in pieces."""

PARTIAL, COMPLETED = "image_edit.partial_image", "image_edit.completed"


async def edit_events(form: EditForm, heal: Heal) -> AsyncGenerator[Event, None]:
    """The events of one edit, as they come about.

    A texture has no intermediate stages. What is there early is the instant fill, and where that is the
    result itself there is none: the same picture twice would be no partial one.
    """
    if form.partials and form.request.method is not HealMethod.INSTANT:
        (early,) = await heal(replace(form.request, method=HealMethod.INSTANT))
        yield await asyncio.to_thread(_event, PARTIAL, form, early, {"partial_image_index": 0})
    (result,) = await heal(form.request)
    told = {"usage": NO_USAGE, "seed": form.request.seeds[0]}
    yield await asyncio.to_thread(_event, COMPLETED, form, result, told)


def _event(kind: str, form: EditForm, result: U8, more: dict[str, object]) -> Event:
    about = {"type": kind, "created_at": int(time.time()), **about_result(form), **more}
    start = f"event: {kind}\ndata: ".encode() + json.dumps(about).encode().removesuffix(b"}") + b","
    return [start, *embedded(encode_result(form, result)), b"}\n\n"]


class EventStream(Response):
    """Sends events as they come. An error that comes later than the status becomes the last event."""

    media_type = "text/event-stream"

    def __init__(self, first: Event, rest: AsyncGenerator[Event, None]) -> None:
        super().__init__(headers={"cache-control": "no-store"})
        del self.headers["content-length"]
        self._first = first
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_event(event: Event) -> None:
            for piece in event:
                await send({"type": "http.response.body", "body": piece, "more_body": True})

        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with contextlib.aclosing(self._rest) as rest:
            try:
                await send_event(self._first)
                async for event in rest:
                    await send_event(event)
            except (ClientDisconnect, OSError):
                return  # nobody is there to be told
            except MaskroomError as error:
                await send_event([b"event: error\ndata: ", rejection_of(error).body(), b"\n\n"])
        await send({"type": "http.response.body", "body": b""})
