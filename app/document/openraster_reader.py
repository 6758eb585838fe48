"""Opens OpenRaster files: ours come back as they were saved, those of other programs as near as possible.

The look comes first: where the layers of another program, blended as we blend, do not give the joined picture
that its file holds, the joined picture is opened, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree

import msgspec
import numpy as np

from app.base.errors import PhotographError
from app.base.geometry import Margins, Rect, Size
from app.base.text import tr
from app.document.composition import Composition, prepare
from app.document.layers import EditLayer
from app.document.openraster import (
    MANIFEST,
    MERGED,
    MIMETYPE,
    OPERATIONS,
    PHOTOGRAPH,
    SOURCE,
    STACK,
    VERSION,
    Manifest,
    digest,
)
from app.document.saved import SavedDocument, SavedMask, SavedReference, layer_of_entry
from app.document.zip_parts import MOST_XML, Members, parse_xml, plain_picture
from app.imaging.arrays import U8, as_u8
from app.imaging.codecs import encode_png_quickly
from app.imaging.colour import ColourSpace
from app.imaging.extend import extend_photograph
from app.imaging.load import load_photograph
from app.imaging.photograph import Channels, Metadata, Photograph
from app.imaging.recipe import Align, BlendMode, ColourMatch, Recipe
from app.imaging.sources import Limits, Unreadable, check_size, damaged, telling

FORMAT = "OpenRaster"
_MOST_LAYERS = 1000
_SAME = 3
"""Levels of 255 by which two programs may blend the same layers differently."""
_AS_IT_CAME = Recipe(Align.OFF, ColourMatch.OFF, feather=0)
_MODES = {operation: mode for mode, operation in OPERATIONS.items()} | {"svg:src-atop": BlendMode.NORMAL}


def is_openraster(data: bytes) -> bool:
    """True when the first bytes are those of an OpenRaster file; the name plays no part."""
    return data[:4] == b"PK\x03\x04" and data[30:54] == b"mimetype" + MIMETYPE


def read_openraster(data: bytes, name: str, limits: Limits = Limits()) -> SavedDocument:
    """Open a file whole; blocks for the time of decoding all its pictures.

    Raises:
        PhotographError: no usable file; the message names it and the reason.
    """
    with telling(name):
        members = Members(data, limits)
        if MANIFEST not in members:
            return _Foreign(members, name, limits).document()
        try:
            return _own(members, name, limits)
        except _Changed as error:
            note = error.note
        except (PhotographError, Unreadable, ValueError, TypeError, LookupError):
            note = tr(
                "What Maskroom keeps for itself in the file is damaged; it was opened as others see it."
            )
        found = _Foreign(members, name, limits).document()
        return replace(found, notes=(note, *found.notes))


class _Changed(Exception):
    """The manifest is not to be used; `note` says why."""

    def __init__(self, note: str) -> None:
        super().__init__(note)
        self.note = note


class _OwnParts:
    """Reads what `openraster._Parts` wrote."""

    def __init__(self, members: Members, name: str) -> None:
        self._members = members
        self._name = name

    def picture(self, name: str) -> U8:
        return plain_picture(self._members.photograph(name, self._name))

    def data(self, name: str) -> bytes:
        return self._members.read(name)


def _own(members: Members, name: str, limits: Limits) -> SavedDocument:
    """A file of ours, as it was saved."""
    try:
        manifest = msgspec.json.decode(members.read(MANIFEST, MOST_XML * 4), type=Manifest)
    except msgspec.MsgspecError as error:
        raise damaged() from error
    if manifest.version > VERSION:
        raise _Changed(tr("A newer Maskroom wrote the file; it was opened as other programs see it."))
    same = digest(members.read(STACK)) == manifest.stack_sha256
    if not same or digest(members.read(MERGED)) != manifest.merged_sha256:
        raise _Changed(tr("Another program changed the file; it was opened as that program left it."))
    size = Size(manifest.width, manifest.height)
    source = members.read(SOURCE)
    opened = load_photograph(source, name=manifest.photograph.name, limits=limits)
    margins = Margins(*manifest.photograph.margins)
    check_size(margins.around(opened.size), limits)
    photograph = extend_photograph(opened, margins)
    if photograph.size != size:
        # The document is larger than what was opened, in a way that this version cannot make anew.
        source, margins = members.read(PHOTOGRAPH), Margins()
        photograph = load_photograph(source, name=manifest.photograph.name, limits=limits)
    if photograph.size != size or not manifest.masks:
        raise damaged()
    parts = _OwnParts(members, name)
    layers = tuple(layer_of_entry(entry, parts) for entry in manifest.layers)
    masks = tuple(SavedMask(entry.name, parts.picture(entry.file).copy()) for entry in manifest.masks)
    height, width = photograph.size.height, photograph.size.width
    if any(mask.coverage.shape != (height, width) for mask in masks):
        raise damaged()
    if any(not photograph.size.rect.contains(layer.region) for layer in layers):
        raise damaged()
    return SavedDocument(
        photograph,
        source,
        layers,
        masks,
        min(max(manifest.active_mask, 0), len(masks) - 1),
        manifest.form,
        tuple(SavedReference(entry.name, parts.picture(entry.file)) for entry in manifest.references),
        margins,
    )


@dataclass(frozen=True, slots=True)
class _Node:
    """A layer of `stack.xml`."""

    name: str
    source: str
    x: int
    y: int
    opacity: float
    visible: bool
    mode: BlendMode | None
    """None for an operation that we do not have."""


class _Foreign:
    """A file as any program sees it."""

    def __init__(self, members: Members, name: str, limits: Limits) -> None:
        self._members = members
        self._name = name
        self._limits = limits

    def document(self) -> SavedDocument:
        root = parse_xml(self._members.read(STACK, MOST_XML))
        stack = root.find("stack")
        if root.tag != "image" or stack is None:
            raise damaged()
        size = Size(_whole(root, "w"), _whole(root, "h"))
        check_size(size, self._limits)
        merged = self._merged(size)
        try:
            nodes = list(_nodes(stack))
            if not nodes or len(nodes) > _MOST_LAYERS:
                raise _Changed(tr("Its layers could not be taken over one by one; they were joined."))
            return self._layered(size, nodes, merged)
        except _Changed as error:
            note = error.note
        except (PhotographError, Unreadable):
            if merged is None:
                raise
            note = tr("A layer of it could not be read; the joined picture was opened.")
        if merged is None:
            raise Unreadable(note, tr("Save it as PNG with the program that wrote it."))
        return SavedDocument(merged, self._members.read(MERGED), notes=(note,))

    def _merged(self, size: Size) -> Photograph | None:
        """The joined picture, None where there is none of use."""
        if MERGED not in self._members:
            return None
        try:
            merged = self._members.photograph(MERGED, self._name)
        except (PhotographError, Unreadable):
            return None
        return replace(merged, format=FORMAT) if merged.size == size else None

    def _layered(self, size: Size, nodes: list[_Node], merged: Photograph | None) -> SavedDocument:
        if merged is not None and merged.has_alpha and not _is_opaque(merged):
            raise _Changed(tr("Its picture is transparent in places, so its layers were joined."))
        notes = []
        unknown = [node.name for node in nodes if node.mode is None and node.visible]
        if unknown and merged is not None:
            raise _Changed(tr("It blends layers in a way that Maskroom does not know; they were joined."))
        if unknown:
            notes.append(tr("“{name}” is blended in a way that Maskroom does not know.", name=unknown[0]))
        photograph, source = self._ground(size, nodes[0])
        rest = nodes[1:] if source else nodes
        if not source:
            source = bytes(encode_png_quickly(photograph.samples))
        layers = tuple(layer for node in rest if (layer := self._layer(node, size)) is not None)
        if photograph.bits == 16 and layers:
            notes.append(tr("Its layers were taken over with 8 bits; the lowest one keeps its 16."))
        if merged is not None and not _looks_like(photograph, layers, merged):
            raise _Changed(tr("Its layers look otherwise when Maskroom blends them, so they were joined."))
        return SavedDocument(photograph, source, layers, notes=tuple(notes))

    def _ground(self, size: Size, lowest: _Node) -> tuple[Photograph, bytes]:
        """What the layers lie on: the lowest of them, with its file, where it fills the picture; else white."""
        plain = lowest.visible and lowest.opacity == 1.0 and lowest.mode is BlendMode.NORMAL
        if plain and (lowest.x, lowest.y) == (0, 0):
            found = self._members.photograph(lowest.source, self._name)
            if found.size == size and _is_opaque(found):
                found = replace(found, name=self._name, format=FORMAT)
                return found, self._members.read(lowest.source)
        white = np.full((size.height, size.width, 3), 255, np.uint8)
        white.flags.writeable = False
        return Photograph(white, Channels.RGB, Metadata(), self._name, FORMAT), b""

    def _layer(self, node: _Node, size: Size) -> EditLayer | None:
        """A layer of the part that lies inside the picture; None where nothing does."""
        found = self._members.photograph(node.source, self._name)
        whole = Rect(node.x, node.y, found.size.width, found.size.height)
        region = whole.intersected(size.rect)
        if region.is_empty:
            return None
        part = region.relative_to(whole).slices
        space = ColourSpace(found.metadata.icc, found.channels)
        rgb = space.to_srgb(found.samples[part])
        if rgb.shape[2] == 4:
            coverage = as_u8(np.ascontiguousarray(rgb[..., 3]))
        else:
            coverage = np.full(rgb.shape[:2], 255, np.uint8)
        return EditLayer(
            id=f"{digest(node.source.encode())[:16]}{digest(node.name.encode())[:16]}",
            name=node.name or tr("Layer"),
            region=region,
            pixels=as_u8(np.ascontiguousarray(rgb[..., :3])),
            coverage=coverage,
            recipe=_AS_IT_CAME,
            opacity=node.opacity,
            mode=node.mode or BlendMode.NORMAL,
            visible=node.visible,
        )


def _nodes(stack: ElementTree.Element, shown: bool = True) -> Iterator[_Node]:
    """The layers of a stack, the lowest first; a plain group is as good as its layers.

    `shown` is False for what lies in a hidden group.

    Raises:
        _Changed: a group is blended as one picture.
    """
    for element in reversed(stack):
        visible = shown and element.get("visibility", "visible") == "visible"
        if element.tag == "layer":
            yield _Node(
                element.get("name", ""),
                element.get("src", ""),
                _whole(element, "x", 0),
                _whole(element, "y", 0),
                _opacity(element),
                visible,
                _MODES.get(element.get("composite-op", OPERATIONS[BlendMode.NORMAL])),
            )
        elif element.tag == "stack":
            operation = element.get("composite-op", OPERATIONS[BlendMode.NORMAL])
            moved = _whole(element, "x", 0) or _whole(element, "y", 0)
            if visible and (_opacity(element) != 1.0 or operation != OPERATIONS[BlendMode.NORMAL] or moved):
                raise _Changed(tr("It holds groups of layers that are blended as one; they were joined."))
            yield from _nodes(element, visible)


def _whole(element: ElementTree.Element, name: str, default: int | None = None) -> int:
    """A whole number of an attribute, within what any picture can have."""
    text = element.get(name)
    if text is None and default is not None:
        return default
    try:
        number = float(text or "")
    except ValueError as error:
        raise damaged() from error
    if not -1e6 <= number <= 1e6:
        raise damaged()
    return int(number)


def _opacity(element: ElementTree.Element) -> float:
    try:
        opacity = float(element.get("opacity", "1"))
    except ValueError as error:
        raise damaged() from error
    return min(max(opacity, 0.0), 1.0) if opacity == opacity else 1.0


def _is_opaque(photograph: Photograph) -> bool:
    if not photograph.has_alpha:
        return True
    alpha = photograph.samples[..., -1]
    return bool((alpha == np.iinfo(alpha.dtype).max).all())


def _looks_like(photograph: Photograph, layers: tuple[EditLayer, ...], merged: Photograph) -> bool:
    """Whether our blending gives the joined picture of the file."""
    composition = Composition(photograph, prepare(photograph))
    ours = composition.flatten(layers, photograph.size.rect)
    space = ColourSpace(photograph.metadata.icc, photograph.channels)
    theirs = ColourSpace(merged.metadata.icc, merged.channels)
    for top in range(0, photograph.size.height, 256):
        rows = slice(top, top + 256)
        a = space.to_srgb(ours[rows])[..., :3].astype(np.int16)
        b = theirs.to_srgb(merged.samples[rows])[..., :3]
        if np.abs(a - b).max() > _SAME:
            return False
    return True
