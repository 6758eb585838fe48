"""Dialects, profiles and model cards: everything that differs between providers, as frozen data."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.base.geometry import Size
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.types import Cost, ParameterValue, SizeRule

MOST_IMAGES = 16
"""Pictures in one request where no limit is known."""

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


class PictureForm(enum.Enum):
    """How a picture is put into a body."""

    FILE = "file"
    """A file part of multipart/form-data."""
    BASE64 = "base64"
    """A string of bare base64."""
    DATA_URL = "data-url"
    """A string that is a `data:` URL."""
    URL_OBJECT = "url-object"
    """An object whose `image_url` is a `data:` URL."""

    @property
    def is_url(self) -> bool:
        return self in (PictureForm.DATA_URL, PictureForm.URL_OBJECT)


class UploadFormat(enum.Enum):
    """A file format in which a picture is sent; the value is the end of its media type."""

    PNG = "png"
    WEBP = "webp"
    JPEG = "jpeg"


class ParameterPlace(enum.Enum):
    """Where in a request a parameter stands."""

    FIELD = "field"
    """A field of its own."""
    PROMPT = "prompt"
    """In a JSON object behind the prompt, inside the dialect's tag; dots in its wire name lead into it."""


class ParameterKind(enum.Enum):
    """What a parameter's value is, and so which control it gets."""

    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    TEXT = "text"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Band:
    """What a part of a number's range does, from `start` up to the next band."""

    start: float
    text: str
    warns: bool = False
    """True: a value here is likely a mistake."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest of everything that a provider takes; 0 = no limit is known."""

    images: int = 0
    """Pictures in one request, the canvas included, the mask not."""
    image_bytes: int = 0
    """Of one encoded picture; of its base64 where it is sent so."""
    mask_bytes: int = 0
    """Of the encoded mask, or of its base64."""
    body_bytes: int = 0
    """Of the whole request."""


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
    bands: tuple[Band, ...] = ()
    """The provider's own advice on the range, lowest first."""
    place: ParameterPlace = ParameterPlace.FIELD
    also: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Constant fields that go along whenever this one is sent with a value other than 0."""
    single: bool = False
    """True: with a value other than 0, a request may ask for one image only."""

    def band(self, value: ParameterValue | None) -> Band | None:
        """The advice on `value`; None where there is none."""
        if value is None or isinstance(value, (str, bool)):
            return None
        return next((band for band in reversed(self.bands) if value >= band.start), None)


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a request is put into bytes and a reply read back; data from `resources/catalogue`."""

    name: str
    title: str
    body: BodyFormat
    image_field: str
    """Part or key for a single image."""
    image_list_field: str
    """Part or key for several; the same as `image_field` where even one is sent as a list."""
    mask_field: str
    mask_convention: MaskConvention
    parameters: tuple[Parameter, ...]
    """All fields that the dialect has a place for, besides model, prompt, n and size."""
    image_form: PictureForm = PictureForm.FILE
    mask_form: PictureForm = PictureForm.FILE
    formats: tuple[UploadFormat, ...] = (UploadFormat.PNG,)
    """What the pictures may be sent as; PNG unless it would be too large. A mask is always a PNG."""
    limits: Limits = Limits()
    auto_size: bool = True
    """True: "auto" is understood as a size."""
    max_n: int = 10
    """Images in one reply, of a model of which nothing is known."""
    soft_masks: bool = False
    """True: a mask's partial coverage is understood; else any coverage means edit."""
    tag: str = ""
    """Name of the element behind the prompt that holds the parameters placed there; "" = there is none."""
    usual_sizes: SizeRule = SizeRule()
    """What is safe for a model of which nothing is known."""

    @property
    def reserved(self) -> frozenset[str]:
        """Wire names that the request itself fills, so that no extra field may carry them."""
        return frozenset(
            {"model", "prompt", "n", "size", self.image_field, self.image_list_field, self.mask_field}
        )


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """What a million tokens costs, in the currency of the card's price."""

    input_text: float
    input_image: float
    output: float


@dataclass(frozen=True, slots=True)
class CostReport:
    """Where a provider tells what a request has cost."""

    currency: str
    header: str = ""
    """A header of the reply, in lower case; "" = none."""
    field: str = ""
    """A number within the reply's `usage`; "" = none."""


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
    price_size: Size | None = None
    """The price is that of a picture of this size, and grows with its area; None = it is the same for all."""
    token_prices: TokenPrices | None = None
    """For the exact price, once the provider has told the tokens."""
    seconds: float | None = None
    """Usual time for one image."""
    timeout: float | None = None
    """Seconds without a byte before a request to it counts as timed out; None = as usual for the provider."""
    needs_mask: bool = False
    """True: a request without a mask is refused."""

    def price_at(self, quality: ParameterValue | None, size: Size | None = None) -> Cost | None:
        """The price of one image of `size` at this quality; None where it is unknown.

        The highest where no quality is chosen, and that of the usual size where no size is named.
        """
        price = self.price_by_quality.get(str(quality), self.price)
        if price is None or size is None or self.price_size is None:
            return price
        return replace(price, amount=price.amount * size.area / self.price_size.area)


def unlisted_card(dialect: Dialect) -> ModelCard:
    """The card of a model of which nothing is known: all that `dialect` has a place for, at usual sizes."""
    return ModelCard(
        id="",
        title=tr("The server's own"),
        takes=ALWAYS | frozenset(parameter.name for parameter in dialect.parameters),
        sizes=dialect.usual_sizes,
        sizes_published=False,
        max_n=dialect.max_n,
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
    """Seconds without a byte before the request counts as timed out, unless a model has its own."""
    limits: Limits = Limits()
    """The dialect's own unless overridden."""
    formats: tuple[UploadFormat, ...] = (UploadFormat.PNG,)
    soft_masks: bool = False
    notes: str = ""
    """What a user should know before the first request, in a sentence or two."""
    cost_report: CostReport | None = None
    monthly_limit: float | None = None
    """What may be spent there in a calendar month before it asks, in the currency of its prices."""
    unlisted: ModelCard | None = None
    """What a model without a card of its own takes; None = everything that the dialect has a place for."""

    def card(self, model: str) -> ModelCard:
        """The card of `model`; one typed by hand is taken for what `unlisted` says."""
        for card in self.models:
            if card.id == model:
                return card
        card = self.unlisted or unlisted_card(self.dialect)
        return replace(card, id=model, title=model) if model else card

    def patience(self, model: str) -> float:
        """Seconds without a byte before a request to `model` counts as timed out."""
        return self.card(model).timeout or self.timeout

    @property
    def most_references(self) -> int:
        """How many pictures may go along with the canvas."""
        most = self.limits.images or MOST_IMAGES
        return max(0, most - 1)

    @property
    def currency(self) -> str:
        """That of its prices."""
        prices = (card.price for card in self.models if card.price is not None)
        told = self.cost_report.currency if self.cost_report else "USD"
        return next((price.currency for price in prices), told)

    def parameters(self, model: str) -> tuple[Parameter, ...]:
        """The parameters that `model` takes, in the dialect's order."""
        takes = self.card(model).takes
        return tuple(p for p in self.dialect.parameters if p.name in takes)

    def most_at_once(self, model: str, values: Mapping[str, ParameterValue]) -> int:
        """How many images one request to `model` with these parameters may ask for."""
        if any(p.single and values.get(p.name) for p in self.parameters(model)):
            return 1
        card = self.card(model)
        return card.max_n if "n" in card.takes else 1


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
    sends_urls: bool = False
    """True: the pictures went as `data:` URLs, which a provider may not take for URLs."""
