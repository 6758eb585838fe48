"""How a result is put back, changed after it arrived: of the variant that is shown, or of the selected layer.

What is cheap (softness, opacity, mode) is done at once; what has to be made anew of the reply is made in a thread,
and the newest wish wins. Nothing is sent. Lives on the event loop's thread.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import numpy as np

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import MaskroomError
from app.base.notices import Notices
from app.base.signal import Signal
from app.base.text import tr
from app.document.document import Document
from app.document.layer_changes import with_layer
from app.document.layers import EditLayer, LayerSource
from app.edits.alignment import Aligned, align
from app.edits.composite import compose, own_coverage
from app.edits.types import Patch
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.imaging.recipe import BlendMode, Recipe
from app.session.candidates import Candidate, Candidates
from app.session.layer_work import LayerWork

REST = 0.12
"""Seconds of rest after a change before a result is made anew, so that a slider that is dragged makes it once."""


@dataclass(frozen=True, slots=True)
class Look:
    """All that can be tuned."""

    recipe: Recipe = Recipe()
    opacity: float = 1.0
    mode: BlendMode = BlendMode.NORMAL


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What is tuned, as it is at one moment."""

    id: str
    name: str
    look: Look
    pixels: U8
    coverage: U8
    painted: U8
    """The mask before it was grown."""
    source: LayerSource | None
    """None: it cannot be made anew."""
    is_layer: bool


def subject_of(thing: Candidate | EditLayer) -> Subject:
    """What there is to tune of a variant or a layer."""
    if isinstance(thing, EditLayer):
        look = Look(thing.recipe, thing.opacity, thing.mode)
        return Subject(
            thing.id, thing.name, look, thing.pixels, thing.coverage, thing.painted, thing.source, True
        )
    patch, source = thing.patch, thing.source
    return Subject(
        thing.result_id,
        tr("Variant {n}", n=thing.number),
        Look(patch.recipe, patch.opacity, patch.mode),
        patch.pixels,
        patch.coverage,
        patch.coverage if source is None else source.coverage,
        source,
        False,
    )


