"""The document: a photograph with edit layers, masks and undo, changed on one thread, one step at a time.

It tells what changed and never who draws it. Opening, saving and requests are other rooms' work.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.base.errors import InputError
from app.base.geometry import EMPTY, Margins, Rect, united
from app.base.signal import Signal
from app.base.text import tr
from app.document.composition import Background, Composition, PreparedPicture, prepare
from app.document.extension import Extension, Ground
from app.document.layer_changes import check_fit, find_layer, with_layer, without_layers
from app.document.layers import EditLayer
from app.document.mask import Mask, MaskEdit
from app.document.named_masks import MaskLevels, NamedMask, PreparedMask
from app.document.pixels import DocumentPixels
from app.document.state import DocumentState, LayerMask, StateStep
from app.document.thread import OneThread
from app.document.tiles import TileChange
from app.document.undo import DEFAULT_LIMIT, Compressor, UndoStack
from app.imaging.arrays import U8
from app.imaging.photograph import Photograph
from app.imaging.pyramid import Pyramid
from app.imaging.ranges import Ranges

_LIVE = 4_000_000
"""Pixels of a layer's region up to which what is painted in its mask is seen while it is painted."""


class Document(DocumentPixels):
    """One open photograph. All changes happen on the thread that made it, and each is one undo step."""

    def __init__(
        self,
        photograph: Photograph,
        prepared: PreparedPicture | None = None,
        *,
        undo_limit: int = DEFAULT_LIMIT,
        compressor: Compressor | None = None,
        background: Background | None = None,
        margins: Margins = Margins(),
    ) -> None:
        """Cheap with what `prepare` made, else that is done now. The photograph belongs to the document.

        `compressor` runs the compression of undo steps on another thread, `background` what large changes make
        of the picture, which follows a moment later then: see `is_settled`. Large changes of a mask are put in bit
        by bit then, too. `margins` tell by what the photograph was extended before.
        """
        if prepared is None:
            prepared = prepare(photograph)
        self.id = uuid.uuid4().hex
        self._background = background
        first = self._made(tr("Mask {n}", n=1), prepared.mask)
        composition = Composition(photograph, prepared)
        if background is not None:
            composition.work_in(background, self._on_picture_changed)
        super().__init__(DocumentState(Ground(photograph, composition, margins), (first,)))
        self.undo = UndoStack(undo_limit, compressor)
        self.size_changed: Signal[[]] = Signal()
        """Emitted when picture, pyramid and masks are others, of another size; before all other signals."""
        self.picture_changed: Signal[[tuple[Rect, ...]]] = Signal()
        """Emitted with the document pixels that changed, when picture and pyramid are up to date again."""
        self.mask_changed: Signal[[tuple[Rect, ...]]] = Signal()
        """Emitted with the pixels of the active mask that may have changed, once per pointer event."""
        self.masks_changed: Signal[[]] = Signal()
        """Emitted when masks came or went, were renamed, or another became the active one."""
        self.layers_changed: Signal[[]] = Signal()
        self.modified_changed: Signal[[]] = Signal()
        """Emitted when `is_modified` became another."""
        self._thread = OneThread()
        self._painted = EMPTY
        """Where the mask of a layer was painted since the layer took it over."""
        self._revision = 0
        self._was_modified = False
        self.undo.changed.connect(self._on_undo_changed)

    def start_from(
        self, layers: tuple[EditLayer, ...], masks: Sequence[tuple[str, PreparedMask]], active_mask: int = 0
    ) -> None:
        """Have what was saved, before anything was done: this is what undo starts from, and no step.

        Without `masks` the first one stays as it is.

        Raises:
            InputError: a layer does not lie inside the document.
        """
        for layer in layers:
            check_fit(layer, self.size)
        named = tuple(self._made(name, made) for name, made in masks)
        active = min(max(active_mask, 0), len(named) - 1) if named else 0
        self._become(DocumentState(self.ground, named or self.masks, active, layers))

    @property
    def masks(self) -> tuple[NamedMask, ...]:
        """At least one."""
        return self._state.masks

    @property
    def active_mask(self) -> int:
        """The place of `mask` among `masks`."""
        return self._state.active_mask

    @property
    def mask(self) -> Mask:
        """The mask that tools change: the one that edits use, or for a while that of a layer."""
        return self._in_hand.mask

    @property
    def request_mask(self) -> Mask:
        """The mask that edits use: the active one."""
        return self._active.mask

    @property
    def painted_layer(self) -> EditLayer | None:
        """The layer whose mask is `mask` for the time being."""
        painted = self._state.layer_mask
        return None if painted is None else find_layer(self.layers, painted.layer_id)

    @property
    def _active(self) -> NamedMask:
        return self._state.masks[self._state.active_mask]

    @property
    def _in_hand(self) -> NamedMask:
        painted = self._state.layer_mask
        return self._active if painted is None else painted.mask

    @property
    def revision(self) -> int:
        """Rises with every change of pixels, mask or layers."""
        return self._revision

    @property
    def is_modified(self) -> bool:
        """True when something was done since the start or the last `UndoStack.mark_saved`."""
        return not self.undo.is_saved

    @property
    def pyramid(self) -> Pyramid:
        """Over `picture`, up to date with it."""
        return self._composition.pyramid

    @property
    def ranges(self) -> Ranges:
        """Of `picture`; they know where it changed."""
        return self._composition.ranges

    @property
    def is_settled(self) -> bool:
        """False while the picture is still becoming what the layers say; `picture_changed` tells of it."""
        return self._composition.is_settled

    @property
    def mask_levels(self) -> MaskLevels:
        """The pyramid over `mask`, to be brought up to date part by part."""
        return self._in_hand.levels

    # The mask

    @contextlib.contextmanager
    def edit_mask(self, title: str) -> Iterator[MaskEdit]:
        """Open the active mask for changes that become one undo step; any exception puts back the very bits.

        Raises:
            InternalError: on another thread, or while another change is in progress.
        """
        self._thread.check()
        with self.undo.hold(), self.mask.edit(title) as edit:
            yield edit
        if edit.step is not None:
            if self._state.layer_mask is not None:
                self._follow_painting()
            self.undo.push(edit.step)

    def set_mask(self, coverage: U8, title: str) -> None:
        """Take over the values of `coverage` (H, W).

        Raises:
            ValueError: it has another size.
        """
        self._thread.check()
        with self.undo.hold():
            step = self.mask.replace(coverage, title)
        if step is not None:
            self.undo.push(step)

    def invert_mask(self) -> None:
        self._thread.check()
        with self.undo.hold():
            step = self.mask.invert(tr("Invert mask"))
        self.undo.push(step)

    def clear_mask(self) -> None:
        with self.edit_mask(tr("Clear mask")) as edit:
            covered = edit.bounds()
            edit.view(covered)[...] = 0
            edit.mark(covered)

    def fill_mask(self) -> None:
        with self.edit_mask(tr("Fill mask")) as edit:
            edit.view(self.size.rect)[...] = 255
            edit.mark(self.size.rect)

    def put_in_mask(self, change: TileChange, title: str) -> None:
        """Take over tiles that a worker has made of the active mask as it is; nothing happens for none."""
        self._thread.check()
        with self.undo.hold():
            step = self.mask.put(change, title)
        if step is not None:
            self.undo.push(step)

    # Several masks

    def add_mask(self, name: str, prepared: PreparedMask) -> None:
        """Add a mask, which becomes the active one."""
        if prepared.plane.size != self.size:
            raise ValueError(f"a mask of {prepared.plane.size} for a document of {self.size}")
        masks = (*self.masks, self._made(name, prepared))
        state = replace(self._state, masks=masks, active_mask=len(masks) - 1, layer_mask=None)
        self._change(state, tr("Add “{name}”", name=name))

    def activate_mask(self, index: int) -> None:
        """Work on another mask. A step of its own: what is undone after it is seen being undone."""
        if index == self.active_mask:
            self.end_painting()
        else:
            name = self.masks[index].name
            state = replace(self._state, active_mask=index, layer_mask=None)
            self._change(state, tr("Switch to “{name}”", name=name))

    def rename_mask(self, name: str) -> None:
        """Give the active mask another name; nothing happens when it has it."""
        before = self._active.name
        if name != before:
            masks = tuple(replace(m, name=name) if m is self._active else m for m in self.masks)
            self._change(
                replace(self._state, masks=masks), tr("Rename “{old}” to “{new}”", old=before, new=name)
            )

    def remove_mask(self) -> None:
        """Take the active mask away; the one before it is active then.

        Raises:
            InputError: it is the only one.
        """
        if len(self.masks) == 1:
            raise InputError(
                tr("A photograph keeps at least one mask."), tr("Clear it, or add another one first.")
            )
        removed = self._active
        masks = tuple(each for each in self.masks if each is not removed)
        state = replace(self._state, masks=masks, active_mask=max(0, self.active_mask - 1), layer_mask=None)
        self._change(state, tr("Delete “{name}”", name=removed.name))

    # Layers

    def add_layer(self, *layers: EditLayer) -> None:
        """Put edits on top of all others, in one undo step.

        Raises:
            InputError: one does not lie inside the document; nothing is added then.
        """
        title = tr("Apply edit") if len(layers) == 1 else tr("Apply {n} edits", n=len(layers))
        self.change_layers((*self.layers, *layers), title)

    def change_layers(self, layers: tuple[EditLayer, ...], title: str, *, series: str = "") -> None:
        """Have these layers, the lowest first; nothing happens when it is so already.

        Changes that follow each other with one `series`, such as those of a slider, are one undo step.

        Raises:
            InputError: one of them does not lie inside the document.
        """
        for layer in set(layers) - set(self.layers):
            check_fit(layer, self.size)
        if layers != self.layers:
            painted = self.painted_layer
            regions = {layer.id: layer.region for layer in layers}
            stays = painted is not None and regions.get(painted.id) == painted.region
            kept = self._state.layer_mask if stays else None
            self._change(replace(self._state, layers=layers, layer_mask=kept), title, series)

    def set_layer_visible(self, layer_id: str, visible: bool) -> None:
        """Show or hide a layer; nothing happens when it is so already."""
        layer = find_layer(self.layers, layer_id)
        if layer.visible != visible:
            layers = with_layer(self.layers, replace(layer, visible=visible))
            self.change_layers(layers, tr("Show edit") if visible else tr("Hide edit"))

    def remove_layer(self, layer_id: str) -> None:
        removed = find_layer(self.layers, layer_id)
        self.change_layers(without_layers(self.layers, (removed.id,)), tr("Remove edit"))

    def paint_layer(self, layer: EditLayer, prepared: PreparedMask) -> bool:
        """Have tools paint the mask of a layer from now on; it is put on top where it is not in the document yet.

        `prepared` is made of it by `layer_changes.prepare_layer_mask`; False when it is another one by now. What it
        was grown by becomes part of its mask, so that the brush covers just what it touches. A step of its own: what
        is undone after it is seen being undone. Nothing happens when its mask is being painted already.

        Raises:
            InputError: it does not lie inside the document.
        """
        known = next((each for each in self.layers if each.id == layer.id), None)
        if known not in (None, layer):
            return False
        check_fit(layer, self.size)
        named = self._made(layer.name, prepared, layer.region)
        bare = replace(layer, mask=None, recipe=replace(layer.recipe, grow=0))
        layers = with_layer(self.layers, bare) if known is not None else (*self.layers, bare)
        painted = self._state.layer_mask
        if layers == self.layers and painted is not None and painted.layer_id == layer.id:
            return True
        state = replace(self._state, layers=layers, layer_mask=LayerMask(layer.id, named))
        self._change(state, tr("Edit the mask of “{name}”", name=layer.name))
        return True

    def end_painting(self) -> None:
        """Have tools paint the active mask again; without a trace where nothing was painted."""
        painted = self.painted_layer
        if painted is None:
            return
        top = self.undo.top
        if isinstance(top, StateStep) and top.begins_painting and self.undo.is_top_open:
            self.undo.undo()
        else:
            self._change(
                replace(self._state, layer_mask=None), tr("Finish the mask of “{name}”", name=painted.name)
            )

    # The canvas

    def extend(self, made: Extension) -> None:
        """Take over a larger canvas, in one undo step.

        `made` comes from `prepare_extension`, and nothing of the document changed since.
        """
        masks = tuple(
            self._made(named.name, prepared) for named, prepared in zip(self.masks, made.masks, strict=True)
        )
        if self._background is not None:
            made.ground.composition.work_in(self._background, self._on_picture_changed)
        state = replace(self._state, ground=made.ground, masks=masks, layers=made.layers, layer_mask=None)
        self._change(state, tr("Extend the canvas"))

    # Changes

    def _made(self, name: str, prepared: PreparedMask, limit: Rect | None = None) -> NamedMask:
        background = self._background
        later = None if background is None else lambda do: background(list, lambda made: do())
        return NamedMask.made(name, prepared, self._on_mask_changed, limit, later)

    def _change(self, state: DocumentState, title: str, series: str = "") -> None:
        """Become `state` as one undo step."""
        self._thread.check()
        top = self.undo.top
        joins = series and isinstance(top, StateStep) and top.series == series and self.undo.is_top_open
        before = top.before if joins and isinstance(top, StateStep) else self._state
        with self.undo.hold():
            self._become(state)
        step = StateStep(title, self._become, before, state, series)
        (self.undo.replace_top if joins else self.undo.push)(step)

    def _become(self, state: DocumentState) -> None:
        self._thread.check()
        before, mask = self._state, self.mask
        resized = before.ground is not state.ground
        dirty = state.ground.composition.show(state.layers)
        if resized:
            dirty = (state.ground.size.rect,)
        self._state = state
        self._revision += 1
        if resized:
            self.size_changed.emit()
        if before.layers != state.layers:
            self.layers_changed.emit()
        if (before.masks, before.active_mask, before.layer_mask) != (
            state.masks,
            state.active_mask,
            state.layer_mask,
        ):
            self.masks_changed.emit()
            if mask is not self.mask:
                self.mask_changed.emit((self.size.rect,))
        if dirty:
            self.picture_changed.emit(dirty)

    def _on_picture_changed(self, rects: tuple[Rect, ...]) -> None:
        """A worker's part of the picture was put in."""
        self._revision += 1
        self.picture_changed.emit(rects)

    def _on_mask_changed(self, mask: Mask, rects: tuple[Rect, ...]) -> None:
        self._revision += 1
        if mask is self.mask:
            if self._state.layer_mask is not None:
                self._painted = self._painted.united(united(rects))
                self._follow_painting()
            self.mask_changed.emit(rects)

    def _follow_painting(self) -> None:
        """Cover with the painted layer what its mask covers now.

        This is no step: it follows from the mask, whose changes are. While a stroke is drawn it is done as long as
        that is quick, else at its end.
        """
        layer = self.painted_layer
        if layer is None or (self.mask.is_being_edited and layer.region.area > _LIVE):
            return
        covered = replace(layer, coverage=self.mask.coverage[layer.region.slices].copy(), mask=None)
        layers = with_layer(self.layers, covered)
        dirty = self._composition.show(layers, self._painted)
        self._painted = EMPTY
        self._state = replace(self._state, layers=layers)
        if not self.mask.is_being_edited:
            self.layers_changed.emit()
        if dirty:
            self.picture_changed.emit(dirty)

    def _on_undo_changed(self) -> None:
        if self.is_modified != self._was_modified:
            self._was_modified = self.is_modified
            self.modified_changed.emit()
