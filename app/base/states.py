"""Enums that several rooms share: the state of a request, and what a mask means on a wire or in a file."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType

from app.base.text import tr


class JobState(enum.Enum):
    """Where a request is on its way; the same word in the queue, the history and on the command line."""

    QUEUED = "queued"
    RUNNING = "running"
    RECEIVING = "receiving"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_final(self) -> bool:
        return not TRANSITIONS[self]


TRANSITIONS: Mapping[JobState, frozenset[JobState]] = MappingProxyType(
    {
        JobState.QUEUED: frozenset(
            {JobState.RUNNING, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED}
        ),
        JobState.RUNNING: frozenset(
            {
                JobState.RECEIVING,
                JobState.DONE,
                JobState.FAILED,
                JobState.CANCELLED,
                JobState.INTERRUPTED,
            }
        ),
        JobState.RECEIVING: frozenset(
            {JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED}
        ),
        JobState.DONE: frozenset(),
        JobState.FAILED: frozenset(),
        JobState.CANCELLED: frozenset(),
        JobState.INTERRUPTED: frozenset(),
    }
)
"""Which state may follow which; everything else is a fault of the program."""


class MaskConvention(enum.Enum):
    """Which pixels of a mask picture are to be edited.

    Inside Maskroom a mask is always coverage: one uint8 plane, 255 = edit, 0 = keep.
    """

    TRANSPARENT = "transparent"
    """Alpha 0 = edit."""
    WHITE = "white"
    """Luminance 255 = edit."""
    OPAQUE = "opaque"
    """Alpha 255 = edit."""
    IGNORED = "ignored"
    """The mask is taken but has no effect; only ever said of a provider."""

    def meaning(self, inverted: bool = False) -> str:
        """Which pixels a provider edits, as a sentence."""
        match self, inverted:
            case MaskConvention.TRANSPARENT, False:
                return tr("Transparent pixels of the mask are edited.")
            case MaskConvention.TRANSPARENT, True:
                return tr("Opaque pixels of the mask are edited (inverted).")
            case MaskConvention.WHITE, False:
                return tr("White pixels of the mask are edited.")
            case MaskConvention.WHITE, True:
                return tr("Black pixels of the mask are edited (inverted).")
            case MaskConvention.OPAQUE, False:
                return tr("Opaque pixels of the mask are edited.")
            case MaskConvention.OPAQUE, True:
                return tr("Transparent pixels of the mask are edited (inverted).")
            case _:
                return tr("The mask has no effect there: the whole picture may change.")
