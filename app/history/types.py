"""The frozen rows of the history as the other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.base.geometry import Rect, Size
from app.base.rate_limits import RateLimits
from app.base.states import JobState

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class HistoryReference:
    """A picture that went along with the canvas."""

    name: str
    sha256: str
    """Of its PNG as it was sent, or larger."""


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """One received image. Files are named by the SHA-256 of their content."""

    id: str
    entry_id: str
    index: int
    received_sha256: str
    """Of the image's bytes after base64, before decoding; also the name of the stored file."""
    width: int
    height: int
    """Size of the received image."""
    media_type: str
    revised_prompt: str | None = None
    seed: int | None = None
    thumbnail_sha256: str | None = None
    """A small PNG of the finished composite around the mask."""
    outside_changed_pixels: int | None = None
    leak: float | None = None
    cost_amount: float | None = None
    cost_currency: str | None = None
    cost_estimated: bool = True
    applied: bool = False
    starred: bool = False


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One request as it was sent, with whatever came of it."""

    id: str
    state: JobState
    created: str
    """ISO 8601, UTC, with milliseconds."""
    document_id: str
    document_name: str
    source_sha256: str
    """The photograph's file as it was opened, kept so that a composite can be made at any time."""
    parents: tuple[str, ...]
    """Ids of the results that lay on the photograph when the region was cut, lowest first."""
    region: Rect
    size_send: Size
    content_send: Rect
    picture_sha256: str
    """PNG of the region that was cut (document scale)."""
    mask_sha256: str
    """8-bit grey PNG of the region's coverage (document scale, grown)."""
    has_mask: bool
    prompt: str
    provider: str
    model: str
    n: int
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Canonical parameter names to values, as set."""
    extras: Mapping[str, Value] = field(default_factory=dict)
    """Free extra fields, under the names on the wire."""
    form: Mapping[str, Value] = field(default_factory=dict)
    """How the rest of the Edit panel stood (context, size, grow, …), in the panel's own words, for reuse."""
    feather: int = 2
    references: tuple[HistoryReference, ...] = ()
    results: tuple[HistoryResult, ...] = ()
    request_id: str | None = None
    """Of the call whose images came first, or that failed."""
    request_ids: tuple[str, ...] = ()
    """Of every call that was answered, in the order of the answers, resent ones included."""
    rate_limits: RateLimits | None = None
    """As the last answer told them."""
    seconds: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    error_hint: str | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """How a result is put back on the photograph; what JSON can hold, in the words of who puts it back."""
    expected_amount: float | None = None
    """What the whole request was expected to cost when it was written; None = nobody knew."""
    expected_currency: str | None = None
    usage: Mapping[str, Any] | None = None
    """The tokens as the provider counted them; None = it did not say."""
    note: str | None = None
    tags: tuple[str, ...] = ()
    """In alphabetical order."""
    deleted: str | None = None
    """When it was put into the bin, like `created`; None = it was not."""


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which entries are wanted: those that fit everything that is set."""

    text: str = ""
    """Words that prompt, revised prompts, note and tags hold together; each may be only begun."""
    provider: str | None = None
    model: str | None = None
    document_name: str | None = None
    source_sha256: str | None = None
    """Of the photograph."""
    states: tuple[JobState, ...] = ()
    """Empty = any."""
    since: str | None = None
    """Not older than this, like `HistoryEntry.created`."""
    starred: bool = False
    """A starred result at the least; of the variants, only those."""
    tag: str | None = None
    costs_more_than: float | None = None
    """The sum over an entry's results, in whatever currency it was told."""
    costs_at_most: float | None = None
    """Only entries with results."""
    in_bin: bool = False
    """What was deleted, instead of what was not."""

    @property
    def narrows(self) -> bool:
        """Whether anything but the text is set."""
        return replace(self, text="") != HistoryFilter()


@dataclass(frozen=True, slots=True)
class HistoryFacets:
    """What there is to filter by, the newest first where that is known."""

    models: tuple[tuple[str, str], ...] = ()
    """Pairs of provider and model."""
    documents: tuple[str, ...] = ()
    """Names of photographs."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredPrompt:
    """A prompt that was used or saved."""

    text: str
    saved: bool = False
    used: int = 0
    """How many requests were made with it."""
    last_used: str | None = None
    """When, like `HistoryEntry.created`."""
