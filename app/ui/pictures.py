"""Arrays to Qt's pictures for thumbnails and small views. Large pictures are the canvas's own matter.

Qt holds Python's lock while it converts, so what comes here is made small first, in a worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from app.imaging.arrays import U8


def image_of_rgb(rgb: U8) -> QImage:
    """A QImage of its own memory from (h, w, 3) RGB or (h, w, 4) RGBA with straight alpha, sRGB."""
    height, width, channels = rgb.shape
    layout = QImage.Format.Format_RGB888 if channels == 3 else QImage.Format.Format_RGBA8888
    data = rgb.tobytes()
    return QImage(data, width, height, width * channels, layout).convertToFormat(
        QImage.Format.Format_RGB32 if channels == 3 else QImage.Format.Format_ARGB32_Premultiplied
    )


def wrapped_bgra(bgra: U8) -> QImage:
    """A QImage over the memory of (h, w, 4) BGRA, shown opaque. The array must not be written any more."""
    height, width, _ = bgra.shape
    return QImage(bgra.data, width, height, bgra.strides[0], QImage.Format.Format_RGB32)
