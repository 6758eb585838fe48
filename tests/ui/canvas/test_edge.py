"""The edge of what will be edited: where it lies, when it is seen, and that parts of it are the whole."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtGui import QColor, QPainter
from pytestqt.qtbot import QtBot

from app.base.geometry import Point, Rect, Size
from app.document.document import Document
from app.edits.types import Patch
from app.imaging.arrays import U8
from app.imaging.edges import INNER, Edge
from app.imaging.recipe import Recipe
from app.session.effective_mask import effective_mask
from app.session.toolbox import ToolBox, ToolKind
from app.ui.canvas.renderer import Renderer
from app.ui.canvas.view_transform import ViewTransform, visible_rect
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import Hand, OpenPhotograph, differs, drawn_anew, frame_pixels, open_photograph

GROW = 6
SURROUND = QColor("#282828")


def edge_of(document: Document, grow: int = GROW) -> Edge | None:
    rect = document.mask.bounds()
    mask = effective_mask(document.size, rect, document.mask.coverage[rect.slices].copy(), grow)
    return Edge.of(document.size, mask.rect, mask.coverage) if mask is not None else None


def speckled(size: Size, seed: int = 3) -> Edge:
    """Blots of all sizes, some of them at the document's border."""
    draw = np.random.default_rng(seed)
    coverage = np.zeros((size.height, size.width), np.uint8)
    for _ in range(60):
        x, y, edge = draw.integers(-20, size.width), draw.integers(-20, size.height), draw.integers(1, 60)
        coverage[max(0, y) : y + edge, max(0, x) : x + edge] = draw.integers(1, 256)
    return Edge.of(size, size.rect, coverage)


def lay_edge(renderer: Renderer, edge: Edge, view: ViewTransform, part: Rect) -> None:
    """Lay the line over a part of what is in the back buffer."""
    painter = QPainter(renderer.image)
    inside = part.intersected(visible_rect(edge.document.rect, view))
    renderer.veil.draw(painter, view, inside, overlay=None, edge=edge)
    painter.end()


def line_drawn(edge: Edge, view: ViewTransform, size: Size) -> U8:
    """The line alone on grey: 128 where there is none, less for dark, more for light. (h, w)."""
    renderer = Renderer(size, SURROUND)
    renderer.pixels[...] = 128
    lay_edge(renderer, edge, view, size.rect)
    return renderer.pixels[..., 0].copy()


@pytest.mark.parametrize("scale", [1, 2, 4, 13])
def test_light_lies_on_the_last_covered_pixels_and_dark_just_outside(scale: int) -> None:
    covered = Rect(11, 7, 9, 5)
    edge = Edge.of(Size(40, 30), covered, np.full((5, 9), 255, np.uint8))
    view = ViewTransform(scale=float(scale), origin=Point(8.0, 4.0)).snapped()
    line = line_drawn(edge, view, Size(40 * scale + 16, 30 * scale + 8))
    box = covered
    shown = Rect(8 + box.x * scale, 4 + box.y * scale, box.width * scale, box.height * scale)
    expected = np.full(line.shape, 0, int)
    expected[shown.expanded(1).slices] = -1
    for x in (shown.x - 1, shown.right):
        for y in (shown.y - 1, shown.bottom):
            expected[y, x] = 0
    expected[shown.slices] = 1
    expected[shown.expanded(-1).slices] = 0
    assert np.array_equal(np.sign(line.astype(int) - 128), expected)


@pytest.mark.parametrize("scale", [0.15, 0.31, 0.5, 0.77, 1.0, 1.4, 2.0, 5.3, 30.0])
def test_parts_of_the_line_are_the_whole_line(scale: float) -> None:
    size = Size(330, 240)
    edge = speckled(Size(900, 700))
    rows, columns = np.nonzero(edge.rim_at(0, np.arange(350, 700), np.arange(900)) == INNER)
    middle = Point(float(columns[0]), float(rows[0] + 350))
    view = ViewTransform(scale=scale, origin=Point(165.0, 120.0) - middle.scaled(scale)).snapped()
    whole = line_drawn(edge, view, size)
    assert (whole != 128).any()
    renderer = Renderer(size, SURROUND)
    renderer.pixels[...] = 128
    for part in (Rect(0, 0, 101, 240), Rect(101, 0, 229, 33), Rect(101, 33, 229, 207)):
        lay_edge(renderer, edge, view, part)
    assert np.array_equal(renderer.pixels[..., 0], whole)


