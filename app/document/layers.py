"""An edit that was applied: its pixels and coverage over the photograph, which itself stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.base.errors import InputError
from app.base.geometry import Rect, Size
from app.base.text import tr
from app.imaging.arrays import U8
from app.imaging.masks import bounds


def check_fits(layer: EditLayer, document: Size) -> None:
    """Raise `InputError` when a layer does not lie inside a document."""
    if not document.rect.contains(layer.region) or layer.region.is_empty:
        raise InputError(
            tr("This result does not fit the photograph."),
            tr("Open the photograph that it was made for."),
            details=f"layer at {layer.region} in a document of {document}",
        )


@dataclass(frozen=True, slots=True, eq=False)
class EditLayer:
    """One applied result. Changed by `dataclasses.replace`, so that undo keeps what it was.

    Pixels and coverage are not written to after the layer is made.
    """

    id: str
    name: str
    region: Rect
    """Document pixels; inside the document."""
    pixels: U8
    """(h, w, 3) RGB, sRGB, of `region`; complete, also where nothing is covered."""
    coverage: U8
    """(h, w) of `region`, 255 = replaced; pixels with 0 are never touched."""
    feather: int = 2
    """Inner softness in document pixels."""
    opacity: float = 1.0
    visible: bool = True
    result_id: str | None = None
    """The result in the history that it came from."""
    covered: Rect = field(init=False)
    """The smallest rectangle of document pixels around all coverage > 0."""

    def __post_init__(self) -> None:
        """Raise `ValueError` when the arrays do not fit the region."""
        shape = (self.region.height, self.region.width)
        if self.pixels.shape != (*shape, 3) or self.coverage.shape != shape:
            raise ValueError(f"{self.pixels.shape} and {self.coverage.shape} do not fit {self.region}")
        inside = bounds(self.coverage)
        object.__setattr__(self, "covered", inside.translated(self.region.x, self.region.y))

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes + self.coverage.nbytes
