"""The map of change on the canvas: where it lies, what it spares, and that parts equal the whole."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from app.base.cancel import CancelToken
from app.base.geometry import Point, Rect, Size
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid
from app.ui.canvas.heat import MOST_LEVELS, Heat, heat_colours, heat_picture
from app.ui.canvas.renderer import Renderer
from app.ui.canvas.scene import Picture, Scene
from app.ui.canvas.view_transform import ViewTransform

SIZE, VIEW = Size(701, 523), Size(330, 240)


def heat_over(region: Rect, plane_size: Size) -> Heat:
    """Change in the right half of a region, and a mask in its middle."""
    plane = np.zeros((plane_size.height, plane_size.width), np.uint8)
    plane[:, plane_size.width // 2 :] = 255
    coverage = np.zeros((region.height, region.width), np.uint8)
    coverage[region.height // 3 : region.height * 2 // 3, region.width // 3 : region.width * 2 // 3] = 255
    return Heat(plane, region, region, coverage)


def drawn(heat: Heat, shade: int, view: ViewTransform, parts: list[Rect]) -> U8:
    picture = np.full((SIZE.height, SIZE.width, 4), shade, np.uint8)
    base = Picture.wrapping(Pyramid.build(picture).levels, SIZE.rect, opaque=True)
    scene = Scene(SIZE, base, (heat_picture(heat, cancel=CancelToken()),))
    renderer = Renderer(VIEW, QColor(40, 40, 40))
    for part in parts:
        renderer.draw(scene, view, [part])
    return renderer.pixels[..., :3].copy()


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_it_reads_the_same_on_any_photograph(shade: int) -> None:
    region = Rect(37, 21, 240, 180)
    frame = drawn(heat_over(region, Size(60, 45)), shade, ViewTransform(), [VIEW.rect]).astype(int)
    changed, veiled = frame[40, 250], frame[40, 60]
    # Yellow in BGR, and what is left of the photograph.
    assert changed[2] > 220
    assert changed[1] > 200
    assert changed[0] < 120
    assert abs(veiled - (18 * 165 + shade * 90) / 255).max() <= 2
    assert (frame[110, 150] == shade).all()
    assert (frame[10, 150] == shade).all()
    assert (frame[region.bottom + 1, 150] == shade).all()


@given(
    st.sampled_from([0.11, 0.25, 0.5, 0.7, 1.0, 1.5, 3.0]),
    st.integers(0, 400),
    st.integers(0, 300),
    st.integers(20, 300),
    st.integers(20, 220),
)
@settings(max_examples=40)
def test_parts_drawn_alone_are_the_whole_drawn_at_once(
    scale: float, x: int, y: int, width: int, height: int
) -> None:
    heat = heat_over(Rect(x, y, width, height), Size(31, 23))
    middle = Point((x + width / 2) * scale, (y + height / 2) * scale)
    view = ViewTransform(scale=scale, origin=Point(165.0, 120.0) - middle).snapped()
    whole = drawn(heat, 90, view, [VIEW.rect])
    cells = [Rect(x, y, 110, 80) for x, y in itertools.product((0, 110, 220), (0, 80, 160))]
    assert np.abs(drawn(heat, 90, view, cells).astype(int) - whole).max() <= 2


def test_more_change_is_brighter_and_never_clearer() -> None:
    colours = heat_colours().astype(int)
    light = colours[1:, :3] @ (0.2126, 0.7152, 0.0722)
    assert light[-1] > 200
    assert light[-1] > light[127] > light[0]
    assert (np.diff(colours[1:, 3]) >= 0).all()
    assert MOST_LEVELS < 255


def test_a_large_region_has_a_small_map_on_the_documents_own_grid() -> None:
    region = Rect(130, 70, 5000, 3000)
    heat = Heat(np.full((300, 500), 9, np.uint8), region, region, np.zeros((3000, 5000), np.uint8))
    picture = heat_picture(heat, cancel=CancelToken())
    assert picture.images[0].width() <= 1100
    assert picture.ratio == (8.0, 8.0)
    assert picture.rect_doc.contains(region)
    assert picture.shown_doc == region
    assert (picture.rect_doc.x % 64, picture.rect_doc.y % 64) == (0, 0)
