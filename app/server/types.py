"""What crosses between the reading, the healing and the answering of one request, as frozen data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from app.base.geometry import Size
from app.engines.types import HealRequest
from app.imaging.arrays import U8


class OutputFormat(enum.Enum):
    """A format that results are sent in; the value is its name on the wire and its suffix."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"

    @property
    def media_type(self) -> str:
        return f"image/{self.value}"

    @property
    def max_side(self) -> int:
        """Pixels a side that the format can hold."""
        return {OutputFormat.PNG: (1 << 31) - 1, OutputFormat.JPEG: 65535, OutputFormat.WEBP: 16383}[self]


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A request as it came, whether as a form or as JSON: nothing is understood yet."""

    fields: Mapping[str, object]
    """The bytes of a form's texts, or what JSON made of it."""
    canvas: bytes | None
    """The first image, a file."""
    image_count: int
    """How many images came. Those after the first are references, which a heal has no use for."""
    mask: bytes | None
    is_json: bool

    @property
    def image_field(self) -> str:
        """What the sender calls the images."""
        return "images" if self.is_json else "image"


@dataclass(frozen=True, slots=True)
class ReplyWishes:
    """How the results are to be sent."""

    format: OutputFormat
    compression: int
    """0–100, for JPEG and WebP: 100 is the best, and loses nothing as WebP."""
    size: Size
    """Of the results, scaled where it is not the picture's."""
    quality: str
    """Told back; a heal has only one."""
    as_url: bool
    """A link instead of the picture itself."""


@dataclass(frozen=True, slots=True, eq=False)
class EditForm:
    """What was asked, understood."""

    request: HealRequest
    alpha: U8 | None
    """(h, w) of the sent picture, where it had one that the reply is to keep or to lay on white."""
    is_opaque: bool
    """The reply has no alpha, whatever the picture had."""
    reply: ReplyWishes
    partials: int | None
    """How many early pictures a stream may carry, 0–3; None: no stream is wanted."""
