"""Saving a document: as it is at this moment, into one file, whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from app.base.cancel import CancelToken
from app.base.errors import OutputError, from_os_error
from app.base.files import write_atomically
from app.base.text import tr
from app.document.extension import ground_photograph, source_photograph
from app.document.openraster import write_openraster
from app.document.saved import SavedDocument, SavedMask, SavedReference
from app.imaging.save import check_target
from app.session.document_session import DocumentSession
from app.session.form_entry import form_entry
from app.session.source import bytes_or_copy

SUFFIX = ".ora"


async def save_document(
    session: DocumentSession,
    path: Path,
    progress: Callable[[float], None] = lambda share: None,
    cancel: CancelToken | None = None,
) -> None:
    """Write everything that the document consists of; afterwards it is that file, and no longer modified.

    What is done while it is being written is not in the file, and the document stays modified then.
    `progress` is told 0 … 1, on the loop.

    Raises:
        OutputError: it cannot be written there; an existing file is as it was.
        Cancelled: `cancel` was cancelled; likewise.
    """
    document, source, snapshots = session.document, session.source, session.snapshots
    if document is None or source is None or snapshots is None:
        raise RuntimeError("saved before it was opened")
    if path.suffix.lower() != SUFFIX:
        raise OutputError(
            tr("“{name}”: documents are saved with the ending {suffix}.", name=path.name, suffix=SUFFIX),
            tr("Use Export for a picture file."),
        )
    snapshot = await snapshots.take()
    form, references = form_entry(session.form), session.form.references
    loop = asyncio.get_running_loop()

    def write() -> Path:
        check_target(path)
        saved = SavedDocument(
            ground_photograph(snapshot.ground),
            bytes_or_copy(source, partial(source_photograph, snapshot.ground)),
            snapshot.layers,
            tuple(SavedMask(name, mask.coverage()) for name, mask in snapshot.masks),
            snapshot.active_mask,
            form,
            tuple(SavedReference(each.name, each.picture) for each in references),
            snapshot.ground.margins,
        )

        def tell(share: float) -> None:
            loop.call_soon_threadsafe(progress, share)

        try:
            write_atomically(
                path,
                lambda file: write_openraster(
                    saved,
                    snapshot.ground.composition.flatten,
                    file,
                    tell,
                    cancel,
                ),
            )
        except OSError as error:
            raise from_os_error(error, path.name, kind=OutputError) from error
        return path.absolute()

    session.file = session.path = await asyncio.to_thread(write)
    session.name = path.name
    document.undo.mark_saved(snapshot.point)
    session.modified_changed.emit()
    session.let_go.emit()
