"""Results that were asked for as links: kept in memory for an hour, under names that nobody guesses."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from app.base.text import tr
from app.server.errors import Rejected
from app.server.types import OutputFormat

MAX_BYTES = 512 << 20
MAX_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A result and its format."""

    data: bytes = field(repr=False)
    format: OutputFormat
    kept_at: float


class FileShelf:
    """The newest results, as many as `max_bytes` holds. Used from one event loop."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, max_bytes: int = MAX_BYTES) -> None:
        self._clock = clock
        self._max_bytes = max_bytes
        self._files: dict[str, KeptFile] = {}

    def keep(self, files: Sequence[bytes], form: OutputFormat) -> list[str]:
        """Names for `files`, which belong together; the oldest others go where there is no room.

        Raises:
            Rejected: there is not enough room for all of them.
        """
        if sum(map(len, files)) > self._max_bytes:
            raise Rejected(
                tr("The results are too large to be kept for links. Ask for b64_json."),
                param="response_format",
                code="result_too_large",
            )
        names = [f"{secrets.token_urlsafe(24)}.{form.value}" for _ in files]
        for name, data in zip(names, files, strict=True):
            self._files[name] = KeptFile(data, form, self._clock())
        self._tidy()
        return names

    def get(self, name: str) -> KeptFile:
        """The file of this name.

        Raises:
            Rejected: there is none, or none any more.
        """
        self._tidy()
        if (kept := self._files.get(name)) is not None:
            return kept
        raise Rejected(
            tr("There is no such picture. Links last an hour at most."), status=404, code="file_not_found"
        )

    def _tidy(self) -> None:
        """Drop what is too old, and the oldest of what is too much."""
        oldest = self._clock() - MAX_SECONDS
        size = sum(len(kept.data) for kept in self._files.values())
        for name, kept in list(self._files.items()):  # in the order they came
            if kept.kept_at > oldest and size <= self._max_bytes:
                break
            size -= len(kept.data)
            del self._files[name]
