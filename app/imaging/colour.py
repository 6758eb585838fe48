"""Between a photograph's own colour space and sRGB, through LittleCMS.

All conversions are relative colorimetric with black point compensation, what Photoshop does by default:
colours that sRGB can show keep their place, and shadows stay open. LittleCMS is used at 8 bits, since what
is shown and what is sent has 8 bits; samples of 16 bits are only replaced where a result covers them.
"""

from __future__ import annotations

import enum
import io

import cv2
import numpy as np
from PIL import Image, ImageCms

from app.base.cancel import CancelToken
from app.imaging.arrays import U8, Samples, as_samples, as_u8, to_eight_bits, to_sixteen_bits
from app.imaging.photograph import Channels, Photograph
from app.imaging.pillow_arrays import to_array

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_ROWS = 256
"""Rows converted between two looks at the cancel token."""
_SAME = 1
"""Profiles that move no colour by more than this many levels of 255 count as sRGB."""


class ProfileState(enum.Enum):
    """What can be done with an ICC profile."""

    USED = "used"
    UNREADABLE = "unreadable"
    """It is damaged, or belongs to another kind of picture: sRGB is taken in its place."""
    ONE_WAY = "one way"
    """It cannot be converted into; the numbers are taken for sRGB both ways, which keeps them consistent."""


class ColourSpace:
    """The colour space that an ICC profile gives to samples of some channels; without one it is sRGB.

    Grey without a profile has the curve of sRGB. Building one takes a few milliseconds.
    """

    def __init__(self, icc: bytes | None, channels: Channels) -> None:
        self.state = ProfileState.USED
        self._mode = "RGB"
        self._into: ImageCms.ImageCmsTransform | None = None
        self._from: ImageCms.ImageCmsTransform | None = None
        if icc is not None:
            self._read(icc, channels)

    @property
    def is_srgb(self) -> bool:
        """No conversion is needed (or none is possible): values are sRGB as they are."""
        return self._into is None

    def _read(self, icc: bytes, channels: Channels) -> None:
        profile = open_profile(icc)
        kind = "" if profile is None else profile_kind(profile)
        # A grey picture with an RGB profile is common: its value stands for all three.
        if profile is None or kind not in (("RGB", "GRAY") if channels.is_gray else ("RGB",)):
            self.state = ProfileState.UNREADABLE
            return
        mode = "L" if kind == "GRAY" else "RGB"
        srgb = ImageCms.createProfile("sRGB")
        try:
            into = ImageCms.buildTransform(profile, srgb, mode, "RGB", _INTENT, _FLAGS)
        except ImageCms.PyCMSError:
            self.state = ProfileState.UNREADABLE
            return
        if _moves_nothing(into, mode):
            return
        try:
            back = ImageCms.buildTransform(srgb, profile, "RGB", mode, _INTENT, _FLAGS)
        except ImageCms.PyCMSError:
            self.state = ProfileState.ONE_WAY
            return
        self._mode, self._into, self._from = mode, into, back

    def to_srgb(self, samples: Samples) -> U8:
        """sRGB of `samples` (h, w[, 1–4]) as (h, w, 3), or (h, w, 4) where they have alpha; a new array."""
        values = to_eight_bits(samples)
        channels = Channels.of(values)
        colour = _colour_of(values, channels)
        if self._into is None:
            rgb = _as_rgb(colour)
        else:
            rgb = _apply(self._into, colour if self._mode == "L" else _as_rgb(colour))
        if channels.has_alpha:
            return np.dstack((rgb, values[..., -1]))
        return rgb

    def from_srgb(self, rgb: U8, like: Samples) -> Samples:
        """`rgb` (h, w, 3) sRGB in this space, with the dtype, channels and alpha of `like` (h, w…).

        Grey is the luma of Rec. 601, which leaves neutral colours as they are; 16 bits are 257 times the 8.
        """
        if rgb.shape[:2] != like.shape[:2]:
            raise ValueError(f"{rgb.shape} and {like.shape} differ")
        channels = Channels.of(like)
        colour = np.ascontiguousarray(rgb)
        if self._from is not None:
            colour = _apply(self._from, colour)
        if channels.is_gray and colour.ndim == 3:
            colour = as_u8(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY))
        values = as_samples(colour if like.dtype == np.uint8 else to_sixteen_bits(colour))
        if channels.has_alpha:
            values = as_samples(np.dstack((values, like[..., -1])))
        return values.reshape(like.shape)


