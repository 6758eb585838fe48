"""What people and tests rely on: names, keys, and that everything can be reached and is named."""

from collections import defaultdict
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QWidget,
)

from app.base.geometry import Point
from app.base.resources import resource_path
from app.session.commands import Scope
from tests.ui.window.conftest import Window, eventually

WIDGETS = (
    *("canvas", "tools", "prompt", "provider", "model", "strength", "guidance", "steps", "seed", "variants"),
    *("size", "quality", "context", "feather", "generate", "jobs", "history", "compare"),
    *("brushSize", "brushHardness", "brushOpacity", "masks", "maskAmount"),
)
COMMANDS = (
    *("file.open", "file.export", "file.exportAgain", "file.close", "app.quit"),
    *("edit.generate", "edit.undo", "edit.redo", "edit.copy", "edit.paste"),
    *("mask.invert", "mask.clear", "mask.fill", "mask.fill_holes", "mask.remove_specks"),
    *("mask.grow", "mask.shrink", "mask.feather", "mask.border", "mask.smooth"),
    *("mask.load", "mask.save", "mask.copy", "mask.paste", "mask.from_alpha", "mask.from_difference"),
    *("mask.new", "mask.duplicate", "mask.rename", "mask.delete", "mask.next", "mask.previous"),
    *("tool.brush", "tool.eraser", "tool.rectangle", "tool.lasso", "tool.hand"),
    *("tool.ellipse", "tool.polygon", "tool.wand", "tool.range", "tool.smart"),
    *("tool.bucket", "tool.gradient", "tool.move"),
    *("view.fit", "view.actual", "view.zoomIn", "view.zoomOut", "view.overlay"),
    *("compare.open", "history.search", "help.shortcuts"),
)
DESIGNERS_KEYS = {
    "[": "brush.smaller",
    "]": "brush.larger",
    "{": "brush.softer",
    "}": "brush.harder",
    "B": "tool.brush",
    "E": "tool.eraser",
    "X": "brush.swap",
    "D": "brush.reset",
    "M": "tool.rectangle",
    "Shift+M": "tool.ellipse",
    "L": "tool.lasso",
    "W": "tool.wand",
    "H": "tool.hand",
    "Q": "view.overlay",
    "Ctrl+0": "view.fit",
    "Ctrl+1": "view.actual",
    "Ctrl+=": "view.zoomIn",
    "Ctrl+-": "view.zoomOut",
    "Ctrl+Z": "edit.undo",
    "Ctrl+Shift+Z": "edit.redo",
    "Ctrl+Y": "edit.redo",
    "Ctrl+A": "mask.fill",
    "Ctrl+D": "mask.clear",
    "Ctrl+Shift+I": "mask.invert",
    "Delete": "mask.clear",
    "Shift+F6": "mask.feather",
    "Ctrl+E": "file.exportAgain",
    "Ctrl+Shift+E": "file.export",
    "Ctrl+V": "edit.paste",
    "Ctrl+Shift+V": "edit.paste",
    "F11": "view.fullScreen",
    "Ctrl+Return": "edit.generate",
    "F1": "help.shortcuts",
    "Ctrl+K": "help.palette",
    "Ctrl+,": "edit.preferences",
    "F6": "view.nextPanel",
}


async def test_every_promised_widget_exists_once(window: Window) -> None:
    for name in WIDGETS:
        window.widget(name)


async def test_every_command_is_one_action_of_its_id(window: Window) -> None:
    for id in (*COMMANDS, *(each.id for each in window.workspace.commands)):
        assert len(window.frame.findChildren(QAction, id)) == 1, id


async def test_designers_keys_are_bound(window: Window) -> None:
    for keys, id in DESIGNERS_KEYS.items():
        shortcuts = [each.toString() for each in window.desk.actions.action(id).shortcuts()]
        assert QKeySequence.fromString(keys).toString() in shortcuts, (keys, id)


async def test_no_key_is_dead_or_means_two_things_at_once(window: Window, photograph: Path) -> None:
    await window.open(photograph)
    for _ in range(2):
        bound = defaultdict(list)
        for each in window.workspace.commands:
            for keys in each.shortcuts:
                sequence = QKeySequence.fromString(keys)
                assert sequence.toString(), f"{each.id}: {keys} is no key"
                if each.when(window.workspace):
                    bound[sequence.toString()].append(each.id)
        assert {keys: ids for keys, ids in bound.items() if len(ids) > 1} == {}
        window.workspace.toolbox.swap()


async def test_canvas_keys_stay_on_the_canvas(window: Window) -> None:
    for each in window.workspace.commands:
        context = window.desk.actions.action(each.id).shortcutContext()
        canvas = each.scope is Scope.CANVAS
        assert (context is Qt.ShortcutContext.WidgetWithChildrenShortcut) == canvas, each.id


def _nameless(root: QWidget) -> list[str]:
    """What can have the focus, but nothing to be called by. Qt's own parts of a control speak for the control."""
    nameless = []
    for widget in root.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox) and isinstance(widget, QLineEdit)
        own = not widget.objectName().startswith("qt_") and not inner
        text = widget.text() if isinstance(widget, QAbstractButton) else ""
        if isinstance(widget, QLabel) and not widget.text():
            continue
        if own and widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not (widget.accessibleName() or text):
            nameless.append(f"{type(widget).__name__} {widget.objectName()} in {widget.parent()}")
    return nameless


async def test_everything_that_takes_the_focus_has_a_name(window: Window, photograph: Path) -> None:
    assert _nameless(window.frame) == []
    session = await window.open(photograph)
    session.form.set_provider("local", "instant")
    window.stroke(Point(100, 100), Point(140, 100))
    await session.generate()
    await eventually(lambda: session.candidates.items)
    window.desk.open_compare()
    session.form.set_provider("everything")
    session.form.set_prompt("a red door")
    await session.generate()
    await eventually(lambda: all(job.state.is_final for job in window.workspace.worker.jobs))
    history = window.desk.history
    await eventually(lambda: history.model.rowCount() == 2)
    for row in (0, 1):
        history.view.setCurrentIndex(history.model.index(row))
        assert _nameless(window.frame) == []
    window.desk.dialogs.show_preferences()
    window.desk.dialogs.show_shortcuts()
    window.desk.dialogs.show_palette()
    window.desk.dialogs.show_about()
    assert _nameless(window.frame) == []
    for dialog in window.frame.findChildren(QDialog):
        dialog.close()


async def test_every_icon_is_there_and_used(window: Window) -> None:
    sources = "".join(path.read_text() for path in Path(__file__).parents[3].glob("app/ui/**/*.py"))
    shipped = {path.stem for path in resource_path("icons").glob("*.svg")}
    assert (resource_path("icons") / "LICENSE").is_file()
    assert {name for name in shipped if f'"{name}"' not in sources} == set()


@pytest.mark.parametrize("size", [(1100, 700), (1600, 1000), (3840, 2160)])
async def test_the_window_takes_the_size_it_is_given(window: Window, size: tuple[int, int]) -> None:
    window.frame.resize(*size)
    assert (window.frame.width(), window.frame.height()) == size
    generate = window.widget("generate")
    assert window.frame.rect().contains(generate.mapTo(window.frame, generate.rect().bottomRight()))
