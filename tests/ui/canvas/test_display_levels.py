"""Pictures on a display with a profile of its own: the right colours, once, and parts equal the whole."""

import contextlib
import itertools
import threading
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.base.cancel import Cancelled, CancelToken
from app.base.geometry import Point, Rect, Size
from app.document.layers import EditLayer
from app.edits.types import Patch
from app.imaging.arrays import U8
from app.imaging.display import DisplayTable
from app.imaging.photograph import Channels
from app.imaging.pyramid import Pyramid
from app.ui.canvas.display_levels import TILE, DisplayLevels
from app.ui.canvas.renderer import Renderer, stale_rect
from app.ui.canvas.scene import Picture, Scene
from app.ui.canvas.view_transform import ViewTransform
from app.ui.compositing import composed_picture
from tests.imaging.pictures import swapped_profile
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import Hand, open_photograph, shown_pixels

VIEW = Size(330, 240)
SIZE = Size(701, 523)


@cache
def swapped() -> DisplayTable:
    return DisplayTable.build(swapped_profile())


class CountingTable(DisplayTable):
    """Counts the pixels that it converts while somebody waits to see them."""

    def __init__(self) -> None:
        super().__init__("counting", swapped()._colours)
        self.pixels = 0

    def convert(self, bgra: U8, out: U8) -> None:
        if threading.current_thread() is threading.main_thread():
            self.pixels += bgra.shape[0] * bgra.shape[1]
        super().convert(bgra, out)


def pyramid() -> Pyramid:
    picture = np.random.default_rng(5).integers(0, 256, (SIZE.height, SIZE.width, 4), np.uint8)
    picture[..., 3] = 255
    return Pyramid.build(picture)


def scene_of(levels: tuple[U8, ...], display: DisplayTable | None) -> Scene:
    return Scene(SIZE, Picture.wrapping(levels, SIZE.rect, opaque=True, display=display))


def converted(levels: tuple[U8, ...]) -> tuple[U8, ...]:
    return tuple(swapped().converted(level) for level in levels)


LEVELS = pyramid().levels
CONVERTED = converted(LEVELS)
scales = st.one_of(
    st.floats(-3, 4).map(lambda each: 2.0**each), st.sampled_from([0.25, 0.5, 1.0, 1.5, 2.0, 8.0])
)


@given(scales, st.floats(0, 1), st.floats(0, 1), st.booleans())
@settings(max_examples=80)
def test_parts_drawn_one_by_one_are_the_converted_picture(
    scale: float, across: float, down: float, smooth: bool
) -> None:
    middle = Point(across * SIZE.width * scale, down * SIZE.height * scale)
    view = ViewTransform(scale=scale, origin=Point(165.0, 120.0) - middle).snapped()
    plain = Renderer(VIEW, QColor(40, 40, 40))
    plain.draw(scene_of(CONVERTED, None), view, [VIEW.rect], smooth=smooth)
    managed = Renderer(VIEW, QColor(40, 40, 40))
    scene = scene_of(LEVELS, swapped())
    for x, y in itertools.product((0, 110, 220), (0, 80, 160)):
        managed.draw(scene, view, [Rect(x, y, 110, 80)], smooth=smooth)
    difference = np.abs(managed.pixels[..., :3].astype(int) - plain.pixels[..., :3])
    assert difference.max() <= 2


@given(scales, st.integers(0, 690), st.integers(0, 510), st.integers(1, 300))
@settings(max_examples=40)
def test_drawing_what_a_change_made_stale_is_drawing_all(scale: float, x: int, y: int, edge: int) -> None:
    view = ViewTransform(scale=scale, origin=Point(130.0 - x * scale, 95.0 - y * scale)).snapped()
    shown = pyramid()
    renderer = Renderer(VIEW, QColor(40, 40, 40))
    scene = scene_of(shown.levels, swapped())
    renderer.draw(scene, view, [VIEW.rect])
    changed = Rect(x, y, edge, edge).intersected(SIZE.rect)
    shown.levels[0][changed.slices] = (10, 200, 30, 255)
    shown.update(changed)
    assert scene.picture.display is not None
    scene.picture.display.forget([changed])
    renderer.draw(scene, view, [stale_rect(changed, view)])
    whole = Renderer(VIEW, QColor(40, 40, 40))
    whole.draw(scene_of(converted(shown.levels), None), view, [VIEW.rect])
    assert np.abs(renderer.pixels[..., :3].astype(int) - whole.pixels[..., :3]).max() <= 2


