"""Extending the canvas in the whole window: by the keyboard alone, outlined meanwhile, undone in one step."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QPushButton

from app.base.geometry import Margins, Point, Rect, Size
from app.ui.canvas.scene import Picture
from tests.ui.window.conftest import Window, eventually


def box(window: Window, name: str) -> QDoubleSpinBox:
    found = window.widget(name)
    assert isinstance(found, QDoubleSpinBox)
    return found


async def test_the_canvas_is_extended_by_keys_and_undone(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    document, canvas = session.document, window.desk.canvas
    assert document is not None
    canvas.setFocus()
    window.key(Qt.Key.Key_X, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, canvas)
    bar = window.desk.extend_bar
    assert bar.isVisible()
    left = box(window, "extendLeft")
    assert left.hasFocus()
    QTest.keyClicks(left, "100")
    assert bar.margins == Margins(left=100)
    assert canvas.decorations.extension == Rect(-100, 0, 420, 240)
    shown = canvas.navigation.view.rect_to_view(Rect(-100, 0, 420, 240))
    assert canvas.frame.size.rect.contains(shown)
    QTest.keyClick(left, Qt.Key.Key_Tab)
    assert box(window, "extendTop").hasFocus()
    QTest.keyClick(box(window, "extendTop"), Qt.Key.Key_Return)
    await eventually(lambda: document.size == Size(420, 240))
    assert not bar.isVisible()
    assert canvas.decorations.extension is None
    assert canvas.source.size_doc == Size(420, 240)
    assert document.mask.bounds() == Rect(0, 0, 100, 240)
    assert "420" in window.desk.status.size_label.text()
    await eventually(lambda: session.plan is not None and session.plan.region.width > 100)
    assert window.desk.navigator.sizeHint().width() > window.desk.navigator.sizeHint().height()
    window.desk.actions.run("edit.undo")
    assert canvas.source.size_doc == Size(320, 240)
    assert "320" in window.desk.status.size_label.text()
    assert document.mask.is_empty


async def test_per_cent_are_of_the_photograph(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.desk.actions.run("document.extend")
    bar = window.desk.extend_bar
    box(window, "extendRight").setValue(160)
    QTest.keyClick(bar.unit, Qt.Key.Key_Down)
    assert box(window, "extendRight").value() == 50
    box(window, "extendBottom").setValue(25)
    assert bar.margins == Margins(right=160, bottom=60)
    extend = window.widget("extendApply")
    assert isinstance(extend, QPushButton)
    extend.click()
    await eventually(lambda: session.size == Size(480, 300))


async def test_escape_changes_nothing(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    window.desk.actions.run("document.extend")
    top = box(window, "extendTop")
    QTest.keyClicks(top, "70")
    assert window.desk.canvas.decorations.extension is not None
    QTest.keyClick(top, Qt.Key.Key_Escape)
    assert not window.desk.extend_bar.isVisible()
    assert window.desk.canvas.decorations.extension is None
    assert window.desk.canvas.hasFocus()
    assert session.size == Size(320, 240)
    assert session.document is not None
    assert not session.document.undo.steps


async def test_the_original_is_seen_under_an_edit_on_the_larger_canvas(
    window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(1)
    window.desk.follow.extend_canvas(Margins(bottom=64))
    await eventually(lambda: session.size == Size(320, 304))
    await eventually(lambda: session.plan is not None)
    await session.generate()
    await eventually(lambda: session.candidates.shown is not None)
    window.desk.actions.run("candidate.apply")
    await eventually(lambda: session.document and session.document.layers)
    canvas = window.desk.canvas
    canvas.show_original(True)
    await eventually(lambda: bool(canvas.source.scene and canvas.source.scene.patches))
    canvas.show_original(False)
    await eventually(lambda: bool(canvas.source.scene and not canvas.source.scene.patches))


async def test_the_map_of_a_layer_moves_along(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    window.stroke(Point(140, 120), Point(180, 120))
    await session.generate()
    await eventually(lambda: session.candidates.shown is not None)
    window.desk.actions.run("candidate.apply")
    document = session.document
    assert document is not None
    await eventually(lambda: document.layers and document.is_settled)
    window.desk.actions.run("view.leak")
    (layer,) = document.layers
    await eventually(lambda: [each.shown_doc for each in patches(window)] == [layer.region])
    window.desk.follow.extend_canvas(Margins(40, 20, 0, 0))
    await eventually(lambda: session.size == Size(360, 260))
    moved = layer.region.translated(40, 20)
    await eventually(lambda: [each.shown_doc for each in patches(window)] == [moved])
    assert window.widget("heatLegend").isVisible()


def patches(window: Window) -> tuple[Picture, ...]:
    """What lies over the photograph on the canvas."""
    scene = window.desk.canvas.source.scene
    return scene.patches if scene is not None else ()
