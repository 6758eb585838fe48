"""The document: a photograph with edit layers, masks and undo, changed on one thread, one step at a time.

It tells what changed and never who draws it. Opening, saving and requests are other rooms' work.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2

from app.base.errors import InputError
from app.base.geometry import Rect, Size
from app.base.signal import Signal
from app.base.text import tr
from app.document.composition import Composition, PreparedPicture, prepare
from app.document.layers import EditLayer, check_fits
from app.document.mask import Mask, MaskEdit
from app.document.named_masks import NamedMask, PreparedMask
from app.document.thread import OneThread
from app.document.tiles import TileChange
from app.document.undo import DEFAULT_LIMIT, Compressor, UndoStack
from app.imaging.arrays import U8, Samples, as_u8
from app.imaging.photograph import Photograph
from app.imaging.pyramid import Pyramid

LARGE = 200_000
"""Pixels of layers from which the picture is better drawn in another thread."""


@dataclass(frozen=True, slots=True, eq=False)
class DocumentState:
    """What a document consists of, apart from pixels: replaced as a whole by every change, for undo."""

    size: Size
    masks: tuple[NamedMask, ...]
    active_mask: int = 0
    layers: tuple[EditLayer, ...] = ()


class Document:
    """One open photograph. All changes happen on the thread that made it, and each is one undo step."""

    def __init__(
        self,
        photograph: Photograph,
        prepared: PreparedPicture | None = None,
        *,
        undo_limit: int = DEFAULT_LIMIT,
        compressor: Compressor | None = None,
    ) -> None:
        """Cheap with what `prepare` made, else that is done now. The photograph belongs to the document.

        `compressor` runs the compression of undo steps on another thread.
        """
        if prepared is None:
            prepared = prepare(photograph)
        self.id = uuid.uuid4().hex
        self.photograph = photograph
        """What was opened. Its samples are to be read by `original_samples`: they may share the buffer that
        layers are drawn into."""
        self.undo = UndoStack(undo_limit, compressor)
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
        self.composition = Composition(photograph, prepared)
        """The picture with its layers. What it draws is told here, see `Composition.draw`."""
        first = NamedMask.made(tr("Mask {n}", n=1), prepared.mask, self._on_mask_changed)
        self._state = DocumentState(photograph.size, (first,))
        self._revision = 0
        self._was_modified = False
        self._picture = prepared.picture.view()
        self._picture.flags.writeable = False
        self.undo.changed.connect(self._on_undo_changed)

    @property
    def size(self) -> Size:
        return self._state.size

    @property
    def layers(self) -> tuple[EditLayer, ...]:
        """Applied edits, the lowest first."""
        return self._state.layers

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
        """The mask that tools change and edits use."""
        return self._active.mask

    @property
    def _active(self) -> NamedMask:
        return self._state.masks[self._state.active_mask]

    @property
    def revision(self) -> int:
        """Rises with every change of pixels, mask or layers."""
        return self._revision

    @property
    def is_modified(self) -> bool:
        """True when something was done since the start or the last `UndoStack.mark_saved`."""
        return not self.undo.is_saved

    @property
    def picture(self) -> U8:
        """The flattened working picture, (H, W, 4) BGRA, 8-bit sRGB, straight alpha.

        Read-only, and the same array as long as the document lives.
        """
        return self._picture

    @property
    def pyramid(self) -> Pyramid:
        """Over `picture`, always up to date."""
        return self.composition.pyramid

    @property
    def mask_pyramid(self) -> Pyramid:
        """Over the active mask. Brought up to date when asked for: a frame pays once for many events."""
        return self._active.levels.refreshed()

    # Pixels out: all but `cut` in any thread, also while the document changes

    def flatten_samples(self, region: Rect | None = None) -> Samples:
        """The photograph's samples (of `region`, or all) with the visible layers over them, as a new array.

        Dtype, channels and colour space are the source's own; what no layer covers is bit-identical to it.
        """
        return self.composition.flatten(self.layers, self._inside(region))

    def flatten_photograph(self) -> Photograph:
        """The photograph as it is to be exported: the same but for its samples, which share nothing."""
        return replace(self.photograph, samples=self.flatten_samples(), bgra=None)

    def cut(self, region: Rect) -> U8:
        """A copy of the flattened picture of `region` in sRGB: (h, w, 3) RGB, with alpha (h, w, 4) RGBA."""
        pixels = self.picture[self._inside(region).slices]
        code = cv2.COLOR_BGRA2RGBA if self.photograph.has_alpha else cv2.COLOR_BGRA2RGB
        return as_u8(cv2.cvtColor(pixels, code))

    def original_samples(self, region: Rect | None = None) -> Samples:
        """The photograph's own samples (of `region`, or all) as they were opened, as a new array."""
        return self.composition.original_samples(self._inside(region))

    def original_photograph(self) -> Photograph:
        """The photograph as it was opened, without any layer; its samples share nothing. In any thread."""
        return replace(self.photograph, samples=self.original_samples(), bgra=None)

    def original(self, region: Rect) -> U8:
        """The photograph of `region` without any layer, (h, w, 4) BGRA, 8-bit sRGB; a copy."""
        return self.composition.original(self._inside(region))

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
        masks = (*self.masks, NamedMask.made(name, prepared, self._on_mask_changed))
        self._change(
            replace(self._state, masks=masks, active_mask=len(masks) - 1), tr("Add “{name}”", name=name)
        )

    def activate_mask(self, index: int) -> None:
        """Work on another mask. A step of its own: what is undone after it is seen being undone."""
        if index != self.active_mask:
            name = self.masks[index].name
            self._change(replace(self._state, active_mask=index), tr("Switch to “{name}”", name=name))

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
        state = replace(self._state, masks=masks, active_mask=max(0, self.active_mask - 1))
        self._change(state, tr("Delete “{name}”", name=removed.name))

    # Layers

    def add_layer(self, layer: EditLayer) -> None:
        """Put an edit on top of all others.

        Raises:
            InputError: it does not lie inside the document.
        """
        check_fits(layer, self.size)
        self._change(replace(self._state, layers=(*self.layers, layer)), tr("Apply edit"))

    def set_layer_visible(self, layer_id: str, visible: bool) -> None:
        """Show or hide a layer; nothing happens when it is so already."""
        if self._layer(layer_id).visible == visible:
            return
        layers = tuple(
            replace(layer, visible=visible) if layer.id == layer_id else layer for layer in self.layers
        )
        self._change(replace(self._state, layers=layers), tr("Show edit") if visible else tr("Hide edit"))

    def remove_layer(self, layer_id: str) -> None:
        removed = self._layer(layer_id)
        layers = tuple(layer for layer in self.layers if layer is not removed)
        self._change(replace(self._state, layers=layers), tr("Remove edit"))

    def _layer(self, layer_id: str) -> EditLayer:
        found = next((layer for layer in self.layers if layer.id == layer_id), None)
        if found is None:
            raise InputError(tr("This edit is no longer part of the document."), details=f"layer {layer_id}")
        return found

    # Changes

    def _change(self, state: DocumentState, title: str) -> None:
        """Become `state` as one undo step."""
        self._thread.check()
        step = StateStep(title, self, self._state, state)
        with self.undo.hold():
            self._become(state)
        self.undo.push(step)

    def _become(self, state: DocumentState) -> None:
        self._thread.check()
        before = self._state
        dirty = self.composition.draw(state.layers)
        self._state = state
        self._revision += 1
        if before.layers != state.layers:
            self.layers_changed.emit()
        if (before.masks, before.active_mask) != (state.masks, state.active_mask):
            self.masks_changed.emit()
            if before.masks[before.active_mask].mask is not self.mask:
                self.mask_changed.emit((self.size.rect,))
        if dirty:
            self.picture_changed.emit(dirty)

    def _on_mask_changed(self, mask: Mask, rects: tuple[Rect, ...]) -> None:
        self._revision += 1
        if mask is self.mask:
            self.mask_changed.emit(rects)

    def _on_undo_changed(self) -> None:
        if self.is_modified != self._was_modified:
            self._was_modified = self.is_modified
            self.modified_changed.emit()

    def _inside(self, region: Rect | None) -> Rect:
        return self.size.rect if region is None else region.intersected(self.size.rect)


