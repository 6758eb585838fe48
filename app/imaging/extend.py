"""A photograph on a larger canvas: what it shows is mirrored outwards, so that nobody starts from nothing.

The photograph's own samples keep their bits. The same photograph and margins always give the same samples, which
is how the history makes an extended picture again from the file that was opened.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from app.base.geometry import Margins, Size
from app.imaging.arrays import U8, Samples, as_samples, as_u8
from app.imaging.exif import with_size
from app.imaging.photograph import Metadata, Photograph, from_bgra


def extend_photograph(photograph: Photograph, margins: Margins) -> Photograph:
    """`photograph` with mirrored margins, alpha too: a transparent edge goes on being transparent.

    Samples are new; dtype, channels, profile and metadata are the photograph's own, but for the sizes in its EXIF.
    """
    if margins.is_empty:
        return photograph
    metadata = _told(photograph.metadata, margins.around(photograph.size))
    if photograph.bgra is not None:
        bgra = as_u8(_mirrored(photograph.bgra, margins))
        return from_bgra(bgra, metadata, photograph.name, photograph.format, photograph.notes)
    samples = as_samples(_mirrored(photograph.samples, margins))
    samples.flags.writeable = False
    return replace(photograph, samples=samples, metadata=metadata)


def inner_photograph(photograph: Photograph, margins: Margins) -> Photograph:
    """What was extended by `margins`, as it was before; its samples are a view."""
    if margins.is_empty:
        return photograph
    inner = margins.inner(photograph.size)
    samples = as_samples(photograph.samples[inner.slices])
    return replace(photograph, samples=samples, metadata=_told(photograph.metadata, inner.size), bgra=None)


def extend_coverage(coverage: U8, margins: Margins, *, covered: bool) -> U8:
    """(h, w) coverage with margins that are `covered` (255) or not (0)."""
    return as_u8(
        cv2.copyMakeBorder(
            coverage,
            *(margins.top, margins.bottom, margins.left, margins.right),
            cv2.BORDER_CONSTANT,
            value=(255.0 if covered else 0.0,),
        )
    )


def _mirrored(plane: Samples, margins: Margins) -> Samples:
    extended = cv2.copyMakeBorder(
        np.ascontiguousarray(plane),
        *(margins.top, margins.bottom, margins.left, margins.right),
        cv2.BORDER_REFLECT,
    )
    return as_samples(extended)


def _told(metadata: Metadata, size: Size) -> Metadata:
    if metadata.exif is None:
        return metadata
    try:
        return replace(metadata, exif=with_size(metadata.exif, size))
    except ValueError:
        return metadata
