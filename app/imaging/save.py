"""Writing photographs: the format by the file's suffix, all metadata, in one step or not at all.

Whatever a format cannot hold is said in the notes of `Saved`, never dropped in silence.
"""

from __future__ import annotations

import enum
import stat
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from app.base.errors import OutputError, from_os_error
from app.base.files import write_atomically
from app.base.text import tr
from app.imaging.arrays import Samples, as_samples, full_scale, to_eight_bits
from app.imaging.colour import ColourSpace, open_profile, profile_kind
from app.imaging.encoders import encode_avif, encode_jpeg, encode_png_file, encode_tiff, encode_webp
from app.imaging.photograph import Channels, Metadata, Photograph

_MAX_JPEG_BLOCK = 65533
"""Bytes in one segment of a JPEG file, its length included."""
_EXIF_OVERHEAD, _XMP_OVERHEAD = 8, 31
_ENCODING_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    struct.error,
)
"""What Pillow, tifffile and zlib raise when they cannot encode something."""


@dataclass(frozen=True, slots=True)
class _Traits:
    title: str
    suffixes: tuple[str, ...]
    lossless_possible: bool
    always_lossless: bool
    keeps_16_bit: bool
    keeps_alpha: bool
    max_side: int


class FileFormat(enum.Enum):
    """A format that photographs are exported to."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WEBP"
    TIFF = "TIFF"
    AVIF = "AVIF"

    @property
    def title(self) -> str:
        """What people call it."""
        return _TRAITS[self].title

    @property
    def suffixes(self) -> tuple[str, ...]:
        """With their dot, the usual one first."""
        return _TRAITS[self].suffixes

    @property
    def lossless_possible(self) -> bool:
        """It can give back the very samples that were written."""
        return _TRAITS[self].lossless_possible

    @property
    def has_quality(self) -> bool:
        """`ExportOptions.quality` matters."""
        return not _TRAITS[self].always_lossless

    @property
    def keeps_16_bit(self) -> bool:
        return _TRAITS[self].keeps_16_bit

    @property
    def keeps_alpha(self) -> bool:
        return _TRAITS[self].keeps_alpha


_TRAITS: Mapping[FileFormat, _Traits] = MappingProxyType(
    {
        FileFormat.PNG: _Traits("PNG", (".png",), True, True, True, True, (1 << 31) - 1),
        FileFormat.JPEG: _Traits("JPEG", (".jpg", ".jpeg", ".jpe"), False, False, False, False, 65535),
        FileFormat.WEBP: _Traits("WebP", (".webp",), True, False, False, True, 16383),
        FileFormat.TIFF: _Traits("TIFF", (".tif", ".tiff"), True, True, True, True, (1 << 31) - 1),
        # Pillow hands libavif YUV, so even its best quality rounds.
        FileFormat.AVIF: _Traits("AVIF", (".avif",), False, False, False, True, 65535),
    }
)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What the user chooses for an export."""

    quality: int = 92
    """1–100, for JPEG, WebP and AVIF."""
    lossless: bool = False
    """For WebP: keep every sample; the quality is then of no account."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written."""

    path: Path
    format: FileFormat
    lossy: bool
    """Opening the file gives other samples than those that were written."""
    notes: tuple[str, ...] = ()
    """Sentences for the user about what the format could not hold."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A photograph made to fit a format."""

    samples: Samples
    metadata: Metadata
    notes: tuple[str, ...]
    changed: bool
    """Samples are no longer those of the photograph."""


def format_for(path: Path) -> FileFormat:
    """The format that a suffix means.

    Raises:
        OutputError: it means none.
    """
    for file_format in FileFormat:
        if path.suffix.lower() in file_format.suffixes:
            return file_format
    known = ", ".join(file_format.suffixes[0] for file_format in FileFormat)
    raise OutputError(
        tr("“{name}”: no format that can be written has this ending.", name=path.name),
        tr("Use one of {known}.", known=known),
    )


def save_photograph(photograph: Photograph, path: Path, options: ExportOptions = ExportOptions()) -> Saved:
    """Write a photograph with its profile and metadata; `path` is replaced in one step or stays as it was.

    Blocks for the time of an encode; call it in a worker.

    Raises:
        OutputError: no such format or folder, a picture too large for the format, or no way to write there.
    """
    file_format = format_for(path)
    check_target(path)
    _check_sides(photograph, path, file_format)
    fitted = _fitted(photograph, file_format)
    try:
        data, fitted = _encode_with_or_without_exif(fitted, file_format, options)
    except _ENCODING_ERRORS as error:
        raise OutputError(
            tr(
                "“{name}”: the picture could not be encoded as {format}.",
                name=path.name,
                format=file_format.title,
            ),
            tr("Choose another format."),
            details=repr(error),
        ) from error
    try:
        write_atomically(path, lambda file: file.write(data))
    except OSError as error:
        raise from_os_error(error, path.name, kind=OutputError) from error
    is_lossless = _TRAITS[file_format].always_lossless or (file_format.lossless_possible and options.lossless)
    return Saved(path, file_format, fitted.changed or not is_lossless, fitted.notes)


