"""One provider in its dialog: what is to know of it, its form and its key, in one column that scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from app.base.errors import FieldError, UsageError
from app.base.text import tr
from app.gateways.types import Profile, Transport
from app.ui.dialogs.provider_form import ProviderForm
from app.ui.dialogs.provider_key import ProviderKey
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_label

if TYPE_CHECKING:
    from app.session.provider_draft import ProviderDraft
    from app.session.workspace import Workspace
    from app.ui.tasks import OwnTasks


class ProviderPage(QScrollArea):
    """Mirrors a draft."""

    def __init__(
        self, workspace: Workspace, tasks: OwnTasks, draft: ProviderDraft, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._tasks = tasks
        self._draft = draft
        self.notes = make_label(role="muted", wrap=True)
        self.key = ProviderKey()
        self.form = ProviderForm(self.key)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, SPACE * 2, 0)
        column.setSpacing(SPACE // 2)
        column.addWidget(self.notes)
        column.addWidget(self.form)
        column.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def begin(self) -> None:
        """Another provider is shown: from the top, and without anything half typed."""
        self.key.clear()
        self.form.begin()
        self.verticalScrollBar().setValue(0)

    def mirror(self, profile: Profile) -> None:
        """Show the draft, and what `profile` makes of what it leaves open."""
        store, settings = self._workspace.providers, self._draft.settings
        begins: list[tuple[str, object]] = [(tr("Nothing: a gateway of your own"), None)]
        begins += [
            (shipped.title, name)
            for name, shipped in store.shipped.items()
            if shipped.transport is Transport.HTTP
        ]
        self.form.mirror(
            settings,
            profile,
            self._workspace.models.offer(profile, settings.model or profile.default_model),
            is_new=self._draft.is_new,
            begins=begins,
            dialects=store.dialects,
        )
        self.key.mirror(profile.needs_key)
        self.key.setVisible(profile.transport is Transport.HTTP)
        notes = profile.notes
        if profile.transport is Transport.IN_PROCESS:
            notes = tr(
                "The engine inside Maskroom: it needs no address and no key, and nothing leaves this computer."
            )
        self.notes.setText(notes)
        self.notes.setVisible(bool(notes))

    def clear_faults(self) -> None:
        for row in (*self.form.rows.values(), self.key.row):
            row.show_error("")

    def look_up_key(self) -> None:
        """Find out where the key is, which may take as long as the system's keychain likes."""
        self._tasks.start(self._show_key_place(self._draft.name), "providers")

    async def _show_key_place(self, name: str) -> None:
        secrets = self._workspace.secrets
        place, keychain = await secrets.place(name), await secrets.keychain_name()
        if self._draft.name == name:
            self.key.show_place(place, keychain, self._workspace.key_variable(name))

    async def save_key(self) -> None:
        """Keep the key that was typed, if one was. Raises FieldError for what cannot be one."""
        key = self.key.text
        if key is None:
            return
        try:
            await self._workspace.secrets.set(self._draft.name, key)
        except UsageError as error:
            raise FieldError(
                error.message, error.hint, field="key", problem=error.hint.rstrip("."), code=error.code
            ) from None
        if self.key.text == key:
            self.key.clear()

    def lines_fault(self) -> bool:
        """Say what is wrong with the lines of the extra fields; True when something is."""
        wrong = self.form.wrong_lines()
        if wrong:
            self.form.rows["extras"].show_error(tr("“{line}” is not KEY=VALUE.", line=wrong[0]))
            self.form.extras.setFocus()
            self.ensureWidgetVisible(self.form.rows["extras"])
        return bool(wrong)

    def show_fault(self, error: FieldError) -> bool:
        """Say it at its field; False when there is no such field."""
        name = error.field.partition(".")[0]
        row = self.key.row if name == "key" else self.form.rows.get(name)
        if row is None:
            return False
        row.show_error(error.problem[:1].upper() + error.problem[1:] + ".")
        row.control.setFocus()
        self.ensureWidgetVisible(row)
        return True
