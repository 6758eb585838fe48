"""Earlier and saved prompts: found while typing, used with Return, saved and let go."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from tests.history.making import add_entry
from tests.ui.window.conftest import Window, eventually

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


async def test_earlier_prompts_are_found_used_saved_and_forgotten(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    store = window.workspace.history
    for prompt in ("a red boat", "a green hill\nin the evening", "a red door"):
        add_entry(store, prompt)
    session.form.set_prompt("what I typed")
    prompt, popup = window.desk.edit.prompt, window.desk.prompts.popup
    prompt.setFocus()
    window.key(Qt.Key.Key_Up, CONTROL)
    await eventually(popup.isVisible)
    texts = lambda: [popup.list.item(row).text() for row in range(popup.list.count())]  # noqa: E731
    assert texts() == ["a red door", "a green hill in the evening", "a red boat"]
    QTest.keyClicks(popup.search, "RED")
    assert texts() == ["a red door", "a red boat"]
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    QTest.keyClick(popup.search, Qt.Key.Key_S, CONTROL)
    await eventually(lambda: store.prompts.saved() == {"a red boat"})
    await eventually(lambda: texts() == ["a red boat", "a red door"])
    QTest.keyClicks(popup.search, " boat")
    assert texts() == ["a red boat"]
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert session.form.prompt == "a red boat"
    prompt.undo()
    assert session.form.prompt == "what I typed"

    window.desk.actions.run("prompt.book")
    await eventually(popup.isVisible)
    QTest.keyClicks(popup.search, "door")
    QTest.keyClick(popup.search, Qt.Key.Key_Delete, SHIFT)
    await eventually(lambda: popup.list.count() == 0)
    assert [each.text for each in store.prompts.list()] == ["a red boat", "a green hill\nin the evening"]
    QTest.keyClick(popup, Qt.Key.Key_Escape)


async def test_the_star_saves_the_prompt_of_the_field(window: Window, photograph: Path) -> None:
    session = await window.open(photograph)
    book, store = window.desk.prompts, window.workspace.history
    await eventually(lambda: not book.save.isEnabled())
    session.form.set_prompt("  a lamp ")
    await eventually(book.save.isEnabled)
    QTest.mouseClick(book.save, Qt.MouseButton.LeftButton)
    await eventually(lambda: store.prompts.saved() == {"a lamp"})
    await eventually(lambda: "Let go" in book.save.accessibleName())
    book.popup.forget_wanted.emit("a lamp")
    await eventually(lambda: store.prompts.list() == ())
    await eventually(lambda: "Save" in book.save.accessibleName())
    window.desk.actions.run("prompt.save")
    await eventually(lambda: "Let go" in book.save.accessibleName())
    window.desk.actions.run("prompt.save")
    await eventually(lambda: store.prompts.list() == ())
    await eventually(lambda: "Save" in book.save.accessibleName())
