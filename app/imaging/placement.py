"""Where a picture that was sent stands in the document, kept so that what comes back finds its place."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.geometry import Point, Rect, Size


@dataclass(frozen=True, slots=True)
class Placement:
    """The transform of one sending: the region was scaled to `content_send` and mirrored out to `size_send`."""

    region: Rect
    """Document pixels that were sent."""
    size_send: Size
    """Size of the picture on the wire."""
    content_send: Rect
    """Where in it the region stands; the rest is padding. Pixels of `size_send`."""

    @property
    def scale(self) -> float:
        """Sent pixels per document pixel."""
        return self.content_send.width / self.region.width

    def to_send(self, point_doc: Point) -> Point:
        """Where a point of the document stands in the picture on the wire; any point, also of the padding."""
        across, down = self._factors
        return Point(
            self.content_send.x + (point_doc.x - self.region.x) * across,
            self.content_send.y + (point_doc.y - self.region.y) * down,
        )

    def to_doc(self, point_send: Point) -> Point:
        """The inverse of `to_send`: which point of the document a point of the picture on the wire shows."""
        across, down = self._factors
        return Point(
            self.region.x + (point_send.x - self.content_send.x) / across,
            self.region.y + (point_send.y - self.content_send.y) / down,
        )

    @property
    def _factors(self) -> tuple[float, float]:
        """Sent pixels per document pixel across and down; they differ by the rounding to whole pixels only."""
        return (
            self.content_send.width / self.region.width,
            self.content_send.height / self.region.height,
        )
