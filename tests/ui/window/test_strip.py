"""The strip of variants: what is chosen is in sight, and a picture is dragged out while the button is down."""

import asyncio
from pathlib import Path

import cv2
import pytest
import pytest_asyncio
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from app.base.geometry import Point
from app.ui.panels.dragging import ResultButton
from app.ui.panels.side import HISTORY
from tests.ui.window.conftest import Window, eventually

LEFT = Qt.MouseButton.LeftButton


@pytest_asyncio.fixture
async def healed(window: Window, photograph: Path) -> Window:
    """A window with eight variants on the strip."""
    window.frame.resize(1100, 700)
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(8)
    window.stroke(Point(150, 120), Point(170, 120))
    await session.generate()
    await eventually(lambda: len(session.candidates.items) == 8)
    await asyncio.sleep(0.1)  # Until it is laid out.
    return window


async def test_what_is_chosen_is_in_sight_and_whole(healed: Window) -> None:
    candidates = healed.session.candidates
    for index in (7, 4, 0, None, 5):
        candidates.select(index)
        await asyncio.sleep(0.05)
        (chosen,) = [button for button in healed.strip_buttons() if button.isChecked()]
        assert chosen.text() == ("Original" if index is None else str(index + 1))
        assert chosen.visibleRegion().boundingRect() == chosen.rect()


async def test_the_first_of_more_variants_comes_into_sight(healed: Window) -> None:
    await healed.session.generate()
    await eventually(lambda: len(healed.session.candidates.items) == 16)
    await asyncio.sleep(0.05)
    (chosen,) = [button for button in healed.strip_buttons() if button.isChecked()]
    assert chosen.text() == "9"
    assert chosen.visibleRegion().boundingRect() == chosen.rect()


async def test_the_strip_grows_with_its_variants(window: Window, photograph: Path) -> None:
    window.frame.resize(1600, 900)
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(2)
    window.stroke(Point(150, 120), Point(170, 120))
    widths = []
    for count in (2, 4, 6):
        await session.generate()
        await eventually(lambda count=count: len(session.candidates.items) == count)
        await asyncio.sleep(0.05)
        widths.append(window.desk.strip.width())
        assert all(each.visibleRegion().boundingRect() == each.rect() for each in window.strip_buttons())
    assert widths[0] < widths[1] < widths[2]


async def test_fewer_variants_later_leave_no_button_over(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    for count in (6, 2):
        session.form.set_variants(count)
        window.stroke(Point(150, 120), Point(170, 120))
        await session.generate()
        await eventually(lambda count=count: len(session.candidates.items) == count)
        numbers = [str(each.number) for each in session.candidates.items]
        assert [each.text() for each in window.strip_buttons()] == ["Original", *numbers]
        assert [each.accessibleName() for each in window.strip_buttons()[1:]] == [
            f"Variant {n}" for n in numbers
        ]
        QTest.mouseClick(window.strip_buttons()[-1], LEFT)
        assert session.candidates.selected == count - 1
        session.candidates.clear()
        assert not window.strip_buttons()


class Drags(QObject):
    """Counts the drags that begin at a widget: each is made as its child, and gone again soon after."""

    def __init__(self, source: QWidget) -> None:
        super().__init__(source)
        self.count = 0
        source.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() is QEvent.Type.ChildAdded
        return False


def _drag(button: ResultButton) -> None:
    """Press on the button and move far, in several steps; the button of the mouse stays down."""
    QTest.mousePress(button, LEFT)
    for step in range(1, 6):
        QTest.mouseMove(button, button.rect().center() - QPoint(0, 8 * step))


@pytest.mark.parametrize("is_held", [True, False])
async def test_a_drag_starts_once_when_its_file_is_there_and_only_while_the_button_is_down(
    healed: Window, maskroom_home: Path, is_held: bool
) -> None:
    button, drags = healed.strip_buttons()[1], Drags(healed.desk.strip)
    _drag(button)
    if not is_held:
        QTest.mouseRelease(button, LEFT)
    await eventually(lambda: list(maskroom_home.rglob("variant-1-*.png")))
    await asyncio.sleep(0.1)
    assert drags.count == is_held
    if is_held:
        QTest.mouseRelease(button, LEFT)


async def test_a_row_of_the_history_is_dragged_out_the_same_way(healed: Window, maskroom_home: Path) -> None:
    healed.desk.side.reveal(HISTORY)
    view, drags = healed.desk.history.view, Drags(healed.desk.history)
    await eventually(
        lambda: view.model().rowCount() == 1 and view.visualRect(view.model().index(0, 0)).isValid()
    )
    await asyncio.sleep(0.1)
    place = view.visualRect(view.model().index(0, 0)).center()
    QTest.mousePress(view.viewport(), LEFT, pos=place)
    for step in range(1, 6):
        QTest.mouseMove(view.viewport(), place + QPoint(0, 8 * step))
    await eventually(lambda: list(maskroom_home.rglob("*-variant-1.png")))
    await asyncio.sleep(0.1)
    assert drags.count == 1
    (dragged,) = maskroom_home.rglob("*-variant-1.png")
    assert cv2.imread(str(dragged)).shape == (240, 320, 3), "the whole photograph, not what was sent"
    QTest.mouseRelease(view.viewport(), LEFT)
    assert not healed.desk.notices.shown


async def test_whoever_lets_go_before_the_file_is_made_is_told_when_it_is(
    healed: Window, maskroom_home: Path
) -> None:
    healed.desk.side.reveal(HISTORY)
    view, drags = healed.desk.history.view, Drags(healed.desk.history)
    await eventually(lambda: view.model().rowCount() == 1)
    await asyncio.sleep(0.1)
    place = view.visualRect(view.model().index(0, 0)).center()
    QTest.mousePress(view.viewport(), LEFT, pos=place)
    for step in range(1, 6):
        QTest.mouseMove(view.viewport(), place + QPoint(0, 8 * step))
    QTest.mouseRelease(view.viewport(), LEFT)
    await eventually(lambda: [notice.text for notice in healed.desk.notices.shown])
    assert "drag it once more" in healed.desk.notices.shown[0].text
    assert len(list(maskroom_home.rglob("*-variant-1.png"))) == 1
    assert drags.count == 0
