"""Providers: a list of them, the form of one, its key, and a way to try it. Not modal: the photograph stays at hand.

Nothing is kept before Save, and nothing that was typed is lost when saving fails.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.base.errors import FieldError, MaskroomError
from app.base.states import MaskConvention
from app.base.text import tr
from app.session.provider_draft import ProviderDraft
from app.session.provider_edits import provider_entries, set_default
from app.ui.dialogs.provider_list import ProviderList
from app.ui.dialogs.provider_page import ProviderPage
from app.ui.dialogs.provider_test import ProviderTest
from app.ui.dialogs.questions import QuestionBar
from app.ui.links import Links
from app.ui.tasks import OwnTasks, Tasks
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_button, make_label

if TYPE_CHECKING:
    from app.gateways.types import Profile
    from app.session.workspace import Workspace


USUAL = QSize(940, 780)
FRAME = QSize(16, 48)
"""Room for what a window manager draws around the window."""


class ProvidersDialog(QDialog):
    """Add, change, duplicate, remove and try providers."""

    def __init__(self, workspace: Workspace, tasks: Tasks, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("providersDialog")
        self.setWindowTitle(tr("Providers"))
        self._workspace = workspace
        self.tasks = OwnTasks(tasks)
        self.draft = ProviderDraft(workspace)
        self.list = ProviderList()
        self.page = ProviderPage(workspace, self.tasks, self.draft)
        self.test = ProviderTest(workspace, self.tasks)
        self.question = QuestionBar()
        self.error = make_label(role="error", wrap=True, selectable=True)
        self.error.setObjectName("providerError")
        self.default = make_button("providerDefault", tr("Set as default"))
        self.revert = make_button("providerRevert", tr("Revert"))
        self.close_button = make_button("providerClose", tr("Close"))
        self.save = make_button("providerSave", tr("Save"))
        self.save.setDefault(True)
        self._links = Links()
        self._links.add(workspace.models.changed.connect(lambda name: self._mirror()))
        self.finished.connect(lambda code: self.detach())
        self._lay_out()
        self._connect()
        self.resize(USUAL.boundedTo(self.screen().availableSize() - FRAME))
        self.show_provider(name)
        self.list.view.setFocus()

    @property
    def is_changed(self) -> bool:
        """True when something was typed that is not kept yet."""
        return self.draft.is_changed or self.page.key.text is not None

    def show_provider(self, name: str) -> None:
        """Show a provider as it is kept; what was not saved is dropped."""
        self._begin(lambda: self.draft.show(name))

    def want(self, name: str) -> None:
        """Show a provider, after asking where something would be lost."""
        if name != self.draft.name:
            self._unless_changed(lambda: self.show_provider(name))

    def detach(self) -> None:
        """Let go of the session, whatever was typed."""
        self._links.clear()
        self.test.cancel()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.default)
        buttons.addStretch(1)
        for button in (self.close_button, self.revert, self.save):
            buttons.addWidget(button)
        right = QVBoxLayout()
        right.setSpacing(SPACE)
        right.addWidget(self.page, 1)
        for part in (self.test, self.error, self.question):
            right.addWidget(part)
        right.addLayout(buttons)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        whole.setSpacing(SPACE * 2)
        whole.addWidget(self.list)
        whole.addLayout(right, 1)

    def _connect(self) -> None:
        self.list.chosen.connect(self.want)
        self.list.add.clicked.connect(lambda: self._unless_changed(self._begin_new))
        self.list.duplicate.clicked.connect(
            lambda: self._unless_changed(lambda: self._begin(self.draft.duplicate))
        )
        self.list.remove.clicked.connect(self._remove)
        form, key = self.page.form, self.page.key
        form.edited.connect(self._edit)
        form.refresh_wanted.connect(self.test.run_test)
        key.typed.connect(self._mirror_buttons)
        key.wanted_changed.connect(lambda on: self._edit("needs_key", on))
        key.forget_wanted.connect(lambda: self._start(self._forget_key))
        self.test.switch_wanted.connect(self._switch)
        self.default.clicked.connect(lambda: self._start(self._set_default))
        self.revert.clicked.connect(lambda: self._begin(self.draft.revert))
        self.close_button.clicked.connect(self.reject)
        self.save.clicked.connect(lambda: self._start(self._save))

    def _begin(self, take_up: Callable[[], None]) -> None:
        """Let the draft take up something else, and show that from its beginning."""
        try:
            take_up()
        except MaskroomError as error:
            self._say(error)
            return
        self.page.begin()
        self.test.set_subject(self._subject, lambda: self.draft.why_no_probe(bool(self.page.key.text)))
        self._settle()

    def _settle(self) -> None:
        """Show the draft as it stands now, without faults and questions."""
        self._say(None)
        self.question.dismiss()
        self.page.clear_faults()
        self.page.look_up_key()
        self._mirror_list()
        self._mirror()

    def _begin_new(self) -> None:
        self._begin(self.draft.begin_new)
        self.page.form.name.setFocus()
        self.page.form.name.selectAll()

    def _mirror_list(self) -> None:
        title = self.draft.settings.title or self.draft.name if self.draft.is_new else ""
        self.list.mirror(provider_entries(self._workspace), self.draft.name, title)

    def _mirror(self) -> None:
        try:
            self.page.mirror(self.draft.shown())
        except MaskroomError as error:
            self._say(error)
        self._mirror_buttons()

    def _mirror_buttons(self) -> None:
        entry = self.draft.entry
        is_default = entry is not None and entry.is_default
        self.list.mirror_tools(entry)
        self.default.setEnabled(entry is not None and not is_default)
        self.default.setText(tr("This is the default") if is_default else tr("Set as default"))
        self.save.setEnabled(self.is_changed)
        self.revert.setEnabled(self.is_changed)

    def _edit(self, name: str, value: object) -> None:
        try:
            self.draft.change(name, value)
        except MaskroomError as error:
            self._say(error)
        if name in self.page.form.rows:
            self.page.form.rows[name].show_error("")
        self._mirror()
        if name == "name":
            self.page.look_up_key()

    def _unless_changed(self, then: Callable[[], None]) -> None:
        """Do `then` at once, or after it was asked what becomes of the changes."""
        if not self.is_changed:
            then()
            return
        self.question.ask(
            tr("“{name}” has changes that are not saved.", name=self.draft.name),
            (tr("Save"), lambda: self._start(lambda: self._save(then))),
            (tr("Discard"), then),
            (tr("Keep editing"), lambda: None),
        )

    def _remove(self) -> None:
        entry = self.draft.entry
        if entry is None:
            self._begin(self.draft.revert)
            return
        if entry.is_shipped:
            text = tr("Bring “{name}” back to how it was shipped, and forget its key?", name=entry.name)
        else:
            text = tr("Remove “{name}” and its key?", name=entry.name)
        self.question.ask(
            text,
            (tr("Reset") if entry.is_shipped else tr("Remove"), lambda: self._start(self._remove_now)),
            (tr("Keep it"), lambda: None),
        )

    async def _remove_now(self) -> None:
        await self.draft.remove()
        self._begin(lambda: None)

    def _start(self, work: Callable[[], Coroutine[object, object, object]]) -> None:
        async def told() -> None:
            try:
                await work()
            except MaskroomError as error:
                self._say(error)

        self.tasks.start(told(), "providers")

    async def _save(self, then: Callable[[], None] = lambda: None) -> None:
        """Keep the draft and the key; on a fault everything stays as typed, and the fault is said."""
        self._say(None)
        self.page.clear_faults()
        if self.page.lines_fault():
            return
        try:
            await self.draft.save()
            await self.page.save_key()
        except FieldError as error:
            self._mirror()
            if not self.page.show_fault(error):
                raise
            return
        self._settle()
        then()

    def _say(self, error: MaskroomError | None) -> None:
        self.error.setText(f"{error.message} {error.hint}".strip() if error else "")
        self.error.setVisible(error is not None)

    async def _set_default(self) -> None:
        await set_default(self._workspace, self.draft.name)
        self._mirror_list()
        self._mirror_buttons()

    async def _forget_key(self) -> None:
        await self._workspace.secrets.delete(self.draft.name)
        self.page.look_up_key()

    def _subject(self) -> tuple[Profile, str | None]:
        return self.draft.checked(), self.page.key.text

    def _switch(self, convention: MaskConvention, invert: bool) -> None:
        self.draft.change("mask_convention", convention)
        self.draft.change("invert_mask", invert)
        self._mirror()
        self._start(self._save)

    def reject(self) -> None:
        """Esc, Close and the window's own cross: asks first when something would be lost."""
        self._unless_changed(self._leave)

    def _leave(self) -> None:
        super().reject()
