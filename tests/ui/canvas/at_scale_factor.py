"""Run by a test under QT_SCALE_FACTOR: exits with an assertion unless the window shows the frame bit by bit."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from app.base.geometry import Point
from app.document.brush import Brush
from app.session.toolbox import ToolBox
from app.ui.canvas.frame import Frame
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.showing import Hand, open_photograph

application = QApplication([])
window = QWidget()
toolbox = ToolBox(Brush(40.0))
canvas = CanvasWidget(toolbox, window)
ratio = canvas.devicePixelRatioF()
assert ratio > 1.0
window.resize(301, 223)
canvas.setGeometry(33, 17, 251, 187)
window.show()
shown = open_photograph()
canvas.set_session(shown)
hand = Hand(canvas)


class DeviceHand(Hand):
    def at(self, x: float, y: float):  # type: ignore[no-untyped-def]
        device = super().at(x, y)
        offset = canvas.to_view(type(device)(0.0, 0.0))
        return type(device)((device.x() - offset.x) / ratio, (device.y() - offset.y) / ratio)


hand = DeviceHand(canvas)
for scale in (1.0, 0.6, 2.0):
    canvas.navigation.zoom_to(scale, Point(50.0, 40.0))
    hand.drag((60, 50), (160, 110), (220, 90))
    canvas.navigation.pan(7, -5)
    canvas.repaint()
coverage = shown.opened.mask.coverage
assert coverage[100:110, 150:160].all()
assert not coverage[200:].any()
canvas.move_ring(None, 0.0)
image = window.grab().toImage()
left, top = int(33 * ratio), int(17 * ratio)
pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
fresh = Frame(canvas.frame.size, QColor("#282828"))
fresh.set_scene(canvas.source.scene)
fresh.set_view(canvas.navigation.view)
fresh.refresh()
frame = fresh.renderer.pixels
height, width = int(187 * ratio) - 1, int(251 * ratio) - 1
seen = pixels[top + 1 : top + height, left + 1 : left + width, :3].astype(int)
assert np.abs(seen - frame[1:height, 1:width, :3]).max() <= 2
canvas.set_session(None)
