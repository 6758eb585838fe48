"""The list of providers in their dialog, with the buttons that add, duplicate and remove one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.base.text import tr
from app.session.provider_edits import ProviderEntry
from app.ui.theme import SPACE
from app.ui.widgets.labels import make_icon_button

WIDTH = 236
_NAME = int(Qt.ItemDataRole.UserRole)


class ProviderList(QWidget):
    """Mirrors the providers; which one is shown is decided by the dialog."""

    chosen = Signal(str)
    """The name of the provider that the user wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(WIDTH)
        self._shown = ""
        self.view = QListWidget()
        self.view.setObjectName("providerList")
        self.view.setAccessibleName(tr("Providers"))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.add = make_icon_button("plus", tr("Add a provider"))
        self.add.setObjectName("providerAdd")
        self.duplicate = make_icon_button("copy", tr("Duplicate"))
        self.duplicate.setObjectName("providerDuplicate")
        self.remove = make_icon_button("trash-2", tr("Remove"))
        self.remove.setObjectName("providerRemove")
        tools = QHBoxLayout()
        tools.setSpacing(SPACE // 2)
        for tool in (self.add, self.duplicate, self.remove):
            tools.addWidget(tool)
        tools.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.view, 1)
        column.addLayout(tools)
        self.view.currentItemChanged.connect(lambda item, before: self._choose(item))

    def mirror(self, entries: Sequence[ProviderEntry], shown: str, unsaved: str = "") -> None:
        """List `entries` and choose `shown`, or `unsaved`, the title of one that is in no file yet."""
        rows = [
            (entry.name, tr("{title} (default)", title=entry.title) if entry.is_default else entry.title)
            for entry in entries
        ]
        if unsaved:
            rows.append(("", tr("{title} (new)", title=unsaved)))
        self.view.blockSignals(True)
        self.view.clear()
        for name, title in rows:
            item = QListWidgetItem(title)
            item.setData(_NAME, name)
            item.setToolTip(name)
            self.view.addItem(item)
        self._shown = "" if unsaved else shown
        self._stay()
        self.view.blockSignals(False)

    def mirror_tools(self, entry: ProviderEntry | None) -> None:
        """Enable what can be done with `entry`; None = one that was never saved."""
        self.duplicate.setEnabled(entry is not None and not entry.is_built_in)
        self.remove.setEnabled(entry is None or entry.is_own)
        resets = entry is not None and entry.is_shipped
        self.remove.setToolTip(tr("Back to how it was shipped") if resets else tr("Remove"))

    def _choose(self, item: QListWidgetItem | None) -> None:
        """The choice stays where it was until the dialog shows another provider."""
        name = str(item.data(_NAME)) if item is not None else ""
        if name == self._shown:
            return
        self.view.blockSignals(True)
        self._stay()
        self.view.blockSignals(False)
        self.chosen.emit(name)

    def _stay(self) -> None:
        for index in range(self.view.count()):
            if self.view.item(index).data(_NAME) == self._shown:
                self.view.setCurrentRow(index)
