"""What a page of a TIFF file is, and its samples where they lie open; writing TIFF with all metadata.

TIFF 6.0 and Adobe's technical notes. tifffile reads every kind of page but decompresses only a few, which is
why `decoders` has two more ways. Pages marked as reduced copies of others (thumbnails) are passed over. It is loaded
with the first TIFF: most photographs are none.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, TiffImagePlugin

from app.base.text import tr, tr_count
from app.imaging.arrays import Samples, as_samples, full_scale
from app.imaging.photograph import Channels, Metadata
from app.imaging.sources import Unreadable, damaged, truncated

if TYPE_CHECKING:
    import tifffile

MIN_IS_WHITE, MIN_IS_BLACK, RGB = 0, 1, 2
_LAB = (8, 9, 10)
"""CIE, ICC and ITU Lab."""
_OPEN_COMPRESSIONS = frozenset({1, 8, 32773, 32946})
"""None, Deflate (two codes) and PackBits: what tifffile decompresses by itself."""
_UNSPECIFIED, _ASSOCIATED = 0, 1
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_XMP, _ICC = 700, 34675
_PLACEHOLDERS = (65000, 65001)
"""Private tags, one for each of the two directories of EXIF."""
_LONG = 4
_MAX_PAGES = 64
_DESCRIPTIVE = tuple(
    int(tag)
    for tag in (
        ExifTags.Base.ImageDescription,
        ExifTags.Base.Make,
        ExifTags.Base.Model,
        ExifTags.Base.Software,
        ExifTags.Base.DateTime,
        ExifTags.Base.Artist,
        ExifTags.Base.Copyright,
    )
)


@dataclass(frozen=True, slots=True)
class TiffFile:
    """The first full page: TIFF 6.0's own numbers, and the metadata of the page."""

    page: int
    width: int
    height: int
    bits: int
    samples: int
    """Per pixel, extra ones included."""
    sample_format: int
    """1 unsigned, 2 signed, 3 floating point."""
    photometric: int
    planar: bool
    """Each channel is stored as a plane of its own."""
    compression: int
    extra: tuple[int, ...]
    orientation: int
    icc: bytes | None
    xmp: bytes | None
    dpi: tuple[float, float] | None
    has_more_pages: bool

    @property
    def lies_open(self) -> bool:
        """`decode` can read it: 8 or 16 bits, grey or RGB, in a compression that needs no further library."""
        return (
            self.bits in (8, 16)
            and self.sample_format == 1
            and self.photometric in (MIN_IS_WHITE, MIN_IS_BLACK, RGB)
            and self.samples >= (3 if self.photometric == RGB else 1)
            and self.compression in _OPEN_COMPRESSIONS
        )


def parse(data: bytes) -> TiffFile:
    """Read the tags of the first full page.

    Raises:
        Unreadable: there is no page, or its picture lies beyond the end of the file.
        ValueError: the structure makes no sense.
    """
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        pages = [page for page in _first_pages(file) if page.is_memmappable or page.dataoffsets]
        full = [page for page in pages if not page.is_reduced] or pages
        if not full:
            raise damaged()
        page = full[0]
        for offset, length in zip(page.dataoffsets, page.databytecounts, strict=False):
            if offset + length > len(data):
                raise truncated()
        tags = page.tags
        return TiffFile(
            int(page.index),
            int(page.imagewidth),
            int(page.imagelength),
            int(page.bitspersample),
            int(page.samplesperpixel),
            int(page.sampleformat),
            int(page.photometric),
            int(page.planarconfig) == 2 and int(page.samplesperpixel) > 1,
            int(page.compression),
            tuple(int(extra) for extra in page.extrasamples),
            int(tags.valueof(274, default=1)),
            _bytes_of(tags.valueof(_ICC)),
            _bytes_of(tags.valueof(_XMP)),
            _density(tags),
            len(full) > 1,
        )


def _first_pages(file: tifffile.TiffFile) -> list[Any]:
    """Whole pages, not tifffile's frames, which lack tags; a file may claim millions."""
    file.pages.useframes = False
    pages = []
    for index, page in enumerate(file.pages):
        if index == _MAX_PAGES:
            break
        pages.append(page)
    return pages