class Tuning:
    """The settings of what is in front: the shown variant, else the selected layer."""

    def __init__(
        self, document: Document, candidates: Candidates, layers: LayerWork, notices: Notices
    ) -> None:
        self.changed: Signal[[]] = Signal()
        """Emitted when there is another subject, its look changed, or work on it began or ended."""
        self._document = document
        self._candidates = candidates
        self._layers = layers
        self._notices = notices
        self._wished: dict[str, tuple[Recipe, CancelToken]] = {}
        """By id, what is being made."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._decoded: tuple[LayerSource, U8, Aligned] | None = None
        """What was last made anew, decoded and aligned."""
        for signal in (candidates.changed, layers.changed, document.layers_changed, document.masks_changed):
            signal.connect(self.changed.emit)

    @property
    def subject(self) -> Subject | None:
        """What is tuned; None where there is neither a variant nor a layer."""
        thing = self._candidates.shown or self._layers.selected
        return None if thing is None else subject_of(thing)

    @property
    def look(self) -> Look:
        """How it is to look, also while it is still being made so."""
        subject = self.subject
        if subject is None:
            return Look()
        wished = self._wished.get(subject.id)
        return subject.look if wished is None else replace(subject.look, recipe=wished[0])

    @property
    def is_busy(self) -> bool:
        """True while the subject is being made anew."""
        subject = self.subject
        return subject is not None and subject.id in self._wished

    @property
    def is_painted(self) -> bool:
        """True while the subject's own mask is being painted: it cannot be grown then."""
        painted, subject = self._document.painted_layer, self.subject
        return painted is not None and subject is not None and painted.id == subject.id

    # Changes

    def set_opacity(self, opacity: float) -> None:
        """0–1."""
        subject = self.subject
        if subject is not None and not self._document.undo.is_held:
            self._put(subject, replace(subject.look, opacity=min(max(opacity, 0.0), 1.0)), "opacity")

    def set_mode(self, mode: BlendMode) -> None:
        subject = self.subject
        if subject is not None and not self._document.undo.is_held:
            self._put(subject, replace(subject.look, mode=mode), "mode")

    def set_recipe(self, recipe: Recipe) -> None:
        """Have the subject made by another recipe; what was being made of it is overtaken."""
        subject = self.subject
        if subject is None or recipe == self.look.recipe or self._document.undo.is_held:
            return
        self._drop(subject.id)
        softer = replace(subject.look.recipe, feather=recipe.feather)
        if softer != subject.look.recipe:
            self._put(subject, replace(subject.look, recipe=softer), "feather")
        if recipe != softer:
            self._start(subject.id, softer, recipe)
        self.changed.emit()

    def hand_on(self, from_id: str, to_id: str) -> None:
        """A variant became a layer: what was being made of it is made of the layer."""
        self.take_up(to_id, self.let_go(from_id))

    def let_go(self, id: str) -> Recipe | None:
        """Make nothing more of a variant or a layer; returns what was being made of it, for `take_up`."""
        recipe, _ = self._wished.get(id, (None, None))
        self._drop(id)
        return recipe

    def take_up(self, id: str, recipe: Recipe | None) -> None:
        """Have a layer made by another recipe than it was so far."""
        layer = self._find(id)
        if recipe is not None and layer is not None and recipe != layer.look.recipe:
            self._start(id, layer.look.recipe, recipe)
            self.changed.emit()

    def _start(self, id: str, before: Recipe, recipe: Recipe) -> None:
        cancel = CancelToken()
        self._wished[id] = recipe, cancel
        task = asyncio.get_running_loop().create_task(self._make(id, before, recipe, cancel))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def cancel(self) -> None:
        """Make nothing more."""
        for id in list(self._wished):
            self._drop(id)

    async def aclose(self) -> None:
        """Cancel, and wait for the threads."""
        self.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _drop(self, id: str) -> None:
        wished = self._wished.pop(id, None)
        if wished is not None:
            wished[1].cancel()

    # Making anew

    async def _make(self, id: str, before: Recipe, recipe: Recipe, cancel: CancelToken) -> None:
        try:
            await self._make_steps(id, before, recipe, cancel)
        except Cancelled:
            return
        except MaskroomError as error:
            self._notices.error(error, topic="tuning")
        finally:
            if self._wished.get(id) == (recipe, cancel):
                del self._wished[id]
                self.changed.emit()

    async def _make_steps(self, id: str, before: Recipe, recipe: Recipe, cancel: CancelToken) -> None:
        """The mask first, which is quick and seen at once; then, after a rest, the pixels."""
        # A number that is being typed or dragged changes many times within one turn of the loop.
        await asyncio.sleep(0)
        subject = self._find(id)
        if subject is None or not _is_made_alike(subject.look.recipe, before):
            return
        field = _field(subject.look.recipe, recipe)
        if subject.look.recipe.grow != recipe.grow:
            coverage = await asyncio.to_thread(own_coverage, subject.painted, recipe, cancel)
            grown = replace(subject.look.recipe, grow=recipe.grow)
            subject = await self._put_made(subject, grown, subject.pixels, coverage, field, cancel)
            if subject is None:
                return
        source = subject.source
        if source is None:
            return
        await asyncio.sleep(REST)
        cancel.check()
        patch = await asyncio.to_thread(self._composed, source, subject.painted, recipe, cancel)
        same = await asyncio.to_thread(np.array_equal, patch.pixels, subject.pixels)
        pixels = subject.pixels if same else patch.pixels
        coverage = patch.coverage if recipe.grow else subject.coverage
        await self._put_made(subject, recipe, pixels, coverage, field, cancel)

    def _composed(self, source: LayerSource, mask: U8, recipe: Recipe, cancel: CancelToken) -> Patch:
        """Runs in a thread."""
        kept = self._decoded
        if kept is None or kept[0] is not source:
            reply = decode_picture(source.reply)
            kept = self._decoded = source, reply, align(source, reply, recipe.align, cancel)
        cancel.check()
        _source, reply, aligned = kept
        if aligned.mode is not recipe.align:
            aligned = align(source, reply, recipe.align, cancel)
            self._decoded = source, reply, aligned
        return compose(source, reply, mask, recipe, cancel, aligned=aligned)

    async def _put_made(
        self, made_of: Subject, recipe: Recipe, pixels: U8, coverage: U8, field: str, cancel: CancelToken
    ) -> Subject | None:
        """Put in what was made, if nobody wants another thing by now; the subject as it is then."""
        await self._layers.until_free()
        cancel.check()
        now = self._find(made_of.id)
        if now is None or not _is_made_alike(now.look.recipe, made_of.look.recipe):
            # It was undone, or is gone.
            return None
        if now.painted is not made_of.painted:
            if recipe.grow:
                return None
            # Painting went on meanwhile: what is covered is what is painted.
            coverage = now.coverage
        look = replace(now.look, recipe=replace(recipe, feather=now.look.recipe.feather))
        self._put(now, look, field, pixels, coverage)
        return self._find(made_of.id)

    def _find(self, id: str) -> Subject | None:
        things: tuple[Candidate | EditLayer, ...] = (*self._candidates.items, *self._document.layers)
        return next((found for found in map(subject_of, things) if found.id == id), None)

    def _put(
        self, subject: Subject, look: Look, field: str, pixels: U8 | None = None, coverage: U8 | None = None
    ) -> None:
        pixels = subject.pixels if pixels is None else pixels
        coverage = subject.coverage if coverage is None else coverage
        if look == subject.look and pixels is subject.pixels and coverage is subject.coverage:
            return
        if not subject.is_layer:
            self._put_candidate(subject.id, look, pixels, coverage)
            return
        document = self._document
        layer = next(layer for layer in document.layers if layer.id == subject.id)
        changed = replace(
            layer,
            pixels=pixels,
            coverage=coverage,
            recipe=look.recipe,
            opacity=look.opacity,
            mode=look.mode,
            mask=layer.painted if look.recipe.grow else None,
        )
        title = tr("{what} of “{name}”", what=_titles()[field], name=layer.name)
        layers = with_layer(document.layers, changed)
        document.change_layers(layers, title, series=f"{layer.id} {field}")

    def _put_candidate(self, id: str, look: Look, pixels: U8, coverage: U8) -> None:
        for candidate in self._candidates.items:
            if candidate.result_id == id:
                patch = replace(
                    candidate.patch,
                    pixels=pixels,
                    coverage=coverage,
                    recipe=look.recipe,
                    opacity=look.opacity,
                    mode=look.mode,
                )
                self._candidates.put(replace(candidate, patch=patch))


def _is_made_alike(one: Recipe, other: Recipe) -> bool:
    """Whether two recipes give the same pixels and coverage; softness is left to whoever lays them down."""
    return replace(one, feather=other.feather) == other


def _field(before: Recipe, after: Recipe) -> str:
    """The setting that became another one."""
    names = ("align", "colour", "detail", "grow")
    return next((name for name in names if getattr(before, name) != getattr(after, name)), "feather")


def _titles() -> dict[str, str]:
    return {
        "opacity": tr("Opacity"),
        "mode": tr("Blend mode"),
        "feather": tr("Feather"),
        "grow": tr("Grow"),
        "align": tr("Alignment"),
        "colour": tr("Colour match"),
        "detail": tr("Detail"),
    }
