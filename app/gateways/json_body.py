"""A JSON body with pictures in it, byte for byte the same for the same fields.

Pictures are turned into base64 in slices and joined once, because one long call would stop every other thread.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from app.gateways.types import PictureForm

SLICE = 3 << 20
"""Bytes turned into base64 in one go, a multiple of 3."""


@dataclass(frozen=True, slots=True)
class JsonPicture:
    """A picture as a JSON value."""

    data: bytes = field(repr=False)
    media_type: str
    form: PictureForm

    def pieces(self) -> Iterator[bytes]:
        """The value, as it stands in the body."""
        wrapped = self.form is PictureForm.URL_OBJECT
        head = f"data:{self.media_type};base64," if self.form.is_url else ""
        yield ('{"image_url":"' if wrapped else '"').encode() + head.encode()
        for start in range(0, len(self.data), SLICE):
            yield binascii.b2a_base64(self.data[start : start + SLICE], newline=False)
        yield b'"}' if wrapped else b'"'


JsonValue = str | int | float | bool | JsonPicture | Sequence[JsonPicture]


def build_json(fields: Mapping[str, JsonValue]) -> bytes:
    """An object of `fields`, in their order. A NaN cannot be among them: JSON has none."""
    pieces: list[bytes] = []
    for name, value in fields.items():
        pieces += [b"," if pieces else b"{", msgspec.json.encode(name), b":"]
        if isinstance(value, JsonPicture):
            pieces += value.pieces()
        elif isinstance(value, (str, bool, int, float)):
            pieces.append(msgspec.json.encode(value))
        else:
            pieces.append(b"[")
            for index, picture in enumerate(value):
                pieces += [b","] * bool(index)
                pieces += picture.pieces()
            pieces.append(b"]")
    return b"".join([*pieces, b"}"] if pieces else [b"{}"])
