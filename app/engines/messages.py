"""What the host and its worker process say to each other through their pipe. Pixels go by shared memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.base.errors import EngineError, MaskError, MaskroomError
from app.engines.types import HealMethod, Step


@dataclass(frozen=True, slots=True)
class Order:
    """Heal what lies in the shared block: picture, coverage, then room for one result.

    The block holds h * w * 3 bytes of picture, h * w of coverage and h * w * 3 for the result.
    """

    path: Path
    height: int
    width: int
    method: HealMethod
    seeds: tuple[int, ...]

    @property
    def pixels(self) -> int:
        return self.height * self.width

    @property
    def nbytes(self) -> int:
        return 7 * self.pixels


@dataclass(frozen=True, slots=True)
class Began:
    """The worker begins a piece of work."""

    step: Step


@dataclass(frozen=True, slots=True)
class Ready:
    """The result of the next seed lies in the block; the worker waits for `Taken`."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The host has copied the result; its place may be written again."""


@dataclass(frozen=True, slots=True)
class Done:
    """All results were handed over."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The order came to nothing."""

    message: str
    hint: str
    details: str
    bad_mask: bool

    @classmethod
    def of(cls, error: MaskroomError) -> Failed:
        return cls(error.message, error.hint, error.details, isinstance(error, MaskError))

    def error(self) -> MaskroomError:
        kind: type[MaskroomError] = MaskError if self.bad_mask else EngineError
        return kind(self.message, self.hint, details=self.details)
