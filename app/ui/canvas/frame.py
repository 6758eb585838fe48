"""Keeps one frame up to date: collects what became stale and redraws just that, once per repaint.

Moving the document moves the pixels that are there and draws the strips that came into sight. While somebody
zooms, frames are drawn with the nearest filter; `refine` draws the last one again in full quality.
What changed in the document may be more than fits between two pictures of the screen: it is drawn part by part
then, from its middle on, and shows the document as it was a moment ago until its turn has come.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence

from PySide6.QtGui import QColor, QImage

from app.base.geometry import EMPTY, Rect, Size
from app.imaging.edges import Edge
from app.ui.canvas.renderer import Renderer, stale_rect
from app.ui.canvas.scene import Scene
from app.ui.canvas.tiles import occupied_rects
from app.ui.canvas.turned import Turner
from app.ui.canvas.veil import edge_rects
from app.ui.canvas.view_transform import ViewTransform, level_for
from app.ui.canvas.woven import REACH

_MANY = 12
"""More stale rectangles than this are drawn as one."""
_TOO_MANY = 80
"""More than this are not even looked at one by one: comparing them all would take longer than drawing."""
_WASTE = 1.25
"""Rectangles are drawn as one where that draws at most this much more than drawing each."""
AT_ONCE = 1_500_000
"""Pixels of the frame that are always drawn at once: those of a long stroke that is taken back. A zoom draws more; in
parts they would take twice as long, as Qt draws many rows with several threads."""
_MUCH = 4_000_000
"""Pixels of the document whose change has taken so long that no part of it is drawn in the same turn."""
_PART = 80_000
"""Pixels of the frame that are drawn before one looks at the clock again."""
_PART_DOC = 4_000_000
"""Pixels of the document that such a part shows at most: where they are small, halving the mask takes longest."""
PATIENCE = 0.004
"""Seconds after which what changed in the document may wait for the next frame."""


class Frame:
    """A renderer, the scene and view it shows, and which of its pixels are stale (device pixels)."""

    def __init__(self, size: Size, surround: QColor) -> None:
        self.renderer = Renderer(size, surround)
        self.view = ViewTransform()
        self._scene: Scene | None = None
        self._edge: Edge | None = None
        self._stale: list[Rect] = [size.rect]
        self._changed: list[Rect] = []
        """What is stale, too, and may wait."""
        self._parts: list[Rect] = []
        """What was put off, the next one last: drawn before anything that changed since."""
        self._shift = (0, 0)
        self._rough = False
        self._turner = Turner()
        self.shows_grid = True
        """Whether lines part the pixels of the document where they are large."""

    @property
    def size(self) -> Size:
        return self.renderer.size

    @property
    def scene(self) -> Scene | None:
        return self._scene

    @property
    def is_rough(self) -> bool:
        """True when some of the frame was, or will be, drawn with the nearest filter for speed."""
        return self._rough

    def resize(self, size: Size) -> None:
        if size != self.renderer.size:
            self.renderer.resize(size)
            self.mark_all()

    def set_scene(self, scene: Scene | None) -> None:
        self._scene = scene
        self.mark_all()

    def set_view(self, view: ViewTransform, *, rough: bool = False) -> None:
        """Show the scene by `view`, which is snapped. A `rough` zoom is drawn fast until `refine`."""
        before, self.view = self.view, view
        if (view.scale, view.angle, view.mirror) != (before.scale, before.angle, before.mirror):
            self._rough = rough
            self.mark_all()
            return
        dx, dy = int(view.origin.x - before.origin.x), int(view.origin.y - before.origin.y)
        self._shift = self._shift[0] + dx, self._shift[1] + dy
        for stale in (self._stale, self._changed, self._parts):
            stale[:] = [rect.translated(dx, dy) for rect in stale]

    def refine(self) -> None:
        """Have a rough frame drawn again in full quality."""
        if self._rough:
            self._rough = False
            self.mark_all()

    def mark_all(self) -> None:
        self._shift = (0, 0)
        self._stale, self._changed, self._parts = [self.size.rect], [], []

    def mark(self, rects_doc: Iterable[Rect]) -> Rect:
        """The pixels of `rects_doc` changed; returns the rectangle of the frame that is stale for it."""
        total = EMPTY
        for rect in rects_doc:
            stale = stale_rect(rect, self.view)
            self._changed.append(stale)
            total = total.united(stale)
        return total

    def mark_overlay(self) -> Rect:
        """Colour or strength of the overlay changed: all that it may cover is stale, which is returned."""
        scene = self._scene
        if scene is None or scene.overlay is None:
            return EMPTY
        return self.mark(occupied_rects(scene.overlay.occupied, scene.overlay.tile, scene.size_doc.rect))

    def set_edge(self, edge: Edge | None) -> Rect:
        """Draw this line over the scene, or none; returns the rectangle of the frame that is stale for it."""
        if edge is self._edge:
            return EMPTY
        rects: list[Rect] = []
        for each in (self._edge, edge):
            if each is not None:
                rects += edge_rects(each, self.view)
        self._edge = edge
        stale = merged([rect for rect in rects if not rect.is_empty], self.size.rect)
        self._changed += stale
        return _hull(stale)

    def refresh(self, patience: float = math.inf) -> Rect:
        """Draw what is stale. What changed in the document may wait once `patience` seconds are over.

        Returns:
            A rectangle around what is still to be drawn, by the next call.
        """
        until = time.perf_counter() + patience
        if self._shift != (0, 0):
            exposed = self.renderer.scroll(*self._shift)
            self._shift = (0, 0)
            self._stale.extend(exposed)
        whole, is_much = self.renderer.rect, False
        if self._changed and not self._parts:
            changed, self._changed = merged(self._changed, whole), []
            area = sum([rect.area for rect in changed])
            is_much = area > _MUCH * self.view.scale**2
            if area <= AT_ONCE and not is_much:
                self._stale += changed
            else:
                self._parts = self._in_parts(changed)
        if self._stale:
            stale, self._stale = merged(self._stale, whole), []
            self._draw(stale)
        if is_much and patience < math.inf:
            return _hull(self._parts)
        while self._parts or self._changed:
            if not self._parts:
                self._parts, self._changed = self._in_parts(merged(self._changed, whole)), []
                continue
            part = self._parts.pop().intersected(whole)
            if not part.is_empty:
                self._draw([part])
                if time.perf_counter() >= until:
                    break
        return _hull([rect for rect in (*self._parts, *self._changed) if not rect.is_empty])

    def _in_parts(self, rects: Sequence[Rect]) -> list[Rect]:
        """`rects` as parts of a few pixels each, those in the middle of them all last."""
        pixels = min(_PART, int(_PART_DOC * self.view.scale**2))
        middle = _hull(rects).centre
        parts = [part for rect in rects for part in rect.bands(pixels)]
        return sorted(parts, key=lambda part: -abs(part.centre.y - middle.y))

    def _draw(self, rects: Sequence[Rect]) -> None:
        """Compose these rectangles of the frame anew."""
        scene, level = self._scene, level_for(self.view.scale)
        if scene is not None and scene.overlay is not None and level:
            for rect in rects:
                scene.overlay.refresh(self.view.rect_to_doc(rect.expanded(REACH)), level)
        if self.view.is_upright:
            self._compose(self.renderer.image, self.view, rects)
        else:
            pixels, smooth = self.renderer.pixels, not self._rough
            self._turner.draw(pixels, self.view, rects, self._compose, smooth=smooth)

    def _compose(self, image: QImage, view: ViewTransform, rects: Sequence[Rect]) -> None:
        """Draw rectangles of `image` as the upright `view` shows them, with all that belongs to the frame."""
        smooth, edge, grid = not self._rough, self._edge, self.shows_grid
        self.renderer.draw(self._scene, view, rects, smooth=smooth, onto=image, edge=edge, grid=grid)


def merged(rects: Sequence[Rect], within: Rect) -> list[Rect]:
    """Few rectangles that cover all of `rects` inside `within`, without adding much area to draw."""
    # One look at them all first: a stroke's rectangles nearly always lie in one place.
    total = _hull(rects)
    if len(rects) == 1 or total.area <= sum([rect.width * rect.height for rect in rects]) * _WASTE:
        total = total.intersected(within)
        return [] if total.is_empty else [total]
    if len(rects) > _TOO_MANY:
        return [total.intersected(within)]
    done: list[Rect] = []
    for rect in rects:
        joined, index = rect.intersected(within), 0
        if joined.is_empty:
            continue
        while index < len(done):
            both = done[index].united(joined)
            if both.area <= (done[index].area + joined.area) * _WASTE:
                joined = both
                del done[index]
                index = 0
            else:
                index += 1
        done.append(joined)
    return done if len(done) <= _MANY else [total.intersected(within)]


def _hull(rects: Sequence[Rect]) -> Rect:
    """The smallest rectangle around all of `rects`, none of which is empty. Called for every pointer event."""
    if not rects:
        return EMPTY
    if len(rects) == 1:
        return rects[0]
    left, top = rects[0].x, rects[0].y
    right, bottom = left, top
    for rect in rects:
        if rect.x < left:
            left = rect.x
        if rect.y < top:
            top = rect.y
        if rect.x + rect.width > right:
            right = rect.x + rect.width
        if rect.y + rect.height > bottom:
            bottom = rect.y + rect.height
    return Rect(left, top, right - left, bottom - top)
