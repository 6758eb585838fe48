"""Dialects, profiles and model cards: everything that differs between providers, as frozen data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.base.states import MaskConvention
from app.edits.types import Cost, ParameterValue, SizeRule

ALWAYS = frozenset({"prompt", "n", "size"})
"""What every dialect has a place for, besides its own parameters."""


class Transport(enum.Enum):
    """How a provider is reached."""

    HTTP = "http"
    IN_PROCESS = "in-process"
    """Maskroom's own server inside this process; no port is opened and nothing leaves the machine."""


class BodyFormat(enum.Enum):
    """How the fields and pictures of a request are put into its body."""

    MULTIPART = "multipart"
    JSON = "json"


class ParameterKind(enum.Enum):
    """What a parameter's value is, and so which control it gets."""

    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One adjustable field of a request: its canonical name, its name on the wire, and what it takes."""

    name: str
    """Canonical: strength, guidance, steps, seed, quality, background, output_format, …"""
    wire: str
    kind: ParameterKind
    title: str
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    default: ParameterValue | None = None
    """What the provider uses when nothing is sent; None = unknown. Unset parameters are never sent."""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a request is put into bytes and a reply read back; data from `resources/catalogue`."""

    name: str
    title: str
    body: BodyFormat
    image_field: str
    """Part or key for a single image."""
    image_list_field: str
    """Part or key for several."""
    mask_field: str
    mask_convention: MaskConvention
    parameters: tuple[Parameter, ...]
    """All fields that the dialect has a place for, besides model, prompt, n and size."""
    response_format: str | None = None
    """Value always sent as response_format; None = never sent."""
    usual_sizes: SizeRule = SizeRule()
    """What is safe for a model of which nothing is known."""

    @property
    def reserved(self) -> frozenset[str]:
        """Wire names that the request itself fills, so that no extra field may carry them."""
        return frozenset(
            {"model", "prompt", "n", "size", self.image_field, self.image_list_field, self.mask_field}
        )


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What one model takes and costs."""

    id: str
    title: str
    takes: frozenset[str]
    """Canonical names of the parameters that it honours, out of the dialect's; also "prompt", "n", "size"."""
    sizes: SizeRule = SizeRule()
    sizes_published: bool = True
    """False: `sizes` is only what is usual, so "auto" is sent as size unless the user chose one."""
    max_n: int = 1
    """Images in one reply; more are asked for by several requests."""
    description: str = ""
    price: Cost | None = None
    """Per image, as published on `price_date`; the highest where it depends on the quality."""
    price_by_quality: Mapping[str, Cost] = field(default_factory=dict)
    price_date: str = ""
    """ISO date; a price without a date is for ever."""
    seconds: float | None = None
    """Usual time for one image."""
    needs_mask: bool = False
    """True: a request without a mask is refused."""

    def price_at(self, quality: ParameterValue | None) -> Cost | None:
        """The price of one image at this quality; the highest where none is chosen."""
        return self.price_by_quality.get(str(quality), self.price)


def unlisted_card(dialect: Dialect) -> ModelCard:
    """The card of a model of which nothing is known: all that `dialect` has a place for, at usual sizes."""
    return ModelCard(
        id="",
        title="",
        takes=ALWAYS | frozenset(parameter.name for parameter in dialect.parameters),
        sizes=dialect.usual_sizes,
        sizes_published=False,
        max_n=10,
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """A provider as the user knows it: where it is, which dialect it speaks, which models it has."""

    name: str
    title: str
    dialect: Dialect
    transport: Transport
    base_url: str
    models: tuple[ModelCard, ...]
    default_model: str
    mask_convention: MaskConvention
    """The dialect's own unless overridden."""
    invert_mask: bool = False
    concurrency: int = 2
    extras: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Constant extra fields that go with every request."""
    needs_key: bool = True
    built_in: bool = False
    """Came with the program; a user's own profile of the same name overrides it."""
    timeout: float = 600.0
    """Seconds without a byte before the request counts as timed out."""
    unlisted: ModelCard | None = None
    """What a model without a card of its own takes; None = everything that the dialect has a place for."""

    def card(self, model: str) -> ModelCard:
        """The card of `model`; one typed by hand is taken for what `unlisted` says."""
        for card in self.models:
            if card.id == model:
                return card
        return replace(self.unlisted or unlisted_card(self.dialect), id=model, title=model)

    def parameters(self, model: str) -> tuple[Parameter, ...]:
        """The parameters that `model` takes, in the dialect's order."""
        takes = self.card(model).takes
        return tuple(p for p in self.dialect.parameters if p.name in takes)


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One request as it will leave, without the key. Bytes and headers are exact."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    n: int
    """How many images this call asks for."""
    seed: int | None = None
