"""When the mask is seen, and how: a tint over the picture, an outline, or alone; and the edge of what will be edited.

They are there while they are wanted, and go while something is judged without them. A stroke brings the overlay
back, as one must see what one paints, and hides the edge, which still tells of the mask before the stroke.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.base.geometry import Rect
from app.imaging.edges import Edge
from app.ui.canvas.ants import Ants
from app.ui.canvas.frame import Frame
from app.ui.canvas.overlay_look import OverlayLook
from app.ui.canvas.scene_source import SceneSource


class MaskStyle(enum.Enum):
    """How a mask is shown. The values are those of the settings."""

    TINT = "tint"
    """A colour over what is covered."""
    OUTLINE = "outline"
    """Dashes that move around it."""
    ALONE = "alone"
    """Coverage as shades of grey, without the picture."""

    @property
    def next(self) -> MaskStyle:
        styles = list(MaskStyle)
        return styles[(styles.index(self) + 1) % len(styles)]


class MaskLook:
    """Keeps the frame's overlay and edge as they are to be seen now."""

    def __init__(
        self, canvas: QWidget, frame: Frame, source: SceneSource, update_view: Callable[[Rect], None]
    ) -> None:
        """`update_view` is told the part of the frame that became stale."""
        self.overlay = OverlayLook(canvas)
        self.ants = Ants(canvas, frame, update_view)
        self._canvas = canvas
        self._frame = frame
        self._source = source
        self._update_view = update_view
        self._visible = True
        self._style = MaskStyle.TINT
        self._edge: Edge | None = None
        self.overlay.changed.connect(self._draw_overlay)
        source.mask_changed.connect(self._forget_edge)
        self._draw_overlay()

    @property
    def visible(self) -> bool:
        """Whether the mask is wanted to be seen."""
        return self._visible

    @visible.setter
    def visible(self, visible: bool) -> None:
        self._visible = visible
        self.refresh()

    @property
    def style(self) -> MaskStyle:
        """How the mask is seen when it is seen."""
        return self._style

    @style.setter
    def style(self, style: MaskStyle) -> None:
        if style is not self._style:
            self._style = style
            self._show(at_once=True)

    def set_edge(self, edge: Edge | None) -> None:
        """Show this edge when edges are shown, until the mask changes."""
        self._edge = edge
        self._show_edge()

    def refresh(self) -> None:
        """A gesture began or ended, or something else is on the stage."""
        self._show(at_once=self._is_drawing or not self._canvas.isVisible())

    def _show(self, *, at_once: bool) -> None:
        seen, style = self._is_drawing or self._is_due, self._style
        self.overlay.show(seen and style is MaskStyle.TINT, at_once=at_once or style is not MaskStyle.TINT)
        self.ants.show(seen and style is MaskStyle.OUTLINE, moving=self._canvas.isVisible())
        alone = seen and style is MaskStyle.ALONE
        if alone != self._frame.renderer.mask_alone:
            self._frame.renderer.mask_alone = alone
            self._frame.mark_all()
            self._update_view(self._frame.size.rect)
        self._show_edge()

    @property
    def _is_drawing(self) -> bool:
        gestures = self._source.gestures
        return gestures is not None and gestures.active

    @property
    def _is_due(self) -> bool:
        # What is tried out on the mask is to be seen whatever else is.
        if self._source.has_mask_preview:
            return True
        return self._visible and not self._source.covers_mask

    def _show_edge(self) -> None:
        shown = self._is_due and not self._is_drawing and not self._source.has_mask_preview
        self._update_view(self._frame.set_edge(self._edge if shown else None))

    def _forget_edge(self) -> None:
        """The mask changed; where its edge is now is told when it is known."""
        if self._edge is not None:
            self.set_edge(None)

    def _draw_overlay(self) -> None:
        self._frame.renderer.veil.set_overlay(self.overlay.colour, self.overlay.strength)
        self._update_view(self._frame.mark_overlay())
