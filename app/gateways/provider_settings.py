"""What a user says about one provider, and the profile that it makes of what the program ships.

Each field that is not set is as shipped, or as usual for the dialect. Nothing is read or written here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from app.base.errors import UsageError
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.types import ParameterValue, SizeRule
from app.gateways.addresses import check_base_url
from app.gateways.catalogue import Catalogue, read_card
from app.gateways.toml_files import parse_size
from app.gateways.types import (
    ALWAYS,
    MOST_IMAGES,
    Dialect,
    Limits,
    ModelCard,
    Profile,
    Transport,
    UploadFormat,
    unlisted_card,
)

FILE_NAME = "providers.toml"
"""Where the settings are kept, in the data folder."""

_N = TypeVar("_N", int, float)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the user says about one provider; None and () mean: as shipped, or as usual for the dialect."""

    name: str
    dialect: str | None = None
    base_url: str | None = None
    title: str | None = None
    like: str | None = None
    """The shipped profile that all the rest is taken from; None = the one of the same name, if there is one."""
    model: str | None = None
    """The model that is chosen first."""
    models: tuple[str, ...] = ()
    """Ids that are offered besides those known."""
    cards: tuple[Mapping[str, Any], ...] = ()
    """Models described in full, as tables like those of the catalogue; each takes the place of one of its id."""
    mask_convention: MaskConvention | None = None
    invert_mask: bool | None = None
    fields: tuple[str, ...] | None = None
    """Canonical names of what its models take; "n" and "size" count among them, the prompt always goes."""
    extras: Mapping[str, ParameterValue] = field(default_factory=dict)
    """Constant fields that go with every request."""
    sizes: tuple[str, ...] = ()
    """The only sizes, such as "1024x1024"."""
    max_n: int | None = None
    concurrency: int | None = None
    needs_key: bool | None = None
    timeout: float | None = None
    formats: tuple[UploadFormat, ...] | None = None
    """What pictures may be sent as."""
    soft_masks: bool | None = None
    most_images: int | None = None
    """Pictures in one request, the canvas included."""
    image_bytes: int | None = None
    """The most that one encoded picture, or its base64, may take; 0 = no limit."""
    mask_bytes: int | None = None
    body_bytes: int | None = None
    monthly_limit: float | None = None
    """What may be spent in a calendar month before Maskroom asks; 0 = no limit."""


