"""What is known about one entry of the history, what may be noted of it, and what can be done with it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.base.text import tr
from app.ui.icons import icon
from app.ui.panels.dragging import ResultButton
from app.ui.panels.history_model import HistoryModel, failure_text
from app.ui.panels.history_tree import HistoryTree
from app.ui.panels.history_words import facts_text, parameters_text, request_text, tags_in
from app.ui.panels.job_row import RESENDABLE
from app.ui.theme import DARK, SPACE
from app.ui.widgets.labels import ElidedLabel, make_icon_button, make_label, make_line
from app.ui.word_difference import difference_markup, is_same_wording
from app.ui.wording import when_text

if TYPE_CHECKING:
    from app.history.types import HistoryEntry, HistoryResult
    from app.ui.panels.history_verbs import HistoryVerbs

MOST_PICTURES = 8
PICTURE, SMALL_PICTURE = QSize(44, 44), QSize(23, 23)
PREVIEW = 220
FEW = 5
"""So many pictures stand side by side in the narrowest panel; more of them are small."""
LEAST_WORDS = 20
"""A line of the words is in sight at the least."""


class Words(QScrollArea):
    """As tall as what is in it where there is room, else it scrolls; none of it is ever cut off."""

    def __init__(self, words: QWidget) -> None:
        super().__init__()
        self._words = words
        self.setWidget(words)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)

    def fit(self, *, has_words: bool) -> None:
        """The words are others now."""
        self.setVisible(has_words)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(0, max(self._words.heightForWidth(self.width()), 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(self.sizeHint().height(), LEAST_WORDS))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()


class Preview(QWidget):
    """A picture as wide as the panel, of one height for all, so that nothing below it moves; less in low windows."""

    def __init__(self) -> None:
        super().__init__()
        self._picture: QPixmap | None = None
        self.setMinimumHeight(PREVIEW // 2)
        self.setMaximumHeight(PREVIEW)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(0, PREVIEW)

    def show_picture(self, picture: QPixmap | None) -> None:
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), QColor(DARK.field))
        if self._picture is not None:
            size = self._picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRect(QPoint(0, 0), size)
            place.moveCenter(self.rect().center())
            painter.drawPixmap(place, self._picture, self._picture.rect())
        painter.end()


class Line(QLineEdit):
    """A line that is written when it is left, and put back by Esc."""

    written = Signal(str)

    def __init__(self, name: str, title: str, placeholder: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(title)
        self.setPlaceholderText(placeholder)
        self._kept = ""
        self.editingFinished.connect(self._write)

    def show_text(self, text: str) -> None:
        """Mirror what is kept, unless somebody is typing."""
        self._kept = text
        if not (self.hasFocus() and self.isModified()):
            self.setText(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.isModified():
            self.setText(self._kept)
        else:
            super().keyPressEvent(event)

    def _write(self) -> None:
        if self.text() != self._kept:
            self._kept = self.text()
            self.written.emit(self.text())
        self.setModified(False)


class HistoryDetails(QWidget):
    """Shown beside the list while an entry is chosen. What it is asked to do, the verbs do."""

    tree_wanted = Signal(str)
    """The tree of the entry with this id is in sight and not known yet."""
    preview_wanted = Signal(object)
    """A result that is shown large, as far as the history has its picture."""
    result_chosen = Signal(object)
    """Another variant of the entry is looked at."""

    def __init__(self, model: HistoryModel, verbs: HistoryVerbs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Details of the chosen entry"))
        self._model = model
        self._verbs = verbs
        self._entry: HistoryEntry | None = None
        self._result: HistoryResult | None = None
        self._tree_of = ""
        self._preview_of: str | None = None
        self._available = self._is_large = False
        self._group = QButtonGroup(self)
        self._pictures = QHBoxLayout()
        self._pictures.setSpacing(SPACE // 4)
        self.preview = Preview()
        self._prompt = make_label(wrap=True, selectable=True)
        self._revised = make_label(wrap=True, selectable=True)
        self._revised.setTextFormat(Qt.TextFormat.RichText)
        self._failure = make_label(role="error", wrap=True, selectable=True)
        self._parameters = make_label(role="muted", wrap=True, selectable=True)
        self._facts = make_label(role="muted", wrap=True, selectable=True)
        self._request = make_label(role="muted", wrap=True, selectable=True)
        self.use_revised = QToolButton()
        self.use_revised.setText(tr("Use"))
        self.use_revised.setAccessibleName(tr("Use the revised prompt"))
        self.use_revised.setToolTip(tr("Make the revised wording the prompt of the next request"))
        self.note = Line("historyNote", tr("Note"), tr("Add a note"))
        self.tags = Line("historyTags", tr("Tags, parted by commas"), tr("Add tags, parted by commas"))
        self.tree = HistoryTree(model.pictures)
        self._tree_title = make_label(tr("Tree of edits"), role="muted")
        self._make_summary()
        self._make_buttons()
        self._lay_out()
        self._connect()
        self.hide()

    @property
    def entry(self) -> HistoryEntry | None:
        """The entry that is shown."""
        return self._entry

    @property
    def result(self) -> HistoryResult | None:
        """The result that the buttons act on."""
        return self._result

    def set_available(self, available: bool) -> None:
        """Using an entry needs an open photograph."""
        self._available = available
        self._mirror()

    def set_large(self, large: bool) -> None:
        """With a whole column to themselves, the details are all in sight."""
        self._is_large = large
        self._line.setVisible(not large)
        self._mirror()

    def show_entry(self, entry: HistoryEntry | None, result: HistoryResult | None = None) -> None:
        """Mirror another entry, or nothing; `result` is the one to look at, else the one before, or the first."""
        same = entry is not None and self._entry is not None and entry.id == self._entry.id
        chosen = result.index if result is not None else self._result.index if same and self._result else 0
        self._entry = entry
        self.setVisible(entry is not None)
        if entry is None:
            self._result = None
            return
        self._result = next((r for r in entry.results if r.index == chosen), None)
        if self._result is None and entry.results:
            self._result = entry.results[0]
        self._show_pictures(entry)
        self._mirror()

    def show_family(self, entry_id: str, family: tuple[HistoryEntry, ...]) -> None:
        """Take up the tree that was asked for."""
        if self._entry is not None and self._entry.id == entry_id:
            self.tree.show_family(family, self._result)
            self._mirror()

    def edit(self, line: Line) -> None:
        """Open the details and go to the note or the tags."""
        self.more.setChecked(True)
        line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        line.selectAll()

    def _make_summary(self) -> None:
        """One line that tells the most, the star, and a button for all the rest."""
        self._summary = ElidedLabel()
        self._summary.setProperty("role", "muted")
        self.star = make_icon_button("star", tr("Star this variant"), tip=tr("Star this variant (S)"))
        self.more = make_icon_button("chevron-down", tr("Show all details"))
        self.more.setCheckable(True)
        self._summary_row = QHBoxLayout()
        self._summary_row.setSpacing(SPACE // 2)
        self._summary_row.addWidget(self._summary, 1)
        self._summary_row.addWidget(self.star)
        self._summary_row.addWidget(self.more)

    def _make_buttons(self) -> None:
        self.reuse = QPushButton(tr("Reuse"))
        self.reuse.setToolTip(tr("Put this prompt, model, parameters and mask back"))
        self.apply = QPushButton(tr("Apply again"))
        self.apply.setToolTip(tr("Lay this result on the open photograph once more"))
        self.resend = QPushButton(tr("Send again"))
        self.resend.setToolTip(tr("A new request with the same mask, prompt and settings"))
        self.reference = make_icon_button("image-plus", tr("Use as a reference image"))
        self.save = make_icon_button("download", tr("Save the whole photograph with this result…"))
        self.delete = make_icon_button("trash-2", tr("Delete this request"))
        self.menu = make_icon_button("ellipsis", tr("More that can be done"))
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(SPACE // 2)
        self._buttons.addWidget(self.reuse)
        self._buttons.addWidget(self.apply)
        self._buttons.addWidget(self.resend)
        self._buttons.addStretch(1)
        for button in (self.reference, self.save, self.delete, self.menu):
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._buttons.addWidget(button)

    def _lay_out(self) -> None:
        words = QWidget()
        self._words = Words(words)
        told = QVBoxLayout(words)
        told.setContentsMargins(0, 0, 0, 0)
        told.setSpacing(SPACE // 2)
        self._revised_row = QWidget()
        revised = QHBoxLayout(self._revised_row)
        revised.setContentsMargins(0, 0, 0, 0)
        revised.addWidget(self._revised, 1)
        revised.addWidget(self.use_revised, 0, Qt.AlignmentFlag.AlignTop)
        self._sections: tuple[QWidget, ...] = (
            *(self._failure, self._prompt, self._revised_row, self._parameters, self._facts, self._request),
            *(self.note, self.tags, self._tree_title, self.tree),
        )
        for section in self._sections:
            told.addWidget(section)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3 // 2, 0, SPACE * 3 // 2, SPACE)
        column.setSpacing(SPACE // 2)
        self._line = make_line()
        column.addWidget(self._line)
        column.addWidget(self.preview)
        column.addSpacing(SPACE // 2)
        column.addLayout(self._pictures)
        column.addLayout(self._summary_row)
        column.addWidget(self._words)
        column.addLayout(self._buttons)

    def _connect(self) -> None:
        verbs = self._verbs
        self.more.toggled.connect(lambda on: self._mirror())
        self._model.pictures.arrived.connect(self._show_picture)
        for button, run in (
            (self.reuse, lambda entry, result: verbs.reuse(entry)),
            (self.resend, lambda entry, result: verbs.resend(entry)),
            (self.delete, lambda entry, result: verbs.delete_or_restore(entry)),
            (self.menu, self._show_menu),
        ):
            button.clicked.connect(partial(self._run, run))
        for button, act in (
            (self.apply, lambda entry, result: verbs.apply(result)),
            (self.reference, lambda entry, result: verbs.use_as_reference(result)),
            (self.star, verbs.star),
            (self.save, verbs.save_wanted.emit),
            (self.use_revised, lambda entry, result: verbs.use_prompt(result.revised_prompt or "")),
        ):
            button.clicked.connect(partial(self._run_on_result, act))
        self.note.written.connect(lambda text: self._run(lambda entry, result: verbs.set_note(entry, text)))
        self.tags.written.connect(
            lambda text: self._run(lambda entry, result: verbs.set_tags(entry, tags_in(text)))
        )
        self.tree.branch_wanted.connect(verbs.continue_from)
        self.tree.menu_wanted.connect(verbs.show_menu)

    def _run(self, run: Callable[[HistoryEntry, HistoryResult | None], object], *clicked: bool) -> None:
        if self._entry is not None:
            run(self._entry, self._result)

    def _run_on_result(self, run: Callable[[HistoryEntry, HistoryResult], object], *clicked: bool) -> None:
        if self._entry is not None and self._result is not None:
            run(self._entry, self._result)

    def _show_menu(self, entry: HistoryEntry, result: HistoryResult | None) -> None:
        place = self.menu.mapToGlobal(QPoint(0, self.menu.height()))
        self._verbs.show_menu(entry, result, place)

    def _show_pictures(self, entry: HistoryEntry) -> None:
        while (item := self._pictures.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if len(entry.results) < 2:
            return
        for result in entry.results[:MOST_PICTURES]:
            button = ResultButton()
            button.setCheckable(True)
            button.setIconSize(PICTURE if len(entry.results) <= FEW else SMALL_PICTURE)
            picture = self._model.picture(result)
            button.setProperty("sha", result.thumbnail_sha256)
            button.setIcon(QIcon(picture) if picture is not None else icon("image"))
            name = tr("Variant {n}", n=result.index + 1)
            button.setAccessibleName(tr("{name}, starred", name=name) if result.starred else name)
            button.setToolTip(tr("Variant {n} — drag it out as a file", n=result.index + 1))
            button.setChecked(result is self._result)
            button.clicked.connect(lambda checked=False, result=result: self._choose(result))
            button.dragged.connect(
                lambda result=result: self._verbs.drag(entry, result, self._model.picture(result))
            )
            self._group.addButton(button)
            self._pictures.addWidget(button)
        self._pictures.addStretch(1)

    def _show_picture(self, sha: str) -> None:
        for button in self._group.buttons():
            if button.property("sha") == sha and self._entry is not None:
                for result in self._entry.results:
                    picture = self._model.picture(result) if result.thumbnail_sha256 == sha else None
                    if picture is not None:
                        button.setIcon(QIcon(picture))

    def _choose(self, result: HistoryResult) -> None:
        self._result = result
        self.tree.show_current(result)
        self._mirror()
        self.result_chosen.emit(result)

    def _mirror(self) -> None:
        entry, result = self._entry, self._result
        if entry is None:
            return
        facts, is_open = facts_text(entry, result), self.more.isChecked() or self._is_large
        self._summary.setText(self._origin(entry) if is_open else facts)
        self._mirror_preview(result)
        self.more.setVisible(not self._is_large)
        self._mirror_revised(entry, result)
        _set(self._failure, failure_text(entry))
        _set(self._prompt, entry.prompt, self._is_large)
        _set(self._parameters, parameters_text(entry), is_open)
        _set(self._facts, facts, is_open)
        # Whoever asks the provider why nothing came needs the number at once.
        _set(self._request, request_text(entry), is_open or not entry.results)
        self.note.show_text(entry.note or "")
        self.tags.show_text(", ".join(entry.tags))
        self.note.setVisible(is_open or bool(entry.note))
        self.tags.setVisible(is_open)
        self._mirror_tree(entry, result, is_open)
        has_tree = is_open and self.tree.topLevelItemCount() > 0
        self._tree_title.setVisible(has_tree)
        self.tree.setVisible(has_tree)
        self._words.fit(has_words=any(not section.isHidden() for section in self._sections))
        self._mirror_buttons(entry, result)

    def take_relative(self, entry: HistoryEntry) -> None:
        """An entry changed that may be new in the tree."""
        if self.tree.misses(entry):
            self._tree_of = ""
            self._mirror()

    def _mirror_tree(self, entry: HistoryEntry, result: HistoryResult | None, is_open: bool) -> None:
        """Keep the tree that an entry is part of, and ask for another where it is not."""
        if self.tree.holds(entry) and self._tree_of:
            self.tree.show_current(result)
        elif is_open and self._tree_of != entry.id:
            self._tree_of = entry.id
            if not self.tree.misses(entry):
                self.tree.show_family((), None)
            self.tree_wanted.emit(entry.id)

    def _origin(self, entry: HistoryEntry) -> str:
        """Where an entry came from, and when."""
        when = when_text(entry.created, datetime.datetime.now(datetime.UTC))
        return " · ".join((when, entry.document_name, self._model.title(entry)))

    def _mirror_preview(self, result: HistoryResult | None) -> None:
        shown = result if self._is_large else None
        self.preview.setVisible(shown is not None)
        if shown is not None and shown.thumbnail_sha256 != self._preview_of:
            self._preview_of = shown.thumbnail_sha256
            self.preview.show_picture(None)
            self.preview_wanted.emit(shown)

    def show_preview(self, result: HistoryResult, picture: QPixmap) -> None:
        """Take up the picture that was asked for."""
        if result.thumbnail_sha256 == self._preview_of:
            self.preview.show_picture(picture)

    def _mirror_revised(self, entry: HistoryEntry, result: HistoryResult | None) -> None:
        revised = (result.revised_prompt if result is not None else None) or ""
        differs = bool(revised) and not is_same_wording(revised, entry.prompt)
        self._revised_row.setVisible(differs)
        if differs:
            heading = f'<span style="color:{DARK.text_muted}">{tr("Revised:")}</span> '
            self._revised.setText(heading + difference_markup(entry.prompt, revised))
            self._revised.setAccessibleName(tr("Revised: {prompt}", prompt=revised))
            self._revised.setToolTip(tr("The provider's wording; what it added is marked"))

    def _mirror_buttons(self, entry: HistoryEntry, result: HistoryResult | None) -> None:
        starred = result is not None and result.starred
        self.star.setIcon(icon("star-filled", DARK.warning) if starred else icon("star"))
        self.star.setAccessibleName(tr("Take the star away") if starred else tr("Star this variant"))
        in_bin = entry.deleted is not None
        self.delete.setIcon(icon("rotate-ccw" if in_bin else "trash-2"))
        title = tr("Bring back from the bin") if in_bin else tr("Delete this request")
        self.delete.setAccessibleName(title)
        self.delete.setToolTip(title)
        self.reuse.setEnabled(self._available)
        # Where there is no result there is nothing to apply, but perhaps something to send once more.
        self.resend.setVisible(entry.state in RESENDABLE)
        self.apply.setVisible(entry.state not in RESENDABLE or result is not None)
        self.apply.setEnabled(self._available and result is not None)
        self.reference.setEnabled(self._available and result is not None)
        self.use_revised.setEnabled(self._available)
        for button in (self.save, self.star):
            button.setEnabled(result is not None)


def _set(label: QLabel, text: str, is_open: bool = True) -> None:
    label.setText(text)
    label.setVisible(is_open and bool(text))
