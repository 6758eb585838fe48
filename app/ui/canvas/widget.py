"""The canvas widget: joins the frame, the view, the pointer and the open document, and paints the result.

It holds no pixels and no tools of its own: pictures come from the session, strokes go to its gestures. What
it adds on top of a finished frame is drawn in `paintEvent` and never makes the picture be composed again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from PySide6.QtCore import QEvent, QPointF, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QHideEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.base import signal
from app.base.geometry import Point, Rect, Size
from app.base.text import tr
from app.document.pen import PenDynamics
from app.edits.types import Patch
from app.imaging.edges import Edge
from app.session.region_hand import RegionHand
from app.session.toolbox import ToolBox
from app.ui.canvas.decorations import Decorations
from app.ui.canvas.device_pixels import DevicePixels
from app.ui.canvas.frame import PATIENCE, Frame, merged
from app.ui.canvas.input import CanvasInput
from app.ui.canvas.mask_look import MaskLook, MaskStyle
from app.ui.canvas.navigation import Navigation
from app.ui.canvas.region_look import RegionLook
from app.ui.canvas.ring import Ring
from app.ui.canvas.scene_source import SceneSource, Showable

REST = 100
"""Milliseconds of rest after which what was put off is done: full quality, and levels that are not shown."""
_SURROUND = QColor(0x28, 0x28, 0x28)


class CanvasWidget(QWidget):
    """Shows one session at a time; sizes and positions inside are device pixels, see `to_view`."""

    view_changed = Signal()
    """`navigation.view` became another one."""
    panels_toggled = Signal()
    """Tab was pressed."""

    _ready = False
    """Qt sends events to a widget that is still being made."""

    def __init__(self, toolbox: ToolBox, parent: QWidget | None = None, surround: QColor = _SURROUND) -> None:
        super().__init__(parent)
        self.setObjectName("canvas")
        self.setAccessibleName(tr("Canvas"))
        self.setAccessibleDescription(
            tr(
                "The photograph and its mask. Paint with the mouse or a pen over what should change;"
                " arrow keys move the view, F6 leaves the canvas."
            )
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_TabletTracking)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.cursor_moved: signal.Signal[[Point | None]] = signal.Signal()
        """The document position under the pointer, or None outside the canvas."""
        self.frame = Frame(Size(1, 1), surround)
        self.navigation = Navigation(Size(1, 1))
        self.ring = Ring()
        self.decorations = Decorations()
        self.region_look = RegionLook()
        self.source = SceneSource(self)
        self._device = DevicePixels(self)
        self._input = CanvasInput(self, toolbox)
        self._painted_decorations: list[Rect] = []
        self._dirty: list[Rect] = []
        self._in_event = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._catch_up)
        self._look = MaskLook(self, self.frame, self.source, self.update_view)
        self.overlay = self._look.overlay
        self.navigation.changed.connect(self._follow_view)
        self.source.scene_changed.connect(self._show_scene)
        self.source.pixels_changed.connect(self._mark)
        self._ready = True

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    # What is shown

    def set_session(self, session: Showable | None) -> None:
        """Show a session: its preview while it is opening, then its document in the same view."""
        if session is self.source.session:
            return
        self._input.leave()
        self.decorations.regions = ()
        self._input.grips.set_hand(None)
        self._look.set_edge(None)
        self.source.show(session)
        self._input.refresh()

    def set_candidates(self, *patches: Patch) -> None:
        """Lay candidates over the document, or take them away. They appear as soon as they are prepared."""
        self.source.set_candidates(patches)
        self._look.refresh()

    def show_original(self, shown: bool) -> None:
        """While `shown`, show the photograph as opened, without edits, candidate and overlay."""
        self.source.show_original(shown)
        self._look.refresh()

    def set_regions(self, *rects_doc: Rect, label: str = "") -> None:
        """Outline what will be sent, request by request; `label` stands at the only one."""
        self.decorations.regions, self.region_look.label = rects_doc, label
        self._input.grips.mirror()

    def set_region_hand(self, hand: RegionHand | None) -> None:
        """Let the region of this document be shaped by hand."""
        self._input.grips.set_hand(hand)

    def set_edge(self, edge: Edge | None) -> None:
        """Draw where the part that will be edited ends, until the mask changes."""
        self._look.set_edge(edge)

    def set_overlay(self, colour: QColor, opacity: float) -> None:
        """Colour and opacity (0–1) in which full coverage is shown."""
        self.overlay.set_colour(colour, opacity)

    def set_overlay_visible(self, visible: bool) -> None:
        self._look.visible = visible

    @property
    def overlay_visible(self) -> bool:
        return self._look.visible

    @property
    def mask_style(self) -> MaskStyle:
        """How the mask is shown while it is shown."""
        return self._look.style

    @mask_style.setter
    def mask_style(self, style: MaskStyle) -> None:
        self._look.style = style

    @property
    def shows_grid(self) -> bool:
        """Whether lines part the document's pixels where they are large."""
        return self.frame.shows_grid

    @shows_grid.setter
    def shows_grid(self, shown: bool) -> None:
        if shown != self.frame.shows_grid:
            self.frame.shows_grid = shown
            self.frame.mark_all()
            self.update()

    def set_pen(self, pen: PenDynamics, smoothing: float) -> None:
        """What the pressure of a pen does, and how much every stroke is steadied (0–1)."""
        self._input.pen = pen
        self._input.stabiliser.strength = smoothing

    # Where one looks

    @property
    def scale(self) -> float:
        """Device pixels per document pixel."""
        return self.navigation.view.scale

    def zoom_to_fit(self) -> None:
        self.navigation.fit()

    def zoom_to_actual(self) -> None:
        self.navigation.actual()

    def zoom_at(self, point_view: Point, factor: float) -> None:
        """Scale by `factor` about a point of the view (device pixels)."""
        self.navigation.zoom_by(factor, point_view)

    def to_view(self, position: QPointF) -> Point:
        """Device pixels of the frame for a position in the widget's own coordinates."""
        return self._device.to_view(position)

    def update_view(self, rect_view: Rect) -> None:
        """Have some device pixels of the frame painted again."""
        if rect_view.is_empty:
            return
        self._dirty.append(rect_view)
        if not self._in_event:
            self._update_dirty()

    def update_decorations(self) -> None:
        """Have the outlines painted again, where they stood and where they stand now."""
        view = self.navigation.view
        strips = [
            *self.decorations.region_strips(view),
            *self.region_look.strips(view, self.frame.size),
            self.decorations.outline_rect(view),
        ]
        for strip in (*self._painted_decorations, *strips):
            self.update_view(strip.intersected(self.frame.size.rect))
        self._painted_decorations = strips

    def move_ring(self, centre_view: Point | None, radius: float) -> None:
        """Show the brush ring there, or nowhere."""
        self._dirty += self.ring.move(centre_view, radius)
        if self._dirty and not self._in_event:
            self._update_dirty()

    def follow_gesture(self) -> None:
        """A gesture began, drew another outline, or ended."""
        gestures = self.source.gestures
        self.decorations.outline = gestures.outline if gestures is not None and gestures.active else ()
        self.decorations.outline_is_closed = gestures is None or gestures.outline_is_closed
        self.update_decorations()
        self._look.refresh()
        self._rest.start(REST)

    # Qt's calls

    def event(self, event: QEvent) -> bool:
        if not self._ready or self._in_event:
            return super().event(event)
        self._in_event = True
        try:
            return self._input.handle(event) or super().event(event)
        finally:
            self._in_event = False
            if self._dirty:
                self._update_dirty()

    def showEvent(self, event: QShowEvent) -> None:
        self._look.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        self._look.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit_frame()

    def paintEvent(self, event: QPaintEvent) -> None:
        self._fit_frame()
        self.update_view(self.frame.refresh(PATIENCE))
        self._look.ants.refresh()
        painter = QPainter(self)
        ratio = self._device.ratio
        if ratio != 1.0:
            painter.scale(1.0 / ratio, 1.0 / ratio)
            painter.translate(-self._device.offset)
        # An opaque image over all is a plain copy; asking for the source mode would leave Qt's fast way.
        region = event.region()
        is_one = region.rectCount() == 1
        rects = (event.rect(),) if is_one else cast(Iterable[QRect], region)
        parts = [self._device.to_frame(rect) for rect in rects]
        for part in parts:
            painter.drawImage(part.topLeft(), self.frame.renderer.image, part)
        if self._look.ants.shown:
            self._look.ants.paint(
                painter, [Rect(each.x(), each.y(), each.width(), each.height()) for each in parts]
            )
        self.decorations.paint(painter, self.navigation.view, self.frame.size)
        self.region_look.paint(painter, self.navigation.view, self.frame.size)
        self.ring.paint(painter)
        painter.end()

    # What follows from what

    def _fit_frame(self) -> None:
        """Make the frame as large as the widget is in device pixels."""
        size = self._device.size
        if size != self.frame.size:
            self.frame.resize(size)
            self.ring.set_line(self._device.thin_line)
            self.decorations.line = self.region_look.line = self._device.thin_line
            self._look.ants.set_width(round(self._device.thin_line))
            self.navigation.resized(size)
            self.update()

    def _update_dirty(self) -> None:
        """One event may touch ring, outline and picture in one place: few rectangles are painted faster."""
        dirty, self._dirty = self._dirty, []
        for rect in merged(dirty, self.frame.renderer.rect):
            self.update(self._device.to_widget(rect))

    def _follow_view(self) -> None:
        view, before = self.navigation.view, self.frame.view
        self.update_decorations()
        reshaped = (view.scale, view.angle, view.mirror) != (before.scale, before.angle, before.mirror)
        self.frame.set_view(view, rough=reshaped and self._input.is_reshaping)
        if self.frame.is_rough:
            self._rest.start(REST)
        self.update()
        if reshaped:
            self._input.refresh()
        self.view_changed.emit()

    def _catch_up(self) -> None:
        if not self.source.refresh_some():
            self._rest.start(0)
        if self.frame.is_rough:
            self.frame.refine()
            self.update()

    def _show_scene(self) -> None:
        """The stage shows something else."""
        self.navigation.show(self.source.session, self.source.size_doc)
        self.frame.set_scene(self.source.scene)
        self.frame.set_view(self.navigation.view)
        self._look.ants.mark_all()
        self._look.refresh()
        self._input.refresh()
        self.update()

    def _mark(self, rects_doc: tuple[Rect, ...]) -> None:
        stale = self.frame.mark(rects_doc)
        self._look.ants.mark(stale)
        self.update_view(stale)
