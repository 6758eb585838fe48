"""Composes frames into a back buffer of device pixels: picture, patches and mask overlay.

Only the rectangles asked for are touched, and drawing a rectangle alone gives the pixels that drawing the
whole frame gives. Two things see to it: targets are whole pixels cut out by a clip while the source keeps its
fractions, and the view is snapped (`ViewTransform.snapped`) so that the raster engine's fixed point is exact.
What is drawn on top of a frame (ring, outlines) is not the renderer's matter.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QRegion, QTransform

from app.base.geometry import Point, Rect, Size
from app.imaging.arrays import U8
from app.ui.canvas.scene import Overlay, Picture, Scene
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.view_transform import FIXED_POINT, ViewTransform, level_for

_ARGB = QImage.Format.Format_ARGB32_Premultiplied
_OVER = QPainter.CompositionMode.CompositionMode_SourceOver
_SOURCE = QPainter.CompositionMode.CompositionMode_Source
# Keeps the truncated fixed-point step from falling one short of the whole number that it is.
_STEP_BIAS = 1e-7
# Keeps the sampling positions of the nearest filter, whole or half steps, away from the edge of a step.
_ORIGIN_BIAS = 0.25
_FRINGE = 2
"""View pixels by which the smooth filter carries a tile's coverage into its neighbours."""
_PLAIN_FROM = 60_000
"""View pixels from which a part of one value is drawn by itself; below it the calls cost more than is saved."""
_PLAIN_PARTS = 4
_BAND = 64
_PAGE = 4096
_FEW = 24_000
"""Up to so many pixels numpy tints faster than Qt, which takes a while to take over a table of colours."""
NEAREST_FROM = 2.0
"""From this scale on pixels are shown as squares."""
CHECKER = 8
"""Edge of one square of the board under transparent pixels, in device pixels."""


