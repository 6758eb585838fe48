"""Turns the open session into scenes: its preview, its document, a candidate, the photograph as opened.

Listens to the session and its document as long as they are shown, and says whether the whole scene became
another one or only some of its pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject

from app.base.cancel import CancelToken
from app.base.geometry import Rect, Size
from app.base.signal import Signal
from app.document.document import Document
from app.document.gestures import GestureRunner
from app.document.named_masks import PreparedMask
from app.document.tiles import TILE
from app.edits.types import Patch
from app.imaging.arrays import U8
from app.imaging.display import DisplayTable
from app.imaging.pyramid import Preview
from app.ui.canvas.display_levels import DisplayLevels
from app.ui.canvas.heat import Heat, heat_picture
from app.ui.canvas.patches import candidate_picture, replaced_picture
from app.ui.canvas.scene import Overlay, Picture, Scene
from app.ui.canvas.workshop import Workshop


class Showable(Protocol):
    """What a session must have to be shown: a `DocumentSession` has it."""

    stage_changed: Signal[[]]
    """Emitted after any of the others changed."""

    @property
    def size(self) -> Size | None:
        """The photograph's size, as soon as it is known."""
        ...

    @property
    def preview(self) -> Preview | None:
        """A reduced picture while the photograph is being opened."""
        ...

    @property
    def document(self) -> Document | None: ...

    @property
    def gestures(self) -> GestureRunner | None:
        """There as soon as the document is."""
        ...


