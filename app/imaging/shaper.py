"""Colour by curves and a matrix, for samples of 16 bits: Pillow's LittleCMS has 8 bits only.

Eight bits are too few on the way: of a photograph in linear light they leave a handful of steps for all of its
shadows. Nearly every profile that photographs carry is three curves and a matrix, or one curve for grey
(ICC.1:2001, 6.3.1 and 10.5; ICC.1:2010, 10.15 for parametric curves), which is what is read here. Others are
LittleCMS's matter.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from app.imaging.arrays import F32, U8, U16, Samples, as_u8

F64: TypeAlias = NDArray[np.float64]

_STEPS = 65536
_HEADER = 128
_MOST_TAGS = 256
_DARKEST = 1e-3
"""Curves that begin brighter need black point compensation, which is left to LittleCMS."""
_TABLES = frozenset({b"A2B0", b"A2B1", b"B2A0", b"B2A1", b"D2B0", b"D2B1"})
"""Tags that count before curves and matrix."""


@dataclass(frozen=True, slots=True, eq=False)
class Shaper:
    """What a profile of curves says, in doubles."""

    curves: tuple[F32, ...]
    """One for grey, three for RGB: light (0–1) for each of the 65536 values; never falling."""
    matrix: F32 | None
    """(3, 3): light of the channels to XYZ under D50; None for grey."""


def read_shaper(icc: bytes) -> Shaper | None:
    """The curves of a profile; None where it works by other means, or is damaged."""
    try:
        return _read(icc)
    except (struct.error, ValueError, KeyError, IndexError, OverflowError):
        return None


class ShaperPair:
    """The way between a shaper's space and that of another, usually sRGB, for whole pictures."""

    def __init__(self, own: Shaper, srgb: Shaper) -> None:
        """`srgb` is a shaper of RGB."""
        assert srgb.matrix is not None
        self._is_gray = own.matrix is None
        self._own, self._srgb = own, srgb
        self._luminance: F32 = np.ascontiguousarray(srgb.matrix[1:2])
        if own.matrix is not None:
            self._into: F32 = (np.linalg.inv(srgb.matrix) @ own.matrix).astype(np.float32)
            self._from: F32 = (np.linalg.inv(own.matrix) @ srgb.matrix).astype(np.float32)
        self._eight: U8 = ((_inverse(srgb.curves[0]).astype(np.uint32) * 255 + 32767) // 65535).astype(
            np.uint8
        )
        self._back = tuple(_inverse(curve) for curve in own.curves)
        self._light: F32 = srgb.curves[0][::257].copy()

    def to_srgb(self, colour: Samples) -> U8:
        """sRGB of (h, w) grey or (h, w, 3) RGB samples of 16 bits, as (h, w, 3)."""
        if self._is_gray:
            eight = self._eight.take(_index(self._own.curves[0].take(colour)))
            return as_u8(cv2.cvtColor(eight, cv2.COLOR_GRAY2RGB))
        light = _looked_up(self._own.curves, colour)
        return as_u8(self._eight.take(_index(cv2.transform(light, self._into))))

    def from_srgb(self, rgb: U8) -> U16:
        """Samples, (h, w) grey or (h, w, 3) RGB, for (h, w, 3) sRGB."""
        light = self._light.take(rgb)
        if self._is_gray:
            weights = self._luminance / self._luminance.sum()
            return _as_u16(self._back[0].take(_index(cv2.transform(light, weights)).reshape(rgb.shape[:2])))
        return _as_u16(_looked_up(self._back, _index(cv2.transform(light, self._from))))


def _looked_up(tables: Sequence[NDArray[Any]], colour: Samples) -> NDArray[Any]:
    """Each channel of (h, w, 3) through a table of its own."""
    planes = [table.take(colour[..., channel]) for channel, table in enumerate(tables)]
    return np.asarray(cv2.merge(planes))