class Renderer:
    """A back buffer of `size` device pixels and the means to draw a scene into it.

    `surround` is the colour around the document; `tint` and `strength` (0–1) those of the mask overlay.
    """

    def __init__(self, size: Size, surround: QColor) -> None:
        self.surround = surround
        self._table: list[int] = []
        self._tints: NDArray[np.uint32] = np.zeros(256, np.uint32)
        self._checker = QBrush(_checkerboard())
        self.mask_alone = False
        """Whether the mask's coverage is shown as shades of grey, and nothing of the picture."""
        self.set_overlay(QColor(255, 0, 80), 0.5)
        self.resize(size)

    def resize(self, size: Size) -> None:
        """Make the back buffer anew; its pixels are undefined until they are drawn."""
        self.size = size
        # The memory is numpy's and the image only wraps it, so that nobody outlives the other's pixels.
        width, height = max(1, size.width), max(1, size.height)
        self.pixels: U8 = _off_page(width * height * 4).reshape(height, width, 4)
        self.image = QImage(
            self.pixels.data, width, height, self.pixels.strides[0], QImage.Format.Format_RGB32
        )

    def set_overlay(self, tint: QColor, strength: float) -> None:
        """Colour of the mask, and how opaque full coverage is drawn (0–1)."""
        rgb = tint.rgb() & 0xFFFFFF
        self.strength = strength
        self._table = [round(coverage * strength) << 24 | rgb for coverage in range(256)]
        ramp = QImage(bytes(range(256)), 256, 1, 256, QImage.Format.Format_Indexed8)
        ramp.setColorTable(self._table)
        premultiplied = ramp.convertToFormat(_ARGB)
        self._tints = np.frombuffer(premultiplied.constBits(), np.uint32).copy()

    def draw(
        self,
        scene: Scene | None,
        view: ViewTransform,
        rects_view: Iterable[Rect],
        *,
        smooth: bool = True,
        onto: QImage | None = None,
    ) -> None:
        """Compose these rectangles, which lie in the back buffer; `view` is snapped, upright and not mirrored.

        With `onto` they are composed into that image instead.
        """
        painter = QPainter(self.image if onto is None else onto)
        try:
            for rect in rects_view:
                self._draw_part(painter, scene, view, rect, smooth and view.scale < NEAREST_FROM)
        finally:
            painter.end()

    def scroll(self, dx: int, dy: int) -> tuple[Rect, ...]:
        """Move the frame by (dx, dy) device pixels; returns the rectangles that must be drawn anew."""
        width, height = self.size.width, self.size.height
        if abs(dx) >= width or abs(dy) >= height:
            return (self.size.rect,)
        # One move of the whole block: what wraps round the sides falls into the strips that are drawn anew.
        shift = dy * self.pixels.strides[0] + dx * 4
        start, length = self.pixels.ctypes.data, self.pixels.nbytes - abs(shift)
        ctypes.memmove(start + max(0, shift), start + max(0, -shift), length)
        across = Rect(0, 0 if dy > 0 else height + dy, width, abs(dy))
        down = Rect(0 if dx > 0 else width + dx, max(0, dy), abs(dx), height - abs(dy))
        return tuple(strip for strip in (across, down) if not strip.is_empty)

    def _draw_part(
        self, painter: QPainter, scene: Scene | None, view: ViewTransform, part: Rect, smooth: bool
    ) -> None:
        if scene is None:
            painter.fillRect(qrect(part), self.surround)
            return
        paper = visible_rect(scene.size_doc.rect, view)
        inside = part.intersected(paper)
        for strip in part.without(inside):
            painter.fillRect(qrect(strip), self.surround)
        if inside.is_empty:
            return
        if not scene.picture.opaque:
            painter.setBrushOrigin(QPoint(int(view.origin.x), int(view.origin.y)))
            painter.fillRect(qrect(inside), self._checker)
        if self.mask_alone and scene.overlay is not None:
            self._draw_mask(painter, scene.overlay, view, inside, smooth)
            return
        overlay = scene.overlay if self.strength > 0 else None
        if overlay is not None and view.scale > 1.0 and scene.picture.opaque and not scene.patches:
            tinted = self._tinted_picture(scene.picture, overlay, view, inside)
            _draw_level(painter, *tinted, view, 1.0 / view.scale, 1.0 / view.scale, inside, smooth)
            return
        _draw_picture(painter, scene.picture, view, inside, smooth)
        for patch in scene.patches:
            covered = inside.intersected(visible_rect(patch.shown_doc, view))
            if not covered.is_empty:
                if patch.covers and not patch.opaque:
                    painter.setBrushOrigin(QPoint(int(view.origin.x), int(view.origin.y)))
                    painter.fillRect(qrect(covered), self._checker)
                _draw_picture(painter, patch, view, covered, smooth)
        if overlay is not None:
            self._draw_overlay(painter, overlay, scene.size_doc, view, inside, smooth)

    def _draw_mask(
        self, painter: QPainter, overlay: Overlay, view: ViewTransform, inside: Rect, smooth: bool
    ) -> None:
        level = level_for(view.scale, len(overlay.levels))
        coverage = overlay.levels[level]
        step = 1.0 / (view.scale * (1 << level))
        source = _source_rect(inside, view, step, step, coverage.shape[1], coverage.shape[0])
        header = wrapped_part(coverage, source, QImage.Format.Format_Grayscale8)
        image = header.convertToFormat(QImage.Format.Format_RGB32)
        _draw_level(painter, image, source, view, step, step, inside, smooth)

    def _draw_overlay(
        self,
        painter: QPainter,
        overlay: Overlay,
        size_doc: Size,
        view: ViewTransform,
        inside: Rect,
        smooth: bool,
    ) -> None:
        """Tint what is occupied: large plain parts as such, the rest through an indexed view of the coverage."""
        level = level_for(view.scale, len(overlay.levels))
        coverage = overlay.levels[level]
        step = 1.0 / (view.scale * (1 << level))
        fringe = _FRINGE if smooth and step != 1.0 else 0
        seen_doc = view.rect_to_doc(inside.expanded(fringe))
        runs = occupied_rects(overlay.occupied, overlay.tile, seen_doc)
        if not runs:
            return
        plain: list[tuple[Rect, int]] = []
        if inside.area >= _PLAIN_FROM:
            plain = _plain_parts(overlay, size_doc, view, seen_doc, inside, fringe)
        for rect, value in plain:
            _fill(painter, rect, QColor.fromRgba(self._table[value]))
        if len(runs) == 1 and not plain and runs[0].contains(seen_doc):
            tinted = [inside]
        else:
            around = [visible_rect(run.intersected(size_doc.rect), view).expanded(fringe) for run in runs]
            tinted = _disjoint(around, inside, [rect for rect, _ in plain])
        for covered in tinted:
            source = _source_rect(covered, view, step, step, coverage.shape[1], coverage.shape[0])
            image = self._tint(coverage, source)
            _draw_level(painter, image, source, view, step, step, covered, smooth)

    def _tinted_picture(
        self, picture: Picture, overlay: Overlay, view: ViewTransform, inside: Rect
    ) -> tuple[QImage, Rect]:
        """The pixels of an opaque picture that are seen enlarged in `inside`, tinted before they are enlarged.

        There are fewer of them than view pixels. Also returns which pixels they are.
        """
        base, step = picture.images[0], 1.0 / view.scale
        source = _source_rect(inside, view, step, step, base.width(), base.height())
        image = picture.image(0, lambda base: source).copy(qrect(source))
        painter = QPainter(image)
        for run in occupied_rects(overlay.occupied, overlay.tile, source):
            part = run.intersected(source)
            painter.drawImage(
                QPoint(part.x - source.x, part.y - source.y), self._tint(overlay.levels[0], part)
            )
        painter.end()
        return image, source

    def _tint(self, coverage: U8, source: Rect) -> QImage:
        """A premultiplied picture of a part of the coverage in the overlay's colour."""
        if source.area < _FEW:
            tinted = self._tints.take(coverage[source.slices])
            return QImage(tinted.data, source.width, source.height, source.width * 4, _ARGB)
        header = wrapped_part(coverage, source, QImage.Format.Format_Indexed8)
        header.setColorTable(self._table)
        return header.convertToFormat(_ARGB)


