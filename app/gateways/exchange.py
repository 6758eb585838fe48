"""One call to a provider: its upload, the waiting where the provider asks for it, and the answer on disk.

What an answer means is not known here. A call is sent again only where `retry` allows it, so one call of
several that is held up repeats none of the others.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from app.base.errors import BadReply, GatewayError, Unreachable
from app.base.rate_limits import RateLimits
from app.base.text import tr
from app.gateways.connection import CHUNK, check_coding, read_pieces, telling
from app.gateways.decode import EventKind, Streamed, read_event
from app.gateways.events import MOST_LINES, Event, EventParser, is_event_stream
from app.gateways.limits import rate_limits
from app.gateways.refusals import request_id
from app.gateways.retry import Patience
from app.gateways.spool import Spool
from app.gateways.throttle import Throttle
from app.gateways.types import HttpCall

if TYPE_CHECKING:
    import httpx

LARGEST_REPLY = 256 << 20
LARGEST_COMPLAINT = 1 << 20
LONGEST_SECONDS = 3600.0
"""For one exchange, however alive it seems: a stream of comments would never time out."""

Sleep = Callable[[float], Awaitable[object]]


def _ignore(*told: object) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a caller wants to hear while its request is under way; called on the loop's thread."""

    sent: Callable[[], object] = _ignore
    """A call has left whole: from here on it may be billed. Once per call."""
    waiting: Callable[[float | None], object] = _ignore
    """The provider takes nothing until then (seconds since the epoch); None: the waiting is over."""
    answered: Callable[[str | None, RateLimits | None], object] = _ignore
    """An answer begins, with the provider's id and its limits. Once per answer, refusals included."""
    receiving: Callable[[], object] = _ignore
    """The first byte of a good reply is here. Once per request."""
    preview: Callable[[int, bytes], object] = _ignore
    """The number of the call and an encoded picture that is not finished."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: header names in lower case, the body whole."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Trip:
    """What all calls of one request share while they run."""

    job_id: str
    provider: str
    watch: Watch
    authorization: dict[str, str] = field(repr=False)
    hide: Callable[[str], str]
    hopeless: bool = False
    """True once a refusal says that no further call can succeed."""
    has_begun: bool = False
    waits: dict[int, float] = field(default_factory=dict)
    """Until when each call that is held up waits."""

    def receiving(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self.watch.receiving()

    def wait(self, index: int, until: float | None) -> None:
        """Call number `index` waits `until` then, or no more; the latest of all is told."""
        if until is None:
            self.waits.pop(index, None)
        else:
            self.waits[index] = until
        self.watch.waiting(max(self.waits.values(), default=None))


class Exchange:
    """Carries calls over one client and keeps good replies in the spool."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        spool: Spool,
        throttle: Throttle,
        sleep: Sleep,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._spool = spool
        self._throttle = throttle
        self._sleep = sleep
        self._clock = clock

    async def carry(self, call: HttpCall, index: int, trip: Trip) -> Answer:
        """The answer to a call, good or bad; sent again where no work can have begun.

        Raises:
            Unreachable: no answer came.
            BadReply: it is beyond all measure.
        """
        patience = Patience()
        while True:
            if (pause := self._throttle.wait(trip.provider)) > 0:
                await self._wait(index, pause, trip)
            try:
                answer = await self._once(call, index, trip)
            except Unreachable as error:
                rest = patience.after_failure(error)
                if rest is None:
                    raise
                await self._sleep(rest)
                continue
            asked = patience.after_answer(answer.status, answer.headers, answer.body, self._clock())
            if asked is None:
                return answer
            await self._wait(index, asked, trip)

    async def _wait(self, index: int, seconds: float, trip: Trip) -> None:
        trip.wait(index, self._clock() + seconds)
        try:
            await self._sleep(seconds)
        finally:
            trip.wait(index, None)

    async def _once(self, call: HttpCall, index: int, trip: Trip) -> Answer:
        upload = _Upload(call.body, trip.watch.sent)
        headers = [*call.headers, *trip.authorization.items(), ("X-Client-Request-Id", trip.job_id)]
        number: str | None = None
        try:
            with telling(call.url, trip.hide, lambda: upload.has_left):
                async with (
                    asyncio.timeout(LONGEST_SECONDS),
                    self._client.stream(call.method, call.url, headers=headers, content=upload) as response,
                ):
                    named = {name.lower(): value for name, value in response.headers.items()}
                    number = request_id(named)
                    trip.watch.answered(number, rate_limits(named))
                    self._throttle.note(trip.provider, named)
                    check_coding(named)
                    if response.is_success:
                        body = await self._receive(response, call.n, index, trip)
                    else:
                        body = await _beginning(response)
                    return Answer(response.status_code, named, body)
        except GatewayError as error:
            # Whoever looks there for what was billed needs it most where the answer broke off.
            error.request_id = error.request_id or number
            raise

    async def _receive(self, response: httpx.Response, asked: int, index: int, trip: Trip) -> bytes:
        """The whole body, kept on disk before it is returned, as long as the disk takes it."""
        with await asyncio.to_thread(self._spool.open, trip.job_id, index) as file:

            async def keep(piece: bytes) -> bool:
                trip.receiving()
                file.write(piece)
                if file.size > LARGEST_REPLY:
                    raise BadReply(
                        tr("The provider's reply is larger than {most} MB.", most=LARGEST_REPLY >> 20),
                        tr("Ask for fewer variants or a smaller size. The edit may have been billed."),
                    )
                return True

            if is_event_stream(response.headers.get("content-type", "")):
                show = partial(trip.watch.preview, index)
                await _receive_events(response, keep, asked, show, file.keep)
            else:
                await read_pieces(response, keep)
            return await asyncio.to_thread(file.keep)


