"""Frames: parts equal the whole, colours are what blending by hand gives, moved pixels equal drawn ones."""

import itertools
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from app.base.geometry import Point, Rect, Size
from app.document.tiles import TILE
from app.imaging.arrays import U8
from app.imaging.pyramid import Pyramid
from app.ui.canvas.renderer import Renderer, stale_rect
from app.ui.canvas.scene import Overlay, Picture, Scene
from app.ui.canvas.view_transform import ViewTransform, visible_rect

SURROUND = QColor(40, 40, 40)
VIEW = Size(330, 240)


def noise(*shape: int, seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


class Canvas:
    """A scene of noise whose mask holds something in about half of its tiles."""

    def __init__(
        self, width: int, height: int, seed: int = 0, *, opaque: bool = True, plain: int | None = None
    ) -> None:
        self.size = Size(width, height)
        picture = noise(height, width, 4, seed=seed)
        if opaque:
            picture[..., 3] = 255
        self.pictures = Pyramid.build(picture, straight_alpha=not opaque)
        coverage = noise(height, width, seed=seed + 1)
        shape = -(-height // TILE), -(-width // TILE)
        self.occupied = np.random.default_rng(seed + 2).random(shape) < 0.5
        for row, column in zip(*np.nonzero(~self.occupied), strict=True):
            coverage[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE] = 0
        if plain is not None:
            coverage[: 2 * TILE, : 2 * TILE] = plain
            self.occupied[:2, :2] = True
        self.coverages = Pyramid.build(coverage)
        self.overlay = Overlay.over(self.coverages.levels, self.occupied, TILE)
        picture = Picture.wrapping(self.pictures.levels, self.size.rect, opaque=opaque)
        self.scene = Scene(self.size, picture, (), self.overlay)

    def frame(self, view: ViewTransform, *, smooth: bool = True, size: Size = VIEW) -> U8:
        renderer = Renderer(size, SURROUND)
        renderer.draw(self.scene, view, [size.rect], smooth=smooth)
        return renderer.pixels[..., :3].copy()


CANVAS = Canvas(701, 523)
PAINTED = Canvas(701, 523, plain=180)
"""Mostly covered in one value, as masks are: drawn at once such parts are filled, in small parts they are not."""

# Logarithmic, and the round ones that people use; at 1.25, 1.5 and 2 as at 1 the frame is in device pixels.
scales = st.one_of(
    st.floats(-4, 5).map(lambda exponent: 2.0**exponent),
    st.sampled_from([0.125, 0.25, 1 / 3, 0.5, 0.51, 2 / 3, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0, 16.0]),
)
ratios = st.sampled_from([1.0, 1.25, 1.5, 2.0, 3.0])


@given(
    st.sampled_from([CANVAS, PAINTED]),
    scales,
    ratios,
    st.floats(0, 1),
    st.floats(0, 1),
    st.booleans(),
    st.integers(0, 10**6),
)
@settings(max_examples=160)
def test_parts_drawn_alone_are_the_whole_drawn_at_once(
    canvas: Canvas, scale: float, ratio: float, across: float, down: float, smooth: bool, seed: int
) -> None:
    scale = min(scale * ratio, 60.0)
    middle = Point(across * canvas.size.width * scale, down * canvas.size.height * scale)
    view = ViewTransform(scale=scale, origin=Point(165.0, 120.0) - middle).snapped()
    whole = canvas.frame(view, smooth=smooth)
    draw = random.Random(seed)
    xs = [0, *sorted(draw.sample(range(1, VIEW.width), 3)), VIEW.width]
    ys = [0, *sorted(draw.sample(range(1, VIEW.height), 3)), VIEW.height]
    parts = [
        Rect.from_edges(left, top, right, bottom)
        for left, right in itertools.pairwise(xs)
        for top, bottom in itertools.pairwise(ys)
    ]
    draw.shuffle(parts)
    renderer = Renderer(VIEW, SURROUND)
    renderer.pixels[...] = 111
    for part in parts:
        renderer.draw(canvas.scene, view, [part], smooth=smooth)
    difference = np.abs(renderer.pixels[..., :3].astype(int) - whole)
    assert difference.max() <= 2


@given(scales, st.integers(-260, 260), st.integers(-190, 190), st.booleans())
@settings(max_examples=60)
def test_a_moved_frame_is_the_frame_drawn_there(scale: float, dx: int, dy: int, smooth: bool) -> None:
    view = ViewTransform(scale=scale, origin=Point(30.0 - 200 * scale, 20.0 - 100 * scale)).snapped()
    renderer = Renderer(VIEW, SURROUND)
    renderer.draw(CANVAS.scene, view, [VIEW.rect], smooth=smooth)
    renderer.draw(CANVAS.scene, view.panned(dx, dy), renderer.scroll(dx, dy), smooth=smooth)
    expected = CANVAS.frame(view.panned(dx, dy), smooth=smooth)
    assert np.abs(renderer.pixels[..., :3].astype(int) - expected).max() <= 2


@given(scales, st.integers(0, 690), st.integers(0, 510), st.integers(1, 90))
@settings(max_examples=60)
def test_drawing_the_stale_part_after_a_change_is_drawing_all(
    scale: float, x: int, y: int, edge: int
) -> None:
    canvas = Canvas(701, 523)
    view = ViewTransform(scale=scale, origin=Point(130.0 - x * scale, 95.0 - y * scale)).snapped()
    renderer = Renderer(VIEW, SURROUND)
    renderer.draw(canvas.scene, view, [VIEW.rect])
    changed = Rect(x, y, edge, edge).intersected(canvas.size.rect)
    canvas.coverages.levels[0][changed.slices] = 255
    canvas.coverages.update(changed)
    canvas.overlay.plain.forget([changed])
    for cell in changed.tiles(TILE):
        canvas.occupied[cell.y // TILE, cell.x // TILE] = True
    renderer.draw(canvas.scene, view, [stale_rect(changed, view)])
    assert np.abs(renderer.pixels[..., :3].astype(int) - canvas.frame(view)).max() <= 2


def test_at_100_percent_the_picture_is_shown_bit_by_bit_and_tinted_by_its_coverage() -> None:
    view = ViewTransform(origin=Point(-37.0, -11.0))
    frame = CANVAS.frame(view).astype(float)
    part = Rect(37, 11, VIEW.width, VIEW.height).slices
    picture, coverage = CANVAS.pictures.levels[0][part], CANVAS.coverages.levels[0][part]
    plain = coverage == 0
    assert plain.any()
    assert np.array_equal(frame[plain], picture[plain][:, :3])
    tint = np.array([80.0, 0.0, 255.0])
    weight = coverage[..., np.newaxis] / 255 * 0.5
    expected = picture[..., :3] * (1 - weight) + tint * weight
    assert np.abs(frame - expected).max() <= 2


@pytest.mark.parametrize("scale", [2, 3, 8])
def test_enlarged_pixels_are_squares(scale: int) -> None:
    view = ViewTransform(scale=float(scale), origin=Point(0.0, 0.0)).snapped()
    renderer = Renderer(VIEW, SURROUND)
    renderer.veil.set_overlay(QColor(255, 0, 0), 0.0)
    renderer.draw(CANVAS.scene, view, [VIEW.rect])
    picture = CANVAS.pictures.levels[0][: VIEW.height // scale, : VIEW.width // scale, :3]
    squares = np.kron(picture, np.ones((scale, scale, 1), np.uint8))
    assert np.array_equal(renderer.pixels[: squares.shape[0], : squares.shape[1], :3], squares)


def test_around_the_document_is_the_surround_and_nothing_else() -> None:
    canvas = Canvas(60, 40)
    view = ViewTransform(scale=2.0, origin=Point(50.0, 30.0)).snapped()
    frame = canvas.frame(view)
    paper = visible_rect(canvas.size.rect, view)
    assert paper == Rect(50, 30, 120, 80)
    frame[paper.slices] = 40
    assert (frame == 40).all()


def test_a_board_shines_through_transparent_pixels_and_stays_with_the_document() -> None:
    canvas = Canvas(64, 64, opaque=False)
    canvas.pictures.levels[0][..., 3] = 0
    canvas.coverages.levels[0][...] = 0
    view = ViewTransform(origin=Point(5.0, 3.0))
    board = canvas.frame(view)[3:67, 5:69]
    assert set(np.unique(board)) == {0xCC, 0xFF}
    assert np.array_equal(board, canvas.frame(view.panned(6, 9))[12:76, 11:75])
    canvas.pictures.levels[0][..., 3] = 128
    half = canvas.frame(view)[3:67, 5:69].astype(float)
    expected = (canvas.pictures.levels[0][..., :3] * 128.0 + board * 127.0) / 255
    assert np.abs(half - expected).max() <= 2


def test_an_empty_frame_is_all_surround() -> None:
    renderer = Renderer(VIEW, SURROUND)
    renderer.draw(None, ViewTransform(), [VIEW.rect])
    assert (renderer.pixels[..., :3] == 40).all()


def test_a_preview_stands_where_the_document_will_stand() -> None:
    """A quarter of the size, drawn at four times the scale: the same rectangle, nearly the same colours."""
    size = Size(640, 480)
    rows, columns = np.mgrid[0:480, 0:640]
    full = np.dstack([columns % 256, rows % 256, (rows + columns) // 8, np.full((480, 640), 255)])
    document = Pyramid.build(np.ascontiguousarray(full.astype(np.uint8)))
    preview = np.ascontiguousarray(document.levels[2])
    view = ViewTransform(scale=0.25, origin=Point(20.0, 10.0)).snapped()
    frames = []
    for levels in (document.levels, (preview,)):
        renderer = Renderer(VIEW, SURROUND)
        scene = Scene(size, Picture.wrapping(levels, size.rect, opaque=True))
        renderer.draw(scene, view, [VIEW.rect])
        frames.append(renderer.pixels[..., :3].astype(int))
    assert np.abs(frames[0] - frames[1]).max() <= 2
