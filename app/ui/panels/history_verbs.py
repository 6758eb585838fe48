"""What can be done with an entry of the history or one of its results, and the menu that lists it.

The panel, its details, the tree and the commands all come here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from app.base.text import tr
from app.imaging.recipe import Recipe
from app.session.history_states import continue_from, open_as_new, open_state
from app.ui.panels.dragging import drag_out
from app.ui.word_difference import is_same_wording

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from pathlib import Path

    from app.history.types import HistoryEntry, HistoryResult
    from app.session.document_session import DocumentSession
    from app.session.workspace import Workspace
    from app.ui.tasks import Tasks
    from app.ui.transfer import Transfer


class HistoryVerbs(QObject):
    """Starts what is asked for; failures are told by the window's tasks."""

    save_wanted = Signal(object, object)
    """The entry and the result that is to be saved with the whole photograph."""
    save_raw_wanted = Signal(object, object)
    resend_wanted = Signal(str)
    """The id of the entry that is to be sent once more."""
    reference_wanted = Signal(object)
    """The file of a result that is to be a reference image."""
    went_to_canvas = Signal()
    """What was asked for happens on the canvas."""
    deleted = Signal(object)
    """The entry that was put into the bin."""
    restored = Signal(object)
    tags_wanted = Signal()
    note_wanted = Signal()

    def __init__(
        self, workspace: Workspace, tasks: Tasks, transfer: Transfer, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._actions = workspace.history_actions
        self._shelf = workspace.history_shelf
        self._tasks = tasks
        self._transfer = transfer

    @property
    def has_photograph(self) -> bool:
        """Some verbs need an open photograph."""
        return self._workspace.current is not None

    def reuse(self, entry: HistoryEntry) -> None:
        """Put prompt, model, parameters, references, mask and tuning back."""
        session = self._workspace.current
        if session is not None:
            self._then(self._reuse(entry, session), self.went_to_canvas.emit)

    async def _reuse(self, entry: HistoryEntry, session: DocumentSession) -> None:
        await self._actions.reuse(entry, session)
        # No control of the form shows it.
        if replace(session.form.recipe, feather=Recipe().feather) != Recipe():
            self._workspace.notices.info(
                tr("The next variants are put back as tuned as these were."),
                tr("Tune changes that for each of them."),
                topic="reuse",
            )

    def resend(self, entry: HistoryEntry) -> None:
        """Send the same request once more, as a new one."""
        self.resend_wanted.emit(entry.id)

    def apply(self, result: HistoryResult) -> None:
        """Lay a result on the photograph in front once more."""
        session = self._workspace.current
        if session is not None:
            self._then(self._actions.apply_again(result.id, session), self.went_to_canvas.emit)

    def use_prompt(self, prompt: str) -> None:
        """Make `prompt` the prompt of the next request."""
        session = self._workspace.current
        if session is not None:
            session.form.set_prompt(prompt)
            self.went_to_canvas.emit()

    def continue_from(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Bring the open photograph to the state of a result."""
        self._then(continue_from(self._workspace, entry, result), self.went_to_canvas.emit)

    def open_state(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Open a tab with the photograph in the state of a result."""
        self._then(open_state(self._workspace, entry, result), self.went_to_canvas.emit)

    def open_as_new(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Open the finished picture as a photograph of its own."""
        self._then(open_as_new(self._workspace, entry, result), self.went_to_canvas.emit)

    def use_as_reference(self, result: HistoryResult) -> None:
        """Let a result go along with the next request."""

        async def offer() -> None:
            self.reference_wanted.emit(await self._transfer.file_of_result(result))

        self._tasks.start(offer(), "references")

    def star(self, entry: HistoryEntry, result: HistoryResult) -> None:
        """Star a result, or take its star away."""
        self._tasks.start(self._shelf.star(entry.id, result.id, not result.starred), "history")

    def set_note(self, entry: HistoryEntry, note: str) -> None:
        self._tasks.start(self._shelf.set_note(entry.id, note), "history")

    def set_tags(self, entry: HistoryEntry, tags: tuple[str, ...]) -> None:
        self._tasks.start(self._shelf.set_tags(entry.id, tags), "history")

    def delete(self, entry: HistoryEntry) -> None:
        """Put an entry into the bin."""
        self._then(self._shelf.delete(entry.id), lambda: self.deleted.emit(entry))

    def restore(self, entry: HistoryEntry) -> None:
        """Bring an entry back from the bin."""
        self._then(self._shelf.restore(entry.id), lambda: self.restored.emit(entry))

    def delete_or_restore(self, entry: HistoryEntry) -> None:
        """The one that an entry is not."""
        (self.delete if entry.deleted is None else self.restore)(entry)

    def drag(self, entry: HistoryEntry, result: HistoryResult, picture: QPixmap | None) -> None:
        """Drag the finished picture with a result out of the window, as soon as its file is made."""
        source = self.parent()
        if isinstance(source, QWidget):
            make = partial(self._make_file, entry, result)
            self._tasks.start(drag_out(source, make, picture), "drag")

    async def _make_file(self, entry: HistoryEntry, result: HistoryResult) -> Path:
        """The file to drag. A large photograph takes seconds: whoever let go meanwhile is told when it is there."""
        path = await self._transfer.file_of_state(entry, result)
        if not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._workspace.notices.info(tr("The file is ready: drag it once more."), topic="drag")
        return path

    def show_menu(self, entry: HistoryEntry, result: HistoryResult | None, place: QPoint) -> None:
        """Everything that can be done with an entry, and with one of its results, at a global place."""
        parent = self.parent()
        menu = QMenu(parent if isinstance(parent, QWidget) else None)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(title: str, run: Callable[[], object], *, enabled: bool = True, key: str = "") -> None:
            action = menu.addAction(f"{title}\t{key}" if key else title)
            action.setEnabled(enabled)
            action.triggered.connect(lambda checked=False: run())

        is_open, in_bin = self.has_photograph, entry.deleted is not None
        add(tr("Reuse everything"), lambda: self.reuse(entry), enabled=is_open, key=tr("Return"))
        if result is not None:
            add(tr("Apply again"), lambda: self.apply(result), enabled=is_open)
            menu.addSeparator()
            add(tr("Continue from here"), lambda: self.continue_from(entry, result))
            add(tr("Open this state in a new tab"), lambda: self.open_state(entry, result))
            add(tr("Open as a new photograph"), lambda: self.open_as_new(entry, result))
            add(tr("Use as a reference image"), lambda: self.use_as_reference(result), enabled=is_open)
        menu.addSeparator()
        if entry.prompt:
            add(tr("Use the prompt"), lambda: self.use_prompt(entry.prompt), enabled=is_open)
        revised = result.revised_prompt if result is not None else None
        if revised and not is_same_wording(revised, entry.prompt):
            add(tr("Use the revised prompt"), lambda: self.use_prompt(revised), enabled=is_open)
        if entry.prompt:
            add(tr("Copy the prompt"), lambda: QGuiApplication.clipboard().setText(entry.prompt))
        menu.addSeparator()
        if result is not None:
            title = tr("Take the star away") if result.starred else tr("Star this variant")
            add(title, lambda: self.star(entry, result), key="S")
        add(tr("Edit the tags"), self.tags_wanted.emit, key="T")
        add(tr("Edit the note"), self.note_wanted.emit, key="N")
        if result is not None:
            menu.addSeparator()
            add(tr("Save the whole photograph…"), lambda: self.save_wanted.emit(entry, result))
            add(tr("Save the received image…"), lambda: self.save_raw_wanted.emit(entry, result))
        menu.addSeparator()
        title = tr("Bring back from the bin") if in_bin else tr("Delete this request")
        add(title, lambda: self.delete_or_restore(entry), key=tr("Del"))
        menu.popup(place)

    def _then(self, work: Awaitable[object], done: Callable[[], object]) -> None:
        """Await `work`, and call `done` when it has not failed."""

        async def run() -> None:
            await work
            done()

        self._tasks.start(run(), "history")
