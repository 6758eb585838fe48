"""What is done to layers that takes a while, and which of them is selected. Lives on the event loop's thread.

Work is done in a thread on the frozen layers, and put in as one undo step only if they are still the same; else it
is done again. So nothing that happens meanwhile is lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.base.geometry import Rect
from app.base.signal import Signal
from app.base.text import tr
from app.document.document import Document
from app.document.layer_changes import Layers, merged, prepare_layer_mask
from app.document.layers import EditLayer


async def settled(document: Document) -> None:
    """Return when the picture is what the layers say."""
    while not document.is_settled:
        changed = asyncio.Event()

        def wake(rects: tuple[Rect, ...], changed: asyncio.Event = changed) -> None:
            changed.set()

        disconnect = document.picture_changed.connect(wake)
        try:
            await changed.wait()
        finally:
            disconnect()


class LayerWork:
    """The layers of one document as they are worked on: one of them is selected while there are any."""

    def __init__(self, document: Document, until_free: Callable[[], Awaitable[None]]) -> None:
        """`until_free` returns when no stroke is being drawn."""
        self.changed: Signal[[]] = Signal()
        """Emitted when another layer is selected, or work began or ended."""
        self._document = document
        self.until_free = until_free
        self._known: Layers = document.layers
        self._selected: str | None = self._known[-1].id if self._known else None
        self._waiting = 0
        document.layers_changed.connect(self._follow)

    @property
    def selected(self) -> EditLayer | None:
        """The layer that commands and settings are for."""
        return next((layer for layer in self._document.layers if layer.id == self._selected), None)

    @property
    def below_selected(self) -> EditLayer | None:
        """The layer right under it."""
        selected = self.selected
        place = self._document.layers.index(selected) if selected is not None else 0
        return self._document.layers[place - 1] if place else None

    @property
    def is_busy(self) -> bool:
        return self._waiting > 0

    def select(self, layer_id: str) -> None:
        """Select another layer; the mask of the one before is no longer painted then."""
        if layer_id != self._selected:
            painted = self._document.painted_layer
            if painted is not None and painted.id != layer_id:
                self._document.end_painting()
            self._selected = layer_id
            self.changed.emit()

    def _follow(self) -> None:
        """What is new is selected, else what was; what takes the place of what is gone."""
        before, self._known = self._known, self._document.layers
        ids = [layer.id for layer in self._known]
        old = [layer.id for layer in before]
        new = [each for each in ids if each not in old]
        if new:
            chosen: str | None = new[-1]
        elif self._selected in ids:
            return
        else:
            place = old.index(self._selected) if self._selected in old else len(ids)
            chosen = ids[min(max(place - 1, 0), len(ids) - 1)] if ids else None
        if chosen != self._selected:
            self._selected = chosen
            self.changed.emit()

    # Painting

    async def paint(self, layer: EditLayer) -> None:
        """Have tools paint the mask of a layer, also one that is not in the document yet, see `Document.paint_layer`.

        Raises:
            InputError: it does not fit the document.
        """
        document = self._document
        with _Counted(self):
            prepared = await asyncio.to_thread(prepare_layer_mask, document.size, layer)
            await self.until_free()
            if not document.paint_layer(layer, prepared):
                again = next((each for each in document.layers if each.id == layer.id), None)
                if again is not None:
                    await self.paint(again)

    # Merging

    async def merge_down(self) -> None:
        """Make one layer of the selected one and the one below."""
        upper, lower = self.selected, self.below_selected
        if upper is not None and lower is not None:
            await self._merge((lower.id, upper.id), lower.name, tr("Merge down"))

    async def merge_visible(self) -> None:
        """Make one layer of all that are shown."""
        ids = tuple(layer.id for layer in self._document.layers if layer.is_shown)
        await self._merge(ids, tr("Merged edits"), tr("Merge visible"))

    async def _merge(self, ids: tuple[str, ...], name: str, title: str) -> None:
        document = self._document
        with _Counted(self):
            while True:
                layers = document.layers
                group = tuple(layer for layer in layers if layer.id in ids)
                if len(group) < len(ids) or not any(layer.is_shown for layer in group):
                    return
                place = layers.index(group[0])
                one = await asyncio.to_thread(merged, document.composed, layers[:place], group, name)
                await self.until_free()
                if document.layers == layers:
                    rest = [layer for layer in layers if layer not in group]
                    document.change_layers((*rest[:place], one, *rest[place:]), title)
                    return


class _Counted:
    """Counts work that is being done, and tells of it."""

    def __init__(self, work: LayerWork) -> None:
        self._work = work

    def __enter__(self) -> None:
        self._work._waiting += 1
        self._work.changed.emit()

    def __exit__(self, *ended: object) -> None:
        self._work._waiting -= 1
        self._work.changed.emit()
