"""How a received picture is brought into the photograph: settings that may be changed at any time, free of charge.

Pure data, so that layers, the history and files can keep it; what each setting does is told where it is done.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

_E = TypeVar("_E", bound=enum.Enum)

MOST_FEATHER = 10_000
"""As much as the command line allows, which allows the most: what was kept looks the same when it is read."""
MOST_GROW = 256


class Align(enum.Enum):
    """Whether the received picture is moved back to where it was cut from."""

    OFF = "off"
    RIGID = "rigid"
    """By one shift and scale for the whole picture."""
    AUTO = "auto"
    """As `RIGID`, then piece by piece where that demonstrably helps."""


class ColourMatch(enum.Enum):
    """Whether the received picture is brought back to the photograph's colours."""

    OFF = "off"
    EDGE = "edge"
    """Only at the mask's edge, fading inwards; for edits that are meant to change the light."""
    PICTURE = "picture"
    """By what is the same all over the picture, then at the edge."""


class Detail(enum.Enum):
    """What a picture that was sent smaller than it is gets back of the photograph's sharpness."""

    OFF = "off"
    GRAIN = "grain"
    TEXTURE = "texture"


class BlendMode(enum.Enum):
    """How a layer's colours meet those below it."""

    NORMAL = "normal"
    MULTIPLY = "multiply"
    SCREEN = "screen"
    OVERLAY = "overlay"
    LIGHTEN = "lighten"
    DARKEN = "darken"
    LUMINOSITY = "luminosity"
    COLOUR = "colour"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings under which a reply becomes a layer's pixels."""

    align: Align = Align.AUTO
    colour: ColourMatch = ColourMatch.PICTURE
    detail: Detail = Detail.OFF
    grow: int = 0
    """Pixels by which the layer's own mask is grown (below 0: shrunk) before it counts."""
    feather: int = 2
    """Inner softness in document pixels, 0 to `MOST_FEATHER`."""

    def kept(self) -> dict[str, str | int]:
        """As plain data; `from_kept` takes it back."""
        return {
            "align": self.align.value,
            "colour": self.colour.value,
            "detail": self.detail.value,
            "grow": self.grow,
            "feather": self.feather,
        }

    @classmethod
    def from_kept(cls, kept: Mapping[str, object]) -> Self:
        """What `kept` gave, maybe by another version: what is missing or unknown becomes the default."""
        default = cls()
        return cls(
            align=_member(Align, kept.get("align"), default.align),
            colour=_member(ColourMatch, kept.get("colour"), default.colour),
            detail=_member(Detail, kept.get("detail"), default.detail),
            grow=_whole(kept.get("grow"), -MOST_GROW, MOST_GROW, default.grow),
            feather=_whole(kept.get("feather"), 0, MOST_FEATHER, default.feather),
        )


def _member(kind: type[_E], value: object, default: _E) -> _E:
    return next((member for member in kind if member.value == value), default)


def _whole(value: object, least: int, most: int, default: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return default
    return min(max(value, least), most)
