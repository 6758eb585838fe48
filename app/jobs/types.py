"""What the outside sees of a job: frozen data, safe to keep, show and send between threads."""

from __future__ import annotations

from dataclasses import dataclass

from app.base.errors import MaskroomError
from app.base.rate_limits import RateLimits
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
    sent: bool = False
    """True once it has left whole for somebody who may bill it, also if it is cancelled after that."""
    waiting_until: float | None = None
    """When it goes on, while the provider asks to wait; it is running all the same."""
    request_ids: tuple[str, ...] = ()
    """The provider's own ids of its calls, in the order of the answers."""
    rate_limits: RateLimits | None = None
    """As the provider told them last."""
    error: MaskroomError | None = None
    """Why it failed, or what is known of one that was interrupted; set exactly in these states."""
    price: tuple[float, str] | None = None
    """What it will cost by the list, amount and currency; None = unknown."""
