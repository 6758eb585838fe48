"""OpenRaster files: a document that Krita, GIMP and others show as it looks, and that comes back here whole.

The format (openraster.org, baseline 0.0.6) is a ZIP of PNG layers, a `stack.xml` that orders them, and the joined
picture. What only Maskroom has stands beside it under `maskroom/`: the photograph's own file, masks, replies and
recipes, listed by a manifest. Other programs leave that out when they save, so it is trusted only as long as
layers and joined picture are those that were written with it.

Layers are written in the photograph's own colour space and depth, because there they are blended on export.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, BinaryIO, Final
from xml.etree import ElementTree

import msgspec
import numpy as np

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.document.composition import softened
from app.document.layers import EditLayer
from app.document.saved import Box, LayerEntry, NamedEntry, SavedDocument, layer_entry, margins_entry
from app.imaging.arrays import U8, Samples, as_samples, as_u8, to_sixteen_bits
from app.imaging.codecs import encode_png_quickly
from app.imaging.colour import ColourSpace, srgb_profile
from app.imaging.photograph import Channels, Metadata, Photograph
from app.imaging.recipe import BlendMode
from app.imaging.resample import resize_picture

MIMETYPE: Final = b"image/openraster"
MANIFEST, STACK, MERGED = "maskroom/manifest.json", "stack.xml", "mergedimage.png"
PHOTOGRAPH = "data/photograph.png"
SOURCE, THUMBNAIL = "maskroom/source", "Thumbnails/thumbnail.png"
VERSION = 1
"""Of the manifest; a file with a higher one is opened as other programs see it."""
THUMBNAIL_BOUNDS = Size(256, 256)
OPERATIONS: Final = {
    BlendMode.NORMAL: "svg:src-over",
    BlendMode.MULTIPLY: "svg:multiply",
    BlendMode.SCREEN: "svg:screen",
    BlendMode.OVERLAY: "svg:overlay",
    BlendMode.LIGHTEN: "svg:lighten",
    BlendMode.DARKEN: "svg:darken",
    BlendMode.LUMINOSITY: "svg:luminosity",
    BlendMode.COLOUR: "svg:color",
}
_BAKED: Final = frozenset({BlendMode.LUMINOSITY, BlendMode.COLOUR})
"""In them others weigh red, green and blue by other figures and are up to three levels off."""
_LARGE = 1 << 31
"""Bytes from which on a member needs the larger form of the ZIP format."""
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML cannot hold."""


class PhotographEntry(msgspec.Struct, frozen=True):
    """The photograph: its name and file, and by how much the document is larger on each side."""

    name: str
    file: str
    margins: Box = (0, 0, 0, 0)


class Manifest(msgspec.Struct, frozen=True):
    """Everything that only Maskroom understands."""

    version: int
    stack_sha256: str
    merged_sha256: str
    width: int
    height: int
    photograph: PhotographEntry
    layers: list[LayerEntry] = []
    masks: list[NamedEntry] = []
    active_mask: int = 0
    form: dict[str, Any] = {}
    references: list[NamedEntry] = []


