"""One open photograph: its document, the form of its next edit, its plan and its candidates.

Lives on the event loop's thread. Array work goes to threads on copies; the answers come back to the loop.
"""

from __future__ import annotations

import asyncio
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from app.base.errors import MaskroomError
from app.base.geometry import Margins, Size
from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr
from app.document.brush import StampCache
from app.document.document import Document
from app.document.extension import source_photograph
from app.document.gestures import GestureRunner
from app.document.layer_changes import with_free_name
from app.document.layers import EditLayer
from app.edits.types import Cost, EditPlan, EditRequest, Missing
from app.gateways.fitting import fit_references
from app.gateways.inspection import inspect_request
from app.gateways.pricing import estimated_cost, total_cost
from app.gateways.types import Transport
from app.imaging.pyramid import Preview
from app.imaging.save import ExportOptions, Saved, save_photograph
from app.session.candidates import Candidate, Candidates, layer_of
from app.session.estimates import Estimator
from app.session.extending import between_canvases, kept_margins
from app.session.form import EditForm
from app.session.judging import Judging
from app.session.kept_tabs import LookedAt
from app.session.layer_work import LayerWork, settled
from app.session.mask_work import MaskWork
from app.session.measuring import Measuring
from app.session.money import Money, OverLimit
from app.session.pipeline import EditPipeline, renumbered
from app.session.planning import Part
from app.session.references import Reference
from app.session.region_hand import RegionHand
from app.session.replanning import Replanning
from app.session.requests import freeze_request
from app.session.selecting import Selecting
from app.session.snapshots import Snapshots
from app.session.source import Origin, Source
from app.session.stepping import Stepping
from app.session.tuning import Tuning
from app.session.verdicts import INVERT_NEXT, mask_warning

MEASURED = "measured"
"""In the place of the id of a request that is only weighed."""


class Stage(enum.Enum):
    """How far the photograph has been opened."""

    OPENING = "opening"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """Where and how the document was exported last."""

    path: Path
    options: ExportOptions


