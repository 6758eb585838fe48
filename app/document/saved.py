"""What a document consists of when it is saved, and its layers as plain entries beside files of pixels.

Two containers hold it: an OpenRaster file (`app.document.openraster`) and the folder in which a session keeps
itself. Both write the same entries; each has its own way to keep the files, its `PartsOut` and `PartsIn`.
Entries have defaults for whatever a later version may add, so that older files stay readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from app.base.geometry import Margins, Rect, Size
from app.document.layers import EditLayer, LayerSource
from app.imaging.arrays import U8
from app.imaging.photograph import Photograph
from app.imaging.placement import Placement
from app.imaging.recipe import BlendMode, Recipe

Box = tuple[int, int, int, int]
"""A rectangle as x, y, width, height; or the four sides of margins."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedMask:
    """A named mask."""

    name: str
    coverage: U8
    """(H, W) of the document, 255 = edit."""


@dataclass(frozen=True, slots=True, eq=False)
class SavedReference:
    """A picture that goes along with the requests of a document."""

    name: str
    picture: U8
    """(h, w, 3) RGB or (h, w, 4) RGBA, sRGB."""

    def __post_init__(self) -> None:
        """Raise `ValueError` when it has no colours."""
        if self.picture.ndim != 3:
            raise ValueError(f"a reference of {self.picture.shape}")


@dataclass(frozen=True, slots=True, eq=False)
class SavedDocument:
    """All of a document that outlives it; nothing in it is written to."""

    photograph: Photograph
    """Without any layer, in its own samples, extended by `margins`."""
    source: bytes
    """The file that the photograph was opened from, or a lossless copy of it."""
    layers: tuple[EditLayer, ...] = ()
    masks: tuple[SavedMask, ...] = ()
    """Empty only where a file of another program holds none."""
    active_mask: int = 0
    form: Mapping[str, Any] = field(default_factory=dict)
    """The settings of the next request, as plain data; whoever has the form gives it a meaning."""
    references: tuple[SavedReference, ...] = ()
    margins: Margins = Margins()
    """By which the canvas is larger than what `source` holds."""
    notes: tuple[str, ...] = ()
    """Sentences about what could not be taken over from a file."""

    @property
    def size(self) -> Size:
        return self.photograph.size


class PartsOut(Protocol):
    """Takes pixels and bytes, and gives the names under which they are had again."""

    def picture(self, kind: str, picture: U8) -> str:
        """Keep (h, w), (h, w, 3) RGB or (h, w, 4) RGBA; the same array is kept once."""

    def data(self, kind: str, content: bytes) -> str:
        """Keep bytes; the same object is kept once."""


class PartsIn(Protocol):
    """Gives back what was kept; whatever is wrong with it is a `PhotographError` or an `Unreadable`."""

    def picture(self, name: str) -> U8:
        """As it was given: (h, w), (h, w, 3) RGB or (h, w, 4) RGBA."""

    def data(self, name: str) -> bytes:
        """As it was given."""


class SourceEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a layer was made from."""

    reply: str
    picture: str
    coverage: str
    region: Box
    size_send: tuple[int, int]
    content_send: Box


class LayerEntry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One layer; `pixels` and `coverage` name files."""

    id: str
    name: str
    region: Box
    pixels: str
    coverage: str
    recipe: dict[str, Any] = {}
    opacity: float = 1.0
    mode: str = BlendMode.NORMAL.value
    visible: bool = True
    result_id: str | None = None
    source: SourceEntry | None = None
    mask: str | None = None
    """The layer's own mask where it is not the coverage itself."""


class NamedEntry(msgspec.Struct, frozen=True):
    """A mask or a reference: its name for people, and its file."""

    name: str
    file: str


def layer_entry(layer: EditLayer, parts: PartsOut) -> LayerEntry:
    """A layer as an entry; its pixels and bytes go to `parts`."""
    return LayerEntry(
        id=layer.id,
        name=layer.name,
        region=box_of(layer.region),
        pixels=parts.picture("pixels", layer.pixels),
        coverage=parts.picture("coverage", layer.coverage),
        recipe=dict(layer.recipe.kept()),
        opacity=layer.opacity,
        mode=layer.mode.value,
        visible=layer.visible,
        result_id=layer.result_id,
        source=None if layer.source is None else _source_entry(layer.source, parts),
        mask=None if layer.mask is None else parts.picture("layer-mask", layer.mask),
    )


def _source_entry(source: LayerSource, parts: PartsOut) -> SourceEntry:
    return SourceEntry(
        reply=parts.data("reply", source.reply),
        picture=parts.picture("sent", source.picture),
        coverage=parts.picture("sent-mask", source.coverage),
        region=box_of(source.placement.region),
        size_send=(source.placement.size_send.width, source.placement.size_send.height),
        content_send=box_of(source.placement.content_send),
    )


def layer_of_entry(entry: LayerEntry, parts: PartsIn) -> EditLayer:
    """The layer that an entry tells of.

    Raises:
        ValueError: its pictures do not fit its region, or those it was made from theirs.
    """
    return EditLayer(
        id=entry.id,
        name=entry.name,
        region=Rect(*entry.region),
        pixels=parts.picture(entry.pixels),
        coverage=parts.picture(entry.coverage),
        recipe=Recipe.from_kept(entry.recipe),
        opacity=min(max(entry.opacity, 0.0), 1.0),
        mode=next((mode for mode in BlendMode if mode.value == entry.mode), BlendMode.NORMAL),
        visible=entry.visible,
        result_id=entry.result_id,
        source=None if entry.source is None else _source_of_entry(entry.source, parts),
        mask=None if entry.mask is None else parts.picture(entry.mask),
    )


def _source_of_entry(entry: SourceEntry, parts: PartsIn) -> LayerSource:
    placement = Placement(Rect(*entry.region), Size(*entry.size_send), Rect(*entry.content_send))
    return LayerSource(
        parts.data(entry.reply), parts.picture(entry.picture), parts.picture(entry.coverage), placement
    )


def margins_entry(margins: Margins) -> Box:
    """Margins as an entry: left, top, right, bottom."""
    return margins.left, margins.top, margins.right, margins.bottom


def box_of(rect: Rect) -> Box:
    """A rectangle as an entry."""
    return rect.x, rect.y, rect.width, rect.height
