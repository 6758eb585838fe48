"""The chunks of a PNG file: reading what describes the picture, and writing pictures with metadata.

Decoders never see the chunks that only describe: those are read here with limits of their own, so a few
kilobytes that inflate to gigabytes do no harm, and an odd text chunk cannot keep a photograph from opening.
PNG specification, third edition (W3C, 2025).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from app.base.text import tr
from app.imaging.arrays import U16, Samples
from app.imaging.photograph import Channels, Metadata
from app.imaging.sources import damaged, truncated

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_XMP = b"XML:com.adobe.xmp"
_MAX_TEXT = 1 << 24
"""Bytes that a compressed profile or text may inflate to; the largest real profiles have about 4 MB."""
_FOR_DECODERS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND"})
_ROWS = 64


@dataclass(frozen=True, slots=True)
class PngFile:
    """What the chunks say. `image` is a PNG of the chunks that a decoder needs and no others."""

    width: int
    height: int
    depth: int
    """Bits per sample: 1, 2, 4, 8 or 16."""
    colour_type: int
    """0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA."""
    transparency: bytes | None
    """The body of tRNS: alpha of the palette, or the one colour that is transparent."""
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    dpi: tuple[float, float] | None
    is_animated: bool
    notes: tuple[str, ...]
    image: bytes


class _Collected:
    def __init__(self) -> None:
        self.kept: list[memoryview] = []
        self.bodies: dict[bytes, bytes] = {}
        self.xmp: bytes | None = None
        self.notes: list[str] = []

    def take(self, kind: bytes, body: memoryview, whole: memoryview) -> None:
        if kind in _FOR_DECODERS:
            self.kept.append(whole)
        if kind == b"iTXt" and body[: len(_XMP) + 1] == _XMP + b"\0" and self.xmp is None:
            self.xmp = self._text(bytes(body[len(_XMP) + 1 :]))
        elif kind in (b"IHDR", b"tRNS", b"iCCP", b"eXIf", b"pHYs", b"acTL"):
            self.bodies.setdefault(kind, bytes(body))

    def _text(self, body: bytes) -> bytes | None:
        """The text of an iTXt chunk after its keyword: flag, method, language, translated keyword, text."""
        parts = body[2:].split(b"\0", 2)
        if len(parts) < 3:
            return None
        if body[0] == 0:
            return parts[2]
        return self._inflated(parts[2], tr("The XMP metadata"))

    def icc(self) -> bytes | None:
        _, found, rest = self.bodies.get(b"iCCP", b"").partition(b"\0")
        return self._inflated(rest[1:], tr("The colour profile")) if found else None

    def _inflated(self, packed: bytes, what: str) -> bytes | None:
        inflate = zlib.decompressobj()
        try:
            plain = inflate.decompress(packed, _MAX_TEXT)
        except zlib.error:
            self.notes.append(tr("{what} is damaged and was left out.", what=what))
            return None
        if inflate.unconsumed_tail:
            self.notes.append(tr("{what} is too large and was left out.", what=what))
            return None
        return plain


def parse(data: bytes) -> PngFile:
    """Read the chunks of `data`, which starts with the PNG signature.

    Raises:
        Unreadable: a chunk that carries the picture is damaged, or the end is missing.
    """
    collected = _Collected()
    for kind, body, whole in _chunks(data):
        collected.take(kind, body, whole)
    header = collected.bodies.get(b"IHDR", b"")
    if len(header) != 13:
        raise damaged()
    width, height, depth, colour_type = struct.unpack_from(">IIBB", header)
    return PngFile(
        width,
        height,
        depth,
        colour_type,
        collected.bodies.get(b"tRNS"),
        collected.icc(),
        collected.bodies.get(b"eXIf"),
        collected.xmp,
        _density(collected.bodies.get(b"pHYs", b"")),
        b"acTL" in collected.bodies,
        tuple(collected.notes),
        b"".join((SIGNATURE, *collected.kept)),
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, memoryview]]:
    """Kind, body and the whole of every chunk up to IEND; checks the sums of those that decoders need."""
    view = memoryview(data)
    at = len(SIGNATURE)
    while True:
        if at + 12 > len(data):
            raise truncated()
        length = struct.unpack_from(">I", data, at)[0]
        kind = data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            raise truncated()
        said = struct.unpack_from(">I", data, end - 4)[0]
        if kind in _FOR_DECODERS and zlib.crc32(view[at + 4 : end - 4]) != said:
            raise damaged()
        yield kind, view[at + 8 : end - 4], view[at:end]
        if kind == b"IEND":
            return
        at = end


def _density(body: bytes) -> tuple[float, float] | None:
    """Pixels per inch of a pHYs chunk, which counts per metre."""
    if len(body) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", body)
    if unit != 1 or not across or not down:
        return None
    return across * 0.0254, down * 0.0254


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk with its length and its check sum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def encode_sixteen_bits(samples: U16, metadata: Metadata, level: int) -> bytes:
    """A PNG of 16 bits a sample with its metadata; `samples` (H, W[, 2–4]), `level` 0–9 as in zlib.

    Written here because no library at hand writes 16-bit grey with alpha, nor 16 bits with metadata.
    """
    return b"".join(png_parts(samples, metadata, level))


def png_parts(samples: Samples, metadata: Metadata, level: int) -> list[bytes]:
    """The pieces of a PNG of 8 or 16 bits a sample, one after the other.

    Other threads run while it is made, which encoders that hand back all of a file at once do not allow.
    """
    channels = Channels.of(samples)
    height, width = samples.shape[:2]
    bits = 16 if samples.dtype == np.uint16 else 8
    colour_type = {
        Channels.GRAY: 0,
        Channels.RGB: 2,
        Channels.GRAY_ALPHA: 4,
        Channels.RGBA: 6,
    }[channels]
    parts = [SIGNATURE, chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, 0))]
    parts += _describing(metadata)
    parts += _pixels(samples, channels.count * bits // 8, level)
    parts.append(chunk(b"IEND", b""))
    return parts


def with_metadata(png: bytes, metadata: Metadata) -> bytes:
    """`png`, which starts with the signature and IHDR, with chunks for everything in `metadata`."""
    header, whole = len(SIGNATURE) + 25, memoryview(png)
    return b"".join([whole[:header], *_describing(metadata), whole[header:]])


def _describing(metadata: Metadata) -> list[bytes]:
    parts = []
    if metadata.icc is not None:
        parts.append(chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc)))
    if metadata.dpi is not None:
        across, down = (round(value / 0.0254) for value in metadata.dpi)
        parts.append(chunk(b"pHYs", struct.pack(">IIB", across, down, 1)))
    if metadata.exif is not None:
        parts.append(chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        parts.append(chunk(b"iTXt", _XMP + b"\0\0\0\0\0" + metadata.xmp))
    return parts


def _pixels(samples: Samples, step: int, level: int) -> Iterator[bytes]:
    """IDAT chunks: rows by the Sub filter (each byte less the one a pixel to the left), then zlib."""
    pack = zlib.compressobj(level)
    height, width = samples.shape[:2]
    for top in range(0, height, _ROWS):
        big_endian = samples[top : top + _ROWS].astype(samples.dtype.newbyteorder(">"), order="C")
        plain = big_endian.view(np.uint8).reshape(big_endian.shape[0], width * step)
        rows = np.empty((plain.shape[0], 1 + plain.shape[1]), np.uint8)
        rows[:, 0] = 1
        rows[:, 1 : 1 + step] = plain[:, :step]
        np.subtract(plain[:, step:], plain[:, :-step], out=rows[:, 1 + step :])
        packed = pack.compress(rows.data)
        if packed:
            yield chunk(b"IDAT", packed)
    yield chunk(b"IDAT", pack.flush())