def wrapped_part(plane: U8, part: Rect, form: QImage.Format) -> QImage:
    """An image on a part of a contiguous (h, w) plane, without a copy."""
    stride = plane.strides[0]
    start = plane.reshape(-1)[part.y * stride + part.x :]
    return QImage(start.data, part.width, part.height, stride, form)


def _off_page(length: int) -> U8:
    """Memory that begins in the middle of a page.

    Blocks of one size often follow each other in memory with 16 bytes between, as this one and the window's own
    picture would. Where a copy's target stands 1 to 31 bytes after its source within a page, processors by AMD
    copy ten times slower.
    """
    block = np.empty(length + _PAGE, np.uint8)
    start = (_PAGE // 2 - block.ctypes.data) % _PAGE
    return block[start : start + length]


def _disjoint(rects: Sequence[Rect], inside: Rect, without: Sequence[Rect]) -> list[Rect]:
    """Rectangles that do not overlap and together are `rects` inside `inside`, less those of `without`."""
    if len(rects) == 1 and not without:
        only = rects[0].intersected(inside)
        return [] if only.is_empty else [only]
    region = QRegion()
    for rect in rects:
        region += qrect(rect)
    region &= qrect(inside)
    for rect in without:
        region -= qrect(rect)
    return [Rect(each.x(), each.y(), each.width(), each.height()) for each in cast(Iterable[QRect], region)]


def _plain_parts(
    overlay: Overlay, size_doc: Size, view: ViewTransform, seen_doc: Rect, inside: Rect, fringe: int
) -> list[tuple[Rect, int]]:
    """The largest view rectangles whose coverage has one value, clear of what filters bring from beside them."""
    parts = [
        (visible_rect(rect.intersected(size_doc.rect), view).expanded(-fringe).intersected(inside), value)
        for rect, value in overlay.plain.plain_rects(seen_doc)
    ]
    large = [part for part in parts if part[0].area >= _PLAIN_FROM]
    return sorted(large, key=lambda part: -part[0].area)[:_PLAIN_PARTS]


def _fill(painter: QPainter, rect: Rect, colour: QColor) -> None:
    """Lay a translucent colour over `rect`, in bands that Qt does not hand to other threads.

    Waiting for threads costs more than this work where the processor has other things to do.
    """
    for top in range(rect.y, rect.bottom, _BAND):
        painter.fillRect(rect.x, top, rect.width, min(_BAND, rect.bottom - top), colour)


def visible_rect(rect_doc: Rect, view: ViewTransform) -> Rect:
    """The whole view pixels that show `rect_doc`; rectangles that meet in the document meet in the view."""
    scale, x, y = view.scale, int(view.origin.x), int(view.origin.y)
    return Rect.from_edges(
        x + math.floor(rect_doc.x * scale),
        y + math.floor(rect_doc.y * scale),
        x + max(math.floor(rect_doc.right * scale), math.floor(rect_doc.x * scale) + 1),
        y + max(math.floor(rect_doc.bottom * scale), math.floor(rect_doc.y * scale) + 1),
    )


def stale_rect(rect_doc: Rect, view: ViewTransform) -> Rect:
    """The view pixels that may change when the pixels of `rect_doc` do, the filters' reach included."""
    reach = 2 + math.ceil(view.scale) if view.scale < NEAREST_FROM else 1
    # What is turned is filtered once more.
    return view.rect_to_view(rect_doc).expanded(reach if view.is_upright else reach + 2)


def _draw_picture(
    painter: QPainter, picture: Picture, view: ViewTransform, covered: Rect, smooth: bool
) -> None:
    across, down = picture.ratio
    level = level_for(view.scale * min(across, down), len(picture.images))
    placed = view
    if picture.rect_doc.x or picture.rect_doc.y:
        placed = ViewTransform(view.scale, origin=view.to_view(_top_left(picture.rect_doc)))
    size = 1 << level
    step_x, step_y = 1.0 / (view.scale * across * size), 1.0 / (view.scale * down * size)

    def read(image: QImage) -> Rect:
        return _source_rect(covered, placed, step_x, step_y, image.width(), image.height())

    image = picture.image(level, read)
    _draw_level(
        painter, image, Rect(0, 0, image.width(), image.height()), placed, step_x, step_y, covered, smooth
    )


def _draw_level(
    painter: QPainter,
    image: QImage,
    source: Rect,
    view: ViewTransform,
    step_x: float,
    step_y: float,
    covered: Rect,
    smooth: bool,
) -> None:
    """Draw the pixels `source` of a level, which `image` holds, where the view shows them, inside `covered`.

    `step_x` and `step_y` are level pixels per view pixel.
    """
    x, y = view.origin.x, view.origin.y
    if step_x == step_y == 1.0 and x.is_integer() and y.is_integer():
        corner = QPoint(covered.x, covered.y)
        painter.drawImage(corner, image, qrect(covered.translated(-int(x) - source.x, -int(y) - source.y)))
        return
    fixed_x, fixed_y = step_x * FIXED_POINT + _STEP_BIAS, step_y * FIXED_POINT + _STEP_BIAS
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    if not smooth:
        painter.drawImage(
            QRectF(covered.x, covered.y, covered.width, covered.height),
            image,
            QRectF(
                (covered.x - x) * step_x - source.x + _ORIGIN_BIAS / FIXED_POINT,
                (covered.y - y) * step_y - source.y + _ORIGIN_BIAS / FIXED_POINT,
                covered.width * fixed_x / FIXED_POINT,
                covered.height * fixed_y / FIXED_POINT,
            ),
        )
        return
    # The filter needs the neighbours of what it draws: all of the level is placed, and a clip cuts it out.
    scale_x, scale_y = FIXED_POINT / fixed_x, FIXED_POINT / fixed_y
    painter.setClipRect(qrect(covered))
    painter.setTransform(
        QTransform(scale_x, 0.0, 0.0, scale_y, x + source.x * scale_x, y + source.y * scale_y)
    )
    painter.drawImage(QPoint(0, 0), image)
    painter.resetTransform()
    painter.setClipping(False)


def _source_rect(
    covered: Rect, view: ViewTransform, step_x: float, step_y: float, width: int, height: int
) -> Rect:
    """The level pixels that the filters read for `covered`, with a margin of two."""
    left, top = (covered.x - view.origin.x) * step_x, (covered.y - view.origin.y) * step_y
    return Rect.from_edges(
        max(0, math.floor(left) - 2),
        max(0, math.floor(top) - 2),
        min(width, math.ceil(left + covered.width * step_x) + 2),
        min(height, math.ceil(top + covered.height * step_y) + 2),
    )


def _checkerboard() -> QImage:
    board = QImage(2 * CHECKER, 2 * CHECKER, QImage.Format.Format_RGB32)
    board.fill(QColor(0xCC, 0xCC, 0xCC))
    painter = QPainter(board)
    for x, y in ((0, 0), (CHECKER, CHECKER)):
        painter.fillRect(x, y, CHECKER, CHECKER, QColor(0xFF, 0xFF, 0xFF))
    painter.end()
    return board


def qrect(rect: Rect) -> QRect:
    """The same rectangle in the toolkit's own kind."""
    return QRect(rect.x, rect.y, rect.width, rect.height)


def _top_left(rect: Rect) -> Point:
    return Point(rect.x, rect.y)