def check_target(path: Path) -> None:
    """Refuse a missing folder, a folder as target, and anything but an ordinary file.

    Raises:
        OutputError: with the reason.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise from_os_error(error, path.name, kind=OutputError) from error
    except ValueError as error:
        raise OutputError(tr("“{name}”: it is no possible file name.", name=path.name)) from error
    if not path.parent.is_dir():
        raise OutputError(
            tr("“{name}”: the folder “{folder}” does not exist.", name=path.name, folder=path.parent),
            tr("Create it, or choose another one."),
        )
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(tr("“{name}”: it is a folder.", name=path.name), tr("Name a file."))
    if mode is not None and not stat.S_ISREG(mode):
        # Replacing it would put a file where the system has a device.
        raise OutputError(
            tr("“{name}”: it is a device or a pipe, not a file.", name=path.name), tr("Name a file.")
        )


def _check_sides(photograph: Photograph, path: Path, file_format: FileFormat) -> None:
    limit = _TRAITS[file_format].max_side
    size = photograph.size
    if max(size.width, size.height) > limit:
        raise OutputError(
            tr(
                "“{name}”: {format} holds at most {limit} pixels a side, the picture has {width} × {height}.",
                name=path.name,
                format=file_format.title,
                limit=limit,
                width=size.width,
                height=size.height,
            ),
            tr("Export it as PNG or TIFF."),
        )


def _encode_with_or_without_exif(
    fitted: _Fitted, file_format: FileFormat, options: ExportOptions
) -> tuple[bytes, _Fitted]:
    """Some encoders take EXIF apart, and give up on a damaged directory that others just copy."""
    try:
        return _encode(fitted, file_format, options), fitted
    except _ENCODING_ERRORS:
        if fitted.metadata.exif is None:
            raise
        note = tr(
            "Its EXIF metadata could not be written as {format} and was left out.", format=file_format.title
        )
        without = replace(fitted, metadata=replace(fitted.metadata, exif=None), notes=(*fitted.notes, note))
        return _encode(without, file_format, options), without


def _encode(fitted: _Fitted, file_format: FileFormat, options: ExportOptions) -> bytes:
    quality = min(max(options.quality, 1), 100)
    if file_format is FileFormat.PNG:
        return encode_png_file(fitted.samples, fitted.metadata)
    if file_format is FileFormat.TIFF:
        return encode_tiff(fitted.samples, fitted.metadata)
    eight_bits = to_eight_bits(fitted.samples)
    if file_format is FileFormat.JPEG:
        return encode_jpeg(eight_bits, fitted.metadata, quality)
    if file_format is FileFormat.WEBP:
        return encode_webp(eight_bits, fitted.metadata, quality, options.lossless)
    return encode_avif(eight_bits, fitted.metadata, quality)


def _fitted(photograph: Photograph, file_format: FileFormat) -> _Fitted:
    fitted = _Fitted(photograph.samples, photograph.metadata, (), False)
    if fitted.samples.dtype != np.uint8 and not file_format.keeps_16_bit:
        note = tr("{format} holds 8 bits per channel: the 16 were rounded.", format=file_format.title)
        fitted = _changed(fitted, as_samples(to_eight_bits(fitted.samples)), note)
    if photograph.has_alpha and not file_format.keeps_alpha:
        note = tr("{format} holds no transparency: it was laid on white.", format=file_format.title)
        fitted = _changed(fitted, on_white(fitted.samples), note)
    if _grey_as_colour(Channels.of(fitted.samples), file_format):
        fitted = _coloured(fitted)
    if file_format is FileFormat.JPEG:
        fitted = _without_long_blocks(fitted)
    return fitted


def _changed(fitted: _Fitted, samples: Samples, note: str) -> _Fitted:
    return replace(fitted, samples=samples, notes=(*fitted.notes, note), changed=True)


def on_white(samples: Samples) -> Samples:
    """Samples (H, W, 2 or 4) with straight alpha laid on white: (H, W) or (H, W, 3), rounded to nearest."""
    top = full_scale(samples)
    alpha = samples[..., -1:].astype(np.uint32)
    mixed = (samples[..., :-1] * alpha + (top - alpha) * top + top // 2) // top
    colour = mixed.astype(samples.dtype)
    return as_samples(colour[..., 0] if colour.shape[2] == 1 else colour)


def _grey_as_colour(channels: Channels, file_format: FileFormat) -> bool:
    """The format has no such grey, so that it is written as RGB."""
    if file_format is FileFormat.WEBP:
        return channels.is_gray
    return file_format is FileFormat.AVIF and channels is Channels.GRAY_ALPHA


def _coloured(fitted: _Fitted) -> _Fitted:
    """Grey as RGB of equal values; a profile for grey fits no RGB file and is converted away."""
    icc = fitted.metadata.icc
    profile = open_profile(icc) if icc is not None else None
    if profile is not None and profile_kind(profile) == "GRAY":
        rgb = ColourSpace(icc, Channels.of(fitted.samples)).to_srgb(fitted.samples)
        note = tr("Its grey profile was converted to sRGB.")
        changed = _changed(fitted, as_samples(rgb), note)
        return replace(changed, metadata=replace(fitted.metadata, icc=None))
    rgb = ColourSpace(None, Channels.of(fitted.samples)).to_srgb(fitted.samples)
    return replace(fitted, samples=as_samples(rgb))


def _without_long_blocks(fitted: _Fitted) -> _Fitted:
    """JPEG keeps EXIF and XMP in one segment each."""
    metadata, notes = fitted.metadata, fitted.notes
    if metadata.exif is not None and len(metadata.exif) + _EXIF_OVERHEAD > _MAX_JPEG_BLOCK:
        metadata = replace(metadata, exif=None)
        notes = (*notes, tr("Its EXIF metadata is too long for JPEG and was left out."))
    if metadata.xmp is not None and len(metadata.xmp) + _XMP_OVERHEAD > _MAX_JPEG_BLOCK:
        metadata = replace(metadata, xmp=None)
        notes = (*notes, tr("Its XMP metadata is too long for JPEG and was left out."))
    return replace(fitted, metadata=metadata, notes=notes)
