"""What lies over the picture, drawn in one go: the mask's tint, the edge of what will be edited, the pixel grid.

Every view pixel gets one byte that tells what is over it, and a table tells the colour of each byte, with all that
lies there already mixed. So the edge and the grid cost little where the tint is drawn anyway, however ragged the
mask is. Bytes are looked up two at a time, which takes half as long. A band of the view is finished before the
next is begun, as it then stays near the processor. A part drawn alone is the part of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QColor, QImage, QPainter, QRegion

from app.base.geometry import EMPTY, Rect
from app.imaging.arrays import U8
from app.imaging.edges import TILE, Edge
from app.ui.canvas.pixel_grid import GRID, grid_lines
from app.ui.canvas.scene import Overlay
from app.ui.canvas.seen_mask import SeenCoverage, SeenEdge
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.view_transform import ViewTransform, level_for, visible_rect
from app.ui.canvas.woven import Woven

FRINGE = 2
"""View pixels by which what lies in a tile may reach out of it: the smooth filter, and the edge's dark side."""
_BAND = 1 << 20
"""View pixels that are drawn at a time; fewer take longer, and more do not stay near the processor."""
_LARGE = 60_000
"""View pixels from which what was found is kept; below it the calls cost more than is saved."""
_PLAIN = 250_000
"""View pixels from which a part of one value is filled by itself; to look for less costs more than is saved."""
_PLAIN_PARTS = 4
_FILLED = 64
"""Rows that are filled at a time."""
_MANY = 40
"""More rectangles than this are drawn as one: each costs as much as thousands of pixels."""
_DARK = QColor(0, 0, 0, 150)
_LIGHT = QColor(255, 255, 255, 190)
_KINDS = 4
"""What a pixel can be to the edge, see `app.imaging.edges.rim`; it takes the two lowest bits."""
_LINED = 4
"""The bit of pixels under the grid. It takes that of the coverage, as there is never both."""
_TINTED = 0xFF & -_KINDS
"""The bits of the coverage that are kept beside an edge: 64 steps of tint."""

F64 = NDArray[np.float64]


