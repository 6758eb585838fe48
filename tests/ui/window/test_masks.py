"""Masks in a real window: operations tried out by keyboard, the list of masks, files and the clipboard."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit

from app.base.geometry import Point, Rect
from app.document.document import Document
from app.imaging.mask_operations import MaskOperation, OperationKind
from app.ui.dialogs.palette import CommandPalette
from tests.ui.window.conftest import Window, eventually

SHIFT = Qt.KeyboardModifier.ShiftModifier
BESIDE = Point(160, 148)
"""A little below the stroke that every test begins with."""


@pytest.fixture
async def document(window: Window, photograph: Path) -> Document:
    """The photograph with a broad stroke through its middle, which has the focus."""
    session = await window.open(photograph)
    window.workspace.toolbox.set_diameter(40)
    window.workspace.toolbox.set_hardness(1.0)
    window.stroke(Point(120, 120), Point(200, 120))
    assert session.document is not None
    return session.document


def box(window: Window) -> QLineEdit:
    return window.desk.mask_bar.amount.box.lineEdit()


def colour_at(window: Window, place: Point) -> QColor:
    return window.desk.canvas.grab().toImage().pixelColor(window.at(place))


async def open_bar(window: Window, id: str = "mask.grow") -> None:
    window.desk.actions.run(id)
    assert window.desk.mask_bar.isVisible()
    assert window.desk.mask_bar.amount.box.hasFocus()
    work = window.session.mask_work
    assert work is not None
    await eventually(lambda: work.preview is not None)


async def test_feather_is_shown_while_it_is_typed_and_done_by_enter(
    window: Window, document: Document
) -> None:
    before, plain = document.mask.coverage.copy(), colour_at(window, BESIDE)
    window.key(Qt.Key.Key_F6, SHIFT, window.desk.canvas)
    assert window.desk.mask_bar.isVisible()
    QTest.keyClicks(box(window), "40")
    await eventually(lambda: colour_at(window, BESIDE).red() > plain.red() + 12)
    assert np.array_equal(document.mask.coverage, before)
    QTest.keyClick(box(window), Qt.Key.Key_Return)
    await eventually(lambda: document.undo.undo_title == "Feather mask by 40 px")
    assert not window.desk.mask_bar.isVisible()
    assert window.desk.canvas.hasFocus()
    assert np.array_equal(document.mask.coverage, MaskOperation(OperationKind.FEATHER, 40).apply(before))
    await eventually(lambda: window.workspace.settings.value.mask.feather == 40)


async def test_escape_leaves_the_mask_in_the_bar_and_on_the_canvas(
    window: Window, document: Document
) -> None:
    before, plain = document.mask.coverage.copy(), colour_at(window, BESIDE)
    for target in (window.desk.mask_bar.amount.box, window.desk.canvas):
        await open_bar(window)
        window.desk.mask_bar.amount.edited.emit(30)
        await eventually(lambda: colour_at(window, BESIDE) != plain)
        target.setFocus()
        window.key(Qt.Key.Key_Escape, widget=target)
        assert not window.desk.mask_bar.isVisible()
        await eventually(lambda: colour_at(window, BESIDE) == plain)
    assert np.array_equal(document.mask.coverage, before)


async def test_one_paints_on_while_an_operation_is_tried_out(window: Window, document: Document) -> None:
    await open_bar(window, "mask.border")
    window.stroke(Point(60, 60))
    painted = document.mask.coverage.copy()
    assert painted[60, 60] == 255
    assert window.desk.mask_bar.isVisible()
    window.key(Qt.Key.Key_Return, widget=window.desk.canvas)
    await eventually(lambda: document.undo.undo_title.startswith("Border"))
    amount = window.workspace.settings.value.mask.border
    expected = MaskOperation(OperationKind.BORDER, amount).apply(painted)
    assert np.array_equal(document.mask.coverage, expected)


async def test_return_in_the_prompt_is_not_the_bars(window: Window, document: Document) -> None:
    steps = document.undo.steps
    await open_bar(window)
    prompt = window.widget("prompt")
    prompt.setFocus()
    window.key(Qt.Key.Key_Return, widget=prompt)
    assert window.desk.mask_bar.isVisible()
    assert document.undo.steps == steps
    window.desk.mask_bar.leave()


async def test_apply_and_cancel_are_buttons_too(window: Window, document: Document) -> None:
    await open_bar(window)
    QTest.mouseClick(window.widget("maskCancel"), Qt.MouseButton.LeftButton)
    assert not window.desk.mask_bar.isVisible()
    await open_bar(window, "mask.shrink")
    QTest.mouseClick(window.widget("maskApply"), Qt.MouseButton.LeftButton)
    await eventually(lambda: document.undo.undo_title.startswith("Shrink mask by"))


async def test_operations_are_in_the_palette(window: Window, document: Document) -> None:
    window.desk.dialogs.show_palette()
    palette = window.frame.findChild(CommandPalette)
    assert palette is not None
    QTest.keyClicks(palette.findChild(QLineEdit), "smooth")
    QTest.keyClick(palette.findChild(QLineEdit), Qt.Key.Key_Return)
    await eventually(window.desk.mask_bar.isVisible)
    window.desk.mask_bar.leave()


# The list


async def test_masks_are_chosen_and_renamed_by_keyboard(window: Window, document: Document) -> None:
    names = window.widget("masks")
    assert isinstance(names, QComboBox)
    tinted = colour_at(window, Point(160, 110))
    window.desk.actions.run("mask.new")
    await eventually(lambda: names.currentText() == "Mask 2")
    await eventually(lambda: colour_at(window, Point(160, 110)) != tinted)
    window.desk.actions.run("mask.rename")
    field = window.widget("maskName")
    assert field.hasFocus()
    QTest.keyClicks(field, "Sky")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert names.currentText() == "Sky"
    assert names.hasFocus()
    QTest.keyClick(names, Qt.Key.Key_Up)
    assert document.active_mask == 0
    await eventually(lambda: colour_at(window, Point(160, 110)) == tinted)
    window.desk.actions.run("edit.undo")
    assert names.currentText() == "Sky"


async def test_a_name_that_is_not_confirmed_is_dropped(window: Window, document: Document) -> None:
    for leave in (Qt.Key.Key_Escape, None):
        window.desk.actions.run("mask.rename")
        field = window.widget("maskName")
        QTest.keyClicks(field, "Other")
        if leave is not None:
            QTest.keyClick(field, leave)
        else:
            window.desk.canvas.setFocus()
        assert not field.isVisible()
        assert document.masks[0].name == "Mask 1"


async def test_the_menu_beside_the_list_knows_what_can_be_done(window: Window, document: Document) -> None:
    delete = window.frame.findChild(QAction, "mask.delete")
    assert delete is not None
    window.desk.actions.refresh()
    assert not delete.isEnabled()
    window.desk.actions.run("mask.duplicate")
    await eventually(lambda: len(document.masks) == 2)
    window.desk.actions.refresh()
    assert delete.isEnabled()


# The clipboard and files


async def test_a_mask_goes_over_the_clipboard_as_a_picture_and_exactly(
    window: Window, document: Document
) -> None:
    copied = document.mask.coverage.copy()
    await window.desk.mask_files.copy()
    data = QGuiApplication.clipboard().mimeData()
    image = data.imageData()
    assert isinstance(image, QImage)
    assert image.pixelColor(160, 120).lightness() == 255
    document.clear_mask()
    await window.desk.mask_files.paste()
    assert np.array_equal(document.mask.coverage, copied)
    assert document.undo.undo_title == "Paste mask"

    QGuiApplication.clipboard().setImage(image.copy().convertToFormat(QImage.Format.Format_RGB32))
    document.clear_mask()
    await window.desk.mask_files.paste()
    assert np.array_equal(document.mask.coverage, copied)
    assert document.undo.undo_title == "Load mask “Pasted mask”"


async def test_a_picture_from_elsewhere_is_pasted_as_the_mask(window: Window, document: Document) -> None:
    image = QImage(320, 240, QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    for x in range(10, 20):
        image.setPixelColor(x, 30, QColor("white"))
    QGuiApplication.clipboard().setImage(image)
    await window.desk.mask_files.paste()
    assert document.mask.bounds() == Rect(10, 30, 10, 1)

    QGuiApplication.clipboard().setText("no picture")
    await window.desk.mask_files.paste()
    assert document.mask.bounds() == Rect(10, 30, 10, 1)


async def dialog_of(window: Window) -> QFileDialog:
    def found() -> list[QFileDialog]:
        return [each for each in window.frame.findChildren(QFileDialog) if each.isVisible()]

    await eventually(found)
    return found()[0]


async def test_masks_are_saved_and_loaded_by_dialog(
    window: Window, document: Document, tmp_path: Path
) -> None:
    painted, path = document.mask.coverage.copy(), tmp_path / "hole.png"
    for choice in ("opaque = edit", "transparent = edit"):
        window.desk.actions.run("mask.save")
        dialog = await dialog_of(window)
        dialog.selectNameFilter(next(each for each in dialog.nameFilters() if choice in each))
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        assert isinstance(name, QLineEdit)
        name.setText(str(tmp_path / f"{choice[:6]}.png"))
        QTest.keyClick(name, Qt.Key.Key_Return)
        await eventually((tmp_path / f"{choice[:6]}.png").exists)
    (tmp_path / "transp.png").rename(path)
    written = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert written is not None
    assert np.array_equal(written[..., 3], 255 - painted)

    document.clear_mask()
    window.desk.actions.run("mask.load")
    dialog = await dialog_of(window)
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    assert isinstance(name, QLineEdit)
    name.setText(str(path))
    QTest.keyClick(name, Qt.Key.Key_Return)
    await eventually(lambda: document.undo.undo_title == "Load mask “hole.png”")
    assert np.array_equal(document.mask.coverage, painted)
