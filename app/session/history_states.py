"""Going back to an earlier state: a stored result with what it grew from becomes an open document again."""

from __future__ import annotations

import asyncio
from pathlib import Path

from app.base.text import tr
from app.document.document import Document
from app.history.types import HistoryEntry, HistoryResult
from app.imaging.encoders import encode_png_file
from app.session.extending import extend_canvas, margins_of
from app.session.history_actions import compose, layers_of, same_photograph
from app.session.workspace import Workspace


async def open_state(workspace: Workspace, entry: HistoryEntry, result: HistoryResult) -> None:
    """Open the photograph in a new tab with the edits that a result grew from, and that result on top.

    Raises:
        InputError: one of the edits was deleted for good. StoreError: a file of the history is gone.
    """
    source = await asyncio.to_thread(workspace.history.read_file, entry.source_sha256)
    session = await workspace.open_data(source, entry.document_name)
    document = session.document if session is not None else None
    if document is not None:
        await extend_canvas(document, margins_of(entry.form), workspace.limits)
        await _lay(workspace, document, result)


async def continue_from(workspace: Workspace, entry: HistoryEntry, result: HistoryResult) -> None:
    """Bring an open tab of the photograph to the state of a result, in one undo step; else open a new tab.

    The tab in front comes first. Layers that are there already stay the very same ones.

    Raises:
        InputError: one of the edits was deleted for good. StoreError: a file of the history is gone.
    """
    tabs = sorted(workspace.documents, key=lambda tab: tab is not workspace.current)
    session = next((tab for tab in tabs if tab.document and same_photograph(tab, entry)), None)
    if session is None:
        await open_state(workspace, entry, result)
        return
    workspace.set_current(session)
    session.candidates.clear()
    if session.document is not None:
        await _lay(workspace, session.document, result)


async def open_as_new(workspace: Workspace, entry: HistoryEntry, result: HistoryResult) -> None:
    """Open the finished picture with a result as a photograph of its own, without layers.

    Raises:
        InputError: one of the edits was deleted for good. StoreError: a file of the history is gone.
    """

    def encode() -> bytes:
        finished = compose(workspace.history, result.id, workspace.limits)
        return encode_png_file(finished.samples, finished.metadata)

    data = await asyncio.to_thread(encode)
    await workspace.open_data(data, picture_name(entry, result))


def picture_name(entry: HistoryEntry, result: HistoryResult) -> str:
    """What the finished picture with a result is called, such as "boat-variant-2.png"."""
    return f"{Path(entry.document_name).stem}-variant-{result.index + 1}.png"


async def _lay(workspace: Workspace, document: Document, result: HistoryResult) -> None:
    layers = await asyncio.to_thread(layers_of, workspace.history, result.id, document.margins, document.size)
    known = {layer.result_id: layer for layer in document.layers if layer.visible}
    wanted = tuple(known.get(layer.result_id, layer) for layer in layers)
    if wanted != document.layers:
        document.change_layers(wanted, tr("Back to an earlier state"))
