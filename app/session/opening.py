"""From a file's bytes, or from what was kept of a document, to all that a tab needs to show it. In workers.

A photograph and a document come the same way, so that whoever opens them need not know which it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.base.geometry import Margins
from app.document.composition import PreparedPicture, prepare
from app.document.layers import EditLayer
from app.document.named_masks import PreparedMask, prepare_mask
from app.document.openraster_reader import is_openraster, read_openraster
from app.document.saved import SavedDocument
from app.imaging.load import Limits, load_photograph
from app.imaging.photograph import Photograph
from app.session.references import Reference, reference_of
from app.session.source import Source, data_source


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A photograph, decoded, and what lay on it when it was saved."""

    photograph: Photograph
    prepared: PreparedPicture
    source: Source
    layers: tuple[EditLayer, ...] = ()
    masks: tuple[tuple[str, PreparedMask], ...] = ()
    active_mask: int = 0
    form: Mapping[str, Any] = field(default_factory=dict)
    references: tuple[Reference, ...] = ()
    margins: Margins = Margins()
    """By which the photograph was extended since."""
    notes: tuple[str, ...] = ()
    is_own: bool = False
    """It was saved by Maskroom, so that it can be saved there again without losing anything."""


def open_bytes(data: bytes, source: Source, name: str, limits: Limits) -> Opened:
    """A photograph of any format, or an OpenRaster document.

    Raises:
        PhotographError: no usable file; the message names it and the reason.
    """
    if is_openraster(data):
        saved = read_openraster(data, name, limits)
        opened = open_saved(saved, data_source(saved.source, saved.photograph.name))
        return replace(opened, is_own=bool(saved.masks))
    photograph = load_photograph(data, name=name, limits=limits)
    return Opened(photograph, prepare(photograph), source, notes=photograph.notes)


def open_saved(saved: SavedDocument, source: Source) -> Opened:
    """What was kept of a document; `source` gives the bytes of its photograph."""
    return Opened(
        saved.photograph,
        prepare(saved.photograph),
        source,
        saved.layers,
        tuple((mask.name, prepare_mask(saved.size, mask.coverage)) for mask in saved.masks),
        saved.active_mask,
        saved.form,
        tuple(reference_of(each.name, each.picture) for each in saved.references),
        saved.margins,
        (*saved.photograph.notes, *saved.notes),
    )
