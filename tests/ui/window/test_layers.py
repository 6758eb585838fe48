"""The Layers panel in a real window: tuning, painting masks, order, names, mixing two variants."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from app.base.geometry import Point
from app.document.document import Document
from app.imaging.recipe import BlendMode, ColourMatch
from app.ui.panels.side import LAYERS
from tests.ui.window.conftest import Window, eventually

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


async def generated(window: Window, photograph: Path, variants: int = 1) -> Document:
    """A photograph on which variants of one request wait to be applied."""
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(variants)
    window.stroke(Point(140, 120), Point(180, 120))
    await session.generate()
    await eventually(lambda: session.candidates.items)
    assert session.document is not None
    return session.document


async def layered(window: Window, photograph: Path) -> Document:
    """The same, applied, with the Layers panel in front."""
    document = await generated(window, photograph)
    window.key(Qt.Key.Key_Return)
    await eventually(lambda: document.layers and document.is_settled)
    window.desk.show_part(LAYERS)
    await eventually(lambda: window.desk.layers.list.count() == 1)
    return document


def name_at(window: Window, row: int) -> str:
    return window.desk.layers.list.item(row).text()


def click(window: Window, row: int, x: int) -> None:
    view = window.desk.layers.list
    place = QPoint(x, view.visualItemRect(view.item(row)).center().y())
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)


async def test_an_empty_panel_says_what_to_do(window: Window, photograph: Path) -> None:
    window.desk.side.reveal(LAYERS)
    panel = window.desk.layers
    assert "Open a photograph" in panel._empty.text()
    await window.open(photograph)
    await eventually(lambda: "No layers yet" in panel._empty.text())
    assert not panel.list.isVisible()
    assert not panel.tuning.isVisible()


async def test_the_shown_variant_is_tuned_and_takes_it_along(window: Window, photograph: Path) -> None:
    document = await generated(window, photograph, 2)
    window.desk.strip.tune.click()
    tuning = window.desk.layers.tuning
    assert tuning.isVisible()
    assert tuning.name.text() == "Variant 1"
    box = tuning.opacity.box
    assert QApplication.focusWidget() is box
    QTest.keyClicks(box, "40")
    shown = window.session.candidates.shown
    assert shown is not None
    assert shown.patch.opacity == 0.4
    assert tuning.opacity.slider.value() == 400
    tuning.mode.setFocus()
    QTest.keyClick(tuning.mode, Qt.Key.Key_Down)
    window.desk.strip.apply.click()
    await eventually(lambda: document.layers)
    assert (document.layers[0].opacity, document.layers[0].mode) == (0.4, BlendMode.MULTIPLY)
    await eventually(
        lambda: tuning.name.text() == "Filled from the surroundings" and window.desk.layers.list.count() == 1
    )
    assert "Multiply · 40 %" in window.desk.layers.list.item(0).data(Qt.ItemDataRole.AccessibleTextRole)


async def test_dragging_a_slider_is_seen_at_once_and_is_one_step(window: Window, photograph: Path) -> None:
    document = await layered(window, photograph)
    steps, before = len(document.undo.steps), document.picture.copy()
    slider = window.desk.layers.tuning.opacity.slider
    middle = slider.rect().center()
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 6, middle.y()))
    for x in range(slider.width() - 10, slider.width() // 2, -6):
        QTest.mouseMove(slider, QPoint(x, middle.y()))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert 0.3 < document.layers[0].opacity < 0.8
    await eventually(lambda: document.is_settled)
    assert not np.array_equal(document.picture, before)
    assert len(document.undo.steps) == steps + 1
    window.key(Qt.Key.Key_Z, CTRL, window.desk.canvas)
    await eventually(lambda: document.is_settled)
    assert np.array_equal(document.picture, before)
    assert window.desk.layers.tuning.opacity.box.value() == 100


async def test_small_pictures_are_overtaken_by_newer_ones_and_let_go_with_their_layers(
    window: Window, photograph: Path
) -> None:
    document = await layered(window, photograph)
    panel, layer = window.desk.layers, document.layers[0]
    making = asyncio.ensure_future(panel._make_picture(layer))
    await asyncio.sleep(0)
    newer = replace(layer, pixels=layer.pixels.copy(), coverage=layer.coverage.copy())
    document.change_layers((newer,), "Newer")
    await eventually(lambda: panel._made[layer.id][0] is newer.pixels)
    await making
    document.change_layers((), "None")
    await eventually(lambda: not panel._made)


async def test_what_is_made_of_the_reply_is_made_anew(window: Window, photograph: Path) -> None:
    document = await layered(window, photograph)
    tuning = window.desk.layers.tuning
    tuning.colour.setFocus()
    QTest.keyClick(tuning.colour, Qt.Key.Key_Down)
    assert tuning.state.text() == "Working…"
    await eventually(lambda: document.layers[0].recipe.colour is ColourMatch.EDGE)
    await eventually(lambda: not tuning.state.text())
    covered = np.count_nonzero(document.layers[0].coverage)
    tuning.grow.box.setFocus()
    tuning.grow.box.selectAll()
    QTest.keyClicks(tuning.grow.box, "6")
    await eventually(lambda: np.count_nonzero(document.layers[0].coverage) > covered)
    assert len(window.workspace.worker.jobs) == 1, "nothing was sent"


async def test_eye_name_order_and_delete_by_mouse_and_keys(window: Window, photograph: Path) -> None:
    document = await layered(window, photograph)
    view = window.desk.layers.list
    click(window, 0, 12)
    assert not document.layers[0].visible
    await eventually(lambda: "hidden" in view.item(0).data(Qt.ItemDataRole.AccessibleTextRole))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert document.layers[0].visible
    QTest.keyClick(view, Qt.Key.Key_F2)
    field = view.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    QTest.keyClicks(field, "Sky")
    QTest.keyClick(field, Qt.Key.Key_Return)
    await eventually(lambda: document.layers[0].name == "Sky")
    window.key("j", CTRL)
    await eventually(lambda: view.count() == 2)
    assert (name_at(window, 0), name_at(window, 1)) == ("Sky copy", "Sky")
    window.key(Qt.Key.Key_Down, CTRL | SHIFT)
    await eventually(lambda: name_at(window, 0) == "Sky")
    assert [layer.name for layer in document.layers] == ["Sky copy", "Sky"]
    assert view.currentRow() == 1, "the moved layer stays the selected one"
    view.setFocus()
    mask = document.request_mask.coverage.copy()
    QTest.keyClick(view, Qt.Key.Key_Delete)
    await eventually(lambda: view.count() == 1)
    assert [layer.name for layer in document.layers] == ["Sky"]
    assert np.array_equal(document.request_mask.coverage, mask), "the key was the list's, not the mask's"


async def test_painting_the_mask_of_a_layer(window: Window, photograph: Path) -> None:
    document = await layered(window, photograph)
    layer, before = document.layers[0], document.picture.copy()
    usual = window.desk.canvas.overlay.colour
    window.desk.canvas.setFocus()
    window.key("m", CTRL)
    await eventually(lambda: document.painted_layer)
    bar = window.widget("layerPainting")
    assert bar.isVisible()
    assert window.desk.canvas.overlay.colour != usual
    assert layer.name in window.desk.painting_bar.title.text()
    assert window.desk.layers.list.item(0).text() == layer.name
    hidden = np.count_nonzero(layer.coverage)
    window.desk.canvas.setFocus()
    window.key("e")
    window.stroke(Point(140, 120), Point(160, 120), Point(180, 120))
    assert np.count_nonzero(document.layers[0].coverage) < hidden
    await eventually(lambda: document.is_settled)
    assert not np.array_equal(document.picture, before)
    window.key(Qt.Key.Key_Z, CTRL)
    await eventually(lambda: document.is_settled)
    assert np.array_equal(document.picture, before)
    window.key(Qt.Key.Key_Escape)
    assert document.painted_layer is None
    assert not bar.isVisible()
    assert window.desk.canvas.overlay.colour == usual


async def test_two_variants_are_mixed_with_the_brush(window: Window, photograph: Path) -> None:
    document = await generated(window, photograph, 2)
    window.desk.actions.run("candidate.apply_keep")
    await eventually(lambda: document.layers)
    first = document.picture.copy()
    window.session.candidates.select(0)
    window.desk.strip.paint_in.click()
    await eventually(lambda: document.painted_layer)
    assert np.array_equal(document.picture, first)
    window.desk.canvas.setFocus()
    window.stroke(Point(150, 120), Point(160, 120))
    await eventually(lambda: document.is_settled)
    assert not np.array_equal(document.picture, first)
    window.desk.painting_bar.finish.click()
    assert document.painted_layer is None
    assert [bool(each.coverage.any()) for each in document.layers] == [True, True]


@pytest.mark.parametrize("drop_above", [True, False])
async def test_dragging_in_the_list_reorders(window: Window, photograph: Path, drop_above: bool) -> None:
    document = await layered(window, photograph)
    window.desk.actions.run("layer.duplicate")
    window.desk.actions.run("layer.duplicate")
    view = window.desk.layers.list
    await eventually(lambda: view.count() == 3)
    view.moved.emit(document.layers[0].id, 2 if drop_above else 1)
    await eventually(lambda: view.currentRow() >= 0)
    names = [layer.name for layer in document.layers]
    original = names.index("Filled from the surroundings")
    assert original == (2 if drop_above else 1)
    await eventually(lambda: name_at(window, 2 - original) == "Filled from the surroundings")
