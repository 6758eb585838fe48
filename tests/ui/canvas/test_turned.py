"""Turned and mirrored views: parts equal the whole, pixels stand where the view says, strokes land where seen."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest

from app.base.geometry import Point, Rect, Size
from app.imaging.arrays import U8
from app.imaging.edges import Edge
from app.session.toolbox import ToolBox
from app.ui.canvas.frame import Frame
from app.ui.canvas.view_transform import ViewTransform
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import LEFT, NO, NONE, Hand, open_photograph, shown_pixels
from tests.ui.canvas.test_canvas import SHIFT, differs, drawn_anew, frame_pixels
from tests.ui.canvas.test_renderer import CANVAS, PAINTED, SURROUND, Canvas, ratios, scales

VIEW = Size(330, 240)
angles = st.one_of(
    st.sampled_from([0.0, 15.0, 30.0, 45.0, 60.0, 90.0, 180.0, 270.0, 345.0]),
    st.floats(0, 360, exclude_max=True),
)
EDGE = Edge.of(PAINTED.size, PAINTED.size.rect, PAINTED.coverages.levels[0])


def looking(
    canvas: Canvas, scale: float, angle: float, mirror: bool, at: tuple[float, float]
) -> ViewTransform:
    """A snapped view with a place of the document, in shares of its sides, in the middle."""
    view = ViewTransform(scale, angle, mirror).snapped()
    place = Point(at[0] * canvas.size.width, at[1] * canvas.size.height)
    return replace(view, origin=VIEW.rect.centre - view.to_view(place)).snapped()


def framed(canvas: Canvas, view: ViewTransform, edge: Edge | None = None) -> Frame:
    frame = Frame(VIEW, SURROUND)
    frame.set_scene(canvas.scene)
    frame.set_view(view)
    frame.set_edge(edge)
    frame.refresh()
    return frame


def pixels(frame: Frame) -> U8:
    return frame.renderer.pixels[..., :3].copy()


@given(
    st.sampled_from([(CANVAS, None), (PAINTED, None), (PAINTED, EDGE)]),
    scales,
    ratios,
    angles,
    st.booleans(),
    st.tuples(st.floats(0, 1), st.floats(0, 1)),
    st.integers(0, 10**6),
)
@settings(max_examples=120, deadline=None)
def test_parts_and_moves_give_the_frame_that_is_drawn_at_once(
    subject: tuple[Canvas, Edge | None],
    scale: float,
    ratio: float,
    angle: float,
    mirror: bool,
    at: tuple[float, float],
    seed: int,
) -> None:
    """At every zoom, offset and scale factor, with overlay, grid and edge: in parts, and after a pan."""
    canvas, edge = subject
    view = looking(canvas, min(scale * ratio, 60.0), angle, mirror, at)
    allowed = 2 if view.is_square else 4
    whole = pixels(framed(canvas, view, edge))
    draw = random.Random(seed)
    xs = [0, *sorted(draw.sample(range(1, VIEW.width), 2)), VIEW.width]
    ys = [0, *sorted(draw.sample(range(1, VIEW.height), 2)), VIEW.height]
    frame = framed(canvas, view, edge)
    frame.renderer.pixels[...] = 111
    parts = list(itertools.product(itertools.pairwise(xs), itertools.pairwise(ys)))
    draw.shuffle(parts)
    for (left, right), (top, bottom) in parts:
        frame._stale = [Rect.from_edges(left, top, right, bottom)]
        frame.refresh()
    assert differs(pixels(frame), whole) <= allowed
    moved = view.panned(draw.randint(-90, 90), draw.randint(-90, 90))
    frame.set_view(moved)
    frame.refresh()
    assert differs(pixels(frame), pixels(framed(canvas, moved, edge))) <= allowed


@given(angles, st.booleans(), st.integers(0, 680), st.integers(0, 500), st.integers(1, 60), scales)
@settings(max_examples=60, deadline=None)
def test_drawing_the_stale_part_after_a_change_is_drawing_all(
    angle: float, mirror: bool, x: int, y: int, edge: int, scale: float
) -> None:
    canvas = Canvas(701, 523)
    view = looking(canvas, scale, angle, mirror, (x / 701, y / 523))
    frame = framed(canvas, view)
    changed = Rect(x, y, edge, edge).intersected(canvas.size.rect)
    canvas.coverages.levels[0][changed.slices] = 255
    canvas.coverages.update(changed)
    canvas.overlay.plain.forget([changed])
    for cell in changed.tiles(canvas.overlay.tile):
        canvas.occupied[cell.y // canvas.overlay.tile, cell.x // canvas.overlay.tile] = True
    frame.mark([changed])
    frame.refresh()
    assert differs(pixels(frame), pixels(framed(canvas, view))) <= (2 if view.is_square else 4)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0, 270.0, 15.0, 37.0, 211.0])
def test_every_pixel_stands_where_the_view_says(angle: float, mirror: bool) -> None:
    """Enlarged, the middle of each square has the very colour of its pixel; around the document is nothing."""
    canvas = Canvas(40, 30)
    canvas.occupied[...] = False
    view = looking(canvas, 7.0, angle, mirror, (0.5, 0.5))
    frame = pixels(framed(canvas, view))
    seen = 0
    for y, x in itertools.product(range(30), range(40)):
        place = view.to_view(Point(x + 0.5, y + 0.5))
        if VIEW.rect.expanded(-1).contains_point(place):
            seen += 1
            expected = canvas.pictures.levels[0][y, x, :3]
            assert np.array_equal(frame[int(place.y), int(place.x)], expected), (x, y)
    assert seen > 700
    for y, x in itertools.product(range(0, VIEW.height, 7), range(0, VIEW.width, 7)):
        place = view.to_doc(Point(x + 0.5, y + 0.5))
        if not canvas.size.rect.expanded(1).contains_point(place):
            assert (frame[y, x] == 40).all()


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(("angle", "zoom"), [(90.0, 1.0), (30.0, 0.6), (135.0, 1.7), (200.0, 12.0)])
def test_strokes_land_where_one_sees_them(
    make_canvas: MakeCanvas, toolbox: ToolBox, angle: float, zoom: float, mirror: bool
) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.navigation.zoom_to(zoom)
    canvas.navigation.turn_to(angle)
    if mirror:
        canvas.navigation.mirror()
    frame_pixels(canvas)
    toolbox.set_diameter(max(4.0, 24.0 / zoom))
    hand = Hand(canvas)
    middle = canvas.navigation.view.to_doc(canvas.navigation.centre)
    start, end = middle - Point(40 / zoom, 10 / zoom), middle + Point(40 / zoom, 15 / zoom)
    hand.press(start.x, start.y)
    for step in range(1, 9):
        at = start + (end - start).scaled(step / 8)
        hand.move(at.x, at.y)
        canvas.repaint()
    hand.release(end.x, end.y)
    coverage = shown.opened.mask.coverage
    assert coverage[int(start.y), int(start.x)] == coverage[int(end.y), int(end.x)] == 255
    covered = np.argwhere(coverage > 0).mean(axis=0)
    assert np.hypot(covered[1] - (start.x + end.x) / 2, covered[0] - (start.y + end.y) / 2) < 4
    assert differs(frame_pixels(canvas), drawn_anew(canvas)) <= 4
    place = canvas.navigation.view.to_view(end)
    assert canvas.ring.centre is not None
    assert canvas.ring.centre.distance(place) < 1e-6


@pytest.mark.parametrize("angle", [20.0, 90.0])
def test_the_region_turns_with_the_photograph_and_leaves_no_trace(
    make_canvas: MakeCanvas, angle: float
) -> None:
    canvas = make_canvas(open_photograph())
    canvas.zoom_to_actual()
    canvas.navigation.turn_to(angle)
    canvas.repaint()
    canvas.set_regions(Rect(120, 90, 150, 120))
    touched = np.argwhere((shown_pixels(canvas) != frame_pixels(canvas)).any(axis=2))
    assert len(touched) > 500
    view = canvas.navigation.view
    for y, x in touched[::7]:
        at = view.to_doc(Point(x + 0.5, y + 0.5))
        apart = min(abs(at.x - 120), abs(at.x - 270), abs(at.y - 90), abs(at.y - 210))
        assert apart < 3
    canvas.set_regions()
    assert np.array_equal(shown_pixels(canvas), frame_pixels(canvas))


@pytest.mark.parametrize("way", ["r", "shift+space", "r snapping"])
def test_the_view_is_turned_by_hand_and_nothing_is_painted(make_canvas: MakeCanvas, way: str) -> None:
    shown = open_photograph()
    canvas = make_canvas(shown)
    canvas.setFocus()
    held = NONE if way == "r" else SHIFT
    QTest.keyPress(canvas, Qt.Key.Key_Space if way == "shift+space" else Qt.Key.Key_R)
    hand, centre = Hand(canvas), canvas.navigation.centre
    under = canvas.navigation.view.to_doc(centre)
    hand.send(QEvent.Type.MouseButtonPress, QPointF(centre.x + 100, centre.y), LEFT, LEFT, held)
    hand.send(QEvent.Type.MouseMove, QPointF(centre.x + 100, centre.y + 50), NO, LEFT, held)
    assert canvas.frame.is_rough
    assert canvas.ring.centre is None
    hand.send(QEvent.Type.MouseButtonRelease, QPointF(centre.x + 100, centre.y + 50), LEFT, NO, held)
    QTest.keyRelease(canvas, Qt.Key.Key_Space if way == "shift+space" else Qt.Key.Key_R)
    expected = 30.0 if way == "r snapping" else 26.565
    assert canvas.navigation.view.angle == pytest.approx(expected, abs=1e-3)
    assert canvas.navigation.view.to_view(under).distance(centre) < 1.0
    assert not shown.opened.mask.coverage.any()
    hand.drag((200, 150), (210, 150))
    assert shown.opened.mask.coverage[150, 205] == 255
