"""The road of one edit: store the request, send it, store what arrives, bring it to the document's scale.

Everything here works on the frozen request; no document is touched. What was received is on disk before
anybody is told of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import asdict, replace

from app.base.errors import BadReply, InternalError, MaskroomError, PhotographError, StoreError
from app.base.geometry import Size
from app.base.signal import Signal
from app.base.states import JobState
from app.base.text import tr
from app.edits.types import Cost, EditRequest, EditResult, Missing, Patch, ReceivedImage, Usage
from app.gateways.client import GatewayClient
from app.gateways.exchange import Watch
from app.gateways.pricing import actual_cost
from app.gateways.types import Profile, Transport
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryResult
from app.imaging.arrays import as_u8
from app.imaging.blend import alpha_inside, blend
from app.imaging.codecs import thumbnail
from app.imaging.load import probe
from app.jobs.types import Job
from app.jobs.worker import JobControl, RequestWorker
from app.session.candidates import Candidate
from app.session.money import expected_cost
from app.session.placing import placed
from app.session.progress import ProgressHub
from app.session.records import store_request
from app.session.source import Origin
from app.settings.secrets import Secrets

log = logging.getLogger(__name__)

THUMBNAIL = Size(320, 320)
HOLD_SECONDS, HOLD_PAUSE = 600.0, 2.0
"""How long an image that no disk takes is held in memory, and the seconds between two attempts to store it."""

PLACED_AT_ONCE = min(2, max(1, (os.cpu_count() or 1) - 1))
"""Received images that are brought to the photograph's scale at the same time: each keeps a processor busy, and
the window's thread has to come round to its events beside them."""

Deliver = Callable[[tuple[Candidate, ...], tuple[Missing, ...]], object]
"""Takes the candidates of a request, and why others did not come."""


