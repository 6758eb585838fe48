"""A change too large to be drawn between two pictures of the screen: drawn part by part, and whole in the end."""

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from app.base.geometry import Rect
from app.document.document import Document
from app.imaging.arrays import U8
from app.session.toolbox import ToolBox
from app.ui.canvas.widget import CanvasWidget
from tests.ui.canvas.conftest import MakeCanvas
from tests.ui.canvas.showing import Hand, differs, drawn_anew, open_photograph

NONE = 0.0
"""Seconds of patience: each frame draws one part of a large change, the first perhaps none."""
SIDE = 1300


@pytest.fixture(autouse=True)
def little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a window of `SIDE` pixels is too large to be drawn at once."""
    monkeypatch.setattr("app.ui.canvas.frame.AT_ONCE", 500_000)


def pixels(canvas: CanvasWidget) -> U8:
    return canvas.frame.renderer.pixels[..., :3].copy()


def shown_canvas(make_canvas: MakeCanvas, zoom: float) -> tuple[CanvasWidget, Document]:
    shown = open_photograph(3000, 2000)
    canvas = make_canvas(shown, SIDE, SIDE // 2)
    canvas.navigation.zoom_to(zoom)
    canvas.frame.refresh()
    return canvas, shown.opened


def frames_until_drawn(canvas: CanvasWidget) -> list[U8]:
    frames = []
    while not canvas.frame.refresh(NONE).is_empty:
        frames.append(pixels(canvas))
        assert len(frames) < 100
    return [*frames, pixels(canvas)]


@pytest.mark.parametrize("turned", [0.0, 90.0, 17.0])
@pytest.mark.parametrize("zoom", [0.3, 0.77, 1.0, 2.6])
def test_a_change_of_all_pixels_takes_several_frames_and_ends_as_if_drawn_at_once(
    make_canvas: MakeCanvas, zoom: float, turned: float
) -> None:
    canvas, document = shown_canvas(make_canvas, zoom)
    canvas.navigation.turn_to(turned, refit=False)
    canvas.frame.refresh()
    before = pixels(canvas)
    document.fill_mask()
    *frames, last = frames_until_drawn(canvas)
    assert len(frames) >= 2
    shares = [float((frame != before).any(axis=2).mean()) for frame in (*frames, last)]
    # Each shows a little more of what the last one shows, and is the document of before elsewhere.
    assert shares == sorted(shares)
    assert 0 < min(share for share in shares if share) < 0.7 * shares[-1]
    expected = drawn_anew(canvas)
    limit = 2 if turned % 90 == 0 else 4
    for frame in frames:
        assert (np.abs(frame.astype(int) - expected).max(axis=2) <= limit)[
            (frame != before).any(axis=2)
        ].all()
    assert differs(last, expected) <= limit


def test_the_middle_of_a_change_is_drawn_first(make_canvas: MakeCanvas) -> None:
    canvas, document = shown_canvas(make_canvas, 1.0)
    before = pixels(canvas)
    document.fill_mask()
    canvas.frame.refresh(NONE)
    rows = np.nonzero((pixels(canvas) != before).any(axis=(1, 2)))[0]
    height = canvas.frame.size.height
    assert rows.min() <= height / 2 <= rows.max()
    assert abs(rows.mean() - height / 2) < 0.1 * height


def test_a_usual_stroke_is_drawn_at_once(make_canvas: MakeCanvas, toolbox: ToolBox) -> None:
    canvas, _ = shown_canvas(make_canvas, 0.5)
    toolbox.set_diameter(200)
    Hand(canvas).drag((600, 400), (800, 500), (900, 500))
    assert canvas.frame.refresh(NONE).is_empty
    assert differs(pixels(canvas), drawn_anew(canvas)) <= 2


def test_a_change_of_very_much_begins_with_the_frame_after_this(make_canvas: MakeCanvas) -> None:
    canvas, document = shown_canvas(make_canvas, 0.3)
    before = pixels(canvas)
    document.fill_mask()
    assert not canvas.frame.refresh(NONE).is_empty
    assert np.array_equal(pixels(canvas), before)
    canvas.frame.refresh(NONE)
    assert not np.array_equal(pixels(canvas), before)


def test_what_waits_is_not_overtaken_by_what_changes_next(make_canvas: MakeCanvas) -> None:
    canvas, document = shown_canvas(make_canvas, 0.5)
    for turn in range(2):
        document.fill_mask() if turn == 0 else document.clear_mask()
        target = drawn_anew(canvas)
        frame, drawn = canvas.frame, np.zeros(target.shape[:2], np.bool_)
        for _ in range(40):
            frame.refresh(NONE)
            drawn |= (pixels(canvas) == target).all(axis=2)
            # The same again and again, as a hand with a large brush would.
            frame.mark((document.size.rect,))
        assert drawn.all()
        frame.refresh()


@pytest.mark.parametrize("zoom", [0.5, 1.6])
def test_the_document_may_be_moved_and_painted_while_parts_wait(make_canvas: MakeCanvas, zoom: float) -> None:
    canvas, document = shown_canvas(make_canvas, zoom)
    document.fill_mask()
    canvas.frame.refresh(NONE)
    for step in range(5):
        canvas.navigation.pan(31 - 17 * step, -23)
        with document.edit_mask("Erase") as edit:
            rect = Rect(500 + 90 * step, 300 + 70 * step, 333, 200)
            edit.view(rect)[...] = 60 * step
            edit.mark(rect)
        canvas.frame.refresh(NONE)
    assert differs(frames_until_drawn(canvas)[-1], drawn_anew(canvas)) <= 2


def test_the_widget_asks_for_more_frames_until_all_is_drawn(
    make_canvas: MakeCanvas, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr("app.ui.canvas.widget.PATIENCE", NONE)
    canvas, document = shown_canvas(make_canvas, 0.5)
    QCoreApplication.processEvents()
    document.fill_mask()
    canvas.repaint()
    assert differs(pixels(canvas), drawn_anew(canvas)) > 40
    expected = drawn_anew(canvas)
    qtbot.waitUntil(lambda: differs(pixels(canvas), expected) <= 2)
    image = canvas.grab().toImage()
    seen = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[:, : image.width(), :3]
    assert differs(seen, expected) <= 2
