"""What a display must be sent so that sRGB colours look as they are meant, by the display's own ICC profile.

One table holds the answer for each of the 16.7 million colours: looking colours up is several times as fast as
converting them, and gives the very bits that converting gives, whatever part of a picture is asked for.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from app.base.cancel import CancelToken
from app.base.errors import InputError
from app.base.text import tr
from app.imaging.arrays import U8, as_u8
from app.imaging.colour import open_profile, profile_kind, srgb_transform

Colours: TypeAlias = NDArray[np.uint32]
_COLOUR, _ALPHA = np.uint32(0x00FFFFFF), np.uint32(0xFF000000)
_STRIP = 1 << 16
"""Pixels looked up at a time, so that what is needed in between stays in the processor's cache."""


class DisplayTable:
    """The colours of one display. Lookups are safe in any thread."""

    def __init__(self, name: str, colours: Colours | None) -> None:
        self.name = name
        """What the profile calls itself."""
        self._colours = colours

    @property
    def is_identity(self) -> bool:
        """The display shows sRGB as it is: nothing needs to be converted."""
        return self._colours is None

    @classmethod
    def build(cls, icc: bytes, cancel: CancelToken | None = None) -> DisplayTable:
        """The table for a display profile; takes about half a second and 64 MB, but for sRGB neither.

        Raises:
            InputError: it is no ICC profile of a display.
            Cancelled: `cancel` was cancelled.
        """
        profile = open_profile(icc)
        if profile is None:
            raise InputError(
                tr("It is no ICC profile, or a damaged one."), tr("Choose another file, or none.")
            )
        name = ImageCms.getProfileDescription(profile).strip() or tr("unnamed profile")
        transform = srgb_transform(profile) if profile_kind(profile) == "RGB" else None
        if transform is None:
            raise InputError(
                tr("“{name}” is not the profile of a display.", name=name),
                tr("Choose a profile that was made for your display, or none."),
            )
        if _is_identity(transform):
            return cls(name, None)
        colours = np.empty(1 << 24, np.uint32)
        planes = np.empty((256, 256, 3), np.uint8)
        planes[..., 1], planes[..., 2] = np.mgrid[0:256, 0:256]
        for red in range(256):
            if cancel is not None:
                cancel.check()
            planes[..., 0] = red
            shown = _applied(transform, planes).reshape(-1, 3).astype(np.uint32)
            part = colours[red << 16 : (red + 1) << 16]
            part[...] = shown[:, 0] << 16 | shown[:, 1] << 8 | shown[:, 2]
        return cls(name, colours)

    def convert(self, bgra: U8, out: U8) -> None:
        """Write into `out` what the display is to be sent for `bgra`, both (h, w, 4) with rows of whole pixels.

        Alpha is kept.
        """
        if self._colours is None:
            out[...] = bgra
            return
        source, target = _words(bgra), _words(out)
        rows = max(1, _STRIP // max(1, source.shape[1]))
        for top in range(0, source.shape[0], rows):
            strip = source[top : top + rows]
            looked_up = self._colours.take(strip & _COLOUR)
            np.bitwise_or(looked_up, strip & _ALPHA, out=target[top : top + rows])

    def converted(self, bgra: U8) -> U8:
        """A new array with what the display is to be sent for `bgra` (h, w, 4)."""
        whole = np.ascontiguousarray(bgra)
        out = np.empty_like(whole)
        self.convert(whole, out)
        return out

    def converted_rgb(self, rgb: U8) -> U8:
        """The same for (h, w, 3) RGB."""
        bgra = np.zeros((*rgb.shape[:2], 4), np.uint8)
        bgra[..., :3] = rgb[..., ::-1]
        return np.ascontiguousarray(self.converted(bgra)[..., 2::-1])


def _words(bgra: U8) -> Colours:
    """Each pixel as one number, 0xAARRGGBB: the order in memory on every machine that Qt's wheels run on."""
    words: Colours = bgra.view("<u4")[..., 0]
    return words


def _applied(transform: ImageCms.ImageCmsTransform, rgb: U8) -> U8:
    return as_u8(np.asarray(transform.apply(Image.fromarray(rgb))))


def _is_identity(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether no colour of a grid moves by more than one level."""
    steps = np.linspace(0, 255, 18).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(54, 108, 3)
    return bool(np.abs(_applied(transform, grid).astype(np.int16) - grid).max() <= 1)
