"""Sends a frozen edit to its provider and brings back what came: the only place where the wire is used.

An edit is paid for and cannot be taken back, so nothing is ever sent a second time from here. Cancelling
the awaiting task closes the connection. What arrives is on disk before it is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from app.base.errors import BadReply, MaskroomError, Refused
from app.base.text import tr
from app.edits.types import EditRequest, EditResult, ReceivedImage, Usage
from app.gateways.addresses import EDITS, endpoint
from app.gateways.connection import CHUNK, authorization, hider, open_client, telling
from app.gateways.decode import LinkedImage, Reply, decode_reply
from app.gateways.download import download_image
from app.gateways.encode import encode
from app.gateways.spool import Spool
from app.gateways.types import HttpCall, Profile

if TYPE_CHECKING:
    import httpx

Transports: TypeAlias = "Callable[[Profile], httpx.AsyncBaseTransport | None]"
"""The transport of a profile; None = the network."""

CALLS_AT_ONCE = 2
LARGEST_REPLY = 256 << 20
LARGEST_COMPLAINT = 1 << 20
PASSING_REFUSALS = frozenset({"policy", "rate_limited"})
"""Refusals of one call that say nothing about the next one."""


class GatewayClient:
    """Sends requests over the transports it was given; keeps replies in `spool_folder` until released."""

    def __init__(self, transports: Transports, spool_folder: Path) -> None:
        self._transports = transports
        self._spool = Spool(spool_folder)

    async def send(
        self,
        request: EditRequest,
        profile: Profile,
        key: str | None,
        *,
        on_receiving: Callable[[], object] = lambda: None,
    ) -> EditResult:
        """Send `request` in as many calls as it takes, at most two at a time, and return all images that came.

        `on_receiving` is called once, when the first byte of a good reply arrives. The replies stay on disk
        until `release(request.id)`. Images that did not come are told in `EditResult.errors`.

        Raises:
            UsageError: the request holds a value that cannot be sent.
            Refused, Unreachable, BadReply: no image came; the error is that of the first call.
            StoreError: the reply cannot be kept.
        """
        calls = await asyncio.to_thread(encode, request, profile)
        trip = _Trip(request.id, key, on_receiving, authorization(key), hider(key))
        outcomes: list[Reply | MaskroomError | None] = [None] * len(calls)
        turns = asyncio.Semaphore(min(CALLS_AT_ONCE, profile.concurrency))

        async def run(index: int, call: HttpCall) -> None:
            async with turns:
                if trip.hopeless:
                    return
                try:
                    outcomes[index] = await self._exchange(client, call, index, trip)
                except MaskroomError as error:
                    outcomes[index] = error
                    trip.hopeless |= isinstance(error, Refused) and error.code not in PASSING_REFUSALS

        async with await self._open(profile) as client, asyncio.TaskGroup() as group:
            for index, call in enumerate(calls):
                group.create_task(run(index, call))
        return _merged(outcomes)

    def release(self, job_id: str) -> None:
        """Forget the replies on disk of a request whose images are stored elsewhere."""
        self._spool.release(job_id)

    def holds_reply(self, job_id: str) -> bool:
        """Whether a whole reply of that request is on disk."""
        return self._spool.holds_reply(job_id)

    async def recover(self, job_id: str, profile: Profile, key: str | None) -> EditResult:
        """The images of replies that came whole before the program ended.

        Images that a reply only points to are downloaded again; nothing is sent.

        Raises:
            GatewayError: there are none, or no usable image is in them.
            StoreError: they cannot be read.
        """
        bodies = await asyncio.to_thread(self._spool.whole_replies, job_id)
        trip = _Trip(job_id, key, lambda: None, authorization(key), hider(key))
        outcomes: list[Reply | MaskroomError | None] = []
        async with await self._open(profile) as client:
            for body in bodies:
                try:
                    reply = await asyncio.to_thread(decode_reply, 200, (), body, hide=trip.hide)
                    url = endpoint(profile.base_url, EDITS)
                    outcomes.append(await self._fetch_links(client, reply, url, trip))
                except MaskroomError as error:
                    outcomes.append(error)
        return _merged(outcomes or [BadReply(tr("No reply was received."))])

    async def _open(self, profile: Profile) -> httpx.AsyncClient:
        return await open_client(profile.base_url, profile.timeout, self._transports(profile))

    async def _exchange(self, client: httpx.AsyncClient, call: HttpCall, index: int, trip: _Trip) -> Reply:
        """One call, from its upload to its images."""
        upload = _Upload(call.body)
        headers = [*call.headers, *trip.headers.items(), ("X-Client-Request-Id", trip.job_id)]
        with telling(call.url, trip.hide, lambda: upload.has_left):
            async with client.stream(call.method, call.url, headers=headers, content=upload) as response:
                if response.is_success:
                    body = await self._receive(response, index, trip)
                else:
                    body = await _beginning(response)
                status, received = response.status_code, response.headers.items()
        reply = await asyncio.to_thread(
            decode_reply,
            status,
            received,
            body,
            asked=call.n,
            seed=call.seed,
            had_key=bool(trip.headers),
            hide=trip.hide,
        )
        return await self._fetch_links(client, reply, call.url, trip)

    async def _receive(self, response: httpx.Response, index: int, trip: _Trip) -> bytes:
        """The whole body, kept on disk before it is returned."""
        with await asyncio.to_thread(self._spool.open, trip.job_id, index) as file:
            async for chunk in response.aiter_bytes(CHUNK):
                trip.receiving()
                file.write(chunk)
                if file.size > LARGEST_REPLY:
                    raise BadReply(
                        tr("The provider's reply is larger than {most} MB.", most=LARGEST_REPLY >> 20),
                        tr("Ask for fewer variants or a smaller size. The edit may have been billed."),
                    )
            return await asyncio.to_thread(file.keep)

    async def _fetch_links(
        self, client: httpx.AsyncClient, reply: Reply, reply_url: str, trip: _Trip
    ) -> Reply:
        """The reply with every picture that it only points to downloaded, since links expire."""
        images: list[ReceivedImage | LinkedImage] = []
        errors: list[MaskroomError] = []
        for image in reply.images:
            if isinstance(image, ReceivedImage):
                images.append(image)
                continue
            try:
                data = await download_image(client, image.url, reply_url, trip.headers, trip.hide)
                images.append(ReceivedImage(data, image.revised_prompt, image.seed))
            except MaskroomError as error:
                errors.append(error)
        if not images:
            errors[0].request_id = reply.request_id
            raise errors[0]
        told = (*reply.errors, *(error.message for error in errors))
        return Reply(tuple(images), reply.request_id, reply.usage, told)


@dataclass(slots=True)
class _Trip:
    """What all calls of one request share while they run."""

    job_id: str
    key: str | None = field(repr=False)
    on_receiving: Callable[[], object]
    headers: dict[str, str] = field(repr=False)
    hide: Callable[[str], str]
    hopeless: bool = False
    """True once a refusal says that no further call can succeed."""
    has_begun: bool = False

    def receiving(self) -> None:
        if not self.has_begun:
            self.has_begun = True
            self.on_receiving()


class _Upload:
    """A body in pieces, so that a cancelled task stops sending; knows when the last piece was handed over."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.has_left = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), CHUNK):
            yield self._body[start : start + CHUNK]
        self.has_left = True


