"""Where a picture that was sent stands in the document, kept so that what comes back finds its place."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.geometry import Rect, Size


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
