"""What crosses between a caller of the healing engines, the worker process and the engines themselves."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from app.imaging.arrays import U8


class HealMethod(enum.Enum):
    """Which engine fills the hole; the value is its model name on the wire."""

    AUTO = "auto"
    """The instant one where it is really as good (hairlines on smooth ground), else PatchMatch."""
    PATCHMATCH = "patchmatch"
    INSTANT = "instant"


@dataclass(frozen=True, slots=True, eq=False)
class HealRequest:
    """One picture to heal, once per seed."""

    picture: U8
    """(h, w, 3) RGB, sRGB. What lies under the hole is never looked at."""
    coverage: U8
    """(h, w); every pixel above 0 is filled, every pixel of 0 stays as it is."""
    method: HealMethod = HealMethod.AUTO
    seeds: tuple[int, ...] = (0,)
    """One result for each; the same seed gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Step:
    """A piece of work that begins now and tells nothing until it ends."""

    start: float
    """Share (0–1) of the whole that was done before it."""
    end: float
    """Share that will be done after it."""
    seconds: float
    """How long it should take on a machine of usual speed."""


HealProgress: TypeAlias = Callable[[float], None]
"""Told the share (0–1) of a request that is done; it never goes back."""

StepProgress: TypeAlias = Callable[[Step], None]
"""Told of each piece of work as it begins."""


def ignore_step(step: Step) -> None:
    """A `StepProgress` for callers who do not watch."""