def _bytes_of(value: object) -> bytes | None:
    return value if isinstance(value, bytes) and value else None


def _density(tags: tifffile.TiffTags) -> tuple[float, float] | None:
    factor = {2: 1.0, 3: 2.54}.get(int(tags.valueof(296, default=2)))
    values = []
    for code in (282, 283):
        value = tags.valueof(code)
        if factor is None or not isinstance(value, tuple) or len(value) != 2 or not value[0] or not value[1]:
            return None
        values.append(value[0] / value[1] * factor)
    return values[0], values[1]


def exif_of(image: Image.Image) -> bytes | None:
    """An EXIF block from the tags of a TIFF page, which keeps them beside those of its pixels."""
    source = image.getexif()
    kept = Image.Exif()
    for tag in _DESCRIPTIVE:
        if tag in source:
            kept[tag] = source[tag]
    for pointer in (_EXIF_IFD, _GPS_IFD):
        inner = source.get_ifd(pointer)
        if inner:
            kept[pointer] = dict(inner)
    return kept.tobytes().removeprefix(b"Exif\0\0") if len(kept) else None


def decode(data: bytes, info: TiffFile) -> tuple[Samples, tuple[str, ...]]:
    """The samples (H, W) or (H, W, 2–4) of a page that `lies_open`, as stored, and notes for the user."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as file:
        array: NDArray[Any] = file.pages[info.page].asarray(maxworkers=1)
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if info.planar:
        array = np.moveaxis(array.reshape(info.samples, info.height, info.width), 0, 2)
    return arrange(as_samples(array.reshape(info.height, info.width, info.samples)), info)


def arrange(planes: Samples, info: TiffFile) -> tuple[Samples, tuple[str, ...]]:
    """Colour and straight alpha, contiguous, out of (H, W, n) `planes` as a TIFF page has them."""
    colours = 3 if info.photometric == RGB else 1
    colour = planes[..., :colours]
    if info.photometric == MIN_IS_WHITE:
        colour = as_samples(full_scale(planes) - colour)
    notes = []
    alpha_at = _alpha_index(info, colours)
    dropped = planes.shape[2] - colours - (0 if alpha_at is None else 1)
    if dropped > 0:
        notes.append(
            tr_count("1 extra channel was left out.", "{count} extra channels were left out.", dropped)
        )
    if alpha_at is None:
        result = colour if colours == 3 else colour[..., 0]
        return as_samples(np.ascontiguousarray(result)), tuple(notes)
    alpha = planes[..., alpha_at : alpha_at + 1]
    if info.extra and info.extra[alpha_at - colours] == _ASSOCIATED:
        colour = unmultiplied(colour, alpha)
    return as_samples(np.concatenate((colour, alpha), axis=2)), tuple(notes)


def _alpha_index(info: TiffFile, colours: int) -> int | None:
    """Which sample is alpha; one extra sample of no stated kind is taken for it."""
    if not info.extra:
        return colours if info.samples == colours + 1 else None
    for index, kind in enumerate(info.extra):
        if kind != _UNSPECIFIED and colours + index < info.samples:
            return colours + index
    return None


def unmultiplied(colour: Samples, alpha: Samples) -> Samples:
    """Straight colours (h, w, c) from those multiplied by `alpha` (h, w, 1); 0 where nothing is visible."""
    top = full_scale(colour)
    wide = alpha.astype(np.uint32)
    straight = (colour.astype(np.uint32) * top + wide // 2) // np.maximum(wide, 1)
    return as_samples(np.where(wide > 0, np.minimum(straight, top), 0).astype(colour.dtype))


def encode(samples: Samples, metadata: Metadata, level: int) -> bytes:
    """A TIFF of one page with all metadata; `samples` (H, W) or (H, W, 2–4), 8 or 16 bits; Deflate at `level`.

    EXIF stands in directories of their own behind the picture, as Exif 2.32 wants it. tifffile refuses to write
    pointers to them, so it writes private tags, which become those pointers afterwards.
    """
    import tifffile

    channels = Channels.of(samples)
    exif = _directories(metadata.exif)
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        np.ascontiguousarray(samples),
        photometric="minisblack" if channels.is_gray else "rgb",
        planarconfig="contig" if samples.ndim == 3 else None,
        extrasamples=["unassalpha"] if channels.has_alpha else None,
        compression="zlib",
        compressionargs={"level": level},
        predictor=True,
        rowsperstrip=max(1, (1 << 20) // max(1, samples.nbytes // samples.shape[0])),
        iccprofile=metadata.icc,
        resolution=metadata.dpi,
        resolutionunit="INCH" if metadata.dpi is not None else None,
        software=False,
        metadata=None,
        extratags=_extra_tags(metadata, exif),
        maxworkers=1,
        byteorder="<",
        bigtiff=False,
    )
    if exif.inner:
        _append_directories(buffer, exif)
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Directories:
    """EXIF taken apart: texts for the page itself, and the directories behind it by their pointer's tag."""

    texts: dict[int, str]
    inner: dict[int, dict[int, Any]]


