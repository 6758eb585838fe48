"""The main job in a real window with the real built-in engine: open, paint, generate, choose, undo, export."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from app.base.geometry import Point
from app.base.states import JobState
from app.imaging.save import ExportOptions
from tests.ui.window.conftest import Window, eventually

DISC = (Point(152, 120), Point(160, 120), Point(168, 120))


async def _generate(window: Window, photograph: Path) -> None:
    """Open, paint over the disc by mouse, press Generate with the mouse, wait for the candidates."""
    session = await window.open(photograph)
    window.workspace.toolbox.set_diameter(44)
    window.stroke(*DISC)
    await eventually(lambda: session.plan is not None)
    generate = window.widget("generate")
    assert isinstance(generate, QPushButton)
    assert generate.isEnabled()
    QTest.mouseClick(generate, Qt.MouseButton.LeftButton)
    await eventually(lambda: session.candidates.items, 60)


async def test_from_a_photograph_to_an_export_with_nothing_changed_outside(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    await _generate(window, photograph)
    session = window.session
    document = session.document
    assert document is not None
    before = cv2.imread(str(photograph))
    assert before is not None
    assert len(session.candidates.items) == session.form.variants
    assert window.desk.strip.isVisible()
    assert document.layers == ()

    window.key("2", widget=window.desk.strip)
    assert session.candidates.selected == 1
    window.key(Qt.Key.Key_Return, widget=window.desk.strip)
    await eventually(lambda: len(document.layers) == 1)
    assert not window.desk.strip.isVisible()
    layer = document.layers[0]

    window.desk.actions.run("edit.undo")
    assert document.layers == ()
    window.desk.actions.run("edit.redo")
    assert document.layers == (layer,)
    assert window.frame.isWindowModified()

    target = tmp_path / "healed.png"
    await session.export(target, ExportOptions())
    assert window.frame.isWindowModified(), "what was exported has its masks and layers in no file"
    after = cv2.imread(str(target))
    assert after is not None
    assert after.shape == before.shape
    covered = np.zeros(before.shape[:2], bool)
    covered[layer.region.slices] = layer.coverage > 0
    assert (after[~covered] == before[~covered]).all()
    assert before[120, 160].max() < 40 < after[120, 160].min()


async def test_the_result_stands_in_the_history_and_can_be_used_again(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    session, panel = window.session, window.desk.history
    document = session.document
    assert document is not None
    await eventually(lambda: panel.model.rowCount() == 1 and panel.model.entries[0].state is JobState.DONE)
    entry = panel.model.entries[0]
    assert len(entry.results) == session.form.variants
    await eventually(lambda: panel.model.picture(entry.results[0]) is not None)

    session.candidates.clear()
    document.clear_mask()
    session.form.set_variants(5)
    panel.view.setCurrentIndex(panel.model.index(0))
    assert not panel.details.isHidden()
    panel.details.reuse.click()
    await eventually(lambda: not document.mask.is_empty)
    assert session.form.variants == entry.n

    panel.details.apply.click()
    await eventually(lambda: len(document.layers) == 1)
    await eventually(lambda: panel.model.entries[0].results[0].applied)

    panel.search.setText("no such words")
    await eventually(lambda: panel.model.rowCount() == 0)
    panel.search.clear()
    await eventually(lambda: panel.model.rowCount() == 1)
    panel.view.setCurrentIndex(panel.model.index(0))
    panel.details.delete.click()
    await eventually(lambda: panel.model.rowCount() == 0)
    assert panel.details.isHidden()
    panel.undo.undo.click()
    await eventually(lambda: panel.model.rowCount() == 1)
    assert panel.undo.isHidden()
    panel.view.setCurrentIndex(panel.model.index(0))
    panel.view.setFocus()
    window.key(Qt.Key.Key_Delete, widget=panel.view)
    await eventually(lambda: panel.model.rowCount() == 0)
    assert len(document.layers) == 1


async def test_compare_shows_all_variants_at_one_zoom_and_applies_one(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    session, compare = window.session, window.desk.compare
    document = session.document
    assert document is not None
    QTest.mouseClick(window.desk.strip.compare, Qt.MouseButton.LeftButton)
    assert compare.isVisible()
    assert not window.desk.canvas.isVisible()
    assert len(compare.panes) == 1 + len(session.candidates.items)

    shown = [pane.grab().toImage() for pane in compare.panes]
    assert shown[0].size() == shown[1].size()
    middle = shown[0].rect().center()
    assert shown[0].pixelColor(middle).lightness() < 60
    await eventually(lambda: compare.panes[1].grab().toImage().pixelColor(middle).lightness() > 70)

    scale = compare.view.scale
    window.key(Qt.Key.Key_Plus, widget=compare)
    assert compare.view.scale > scale
    window.key("2", widget=compare)
    assert [pane.is_selected for pane in compare.panes].index(True) == 2
    QTest.mouseDClick(compare.panes[1], Qt.MouseButton.LeftButton)
    await eventually(lambda: len(document.layers) == 1)
    assert document.layers[0].result_id == compare_id(window, 0)
    assert window.desk.canvas.isVisible()


def compare_id(window: Window, index: int) -> str:
    """The id of a result of the newest entry."""
    return window.desk.history.model.entries[0].results[index].id


async def test_escape_leaves_the_variants_and_delete_discards_one(window: Window, photograph: Path) -> None:
    await _generate(window, photograph)
    session, strip = window.session, window.desk.strip
    document = session.document
    assert document is not None
    assert not document.mask.is_empty
    window.key(Qt.Key.Key_Delete, widget=strip)
    assert len(session.candidates.items) == 1
    assert not document.mask.is_empty
    window.key("0", widget=strip)
    assert session.candidates.selected is None
    window.key(Qt.Key.Key_Escape, widget=strip)
    assert session.candidates.items == ()
    assert not strip.isVisible()
    assert document.layers == ()


@pytest.mark.parametrize("row", [12, 228])
async def test_the_strip_leaves_what_was_healed_in_sight(window: Window, photograph: Path, row: int) -> None:
    session = await window.open(photograph)
    window.stroke(Point(100, row), Point(220, row))
    window.desk.actions.run("edit.generate")
    await eventually(lambda: session.candidates.items, 60)
    strip = window.desk.strip
    assert strip.isVisible()
    for column in (100, 160, 220):
        assert not strip.geometry().contains(window.at(Point(column, row)))
    window.frame.resize(1200, 760)
    assert not strip.geometry().contains(window.at(Point(160, row)))


async def test_whoever_paints_while_a_variant_is_shown_sees_the_mask(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    session, canvas = window.session, window.desk.canvas
    assert session.candidates.selected == 0
    await eventually(lambda: canvas.overlay.strength == 0.0)
    window.stroke(Point(60, 60), Point(90, 60))
    assert session.candidates.selected is None
    assert len(session.candidates.items) == 2
    await eventually(lambda: canvas.overlay.strength > 0.4)
    assert session.document is not None
    assert session.document.mask.coverage[60, 75] == 255
    canvas.setFocus()
    window.key("1")
    assert session.candidates.selected == 0


async def test_a_running_request_can_be_cancelled_from_its_row(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.stroke(*DISC)
    session.form.set_variants(8)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: window.workspace.worker.jobs)
    assert window.desk.edit.box.cancel.isVisibleTo(window.frame)
    await eventually(lambda: window.desk.jobs.rows)
    row = window.desk.jobs.rows[0]
    assert row.cancel.isVisibleTo(window.frame)
    row.cancel.click()
    await eventually(lambda: window.workspace.worker.jobs[0].state is JobState.CANCELLED)
    await eventually(lambda: not row.cancel.isVisibleTo(window.frame))
    assert not window.desk.edit.box.cancel.isVisibleTo(window.frame)
    assert session.candidates.items == ()


async def test_sending_from_the_prompt_hands_the_keys_to_the_variants(
    window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(*DISC)
    prompt = window.widget("prompt")
    prompt.setFocus()
    window.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    await eventually(lambda: session.candidates.items, 60)
    assert window.frame.focusWidget() is window.desk.strip
    window.key("2")
    assert session.candidates.selected == 1
    assert session.form.prompt == ""


async def test_keys_on_the_canvas_reach_the_variants_too(window: Window, photograph: Path) -> None:
    await _generate(window, photograph)
    session, canvas = window.session, window.desk.canvas
    document = session.document
    assert document is not None
    opacity = window.workspace.toolbox.brush.opacity
    canvas.setFocus()
    window.key("2")
    assert session.candidates.selected == 1
    assert window.workspace.toolbox.brush.opacity == opacity
    window.key(Qt.Key.Key_Delete)
    assert len(session.candidates.items) == 1
    assert not document.mask.is_empty
    canvas.setFocus()
    window.key(Qt.Key.Key_Return)
    await eventually(lambda: len(document.layers) == 1)
    canvas.setFocus()
    window.key("3")
    assert window.workspace.toolbox.brush.opacity == 0.3
    window.key(Qt.Key.Key_Delete)
    assert document.mask.is_empty


async def test_the_original_is_held_and_the_mask_hidden_while_variants_have_the_keys(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    session, canvas, strip = window.session, window.desk.canvas, window.desk.strip
    frame = canvas.frame.renderer
    strip.setFocus()
    await eventually(lambda: canvas.overlay.strength == 0.0)
    await eventually(lambda: canvas.source.scene is not None and canvas.source.scene.patches)
    canvas.repaint()
    candidate = frame.pixels.copy()
    QTest.keyPress(strip, Qt.Key.Key_Backslash)
    await eventually(lambda: canvas.source.scene is not None and not canvas.source.scene.patches)
    canvas.repaint()
    original = frame.pixels.copy()
    assert not np.array_equal(original, candidate)
    QTest.keyRelease(strip, Qt.Key.Key_Backslash)
    await eventually(lambda: canvas.source.scene is not None and canvas.source.scene.patches)
    canvas.repaint()
    assert np.array_equal(frame.pixels, candidate)
    QTest.keyPress(strip, Qt.Key.Key_Backslash)
    canvas.setFocus()
    await eventually(lambda: canvas.source.scene is not None and canvas.source.scene.patches)
    session.candidates.clear()
    await eventually(lambda: canvas.overlay.strength > 0.0)
    canvas.repaint()
    assert not np.array_equal(frame.pixels, original)


async def test_the_edge_of_the_grown_mask_is_shown_once_the_hand_rests(
    window: Window, photograph: Path
) -> None:
    session, canvas = await window.open(photograph), window.desk.canvas
    window.stroke(*DISC)
    canvas.frame.refresh()
    painted = canvas.frame.renderer.pixels.copy()
    await eventually(lambda: session.planning.edge is not None)
    canvas.frame.refresh()
    edged = canvas.frame.renderer.pixels.copy()
    changed = (painted != edged).any(axis=2)
    assert 0 < changed.sum() < 0.1 * changed.size
    window.desk.actions.run("mask.clear")
    await eventually(lambda: session.planning.edge is None)
    canvas.frame.refresh()
    assert not np.array_equal(canvas.frame.renderer.pixels, edged)


async def test_alt_erases_and_leaves_the_focus_on_the_canvas(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    document, canvas = session.document, window.desk.canvas
    assert document is not None
    window.stroke(Point(60, 60), Point(100, 60))
    assert document.mask.coverage[60, 80] == 255
    canvas.setFocus()
    alt, left = Qt.KeyboardModifier.AltModifier, Qt.MouseButton.LeftButton
    QTest.keyPress(canvas, Qt.Key.Key_Alt, alt)
    QTest.mousePress(canvas, left, alt, window.at(Point(60, 60)))
    QTest.mouseMove(canvas, window.at(Point(100, 60)))
    QTest.mouseRelease(canvas, left, alt, window.at(Point(100, 60)))
    QTest.keyRelease(canvas, Qt.Key.Key_Alt)
    assert document.mask.coverage[60, 80] == 0
    assert window.frame.focusWidget() is canvas


async def test_a_variant_can_be_dragged_out_as_a_file(window: Window, photograph: Path) -> None:
    await _generate(window, photograph)
    candidate = window.session.candidates.items[1]
    path = await window.desk.transfer.file_of_candidate(candidate)
    assert path is not None
    assert path.suffix == ".png"
    picture = cv2.imread(str(path))
    assert picture is not None
    region = candidate.patch.region
    assert picture.shape[:2] == (region.height, region.width)


async def test_variants_of_requests_that_were_sent_together_are_files_of_their_own(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    session, transfer = window.session, window.desk.transfer
    count = len(session.candidates.items)
    await session.generate()
    await eventually(lambda: len(session.candidates.items) == 2 * count)
    items = session.candidates.items
    paths = {await transfer.file_of_candidate(each) for each in (items[0], items[count])}
    assert len(paths) == 2
    assert all(path is not None and path.is_file() for path in paths)


async def test_closing_while_a_request_runs_ends_it(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.stroke(*DISC)
    session.form.set_variants(8)
    window.desk.actions.run("edit.generate")
    await eventually(lambda: window.workspace.worker.jobs)
    await window.program.aclose()
    assert window.workspace.worker.jobs[0].state is JobState.CANCELLED


async def test_the_keys_of_the_canvas_work_while_the_strip_has_the_focus(
    window: Window, photograph: Path
) -> None:
    await _generate(window, photograph)
    assert window.desk.strip.hasFocus()
    before = window.workspace.toolbox.brush.diameter
    window.key("]", widget=window.desk.strip)
    assert window.workspace.toolbox.brush.diameter > before
    window.key("2", widget=window.desk.strip)
    assert window.session.candidates.selected == 1
    window.key("C", widget=window.desk.strip)
    assert window.desk.compare.isVisible()
