"""A picture as the file that is uploaded: PNG, or less exact where the provider's limit leaves no other way.

Only the form and the size of one file are decided here; how it is put into a body is said in `encode`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.gateways.types import PictureForm, UploadFormat
from app.imaging.arrays import U8
from app.imaging.codecs import encode_lossy, encode_png

QUALITIES = (95, 90, 85, 75)
"""Tried in turn; below them, a smaller picture looks better than a worse one."""
_TIGHT = 9
"""zlib's greatest effort: a few per cent that may save a PNG."""
_HEADROOM = 1 << 16
"""More than a PNG of incompressible pixels is larger than these."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One encoded picture."""

    data: bytes = field(repr=False)
    format: UploadFormat
    quality: int | None = None
    """None = nothing was lost."""

    @property
    def media_type(self) -> str:
        return f"image/{self.format.value}"


def wire_length(size: int, form: PictureForm) -> int:
    """What `size` bytes of a file take in a body: base64 adds a third, a `data:` URL its head."""
    if form is PictureForm.FILE:
        return size
    return 4 * ((size + 2) // 3) + (len("data:image/jpeg;base64,") if form.is_url else 0)


def surely_fits(picture: U8, form: PictureForm, limit: int) -> bool:
    """True when even a PNG that could not be compressed would keep to `limit` bytes in the body (0 = none)."""
    return not limit or wire_length(picture.nbytes + picture.nbytes // 500 + _HEADROOM, form) <= limit


def make_upload(
    picture: U8, form: PictureForm, formats: tuple[UploadFormat, ...], limit: int
) -> Upload | None:
    """`picture`, (h, w, 3) RGB or (h, w, 4) RGBA, as the best file that takes at most `limit` bytes in a body.

    `limit` 0 = none. None where not even the worst of `formats` is small enough.
    """
    tries = _tries(picture, formats, limit)
    return next((each for each in tries if not limit or wire_length(len(each.data), form) <= limit), None)


def _tries(picture: U8, formats: tuple[UploadFormat, ...], limit: int) -> Iterator[Upload]:
    yield Upload(encode_png(picture), UploadFormat.PNG)
    if not limit:
        return
    yield Upload(encode_png(picture, _TIGHT), UploadFormat.PNG)
    has_alpha = picture.shape[2] == 4
    lossy = [UploadFormat.WEBP] if has_alpha else [UploadFormat.JPEG, UploadFormat.WEBP]
    format = next((each for each in lossy if each in formats), None)
    if format is not None:
        for quality in QUALITIES:
            yield Upload(encode_lossy(picture, format.value, quality), format, quality)