def _directories(exif: bytes | None) -> _Directories:
    if exif is None:
        return _Directories({}, {})
    parsed = Image.Exif()
    parsed.load(b"Exif\0\0" + exif)
    texts = {tag: str(parsed[tag]) for tag in _DESCRIPTIVE if isinstance(parsed.get(tag), str)}
    inner = {tag: dict(parsed.get_ifd(tag)) for tag in (_EXIF_IFD, _GPS_IFD)}
    return _Directories(texts, {tag: entries for tag, entries in inner.items() if entries})


def _extra_tags(metadata: Metadata, exif: _Directories) -> list[tuple[int, str, int, object, bool]]:
    tags: list[tuple[int, str, int, object, bool]] = []
    for tag, text in exif.texts.items():
        plain = text.encode("ascii", "replace").decode("ascii")
        tags.append((tag, "s", len(plain) + 1, plain, True))
    if metadata.xmp is not None:
        tags.append((_XMP, "B", len(metadata.xmp), metadata.xmp, True))
    tags += [
        (placeholder, "I", 1, 0, True) for placeholder, _ in zip(_PLACEHOLDERS, exif.inner, strict=False)
    ]
    return tags


def _append_directories(file: io.BytesIO, exif: _Directories) -> None:
    """Put the directories behind the page, and their pointers in the place of its placeholders."""
    file.seek(4)
    first = struct.unpack("<I", file.read(4))[0]
    file.seek(first)
    count = struct.unpack("<H", file.read(2))[0]
    entries = [file.read(12) for _ in range(count)]
    for placeholder, (tag, values) in zip(_PLACEHOLDERS, exif.inner.items(), strict=False):
        end = file.seek(0, io.SEEK_END)
        at = end + end % 2
        directory = TiffImagePlugin.ImageFileDirectory_v2(group=tag)
        for key, value in values.items():
            directory[key] = value
        file.write(bytes(at - end) + directory.tobytes(at))
        pointer = struct.pack("<HHII", tag, _LONG, 1, at)
        entries = [pointer if _code(entry) == placeholder else entry for entry in entries]
    file.seek(first + 2)
    entries.sort(key=_code)
    file.write(b"".join(entries))


def _code(entry: bytes) -> int:
    return int(struct.unpack_from("<H", entry)[0])


def unsupported(info: TiffFile) -> Unreadable:
    """The reason for a page whose samples no decoder here takes."""
    if info.sample_format == 3:
        return Unreadable(
            tr("its samples are floating-point numbers of {bits} bits", bits=info.bits),
            tr("Save it with 16 bits per channel first."),
        )
    if info.photometric in _LAB:
        return Unreadable(
            tr("Lab colours of {bits} bits per channel cannot be read", bits=info.bits),
            tr("Convert it to RGB first; 16 bits per channel are kept."),
        )
    return Unreadable(
        tr(
            "its kind of TIFF ({bits} bits, {samples} channels) is not supported",
            bits=info.bits,
            samples=info.samples,
        ),
        tr("Save it as an uncompressed TIFF of 8 or 16 bits first."),
    )