async def _receive_events(
    response: httpx.Response,
    keep: Callable[[bytes], Awaitable[bool]],
    asked: int,
    show: Callable[[bytes], object],
    save: Callable[[], object],
) -> None:
    """Keep a stream of events and show its previews, until it ends or everything that was asked for is here.

    Some proxies never close a stream, and neither a line that breaks nor a cancel takes a picture back that has
    arrived: `save` keeps what there is by then.
    """
    import httpx

    parser = EventParser()
    came = 0

    async def take(piece: bytes) -> bool:
        nonlocal came
        await keep(piece)
        events = parser.feed(piece)
        if parser.lines > MOST_LINES:
            raise BadReply(
                tr("The provider's reply has no end."),
                tr("The edit may have been billed. Try again, or turn streaming off."),
            )
        for found in await asyncio.to_thread(_read_all, events) if events else ():
            if found.kind is EventKind.PREVIEW and found.picture is not None:
                show(found.picture)
            came += found.count
            if found.kind in (EventKind.END, EventKind.ERROR) or came >= asked:
                return False
        return True

    try:
        await read_pieces(response, take)
    except httpx.HTTPError:
        if not came:
            raise
    except asyncio.CancelledError:
        if came:
            save()
        raise


def _read_all(events: list[Event]) -> list[Streamed]:
    return [read_event(event) for event in events]


class _Upload:
    """A body in pieces, so that a cancelled task stops sending; knows when the last piece was handed over."""

    def __init__(self, body: bytes, on_left: Callable[[], object]) -> None:
        self._body = body
        self._on_left = on_left
        self.has_left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        last = max(0, len(self._body) - 1) // CHUNK * CHUNK
        for start in range(0, last, CHUNK):
            yield self._body[start : start + CHUNK]
        # Before it is written, not after: what is in the system's hands may arrive, whatever is told then.
        self.has_left = True
        self._on_left()
        yield self._body[last:]


async def _beginning(response: httpx.Response) -> bytes:
    """As much of an error's body as is worth reading, and as has come."""
    import httpx

    body = bytearray()

    async def take(piece: bytes) -> bool:
        body.extend(piece)
        return len(body) <= LARGEST_COMPLAINT

    with contextlib.suppress(httpx.HTTPError):  # The status was clear; the words are a bonus.
        await read_pieces(response, take)
    return bytes(body)
