"""The frozen types of an edit that cross threads, the wire and the history."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.base.geometry import Rect, Size
from app.imaging.arrays import U8
from app.imaging.placement import Placement
from app.imaging.recipe import BlendMode, Recipe

ParameterValue = str | int | float | bool
"""A parameter's value; its kind is told by the model card's `Parameter`."""


@dataclass(frozen=True, slots=True)
class Context:
    """How much of the surroundings is sent with the mask.

    `region` is set by hand; else `whole` sends the whole picture; else `pixels` on every side; else `share` of
    the mask's bounds.
    """

    share: float = 0.6
    pixels: int | None = None
    whole: bool = False
    region: Rect | None = None
    """Document pixels that are sent at least."""

    @property
    def is_automatic(self) -> bool:
        return self.region is None and not self.whole and self.pixels is None


class Islands(enum.Enum):
    """How the parts of a mask that stand far from each other are sent."""

    TOGETHER = "together"
    """In one request, whose region holds them all."""
    EACH = "each"
    """One request for each, with a region and a mask of its own."""


@dataclass(frozen=True, slots=True)
class SizeRule:
    """Which picture sizes a model takes.

    `fixed` lists the only sizes; without it any size is taken whose sides are multiples of `multiple`,
    within `minimum` … `maximum` pixels a side, with `min_area` … `max_area` pixels, and whose aspect (long
    side by short side) is at most `max_aspect`. 0 means no limit.

    Raises:
        ValueError: no size at all would satisfy the rule.
    """

    fixed: tuple[Size, ...] = ()
    multiple: int = 1
    minimum: int = 1
    maximum: int = 0
    min_area: int = 0
    max_area: int = 0
    max_aspect: float = 0.0

    def __post_init__(self) -> None:
        if any(size.is_empty for size in self.fixed):
            raise ValueError("a fixed size without pixels")
        if self.multiple < 1 or self.minimum < 0 or 0 < self.max_aspect < 1:
            raise ValueError("multiple and max_aspect start at 1, minimum at 0")
        if not self.fixed and self.smallest_around(Size(1, 1)) is None:
            raise ValueError("its limits leave no size at all")

    def admits(self, size: Size) -> bool:
        """True when a picture of exactly this size is taken."""
        if self.fixed:
            return size in self.fixed
        return not size.is_empty and self.smallest_around(size) == size

    def smallest_around(self, content: Size) -> Size | None:
        """The smallest size without `fixed` that holds `content`; None when even that is above a limit."""
        width, height = self._side(content.width), self._side(content.height)
        if width * height < self.min_area:
            growth = math.sqrt(self.min_area / (width * height))
            width, height = self._side(width * growth), self._side(height * growth)
        if self.max_aspect:
            # A hair is taken off before rounding up, for quotients such as 3072 / 3 that floats may miss.
            width = max(width, self._side(height / self.max_aspect - 1e-9))
            height = max(height, self._side(width / self.max_aspect - 1e-9))
        if self.maximum and max(width, height) > self.maximum:
            return None
        if self.max_area and width * height > self.max_area:
            return None
        return Size(width, height)

    def _side(self, pixels: float) -> int:
        return math.ceil(max(pixels, self.minimum, 1) / self.multiple) * self.multiple


@dataclass(frozen=True, slots=True)
class EditPlan:
    """What would be sent, and where: pure data, shown live and printed by `maskroom plan`."""

    region: Rect
    """Document pixels that are sent; contains `mask_bounds` and lies inside the document."""
    mask_bounds: Rect
    """Document pixels around everything with coverage > 0 (after growing)."""
    size_send: Size
    """Size of the pictures on the wire."""
    content_send: Rect
    """Where in the sent picture the region stands; the rest is reflected padding. Pixels of size_send."""
    scale: float
    """Sent pixels per document pixel (<= 1 when reduced)."""
    warnings: tuple[str, ...] = ()
    """Sentences for the user."""

    @property
    def placement(self) -> Placement:
        return Placement(self.region, self.size_send, self.content_send)


@dataclass(frozen=True, slots=True, eq=False)
class EditRequest:
    """All that one edit needs, frozen at the moment of sending; nothing of it touches the document again."""

    id: str
    document_id: str
    document_name: str
    plan: EditPlan
    picture: U8
    """(h, w, 3) RGB or (h, w, 4) RGBA, sRGB, of the region at the document's own scale."""
    coverage: U8
    """(h, w) of the region at the document's own scale; 255 = edit. Already grown."""
    has_mask: bool
    """False: no mask part is sent and the whole region may change (coverage is all 255)."""
    prompt: str
    provider: str
    model: str
    n: int = 1
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Canonical parameter names (`strength`, `guidance`, `steps`, `seed`, `quality`, …) to values."""
    extras: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Free extra fields, sent under these very names."""
    size: Size | None = None
    """The wire's size where the user chose one; None = the plan's own (automatic)."""
    recipe: Recipe = Recipe()
    """How the result is put back."""
    references: tuple[U8, ...] = ()
    """Pictures that go along with the canvas, in order: (h, w, 3) RGB or (h, w, 4) RGBA, sRGB, as they are sent."""

    @property
    def placement(self) -> Placement:
        return self.plan.placement