@pytest.mark.parametrize("zoom", [0.3, 0.77, 1.0, 1.6, 5.3])
def test_strokes_pans_and_undo_leave_the_frame_as_if_drawn_anew(make_canvas: MakeCanvas, zoom: float) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.navigation.zoom_to(zoom)
    hand = Hand(canvas)
    edge: Edge | None = None
    for step in range(5):
        hand.press(300 + 40 * step, 260)
        hand.move(360 + 40 * step, 300)
        assert differs(frame_pixels(canvas), drawn_anew(canvas, None)) <= 2
        hand.release(360 + 40 * step, 300)
        if step == 3:
            shown.opened.undo.undo()
        edge = edge_of(shown.opened)
        canvas.set_edge(edge)
        frame_pixels(canvas)
        for dx, dy in ((13, -9), (-40, 21)):
            canvas.navigation.pan(dx, dy)
            hand.move(300, 250)
            assert differs(frame_pixels(canvas), drawn_anew(canvas, edge)) <= 2
    assert differs(frame_pixels(canvas), drawn_anew(canvas, None)) > 40
    canvas.set_edge(None)
    assert differs(frame_pixels(canvas), drawn_anew(canvas, None)) <= 2


@pytest.fixture
def edged(make_canvas: MakeCanvas) -> Iterator[tuple[CanvasWidget, OpenPhotograph, Edge]]:
    """A canvas over a painted mask, with its edge shown."""
    shown = open_photograph()
    canvas = make_canvas(shown)
    Hand(canvas).drag((150, 150), (250, 160))
    edge = edge_of(shown.opened)
    assert edge is not None
    canvas.set_edge(edge)
    yield canvas, shown, edge
    assert shows(canvas, None) or shows(canvas, edge)


def shows(canvas: CanvasWidget, edge: Edge | None) -> bool:
    return differs(frame_pixels(canvas), drawn_anew(canvas, edge)) <= 2


def test_the_edge_makes_way_for_a_stroke_and_for_its_own_change(
    edged: tuple[CanvasWidget, OpenPhotograph, Edge],
) -> None:
    canvas, shown, edge = edged
    assert shows(canvas, edge)
    assert not shows(canvas, None)
    hand = Hand(canvas)
    hand.press(200, 200)
    assert shows(canvas, None)
    hand.release(200, 200)
    assert shows(canvas, None)
    canvas.set_edge(edge_of(shown.opened))
    assert not shows(canvas, None)
    shown.opened.clear_mask()
    assert shows(canvas, None)
    canvas.set_edge(edge_of(shown.opened))
    assert shows(canvas, None)


def test_a_gesture_that_changes_nothing_gives_the_edge_back(
    edged: tuple[CanvasWidget, OpenPhotograph, Edge], toolbox: ToolBox
) -> None:
    canvas, _, edge = edged
    canvas.zoom_to_actual()
    toolbox.set_tool(ToolKind.LASSO)
    hand = Hand(canvas)
    hand.press(20, 20)
    hand.move(25, 20)
    assert shows(canvas, None)
    hand.release(20, 20)
    assert shows(canvas, edge)


def test_the_edge_goes_with_the_overlay_and_with_candidates(
    edged: tuple[CanvasWidget, OpenPhotograph, Edge], qtbot: QtBot
) -> None:
    canvas, shown, edge = edged
    canvas.set_overlay_visible(False)
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.0)
    assert shows(canvas, None)
    canvas.set_overlay_visible(True)
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.5)
    assert shows(canvas, edge)
    region = Rect(100, 100, 200, 120)
    pixels, coverage = np.zeros((120, 200, 3), np.uint8), np.zeros((120, 200), np.uint8)
    canvas.set_candidates(Patch(region, pixels, coverage, Recipe(feather=0)))
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.0)
    # A plan that is made again meanwhile does not bring it back either.
    again = edge_of(shown.opened)
    canvas.set_edge(again)
    assert shows(canvas, None)
    canvas.set_candidates()
    qtbot.waitUntil(lambda: canvas.overlay.strength == 0.5)
    assert again is not None
    assert shows(canvas, again)


def test_another_photograph_has_no_edge_of_the_one_before(
    edged: tuple[CanvasWidget, OpenPhotograph, Edge],
) -> None:
    canvas, _, _ = edged
    canvas.set_session(open_photograph(500, 400))
    assert shows(canvas, None)
    canvas.set_session(None)


def test_hovering_over_a_ragged_mask_draws_no_line(make_canvas: MakeCanvas) -> None:
    shown = open_photograph(900, 700)
    canvas = make_canvas(shown)
    canvas.set_edge(speckled(shown.opened.size))
    frame_pixels(canvas)
    canvas.frame.renderer.pixels[...] = 7
    hand = Hand(canvas)
    for x in range(100, 800, 50):
        hand.move(x, 350)
        canvas.repaint()
    assert (canvas.frame.renderer.pixels == 7).all()
