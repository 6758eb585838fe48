"""What a tool wants found: ordered on the document's thread, found in any other, put into the mask as one step."""

from __future__ import annotations

from collections.abc import Callable

from app.base.work import Work
from app.document.document import Document
from app.document.shapes import Combine, Shape, combine


class Selection:
    """An area to be found, and what it does to the mask as that is when the area has been found."""

    def __init__(self, title: str, find: Callable[[Work], Shape], how: Combine) -> None:
        """`title` names the undo step; `find` runs in another thread, while the document may change."""
        self.title = title
        self.find = find
        self._how = how

    def put(self, document: Document, found: Shape) -> None:
        """Change the mask by what was found, in one undo step; on the document's thread."""
        if found.rect.is_empty:
            return
        with document.edit_mask(self.title) as edit:
            edit.mark(combine(edit, found, self._how))

    def replaces(self, other: Selection) -> bool:
        """Whether `other`, ordered before, need not be found any more: this one knows all of it."""
        return False

    def drop(self) -> None:
        """It will not be put."""


def at_once(document: Document) -> Callable[[Selection], None]:
    """Finds what is ordered on the caller's own thread."""

    def order(selection: Selection) -> None:
        selection.put(document, selection.find(Work()))

    return order