def _index(light: NDArray[Any]) -> U16:
    """Light, float32, on the scale of the tables, cut where there is none or too much of it; overwrites it."""
    light *= np.float32(_STEPS - 1)
    light += np.float32(0.5)
    np.clip(light, 0.0, _STEPS - 1, out=light)
    return light.astype(np.uint16)


def _as_u16(array: NDArray[Any]) -> U16:
    """`array` itself, which must be uint16."""
    if array.dtype != np.uint16:
        raise TypeError(f"uint16 expected, got {array.dtype}")
    return array


def _inverse(curve: F32) -> U16:
    """The value for each of 65536 steps of light."""
    steps = np.linspace(0.0, 1.0, _STEPS)
    # Where a curve stands still the first of its values is taken, so that black stays black.
    rising = np.concatenate(([True], np.diff(curve) > 0))
    values = np.arange(_STEPS)[rising]
    return np.rint(np.interp(steps, curve[rising], values)).astype(np.uint16)


def _read(icc: bytes) -> Shaper | None:
    kind, connection = icc[16:20], icc[20:24]
    (count,) = struct.unpack_from(">I", icc, _HEADER)
    if connection != b"XYZ " or count > _MOST_TAGS:
        return None
    tags: dict[bytes, bytes] = {}
    for number in range(count):
        name, offset, size = struct.unpack_from(">4sII", icc, _HEADER + 4 + 12 * number)
        tags[name] = icc[offset : offset + size]
    if tags.keys() & _TABLES:
        return None
    names = {b"RGB ": (b"rTRC", b"gTRC", b"bTRC"), b"GRAY": (b"kTRC",)}.get(kind)
    if names is None:
        return None
    curves = tuple(_curve(tags[name]) for name in names)
    if any(curve[0] > _DARKEST or curve[-1] < 0.5 or (np.diff(curve) < 0).any() for curve in curves):
        return None
    if kind == b"GRAY":
        return Shaper(curves, None)
    matrix = _matrix(tags)
    return Shaper(curves, matrix) if abs(float(np.linalg.det(matrix))) > 1e-4 else None


def _matrix(tags: Mapping[bytes, bytes]) -> F32:
    columns = [struct.unpack_from(">3i", tags[name], 8) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
    matrix: F32 = (np.array(columns, np.float64).T / 65536.0).astype(np.float32)
    return matrix


def _curve(tag: bytes) -> F32:
    """A `curv` or `para` tag at 65536 values.

    Raises:
        ValueError: it is another kind of tag.
    """
    values = np.linspace(0.0, 1.0, _STEPS)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            light: F64 = values
        elif count == 1:
            light = values ** (struct.unpack_from(">H", tag, 12)[0] / 256.0)
        else:
            table = np.frombuffer(tag, ">u2", count, 12).astype(np.float64) / 65535.0
            light = np.interp(values, np.linspace(0.0, 1.0, count), table)
    elif tag[:4] == b"para":
        light = _parametric(tag, values)
    else:
        raise ValueError(f"a curve of kind {tag[:4]!r}")
    clipped: F32 = np.clip(light, 0.0, 1.0).astype(np.float32)
    return clipped


def _parametric(tag: bytes, values: F64) -> F64:
    """The five functions of ICC.1:2010, table 65."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ValueError(f"a parametric curve of kind {kind}")
    lengths = (1, 3, 4, 5, 7)
    given = [each / 65536.0 for each in struct.unpack_from(f">{lengths[kind]}i", tag, 12)]
    gamma, a, b, c, d, e, f = given[0], 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    if kind >= 1:
        a, b = given[1:3]
        d = -b / a
    if kind == 2:
        e = f = given[3]
    elif kind >= 3:
        c, d = given[3:5]
    if kind == 4:
        e, f = given[5:7]
    power = np.maximum(a * values + b, 0.0) ** gamma + e
    light: F64 = np.where(values >= d, power, c * values + f)
    return light