class DocumentSession:
    """A photograph that is being opened, or is open."""

    def __init__(
        self,
        name: str,
        path: Path | None,
        *,
        form: EditForm,
        pipeline: EditPipeline,
        new_request_id: Callable[[], str],
        estimator: Estimator,
        money: Money,
        notices: Notices,
        stamps: StampCache,
    ) -> None:
        self.id = uuid.uuid4().hex
        self.name = name
        self.path = path
        self.form = form
        self.region = RegionHand(form, notices)
        self.measuring = Measuring(self._measure)
        self.candidates = Candidates()
        self.stage = Stage.OPENING
        self.preview: Preview | None = None
        self.size: Size | None = None
        self.source: Source | None = None
        self.document: Document | None = None
        self.gestures: GestureRunner | None = None
        self.mask_work: MaskWork | None = None
        self.selecting: Selecting | None = None
        self.stepping: Stepping | None = None
        self.layers: LayerWork | None = None
        self.tuning: Tuning | None = None
        self.judging: Judging | None = None
        self.export_target: ExportTarget | None = None
        self.file: Path | None = None
        """The document's own file, which it was opened from or saved to."""
        self.snapshots: Snapshots | None = None
        self.view: LookedAt | None = None
        """How it was looked at last; whoever shows it keeps this."""
        self.planning = Replanning(form, self.region, estimator, notices)
        self.is_preparing = False
        self._margins = Margins()
        self.stage_changed: Signal[[]] = Signal()
        self.modified_changed: Signal[[]] = Signal()
        self.preparing_changed: Signal[[]] = Signal()
        self.limit_reached: Signal[[OverLimit]] = Signal()
        """Emitted when Generate held a request back; `generate(over_limit=True)` sends it all the same."""
        self.let_go: Signal[[]] = Signal()
        """Emitted when large arrays that were needed for a while are no longer held."""
        self._pipeline = pipeline
        self._new_request_id = new_request_id
        self._money = money
        self._stamps = stamps
        self._notices = notices
        self._exported_layers: tuple[EditLayer, ...] = ()
        self.region.changed.connect(self._measure_parts)
        self.planning.changed.connect(self._measure_parts)
        self.candidates.changed.connect(self.let_go.emit)

    # Opening

    def show_preview(self, preview: Preview, size: Size) -> None:
        """A quick reduced picture of a photograph of `size` that is still being decoded."""
        self.preview, self.size = preview, size
        self.stage_changed.emit()

    def show_document(self, document: Document, source: Source) -> None:
        """The photograph is decoded: from now on it can be painted on and edited."""
        self.document, self.source, self.size = document, source, document.size
        self.mask_work = MaskWork(document, self._notices)
        self.selecting = Selecting(document, self._notices)
        self.stepping = Stepping(document, self.mask_work.until_free)
        self.layers = LayerWork(document, self.mask_work.until_free)
        self.tuning = Tuning(document, self.candidates, self.layers, self._notices)
        self.judging = Judging(document, self.candidates, self.layers, self._notices)
        self.gestures = GestureRunner(document, self.selecting.order, self._stamps)
        self.snapshots = Snapshots(document)
        self.preview = None
        self.stage = Stage.READY
        document.size_changed.connect(self._follow_canvas)
        document.modified_changed.connect(self.modified_changed.emit)
        self.stage_changed.emit()
        # What is planned of the mask of before is given up when a step begins.
        self.stepping.changed.connect(self.planning.soon)
        self.planning.follow(document, lambda: self.is_stepping)

    def show_failure(self) -> None:
        self.stage = Stage.FAILED
        self.preview = None
        self.stage_changed.emit()

    def _follow_canvas(self) -> None:
        """The canvas became another: all that has a place on it moves along."""
        document = self.document
        if document is None:
            return
        before, self._margins = self._margins, document.margins
        self.size = document.size
        self.candidates.replace_all(
            between_canvases(self.candidates.items, before, document.margins, document.size)
        )
        region = self.form.context.region
        if region is not None:
            dx, dy = document.margins.left - before.left, document.margins.top - before.top
            self.form.set_context(replace(self.form.context, region=region.translated(dx, dy)))
        self.planning.start_again()
        self.stage_changed.emit()

    @property
    def is_modified(self) -> bool:
        """True when something was done since the document was opened or last saved.

        An export holds no layers and no masks, so it changes nothing about that.
        """
        return self.document is not None and not self.document.undo.is_saved

    @property
    def is_drawing(self) -> bool:
        """True while a stroke or another gesture is under way."""
        return self.document is not None and self.document.undo.is_held

    @property
    def is_stepping(self) -> bool:
        """True while a large step is taken back or done again."""
        return self.stepping is not None and self.stepping.is_busy

    @property
    def is_exported(self) -> bool:
        """True when the photograph with just these edits is in a file."""
        return (
            self.export_target is not None
            and self.document is not None
            and self.document.layers == self._exported_layers
        )

    # Planning

    @property
    def plan(self) -> EditPlan | None:
        """Of the request that would be sent first; None while there is nothing to send."""
        return self.planning.plan

    async def planned(self) -> EditPlan | None:
        """The plan of this very moment, made now if something changed since the last one."""
        return await self.planning.settled()

    @property
    def shown_parts(self) -> tuple[Part, ...]:
        """The requests as they are to be seen now, while a region is dragged too."""
        held = self.region.part if self.region.live is not None else None
        return self.planning.requests.parts if held is None else (held,)

    def _measure_parts(self) -> None:
        leaves = self.form.profile.transport is not Transport.IN_PROCESS
        self.measuring.want(self.shown_parts if leaves else ())

    async def _measure(self, part: Part) -> int:
        """The bytes of one call's body."""
        document, profile = self.document, self.form.profile
        if document is None:
            return 0
        request = await self._freeze(part, document, self.form.taken_references(), MEASURED)
        return (await asyncio.to_thread(inspect_request, replace(request, n=1), profile)).body_bytes

    def estimated_cost(self) -> Cost | None:
        """The published price of the next requests; None without a plan, or where nothing is published."""
        form = self.form
        quality = form.taken_values().get("quality")
        return total_cost(
            estimated_cost(form.card, quality, part.plan.size_send, form.variants)
            for part in self.planning.requests.parts
        )

    # Editing

    async def generate(self, *, over_limit: bool = False) -> str | None:
        """Send the next request; returns its id, or None with a notice when there is nothing to send.

        One that would pass the provider's monthly limit is told by `limit_reached` instead, unless
        `over_limit` says that it was asked and answered.
        """
        if self.is_preparing:
            return None
        self.is_preparing = True
        self.preparing_changed.emit()
        try:
            return await self._generate(over_limit)
        except MaskroomError as error:
            self._notices.error(error, topic="generate")
            return None
        finally:
            self.is_preparing = False
            self.preparing_changed.emit()

    async def _generate(self, over_limit: bool) -> str | None:
        if self.document is not None:
            # What is sent is what is painted in the mask for it, and that is what is shown then.
            self.document.end_painting()
        document, source = self.document, self.source
        while True:
            await self.planned()
            if document is None or source is None:
                return None
            parts, margins = self.planning.requests.parts, document.margins
            if not parts:
                self._notices.info(
                    tr("Nothing is painted yet."),
                    tr("Paint over what should change, then press Generate."),
                    topic="generate",
                )
                return None
            cost = self.estimated_cost()
            over = None if over_limit else await self._money.over_limit(self.form.profile, cost)
            if over is not None:
                self.limit_reached.emit(over)
                return None
            await settled(document)
            parents = tuple(layer.result_id for layer in document.layers if layer.visible and layer.result_id)
            references = self.form.taken_references()
            names = tuple(reference.name for reference in references)
            kept = {**self.form.kept(), **kept_margins(margins)}
            origin = Origin(source, partial(source_photograph, document.ground), parents, kept, names)
            # All are frozen before any is sent: they show the photograph of one moment.
            frozen = [
                await self._freeze(part, document, references, self._new_request_id()) for part in parts
            ]
            if document.margins == margins:
                break
            # The canvas became another meanwhile: what was planned stands elsewhere on it.
        deliver = partial(self.deliver, margins)
        for part, request in zip(parts, frozen, strict=True):
            await self._pipeline.submit(request, origin, deliver, expected_seconds=part.seconds)
        self.form.set_inverts_mask(False)
        return frozen[0].id

    async def _freeze(
        self, part: Part, document: Document, references: tuple[Reference, ...], id: str
    ) -> EditRequest:
        sent = tuple(reference.picture for reference in references)
        return freeze_request(
            self.form,
            part.plan,
            await asyncio.to_thread(document.cut, part.plan.region),
            part.mask,
            id=id,
            document_id=self.id,
            document_name=self.name,
            references=await asyncio.to_thread(fit_references, sent, self.form.profile),
        )

    def deliver(self, sent_from: Margins, found: tuple[Candidate, ...], missing: tuple[Missing, ...]) -> None:
        """Put the variants of a request on the strip, and tell why others did not come.

        It was cut from a canvas with the margins `sent_from`.
        """
        if self.document is not None:
            found = between_canvases(found, sent_from, self.document.margins, self.document.size)
        self.candidates.add(renumbered(found, self.candidates.next_number()))
        warning = mask_warning(found, self.form.provider)
        if warning is not None:
            self._notices.warning(*warning, topic="mask", commands=(INVERT_NEXT,))
        if missing:
            reasons = " ".join(dict.fromkeys(each.message for each in missing))
            self._notices.warning(tr("{count} of the images did not come.", count=len(missing)), reasons)

    def apply_candidate(self) -> None:
        """Make the shown candidate a layer, in one undo step; mask and prompt stay for the next try.

        Candidates for the same place have lost and go; those for other places stay.
        """
        candidate = self.candidates.shown
        if candidate is None or self.document is None:
            return
        self.add_layer(candidate)
        self.candidates.settle(candidate)

    def apply_all(self) -> tuple[Candidate, ...]:
        """Make what is chosen for each place a layer of its own, all in one undo step; returns those."""
        chosen = self.candidates.chosen
        if self.document is None or not chosen:
            return ()
        self._add_layers(chosen)
        self.candidates.clear()
        return chosen

    def add_layer(self, candidate: Candidate) -> None:
        """Lay a result on the photograph, in one undo step."""
        self._add_layers((candidate,))

    def _add_layers(self, candidates: tuple[Candidate, ...]) -> None:
        """One step; what is being made of a variant goes on as that of its layer."""
        document, tuning = self.document, self.tuning
        if document is None or tuning is None:
            return
        layers: list[EditLayer] = []
        for candidate in candidates:
            layers.append(with_free_name(layer_of(candidate), (*document.layers, *layers)))
        document.add_layer(*layers)
        for candidate, layer in zip(candidates, layers, strict=True):
            tuning.hand_on(candidate.result_id, layer.id)

    def discard_candidate(self) -> None:
        """Take the shown candidate off the strip; it stays in the history."""
        if self.candidates.selected is not None:
            self.candidates.discard(self.candidates.selected)

    # Exporting

    async def export(self, path: Path, options: ExportOptions) -> Saved:
        """Write the photograph with its visible edits, at its own size.

        Raises:
            OutputError: it cannot be written there; an existing file is as it was.
        """
        document = self.document
        if document is None:
            raise RuntimeError("exported before it was opened")
        layers = document.layers
        photograph = await asyncio.to_thread(document.flatten_photograph)
        saved = await asyncio.to_thread(save_photograph, photograph, path, options)
        self.export_target = ExportTarget(path, options)
        self._exported_layers = layers
        del photograph
        self.let_go.emit()
        return saved

    def retire(self) -> None:
        """The tab is closed: stop planning. Requests run on; their results go to the history."""
        self.planning.cancel()
        if self.snapshots is not None:
            self.snapshots.detach()
        if self.mask_work is not None:
            self.mask_work.cancel()
        if self.selecting is not None:
            self.selecting.cancel()
        if self.tuning is not None:
            self.tuning.cancel()
        if self.judging is not None:
            self.judging.cancel()

    async def aclose(self) -> None:
        """Retire, and wait for the threads that are still planning, selecting or working on a mask."""
        self.retire()
        if self.selecting is not None:
            await self.selecting.aclose()
        await self.planning.aclose()
        await self.measuring.aclose()
        if self.mask_work is not None:
            await self.mask_work.aclose()
        if self.stepping is not None:
            await self.stepping.aclose()
        if self.tuning is not None:
            await self.tuning.aclose()
        if self.judging is not None:
            await self.judging.aclose()
