"""The photograph as it was opened: its own samples, its profile and its metadata. Data only, no decoding."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from app.base.geometry import Size
from app.imaging.arrays import U8, Samples


class Channels(enum.Enum):
    """What the channels of an array are, in their order. Alpha is always straight."""

    GRAY = "L"
    GRAY_ALPHA = "LA"
    RGB = "RGB"
    RGBA = "RGBA"

    @property
    def count(self) -> int:
        return len(self.value)

    @property
    def has_alpha(self) -> bool:
        return self.value.endswith("A")

    @property
    def is_gray(self) -> bool:
        return self.value.startswith("L")

    @classmethod
    def of(cls, samples: Samples) -> Channels:
        """The channels of an array (H, W) or (H, W, 1–4)."""
        count = 1 if samples.ndim == 2 else samples.shape[2]
        return (cls.GRAY, cls.GRAY_ALPHA, cls.RGB, cls.RGBA)[count - 1]


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says about its picture; carried from the source to every export."""

    icc: bytes | None = None
    """The ICC profile of the samples; None means sRGB (or grey with the curve of sRGB)."""
    exif: bytes | None = None
    """The TIFF structure of the EXIF block, without the "Exif" prefix; its orientation is 1 (upright)."""
    xmp: bytes | None = None
    """The XMP packet, UTF-8."""
    dpi: tuple[float, float] | None = None
    """Pixels per inch across and down."""


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A decoded photograph: upright, straight alpha, never changed after loading.

    `samples` are (H, W) for GRAY, else (H, W, C), uint8 or uint16, in the colour space of `metadata.icc`.
    They are read-only and may be a strided view: an opaque 8-bit RGB photograph in sRGB keeps its pixels
    once, in `bgra`, and its samples are the first three channels of that buffer in the order RGB.
    """

    samples: Samples
    channels: Channels
    metadata: Metadata
    name: str
    """What the user calls it: the file's name."""
    format: str
    """The format it was read from, such as "JPEG"."""
    notes: tuple[str, ...] = ()
    """Sentences for the user about what could not be kept as it was."""
    bgra: U8 | None = None
    """(H, W, 4) BGRA with alpha 255, read-only, where `shares_working`; else None."""

    @property
    def size(self) -> Size:
        return Size(self.samples.shape[1], self.samples.shape[0])

    @property
    def bits(self) -> int:
        """Bits per sample: 8 or 16."""
        return self.samples.dtype.itemsize * 8

    @property
    def has_alpha(self) -> bool:
        return self.channels.has_alpha

    @property
    def shares_working(self) -> bool:
        """The working picture is the photograph's own buffer: copy it before the first write."""
        return self.bgra is not None


def from_bgra(
    bgra: U8, metadata: Metadata, name: str, file_format: str, notes: tuple[str, ...] = ()
) -> Photograph:
    """An opaque 8-bit sRGB photograph that shares `bgra` (H, W, 4), alpha 255, with its working picture.

    `bgra` becomes read-only, so a write that was meant for a copy fails instead of changing the source.
    """
    bgra.flags.writeable = False
    return Photograph(bgra[..., 2::-1], Channels.RGB, metadata, name, file_format, notes, bgra)
