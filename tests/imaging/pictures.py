"""Small pictures and whole files for the tests of imaging, made from nothing but a seed."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from app.imaging.arrays import Samples
from app.imaging.photograph import Channels, Metadata, Photograph

SHAPES = {Channels.GRAY: (), Channels.GRAY_ALPHA: (2,), Channels.RGB: (3,), Channels.RGBA: (4,)}


def noise(channels: Channels, bits: int = 8, height: int = 13, width: int = 17, seed: int = 1) -> Samples:
    """Random samples of every value."""
    dtype = np.uint8 if bits == 8 else np.uint16
    shape = (height, width, *SHAPES[channels])
    return np.random.default_rng(seed).integers(0, 1 << bits, shape, dtype=dtype)


def smooth(height: int, width: int) -> Samples:
    """A gradient in RGB that lossy formats keep well."""
    ys, xs = np.mgrid[0:height, 0:width]
    planes = (
        xs * 200 // max(1, width - 1),
        ys * 200 // max(1, height - 1),
        (xs + ys) * 255 // (height + width),
    )
    return np.stack(planes, axis=-1).astype(np.uint8)


def photograph(samples: Samples, metadata: Metadata = Metadata()) -> Photograph:
    return Photograph(samples, Channels.of(samples), metadata, "made.png", "PNG")


def encoded(picture: Image.Image, file_format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def exif_block(orientation: int = 1, order: str = "<", thumbnail: bytes = b"") -> bytes:
    """Make, Orientation, resolution, an Exif directory with sizes and a maker note, and a thumbnail."""
    make = b"Camera\0\0"
    note = bytes(range(40))
    ifd0_at, ifd0_count = 8, 6
    data_at = ifd0_at + 2 + 12 * ifd0_count + 4
    make_at = data_at
    resolution_at = make_at + len(make)
    exif_at = resolution_at + 8
    note_at = exif_at + 2 + 12 * 3 + 4
    ifd1_at = note_at + len(note)
    thumbnail_at = ifd1_at + 2 + 12 * 2 + 4

    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        if kind == 3:
            return struct.pack(order + "HHIHH", tag, kind, count, value, 0)
        return struct.pack(order + "HHII", tag, kind, count, value)

    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", ifd0_at)
    block += struct.pack(order + "H", ifd0_count)
    block += entry(0x010F, 2, 7, make_at)
    block += entry(0x0112, 3, 1, orientation)
    block += entry(0x011A, 5, 1, resolution_at) + entry(0x011B, 5, 1, resolution_at)
    block += entry(0x0128, 3, 1, 2)
    block += entry(0x8769, 4, 1, exif_at)
    block += struct.pack(order + "I", ifd1_at if thumbnail else 0)
    block += make + struct.pack(order + "II", 300, 1)
    block += struct.pack(order + "H", 3)
    block += entry(0x927C, 7, len(note), note_at)
    block += entry(0xA002, 4, 1, 640) + entry(0xA003, 4, 1, 480)
    block += struct.pack(order + "I", 0) + note
    if thumbnail:
        block += struct.pack(order + "H", 2)
        block += entry(0x0201, 4, 1, thumbnail_at) + entry(0x0202, 4, 1, len(thumbnail))
        block += struct.pack(order + "I", 0) + thumbnail
    return block


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(png: bytes, *chunks: bytes) -> bytes:
    """`png` with chunks put in behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def png_of_size(width: int, height: int) -> bytes:
    """A well-formed PNG whose header claims a size that its few bytes of data do not have."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(bytes(100)))
        + png_chunk(b"IEND", b"")
    )


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


ADOBE_RGB = (0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457)
"""XYZ under D50 of its red, green and blue."""


SRGB = (0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.7141)


def swapped_profile() -> bytes:
    """The profile of a display whose red shines green and whose green shines red: seen at once."""
    return matrix_profile(2.2, primaries=(SRGB[1], SRGB[0], SRGB[2]), name="Red and green swapped")


def matrix_profile(
    gamma: float = 2.2,
    kind: str = "RGB",
    primaries: Sequence[tuple[float, float, float]] = ADOBE_RGB,
    name: str = "made",
) -> bytes:
    """An ICC profile of version 2 with these primaries (or grey) and a plain gamma curve."""
    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(gamma * 256)) + bytes(2)
    tags = _common_tags(name)
    if kind == "RGB":
        tags |= {
            b"rXYZ": _xyz(*primaries[0]),
            b"gXYZ": _xyz(*primaries[1]),
            b"bXYZ": _xyz(*primaries[2]),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        }
    else:
        tags[b"kTRC"] = curve
    return _profile(b"mntr", kind, b"XYZ ", tags)


def table_profile(kind: str, corners: dict[tuple[int, ...], tuple[int, int, int]]) -> bytes:
    """An ICC profile that only leads into Lab, by a table of the corners of its space (0 or 1 a channel).

    Corners that are not given are black. Lab values are those of ICC.1:2001: 255 is L 100, 128 is neutral.
    """
    inputs = len(kind)
    ramp = bytes(range(256))
    table = b"".join(
        bytes(
            corners.get(
                tuple(index >> (inputs - 1 - channel) & 1 for channel in range(inputs)), (0, 128, 128)
            )
        )
        for index in range(1 << inputs)
    )
    identity = b"".join(struct.pack(">i", 65536 * (index % 4 == 0)) for index in range(9))
    head = b"mft1" + bytes(4) + struct.pack(">BBBx", inputs, 3, 2) + identity
    return _profile(
        b"scnr" if kind == "RGB" else b"prtr",
        kind,
        b"Lab ",
        _common_tags() | {b"A2B0": head + ramp * inputs + table + ramp * 3},
    )


def _xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">iii", *(round(v * 65536) for v in (x, y, z)))


def _common_tags(title: str = "made") -> dict[bytes, bytes]:
    name = title.encode() + b"\0"
    return {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(name)) + name + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": _xyz(0.9642, 1.0, 0.8249),
    }


def _profile(device: bytes, kind: str, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, value in tags.items():
        table += struct.pack(">4sII", tag, offset + len(body), len(value))
        body += value + bytes(-len(value) % 4)
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"lcms", 0x02100000, device, kind.ljust(4).encode(), connection)
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">iii", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\0") + table + body
