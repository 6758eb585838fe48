"""What can be done with what the history holds: use its settings again, apply, compose."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from app.base.errors import InputError, MaskroomError, OutputError, from_os_error
from app.base.files import write_atomically
from app.base.geometry import Margins, Size
from app.base.signal import Signal
from app.base.text import tr
from app.document.document import Document
from app.document.layers import EditLayer
from app.document.mask import blank_coverage
from app.history.store import HistoryStore
from app.history.types import HistoryEntry, HistoryResult
from app.imaging.arrays import U8
from app.imaging.extend import extend_photograph
from app.imaging.load import Limits, load_photograph
from app.imaging.photograph import Photograph
from app.imaging.recipe import Recipe
from app.imaging.save import ExportOptions, Saved, save_photograph
from app.session.candidates import Candidate, layer_of
from app.session.document_session import DocumentSession
from app.session.extending import between_canvases, margins_of
from app.session.mask_changes import Replace
from app.session.placing import placed
from app.session.records import load_request
from app.session.references import Reference, read_reference


class HistoryActions:
    """Uses of stored entries and results. Reading and composing happen in threads."""

    def __init__(self, history: HistoryStore, limits: Limits, changed: Signal[[str]]) -> None:
        self._history = history
        self._limits = limits
        self._changed = changed

    async def list(self, limit: int, before: HistoryEntry | None = None) -> tuple[HistoryEntry, ...]:
        """The newest entries, or those older than `before`."""
        return await asyncio.to_thread(self._history.list, limit, before)

    async def search(self, text: str, limit: int = 200) -> tuple[HistoryEntry, ...]:
        """Entries whose prompt or revised prompt holds the words of `text`, newest first."""
        return await asyncio.to_thread(self._history.search, text, limit)

    async def get(self, entry_id: str) -> HistoryEntry:
        """Raises InputError for an unknown id."""
        return await asyncio.to_thread(self._history.get, entry_id)

    async def thumbnail(self, result: HistoryResult) -> bytes | None:
        """The PNG of a result's small picture; None where there is none or it is gone."""
        if result.thumbnail_sha256 is None:
            return None
        try:
            return await asyncio.to_thread(self._history.read_file, result.thumbnail_sha256)
        except MaskroomError:
            return None

    async def reuse(self, entry: HistoryEntry, session: DocumentSession) -> None:
        """Fill the form with an entry's settings; on the same photograph bring back its mask too.

        Raises:
            UsageError: the provider of the entry is not set up any more.
        """
        form = session.form
        document = session.document
        fits = document is not None and entry.has_mask and same_photograph(session, entry)
        request = await asyncio.to_thread(load_request, self._history, entry) if fits else None
        references = await asyncio.to_thread(self._references, entry)
        form.set_provider(entry.provider, entry.model)
        # A model that takes no prompt was sent none, which says nothing about the one that stands there.
        if entry.prompt or form.takes("prompt"):
            form.set_prompt(entry.prompt)
        form.set_variants(entry.n)
        form.restore(entry.form)
        form.set_recipe(recipe_of(entry))
        form.set_extras(entry.extras)
        for name in tuple(form.values):
            form.set_value(name, None)
        for name, value in entry.parameters.items():
            form.set_value(name, value)
        form.set_references(references)
        if document is None or request is None:
            # A region means nothing on another photograph.
            form.set_context(replace(form.context, region=None))
            return
        form.set_grow(0)
        # The canvas may have been extended since, or an extension have been taken back.
        before, after = margins_of(entry.form), document.margins
        dx, dy = after.left - before.left, after.top - before.top
        place = entry.region.translated(dx, dy)
        inside = place.intersected(document.size.rect)
        size, coverage = document.size, request.coverage[inside.relative_to(place).slices]

        def sent() -> U8:
            mask = blank_coverage(size)
            mask[inside.slices] = coverage
            return mask

        if form.context.region is not None:
            moved = form.context.region.translated(dx, dy)
            form.set_context(replace(form.context, region=moved))
        document.end_painting()
        if session.mask_work is not None:
            await session.mask_work.apply(Replace(tr("Mask from the history"), sent))

    async def candidate(self, result_id: str) -> Candidate:
        """A stored result as a candidate again, brought to its place and scale.

        Raises:
            StoreError: it, or one of its files, is gone.
            PhotographError: one of its files is damaged.
        """
        return await asyncio.to_thread(load_candidate, self._history, result_id)

    async def apply_again(self, result_id: str, session: DocumentSession) -> None:
        """Lay a stored result on the open photograph once more, in one undo step.

        Raises:
            InputError: the open photograph is another one.
            StoreError: a file of the result is gone.
        """
        candidate = await self.candidate(result_id)
        entry = await self.get(candidate.entry_id)
        if not same_photograph(session, entry):
            raise InputError(
                tr("This result belongs to another photograph."),
                tr("Open “{name}” first.", name=entry.document_name),
            )
        document = session.document
        if document is not None:
            fitting = between_canvases((candidate,), margins_of(entry.form), document.margins, document.size)
            if not fitting:
                raise InputError(
                    tr("This result reaches beyond the canvas."),
                    tr("Extend the canvas as it was then, and try again."),
                )
            candidate = fitting[0]
        session.add_layer(candidate)
        await self.mark_applied(candidate)

    async def mark_applied(self, candidate: Candidate) -> None:
        """Remember that a result was used, and how it was put back: whoever uses it again means that."""
        recipe = replace(candidate.patch.recipe, grow=0).kept()

        def write() -> None:
            self._history.mark_applied(candidate.result_id)
            self._history.marks.set_recipe(candidate.entry_id, recipe)

        await asyncio.to_thread(write)
        self._changed.emit(candidate.entry_id)

    async def export(self, id: str, path: Path, options: ExportOptions | None = None) -> Saved:
        """Write the whole photograph with an entry's or a result's edit, at its own size.

        Raises:
            InputError: there is no such id. OutputError: it cannot be written there.
        """
        photograph = await asyncio.to_thread(compose, self._history, id, self._limits)
        return await asyncio.to_thread(save_photograph, photograph, path, options or ExportOptions())

    async def export_raw(self, id: str, path: Path) -> None:
        """Write the received bytes of an entry's first result, or of a result, just as they arrived.

        Raises:
            InputError: there is no such id. OutputError: it cannot be written there.
        """
        result = await asyncio.to_thread(find_result, self._history, id)
        data = await asyncio.to_thread(self._history.read_file, result.received_sha256)
        try:
            await asyncio.to_thread(write_atomically, path, lambda file: file.write(data))
        except OSError as error:
            raise from_os_error(error, path.name, kind=OutputError) from error

    def received_path(self, result: HistoryResult) -> Path:
        """The stored file of a result's received bytes; not to be changed."""
        return self._history.file_path(result.received_sha256)

    def _references(self, entry: HistoryEntry) -> tuple[Reference, ...]:
        return tuple(
            read_reference(self._history.read_file(each.sha256), each.name, self._limits)
            for each in entry.references
        )


