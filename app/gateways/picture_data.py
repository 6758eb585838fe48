"""The picture in a reply, from the text that carries it to bytes that can be opened: base64, data: URLs, limits.

Only headers are read. What is wrong with a picture is a `ValueError` in words that end a sentence.
"""

from __future__ import annotations

import binascii
from urllib.parse import unquote_to_bytes

from app.base.errors import PhotographError
from app.base.geometry import Size
from app.base.text import tr
from app.edits.types import ReceivedImage
from app.imaging.load import Limits, probe

SLICE = 4 << 20
"""Characters of base64 that are decoded in one go: one long C call would stop every other thread."""

MOST_PIXELS = 100_000_000
"""Of one picture. A small file can hold far more of them than the memory can."""

LONGEST_PERCENT = 8 << 20
"""Characters of a data: URL that is not base64; no picture of any size comes that way."""

_URL_SAFE = str.maketrans("-_", "+/", " \t\r\n")


def received_image(data: bytes, revised_prompt: str | None, seed: int | None) -> ReceivedImage:
    """`data` as an image of a reply. Raises ValueError with the reason why it is none."""
    flaw = picture_flaw(data)
    if flaw is not None:
        raise ValueError(flaw)
    return ReceivedImage(data, revised_prompt, seed)


def picture_flaw(data: bytes) -> str | None:
    """Why `data` is no picture that can be opened; None when it begins like one that can."""
    size = picture_size(data)
    if size is None:
        return tr("what the provider sent is no picture")
    if size.area > MOST_PIXELS:
        return tr(
            "its picture of {width} × {height} pixels is too large", width=size.width, height=size.height
        )
    return None


def picture_size(data: bytes) -> Size | None:
    """What the first bytes of a picture say of its size; None for what is none."""
    try:
        return probe(data, limits=Limits(max_pixels=1 << 62)).size
    except PhotographError:
        return None


def picture_in_data_url(url: str) -> bytes:
    """The bytes of a `data:` URL. Raises ValueError."""
    head, comma, text = url.partition(",")
    if not comma:
        raise ValueError(tr("its data: URL has no data"))
    if head.endswith(";base64"):
        return decode_base64(text)
    if len(text) > LONGEST_PERCENT:
        raise ValueError(tr("its data: URL is too long"))
    return unquote_to_bytes(text)


def decode_base64(text: str) -> bytes:
    """Base64 with line breaks, with the URL-safe alphabet, or without padding. Raises ValueError.

    Decoded in slices, so that other threads get their turn.
    """
    pieces: list[bytes] = []
    rest = ""
    for start in range(0, len(text), SLICE):
        clean = rest + text[start : start + SLICE].translate(_URL_SAFE)
        if start + SLICE >= len(text):
            clean = clean.rstrip("=")
            clean += "=" * (-len(clean) % 4)
        whole = len(clean) - len(clean) % 4
        rest = clean[whole:]
        try:
            pieces.append(binascii.a2b_base64(clean[:whole].encode("ascii"), strict_mode=True))
        except (binascii.Error, UnicodeEncodeError):
            raise ValueError(tr("it is not base64")) from None
    return b"".join(pieces)
