"""Arrays to Qt's pictures for thumbnails and small views. Large pictures are the canvas's own matter.

Qt holds Python's lock while it converts, so what comes here is made small first, in a worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap

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


def image_of_bgra(bgra: U8) -> QImage:
    """A QImage of its own memory from (h, w, 4) BGRA, the layout of the working picture, shown opaque."""
    height, width, _ = bgra.shape
    return QImage(bgra.tobytes(), width, height, width * 4, QImage.Format.Format_RGB32).copy()


def fitted_pixmap(image: QImage, size: QSize, ratio: float) -> QPixmap:
    """`image` inside `size` (device-independent pixels) at the device pixel ratio `ratio`."""
    device = QSize(round(size.width() * ratio), round(size.height() * ratio))
    pixmap = QPixmap.fromImage(
        image.scaled(device, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    )
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
