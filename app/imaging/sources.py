"""From a path or from bytes to the bytes of a picture, or to a sentence why not. Decodes nothing.

Nothing here trusts a file: it may be a folder, a pipe that never ends, empty, unreadable or something else
altogether.
"""

from __future__ import annotations

import contextlib
import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from app.base.errors import PhotographError, from_os_error
from app.base.geometry import Size
from app.base.text import tr

Source = Path | bytes
"""Where a picture comes from: a file, or the whole content of one."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a picture may be; checked on what its header says, before anything is decoded."""

    max_pixels: int = 250_000_000
    max_bytes: int = 1 << 31
    """Of the file."""


class Unreadable(Exception):
    """A reason, in words for the user, why bytes are no usable picture; `telling` adds the name.

    `reason` ends a sentence that starts with the name; `hint` is the next step.
    """

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


def damaged() -> Unreadable:
    """The reason for a file whose content makes no sense."""
    return Unreadable(tr("the file is damaged"), tr("Open another copy of it."))


def truncated() -> Unreadable:
    """The reason for a file that ends too early."""
    return Unreadable(
        tr("the file is cut short, a part of the picture is missing"),
        tr("Copy or download it again."),
    )


def source_name(source: Source) -> str:
    """What to call a source when nobody named it."""
    return source.name if isinstance(source, Path) else tr("picture")


@contextlib.contextmanager
def telling(name: str) -> Iterator[None]:
    """Turn whatever reading and decoding raise into a `PhotographError` about the file called `name`.

    The list of foreign exceptions is what Pillow, cv2, tifffile, zlib and struct raise on malformed input.
    """
    try:
        yield
    except Unreadable as error:
        raise PhotographError(
            tr("“{name}”: {reason}.", name=name, reason=error.reason), error.hint
        ) from error
    except MemoryError as error:
        raise PhotographError(
            tr("“{name}”: there is not enough memory for it.", name=name),
            tr("Close other pictures or programs, or reduce its size first."),
        ) from error
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        LookupError,
        EOFError,
        ArithmeticError,
        RuntimeError,
        AssertionError,
        AttributeError,
        struct.error,
        zlib.error,
        cv2.error,
    ) as error:
        reason = truncated() if "truncated" in str(error) else damaged()
        raise PhotographError(
            tr("“{name}”: {reason}.", name=name, reason=reason.reason), reason.hint, details=repr(error)
        ) from error


def read_source(source: Source, name: str, limits: Limits) -> bytes:
    """The bytes of a source.

    Raises:
        PhotographError: no such file, no regular file, empty, too large, or not to be read.
    """
    if isinstance(source, bytes):
        data = source
        length = len(source)
    else:
        data, length = _read_file(source, name, limits)
    if length > limits.max_bytes:
        size = f"{length / (1 << 30):.1f} GB"
        raise PhotographError(
            tr("“{name}”: {size} is too large a file.", name=name, size=size),
            tr("Reduce it with another program first."),
        )
    if not data:
        raise PhotographError(tr("“{name}”: the file is empty.", name=name), tr("Copy or download it again."))
    return data


def _read_file(path: Path, name: str, limits: Limits) -> tuple[bytes, int]:
    """Content and length; the content is left out when the file is too large."""
    try:
        status = path.stat()
        # Opening a pipe would wait for whoever writes into it, perhaps for ever.
        if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
            raise PhotographError(
                tr("“{name}”: it is a device or a pipe, not a file.", name=name), tr("Name a file.")
            )
        if status.st_size > limits.max_bytes:
            return b"", status.st_size
        return path.read_bytes(), status.st_size
    except ValueError as error:
        raise PhotographError(
            tr("“{name}”: it is no possible file name.", name=name), tr("Check the name.")
        ) from error
    except OSError as error:
        raise from_os_error(error, name, kind=PhotographError) from error


def check_size(size: Size, limits: Limits) -> None:
    """Refuse a picture without pixels, or with more than the limits allow.

    Raises:
        Unreadable: with the reason.
    """
    if size.is_empty:
        raise Unreadable(tr("the picture has no pixels"), tr("Open another copy of it."))
    if size.area > limits.max_pixels:
        raise Unreadable(
            tr(
                "{size} is more than {limit} megapixels",
                size=f"{size.width} × {size.height}",
                limit=limits.max_pixels // 1_000_000,
            ),
            tr("Reduce it with another program first."),
        )


def sniff(data: bytes) -> str:
    """The format that the first bytes show: PNG, JPEG, WEBP, TIFF, AVIF, GIF or BMP; a name plays no part.

    Raises:
        Unreadable: another format, which is named where it is known.
    """
    head = data[:32]
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "TIFF"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "GIF"
    if head[:2] == b"BM":
        return "BMP"
    if head[4:8] == b"ftyp":
        brands = data[8 : min(struct.unpack(">I", head[:4])[0], 256)]
        if b"avif" in brands or b"avis" in brands:
            return "AVIF"
    raise _foreign(data)


_KNOWN = (
    (b"8BPS", "Photoshop (PSD)"),
    (b"%PDF", "PDF"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"gimp xcf", "GIMP (XCF)"),
    (b"<svg", "SVG"),
    (b"v/1\x01", "OpenEXR"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIU\0", "camera raw"),
    (b"IIRO", "camera raw"),
)


def _foreign(data: bytes) -> Unreadable:
    hint = tr("Maskroom opens PNG, JPEG, WebP, TIFF, AVIF, GIF and BMP.")
    if data[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftyphevc"):
        return Unreadable(tr("{format} pictures cannot be opened", format="HEIC"), hint)
    if data[4:11] == b"ftypcrx":
        return Unreadable(tr("{format} pictures cannot be opened", format="camera raw"), hint)
    if data[30:54] == b"mimetypeimage/openraster":
        return Unreadable(
            tr("it is a document, not a picture"), tr("Open it in the window and export it as a picture.")
        )
    for magic, name in _KNOWN:
        if data.startswith(magic):
            return Unreadable(tr("{format} pictures cannot be opened", format=name), hint)
    return Unreadable(tr("it is not a picture"), hint)
