"""Documents with layers of every kind, saved and compared, for the tests of files."""

import io
from dataclasses import fields

import cv2
import numpy as np

from app.base.geometry import Rect, Size
from app.document.document import Document
from app.document.extension import ground_photograph
from app.document.layers import EditLayer, LayerSource
from app.document.openraster import write_openraster
from app.document.saved import SavedDocument, SavedMask, SavedReference
from app.imaging.photograph import Photograph
from app.imaging.placement import Placement
from app.imaging.recipe import Align, BlendMode, Recipe


def soft_layer(
    id: str, region: Rect, seed: int, mode: BlendMode = BlendMode.NORMAL, opacity: float = 1.0, **more: object
) -> EditLayer:
    """Noise under an ellipse with a soft edge, made of a reply."""
    random = np.random.default_rng(seed)
    shape = region.height, region.width
    coverage = np.zeros(shape, np.uint8)
    axes = max(2, region.width // 3), max(2, region.height // 3)
    cv2.ellipse(coverage, (region.width // 2, region.height // 2), axes, 20, 0, 360, 255, -1)
    soft = cv2.GaussianBlur(coverage, (0, 0), 2).astype(np.uint8)
    pixels = random.integers(0, 256, (*shape, 3), np.uint8)
    sent = random.integers(0, 256, (*shape, 4), np.uint8)
    source = LayerSource(
        random.bytes(300), sent, coverage, Placement(region, Size(64, 48), Rect(2, 0, 60, 48))
    )
    recipe = Recipe(Align.RIGID, grow=3, feather=4)
    return EditLayer(
        id,
        f"layer {id} <&>\x07",
        region,
        pixels,
        soft,
        recipe,
        opacity,
        mode,
        True,
        f"r{id}",
        source,
        coverage,
    )


def document_of(photograph: Photograph, layers: tuple[EditLayer, ...]) -> Document:
    document = Document(photograph)
    document.start_from(layers, ())
    return document


def saved_document(document: Document, source: bytes, masks: tuple[SavedMask, ...] = ()) -> SavedDocument:
    random = np.random.default_rng(9)
    size = document.size
    masks = masks or (
        SavedMask("Sky", random.integers(0, 256, (size.height, size.width), np.uint8)),
        SavedMask("Boat", np.zeros((size.height, size.width), np.uint8)),
    )
    references = (SavedReference("look", random.integers(0, 256, (8, 9, 3), np.uint8)),)
    form = {"prompt": "a boat\n“red”", "values": {"seed": 3, "strength": 0.5}}
    return SavedDocument(
        ground_photograph(document.ground), source, document.layers, masks, len(masks) - 1, form, references
    )


def written(document: Document, saved: SavedDocument) -> bytes:
    file = io.BytesIO()
    write_openraster(saved, lambda layers, rect: document.flatten_samples(rect, layers), file)
    return file.getvalue()


def same_photograph(one: Photograph, other: Photograph) -> bool:
    return (
        one.samples.dtype == other.samples.dtype
        and np.array_equal(one.samples, other.samples)
        and (one.channels, one.metadata, one.name, one.format)
        == (other.channels, other.metadata, other.name, other.format)
    )


def same_layer(one: EditLayer, other: EditLayer) -> bool:
    """All of both, to the bit."""
    return all(_same(getattr(one, each.name), getattr(other, each.name)) for each in fields(EditLayer))


def _same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, LayerSource):
        return isinstance(other, LayerSource) and all(
            _same(getattr(one, each.name), getattr(other, each.name)) for each in fields(LayerSource)
        )
    return one == other
