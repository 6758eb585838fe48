"""The marker segments of a JPEG file: size, kind, profile and metadata, without decoding a pixel.

ITU-T T.81 (markers), JFIF 1.02 (density), Exif 2.32 and the ICC specification annex B.4 (embedding).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from app.imaging.sources import damaged

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SOS, _EOI, _TEM = 0xDA, 0xD9, 0x01
_STANDALONE = frozenset({*range(0xD0, 0xD9), _TEM})
_APP0, _APP1, _APP2 = 0xE0, 0xE1, 0xE2
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_JFIF = b"JFIF\0"


@dataclass(frozen=True, slots=True)
class JpegFile:
    """What the segments up to the first scan say."""

    width: int
    height: int
    components: int
    """1 grey, 3 colour, 4 CMYK or YCCK."""
    precision: int
    """Bits per sample; 8 but for medical and scientific files."""
    exif: bytes | None
    """The TIFF structure, without its prefix."""
    xmp: bytes | None
    icc: bytes | None
    dpi: tuple[float, float] | None
    is_complete: bool
    """The end of the picture is there. Entropy-coded data never holds the two bytes of an end marker."""


class _Collected:
    def __init__(self) -> None:
        self.frame: tuple[int, int, int, int] | None = None
        self.exif: bytes | None = None
        self.xmp: bytes | None = None
        self.icc_parts: dict[int, bytes] = {}
        self.icc_count = 0
        self.dpi: tuple[float, float] | None = None

    def take(self, marker: int, body: bytes) -> None:
        if marker in _SOF and self.frame is None:
            precision, height, width, components = struct.unpack_from(">BHHB", body)
            self.frame = precision, height, width, components
        elif marker == _APP0 and body.startswith(_JFIF):
            self.dpi = _density(body)
        elif marker == _APP1 and body.startswith(_EXIF) and self.exif is None:
            self.exif = body[len(_EXIF) :]
        elif marker == _APP1 and body.startswith(_XMP) and self.xmp is None:
            self.xmp = body[len(_XMP) :]
        elif marker == _APP2 and body.startswith(_ICC) and len(body) > len(_ICC) + 2:
            number, self.icc_count = body[len(_ICC)], body[len(_ICC) + 1]
            self.icc_parts[number] = body[len(_ICC) + 2 :]

    def icc(self) -> bytes | None:
        """The profile; an incomplete one is handed on as it is, and found to be unreadable later."""
        if not self.icc_parts:
            return None
        return b"".join(self.icc_parts[number] for number in sorted(self.icc_parts))


def parse(data: bytes) -> JpegFile:
    """Read the segments of `data`, which starts with an SOI marker.

    Raises:
        Unreadable: the segments make no sense before the first scan.
    """
    collected = _Collected()
    at = 2
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 4 > len(data):
            raise damaged()
        marker = data[at + 1]
        if marker in (0x00, 0xFF):
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        if marker == _EOI:
            raise damaged()
        length = struct.unpack_from(">H", data, at + 2)[0]
        if marker == _SOS:
            break
        collected.take(marker, data[at + 4 : at + 2 + length])
        at += 2 + max(length, 2)
    if collected.frame is None:
        raise damaged()
    precision, height, width, components = collected.frame
    return JpegFile(
        width,
        height,
        components,
        precision,
        collected.exif,
        collected.xmp,
        collected.icc(),
        collected.dpi,
        # From behind, where it is: to look through all of a large file takes long, and lets no thread run meanwhile.
        is_complete=data.rfind(b"\xff\xd9", at) >= 0,
    )


def _density(body: bytes) -> tuple[float, float] | None:
    if len(body) < 12:
        return None
    unit, across, down = struct.unpack_from(">BHH", body, 7)
    factor = {1: 1.0, 2: 2.54}.get(unit)
    if factor is None or not across or not down:
        return None
    return across * factor, down * factor