def to_working(photograph: Photograph, out: U8 | None = None, cancel: CancelToken | None = None) -> U8:
    """The working picture: (H, W, 4) BGRA, 8 bits, sRGB, straight alpha; opaque photographs have alpha 255.

    Without `out` a photograph that `shares_working` returns its own read-only buffer, which must be copied
    before the first write. Otherwise `out` (or a new array) is filled in slices that poll `cancel`.

    Raises:
        Cancelled: `cancel` was cancelled; `out` is then half written.
    """
    if photograph.bgra is not None and out is None:
        return photograph.bgra
    size = photograph.size
    target = np.empty((size.height, size.width, 4), np.uint8) if out is None else out
    space = ColourSpace(photograph.metadata.icc, photograph.channels)
    for top in range(0, size.height, _ROWS):
        if cancel is not None:
            cancel.check()
        rows = slice(top, top + _ROWS)
        if photograph.bgra is not None:
            target[rows] = photograph.bgra[rows]
            continue
        rgb = space.to_srgb(photograph.samples[rows])
        order = cv2.COLOR_RGBA2BGRA if rgb.shape[2] == 4 else cv2.COLOR_RGB2BGRA
        cv2.cvtColor(rgb, order, dst=target[rows])
    return target


def open_profile(icc: bytes) -> ImageCms.ImageCmsProfile | None:
    """The profile in `icc`; None when LittleCMS cannot read it."""
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except OSError:
        return None


def srgb_profile() -> bytes:
    """An ICC profile of sRGB."""
    profile: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile


def profile_kind(profile: ImageCms.ImageCmsProfile) -> str:
    """The colour space that a profile describes: "RGB", "GRAY", "CMYK", "Lab" …"""
    return profile.profile.xcolor_space.strip()


def foreign_to_srgb(image: Image.Image, icc: bytes | None) -> tuple[U8, bool]:
    """A Pillow image of mode CMYK or LAB as (h, w, 3) sRGB, and whether its profile was used.

    CMYK without a usable profile is converted by Pillow's plain formula: believable, not accurate.
    """
    srgb = ImageCms.createProfile("sRGB")
    profile = open_profile(icc) if icc is not None else None
    if image.mode == "LAB":
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    expected = {"CMYK": "CMYK", "LAB": "Lab"}.get(image.mode)
    if profile is not None and expected is not None and profile_kind(profile) == expected:
        try:
            convert = ImageCms.buildTransform(profile, srgb, image.mode, "RGB", _INTENT, _FLAGS)
        except ImageCms.PyCMSError:
            pass
        else:
            return to_array(convert.apply(image)), True
    return to_array(image.convert("RGB")), False


def _colour_of(values: U8, channels: Channels) -> U8:
    """The colour channels alone: (h, w) or (h, w, 3), contiguous."""
    if values.ndim == 2:
        return values
    colour = values[..., 0] if channels.is_gray else values[..., :3]
    return np.ascontiguousarray(colour)


def _as_rgb(colour: U8) -> U8:
    if colour.ndim == 3:
        return colour
    return as_u8(cv2.cvtColor(np.ascontiguousarray(colour), cv2.COLOR_GRAY2RGB))


def _apply(transform: ImageCms.ImageCmsTransform, colour: U8) -> U8:
    """One 8-bit array through a transform, in slices of rows to bound the copies."""
    parts = [
        np.asarray(transform.apply(Image.fromarray(np.ascontiguousarray(colour[top : top + _ROWS]))))
        for top in range(0, colour.shape[0], _ROWS)
    ]
    return as_u8(np.concatenate(parts)) if len(parts) > 1 else np.array(parts[0], dtype=np.uint8)


def _moves_nothing(transform: ImageCms.ImageCmsTransform, mode: str) -> bool:
    """Whether a transform into sRGB leaves a grid of colours where they are, within `_SAME` levels."""
    if mode == "L":
        grid: U8 = np.arange(256, dtype=np.uint8).reshape(1, 256)
    else:
        steps = np.linspace(0, 255, 9).round().astype(np.uint8)
        grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = _apply(transform, grid)
    return bool(np.abs(moved.astype(np.int16) - _as_rgb(grid)).max() <= _SAME)