class StateStep:
    """A change of a document's layers, masks or size: what it consisted of before and after."""

    __slots__ = ("_after", "_before", "_document", "title")

    def __init__(self, title: str, document: Document, before: DocumentState, after: DocumentState) -> None:
        self.title = title
        self._document = document
        self._before = before
        self._after = after

    @property
    def nbytes(self) -> int:
        """The layers and masks that only one of both sides has."""
        layers = set(self._before.layers) ^ set(self._after.layers)
        before, after = ({m.mask: m.nbytes for m in side.masks} for side in (self._before, self._after))
        masks = before.keys() ^ after.keys()
        return sum(layer.nbytes for layer in layers) + sum((before | after)[mask] for mask in masks)

    @property
    def takes_long(self) -> bool:
        layers = set(self._before.layers) ^ set(self._after.layers)
        return sum(layer.covered.area for layer in layers) > LARGE

    def prepare(self, *, back: bool) -> None:
        """Draw the picture ahead; may run in another thread."""
        self._document.composition.draw_ahead((self._before if back else self._after).layers)

    def undo(self) -> None:
        self._document._become(self._before)

    def redo(self) -> None:
        self._document._become(self._after)

    def compress(self) -> None:
        """Layers and masks are shared with the document, so there is nothing to make smaller."""
