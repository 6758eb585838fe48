"""Draws where the part that will be edited ends: a thin line over the finished frame, light inside, dark outside.

The line is found per device pixel and depends on nothing but the place, so that a part drawn alone is the
part of the whole, and drawing it costs what the view costs, however ragged the mask is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from app.base.geometry import Rect
from app.imaging.edges import TILE, Edge
from app.ui.canvas.renderer import qrect, visible_rect
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.view_transform import ViewTransform, level_for, level_pixels

_DARK = QColor(0, 0, 0, 150)
_LIGHT = QColor(255, 255, 255, 190)
_TABLE = (0, _DARK.rgba(), _LIGHT.rgba(), 0)
"""By what a pixel is to the edge: nothing, outer, inner, inside."""
_FRINGE = 2
"""View pixels by which the line may reach out of the tiles that it runs through."""


def edge_rects(edge: Edge, view: ViewTransform) -> list[Rect]:
    """Rectangles of the view that cover all of the line."""
    document = edge.document.rect
    # What is turned reaches a little further.
    seen, fringe = (visible_rect, _FRINGE) if view.is_upright else (_hull, _FRINGE + 2)
    return [
        seen(run.intersected(document), view).expanded(fringe)
        for run in occupied_rects(edge.crossed, TILE, document)
    ]


def draw_edge(image: QImage, edge: Edge, view: ViewTransform, rects_view: Sequence[Rect]) -> None:
    """Lay the line over those rectangles of `image`, a frame of device pixels; each pixel once.

    `view` is snapped, upright and not mirrored.
    """
    wanted = QRegion()
    for rect in rects_view:
        wanted += qrect(rect)
    wanted &= qrect(visible_rect(edge.document.rect, view))
    bounds = wanted.boundingRect()
    seen_doc = view.rect_to_doc(
        Rect(bounds.x(), bounds.y(), bounds.width(), bounds.height()).expanded(_FRINGE)
    )
    line = QRegion()
    for run in occupied_rects(edge.crossed, TILE, seen_doc):
        line += qrect(visible_rect(run.intersected(edge.document.rect), view).expanded(_FRINGE))
    line &= wanted
    if line.isEmpty():
        return
    painter = QPainter(image)
    for part in cast(Iterable[QRect], line):
        _draw_part(painter, edge, view, part)
    painter.end()


def _draw_part(painter: QPainter, edge: Edge, view: ViewTransform, part: QRect) -> None:
    level = level_for(view.scale, len(edge.levels))
    scale = view.scale * (1 << level)
    # With the neighbours all round, which are only there to be looked at.
    columns = level_pixels(part.x() - 1, part.width() + 2, int(view.origin.x), scale)
    rows = level_pixels(part.y() - 1, part.height() + 2, int(view.origin.y), scale)
    kinds = edge.rim_at(level, rows, columns)
    stride = kinds.shape[1]
    header = QImage(
        kinds.reshape(-1)[stride + 1 :].data,
        part.width(),
        part.height(),
        stride,
        QImage.Format.Format_Indexed8,
    )
    header.setColorTable(_TABLE)
    painter.drawImage(
        QPoint(part.x(), part.y()), header.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
    )


def _hull(rect_doc: Rect, view: ViewTransform) -> Rect:
    return view.rect_to_view(rect_doc)
