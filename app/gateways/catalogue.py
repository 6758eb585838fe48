"""The dialects and profiles that come with the program, read from TOML and checked.

Data only: what a provider is called or how it behaves stands in `resources/catalogue`, never in code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from app.base.errors import InputError, UsageError, from_os_error
from app.base.geometry import Size
from app.base.resources import resource_path
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.types import Cost, ParameterValue, SizeRule
from app.gateways.addresses import check_base_url
from app.gateways.toml_files import as_kind, fault, parse_size, read_toml
from app.gateways.types import (
    ALWAYS,
    Band,
    BodyFormat,
    CostReport,
    Dialect,
    Limits,
    ModelCard,
    Parameter,
    ParameterKind,
    ParameterPlace,
    PictureForm,
    Profile,
    TokenPrices,
    Transport,
    UploadFormat,
    unlisted_card,
)

_DEAREST = "high"
"""The quality that costs most."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that came with the program, by name."""

    dialects: Mapping[str, Dialect]
    profiles: Mapping[str, Profile]

    def published_sizes(self, model: str) -> SizeRule | None:
        """The sizes that any shipped card states for a model of this id, whoever offers it.

        Gateways put the maker before the id ("maker/model"); the id alone decides.
        """
        name = model.rpartition("/")[2]
        for profile in self.profiles.values():
            if profile.transport is Transport.IN_PROCESS:
                continue
            for card in profile.models:
                if card.sizes_published and card.id.rpartition("/")[2] == name:
                    return card.sizes
        return None


class _Sizes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fixed: tuple[str, ...] = ()
    multiple: int = 1
    minimum: int = 1
    maximum: int = 0
    min_area: int = 0
    max_area: int = 0
    max_aspect: float = 0.0


class _Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    images: int = 0
    image_bytes: int = 0
    mask_bytes: int = 0
    body_bytes: int = 0


class _Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    start: float
    text: str
    warns: bool = False


class _Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    kind: ParameterKind
    title: str
    wire: str = ""
    help: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    default: ParameterValue | None = None
    choices: tuple[str, ...] = ()
    bands: tuple[_Band, ...] = ()
    place: ParameterPlace = ParameterPlace.FIELD
    also: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    single: bool = False


class _Dialect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    body: BodyFormat
    image_field: str
    image_list_field: str
    mask_field: str
    mask_convention: MaskConvention
    parameters: tuple[str | dict[str, Any], ...]
    image_form: PictureForm = PictureForm.FILE
    mask_form: PictureForm = PictureForm.FILE
    formats: tuple[UploadFormat, ...] = (UploadFormat.PNG,)
    limits: _Limits = _Limits()
    auto_size: bool = True
    max_n: int = 10
    soft_masks: bool = False
    tag: str = ""
    usual_sizes: _Sizes = _Sizes()


