"""The grid between large pixels: where it is, how thin it is, and that it can be switched off."""

import math

import numpy as np
import pytest

from app.base.geometry import Point
from app.imaging.arrays import U8
from app.ui.canvas.frame import Frame
from app.ui.canvas.view_transform import ViewTransform
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import open_photograph
from tests.ui.canvas.test_canvas import frame_pixels
from tests.ui.canvas.test_renderer import CANVAS, SURROUND, VIEW


def drawn(scale: float, *, grid: bool) -> U8:
    frame = Frame(VIEW, SURROUND)
    frame.shows_grid = grid
    frame.set_scene(CANVAS.scene)
    frame.set_view(ViewTransform(scale, origin=Point(-101.0, -57.0)).snapped())
    frame.refresh()
    return frame.renderer.pixels[..., :3].copy()


@pytest.mark.parametrize("scale", [9.0, 12.5, 16.0, 64.0])
def test_lines_are_one_device_pixel_wide_and_lie_between_pixels(scale: float) -> None:
    touched = (drawn(scale, grid=True) != drawn(scale, grid=False)).any(axis=2)
    columns, rows = np.flatnonzero(touched.all(axis=0)), np.flatnonzero(touched.all(axis=1))
    scale = ViewTransform(scale).snapped().scale
    begins = [math.floor(pixel * scale) for pixel in range(1, 400)]
    assert columns.tolist() == [x - 101 for x in begins if 0 <= x - 101 < VIEW.width]
    assert rows.tolist() == [y - 57 for y in begins if 0 <= y - 57 < VIEW.height]
    rest = np.delete(np.delete(touched, columns, axis=1), rows, axis=0)
    assert not rest.any()


@pytest.mark.parametrize("scale", [0.5, 1.0, 6.0, 8.0])
def test_there_is_none_while_pixels_are_small(scale: float) -> None:
    assert np.array_equal(drawn(scale, grid=True), drawn(scale, grid=False))


def test_it_can_be_hidden(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph())
    canvas.navigation.zoom_to(16.0)
    parted = frame_pixels(canvas)
    canvas.shows_grid = False
    plain = frame_pixels(canvas)
    assert (parted != plain).any()
    canvas.shows_grid = True
    assert np.array_equal(frame_pixels(canvas), parted)