def digest(data: bytes | memoryview) -> str:
    """The SHA-256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


class _Parts:
    """Puts pixels and bytes into the ZIP, each once."""

    def __init__(self, archive: zipfile.ZipFile, cancel: CancelToken) -> None:
        self._archive = archive
        self._cancel = cancel
        self._names: dict[int, str] = {}
        self._held: list[object] = []

    def picture(self, kind: str, picture: U8) -> str:
        return self._put(kind, ".png", picture, lambda: encode_png_quickly(picture))

    def data(self, kind: str, content: bytes) -> str:
        return self._put(kind, "", content, lambda: content)

    def _put(self, kind: str, suffix: str, thing: object, encode: Callable[[], bytes | memoryview]) -> str:
        name = self._names.get(id(thing))
        if name is None:
            self._cancel.check()
            name = self._names[id(thing)] = f"maskroom/{kind}/{len(self._held)}{suffix}"
            # As long as it is held, nothing else can have its identity.
            self._held.append(thing)
            _put(self._archive, name, encode())
        return name


def write_openraster(
    saved: SavedDocument,
    flatten: Callable[[Sequence[EditLayer], Rect], Samples],
    file: BinaryIO,
    progress: Callable[[float], None] = lambda share: None,
    cancel: CancelToken | None = None,
) -> None:
    """Write a document.

    `flatten` gives what layers make of the photograph in a rectangle, in its own samples. Blocks for the time
    that the pictures take to encode: call it in a worker. `progress` is told 0 … 1.

    Raises:
        Cancelled: `cancel` was cancelled; `file` is then half written.
        OSError: `file` cannot be written.
    """
    cancel = cancel or CancelToken()
    total = 4 + 2 * len(saved.layers) + len(saved.masks)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        progress(done / total)
        cancel.check()

    photograph = saved.photograph
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _put(archive, "mimetype", MIMETYPE)
        flattened = flatten(saved.layers, saved.size.rect)
        merged = _png(flattened, photograph.metadata)
        step()
        base = merged
        if any(layer.visible for layer in saved.layers):
            base = _png(photograph.samples, photograph.metadata)
        step()
        _put(archive, PHOTOGRAPH, base)
        sources = []
        for number, layer in enumerate(saved.layers, 1):
            sources.append(f"data/layer{number}.png")
            below = saved.layers[: number - 1]
            if _is_baked(layer, photograph):
                shown = replace(layer, visible=True)
                png = _baked_png(shown, photograph, flatten((*below, shown), _shown_rect(layer)))
            else:
                png = _layer_png(layer, photograph)
            _put(archive, sources[-1], png)
            step()
        stack = _stack_xml(saved, sources)
        archive.writestr(_packed(STACK), stack)
        _put(archive, MERGED, merged)
        _put(archive, THUMBNAIL, _thumbnail(flattened, photograph))
        step()
        _put(archive, SOURCE, saved.source)
        parts = _Parts(archive, cancel)
        layers = []
        for layer in saved.layers:
            layers.append(layer_entry(layer, parts))
            step()
        masks = []
        for mask in saved.masks:
            masks.append(NamedEntry(mask.name, parts.picture("masks", mask.coverage)))
            step()
        manifest = Manifest(
            version=VERSION,
            stack_sha256=digest(stack),
            merged_sha256=digest(merged),
            width=saved.size.width,
            height=saved.size.height,
            photograph=PhotographEntry(photograph.name, SOURCE, margins_entry(saved.margins)),
            layers=layers,
            masks=masks,
            active_mask=saved.active_mask,
            form=dict(saved.form),
            references=[
                NamedEntry(each.name, parts.picture("references", each.picture)) for each in saved.references
            ],
        )
        archive.writestr(_packed(MANIFEST), msgspec.json.format(msgspec.json.encode(manifest)))
        step()


def _put(archive: zipfile.ZipFile, name: str, content: bytes | memoryview) -> None:
    """Add a member that is not compressed: a picture is already, and the type is to be read by its place."""
    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=len(content) >= _LARGE) as member:
        member.write(content)


def _packed(name: str) -> zipfile.ZipInfo:
    told = zipfile.ZipInfo(name)
    told.compress_type = zipfile.ZIP_DEFLATED
    return told


def _shown_rect(layer: EditLayer) -> Rect:
    """What is written of a layer: what it covers, or one pixel of nothing."""
    return layer.covered if not layer.covered.is_empty else Rect(layer.region.x, layer.region.y, 1, 1)


def _is_baked(layer: EditLayer, photograph: Photograph) -> bool:
    """Whether what the layer makes of those below it is written, which every program shows alike.

    Over transparency only plain layers look elsewhere as they do here. Of 16 bits Krita takes 8 before it blends, so
    that roundings add up: there, too, only plain layers stay within one level.
    """
    is_plain = layer.mode is BlendMode.NORMAL
    if layer.mode in _BAKED or (photograph.has_alpha and not is_plain):
        return True
    return photograph.bits == 16 and not (is_plain and layer.opacity == 1.0)


def _layer_png(layer: EditLayer, photograph: Photograph) -> memoryview:
    """What the layer shows, with its alpha, in the photograph's colour space and depth."""
    rect = _shown_rect(layer)
    inside = rect.relative_to(layer.region).slices
    base = photograph.samples[rect.slices]
    space = ColourSpace(photograph.metadata.icc, photograph.channels)
    samples = space.from_srgb(layer.pixels[inside], base)
    alpha = softened(layer, rect)
    if photograph.has_alpha:
        samples = as_samples(samples[..., :-1])
    return _with_alpha(samples, alpha, photograph)