class _Tokens(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    input_text: float
    input_image: float
    output: float


class _Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    currency: str
    date: str = ""
    amount: float | None = None
    by_quality: dict[str, float] = msgspec.field(default_factory=dict)
    size: str = ""
    tokens: _Tokens | None = None


class _Report(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    currency: str
    header: str = ""
    field: str = ""


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    takes: tuple[str, ...]
    description: str = ""
    sizes: _Sizes | None = None
    max_n: int = 1
    price: _Price | None = None
    seconds: float | None = None
    timeout: float | None = None
    needs_mask: bool = False


class _Profile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    dialect: str
    base_url: str
    default_model: str
    models: tuple[_Model, ...]
    transport: Transport = Transport.HTTP
    mask_convention: MaskConvention | None = None
    invert_mask: bool = False
    concurrency: int = 2
    extras: dict[str, ParameterValue] = msgspec.field(default_factory=dict)
    needs_key: bool = True
    timeout: float = 600.0
    notes: str = ""
    limits: _Limits | None = None
    formats: tuple[UploadFormat, ...] | None = None
    soft_masks: bool | None = None
    cost_report: _Report | None = None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns one file's structures into the frozen types; knows the file for its errors."""

    path: Path
    dialects: Mapping[str, Dialect] = field(default_factory=dict)
    common: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What several dialects say of a parameter of that name, unless they say otherwise."""

    def dialect(self) -> Dialect:
        raw = read_toml(self.path, _Dialect)
        parameters = self._parameters(raw)
        self._check_forms(raw)
        return Dialect(
            name=self.path.stem,
            title=raw.title,
            body=raw.body,
            image_field=raw.image_field,
            image_list_field=raw.image_list_field,
            mask_field=raw.mask_field,
            mask_convention=raw.mask_convention,
            parameters=parameters,
            image_form=raw.image_form,
            mask_form=raw.mask_form,
            formats=self._formats(raw.formats),
            limits=self._limits(raw.limits),
            auto_size=raw.auto_size,
            max_n=self._at_least_one(raw.max_n, "max_n"),
            soft_masks=raw.soft_masks,
            tag=raw.tag,
            usual_sizes=self._sizes(raw.usual_sizes, "usual_sizes"),
        )

    def profile(self) -> Profile:
        raw = read_toml(self.path, _Profile)
        dialect = self.dialects.get(raw.dialect)
        if dialect is None:
            raise self._fault("dialect", tr("there is no dialect “{name}”", name=raw.dialect))
        try:
            base_url = check_base_url(raw.base_url)
        except UsageError as error:
            raise self._fault("base_url", error.message) from error
        models = tuple(self.card(model, dialect, f"models[{i}]") for i, model in enumerate(raw.models))
        # Without a model of its own, a server that has just one is not told which.
        if raw.default_model not in {card.id for card in models} and (models or raw.default_model):
            raise self._fault("default_model", tr("there is no model “{name}”", name=raw.default_model))
        return Profile(
            name=self.path.stem,
            title=raw.title,
            dialect=dialect,
            transport=raw.transport,
            base_url=base_url,
            models=models,
            default_model=raw.default_model,
            mask_convention=raw.mask_convention or dialect.mask_convention,
            invert_mask=raw.invert_mask,
            concurrency=self._at_least_one(raw.concurrency, "concurrency"),
            extras=raw.extras,
            needs_key=raw.needs_key,
            built_in=True,
            timeout=raw.timeout,
            limits=dialect.limits if raw.limits is None else self._limits(raw.limits),
            formats=dialect.formats if raw.formats is None else self._formats(raw.formats),
            soft_masks=dialect.soft_masks if raw.soft_masks is None else raw.soft_masks,
            notes=raw.notes,
            cost_report=self._cost_report(raw.cost_report),
            unlisted=unlisted_card(dialect),
        )

    def card(self, raw: _Model, dialect: Dialect, at: str) -> ModelCard:
        known = ALWAYS | {parameter.name for parameter in dialect.parameters}
        for name in raw.takes:
            if name not in known:
                raise self._fault(f"{at}.takes", tr("the dialect has no place for “{name}”", name=name))
        if raw.timeout is not None and raw.timeout < 1:
            raise self._fault(f"{at}.timeout", tr("it must be at least 1"))
        price, by_quality = self._prices(raw.price, f"{at}.price")
        return ModelCard(
            id=raw.id,
            title=raw.title,
            takes=frozenset(raw.takes),
            sizes=dialect.usual_sizes if raw.sizes is None else self._sizes(raw.sizes, f"{at}.sizes"),
            sizes_published=raw.sizes is not None,
            max_n=self._at_least_one(raw.max_n, f"{at}.max_n"),
            description=raw.description,
            price=price,
            price_by_quality=by_quality,
            price_date=raw.price.date if raw.price else "",
            price_size=self._price_size(raw.price, f"{at}.price.size"),
            token_prices=self._token_prices(raw.price, f"{at}.price.tokens"),
            seconds=raw.seconds,
            timeout=raw.timeout,
            needs_mask=raw.needs_mask,
        )

    def _prices(self, raw: _Price | None, at: str) -> tuple[Cost | None, dict[str, Cost]]:
        if raw is None:
            return None, {}
        amounts = [*raw.by_quality.values(), *([] if raw.amount is None else [raw.amount])]
        if not amounts or min(amounts) < 0:
            raise self._fault(at, tr("it needs an amount of at least 0"))
        by_quality = {name: Cost(amount, raw.currency, True) for name, amount in raw.by_quality.items()}
        # Where only cheaper tiers are published, nothing is known of the others.
        known = raw.amount is not None or _DEAREST in raw.by_quality
        return Cost(max(amounts), raw.currency, any(amounts)) if known else None, by_quality

    def _price_size(self, raw: _Price | None, at: str) -> Size | None:
        if raw is None or not raw.size:
            return None
        try:
            return parse_size(raw.size)
        except ValueError as error:
            raise self._fault(at, str(error)) from error

    def _token_prices(self, raw: _Price | None, at: str) -> TokenPrices | None:
        if raw is None or raw.tokens is None:
            return None
        prices = TokenPrices(raw.tokens.input_text, raw.tokens.input_image, raw.tokens.output)
        if min(prices.input_text, prices.input_image, prices.output) < 0:
            raise self._fault(at, tr("it must not be negative"))
        return prices

    def _cost_report(self, raw: _Report | None) -> CostReport | None:
        if raw is None:
            return None
        if not (raw.header or raw.field):
            raise self._fault("cost_report", tr("it needs a header or a field"))
        return CostReport(raw.currency, raw.header.lower(), raw.field)

    def _check_forms(self, raw: _Dialect) -> None:
        for name, form in (("image_form", raw.image_form), ("mask_form", raw.mask_form)):
            if (form is PictureForm.FILE) != (raw.body is BodyFormat.MULTIPART):
                raise self._fault(name, tr("“{form}” does not go into this body", form=form.value))

    def _formats(self, formats: tuple[UploadFormat, ...]) -> tuple[UploadFormat, ...]:
        if UploadFormat.PNG not in formats:
            raise self._fault("formats", tr("PNG must be among them"))
        return formats

    def _limits(self, raw: _Limits) -> Limits:
        values = msgspec.structs.asdict(raw)
        for name, value in values.items():
            if value < 0:
                raise self._fault(f"limits.{name}", tr("it must not be negative"))
        return Limits(**values)

    def _parameters(self, raw: _Dialect) -> tuple[Parameter, ...]:
        found: dict[str, Parameter] = {}
        for index, said in enumerate(raw.parameters):
            at = f"parameters[{index}]"
            own = {"name": said} if isinstance(said, str) else said
            name = own.get("name")
            whole = {**self.common.get(str(name), {}), **own}
            parameter = self._parameter(as_kind(whole, _Parameter, self.path, at), at)
            if parameter.name in found or parameter.name in ALWAYS:
                raise self._fault(f"{at}.name", tr("“{name}” is there twice", name=name))
            if parameter.place is ParameterPlace.PROMPT and not raw.tag:
                raise self._fault(f"{at}.place", tr("the dialect has no tag to put it into"))
            found[parameter.name] = parameter
        return tuple(found.values())

    def _parameter(self, raw: _Parameter, at: str) -> Parameter:
        if (raw.kind is ParameterKind.CHOICE) != bool(raw.choices):
            raise self._fault(f"{at}.choices", tr("choices belong to a choice, and only there"))
        return Parameter(
            name=raw.name,
            wire=raw.wire or raw.name,
            kind=raw.kind,
            title=raw.title,
            help=raw.help,
            minimum=raw.minimum,
            maximum=raw.maximum,
            step=raw.step,
            default=raw.default,
            choices=raw.choices,
            bands=self._bands(raw.bands, f"{at}.bands"),
            place=raw.place,
            also=raw.also,
            single=raw.single,
        )

    def _bands(self, raw: tuple[_Band, ...], at: str) -> tuple[Band, ...]:
        starts = [band.start for band in raw]
        if starts != sorted(set(starts)):
            raise self._fault(at, tr("each must start above the one before"))
        return tuple(Band(band.start, band.text, band.warns) for band in raw)

    def _sizes(self, raw: _Sizes, at: str) -> SizeRule:
        try:
            return SizeRule(
                fixed=tuple(parse_size(text) for text in raw.fixed),
                multiple=raw.multiple,
                minimum=raw.minimum,
                maximum=raw.maximum,
                min_area=raw.min_area,
                max_area=raw.max_area,
                max_aspect=raw.max_aspect,
            )
        except ValueError as error:
            raise self._fault(at, str(error)) from error

    def _at_least_one(self, value: int, at: str) -> int:
        if value < 1:
            raise self._fault(at, tr("it must be at least 1"))
        return value

    def _fault(self, field: str, problem: str) -> InputError:
        return fault(self.path, field, problem)


def read_card(table: Mapping[str, Any], dialect: Dialect, path: Path, at: str) -> ModelCard:
    """A model's card from a table as it stands under `models` of a profile; `at` tells where, for errors.

    Raises:
        InputError: a field is missing, unknown or wrong.
    """
    return _Reader(path).card(as_kind(table, _Model, path, at), dialect, at)


def load_catalogue(folder: Path | None = None) -> Catalogue:
    """Read `dialects/*.toml` and `profiles/*.toml` of `folder` (default: the program's own).

    Each is named after its file. `parameters.toml` holds what several dialects say of a parameter.

    Raises:
        InputError: a file is unreadable or wrong; its name and the field are told.
    """
    root = resource_path("catalogue") if folder is None else folder
    common = read_toml(root / "parameters.toml", dict[str, dict[str, Any]])
    dialects = {path.stem: _Reader(path, common=common).dialect() for path in _files(root / "dialects")}
    profiles = {path.stem: _Reader(path, dialects).profile() for path in _files(root / "profiles")}
    return Catalogue(dialects, profiles)


def _files(folder: Path) -> Iterator[Path]:
    try:
        return iter(sorted(path for path in folder.iterdir() if path.suffix == ".toml"))
    except OSError as error:
        raise from_os_error(error, str(folder), kind=InputError) from error
