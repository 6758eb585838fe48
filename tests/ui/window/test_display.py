"""The display's profile in the whole window: chosen in the preferences, switched off and on, told, or refused."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.base.geometry import Point
from app.base.notices import Level
from app.ui.dialogs.file_box import FileBox
from app.ui.dialogs.preferences import PreferencesDialog
from tests.imaging.pictures import matrix_profile, srgb_profile, swapped_profile
from tests.ui.canvas.showing import shown_pixels
from tests.ui.window.conftest import Window, eventually


def colour_shown(window: Window) -> list[int]:
    """The mean colour of the middle of the canvas, BGR."""
    pixels = shown_pixels(window.desk.canvas)
    height, width = pixels.shape[:2]
    middle = pixels[height // 2 - 30 : height // 2 + 30, width // 2 - 90 : width // 2 - 50]
    return [round(each) for each in middle.reshape(-1, 3).mean(axis=0)]


async def choose_file(window: Window, path: Path) -> FileBox:
    """Choose a profile as a person does: "File…" in the preferences, then the file."""
    window.desk.dialogs.show_preferences()
    dialog = window.frame.findChild(PreferencesDialog)
    assert isinstance(dialog, PreferencesDialog)
    box = dialog.findChild(FileBox, "display.profile")
    assert isinstance(box, FileBox)
    last = box.count() - 1
    box.setCurrentIndex(last)
    box.activated.emit(last)
    chooser = box.findChild(QFileDialog)
    assert isinstance(chooser, QFileDialog)
    assert box.currentIndex() != last
    chooser.fileSelected.emit(str(path))
    chooser.close()
    await eventually(lambda: window.workspace.settings.value.display.profile == str(path))
    assert box.currentText() == path.name
    return box


async def test_a_chosen_profile_is_shown_told_and_switched_off(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    await window.open(photograph)
    plain = colour_shown(window)
    label = window.desk.status.display
    assert not label.isVisible()
    path = tmp_path / "screen.icc"
    path.write_bytes(swapped_profile())
    box = await choose_file(window, path)
    await eventually(label.isVisible)
    assert label.text() == "Display: Red and green swapped"
    blue, green, red = colour_shown(window)
    assert abs(green - plain[2]) <= 4
    assert abs(red - plain[1]) <= 4
    window.desk.actions.run("view.colour_managed")
    await eventually(lambda: not label.isVisible())
    assert colour_shown(window) == plain
    window.desk.actions.run("view.colour_managed")
    await eventually(label.isVisible)
    assert colour_shown(window) == [blue, green, red]
    none = box.findText("None")
    box.setCurrentIndex(none)
    box.activated.emit(none)
    await eventually(lambda: not label.isVisible())
    assert colour_shown(window) == plain


async def test_a_display_of_srgb_is_told_and_costs_nothing(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    await window.open(photograph)
    path = tmp_path / "srgb.icc"
    path.write_bytes(srgb_profile())
    await window.workspace.settings.update("display", profile=str(path))
    await eventually(window.desk.status.display.isVisible)
    assert window.desk.display.table is None
    scene = window.desk.canvas.source.scene
    assert scene is not None
    assert scene.picture.display is None


@pytest.mark.parametrize("content", [None, b"nonsense" * 20, matrix_profile(kind="GRAY")])
async def test_a_profile_that_cannot_be_used_is_told_once_and_left(
    window: Window, photograph: Path, tmp_path: Path, content: bytes | None
) -> None:
    await window.open(photograph)
    plain = colour_shown(window)
    path = tmp_path / "other.icc"
    if content is not None:
        path.write_bytes(content)
    await window.workspace.settings.update("display", profile=str(path))
    await eventually(lambda: window.desk.notices.shown)
    (notice,) = window.desk.notices.shown
    assert notice.level is Level.WARNING
    assert notice.text.startswith("The display profile cannot be used. ")
    assert "preferences" in notice.hint
    assert window.desk.display.name == ""
    assert colour_shown(window) == plain


async def test_the_navigator_is_shown_by_the_profile(
    window: Window, photograph: Path, tmp_path: Path
) -> None:
    session = await window.open(photograph)
    path = tmp_path / "screen.icc"
    path.write_bytes(swapped_profile())
    await window.workspace.settings.update("display", profile=str(path))
    await eventually(window.desk.status.display.isVisible)
    document = session.document
    assert document is not None
    window.desk.actions.run("view.navigator")
    await eventually(window.desk.navigator.isVisible)
    shown = window.desk.navigator.grab().toImage().pixelColor(40, 100)
    column, row = (40 - 6) * 320 // 176, (100 - 6) * 320 // 176
    blue, green, red, _ = document.picture[row - 8 : row + 8, column - 8 : column + 8].mean(axis=(0, 1))
    assert np.abs(np.array([shown.red() - green, shown.green() - red])).max() < 25
    assert abs(green - red) > 8 or abs(blue - red) > 8


def mean_of(widget: QWidget, part: QRect | None = None) -> list[float]:
    """Mean red, green and blue of what a widget shows."""
    image = (
        widget.grab(part or QRect(QPoint(0, 0), widget.size()))
        .toImage()
        .convertToFormat(QImage.Format.Format_RGB32)
    )
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)
    return [float(each) for each in pixels[:, : image.width(), 2::-1].mean(axis=(0, 1))]


async def test_variants_and_compare_are_shown_by_the_profile_and_change_with_it(
    window: Window, tmp_path: Path
) -> None:
    """A red photograph is green everywhere where it is seen, and red again without the profile."""
    picture = np.zeros((240, 320, 3), np.uint8)
    picture[...] = (30, 40, 220)
    cv2.imwrite(str(tmp_path / "red.png"), picture)
    session = await window.open(tmp_path / "red.png")
    session.form.set_provider("local", "instant")
    session.form.set_variants(1)
    window.stroke(Point(150, 120), Point(170, 120))
    await session.generate()
    await eventually(lambda: session.candidates.items)
    path = tmp_path / "screen.icc"
    path.write_bytes(swapped_profile())

    def is_red(widget: QWidget) -> bool:
        red, green, _ = mean_of(widget)
        return red > green + 5

    def is_green(widget: QWidget) -> bool:
        red, green, _ = mean_of(widget)
        return green > red + 5

    assert len(window.strip_buttons()) == 1 + len(session.candidates.items)
    await eventually(lambda: all(is_red(each) for each in window.strip_buttons()))
    await window.workspace.settings.update("display", profile=str(path))
    await eventually(lambda: all(is_green(each) for each in window.strip_buttons()))
    window.desk.actions.run("compare.open")
    await eventually(lambda: all(is_green(pane) for pane in window.desk.compare.panes))
    await window.workspace.settings.update("display", managed=False)
    await eventually(lambda: all(is_red(pane) for pane in window.desk.compare.panes))
    window.desk.close_compare()
    await eventually(lambda: all(is_red(each) for each in window.strip_buttons()))