class Veil:
    """Draws over pictures what the mask and the edge say; keeps the tables of colours.

    The tint and its `strength` (0–1) are set by `set_overlay`.
    """

    def __init__(self) -> None:
        self._tables: dict[bool, F64] = {}
        self._words: F64 = np.empty(0)
        self._bytes: U8 = np.empty(0, np.uint8)
        self._shown: tuple[object, ...] = ()
        """The mask as it was drawn last."""
        self._woven: Woven | None = None
        """What is kept of that, once it was drawn again."""
        self._states = _states()
        self._lines = _pairs(_over(np.tile(self._states, (2, 1)), _grid()))
        self.set_overlay(QColor(255, 0, 80), 0.5)

    def set_overlay(self, tint: QColor, strength: float) -> None:
        """Colour of the mask, and how opaque full coverage is drawn (0–1)."""
        self.strength = strength
        self._tint = QColor(tint)
        self._tables.clear()

    def forget(self) -> None:
        """Keep nothing of the mask that was drawn last."""
        self._shown, self._woven = (), None

    def tinted(self, coverage: U8) -> QImage:
        """A premultiplied picture of `coverage` (h, w) in the tint; it lasts until the next drawing of any kind."""
        height, width = coverage.shape
        index = self._index(height, _even(width))
        index[:, :width] = coverage
        return self._coloured(index, width, self._table(edged=False))

    def draw(
        self,
        painter: QPainter,
        view: ViewTransform,
        inside: Rect,
        *,
        overlay: Overlay | None,
        edge: Edge | None,
        smooth: bool = True,
        grid: bool = False,
    ) -> None:
        """Draw the tint of `overlay`, `edge` and the grid over `inside`, which shows nothing but the document.

        With the grid there is no overlay. `view` is snapped, upright and not mirrored.
        """
        bare = overlay is None and edge is None
        seen = EMPTY if bare else view.rect_to_doc(inside.expanded(FRINGE))
        lined = [] if edge is None else _few(_edge_rects(edge, view, seen), inside)
        tinted = [] if overlay is None else _overlay_rects(overlay, view, inside, seen)
        laid = self._laying(view, inside, lined, overlay=overlay, edge=edge, smooth=smooth)
        across = _columns(inside, view) if grid else None
        plain: list[tuple[Rect, int]] = []
        if overlay is not None and lined != [inside] and any(rect.area >= _PLAIN for rect in tinted):
            plain = _plain_parts(overlay, view, seen, inside, lined)
        is_whole = grid or (not plain and inside in (*tinted, *lined))
        for rect, value in plain:
            _fill(painter, rect, _translucent(self._tint, value / 255.0 * self.strength))
        table = self._lines if overlay is None else self._table(edged=edge is not None)
        for rect in [inside] if is_whole else _disjoint([*tinted, *lined], [rect for rect, _ in plain]):
            # Bytes are looked up in pairs; an odd one out has a neighbour that is not drawn.
            wide = Rect(rect.x, rect.y, _even(rect.width), rect.height)
            whole = laid(wide)
            for band in wide.bands(_BAND):
                index = whole[band.y - wide.y : band.bottom - wide.y]
                if across is not None:
                    _lay_grid(index, band, view, across)
                painter.drawImage(QPoint(band.x, band.y), self._coloured(index, rect.width, table))

    def _laying(
        self,
        view: ViewTransform,
        inside: Rect,
        lined: Sequence[Rect],
        *,
        overlay: Overlay | None,
        edge: Edge | None,
        smooth: bool,
    ) -> Callable[[Rect], U8]:
        """What tells the bytes of a part of `inside`: coverage and, along `lined`, the edge."""
        kept = 0xFF if edge is None else _TINTED
        if overlay is None:
            self.forget()
        elif smooth and inside.area >= _LARGE:
            shown = overlay, edge, overlay.plain.changes, view.scale
            if shown == self._shown:
                self._woven = woven = self._woven or Woven(overlay, edge, view.scale, kept)
                x, y = int(view.origin.x), int(view.origin.y)
                return lambda part: woven.part(part.translated(-x, -y))
            self._shown, self._woven = shown, None
        tint = None if overlay is None else SeenCoverage.of(overlay, view, smooth=smooth, kept=kept)
        lines = [] if edge is None else [SeenEdge.of(edge, view, run) for run in lined]

        def laid(part: Rect) -> U8:
            index = self._index(part.height, part.width)
            if tint is None:
                index[...] = 0
            else:
                tint.lay(index, part)
            for line in lines:
                line.lay(index, part)
            return index

        return laid

    def _table(self, *, edged: bool) -> F64:
        """The pairs of the tint, with the edge in it or without.

        Made when it is first drawn: a fade has other colours at every step, and needs one of the two.
        """
        if edged not in self._tables:
            if edged:
                kept = (np.arange(256) // _KINDS) / (256 // _KINDS - 1)
                states = np.tile(self._states, (256 // _KINDS, 1))
                colours = _over(states, _premultiplied(self._tint, kept * self.strength))
            else:
                colours = _premultiplied(self._tint, np.arange(256) / 255.0 * self.strength)
            self._tables[edged] = _pairs(colours)
        return self._tables[edged]

    def _index(self, height: int, width: int) -> U8:
        """(height, width) bytes to be filled. Kept, as fresh memory costs as much as what is done with it."""
        if self._bytes.size < height * width:
            self._bytes = np.empty(height * width, np.uint8)
        return self._bytes[: height * width].reshape(height, width)

    def _coloured(self, index: U8, width: int, table: F64) -> QImage:
        """The colours of `index`, (h, an even w), as an image of its first `width` columns."""
        height, across = index.shape
        if self._words.size < index.size // 2:
            self._words = np.empty(index.size // 2)
        words = self._words[: index.size // 2].reshape(height, across // 2)
        cv2.LUT(index.view(np.uint16), table, words)
        return QImage(words.data, width, height, across * 4, QImage.Format.Format_ARGB32_Premultiplied)


def _columns(part: Rect, view: ViewTransform) -> U8:
    """One row of bytes with the grid's columns in `part`."""
    across = np.zeros(_even(part.width), np.uint8)
    across[grid_lines(part.x, part.right, int(view.origin.x), view.scale)] = _LINED
    return across


def _lay_grid(index: U8, part: Rect, view: ViewTransform, across: U8) -> None:
    np.bitwise_or(index, across, out=index)
    index[grid_lines(part.y, part.bottom, int(view.origin.y), view.scale)] |= _LINED


def _overlay_rects(overlay: Overlay, view: ViewTransform, inside: Rect, seen_doc: Rect) -> list[Rect]:
    """The parts of `inside`, which shows `seen_doc`, that may be tinted."""
    if inside.area < _LARGE:
        # As under a brush, where nearly always all of it may be: to look takes as long as to draw.
        return [inside]
    runs = occupied_rects(overlay.occupied, overlay.tile, seen_doc)
    height, width = overlay.levels[0].shape
    whole = Rect(0, 0, width, height)
    return _few([visible_rect(run.intersected(whole), view).expanded(FRINGE) for run in runs], inside)


def _plain_parts(
    overlay: Overlay, view: ViewTransform, seen_doc: Rect, inside: Rect, lined: Sequence[Rect]
) -> list[tuple[Rect, int]]:
    """The largest rectangles whose coverage has one value, clear of the edge and of what the filter brings."""
    height, width = overlay.levels[0].shape
    whole = Rect(0, 0, width, height)
    parts = [
        (visible_rect(rect.intersected(whole), view).expanded(-FRINGE).intersected(inside), value)
        for rect, value in overlay.plain.plain_rects(seen_doc)
    ]
    large = [
        (rect, value)
        for rect, value in parts
        if rect.area >= _PLAIN and all(rect.intersected(run).is_empty for run in lined)
    ]
    return sorted(large, key=lambda part: -part[0].area)[:_PLAIN_PARTS]


def _fill(painter: QPainter, rect: Rect, colour: QColor) -> None:
    """Lay a translucent colour over `rect`, in bands that Qt does not hand to other threads.

    Waiting for threads costs more than this work where the processor has other things to do.
    """
    for top in range(rect.y, rect.bottom, _FILLED):
        painter.fillRect(rect.x, top, rect.width, min(_FILLED, rect.bottom - top), colour)


def edge_rects(edge: Edge, view: ViewTransform) -> list[Rect]:
    """Rectangles of the view that cover all of the edge; `view` may be turned and mirrored."""
    if view.is_upright:
        return _edge_rects(edge, view, edge.document.rect)
    level = level_for(view.scale, len(edge.levels))
    runs = occupied_rects(edge.crossed[level], TILE << level, edge.document.rect)
    # What is turned reaches a little further.
    return [view.rect_to_view(run.intersected(edge.document.rect)).expanded(FRINGE + 2) for run in runs]


def _edge_rects(edge: Edge, view: ViewTransform, seen_doc: Rect) -> list[Rect]:
    """The parts of the view that the edge may run through; few, as they are told by the level that is shown."""
    level = level_for(view.scale, len(edge.levels))
    return [
        visible_rect(run.intersected(edge.document.rect), view).expanded(FRINGE)
        for run in occupied_rects(edge.crossed[level], TILE << level, seen_doc)
    ]


def _few(rects: Sequence[Rect], inside: Rect) -> list[Rect]:
    """What of `rects` lies in `inside`, or all of that where they are many."""
    if len(rects) > _MANY:
        return [inside]
    parts = [rect.intersected(inside) for rect in rects]
    return [part for part in parts if not part.is_empty]


def _disjoint(rects: Sequence[Rect], without: Sequence[Rect]) -> list[Rect]:
    """Rectangles that do not overlap and cover `rects`, less those of `without`."""
    if len(rects) == 1 and not without:
        return list(rects)
    region = QRegion()
    for rect in rects:
        region += QRegion(rect.x, rect.y, rect.width, rect.height)
    for rect in without:
        region -= QRegion(rect.x, rect.y, rect.width, rect.height)
    return [Rect(each.x(), each.y(), each.width(), each.height()) for each in cast(Iterable[QRect], region)]


def _translucent(colour: QColor, alpha: float) -> QColor:
    return QColor(colour.red(), colour.green(), colour.blue(), round(alpha * 255.0))


def _even(count: int) -> int:
    return count + (count & 1)


def _premultiplied(colour: QColor, alpha: F64) -> F64:
    """(n, 4) blue, green, red, alpha, 0–1, of a colour whose own alpha counts, too."""
    plain = np.array([colour.blueF(), colour.greenF(), colour.redF(), 1.0])
    return alpha[:, np.newaxis] * (plain * colour.alphaF())


def _over(above: F64, below: F64) -> F64:
    """Porter and Duff's "over" of premultiplied colours."""
    return above + below * (1.0 - above[:, 3:])


def _states() -> F64:
    """What the edge adds to a pixel by what it is to it: nothing, outer, inner, inside."""
    states = np.zeros((_KINDS, 4))
    for kind, colour in ((1, _DARK), (2, _LIGHT)):
        states[kind] = _premultiplied(colour, np.ones(1))[0]
    return states


def _grid() -> F64:
    """What the grid adds, without and with the bit `_LINED`."""
    lines = np.zeros((2 * _KINDS, 4))
    lines[_LINED:] = _premultiplied(GRID, np.ones(1))
    return lines


def _pairs(colours: F64) -> F64:
    """For any two bytes that follow each other the two pixels they stand for, as one number of as many bits."""
    words = np.zeros(256, np.uint32)
    words[: len(colours)] = np.rint(colours * 255.0).astype(np.uint8).view(np.uint32)[:, 0]
    both = np.arange(1 << 16, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    return words[both].view(np.float64)[:, 0]