async def _beginning(response: httpx.Response) -> bytes:
    """As much of an error's body as is worth reading."""
    body = bytearray()
    async for chunk in response.aiter_bytes(CHUNK):
        body += chunk
        if len(body) > LARGEST_COMPLAINT:
            break
    return bytes(body)


def _merged(outcomes: list[Reply | MaskroomError | None]) -> EditResult:
    """All images in the order of the calls; the first error where there is none."""
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, MaskroomError)]
    images = tuple(image for reply in replies for image in reply.images if isinstance(image, ReceivedImage))
    if not images:
        raise failures[0]
    sentences = [sentence for reply in replies for sentence in reply.errors]
    sentences += [error.message for error in failures]
    return EditResult(
        images=images,
        request_id=next((reply.request_id for reply in replies if reply.request_id), None),
        usage=_total([reply.usage for reply in replies if reply.usage is not None]),
        errors=tuple(dict.fromkeys(sentences)),
    )


def _total(usages: list[Usage]) -> Usage | None:
    def add(figures: list[int | None]) -> int | None:
        known = [figure for figure in figures if figure is not None]
        return sum(known) if known else None

    if not usages:
        return None
    return Usage(
        add([usage.input_tokens for usage in usages]),
        add([usage.output_tokens for usage in usages]),
        add([usage.total_tokens for usage in usages]),
    )