def compose(history: HistoryStore, id: str, limits: Limits) -> Photograph:
    """The whole photograph as it was with a result (or an entry's first): what it grew from lies below it."""
    result = find_result(history, id)
    entry = history.get(result.entry_id)
    source = history.read_file(entry.source_sha256)
    photograph = load_photograph(source, name=entry.document_name, limits=limits)
    margins = margins_of(entry.form)
    document = Document(extend_photograph(photograph, margins))
    for layer in layers_of(history, result.id, margins, document.size):
        document.add_layer(layer)
    return document.flatten_photograph()


def layers_of(history: HistoryStore, result_id: str, margins: Margins, size: Size) -> tuple[EditLayer, ...]:
    """The edits that lay on the photograph with a result on top, the lowest first.

    As they lie on a canvas of `size` that was extended by `margins`, as far as they fit there.

    Raises:
        InputError: one of them was deleted for good. StoreError: a file is gone.
    """
    layers: list[EditLayer] = []
    for id in (*history.entry_of_result(result_id).parents, result_id):
        candidate = load_candidate(history, id)
        before = margins_of(history.get(candidate.entry_id).form)
        layers += [layer_of(each) for each in between_canvases((candidate,), before, margins, size)]
    return tuple(layers)


def load_candidate(history: HistoryStore, result_id: str) -> Candidate:
    """Place a stored result again; the same bytes give the same pixels."""
    result = find_result(history, result_id)
    entry = history.get(result.entry_id)
    return placed(
        load_request(history, entry), result, history.read_file(result.received_sha256), judged=False
    )


def find_result(history: HistoryStore, id: str) -> HistoryResult:
    """The result called `id`, or the first result of the entry called `id`.

    Raises:
        InputError: there is none.
    """
    try:
        entry = history.entry_of_result(id)
    except InputError:
        entry = history.get(id)
    for result in entry.results:
        if id in (result.id, entry.id):
            return result
    raise InputError(tr("“{id}” has no result.", id=id), tr("It never arrived or could not be read."))


def recipe_of(entry: HistoryEntry) -> Recipe:
    """How the images of an entry are put back."""
    return Recipe.from_kept({"feather": entry.feather, **entry.recipe})


def same_photograph(session: DocumentSession, entry: HistoryEntry) -> bool:
    """Whether a tab shows the photograph that an entry was made from."""
    return session.source is not None and session.source.sha256 == entry.source_sha256
