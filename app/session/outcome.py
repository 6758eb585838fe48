"""What the command line asks of one edit, and what it gets: frozen data without pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.base.errors import MaskroomError
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.edits.types import Context, Cost, Islands, ParameterValue


@dataclass(frozen=True, slots=True)
class EditOrder:
    """One `maskroom edit` or `maskroom plan`, parsed but not yet checked against a model."""

    image: Path
    mask: Path | None = None
    mask_convention: MaskConvention | None = None
    invert_mask: bool = False
    prompt: str = ""
    provider: str | None = None
    model: str | None = None
    n: int = 1
    size: Size | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    """By canonical name, from the options that have one."""
    free: Mapping[str, str] = field(default_factory=dict)
    """KEY=VALUE as typed: a canonical or wire name that the model takes, else an extra field."""
    references: tuple[Path, ...] = ()
    context: Context = Context()
    islands: Islands = Islands.TOGETHER
    grow: int = 0
    feather: int = 0
    over_limit: bool = False
    """True: sent even where that passes the provider's monthly limit."""
    output: str | None = None
    """As typed: a trailing slash means a folder."""


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """One picture as it would be sent."""

    field: str
    filename: str
    media_type: str
    bytes: int
    """Of the file, before any base64."""


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """The first of the calls that would leave."""

    method: str
    url: str
    host: str
    fields: Mapping[str, ParameterValue]
    """Besides the pictures, under their names on the wire."""
    files: tuple[PlannedFile, ...]
    body_bytes: int


@dataclass(frozen=True, slots=True)
class PlannedPart:
    """Where one of the requests goes."""

    region: Rect
    mask_bounds: Rect | None
    size_send: Size
    scale: float


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """What would be sent. Region, size and scale are those of the first request."""

    provider: str
    model: str
    base_url: str
    stays_here: bool
    """True: nothing leaves this machine."""
    document: Size
    region: Rect
    mask_bounds: Rect | None
    size_send: Size
    scale: float
    parts: tuple[PlannedPart, ...]
    """All requests: several where each island of the mask is sent by itself."""
    n: int
    calls: int
    """Of all requests."""
    prompt_sent: bool
    parameters: Mapping[str, ParameterValue]
    dropped: tuple[str, ...]
    """Canonical names of what was asked for but is not sent, because the model does not take it."""
    warnings: tuple[str, ...]
    cost: Cost | None
    seconds: float | None
    request: PlannedRequest


@dataclass(frozen=True, slots=True)
class WrittenResult:
    """One picture that came and was written. Several islands of one variant stand in the same file."""

    id: str
    output: Path
    size: Size
    region: Rect
    outside_changed_pixels: int
    leak: float | None
    revised_prompt: str | None
    seed: int | None
    provider: str
    model: str
    request_id: str | None
    cost: Cost | None
    seconds: float
    lossy: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """What came of an order: at least one result, and why others are missing."""

    results: tuple[WrittenResult, ...]
    errors: tuple[MaskroomError, ...] = ()