def _baked_png(layer: EditLayer, photograph: Photograph, result: Samples) -> memoryview:
    """What it makes of what is below it, (h, w…) of the written rectangle, opaque wherever it does anything."""
    colours = as_samples(result[..., :-1]) if photograph.has_alpha else result
    weight = softened(layer, _shown_rect(layer))
    return _with_alpha(colours, as_u8(np.where(weight > 0, np.uint8(255), np.uint8(0))), photograph)


def _with_alpha(colours: Samples, alpha: U8, photograph: Photograph) -> memoryview:
    deep = alpha if colours.dtype == np.uint8 else to_sixteen_bits(alpha)
    return _png(as_samples(np.dstack((colours, deep))), Metadata(icc=photograph.metadata.icc))


def _png(samples: Samples, metadata: Metadata) -> memoryview:
    """A PNG for other programs: about 16 bits without a profile Krita would ask the user, so they get sRGB's."""
    if samples.dtype == np.uint16 and metadata.icc is None:
        metadata = replace(metadata, icc=srgb_profile())
        if Channels.of(samples).is_gray:
            grey, alpha = (samples, []) if samples.ndim == 2 else (samples[..., 0], [samples[..., 1]])
            samples = as_samples(np.dstack((grey, grey, grey, *alpha)))
    return encode_png_quickly(samples, metadata)


def _stack_xml(saved: SavedDocument, sources: list[str]) -> bytes:
    """The order of the layers, the uppermost first."""
    image = ElementTree.Element("image", version="0.0.3", w=str(saved.size.width), h=str(saved.size.height))
    dpi = saved.photograph.metadata.dpi
    if dpi is not None and min(dpi) >= 1:
        image.set("xres", str(round(dpi[0])))
        image.set("yres", str(round(dpi[1])))
    stack = ElementTree.SubElement(image, "stack")
    for layer, source in zip(reversed(saved.layers), reversed(sources), strict=True):
        rect, is_baked = _shown_rect(layer), _is_baked(layer, saved.photograph)
        mode = BlendMode.NORMAL if is_baked else layer.mode
        operation = OPERATIONS[mode]
        if saved.photograph.has_alpha and mode is BlendMode.NORMAL:
            # Layers never make a transparent place of the photograph opaque.
            operation = "svg:src-atop"
        attributes = {
            "name": layer.name,
            "src": source,
            "x": str(rect.x),
            "y": str(rect.y),
            "opacity": "1" if is_baked else f"{layer.opacity:.6g}",
            "visibility": "visible" if layer.visible else "hidden",
            "composite-op": operation,
        }
        _add_layer(stack, attributes)
    _add_layer(
        stack,
        {
            "name": saved.photograph.name,
            "src": PHOTOGRAPH,
            "x": "0",
            "y": "0",
            "opacity": "1",
            "visibility": "visible",
            "composite-op": OPERATIONS[BlendMode.NORMAL],
        },
    )
    ElementTree.indent(image)
    written: bytes = ElementTree.tostring(image, "UTF-8", xml_declaration=True)
    return written


def _add_layer(stack: ElementTree.Element, attributes: dict[str, str]) -> None:
    ElementTree.SubElement(
        stack, "layer", {name: _UNWRITABLE.sub("", value) for name, value in attributes.items()}
    )


def _thumbnail(flattened: Samples, photograph: Photograph) -> memoryview:
    """At most 256 pixels a side, 8 bits, sRGB."""
    size = Size(flattened.shape[1], flattened.shape[0]).fitted_into(THUMBNAIL_BOUNDS)
    step = max(1, flattened.shape[0] // (4 * size.height))
    # Reduced roughly before it is converted: the conversion is the slow part.
    few = as_samples(flattened[::step, ::step])
    space = ColourSpace(photograph.metadata.icc, photograph.channels)
    return encode_png_quickly(resize_picture(space.to_srgb(few), size))
