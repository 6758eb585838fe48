"""Paints one row of the history: small picture, prompt, model, state and age."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.base.states import JobState
from app.base.text import tr
from app.ui.icons import draw_icon
from app.ui.panels.history_model import ENTRY_ROLE, MODEL_ROLE, PICTURE_ROLE, entry_title
from app.ui.theme import DARK, SPACE
from app.ui.wording import state_text, when_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry

PICTURE = 52
ROW = PICTURE + SPACE


class HistoryDelegate(QStyledItemDelegate):
    """Rows of one height, so that the view never asks for more than it shows."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        entry = cast("HistoryEntry | None", index.data(ENTRY_ROLE))
        if entry is None:
            return
        rect, state = _rect(option), _state(option)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        _paint_ground(painter, rect, state)
        box = QRect(rect.left() + SPACE + 4, rect.top() + SPACE // 2, PICTURE, PICTURE)
        picture = index.data(PICTURE_ROLE)
        _paint_picture(painter, box, picture if isinstance(picture, QPixmap) else None, entry)
        left = box.right() + SPACE + 4
        words = QRect(left, box.top(), rect.right() - left - SPACE, PICTURE)
        _paint_words(painter, words, entry, str(index.data(MODEL_ROLE)))
        painter.restore()


def _rect(option: QStyleOptionViewItem) -> QRect:
    return option.rect


def _state(option: QStyleOptionViewItem) -> QStyle.StateFlag:
    return option.state


def _paint_ground(painter: QPainter, rect: QRect, state: QStyle.StateFlag) -> None:
    inner = QRectF(rect).adjusted(4, 1, -4, -1)
    path = QPainterPath()
    path.addRoundedRect(inner, 4, 4)
    if state & QStyle.StateFlag.State_Selected:
        painter.fillPath(path, QColor(DARK.selection))
    elif state & QStyle.StateFlag.State_MouseOver:
        painter.fillPath(path, QColor(DARK.raised))
    if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_KeyboardFocusChange:
        painter.setPen(QColor(DARK.accent_line))
        painter.drawPath(path)


def _paint_picture(painter: QPainter, box: QRect, picture: QPixmap | None, entry: HistoryEntry) -> None:
    clip = QPainterPath()
    clip.addRoundedRect(QRectF(box), 4, 4)
    painter.fillPath(clip, QColor(DARK.field))
    if picture is not None and not picture.isNull():
        side = min(picture.width(), picture.height())
        source = QRect((picture.width() - side) // 2, (picture.height() - side) // 2, side, side)
        painter.save()
        painter.setClipPath(clip)
        painter.drawPixmap(box, picture, source)
        painter.restore()
    else:
        name, colour = {
            JobState.FAILED: ("circle-alert", DARK.error),
            JobState.INTERRUPTED: ("triangle-alert", DARK.warning),
            JobState.CANCELLED: ("ban", DARK.text_muted),
        }.get(entry.state, ("image", DARK.text_disabled))
        square = QRectF(box.center().x() - 11, box.center().y() - 11, 22, 22)
        draw_icon(painter, name, square, colour)
    if len(entry.results) > 1:
        badge = QRectF(box.right() - 21, box.bottom() - 15, 20, 14)
        path = QPainterPath()
        path.addRoundedRect(badge, 3, 3)
        ground = QColor(DARK.surround)
        ground.setAlpha(220)
        painter.fillPath(path, ground)
        painter.setPen(QColor(DARK.text))
        font = painter.font()
        small = painter.font()
        small.setPixelSize(10)
        painter.setFont(small)
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, f"×{len(entry.results)}")
        painter.setFont(font)


def _paint_words(painter: QPainter, rect: QRect, entry: HistoryEntry, model: str) -> None:
    metrics = painter.fontMetrics()
    line = metrics.lineSpacing()
    age = when_text(entry.created, datetime.datetime.now(datetime.UTC))
    third = [age] if entry.state is JobState.DONE else [state_text(entry.state), age]
    if any(result.applied for result in entry.results):
        third.append(tr("applied"))
    lines = (
        (entry_title(entry), DARK.text if entry.prompt else DARK.text_muted),
        (f"{entry.document_name} · {model}", DARK.text_muted),
        (" · ".join(third), DARK.text_muted),
    )
    top = rect.top() + (rect.height() - 3 * line) // 2
    for text, colour in lines:
        painter.setPen(QColor(colour))
        place = QRect(rect.left(), top, rect.width(), line)
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
        top += line
