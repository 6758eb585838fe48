"""The array types of pixel code, and the one check that turns a library's answer into one of them.

Every picture is a numpy array with rows first: (H, W) for one channel, (H, W, C) for more. Unless a function
says otherwise channels stand in the order L, LA, RGB or RGBA, alpha is straight, and sRGB is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

U8: TypeAlias = NDArray[np.uint8]
"""0–255: pictures of 8 bits a channel, and coverage (255 = edit)."""
U16: TypeAlias = NDArray[np.uint16]
"""0–65535: samples of 16-bit photographs."""
F32: TypeAlias = NDArray[np.float32]
Bool: TypeAlias = NDArray[np.bool_]
Samples: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16]
"""A photograph's own samples, (H, W) or (H, W, C), in its own colour space. May be a strided view."""


def as_u8(array: NDArray[Any]) -> U8:
    """`array` itself, which must be uint8: what cv2 and numpy return is typed wider than it is.

    Raises:
        TypeError: it has another dtype.
    """
    if array.dtype != np.uint8:
        raise TypeError(f"uint8 expected, got {array.dtype}")
    return array


def as_samples(array: NDArray[Any]) -> Samples:
    """`array` itself, which must be uint8 or uint16 in the machine's byte order.

    Raises:
        TypeError: it has another dtype.
    """
    if array.dtype not in (np.uint8, np.uint16):
        raise TypeError(f"uint8 or uint16 expected, got {array.dtype}")
    return array


def joined(parts: Sequence[bytes | memoryview]) -> memoryview:
    """The parts one after the other. Unlike `bytes.join` it lets other threads run while it copies."""
    whole = np.empty(sum(len(part) for part in parts), np.uint8)
    at = 0
    for part in parts:
        whole[at : at + len(part)] = np.frombuffer(part, np.uint8)
        at += len(part)
    return whole.data


def full_scale(samples: Samples) -> int:
    """The value of white or of full opacity: 255 or 65535."""
    return 255 if samples.dtype == np.uint8 else 65535


def to_eight_bits(samples: Samples) -> U8:
    """Samples of 16 bits rounded to the nearest of 8: (v * 255 + 32767) // 65535, so 0 and white stay exact.

    Samples of 8 bits are returned as they are.
    """
    if samples.dtype == np.uint8:
        return as_u8(samples)
    wide = samples.astype(np.uint32)
    wide *= 255
    wide += 32767
    wide //= 65535
    return wide.astype(np.uint8)


def to_sixteen_bits(values: U8) -> U16:
    """8-bit values on the 16-bit scale: v * 257, so 0 and white stay exact."""
    return values.astype(np.uint16) * np.uint16(257)