@dataclass(frozen=True, slots=True)
class Usage:
    """What the provider says that an edit took; any figure may be missing."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    input_text_tokens: int | None = None
    """Of `input_tokens`, those of the prompt."""
    input_image_tokens: int | None = None
    """Of `input_tokens`, those of the pictures."""
    cost: float | None = None
    """The price itself, in the provider's currency, where it tells that."""


@dataclass(frozen=True, slots=True)
class Cost:
    """A price. `estimated` is False only when it was computed from what the provider reported."""

    amount: float
    currency: str
    estimated: bool


@dataclass(frozen=True, slots=True)
class ReceivedImage:
    """One image as it arrived: encoded bytes after base64 and before any decoding."""

    data: bytes
    revised_prompt: str | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """Why an image did not come: what an error would say if no other had come either."""

    message: str
    hint: str = ""
    code: str = "bad_reply"
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class EditResult:
    """A whole reply."""

    images: tuple[ReceivedImage, ...]
    request_id: str | None = None
    usage: Usage | None = None
    errors: tuple[Missing, ...] = ()
    """Of images that did not come, when others did."""


@dataclass(frozen=True, slots=True)
class Drift:
    """How a reply as a whole differed from what was sent, as found outside the mask."""

    dx: float = 0.0
    dy: float = 0.0
    """Document pixels by which its content had moved to the right and down, at the region's centre."""
    scale: float = 1.0
    """How much larger its content was."""
    is_bent: bool = False
    """It had moved differently from place to place."""
    colour: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Mean levels (of 255) of red, green and blue that it was above what was sent."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """A result brought to the document's own scale and place: what a candidate or an edit layer shows."""

    region: Rect
    """Document pixels."""
    pixels: U8
    """(h, w, 3) RGB, sRGB, h x w = region; complete, also outside the mask."""
    coverage: U8
    """(h, w), 255 = edit; the pixels with 0 are never touched."""
    recipe: Recipe = Recipe()
    """How it was made, and its inner softness."""
    opacity: float = 1.0
    """0–1; with `mode`, how it is laid down."""
    mode: BlendMode = BlendMode.NORMAL
    drift: Drift | None = None
    """What was found of the reply, whether or not the recipe undid it; None where it cannot be told."""
    notes: tuple[str, ...] = ()
    """Sentences for the user on what had to be made up."""


class Suspicion(enum.Enum):
    """What a reply makes one think of how the provider understood the mask."""

    NONE = "none"
    INVERTED = "inverted"
    """It changed what was to be kept, and kept what was to be changed."""
    IGNORED = "ignored"
    """It changed much of everything."""


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """Where a reply was changed outside the mask, for an overlay."""

    plane: U8
    """(h, w): by how many levels (of 255) it was changed; 0 where it was not, and in the mask."""
    rect_doc: Rect
    """The document pixels that the plane covers."""
    extension: U8
    """(h, w), 255: what was changed right at the mask's edge, such as the shadow of what was removed. Only
    a larger mask can let it into the document."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an edit did, counted."""

    outside_changed_pixels: int
    """Document pixels of coverage 0 that differ after compositing; 0 by construction, and counted anyway."""
    leak: float | None
    """Share (0–1) of the sent pixels outside the mask that the model changed; None where nobody can tell."""
    suspicion: Suspicion = Suspicion.NONE
    outside_pixels: int = 0
    """Document pixels of coverage 0 in the region; 0 where it was not kept."""
    mean_change: float | None = None
    """Mean difference outside the mask after the drift was undone, in levels (of 255)."""
    worst_change: float | None = None
    """The greatest difference of what counts as changed, in levels; 0 where nothing does."""
    drift: Drift | None = None
    sharp: float | None = None
    """How much fine detail the reply has outside the mask, in times of what was sent; 1 = as much."""
    touches_mask: bool = False
    """What was changed outside goes on from the mask's edge: extending the mask would let it in."""
    heat: HeatMap | None = field(default=None, compare=False, repr=False)
    """Kept while the result is at hand, and made anew when it is asked for later; never in the history."""