class EditPipeline:
    """Carries requests from the moment they are frozen to their candidates."""

    def __init__(
        self,
        *,
        history: HistoryStore,
        worker: RequestWorker,
        gateway: GatewayClient,
        find_profile: Callable[[str], Profile],
        secrets: Secrets,
        progress: ProgressHub,
        warm_up: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`warm_up` loads what a request needs; it is called in a thread, before each."""
        self._history = history
        self._worker = worker
        self._gateway = gateway
        self._find_profile = find_profile
        self._secrets = secrets
        self._progress = progress
        self._warm_up = warm_up
        self._clock = clock
        self._placing = asyncio.Semaphore(PLACED_AT_ONCE)
        self._waiting: set[str] = set()
        self._writes: set[asyncio.Task[None]] = set()
        worker.changed.connect(self._write_early_cancel)
        self.entry_changed: Signal[[str]] = Signal()
        """Emitted with an entry's id whenever its row in the history changed."""
        self.held: Signal[[StoreError]] = Signal()
        """Emitted, again and again, while received images cannot be stored and are in memory only."""
        self.preview: Signal[[str, bytes]] = Signal()
        """Emitted with an entry's id and an encoded picture of what its images look like so far."""

    async def submit(
        self,
        request: EditRequest,
        origin: Origin,
        deliver: Deliver,
        *,
        expected_seconds: float | None = None,
    ) -> Job:
        """Write the request to the history, then queue it.

        Raises:
            StoreError: the history cannot be written; nothing was queued.
        """
        expected = expected_cost(request, self._find_profile(request.provider))
        await asyncio.to_thread(store_request, self._history, request, origin, expected)
        self.entry_changed.emit(request.id)

        async def run(control: JobControl) -> None:
            self._waiting.discard(request.id)
            await self._run(request, control, deliver)

        self._waiting.add(request.id)
        return self._worker.submit(
            request.id,
            request.provider,
            request.document_id,
            request.prompt or request.document_name,
            expected_seconds,
            run,
            (expected.amount, expected.currency) if expected is not None else None,
        )

    def holds_reply(self, id: str) -> bool:
        """Whether something of a reply to that request is on disk, which the history has not taken in."""
        return self._gateway.holds_anything(id)

    def may_bill(self, provider: str) -> bool:
        """Whether a provider is another's, who may ask money; one that is not set up any more may."""
        try:
            return self._find_profile(provider).transport is Transport.HTTP
        except MaskroomError:
            return True

    def forget_reply(self, id: str) -> None:
        """Delete what is on disk of a reply that nobody will take in."""
        self._gateway.release(id)

    async def recover(self, request: EditRequest, entry: HistoryEntry) -> None:
        """Take in the replies that came whole before the program ended.

        Raises:
            GatewayError, PhotographError: no usable image is in them.
            MaskroomError: they cannot be taken in now.
        """
        result = await self._take_in(request, entry)
        first = entry.request_ids[0] if entry.request_ids else None
        await self._set_state(
            request.id, JobState.DONE, request_id=result.request_id or first, usage=result.usage
        )

    async def complete(self, request: EditRequest, entry: HistoryEntry) -> None:
        """Finish an entry that has all its results, and whose program was killed before it could say so.

        Raises:
            MaskroomError: not now.
        """
        for row in entry.results:
            if row.thumbnail_sha256 is None:
                data = await asyncio.to_thread(self._history.read_file, row.received_sha256)
                image = ReceivedImage(data, row.revised_prompt, row.seed)
                with contextlib.suppress(PhotographError):  # Kept as it arrived, although nobody can show it.
                    await asyncio.to_thread(self._candidate, request, image, row)
        await self._set_state(request.id, JobState.DONE)

    async def _take_in(self, request: EditRequest, entry: HistoryEntry) -> EditResult:
        """Make results of the whole replies on disk. Raises as `recover`."""
        profile = self._find_profile(request.provider)
        result = await self._gateway.recover(request.id, profile, await self._key(profile))
        rows = await asyncio.to_thread(self._store_result, request, result, entry.results)
        await asyncio.to_thread(self._gateway.release, request.id)
        await self._place(request, result, rows)
        return result

    async def _key(self, profile: Profile) -> str | None:
        return await self._secrets.get(profile.name) if profile.needs_key else None

    async def aclose(self) -> None:
        """Wait for what is still being written."""
        if self._writes:
            await asyncio.wait(self._writes)

    def _write_early_cancel(self, job: Job) -> None:
        """A request that is cancelled before its turn never runs, so its end is written here."""
        if job.state is JobState.CANCELLED and job.id in self._waiting:
            self._waiting.discard(job.id)
            self._in_background(self._cancelled_early(job.id))

    async def _cancelled_early(self, id: str) -> None:
        # What stays "queued" is taken up by the next start, as something that was not sent.
        with _forgiven(id):
            await self._set_state(id, JobState.CANCELLED)

    def _in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Work that `aclose` waits for, whoever else still does."""
        task = asyncio.create_task(work)
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return task

    async def _run(self, request: EditRequest, control: JobControl, deliver: Deliver) -> None:
        started = self._clock()
        try:
            await self._set_state(request.id, JobState.RUNNING)
            result = await self._exchange(request, control)
            rows = await self._stored(request, result)
            await asyncio.to_thread(self._gateway.release, request.id)
            self.entry_changed.emit(request.id)
            candidates, missing = await self._place(request, result, rows)
            with _forgiven(request.id):
                await self._set_state(
                    request.id,
                    JobState.DONE,
                    seconds=self._clock() - started,
                    request_id=result.request_id,
                    usage=result.usage,
                )
        except asyncio.CancelledError:
            await asyncio.shield(self._in_background(self._wind_up(request)))
            raise
        except StoreError as error:
            if not self._gateway.holds_reply(request.id):
                await self._fail(request.id, error, started)
                raise
            # It may have been paid for: its entry stays unfinished, and the next start takes the reply in.
            raise StoreError(
                error.message,
                tr("The reply is kept. Mend this and start Maskroom again: it is taken in then."),
                details=error.details,
            ) from error
        except Exception as error:
            self._gateway.release(request.id)
            told = error if isinstance(error, MaskroomError) else InternalError(tr("The edit failed."))
            await self._fail(request.id, told, started)
            raise
        deliver(candidates, (*result.errors, *missing))

    async def _stored(self, request: EditRequest, result: EditResult) -> tuple[HistoryResult, ...]:
        """Write every received image to the history.

        Where the disk refuses them and the spool has not got them either, they are held in memory and tried again
        for a while, since they are paid for. Raises StoreError.
        """
        end, known = self._clock() + HOLD_SECONDS, tuple[HistoryResult, ...]()
        while True:
            try:
                return await asyncio.to_thread(self._store_result, request, result, known)
            except StoreError as error:
                if self._gateway.holds_reply(request.id) or self._clock() > end:
                    raise
                self.held.emit(error)
            await asyncio.sleep(HOLD_PAUSE)
            with contextlib.suppress(StoreError):
                known = (await asyncio.to_thread(self._history.get, request.id)).results

    async def _wind_up(self, request: EditRequest) -> None:
        """After a cancel: replies that had come whole were paid for and are kept as results."""
        if self._gateway.holds_reply(request.id):
            try:
                entry = await asyncio.to_thread(self._history.get, request.id)
                await self._take_in(request, entry)
            except StoreError as error:
                log.warning("the reply to %s waits: %s %s", request.id, error.message, error.details)
                return
            except MaskroomError as error:
                log.info("the reply to %s is of no use: %s %s", request.id, error.message, error.details)
        self._gateway.release(request.id)
        await self._set_state(request.id, JobState.CANCELLED)

    async def _fail(self, id: str, error: MaskroomError, started: float) -> None:
        await self._set_state(id, JobState.FAILED, error=error, seconds=self._clock() - started)

    async def _exchange(self, request: EditRequest, control: JobControl) -> EditResult:
        # The libraries of the wire take a while to load, which the window's thread cannot spare.
        await asyncio.to_thread(self._warm_up)
        profile = self._find_profile(request.provider)
        key = await self._key(profile)
        receiving: list[asyncio.Task[None]] = []

        def on_receiving() -> None:
            control.receiving()
            receiving.append(asyncio.ensure_future(self._set_state(request.id, JobState.RECEIVING)))

        watch = Watch(
            waiting=control.waiting,
            answered=control.answered,
            receiving=on_receiving,
            preview=lambda call, picture: self.preview.emit(request.id, picture),
        )
        if profile.transport is Transport.HTTP:
            watch = replace(watch, sent=control.sent)
        self._progress.listen(request.id, control.progress)
        try:
            return await self._gateway.send(request, profile, key, watch)
        finally:
            self._progress.forget(request.id)
            with _forgiven(request.id):
                await asyncio.gather(*receiving)

    def _store_result(
        self, request: EditRequest, result: EditResult, stored: tuple[HistoryResult, ...] = ()
    ) -> tuple[HistoryResult, ...]:
        """Write every received image to the history; those in `stored` are there already."""
        price = self._price_of_each(request, result)
        rows = []
        for index, image in enumerate(result.images):
            width, height, media_type = _describe(image)
            row = HistoryResult(
                id=f"{request.id}-{index + 1}",
                entry_id=request.id,
                index=index,
                received_sha256=self._history.put_file(image.data),
                width=width,
                height=height,
                media_type=media_type,
                revised_prompt=image.revised_prompt,
                seed=image.seed,
                cost_amount=price.amount if price else None,
                cost_currency=price.currency if price else None,
                cost_estimated=price.estimated if price else True,
            )
            if row.id not in {known.id for known in stored}:
                self._history.add_result(row)
            rows.append(row)
        return tuple(rows)

    def _price_of_each(self, request: EditRequest, result: EditResult) -> Cost | None:
        """By the provider's own figures, shared among the images; else the published price of one."""
        profile = self._find_profile(request.provider)
        card = profile.card(request.model)
        actual = actual_cost(card, result.usage, profile.cost_report)
        if actual is None:
            return card.price_at(request.parameters.get("quality"), request.plan.size_send)
        return replace(actual, amount=actual.amount / len(result.images))

    async def _place(
        self, request: EditRequest, result: EditResult, rows: tuple[HistoryResult, ...]
    ) -> tuple[tuple[Candidate, ...], tuple[Missing, ...]]:
        candidates: list[Candidate] = []
        missing: list[Missing] = []
        for image, row in zip(result.images, rows, strict=True):
            try:
                async with self._placing:
                    candidate = await asyncio.to_thread(self._candidate, request, image, row)
            except PhotographError as error:
                sentence = tr("Image {number} cannot be read.", number=row.index + 1)
                missing.append(Missing(sentence, request_id=result.request_id))
                if len(result.images) == len(missing):
                    raise BadReply(
                        tr("The provider's reply is no usable image."),
                        tr("It is kept in the history as it arrived. Try again, or another model."),
                        details=error.message,
                        request_id=result.request_id,
                    ) from error
                continue
            candidates.append(candidate)
        return tuple(candidates), tuple(missing)

    def _candidate(self, request: EditRequest, image: ReceivedImage, row: HistoryResult) -> Candidate:
        candidate = placed(request, row, image.data, judged=True)
        small = encode_thumbnail(request, candidate.patch)
        with _forgiven(row.id):
            self._history.update_result(
                row.id,
                thumbnail_sha256=self._history.put_file(small),
                outside_changed_pixels=candidate.report.outside_changed_pixels,
                leak=candidate.report.leak,
            )
        return candidate

    async def _set_state(
        self,
        id: str,
        state: JobState,
        *,
        error: MaskroomError | None = None,
        seconds: float | None = None,
        request_id: str | None = None,
        usage: Usage | None = None,
    ) -> None:
        job = self._worker.job(id)
        await asyncio.to_thread(
            self._history.set_state,
            id,
            state,
            error=error,
            seconds=seconds,
            request_id=request_id,
            request_ids=job.request_ids if job else (),
            rate_limits=job.rate_limits if job else None,
            usage=None if usage is None else asdict(usage),
        )
        self.entry_changed.emit(id)


@contextlib.contextmanager
def _forgiven(id: str) -> Iterator[None]:
    """What only describes what is stored already may fail: the next start puts it right."""
    try:
        yield
    except StoreError as error:
        log.warning("%s is not described: %s %s", id, error.message, error.details)


def encode_thumbnail(request: EditRequest, patch: Patch) -> bytes:
    """A small PNG of the composite around the mask, for lists."""
    base = request.picture[..., :3]
    blended = as_u8(blend(base, patch.pixels, alpha_inside(patch.coverage, patch.recipe.feather)))
    focus = request.plan.mask_bounds.relative_to(request.plan.region)
    margin = max(focus.width, focus.height, 32) // 3
    rows, columns = focus.expanded(margin).intersected(request.plan.region.size.rect).slices
    return thumbnail(blended[rows, columns], THUMBNAIL)


def renumbered(candidates: tuple[Candidate, ...], first: int) -> tuple[Candidate, ...]:
    """The same candidates numbered from `first` on, for a strip that already holds some."""
    return tuple(replace(c, number=first + i) for i, c in enumerate(candidates))


def _describe(image: ReceivedImage) -> tuple[int, int, str]:
    try:
        info = probe(image.data)
    except PhotographError:
        return 0, 0, "application/octet-stream"
    return info.size.width, info.size.height, f"image/{info.format.lower()}"
