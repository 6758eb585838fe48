"""What a document consists of, apart from pixels, and the step from one such state to another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.document.extension import Ground
from app.document.layers import EditLayer
from app.document.named_masks import NamedMask
from app.document.undo import Wait, no_wait


@dataclass(frozen=True, slots=True, eq=False)
class LayerMask:
    """The mask of a layer while it is painted: what is covered here is what the layer covers."""

    layer_id: str
    mask: NamedMask
    """Of the document's size; empty beyond the layer's region."""


@dataclass(frozen=True, slots=True, eq=False)
class DocumentState:
    """What a document consists of, apart from pixels: replaced as a whole by every change, for undo."""

    ground: Ground
    masks: tuple[NamedMask, ...]
    active_mask: int = 0
    layers: tuple[EditLayer, ...] = ()
    layer_mask: LayerMask | None = None
    """What tools paint in the place of the active mask."""


class StateStep:
    """A change of a document's layers, masks or size: what it consisted of before and after."""

    __slots__ = ("_after", "_become", "before", "series", "title")

    def __init__(
        self,
        title: str,
        become: Callable[[DocumentState], None],
        before: DocumentState,
        after: DocumentState,
        series: str = "",
    ) -> None:
        self.title = title
        self.series = series
        """What changes it is one of, see `Document.change_layers`."""
        self.before = before
        self._become = become
        self._after = after

    @property
    def nbytes(self) -> int:
        """The parts of layers, the masks and the pictures that only one of both sides has."""
        mine, yours = ({k: v for each in s.layers for k, v in each.parts().items()} for s in self._sides)
        own = sum((mine | yours)[part] for part in mine.keys() ^ yours.keys())
        before, after = ({m.mask: m.nbytes for m in _masks(side)} for side in self._sides)
        grounds = {side.ground for side in self._sides}
        pictures = max(ground.nbytes for ground in grounds) if len(grounds) > 1 else 0
        masks = sum((before | after)[mask] for mask in before.keys() ^ after.keys())
        return own + masks + pictures

    @property
    def begins_painting(self) -> bool:
        """Whether it put the mask of a layer into hand and did nothing else."""
        return self.before.layer_mask is None and self._after.layer_mask is not None

    @property
    def _sides(self) -> tuple[DocumentState, DocumentState]:
        return self.before, self._after

    def undo(self) -> None:
        self._become(self.before)

    def redo(self) -> None:
        self._become(self._after)

    @property
    def takes_long(self) -> bool:
        """False: what is long of it, drawing the picture, is done in the background anyway."""
        return False

    def prepare(self, *, back: bool) -> None:
        """There is nothing to make ready."""

    def compress(self, wait: Wait = no_wait) -> None:
        """Layers and masks are shared with the document, so there is nothing to make smaller."""


def _masks(state: DocumentState) -> tuple[NamedMask, ...]:
    return state.masks if state.layer_mask is None else (*state.masks, state.layer_mask.mask)
