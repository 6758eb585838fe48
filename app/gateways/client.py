"""Sends a frozen edit to its provider and brings back what came: the only place where the wire is used.

An edit is paid for and cannot be taken back, so nothing that may have been worked on is sent a second time.
Cancelling the awaiting task closes the connection. What arrives is on disk before it is looked at.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from app.base.errors import BadReply, MaskroomError, Refused
from app.base.text import tr
from app.edits.types import EditRequest, EditResult, Missing, ReceivedImage, Usage
from app.gateways.addresses import EDITS, endpoint
from app.gateways.connection import Certificates, authorization, hider, open_client
from app.gateways.decode import LinkedImage, Reply, decode_reply
from app.gateways.download import download_image
from app.gateways.encode import encode
from app.gateways.exchange import Exchange, Sleep, Trip, Watch
from app.gateways.picture_data import picture_size
from app.gateways.spool import Spool
from app.gateways.throttle import Throttle
from app.gateways.types import HttpCall, Profile, Transport

if TYPE_CHECKING:
    import httpx

Transports: TypeAlias = "Callable[[Profile], httpx.AsyncBaseTransport | None]"
"""The transport of a profile; None = the network."""

_Figure = TypeVar("_Figure", int, float)

CALLS_AT_ONCE = 2
PASSING_REFUSALS = frozenset({"policy", "rate_limited"})
"""Refusals of one call that say nothing about the next one."""


class GatewayClient:
    """Sends requests over the transports it was given; keeps replies in `spool_folder` until released."""

    def __init__(
        self,
        transports: Transports,
        spool_folder: Path,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._throttle = Throttle(clock)
        self._transports = transports
        self._spool = Spool(spool_folder)
        self._sleep = sleep
        self._clock = clock
        self._trusted = Certificates()

    async def send(
        self, request: EditRequest, profile: Profile, key: str | None, watch: Watch = Watch()
    ) -> EditResult:
        """Send `request` in as many calls as it takes, at most two at a time, and return all images that came.

        `watch` is told how it goes. The replies stay on disk until `release(request.id)`. Images that did
        not come are told in `EditResult.errors`.

        Raises:
            UsageError: the request holds a value that cannot be sent.
            Refused, Unreachable, BadReply: no image came; the error is that of the first call.
        """
        calls = await asyncio.to_thread(encode, request, profile)
        trip = Trip(request.id, profile.name, watch, authorization(key), hider(key))
        outcomes: list[Reply | MaskroomError | None] = [None] * len(calls)
        turns = asyncio.Semaphore(min(CALLS_AT_ONCE, profile.concurrency))

        async def run(index: int, call: HttpCall) -> None:
            async with turns:
                if trip.hopeless:
                    return
                try:
                    outcomes[index] = await self._call(client, call, index, trip, profile)
                except MaskroomError as error:
                    outcomes[index] = error
                    trip.hopeless |= isinstance(error, Refused) and error.code not in PASSING_REFUSALS

        async with await self._open(profile, request.model) as client, asyncio.TaskGroup() as group:
            for index, call in enumerate(calls):
                group.create_task(run(index, call))
        return _merged(outcomes)

    def release(self, job_id: str) -> None:
        """Forget the replies on disk of a request whose images are stored elsewhere."""
        self._spool.release(job_id)

    def holds_reply(self, job_id: str) -> bool:
        """Whether a whole reply of that request is on disk."""
        return self._spool.holds_reply(job_id)

    def holds_anything(self, job_id: str) -> bool:
        """Whether anything of a reply to that request is on disk; `recover` tells what it is worth."""
        return self._spool.holds_anything(job_id)

    async def recover(self, job_id: str, profile: Profile, key: str | None) -> EditResult:
        """The images of replies that came before the program ended.

        A reply that was not yet known to be whole counts as far as it can be read: whole JSON, and of a stream
        whatever was finished. Images that a reply only points to are downloaded again; nothing is sent.

        Raises:
            GatewayError: there are none, or no usable image is in them.
            StoreError: they cannot be read.
        """
        bodies = await asyncio.to_thread(self._spool.bodies, job_id)
        trip = Trip(job_id, profile.name, Watch(), authorization(key), hider(key))
        outcomes: list[Reply | MaskroomError | None] = []
        async with await self._open(profile, "") as client:
            for body, is_whole in bodies:
                if not is_whole and picture_size(body) is not None:
                    continue  # A bare picture does not tell where it ends.
                try:
                    reply = await asyncio.to_thread(
                        decode_reply, 200, (), body, hide=trip.hide, report=profile.cost_report
                    )
                    url = endpoint(profile.base_url, EDITS)
                    outcomes.append(await self._fetch_links(client, reply, url, trip))
                except MaskroomError as error:
                    outcomes.append(error)
        return _merged(outcomes or [BadReply(tr("No reply was received."))])

    async def _open(self, profile: Profile, model: str) -> httpx.AsyncClient:
        return await open_client(
            profile.base_url, profile.patience(model), self._transports(profile), self._trusted
        )

    async def _call(
        self, client: httpx.AsyncClient, call: HttpCall, index: int, trip: Trip, profile: Profile
    ) -> Reply:
        """One call, from its upload to its images."""
        answer = await Exchange(client, self._spool, self._throttle, self._sleep, self._clock).carry(
            call, index, trip
        )
        reply = await asyncio.to_thread(
            decode_reply,
            answer.status,
            answer.headers.items(),
            answer.body,
            asked=call.n,
            seed=call.seed,
            had_key=bool(trip.authorization),
            hide=trip.hide,
            here=profile.transport is Transport.IN_PROCESS,
            sent_urls=call.sends_urls,
            report=profile.cost_report,
            clock=self._clock,
        )
        return await self._fetch_links(client, reply, call.url, trip)

    async def _fetch_links(
        self, client: httpx.AsyncClient, reply: Reply, reply_url: str, trip: Trip
    ) -> Reply:
        """The reply with every picture that it only points to downloaded, since links expire."""
        images: list[ReceivedImage | LinkedImage] = []
        errors: list[MaskroomError] = []
        for image in reply.images:
            if isinstance(image, ReceivedImage):
                images.append(image)
                continue
            try:
                data = await download_image(client, image.url, reply_url, trip.authorization, trip.hide)
                images.append(ReceivedImage(data, image.revised_prompt, image.seed))
            except MaskroomError as error:
                errors.append(error)
        if not images:
            errors[0].request_id = reply.request_id
            raise errors[0]
        told = (*reply.errors, *(error.message for error in errors))
        return Reply(tuple(images), reply.request_id, reply.usage, told)


def _merged(outcomes: list[Reply | MaskroomError | None]) -> EditResult:
    """All images in the order of the calls; the first error where there is none."""
    replies = [outcome for outcome in outcomes if isinstance(outcome, Reply)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, MaskroomError)]
    images = tuple(image for reply in replies for image in reply.images if isinstance(image, ReceivedImage))
    if not images:
        raise failures[0]
    missing = [
        Missing(sentence, request_id=reply.request_id) for reply in replies for sentence in reply.errors
    ]
    missing += [Missing(error.message, error.hint, error.code, error.request_id) for error in failures]
    return EditResult(
        images=images,
        request_id=next((reply.request_id for reply in replies if reply.request_id), None),
        usage=_total([reply.usage for reply in replies]),
        errors=tuple(missing),
    )


def _total(told: list[Usage | None]) -> Usage | None:
    """The sum over all replies; None where one of them does not tell, for that would be too little."""

    def add(figures: Iterable[_Figure | None]) -> _Figure | None:
        known = [figure for figure in figures if figure is not None]
        return sum(known[1:], known[0]) if known else None

    usages = [usage for usage in told if usage is not None]
    if not usages or len(usages) < len(told):
        return None
    return Usage(
        input_tokens=add(usage.input_tokens for usage in usages),
        output_tokens=add(usage.output_tokens for usage in usages),
        total_tokens=add(usage.total_tokens for usage in usages),
        input_text_tokens=add(usage.input_text_tokens for usage in usages),
        input_image_tokens=add(usage.input_image_tokens for usage in usages),
        cost=add(usage.cost for usage in usages),
    )