class SceneSource:
    """The scene of the current session, and its parts."""

    def __init__(self, parent: QObject) -> None:
        """`parent` owns the threads' mailbox; it lives on the window's thread."""
        self.scene_changed: Signal[[]] = Signal()
        """Emitted when `scene` became another one."""
        self.pixels_changed: Signal[[tuple[Rect, ...]]] = Signal()
        """Emitted with the document pixels that look different now."""
        self.picture_changed: Signal[[]] = Signal()
        """Emitted with `pixels_changed` when it is the picture's."""
        self.mask_changed: Signal[[]] = Signal()
        """Emitted with `pixels_changed` when it is the mask's."""
        self.session: Showable | None = None
        self.scene: Scene | None = None
        self._connections: list[Callable[[], None]] = []
        self._document: Document | None = None
        self._picture: Picture | None = None
        self._overlay: Overlay | None = None
        self._candidates: tuple[Patch, ...] = ()
        self._heat: Heat | None = None
        self._original = False
        self._patches: tuple[Picture, ...] = ()
        self._preview: PreparedMask | None = None
        self._display: DisplayTable | None = None
        self._workshop = Workshop(parent)
        self._workshop.made.connect(self._take_patches)
        self._ahead = Workshop(parent)
        """Converts the picture for the display before it is drawn."""

    @property
    def size_doc(self) -> Size | None:
        return self.scene.size_doc if self.scene is not None else None

    @property
    def document(self) -> Document | None:
        return self._document

    @property
    def gestures(self) -> GestureRunner | None:
        """Where strokes go; None while there is nothing to paint on."""
        return self.session.gestures if self.session is not None and self._document is not None else None

    @property
    def covers_mask(self) -> bool:
        """True while what is shown is to be judged without the mask over it."""
        return self._original or bool(self._candidates)

    @property
    def has_mask_preview(self) -> bool:
        return self._preview is not None

    @property
    def has_candidate(self) -> bool:
        return bool(self._candidates)

    def show(self, session: Showable | None) -> None:
        """Show `session` from now on, without the candidate of the one before."""
        self._leave()
        self.session = session
        self._candidates, self._original, self._patches, self._preview = (), False, (), None
        self._heat = None
        if session is not None:
            self._connections.append(session.stage_changed.connect(self._enter))
        self._enter()

    def set_candidates(self, patches: tuple[Patch, ...]) -> None:
        """Lay candidates over the picture once they are prepared; those before them stay until then."""
        if patches != self._candidates:
            self._candidates = patches
            self._prepare()

    def set_heat(self, heat: Heat | None) -> None:
        """Lay a map of what changed outside the mask over what is shown, or take it away."""
        if heat is not self._heat:
            self._heat = heat
            self._prepare()

    def show_original(self, shown: bool) -> None:
        if shown != self._original:
            self._original = shown
            self._prepare()

    def set_mask_preview(self, preview: PreparedMask | None) -> None:
        """Show this in the place of the document's mask, or the mask again."""
        if preview is not self._preview:
            self._preview = preview
            self._renew()

    def set_display(self, display: DisplayTable | None) -> None:
        """Show pictures as this display must be sent them, or as they are."""
        if display is not self._display:
            self._display = display
            self._picture = self._find_picture()
            self._fill_ahead()
            self._compose()
            self._prepare()

    def refresh_some(self) -> bool:
        """Bring a part of the mask's smaller levels up to date; True when nothing is left to do."""
        return self._document is None or self._document.mask_levels.refresh_some()

    def _enter(self) -> None:
        """The session is at another stage: show its preview or its document, whichever there is."""
        session = self.session
        document = session.document if session is not None else None
        if document is not self._document or document is None:
            self._document = document
            self._picture = self._find_picture()
            self._fill_ahead()
            if document is not None:
                self._connections += [
                    document.size_changed.connect(self._resize),
                    document.masks_changed.connect(self._renew),
                    document.mask_changed.connect(self._on_mask_changed),
                    document.picture_changed.connect(self._on_picture_changed),
                ]
        self._renew()

    def _resize(self) -> None:
        """The document has another picture now. What lay over the one before does not fit any more."""
        self._workshop.drop()
        self._candidates, self._patches, self._preview, self._heat = (), (), None, None
        self._picture = self._find_picture()
        self._fill_ahead()
        self._renew()

    def _leave(self) -> None:
        self._workshop.drop()
        self._ahead.drop()
        for disconnect in self._connections:
            disconnect()
        self._connections.clear()
        self._document = self._picture = self._overlay = None

    def _find_picture(self) -> Picture | None:
        document, session = self._document, self.session
        if document is not None:
            opaque = not document.photograph.has_alpha
            levels, rect = document.pyramid.levels, document.size.rect
            return Picture.wrapping(levels, rect, opaque=opaque, display=self._display)
        if session is None or session.preview is None or session.size is None:
            return None
        preview = session.preview
        return Picture.wrapping(
            preview.levels, session.size.rect, opaque=preview.opaque, display=self._display
        )

    def _fill_ahead(self) -> None:
        display = self._picture.display if self._picture is not None else None
        if display is None:
            self._ahead.drop()
        else:
            self._ahead.order(lambda cancel: _filled(display, cancel))

    def _renew(self) -> None:
        """Another mask is to be seen, over what may be another picture."""
        document, preview = self._document, self._preview
        if document is None:
            self._overlay = None
        elif preview is None:
            levels = document.mask_levels
            self._overlay = Overlay.over(levels.arrays, document.mask.occupied, TILE, levels.refresh)
        else:
            self._overlay = Overlay.over(preview.pyramid.levels, preview.plane.occupied, TILE)
        self._compose()

    def _compose(self) -> None:
        picture, document = self._picture, self._document
        if picture is None:
            self.scene = None
        elif document is None:
            self.scene = Scene(picture.rect_doc.size, picture)
        else:
            self.scene = Scene(document.size, picture, self._patches, self._overlay)
        self.scene_changed.emit()

    def _on_mask_changed(self, rects: tuple[Rect, ...]) -> None:
        if self._overlay is not None:
            self._overlay.plain.forget(rects)
        self.mask_changed.emit()
        self.pixels_changed.emit(rects)

    def _on_picture_changed(self, rects: tuple[Rect, ...]) -> None:
        if self._picture is not None and self._picture.display is not None:
            self._picture.display.forget(rects)
            self._fill_ahead()
        self.picture_changed.emit()
        self.pixels_changed.emit(rects)
        settled = self._document is not None and self._document.is_settled
        if settled and (self._candidates or self._original or self._heat or self._patches):
            self._prepare()

    def _prepare(self) -> None:
        """Have the patches made that are to be seen now."""
        document, patches = self._document, self._candidates
        self._workshop.drop()
        mapped = document is not None and document.is_settled and self._heat is not None
        if document is None or not (patches or self._original or mapped):
            # A variant that was applied stays until the picture has it.
            if document is None or document.is_settled:
                self._take_patches(())
            return
        picture, opaque = document.picture, not document.photograph.has_alpha
        display = self._display
        if self._original:
            # Read here, on the document's own thread; the large work on them is not done here.
            shown = {layer.covered for layer in document.layers if layer.visible}
            parts = [(rect, document.original(rect)) for rect in shown if not rect.is_empty]
            self._workshop.order(lambda cancel: _originals(picture, parts, opaque, display, cancel))
        else:
            heat = self._heat
            self._workshop.order(
                lambda cancel: (
                    *(
                        candidate_picture(
                            picture, patch, patches, opaque=opaque, display=display, cancel=cancel
                        )
                        for patch in patches
                    ),
                    *(() if heat is None else (heat_picture(heat, cancel=cancel),)),
                )
            )

    def _take_patches(self, patches: tuple[Picture, ...]) -> None:
        before, self._patches = self._patches, patches
        if before != patches:
            self._compose()


def _filled(display: DisplayLevels, cancel: CancelToken) -> tuple[Picture, ...]:
    display.fill(cancel)
    return ()


def _originals(
    picture: U8,
    parts: list[tuple[Rect, U8]],
    opaque: bool,
    display: DisplayTable | None,
    cancel: CancelToken,
) -> tuple[Picture, ...]:
    return tuple(
        replaced_picture(picture, pixels, rect, opaque=opaque, display=display, cancel=cancel)
        for rect, pixels in parts
    )
