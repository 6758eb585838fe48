"""A document as it is at one moment, for files that are written while one paints on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from app.document.document import Document
from app.document.extension import Ground
from app.document.layers import EditLayer
from app.document.mask import Mask
from app.document.mask_copy import MaskCopy, PackedMask
from app.document.undo import UndoPoint

PATIENCE = 10.0
"""Seconds to wait for the end of a stroke, so that no half of one is kept, and to catch up with what changes."""
_STEP = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a document consisted of; nothing in it changes any more."""

    ground: Ground
    layers: tuple[EditLayer, ...]
    masks: tuple[tuple[str, PackedMask], ...]
    active_mask: int
    point: UndoPoint


class Snapshots:
    """Takes snapshots of one document, at the cost of what changed since the last one. On the document's thread."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._copies: dict[Mask, MaskCopy] = {}
        self._one_at_a_time = asyncio.Lock()

    def detach(self) -> None:
        """Follow the document no longer."""
        for copy in self._copies.values():
            copy.detach()
        self._copies = {}

    async def take(self) -> Snapshot:
        """The document as it is when this returns."""
        async with self._one_at_a_time:
            await self._wait_for_stroke()
            loop = asyncio.get_running_loop()
            deadline = loop.time() + PATIENCE
            while True:
                copies = self._followed()
                behind = next((copy for copy in copies if not copy.is_near), None)
                if behind is None or loop.time() > deadline:
                    # Who paints on without a pause, with the widest brush, would never be caught up with: what is
                    # left is copied here then, which takes as long as one copy of the mask.
                    return self._of(copies)
                stale = behind.take_stale()
                behind.keep(await asyncio.to_thread(behind.pack, stale))

    async def _wait_for_stroke(self) -> None:
        waited = 0.0
        while self._document.undo.is_held and waited < PATIENCE:
            await asyncio.sleep(_STEP)
            waited += _STEP

    def _followed(self) -> list[MaskCopy]:
        """The copies of the masks that there are now, in their order."""
        masks = [named.mask for named in self._document.masks]
        for mask in set(self._copies) - set(masks):
            self._copies.pop(mask).detach()
        for mask in masks:
            if mask not in self._copies:
                self._copies[mask] = MaskCopy(mask)
        return [self._copies[mask] for mask in masks]

    def _of(self, copies: list[MaskCopy]) -> Snapshot:
        document = self._document
        names = [named.name for named in document.masks]
        masks = tuple((name, copy.finish()) for name, copy in zip(names, copies, strict=True))
        return Snapshot(document.ground, document.layers, masks, document.active_mask, document.undo.point)