def test_strokes_and_looking_again_convert_nothing(make_canvas: MakeCanvas) -> None:
    canvas = make_canvas(open_photograph(700, 500))
    table = CountingTable()
    canvas.source.set_display(table)
    shown_pixels(canvas)
    before = table.pixels
    hand = Hand(canvas)
    hand.drag((100, 100), (300, 200), (500, 300))
    shown_pixels(canvas)
    canvas.navigation.pan(40.0, 10.0)
    shown_pixels(canvas)
    assert table.pixels == before


def test_what_is_converted_ahead_is_not_converted_when_drawn() -> None:
    table = CountingTable()
    display = DisplayLevels(LEVELS, table, QImage.Format.Format_RGB32)
    thread = threading.Thread(target=display.fill, args=(CancelToken(),))
    thread.start()
    thread.join(60)
    for level, expected in enumerate(CONVERTED):
        height, width = expected.shape[:2]
        image = display.image(level, Rect(0, 0, width, height))
        shown = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)
        assert np.array_equal(shown, expected)
    assert table.pixels == 0
    display.forget([Rect(300, 300, 10, 10)])
    display.image(0, Rect(0, 0, SIZE.width, SIZE.height))
    assert 0 < table.pixels <= TILE * TILE


def test_a_picture_that_changes_while_it_is_converted_ahead_ends_up_right() -> None:
    """Changes come from the drawing thread, at any moment of the other's work."""
    shown = pyramid()
    display = DisplayLevels(shown.levels, swapped(), QImage.Format.Format_RGB32)
    generator = np.random.default_rng(8)
    for _ in range(12):
        cancel = CancelToken()
        thread = threading.Thread(target=_fill_quietly, args=(display, cancel))
        thread.start()
        for _ in range(6):
            x, y = (int(each) for each in generator.integers(0, 500, 2))
            rect = Rect(x, y, 90, 20)
            shown.levels[0][rect.slices] = generator.integers(0, 256, (20, 90, 4), np.uint8)
            shown.update(rect)
            display.forget([rect])
        cancel.cancel()
        thread.join(60)
    for level, pixels in enumerate(shown.levels):
        height, width = pixels.shape[:2]
        image = display.image(level, Rect(0, 0, width, height))
        seen = np.frombuffer(image.constBits(), np.uint8).reshape(height, width, 4)
        assert np.array_equal(seen, swapped().converted(pixels))


def _fill_quietly(display: DisplayLevels, cancel: CancelToken) -> None:
    with contextlib.suppress(Cancelled):
        display.fill(cancel)


def patch_over(document_size: Size) -> Patch:
    region = Rect(60, 40, 120, 100).intersected(document_size.rect)
    shape = region.height, region.width
    coverage = np.zeros(shape, np.uint8)
    coverage[10:-10, 10:-10] = 255
    return Patch(region, np.full((*shape, 3), (220, 30, 40), np.uint8), coverage)


def test_the_canvas_shows_document_candidate_and_layers_by_the_profile(
    make_canvas: MakeCanvas, qtbot: QtBot
) -> None:
    opened = open_photograph(300, 200)
    canvas = make_canvas(opened)
    canvas.navigation.actual()
    place = canvas.navigation.view.rect_to_view(Rect(0, 0, 300, 200)).slices
    plain = shown_pixels(canvas)
    canvas.source.set_display(swapped())
    document = opened.opened

    def shows(picture: U8) -> bool:
        return np.array_equal(shown_pixels(canvas)[place], swapped().converted(picture)[..., :3])

    assert shows(document.picture)
    patch = patch_over(document.size)
    candidate = composed_picture(document.picture, (patch,))
    canvas.set_candidates(patch)
    qtbot.waitUntil(lambda: shows(candidate))
    canvas.set_candidates()
    assert shows(document.picture)
    document.add_layer(EditLayer("a", "a", patch.region, patch.pixels, patch.coverage))
    assert shows(document.picture)
    canvas.show_original(True)
    before = document.original(document.size.rect)
    qtbot.waitUntil(lambda: shows(before))
    canvas.show_original(False)
    document.undo.undo()
    canvas.source.set_display(None)
    assert np.array_equal(shown_pixels(canvas), plain)


def test_transparent_pixels_keep_their_board(make_canvas: MakeCanvas) -> None:
    opened = open_photograph(300, 200, Channels.RGBA)
    canvas = make_canvas(opened)
    canvas.navigation.actual()
    place = canvas.navigation.view.rect_to_view(Rect(0, 0, 300, 200)).slices
    picture = opened.opened.picture
    board = shown_pixels(canvas)[place][picture[..., 3] == 0]
    canvas.source.set_display(swapped())
    managed = shown_pixels(canvas)[place]
    assert np.array_equal(managed[picture[..., 3] == 0], board)
    solid = picture[..., 3] == 255
    assert np.array_equal(managed[solid], swapped().converted(picture)[solid][:, :3])
