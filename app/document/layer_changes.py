"""What can be done to a stack of layers, as functions from one stack to another. Pure; the lowest layer comes first.

A `Document` makes a step of what they return. Those that work on pixels take a while and belong into a worker.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import fields, replace

import cv2
import numpy as np

from app.base.cancel import CancelToken
from app.base.errors import InputError
from app.base.geometry import Rect, Size, united
from app.base.text import tr
from app.document.composition import softened
from app.document.layers import EditLayer
from app.document.mask import blank_coverage
from app.document.named_masks import PreparedMask, prepare_mask
from app.imaging.arrays import F32, U8, as_u8
from app.imaging.recipe import Align, ColourMatch, Detail, Recipe

Layers = tuple[EditLayer, ...]
Picture = Callable[[Sequence[EditLayer], Rect], U8]
"""Gives the photograph with some layers over it, (h, w, 4) BGRA of a rectangle; see `Document.composed`."""

_ROWS = 256
_AS_IT_IS = Recipe(Align.OFF, ColourMatch.OFF, Detail.OFF, grow=0, feather=0)


def find_layer(layers: Layers, layer_id: str) -> EditLayer:
    """Raises InputError where it is not among them."""
    for layer in layers:
        if layer.id == layer_id:
            return layer
    raise InputError(tr("This edit is no longer part of the document."), details=f"layer {layer_id}")


def check_fit(layer: EditLayer, size: Size) -> None:
    """Raise `InputError` where a layer does not lie inside a document of `size`."""
    if not size.rect.contains(layer.region) or layer.region.is_empty:
        raise InputError(
            tr("This result does not fit the photograph."),
            tr("Open the photograph that it was made for."),
            details=f"layer at {layer.region} in a document of {size}",
        )


def with_layer(layers: Layers, changed: EditLayer) -> Layers:
    """`changed` in the place of the layer that has its id; the very same layers where nothing of it differs."""
    return tuple(
        changed if layer.id == changed.id and not _is_alike(layer, changed) else layer for layer in layers
    )


def _is_alike(one: EditLayer, other: EditLayer) -> bool:
    """Whether two layers have the same arrays, and are the same in all else."""
    pairs = ((getattr(one, each.name), getattr(other, each.name)) for each in fields(EditLayer))
    return all(
        mine is yours
        or (not isinstance(mine, np.ndarray) and not isinstance(yours, np.ndarray) and mine == yours)
        for mine, yours in pairs
    )


def with_free_name(layer: EditLayer, layers: Layers) -> EditLayer:
    """The layer under its own name, or with the first number that none of `layers` is called by."""
    taken = {each.name for each in layers}
    name, number = layer.name, 1
    while name in taken:
        number += 1
        name = tr("{name} {n}", name=layer.name, n=number)
    return replace(layer, name=name)


def without_layers(layers: Layers, ids: Sequence[str]) -> Layers:
    """Those that have none of these ids."""
    return tuple(layer for layer in layers if layer.id not in ids)


def moved(layers: Layers, layer_id: str, place: int) -> Layers:
    """The layer at `place`, counted from the lowest, as far as there is such a place."""
    layer = find_layer(layers, layer_id)
    rest = without_layers(layers, (layer_id,))
    place = min(max(place, 0), len(rest))
    return (*rest[:place], layer, *rest[place:])


def duplicated(layers: Layers, layer_id: str) -> tuple[Layers, EditLayer]:
    """A copy right above the layer, which shares its arrays; and the copy."""
    layer = find_layer(layers, layer_id)
    copy = replace(layer, id=uuid.uuid4().hex, name=tr("{name} copy", name=layer.name))
    place = layers.index(layer) + 1
    return (*layers[:place], copy, *layers[place:]), copy


def hidden_by_mask(layer: EditLayer) -> EditLayer:
    """The layer with nothing in its mask: to be painted in."""
    empty = np.zeros_like(layer.coverage)
    return replace(layer, coverage=empty, mask=None, recipe=replace(layer.recipe, grow=0))


def prepare_layer_mask(size: Size, layer: EditLayer, cancel: CancelToken | None = None) -> PreparedMask:
    """What `Document.paint_layer` needs in a document of `size`; done in a worker.

    Raises:
        Cancelled: `cancel` was cancelled.
    """
    coverage = blank_coverage(size)
    coverage[layer.region.slices] = layer.coverage
    return prepare_mask(size, coverage, cancel)


def merged(
    picture: Picture, below: Layers, group: Layers, name: str, cancel: CancelToken | None = None
) -> EditLayer:
    """One layer that looks, over the layers `below`, as the shown ones of `group` do, which are the next above them.

    Its coverage is the union of theirs. The weights are joined as w = 1 - (1 - w1)(1 - w2)…, at least 1 of 255
    wherever anything is covered, and the colours are those that give, with that weight over what is below, the
    8-bit picture there was: so it shows the same levels, but where no colour could. What is below is not baked
    in, as far as it shines through; pixels are those of 8-bit sRGB, as a reply's are.

    Raises:
        ValueError: nothing of the group is covered.
        Cancelled: `cancel` was cancelled.
    """
    shown = [layer for layer in group if layer.is_shown]
    region = united(layer.covered for layer in shown)
    if region.is_empty:
        raise ValueError("nothing to merge")
    pixels = np.empty((region.height, region.width, 3), np.uint8)
    coverage = np.empty((region.height, region.width), np.uint8)
    for top in range(0, region.height, _ROWS):
        if cancel is not None:
            cancel.check()
        rows = Rect(region.x, region.y + top, region.width, min(_ROWS, region.height - top))
        inner = slice(top, top + rows.height)
        coverage[inner] = _joined(shown, rows)
        before, after = (
            as_u8(cv2.cvtColor(picture(layers, rows), cv2.COLOR_BGRA2RGB))
            for layers in (below, (*below, *shown))
        )
        pixels[inner] = _unmixed(before, after, coverage[inner])
    for array in (pixels, coverage):
        array.flags.writeable = False
    return EditLayer(uuid.uuid4().hex, name, region, pixels, coverage, _AS_IT_IS)


def _joined(layers: Sequence[EditLayer], rect: Rect) -> U8:
    """The weight of all layers together in `rect`."""
    through: F32 = np.ones((rect.height, rect.width), np.float32)
    touched = np.zeros((rect.height, rect.width), np.bool_)
    for layer in layers:
        part = layer.covered.intersected(rect)
        if not part.is_empty:
            inside = part.relative_to(rect).slices
            through[inside] *= 1 - softened(layer, part) * np.float32(layer.opacity / 255)
            touched[inside] |= layer.coverage[part.relative_to(layer.region).slices] > 0
    weight = np.rint((1 - through) * 255).astype(np.uint8)
    joined: U8 = np.where(touched, np.maximum(weight, 1), 0).astype(np.uint8)
    return joined


def _unmixed(before: U8, after: U8, weight: U8) -> U8:
    """The colours that `weight` has to lay over `before` to give `after`."""
    below = before.astype(np.float32)
    share = np.maximum(weight, 1).astype(np.float32)[..., np.newaxis] / np.float32(255)
    colours: F32 = below + (after - below) / share
    colours[weight == 0] = after[weight == 0]
    return np.rint(np.clip(colours, 0, 255)).astype(np.uint8)
