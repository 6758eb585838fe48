"""An edit that was applied: its pixels and coverage over the photograph, which itself stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.base.errors import InputError
from app.base.geometry import Rect, Size
from app.base.text import tr
from app.imaging.arrays import U8
from app.imaging.masks import bounds
from app.imaging.placement import Placement
from app.imaging.recipe import BlendMode, Recipe


@dataclass(frozen=True, slots=True, eq=False)
class LayerSource:
    """What a layer was made from, kept so that it can be made anew under another recipe, without a request."""

    reply: bytes
    """The received file."""
    picture: U8
    """(h, w, 3) RGB or (h, w, 4) RGBA, sRGB: the region as it was cut, at the document's own scale."""
    coverage: U8
    """(h, w) of the region: the mask as it was sent."""
    placement: Placement

    @property
    def nbytes(self) -> int:
        return len(self.reply) + self.picture.nbytes + self.coverage.nbytes


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
    recipe: Recipe = Recipe()
    """How the pixels were made of the reply, and the inner softness of their edge."""
    opacity: float = 1.0
    mode: BlendMode = BlendMode.NORMAL
    visible: bool = True
    result_id: str | None = None
    """The result in the history that it came from."""
    source: LayerSource | None = None
    """None where it is not known, such as for layers of another program."""
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
        own = self.pixels.nbytes + self.coverage.nbytes
        return own + (self.source.nbytes if self.source else 0)
