"""A multipart/form-data body, byte for byte the same for the same parts.

HTTP libraries choose a random boundary and their own order; a request that is kept, compared and tested
needs neither. The rules are those of RFC 7578 and of the browsers: a file part has a file name and a type,
a text part has neither, names escape quotes and line breaks as percent codes, values are not touched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


@dataclass(frozen=True, slots=True)
class Part:
    """One field: text where `filename` is empty, a file otherwise."""

    name: str
    data: bytes = field(repr=False)
    filename: str = ""
    media_type: str = ""

    def head(self) -> bytes:
        """The part's own headers, with the empty line behind them."""
        lines = f'Content-Disposition: form-data; name="{self.name.translate(_ESCAPES)}"'
        if self.filename:
            lines += f'; filename="{self.filename.translate(_ESCAPES)}"\r\nContent-Type: {self.media_type}'
        return lines.encode() + b"\r\n\r\n"


def text_part(name: str, text: str) -> Part:
    """A text field; `text` goes out as UTF-8, unchanged (half a surrogate pair, which has no UTF-8, as "?")."""
    return Part(name, text.encode(errors="replace"))


def build_body(parts: Sequence[Part], boundary: str | None = None) -> tuple[str, bytes]:
    """The Content-Type header and the body of `parts`, in this order.

    Without `boundary` one is derived from the content, so that it cannot occur in it.
    """
    marker = boundary or _boundary(parts)
    pieces: list[bytes] = []
    for part in parts:
        pieces += [f"--{marker}\r\n".encode(), part.head(), part.data, b"\r\n"]
    pieces.append(f"--{marker}--\r\n".encode())
    return f"multipart/form-data; boundary={marker}", b"".join(pieces)


def _boundary(parts: Sequence[Part]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.head())
        digest.update(len(part.data).to_bytes(8, "big"))
        digest.update(part.data)
    while True:
        marker = f"maskroom-{digest.hexdigest()[:32]}"
        if not any(marker.encode() in part.data for part in parts):
            return marker
        digest.update(b"again")