class WrongField(Exception):
    """A field that cannot be; told as a fault of the file or of what was typed, by whoever asked."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field
        self.problem = problem


def profile_of(settings: ProviderSettings, catalogue: Catalogue) -> Profile:
    """The provider that `settings` make of what the program ships. Raises WrongField, InputError."""
    shipped = _shipped(settings, catalogue)
    dialect = _dialect(settings, shipped, catalogue)
    model = settings.model or (shipped.default_model if shipped else "")
    if not model and shipped is None:
        raise WrongField("model", tr("it is missing"))
    same = shipped if shipped is not None and shipped.dialect is dialect else None
    cards = _cards(settings, shipped, dialect, model, catalogue)
    return Profile(
        name=settings.name,
        title=settings.title or (shipped.title if shipped else settings.name),
        dialect=dialect,
        transport=shipped.transport if shipped else Transport.HTTP,
        base_url=_base_url(settings, shipped),
        models=cards,
        default_model=model,
        mask_convention=settings.mask_convention or (same or dialect).mask_convention,
        invert_mask=_chosen(settings.invert_mask, shipped.invert_mask if shipped else False),
        concurrency=_positive(settings.concurrency, "concurrency", shipped.concurrency if shipped else 2),
        extras=_extras(settings, dialect) or (shipped.extras if shipped else {}),
        needs_key=_chosen(settings.needs_key, shipped.needs_key if shipped else True),
        built_in=shipped is not None and shipped.transport is Transport.IN_PROCESS,
        timeout=_positive(settings.timeout, "timeout", shipped.timeout if shipped else 600.0),
        limits=_limits(settings, (same or dialect).limits),
        formats=_formats(settings, (same or dialect).formats),
        soft_masks=_chosen(settings.soft_masks, (same or dialect).soft_masks),
        notes=shipped.notes if shipped else "",
        cost_report=shipped.cost_report if shipped else None,
        monthly_limit=_monthly_limit(settings),
        unlisted=_restricted(unlisted_card(dialect), settings, dialect),
    )


def _shipped(settings: ProviderSettings, catalogue: Catalogue) -> Profile | None:
    """The profile of the catalogue that `settings` changes or begins with."""
    if settings.like is None:
        return catalogue.profiles.get(settings.name)
    found = catalogue.profiles.get(settings.like)
    if found is None or (found.transport is Transport.IN_PROCESS and settings.like != settings.name):
        raise WrongField(
            "like", tr("there is no shipped provider “{name}” to begin with", name=settings.like)
        )
    return found


def _dialect(settings: ProviderSettings, shipped: Profile | None, catalogue: Catalogue) -> Dialect:
    if shipped is not None and shipped.transport is Transport.IN_PROCESS:
        for name in ("dialect", "base_url"):
            if getattr(settings, name) is not None:
                raise WrongField(name, tr("the built-in engine has no address; choose another provider name"))
    if settings.dialect is None:
        if shipped is None:
            raise WrongField("dialect", tr("it is missing"))
        return shipped.dialect
    dialect = catalogue.dialects.get(settings.dialect)
    if dialect is None:
        known = ", ".join(catalogue.dialects)
        raise WrongField(
            "dialect", tr("there is no “{name}”; known are {known}", name=settings.dialect, known=known)
        )
    return dialect


def _cards(
    settings: ProviderSettings,
    shipped: Profile | None,
    dialect: Dialect,
    model: str,
    catalogue: Catalogue,
) -> tuple[ModelCard, ...]:
    cards = {card.id: card for card in shipped.models} if shipped else {}
    for index, table in enumerate(settings.cards):
        card = read_card(table, dialect, Path(FILE_NAME), f"providers.{settings.name}.cards[{index}]")
        cards[card.id] = card
    for id in (*settings.models, model):
        if id and id not in cards:
            published = catalogue.published_sizes(id)
            card = replace(unlisted_card(dialect), id=id, title=id)
            if published is not None:
                card = replace(card, sizes=published, sizes_published=True)
            cards[id] = card
    return tuple(_restricted(card, settings, dialect) for card in cards.values())


def _base_url(settings: ProviderSettings, shipped: Profile | None) -> str:
    if settings.base_url is None:
        if shipped is None:
            raise WrongField("base_url", tr("it is missing"))
        return shipped.base_url
    try:
        return check_base_url(settings.base_url)
    except UsageError as error:
        raise WrongField("base_url", error.message.rstrip(".")) from error


def _extras(settings: ProviderSettings, dialect: Dialect) -> dict[str, ParameterValue]:
    for name in settings.extras:
        if name in dialect.reserved or not name.strip():
            raise WrongField(f"extras.{name}", tr("the request fills this field itself"))
    return dict(settings.extras)


def _restricted(card: ModelCard, settings: ProviderSettings, dialect: Dialect) -> ModelCard:
    """`card` with what the user said about all models of the provider."""
    if settings.fields is not None:
        canonical = {name: p.name for p in dialect.parameters for name in (p.wire, p.name)}
        canonical |= {name: name for name in ALWAYS}
        for name in settings.fields:
            if name not in canonical:
                known = ", ".join(sorted(set(canonical.values())))
                raise WrongField(
                    "fields",
                    tr("the dialect has no place for “{name}”; known are {known}", name=name, known=known),
                )
        takes = frozenset({"prompt", *(canonical[name] for name in settings.fields)})
        card = replace(card, takes=takes)
    if settings.sizes:
        try:
            rule = SizeRule(fixed=tuple(parse_size(text) for text in settings.sizes))
        except ValueError as error:
            raise WrongField("sizes", str(error)) from error
        card = replace(card, sizes=rule, sizes_published=True)
    return replace(card, max_n=_positive(settings.max_n, "max_n", card.max_n))


def _formats(settings: ProviderSettings, default: tuple[UploadFormat, ...]) -> tuple[UploadFormat, ...]:
    formats = default if settings.formats is None else settings.formats
    if UploadFormat.PNG not in formats:
        raise WrongField("formats", tr("PNG must be among them"))
    return formats


def _limits(settings: ProviderSettings, default: Limits) -> Limits:
    said = {
        "image_bytes": settings.image_bytes,
        "mask_bytes": settings.mask_bytes,
        "body_bytes": settings.body_bytes,
    }
    for name, value in said.items():
        if value is not None and value < 0:
            raise WrongField(name, tr("it must not be negative"))
    changed = {name: value for name, value in said.items() if value is not None}
    most = _positive(settings.most_images, "most_images", default.images or MOST_IMAGES)
    return replace(default, images=default.images if settings.most_images is None else most, **changed)


def _monthly_limit(settings: ProviderSettings) -> float | None:
    limit = settings.monthly_limit
    if limit is not None and not 0 <= limit < math.inf:
        raise WrongField("monthly_limit", tr("it must be an amount of money"))
    return limit or None


def _chosen(value: bool | None, default: bool) -> bool:
    return default if value is None else value


def _positive(value: _N | None, field: str, default: _N) -> _N:
    if value is None:
        return default
    if not value > 0:
        raise WrongField(field, tr("it must be above 0"))
    return value
