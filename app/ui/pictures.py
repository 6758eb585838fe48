"""Arrays to Qt's pictures for thumbnails and small views. Large pictures are the canvas's own matter.

Qt holds Python's lock while it converts, so what comes here is made small first, in a worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage, QPixmap

if TYPE_CHECKING:
    from app.imaging.arrays import U8
    from app.imaging.display import DisplayTable


def image_of_rgb(rgb: U8, display: DisplayTable | None = None) -> QImage:
    """A QImage of its own memory from (h, w, 3) RGB or (h, w, 4) RGBA with straight alpha, sRGB.

    With `display`, which takes only RGB, it is what that display must be sent.
    """
    if display is not None:
        rgb = display.converted_rgb(rgb)
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


def displayed_pixmap(encoded: bytes, display: DisplayTable | None) -> QPixmap:
    """A small encoded sRGB picture as a display must be sent it; empty where it cannot be read."""
    if display is None:
        pixmap = QPixmap()
        pixmap.loadFromData(encoded)
        return pixmap
    image = QImage.fromData(encoded).convertToFormat(QImage.Format.Format_ARGB32)
    if image.isNull():
        return QPixmap()
    import numpy as np

    shape = image.height(), image.bytesPerLine() // 4, 4
    shown = display.converted(np.frombuffer(image.constBits(), np.uint8).reshape(shape))
    layout = QImage.Format.Format_ARGB32
    return QPixmap.fromImage(
        QImage(shown.data, image.width(), image.height(), shown.strides[0], layout).copy()
    )
