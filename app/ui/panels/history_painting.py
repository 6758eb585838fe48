"""Paints the history: a row with a small picture, prompt, model and age, or a tile that is all picture."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPixmap

from app.base.states import JobState
from app.base.text import tr
from app.ui.icons import draw_icon
from app.ui.panels.history_model import HistoryModel, entry_title
from app.ui.theme import DARK, SPACE
from app.ui.wording import state_text, when_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult

PICTURE = 52
ROW = PICTURE + SPACE
GAP = 4
"""Around a tile."""
CAPTION = 20
"""Below the picture of a large tile."""
ROUND = 4


@dataclass(frozen=True, slots=True)
class Look:
    """How a row or tile stands out."""

    selected: bool = False
    hovered: bool = False
    marked: bool = False
    """It has the focus, and keys are in use."""
    caption: bool = False
    """Tiles have a line of words."""


def paint_row(painter: QPainter, rect: QRect, look: Look, model: HistoryModel, row: int) -> None:
    """One request in a line."""
    entry = model.entry_at(row)
    box = QRect(rect.left() + SPACE + 4, rect.top() + SPACE // 2, PICTURE, PICTURE)
    left = box.right() + SPACE + 4
    words = QRect(left, box.top(), rect.right() - left - SPACE, PICTURE)
    if entry is None:
        _paint_waiting(painter, box, words)
        return
    _paint_ground(painter, rect, look)
    _paint_picture(painter, box, model.shown(row), entry)
    if len(entry.results) > 1:
        _paint_count(painter, box, len(entry.results))
    _paint_words(painter, words, entry, model.title(entry))
    if any(each.starred for each in entry.results):
        star = QRectF(rect.right() - SPACE - 14, box.center().y() + 10, 12, 12)
        draw_icon(painter, "star-filled", star, DARK.warning)


def paint_tile(painter: QPainter, rect: QRect, look: Look, model: HistoryModel, row: int) -> None:
    """One result as a square; the variants of one request stand on one bar."""
    entry, result = model.entry_at(row), model.result_at(row)
    edge = rect.width() - 2 * GAP
    box = QRect(rect.left() + GAP, rect.top() + GAP, edge, edge)
    if entry is None:
        painter.fillPath(_rounded(QRectF(box)), QColor(DARK.field))
        return
    _paint_picture(painter, box, model.shown(row), entry)
    _paint_group(painter, box, model.neighbours(row))
    _paint_signs(painter, box, result)
    _paint_frame(painter, box, look)
    if look.caption:
        place = QRect(box.left(), box.bottom() + 4, box.width(), CAPTION)
        _paint_line(painter, place, entry_title(entry), DARK.text if entry.prompt else DARK.text_muted)


def _rounded(rect: QRectF, radius: float = ROUND) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path


def _paint_ground(painter: QPainter, rect: QRect, look: Look) -> None:
    path = _rounded(QRectF(rect).adjusted(4, 1, -4, -1))
    if look.selected:
        painter.fillPath(path, QColor(DARK.selection))
    elif look.hovered:
        painter.fillPath(path, QColor(DARK.raised))
    if look.marked:
        painter.setPen(QColor(DARK.accent_line))
        painter.drawPath(path)


def _paint_waiting(painter: QPainter, box: QRect, words: QRect) -> None:
    """A row whose entry is on its way from the disk."""
    painter.fillPath(_rounded(QRectF(box)), QColor(DARK.field))
    for top, share in ((8, 0.7), (24, 0.45)):
        bar = QRectF(words.left(), words.top() + top, words.width() * share, 8)
        painter.fillPath(_rounded(bar), QColor(DARK.raised))


def _paint_picture(painter: QPainter, box: QRect, picture: QPixmap | None, entry: HistoryEntry) -> None:
    clip = _rounded(QRectF(box))
    if picture is not None:
        painter.save()
        painter.setClipPath(clip)
        painter.drawPixmap(box, picture, picture.rect())
        painter.restore()
        return
    painter.fillPath(clip, QColor(DARK.field))
    name, colour = {
        JobState.FAILED: ("circle-alert", DARK.error),
        JobState.INTERRUPTED: ("triangle-alert", DARK.warning),
        JobState.CANCELLED: ("ban", DARK.text_muted),
    }.get(entry.state, ("image", DARK.text_disabled))
    square = QRectF(box.center().x() - 11, box.center().y() - 11, 22, 22)
    draw_icon(painter, name, square, colour)


def _paint_badge(painter: QPainter, badge: QRectF) -> None:
    ground = QColor(DARK.surround)
    ground.setAlpha(220)
    painter.fillPath(_rounded(badge, 3), ground)


def _paint_count(painter: QPainter, box: QRect, count: int) -> None:
    badge = QRectF(box.right() - 21, box.bottom() - 15, 20, 14)
    _paint_badge(painter, badge)
    painter.setPen(QColor(DARK.text))
    font = painter.font()
    small = painter.font()
    small.setPixelSize(10)
    painter.setFont(small)
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, f"×{count}")
    painter.setFont(font)


def _paint_signs(painter: QPainter, box: QRect, result: HistoryResult | None) -> None:
    """In the corners: the star, and that it was applied."""
    if result is None:
        return
    signs = [("star-filled", DARK.warning)] if result.starred else []
    if result.applied:
        signs.append(("square-check", DARK.accent_line))
    right = box.right() - 3.0
    for name, colour in signs:
        badge = QRectF(right - 18, box.top() + 4, 18, 18)
        _paint_badge(painter, badge)
        draw_icon(painter, name, badge.adjusted(3, 3, -3, -3), colour)
        right -= 21


def _paint_group(painter: QPainter, box: QRect, neighbours: tuple[bool, bool]) -> None:
    """A bar below the tiles of one request, from the first to the last of them."""
    before, after = neighbours
    if not (before or after):
        return
    left = box.left() - GAP if before else box.left()
    right = box.right() + 1 + (GAP if after else 0)
    bar = QRectF(left, box.bottom() + 2, right - left, 2)
    painter.fillRect(bar, QColor(DARK.border_strong))


def _paint_frame(painter: QPainter, box: QRect, look: Look) -> None:
    if look.selected:
        colour, width = (DARK.on_accent if look.marked else DARK.accent_line), 2.0
    elif look.hovered:
        colour, width = DARK.text_disabled, 1.0
    else:
        return
    pen = painter.pen()
    pen.setColor(QColor(colour))
    pen.setWidthF(width)
    painter.setPen(pen)
    painter.drawPath(_rounded(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5)))


def _paint_words(painter: QPainter, rect: QRect, entry: HistoryEntry, model: str) -> None:
    line = painter.fontMetrics().lineSpacing()
    age = when_text(entry.created, datetime.datetime.now(datetime.UTC))
    third = [age] if entry.state is JobState.DONE else [state_text(entry.state), age]
    if any(result.applied for result in entry.results):
        third.append(tr("applied"))
    third.extend(f"#{tag}" for tag in entry.tags)
    top = rect.top() + (rect.height() - 3 * line) // 2
    for text, colour in (
        (entry_title(entry), DARK.text if entry.prompt else DARK.text_muted),
        (f"{entry.document_name} · {model}", DARK.text_muted),
        (" · ".join(third), DARK.text_muted),
    ):
        _paint_line(painter, QRect(rect.left(), top, rect.width(), line), text, colour)
        top += line


def _paint_line(painter: QPainter, place: QRect, text: str, colour: str) -> None:
    painter.setPen(QColor(colour))
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, place.width())
    painter.drawText(place, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), shown)
