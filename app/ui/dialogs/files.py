"""File dialogs for opening photographs and for saving a single file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.base.text import tr
from app.ui.dialogs.answers import answer

PHOTOGRAPHS = "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.avif *.gif *.bmp"


async def ask_photographs(parent: QWidget, folder: str) -> list[Path]:
    """The photographs to open; none when the dialog was cancelled."""
    dialog = QFileDialog(parent, tr("Open photographs"), folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    upper = PHOTOGRAPHS.upper()
    dialog.setNameFilters([tr("Photographs") + f" ({PHOTOGRAPHS} {upper})", tr("All files") + " (*)"])
    accepted = await answer(dialog)
    return [Path(name) for name in dialog.selectedFiles()] if accepted else []


async def ask_target(parent: QWidget, title: str, suggested: Path) -> Path | None:
    """Where to save one file; the dialog itself asks before an existing file is replaced."""
    dialog = QFileDialog(parent, title, str(suggested.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.selectFile(suggested.name)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    accepted = await answer(dialog)
    return Path(dialog.selectedFiles()[0]) if accepted and dialog.selectedFiles() else None
