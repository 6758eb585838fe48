"""The list of layers from top to bottom: an eye, a small picture, a name to be changed, how it is laid down.

It mirrors the document and asks for changes; it makes none. Dragging reorders, F2 or a double click renames, a click
on the eye or the space bar shows and hides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPixmap,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.base.text import tr
from app.imaging.recipe import BlendMode
from app.ui.icons import draw_icon
from app.ui.theme import DARK, SPACE
from app.ui.wording import blend_mode_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.document.layers import EditLayer

ROW = 46
EYE = 34
"""Width of the part of a row that shows and hides."""
PICTURE = QSize(50, 38)
LONGEST_NAME = 200
_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class LayerRow:
    """What a row says."""

    id: str
    name: str
    visible: bool
    opacity: float
    mode: BlendMode
    is_painted: bool
    can_be_tuned: bool

    @property
    def facts(self) -> str:
        """How it is laid down, where that is not the usual way."""
        said = []
        if self.mode is not BlendMode.NORMAL:
            said.append(blend_mode_title(self.mode))
        if self.opacity < 1.0:
            said.append(f"{round(self.opacity * 100)} %")
        if not self.can_be_tuned:
            said.append(tr("pixels only"))
        if self.is_painted:
            said.insert(0, tr("mask being painted"))
        return " · ".join(said)

    @property
    def spoken(self) -> str:
        """All of it, for a screen reader."""
        parts = [self.name, "" if self.visible else tr("hidden"), self.facts]
        return ", ".join(part for part in parts if part)


class LayerList(QListWidget):
    """Rows of one height; the selected one is the session's selected layer."""

    chosen = Signal(str)
    """Id of the layer that the user selected."""
    visibility_wanted = Signal(str)
    """Id of the layer to show or hide."""
    renamed = Signal(str, str)
    """Id and new name."""
    moved = Signal(str, int)
    """Id and place, counted from the lowest layer."""
    delete_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("layers")
        self.setAccessibleName(tr("Layers"))
        self.setAccessibleDescription(
            tr("From top to bottom. Space shows and hides, F2 renames, Delete deletes; drag to reorder.")
        )
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setMouseTracking(True)
        self._pictures: dict[str, QPixmap] = {}
        self.setItemDelegate(_RowDelegate(self))
        self.currentItemChanged.connect(self._choose)
        self.itemChanged.connect(self._take_name)

    def show_layers(self, layers: Sequence[EditLayer], selected: str | None, painted: str | None) -> None:
        """Mirror the layers of a document, the lowest first."""
        rows = [
            LayerRow(
                layer.id,
                layer.name,
                layer.visible,
                layer.opacity,
                layer.mode,
                layer.id == painted,
                layer.source is not None,
            )
            for layer in reversed(layers)
        ]
        with QSignalBlocker(self):
            while self.count() > len(rows):
                self.takeItem(self.count() - 1)
            for place, row in enumerate(rows):
                self._show_row(place, row)
            current = next((place for place, row in enumerate(rows) if row.id == selected), -1)
            if current != self.currentRow():
                self.setCurrentRow(current)
        if current >= 0:
            self.scrollToItem(self.item(current))
        self._pictures = {row.id: self._pictures[row.id] for row in rows if row.id in self._pictures}
        self.viewport().update()

    def show_picture(self, layer_id: str, picture: QPixmap) -> None:
        """The small picture of a layer, at most `PICTURE` large."""
        self._pictures[layer_id] = picture
        self.viewport().update()

    def picture(self, layer_id: str) -> QPixmap | None:
        return self._pictures.get(layer_id)

    def rename(self) -> None:
        """Let the user type another name for the selected layer."""
        if self.currentItem() is not None:
            self.setFocus(Qt.FocusReason.OtherFocusReason)
            self.editItem(self.currentItem())

    def row_of(self, item: QListWidgetItem) -> LayerRow:
        return cast(LayerRow, item.data(_ROLE))

    def eye_rect(self, item: QListWidgetItem) -> QRect:
        """Where a click shows and hides, in the viewport."""
        rect = self.visualItemRect(item)
        return QRect(rect.left(), rect.top(), EYE, rect.height())

    # Qt's calls

    def event(self, event: QEvent) -> bool:
        """Delete is the list's own key before it is the mask's."""
        if (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self.currentRow() >= 0
            and _deletes(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        item = self._eye_under(event)
        if item is not None:
            self.visibility_wanted.emit(self.row_of(item).id)
        else:
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self._eye_under(event)
        if item is not None:
            self.visibility_wanted.emit(self.row_of(item).id)
        else:
            super().mouseDoubleClickEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.currentRow() >= 0 and event.key() == Qt.Key.Key_Space:
            self.visibility_wanted.emit(self.row_of(self.currentItem()).id)
        elif self.currentRow() >= 0 and _deletes(event):
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """The document moves the layer, and the list follows it."""
        event.setDropAction(Qt.DropAction.IgnoreAction)
        event.accept()
        here = self.currentRow()
        if here < 0 or event.source() is not self:
            return
        row = self.indexAt(event.position().toPoint()).row()
        if row < 0:
            row = self.count()
        elif self.dropIndicatorPosition() == QAbstractItemView.DropIndicatorPosition.BelowItem:
            row += 1
        if row > here:
            row -= 1
        self.moved.emit(self.row_of(self.item(here)).id, self.count() - 1 - row)

    def _eye_under(self, event: QMouseEvent) -> QListWidgetItem | None:
        item = self.itemAt(event.position().toPoint())
        if item is None or event.button() is not Qt.MouseButton.LeftButton:
            return None
        return item if self.eye_rect(item).contains(event.position().toPoint()) else None

    def _show_row(self, place: int, row: LayerRow) -> None:
        item = self.item(place)
        if place >= self.count():
            item = QListWidgetItem()
            item.setFlags(
                Qt.ItemFlag.ItemIsSelectable
                | Qt.ItemFlag.ItemIsEnabled
                | Qt.ItemFlag.ItemIsEditable
                | Qt.ItemFlag.ItemIsDragEnabled
            )
            self.addItem(item)
        item.setText(row.name)
        item.setData(_ROLE, row)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, row.spoken)
        item.setToolTip(row.name)

    def _choose(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.chosen.emit(self.row_of(item).id)

    def _take_name(self, item: QListWidgetItem) -> None:
        row = self.row_of(item)
        name = item.text().strip()
        if name and name != row.name:
            self.renamed.emit(row.id, name)
        elif item.text() != row.name:
            item.setText(row.name)


def _deletes(event: QKeyEvent) -> bool:
    keys = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
    return event.key() in keys and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier


class _RowDelegate(QStyledItemDelegate):
    """Paints a row, and lays the field for its name over the name."""

    def __init__(self, view: LayerList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(160, ROW)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QWidget:
        field = QLineEdit(parent)
        field.setAccessibleName(tr("Name of the layer"))
        field.setMaxLength(LONGEST_NAME)
        return field

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        words = _words(_rect(option))
        editor.setGeometry(words.left() - 6, words.center().y() - 13, words.width() + 6, 26)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row = cast("LayerRow | None", index.data(_ROLE))
        if row is None:
            return
        rect, state = _rect(option), _state(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        _paint_ground(painter, rect, state)
        eye = QRectF(rect.left() + (EYE - 16) / 2 + 3, rect.center().y() - 7.5, 16, 16)
        draw_icon(
            painter,
            "eye" if row.visible else "eye-off",
            eye,
            DARK.text if row.visible else DARK.text_disabled,
        )
        box = QRect(rect.left() + EYE + 4, rect.top() + (ROW - PICTURE.height()) // 2, 50, PICTURE.height())
        picture = self._view.picture(row.id)
        clip = QPainterPath()
        clip.addRoundedRect(QRectF(box), 3, 3)
        painter.fillPath(clip, QColor(DARK.field))
        if picture is not None:
            painter.setOpacity(1.0 if row.visible else 0.4)
            size = picture.deviceIndependentSize()
            left, top = box.center().x() - size.width() / 2 + 0.5, box.center().y() - size.height() / 2 + 0.5
            painter.setClipPath(clip)
            painter.drawPixmap(round(left), round(top), picture)
            painter.setClipping(False)
            painter.setOpacity(1.0)
        _paint_words(painter, _words(rect), row)
        painter.restore()


def _rect(option: QStyleOptionViewItem) -> QRect:
    return option.rect


def _state(option: QStyleOptionViewItem) -> QStyle.StateFlag:
    return option.state


def _words(rect: QRect) -> QRect:
    left = rect.left() + EYE + 4 + PICTURE.width() + SPACE + 2
    return QRect(left, rect.top(), rect.right() - left - SPACE, rect.height())


def _paint_ground(painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
    path = QPainterPath()
    path.addRoundedRect(QRectF(rect).adjusted(2, 1, -2, -1), 4, 4)
    if state & QStyle.StateFlag.State_Selected:
        painter.fillPath(path, QColor(DARK.selection))
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.fillPath(path, QColor(DARK.raised))
    if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
        painter.setPen(QColor(DARK.accent_line))
        painter.drawPath(path)


def _paint_words(painter: QPainter, words: QRect, row: LayerRow) -> None:
    metrics = painter.fontMetrics()
    name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, words.width())
    painter.setPen(QColor(DARK.text if row.visible else DARK.text_disabled))
    middle = Qt.AlignmentFlag.AlignVCenter
    if not row.facts:
        painter.drawText(words, middle, name)
        return
    line = metrics.height() + 1
    top = words.center().y() - line
    painter.drawText(QRect(words.left(), top, words.width(), line), middle, name)
    painter.setPen(QColor(DARK.accent_line if row.is_painted else DARK.text_muted))
    facts = metrics.elidedText(row.facts, Qt.TextElideMode.ElideRight, words.width())
    painter.drawText(QRect(words.left(), top + line, words.width(), line), middle, facts)
