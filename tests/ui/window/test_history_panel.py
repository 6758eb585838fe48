"""The history looked through by hand: rows and tiles, filters, marks, the bin, the tree, the large room."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMenu

from app.base.geometry import Point
from app.base.states import JobState
from app.history.types import HistoryResult
from app.ui.panels.dragging import ResultButton
from app.ui.panels.history_model import PAGE
from app.ui.panels.history_panel import HistoryPanel
from app.ui.panels.history_pictures import MOST_KEPT, Pictures
from app.ui.panels.side import HISTORY
from app.ui.tasks import Tasks
from tests.history.making import fill
from tests.ui.window.conftest import Window, eventually

LEFT = Qt.MouseButton.LeftButton


def thumbnail(number: int) -> bytes:
    picture = np.full((32, 48, 3), (number * 5 % 255, 90, 160), np.uint8)
    return cv2.imencode(".png", picture)[1].tobytes()


@pytest.fixture
def stock(maskroom_home: Path) -> int:
    """Three hundred requests of earlier days."""
    fill(maskroom_home / "history", 300, thumbnail=thumbnail)
    return 300


async def shown(window: Window, count: int) -> HistoryPanel:
    """The panel, in sight, with so many rows."""
    window.desk.side.reveal(HISTORY)
    panel = window.desk.history
    await eventually(lambda: panel.model.rowCount() == count)
    await asyncio.sleep(0.05)
    return panel


def pick(panel: HistoryPanel, row: int) -> None:
    """Click on a row."""
    index = panel.model.index(row)
    panel.view.scrollTo(index)
    QTest.mouseClick(panel.view.viewport(), LEFT, pos=panel.view.visualRect(index).center())
    assert panel.view.currentIndex().row() == row


def press(
    window: Window, panel: HistoryPanel, key: Qt.Key, modifier: Qt.KeyboardModifier | None = None
) -> None:
    panel.view.setFocus()
    window.key(key, modifier or Qt.KeyboardModifier.NoModifier, widget=panel.view)


async def test_all_rows_are_there_and_read_as_they_come_into_sight(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    assert len(panel.model.entries) <= 2 * PAGE
    assert panel.model.entry(panel.model.index(200)) is None
    bar = panel.view.verticalScrollBar()
    bar.setValue(bar.maximum())
    last = panel.model.index(stock - 1)
    await eventually(lambda: panel.model.entry(last) is not None)
    assert panel.view.visualRect(last).bottom() < panel.view.viewport().height()
    entry = panel.model.entry(last)
    assert entry is not None
    assert entry.id == "00000000"
    for row in (0, 37, 150, 299):
        panel.view.scrollTo(panel.model.index(row))
        place = panel.view.visualRect(panel.model.index(row)).center()
        assert panel.view.indexAt(place).row() == row


async def test_tiles_show_every_variant_and_the_keys_walk_over_them(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    entries = {entry.id: entry for entry in window.workspace.history.list(stock)}
    tiles = sum(max(len(entry.results), 1) for entry in entries.values())
    QTest.mouseClick(panel.bar.grid, LEFT)
    await eventually(lambda: panel.model.rowCount() == tiles)
    pick(panel, 1)
    here = panel.details.entry, panel.details.result
    press(window, panel, Qt.Key.Key_Right)
    assert panel.view.currentIndex().row() == 2
    press(window, panel, Qt.Key.Key_Down)
    columns = panel.view.currentIndex().row() - 2
    assert columns >= 2
    press(window, panel, Qt.Key.Key_Up)
    press(window, panel, Qt.Key.Key_Left)
    assert (panel.details.entry, panel.details.result) == here
    press(window, panel, Qt.Key.Key_End)
    assert panel.view.currentIndex().row() == tiles - 1
    await eventually(lambda: panel.details.entry is not None and panel.details.entry.id == "00000000")
    press(window, panel, Qt.Key.Key_Home)
    assert panel.view.currentIndex().row() == 0
    several = next(row for row in range(tiles) if panel.model.neighbours(row) == (True, True))
    pick(panel, several)
    assert panel.details.result is not None
    assert panel.details.result.index == 1
    # A variant that is chosen below is the tile that is chosen above.
    await asyncio.sleep(0.05)
    buttons = [button for button in panel.details.findChildren(ResultButton) if button.isVisible()]
    QTest.mouseClick(buttons[0], LEFT)
    assert panel.view.currentIndex().row() == several - 1
    panel.view.grab()


async def test_stars_tags_and_notes_by_the_keyboard_are_kept_and_found(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    pick(panel, 1)
    entry = panel.details.entry
    assert entry is not None
    press(window, panel, Qt.Key.Key_S)
    store = window.workspace.history
    await eventually(lambda: store.get(entry.id).results[0].starred)
    await eventually(lambda: "star away" in panel.details.star.accessibleName())
    press(window, panel, Qt.Key.Key_T)
    assert window.frame.focusWidget() is panel.details.tags
    QTest.keyClicks(panel.details.tags, "client, #summer sale,,")
    QTest.keyClick(panel.details.tags, Qt.Key.Key_Return)
    await eventually(lambda: store.get(entry.id).tags == ("client", "summer sale"))
    press(window, panel, Qt.Key.Key_N)
    QTest.keyClicks(panel.details.note, "sent on Friday")
    panel.view.setFocus()
    await eventually(lambda: store.get(entry.id).note == "sent on Friday")
    await eventually(lambda: panel.details.entry and panel.details.entry.note == "sent on Friday")
    press(window, panel, Qt.Key.Key_N)
    QTest.keyClicks(panel.details.note, "no")
    QTest.keyClick(panel.details.note, Qt.Key.Key_Escape)
    assert panel.details.note.text() == "sent on Friday"
    panel.search.setText("frid summ")
    await eventually(lambda: panel.model.rowCount() == 1)
    assert panel.bar.told.text().startswith("1 found")
    panel.bar.clear.click()
    await eventually(lambda: panel.model.rowCount() == stock)
    QTest.mouseClick(panel.bar.starred, LEFT)
    starred = sum(any(r.starred for r in each.results) for each in store.list(stock))
    await eventually(lambda: panel.model.rowCount() == starred)
    pick(panel, 0)
    press(window, panel, Qt.Key.Key_S)
    await eventually(lambda: panel.model.rowCount() == starred - 1)


async def test_what_was_deleted_comes_back_with_the_key_for_undo(
    stock: int, window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    window.stroke(Point(100, 100), Point(140, 100))
    document = session.document
    assert document is not None
    panel = await shown(window, stock)
    pick(panel, 3)
    entry = panel.details.entry
    assert entry is not None
    press(window, panel, Qt.Key.Key_Delete)
    await eventually(lambda: panel.model.row_of(entry.id) is None)
    assert panel.undo.isVisible()
    press(window, panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    await eventually(lambda: panel.model.row_of(entry.id) == 3)
    assert not panel.undo.isVisible()
    assert document.undo.can_undo, "the stroke was not taken back"
    press(window, panel, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not document.undo.can_undo, "with an empty bin the key is the photograph's again"


async def test_the_bin_is_looked_at_and_given_back_from(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    for row in (5, 2):
        pick(panel, row)
        chosen = panel.details.entry
        assert chosen is not None
        panel.details.delete.click()
        await eventually(lambda id=chosen.id: panel.model.row_of(id) is None)
        assert panel.details.entry is not None, "the next one is looked at"
    state = panel.bar.popup.state
    state.setCurrentIndex(state.findText("In the bin"))
    state.activated.emit(state.currentIndex())
    await eventually(lambda: panel.model.rowCount() == 2)
    assert "In the bin" in panel.bar.told.text()
    pick(panel, 0)
    assert panel.details.delete.accessibleName() == "Bring back from the bin"
    panel.details.delete.click()
    await eventually(lambda: panel.model.rowCount() == 1)
    pick(panel, 0)
    press(window, panel, Qt.Key.Key_Delete)
    await eventually(lambda: panel.model.rowCount() == 0)
    panel.bar.clear.click()
    await eventually(lambda: panel.model.rowCount() == stock)


async def test_filters_are_chosen_by_the_keyboard_and_told(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    panel.bar.filters.setFocus()
    QTest.keyClick(panel.bar.filters, Qt.Key.Key_Space)
    popup = panel.bar.popup
    await eventually(lambda: popup.model.count() > 5)
    assert popup.isVisible()
    assert popup.focusWidget() is popup.model
    wanted = popup.model.findText("studio: paint-1")
    for _ in range(wanted):
        QTest.keyClick(popup.model, Qt.Key.Key_Down)
    store = window.workspace.history
    expected = [each.id for each in store.list(stock) if (each.provider, each.model) == ("studio", "paint-1")]
    await eventually(lambda: panel.model.rowCount() == len(expected))
    failed = popup.state.findText("Failed")
    for _ in range(failed):
        QTest.keyClick(popup.state, Qt.Key.Key_Down)
    states = {id: store.get(id).state for id in expected}
    await eventually(
        lambda: panel.model.rowCount() == sum(state is JobState.FAILED for state in states.values())
    )
    QTest.keyClick(popup, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert panel.bar.filters.isChecked()
    assert "studio: paint-1 · Failed" in panel.bar.told.text()
    popup.document.setCurrentIndex(1)
    popup.clear.click()
    await eventually(lambda: panel.model.rowCount() == stock)
    assert not panel.bar.filters.isChecked()


async def test_a_filter_that_nothing_fits_says_so(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    panel.search.setText("zeppelin")
    await eventually(lambda: panel.model.rowCount() == 0)
    told = [label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)]
    assert "Nothing in the history fits this." in told


async def _apply(window: Window, count: int) -> None:
    session = window.session
    await session.generate()
    await eventually(lambda: session.candidates.items, 60)
    window.desk.actions.run("candidate.apply")
    assert session.document is not None
    document = session.document
    await eventually(lambda: len(document.layers) == count)
    panel = window.desk.history
    await eventually(lambda: panel.model.rowCount() == count and panel.model.entries[0].results[0].applied)


async def test_the_tree_shows_what_grew_from_what_and_branches_anywhere(
    window: Window, photograph: Path
) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    window.stroke(Point(150, 120), Point(170, 120))
    await _apply(window, 1)
    window.stroke(Point(60, 60), Point(80, 60))
    await _apply(window, 2)
    panel, document = window.desk.history, session.document
    assert document is not None
    first = panel.model.entries[1]
    window.desk.actions.run("history.large")
    assert panel.is_large
    assert window.desk.centre.currentWidget() is window.desk.room
    pick(panel, 0)
    tree = panel.details.tree
    await eventually(lambda: tree.topLevelItemCount() == 1)
    root = tree.topLevelItem(0)
    assert root.text(0) == "disc.png"
    assert [root.child(row).text(0) for row in range(root.childCount())] == [
        "Filled from the surroundings",
        "Variant 2",
    ]
    assert root.child(0).childCount() == 2
    assert tree.currentItem() is root.child(0).child(0)
    tree.setFocus()
    tree.setCurrentItem(root.child(0))
    QTest.keyClick(tree, Qt.Key.Key_Space)
    assert panel.details.entry is not None
    assert panel.details.entry.id == first.id
    tree.setCurrentItem(tree.topLevelItem(0).child(1))
    QTest.keyClick(tree, Qt.Key.Key_Return)
    await eventually(lambda: [layer.result_id for layer in document.layers] == [first.results[1].id])
    assert not panel.is_large, "what was asked for is on the canvas"
    document.undo.undo()
    assert len(document.layers) == 2

    pick(await shown(window, 2), 0)
    panel.details.show_entry(panel.model.entries[0])
    window.desk.actions.run("history.openState")
    await eventually(lambda: len(window.workspace.documents) == 2)
    await eventually(lambda: window.session.document and len(window.session.document.layers) == 2)
    window.desk.actions.run("history.openNew")
    await eventually(lambda: len(window.workspace.documents) == 3)
    await eventually(lambda: window.session.document)
    assert window.session.document is not None
    assert np.array_equal(window.session.document.picture, document.picture)


async def test_the_large_room_gives_way_to_whatever_comes(
    stock: int, window: Window, photograph: Path
) -> None:
    panel = await shown(window, stock)
    window.key(Qt.Key.Key_H, Qt.KeyboardModifier.ControlModifier)
    assert panel.is_large
    assert window.widget("history").isVisible()
    assert panel.width() > 900
    press(window, panel, Qt.Key.Key_Escape)
    await eventually(lambda: not panel.is_large)
    QTest.mouseClick(panel.bar.expand, LEFT)
    assert panel.is_large
    await window.open(photograph)
    assert not panel.is_large
    assert window.desk.centre.currentWidget() is window.desk.host
    window.desk.side.reveal(HISTORY)
    assert panel.view.isVisible()
    window.desk.actions.run("history.search")
    assert window.frame.focusWidget() is panel.search


async def test_the_menu_of_an_entry_lists_what_can_be_done_with_it(
    stock: int, window: Window, photograph: Path
) -> None:
    await window.open(photograph)
    panel = await shown(window, stock)

    def titles() -> list[str]:
        menu = next(menu for menu in panel.findChildren(QMenu) if menu.isVisible())
        found = [action.text().partition("\t")[0] for action in menu.actions() if action.text()]
        menu.close()
        return found

    row = next(r for r, e in enumerate(panel.model.entries) if e.results and e.results[0].revised_prompt)
    pick(panel, row)
    QTest.keyClick(panel.view, Qt.Key.Key_Menu)
    panel.details.menu.click()
    listed = titles()
    for title in ("Continue from here", "Use the revised prompt", "Star this variant", "Delete this request"):
        assert title in listed
    failed = next(r for r, e in enumerate(panel.model.entries) if not e.results)
    pick(panel, failed)
    panel.details.menu.click()
    assert "Continue from here" not in titles()


async def test_the_revised_wording_is_one_click_away(stock: int, window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    panel = await shown(window, stock)
    row = next(r for r, e in enumerate(panel.model.entries) if e.results and e.results[0].revised_prompt)
    pick(panel, row)
    QTest.mouseClick(panel.details.use_revised, LEFT)
    assert session.form.prompt.endswith("softly lit")


async def test_a_request_turns_from_one_tile_into_its_variants(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    session.form.set_variants(3)
    panel = window.desk.history
    panel.bar.grid.setChecked(True)
    window.stroke(Point(150, 120), Point(170, 120))
    await session.generate()
    await eventually(lambda: panel.model.rowCount() >= 1)
    await eventually(lambda: session.candidates.items, 60)
    await eventually(lambda: panel.model.rowCount() == 3)
    assert [panel.model.neighbours(row) for row in range(3)] == [(False, True), (True, True), (True, False)]
    assert [panel.model.result_at(row).index for row in range(3)] == [0, 1, 2]  # type: ignore[union-attr]


async def test_so_many_pictures_are_kept_and_no_more(window: Window) -> None:
    async def fetch(result: HistoryResult, side: int) -> np.ndarray | None:
        return None if result.id == "none" else np.zeros((side, side, 3), np.uint8)

    def result(number: int, id: str = "r") -> HistoryResult:
        return HistoryResult(id, "e", 0, "f" * 64, 1, 1, "image/png", thumbnail_sha256=f"{number:064x}")

    tasks = Tasks(window.workspace.notices)
    pictures = Pictures(fetch, tasks)
    assert pictures.get(result(-1 % 7, "none")) is None
    for number in range(10, 10 + MOST_KEPT + 30):
        assert pictures.get(result(number)) is None
        await eventually(lambda number=number: pictures.get(result(number)) is not None)
    assert len(pictures) == MOST_KEPT
    assert pictures.get(result(-1 % 7, "none")) is None
    await tasks.aclose()


async def test_every_command_of_the_history_is_an_action(stock: int, window: Window) -> None:
    panel = await shown(window, stock)
    needs = {"history.star", "history.continue", "history.openState", "history.openNew", "history.delete"}

    def enabled(ids: set[str]) -> set[str]:
        window.desk.actions.refresh()
        return {id for id in ids if window.desk.actions.action(id).isEnabled()}

    assert enabled(needs) == set()
    pick(panel, 1)
    assert enabled(needs) == needs
    assert enabled({"history.restore"}) == set()
    action: QAction = window.desk.actions.action("history.delete")
    action.trigger()
    await eventually(lambda: panel.model.rowCount() == stock - 1)
    assert enabled({"history.restore"}) == {"history.restore"}
    window.desk.actions.action("history.restore").trigger()
    await eventually(lambda: panel.model.rowCount() == stock)
