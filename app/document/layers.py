"""An edit that was applied: its pixels and coverage over the photograph, which itself stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.base.geometry import Rect
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

    def __post_init__(self) -> None:
        """Raise `ValueError` when the arrays do not fit the placement."""
        region, frame, content = self.placement.region, self.placement.size_send, self.placement.content_send
        shape = (region.height, region.width)
        if self.picture.shape not in ((*shape, 3), (*shape, 4)) or self.coverage.shape != shape:
            raise ValueError(f"{self.picture.shape} and {self.coverage.shape} do not fit {region}")
        if content.is_empty or not frame.rect.contains(content):
            raise ValueError(f"{content} does not lie in {frame}")

    @property
    def nbytes(self) -> int:
        return len(self.reply) + self.picture.nbytes + self.coverage.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class EditLayer:
    """One applied result. Changed by `dataclasses.replace`, so that undo keeps what it was.

    The arrays are not written to after the layer is made, so that layers may share them. What is promised of
    pixels that nothing is done to counts from `coverage`.
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
    """None where it is not known, such as for layers of another program, or merged ones."""
    mask: U8 | None = None
    """(h, w) of `region`: the layer's own mask as it was painted, before `recipe.grow` made `coverage` of it. None
    where it is the coverage itself; so it is whenever nothing was grown or shrunk."""
    covered: Rect = field(init=False)
    """The smallest rectangle of document pixels around all coverage > 0."""

    def __post_init__(self) -> None:
        """Raise `ValueError` when the arrays do not fit the region."""
        shape = (self.region.height, self.region.width)
        if self.pixels.shape != (*shape, 3) or self.coverage.shape != shape:
            raise ValueError(f"{self.pixels.shape} and {self.coverage.shape} do not fit {self.region}")
        if self.mask is not None and self.mask.shape != shape:
            raise ValueError(f"a mask of {self.mask.shape} does not fit {self.region}")
        if self.source is not None and self.source.placement.region != self.region:
            raise ValueError(f"made of {self.source.placement.region}, it does not fit {self.region}")
        inside = bounds(self.coverage)
        object.__setattr__(self, "covered", inside.translated(self.region.x, self.region.y))

    @property
    def painted(self) -> U8:
        """The layer's own mask, (h, w), whether or not it was grown."""
        return self.coverage if self.mask is None else self.mask

    @property
    def is_shown(self) -> bool:
        """Whether it can change a pixel of the picture."""
        return self.visible and self.opacity > 0.0 and not self.covered.is_empty

    def parts(self) -> dict[int, int]:
        """The bytes of each large part, by the part's identity: layers that share a part have it once."""
        held: list[U8 | LayerSource] = [self.pixels, self.coverage]
        held += [part for part in (self.mask, self.source) if part is not None]
        return {id(part): part.nbytes for part in held}

    @property
    def nbytes(self) -> int:
        return sum(self.parts().values())
