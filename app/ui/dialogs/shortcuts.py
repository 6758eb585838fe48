"""The sheet of all keys, read from the command registry, and the keys that belong to the canvas itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.base.text import tr
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label
from app.ui.wording import group_rank, group_title

if TYPE_CHECKING:
    from app.session.commands import Command


def shown_keys(shortcuts: Iterable[str]) -> str:
    """Portable key texts as this system writes them."""
    return ", ".join(
        QKeySequence(each).toString(QKeySequence.SequenceFormat.NativeText) for each in shortcuts
    )


def canvas_keys() -> tuple[tuple[str, str], ...]:
    """What the mouse and held keys do on the canvas: keys and meaning."""
    return (
        (tr("Space-drag, middle-drag"), tr("Move the photograph")),
        (tr("Ctrl+wheel, wheel"), tr("Zoom at the cursor, scroll")),
        (tr("R-drag, Shift+Space-drag"), tr("Turn the view; R with Shift by 15°")),
        (tr("Shift-click"), tr("Straight line from the last stroke")),
        (tr("Alt"), tr("Erase while held")),
        (tr("Ctrl+Alt-drag"), tr("Resize the brush")),
        (tr("Alt, Shift+Alt with an area"), tr("Take it away, keep only it")),
        (tr("Enter, Backspace"), tr("Close a polygon, take back its last corner")),
        (tr("Arrow keys"), tr("Move the view, or the mask with its tool")),
        (tr("0 – 9"), tr("Brush opacity")),
        ("\\", tr("Show the original while held")),
        (tr("Tab"), tr("Hide or show the panels")),
        (tr("Esc"), tr("Cancel the stroke")),
    )


def variant_keys() -> tuple[tuple[str, str], ...]:
    """Keys while the variants or Compare have the focus."""
    return (
        (tr("1 – 9"), tr("Choose a variant")),
        ("0", tr("Show the photograph as it is")),
        (tr("Return"), tr("Apply")),
        (tr("Delete"), tr("Discard")),
        (tr("Esc"), tr("Back to the photograph")),
    )


class ShortcutSheet(QDialog):
    """Closes with Escape; nothing can be changed here."""

    def __init__(self, commands: Iterable[Command], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shortcutSheet")
        self.setWindowTitle(tr("Keys"))
        groups: dict[str, list[tuple[str, str]]] = {}
        for each in sorted(commands, key=lambda each: group_rank(each.group)):
            # The hidden ones are the digits, told in one line each below.
            if each.shortcuts and not each.hidden:
                groups.setdefault(group_title(each.group), []).append(
                    (shown_keys(each.shortcuts), each.title)
                )
        groups[tr("On the canvas")] = list(canvas_keys())
        groups[tr("With variants")] = list(variant_keys())
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        columns.setSpacing(SPACE * 5)
        total = sum(len(rows) + 2 for rows in groups.values())
        grid, used = self._new_column(columns), 0
        for title, rows in groups.items():
            if used and used + len(rows) > total / 2 and columns.count() < 2:
                grid, used = self._new_column(columns), 0
            self._add_group(grid, title, rows)
            used += len(rows) + 2
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setAccessibleName(tr("Keys"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scroll)
        self.resize(860, 620)

    @staticmethod
    def _new_column(columns: QHBoxLayout) -> QGridLayout:
        holder = QVBoxLayout()
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE * 2)
        grid.setVerticalSpacing(SPACE // 2)
        grid.setColumnStretch(1, 1)
        holder.addLayout(grid)
        holder.addStretch(1)
        columns.addLayout(holder, 1)
        return grid

    @staticmethod
    def _add_group(grid: QGridLayout, title: str, rows: list[tuple[str, str]]) -> None:
        start = grid.rowCount()
        heading = make_label(title, "heading")
        heading.setContentsMargins(0, SPACE * 3 // 2 if start > 1 else 0, 0, SPACE // 2)
        grid.addWidget(heading, start, 0, 1, 2)
        for offset, (keys, meaning) in enumerate(rows, start=1):
            key = make_label(keys, "muted")
            key.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
            grid.addWidget(key, start + offset, 0)
            grid.addWidget(make_label(meaning), start + offset, 1)
