"""What the outside sees of a job: frozen data, safe to keep, show and send between threads."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.errors import MaskroomError
from app.base.states import JobState


@dataclass(frozen=True, slots=True)
class Job:
    """One request on its way, as it stood at one moment. Times are seconds since the epoch."""

    id: str
    provider: str
    document_id: str
    title: str
    state: JobState
    created: float
    started: float | None = None
    finished: float | None = None
    progress: float | None = None
    """0–1 where the provider tells it; None = unknown."""
    expected_seconds: float | None = None
    """How long such a request usually takes, from its start; None = unknown."""
    error: MaskroomError | None = None
    """Why it failed; set exactly when the state is FAILED."""
