"""File dialogs for photographs and masks, and for saving a single file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from app.base.states import MaskConvention
from app.base.text import tr
from app.ui.dialogs.answers import answer

PHOTOGRAPHS = "*.png *.jpg *.jpeg *.webp *.tif *.tiff *.avif *.gif *.bmp"
DOCUMENTS = "*.ora"


async def ask_photographs(parent: QWidget, folder: str) -> list[Path]:
    """The photographs to use; none when the dialog was cancelled."""
    filters = [tr("Photographs") + f" ({PHOTOGRAPHS} {PHOTOGRAPHS.upper()})"]
    return await _ask_files(parent, tr("Open photographs"), folder, filters)


async def ask_documents(parent: QWidget, folder: str) -> list[Path]:
    """The photographs and documents to open; none when the dialog was cancelled."""
    photographs = f"{PHOTOGRAPHS} {PHOTOGRAPHS.upper()}"
    documents = f"{DOCUMENTS} {DOCUMENTS.upper()}"
    filters = [
        tr("Photographs and documents") + f" ({photographs} {documents})",
        tr("Photographs") + f" ({photographs})",
        tr("Documents, OpenRaster") + f" ({documents})",
    ]
    return await _ask_files(parent, tr("Open photographs and documents"), folder, filters)


async def _ask_files(parent: QWidget, title: str, folder: str, filters: list[str]) -> list[Path]:
    dialog = QFileDialog(parent, title, folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setNameFilters([*filters, tr("All files") + " (*)"])
    accepted = await answer(dialog)
    return [Path(name) for name in dialog.selectedFiles()] if accepted else []


async def ask_target(parent: QWidget, title: str, suggested: Path, kind: str = "") -> Path | None:
    """Where to save one file, of a `kind` of files; the dialog itself asks before an existing one is replaced."""
    dialog = QFileDialog(parent, title, str(suggested.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    if kind:
        dialog.setNameFilter(kind)
    dialog.selectFile(suggested.name)
    dialog.setDefaultSuffix(suggested.suffix.lstrip("."))
    accepted = await answer(dialog)
    return Path(dialog.selectedFiles()[0]) if accepted and dialog.selectedFiles() else None


async def ask_archive(parent: QWidget, folder: str) -> Path | None:
    """The archive of a history to import; None when the dialog was cancelled."""
    dialog = QFileDialog(parent, tr("Import a history"), folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters([tr("Archives of a history") + " (*.zip)", tr("All files") + " (*)"])
    accepted = await answer(dialog)
    return Path(dialog.selectedFiles()[0]) if accepted and dialog.selectedFiles() else None


async def ask_data_folder(parent: QWidget, folder: str) -> Path | None:
    """Where all data is to lie; None when the dialog was cancelled."""
    dialog = QFileDialog(parent, tr("Choose a folder for the history and the settings"), folder)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    accepted = await answer(dialog)
    return Path(dialog.selectedFiles()[0]) if accepted and dialog.selectedFiles() else None


def _conventions() -> dict[MaskConvention, str]:
    """What each convention means, in few words."""
    return {
        MaskConvention.WHITE: tr("white = edit"),
        MaskConvention.TRANSPARENT: tr("transparent = edit"),
        MaskConvention.OPAQUE: tr("opaque = edit"),
    }


async def ask_mask(parent: QWidget, folder: str) -> tuple[Path, MaskConvention | None] | None:
    """The mask to load and what it means, None = as the file tells; None when the dialog was cancelled."""
    dialog = QFileDialog(parent, tr("Load a mask"), folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    patterns = f"({PHOTOGRAPHS} {PHOTOGRAPHS.upper()})"
    filters: dict[str, MaskConvention | None] = {
        tr("Masks, as the file tells {patterns}", patterns=patterns): None
    }
    for convention, meaning in _conventions().items():
        filters[tr("Masks, {meaning} {patterns}", meaning=meaning, patterns=patterns)] = convention
    dialog.setNameFilters(list(filters))
    if not await answer(dialog) or not dialog.selectedFiles():
        return None
    return Path(dialog.selectedFiles()[0]), filters.get(dialog.selectedNameFilter())


async def ask_mask_target(parent: QWidget, suggested: Path) -> tuple[Path, MaskConvention] | None:
    """Where to save a mask and in which convention; None when the dialog was cancelled."""
    dialog = QFileDialog(parent, tr("Save the mask"), str(suggested.parent))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    filters = {
        tr("PNG, {meaning} (*.png)", meaning=meaning): convention
        for convention, meaning in _conventions().items()
    }
    dialog.setNameFilters(list(filters))
    dialog.selectFile(suggested.name)
    dialog.setDefaultSuffix("png")
    if not await answer(dialog) or not dialog.selectedFiles():
        return None
    convention = filters.get(dialog.selectedNameFilter(), MaskConvention.WHITE)
    return Path(dialog.selectedFiles()[0]), convention
