"""Composes frames into a back buffer of device pixels: picture and patches, and over them what the veil is.

Only the rectangles asked for are touched, and drawing a rectangle alone gives the pixels that drawing the
whole frame gives. Two things see to it: targets are whole pixels cut out by a clip while the source keeps its
fractions, and the view is snapped (`ViewTransform.snapped`) so that the raster engine's fixed point is exact.
What is drawn on top of a frame (ring, outlines) is not the renderer's matter.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QTransform

from app.base.geometry import EMPTY, Point, Rect, Size
from app.imaging.arrays import U8
from app.imaging.edges import Edge
from app.ui.canvas.pixel_grid import GRID_FROM
from app.ui.canvas.scene import Overlay, Picture, Scene
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.veil import Veil
from app.ui.canvas.view_transform import (
    FIXED_POINT,
    NEAREST_FROM,
    ViewTransform,
    level_for,
    source_rect,
    visible_rect,
)

# Keeps the truncated fixed-point step from falling one short of the whole number that it is.
_STEP_BIAS = 1e-7
# Keeps the sampling positions of the nearest filter, whole or half steps, away from the edge of a step.
_ORIGIN_BIAS = 0.25
_PAGE = 4096
_ALONE = 64
"""Rows that Qt draws without handing some of them to other threads."""
_SMALL = 60_000
"""Pixels of a filtered picture up to which waking other threads, and waiting for them, costs more than they save."""
CHECKER = 8
"""Edge of one square of the board under transparent pixels, in device pixels."""


class Renderer:
    """A back buffer of `size` device pixels and the means to draw a scene into it.

    `surround` is the colour around the document; `veil` knows the colours of what lies over it.
    """

    def __init__(self, size: Size, surround: QColor) -> None:
        self.surround = surround
        self.veil = Veil()
        self._checker = QBrush(_checkerboard())
        self.mask_alone = False
        """Whether the mask's coverage is shown as shades of grey, and nothing of the picture."""
        self.resize(size)

    def resize(self, size: Size) -> None:
        """Make the back buffer anew; its pixels are undefined until they are drawn."""
        self.size, self.rect = size, size.rect
        # The memory is numpy's and the image only wraps it, so that nobody outlives the other's pixels.
        width, height = max(1, size.width), max(1, size.height)
        self.pixels: U8 = _off_page(width * height * 4).reshape(height, width, 4)
        self.image = QImage(
            self.pixels.data, width, height, self.pixels.strides[0], QImage.Format.Format_RGB32
        )

    def draw(
        self,
        scene: Scene | None,
        view: ViewTransform,
        rects_view: Iterable[Rect],
        *,
        smooth: bool = True,
        onto: QImage | None = None,
        edge: Edge | None = None,
        grid: bool = False,
    ) -> None:
        """Compose these rectangles, which lie in the back buffer; `view` is snapped, upright and not mirrored.

        With `onto` they are composed into that image instead. `edge` is drawn over all, and with `grid` lines
        between pixels that are large enough.
        """
        grid = grid and view.scale > GRID_FROM
        shown = EMPTY if scene is None else visible_rect(scene.size_doc.rect, view)
        if scene is None:
            self.veil.forget()
        painter = QPainter(self.image if onto is None else onto)
        try:
            for rect in rects_view:
                paper = rect.intersected(shown)
                for strip in rect.without(paper):
                    painter.fillRect(qrect(strip), self.surround)
                if scene is not None and not paper.is_empty:
                    tinted = self._draw_scene(painter, scene, view, paper, smooth)
                    overlay = None if tinted else scene.overlay
                    self.veil.draw(painter, view, paper, overlay=overlay, edge=edge, smooth=smooth, grid=grid)
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

    def _draw_scene(
        self, painter: QPainter, scene: Scene, view: ViewTransform, inside: Rect, smooth: bool
    ) -> bool:
        """Draw picture and patches; returns whether the overlay is no more to be drawn over them."""
        overlay, enlarged = scene.overlay, view.scale >= NEAREST_FROM
        smooth = smooth and not enlarged
        if not scene.picture.opaque:
            painter.setBrushOrigin(QPoint(int(view.origin.x), int(view.origin.y)))
            painter.fillRect(qrect(inside), self._checker)
        if self.mask_alone and overlay is not None:
            self._draw_mask(painter, overlay, view, inside, smooth)
            return True
        if overlay is not None and self.veil.strength > 0 and enlarged:
            # There are fewer pixels than the view has: they are tinted before they are enlarged.
            self._draw_enlarged(painter, scene, overlay, view, inside)
            return True
        self._draw_pictures(painter, scene, view, inside, smooth)
        return self.veil.strength == 0

    def _draw_pictures(
        self, painter: QPainter, scene: Scene, view: ViewTransform, inside: Rect, smooth: bool
    ) -> None:
        _draw_picture(painter, scene.picture, view, inside, smooth)
        for patch in scene.patches:
            covered = inside.intersected(visible_rect(patch.shown_doc, view))
            if not covered.is_empty:
                if patch.covers and not patch.opaque:
                    painter.setBrushOrigin(QPoint(int(view.origin.x), int(view.origin.y)))
                    painter.fillRect(qrect(covered), self._checker)
                _draw_picture(painter, patch, view, covered, smooth)

    def _draw_mask(
        self, painter: QPainter, overlay: Overlay, view: ViewTransform, inside: Rect, smooth: bool
    ) -> None:
        level = level_for(view.scale, len(overlay.levels))
        coverage = overlay.levels[level]
        step = 1.0 / (view.scale * (1 << level))
        source = source_rect(inside, view, step, step, coverage.shape[1], coverage.shape[0])
        header = wrapped_part(coverage, source, QImage.Format.Format_Grayscale8)
        image = header.convertToFormat(QImage.Format.Format_RGB32)
        _draw_level(painter, image, source, view, step, step, inside, smooth)

    def _draw_enlarged(
        self, painter: QPainter, scene: Scene, overlay: Overlay, view: ViewTransform, inside: Rect
    ) -> None:
        """Draw the pixels that are seen in `inside` as squares, with the overlay over them."""
        step = 1.0 / view.scale
        source = source_rect(inside, view, step, step, scene.size_doc.width, scene.size_doc.height)
        runs = occupied_rects(overlay.occupied, overlay.tile, source)
        if scene.picture.opaque and not scene.patches:
            image = scene.picture.image(0, lambda base: source).copy(qrect(source))
            tinting = QPainter(image)
            for run in runs:
                part = run.intersected(source)
                corner = QPoint(part.x - source.x, part.y - source.y)
                tinting.drawImage(corner, self.veil.tinted(overlay.levels[0][part.slices]))
            tinting.end()
            _draw_level(painter, image, source, view, step, step, inside, smooth=False)
            return
        self._draw_pictures(painter, scene, view, inside, smooth=False)
        for run in runs:
            part = run.intersected(source)
            covered = visible_rect(part, view).intersected(inside)
            if not covered.is_empty:
                image = self.veil.tinted(overlay.levels[0][part.slices])
                _draw_level(painter, image, part, view, step, step, covered, smooth=False)


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
        return source_rect(covered, placed, step_x, step_y, image.width(), image.height())

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
        left, top = covered.x - int(x) - source.x, covered.y - int(y) - source.y
        painter.drawImage(covered.x, covered.y, image, left, top, covered.width, covered.height)
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
    placed = QTransform(scale_x, 0.0, 0.0, scale_y, x + source.x * scale_x, y + source.y * scale_y)
    height = _ALONE if covered.area <= _SMALL else covered.height
    for top in range(covered.y, covered.bottom, height):
        painter.setClipRect(covered.x, top, covered.width, min(height, covered.bottom - top))
        painter.setTransform(placed)
        painter.drawImage(QPoint(0, 0), image)
        painter.resetTransform()
    painter.setClipping(False)


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
