"""`maskroom providers …` and `maskroom models`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from app.base.errors import ExitCode, UsageError
from app.base.states import MaskConvention
from app.base.text import tr
from app.cli.edit import cost_json
from app.cli.printing import print_json, print_line, print_table, say
from app.gateways.provider_settings import ProviderSettings
from app.gateways.types import ModelCard, Profile, UploadFormat
from app.session.provider_check import ProviderCheck, check_provider
from app.session.workspace import Workspace
from app.settings.secrets import SecretPlace

ALL = ("all",)
PLAIN_OPTIONS = (
    *("like", "title", "dialect", "base_url", "model", "models", "invert_mask", "soft_masks", "max_n"),
    *("concurrency", "timeout", "needs_key", "monthly_limit"),
    *("most_images", "image_bytes", "mask_bytes", "body_bytes"),
)
"""Options that are taken over as they are."""


async def run_providers(workspace: Workspace, options: argparse.Namespace) -> int:
    """List, show, change, forget or reach providers."""
    match options.action:
        case "list":
            _list(workspace, options.json)
        case "show":
            await _show(workspace, options)
        case "set":
            await _set(workspace, options)
        case "remove":
            workspace.providers.remove(options.name)
            await workspace.secrets.delete(options.name)
            if options.json:
                print_json({"removed": options.name})
            else:
                say(tr("Removed {name} and its key.", name=options.name))
        case _:
            await _test(workspace, options)
    return ExitCode.DONE


async def run_models(workspace: Workspace, options: argparse.Namespace) -> int:
    """List the models that can be chosen; those that a provider listed when it was last asked are among them."""
    name = options.provider or workspace.settings.value.edit.provider
    profile = workspace.providers.get(name)
    if options.refresh:
        await workspace.models.refresh(profile)
    known = workspace.models.known(profile)
    offer = workspace.models.offer(profile, profile.default_model)
    cards = [*offer.cards, *(profile.card(id) for id in offer.completions)]
    if options.json:
        print_json(
            {
                "provider": name,
                "fetched": known.fetched if known else None,
                "models": [card_json(card, profile) for card in cards],
            }
        )
    else:
        print_table([_card_row(card, profile) for card in cards])
    return ExitCode.DONE


def _list(workspace: Workspace, as_json: bool) -> None:
    profiles = workspace.providers.list()
    problem = workspace.providers.problem
    if problem is not None:
        say(problem.message, problem.hint)
    default = workspace.settings.value.edit.provider
    if as_json:
        print_json(
            {
                "providers": [
                    {
                        "name": profile.name,
                        "title": profile.title,
                        "dialect": profile.dialect.name,
                        "base_url": profile.base_url,
                        "model": profile.default_model,
                        "default": profile.name == default,
                        "built_in": profile.built_in,
                    }
                    for profile in profiles
                ]
            }
        )
        return
    print_table(
        [
            (
                "*" if profile.name == default else " ",
                profile.name,
                profile.title,
                profile.dialect.name,
                profile.default_model,
                profile.base_url,
            )
            for profile in profiles
        ]
    )


async def _show(workspace: Workspace, options: argparse.Namespace) -> None:
    profile = workspace.providers.get(options.name)
    place = await workspace.secrets.place(profile.name) if profile.needs_key else None
    value = profile_json(profile, place)
    if options.json:
        print_json(value)
        return
    rows = [(key, _plain(field)) for key, field in value.items() if key != "models"]
    print_table([*rows, *(("model", f"{card.id}  {card.title}") for card in profile.models)])


async def _set(workspace: Workspace, options: argparse.Namespace) -> None:
    settings = _changed(workspace.providers.settings(options.name), options)
    key = sys.stdin.readline().strip() if options.key_stdin else None
    if options.key_stdin and not key:
        raise UsageError(tr("No key came on standard input."), tr("Pipe it in, on one line."))
    profile = workspace.providers.save(settings)
    place = await workspace.secrets.set(profile.name, key) if key else None
    if place is SecretPlace.THIS_RUN:
        say(
            tr("This machine has no keychain that can be used, so the key was not kept."),
            tr("Give it for each run in {variable}.", variable=workspace.key_variable(profile.name)),
        )
    if options.json:
        print_json(profile_json(profile, place))
    else:
        say(tr("{name} is set up: {url}", name=profile.name, url=profile.base_url))


def _changed(settings: ProviderSettings, options: argparse.Namespace) -> ProviderSettings:
    """`settings` with what was typed; what was not typed stays."""
    typed = {name: getattr(options, name) for name in PLAIN_OPTIONS}
    settings = replace(settings, **{name: value for name, value in typed.items() if value is not None})
    if options.mask_convention is not None:
        settings = replace(settings, mask_convention=MaskConvention(options.mask_convention))
    if options.fields is not None:
        settings = replace(settings, fields=None if options.fields == ALL else options.fields)
    if options.sizes is not None:
        settings = replace(settings, sizes=() if options.sizes == ALL else options.sizes)
    if options.formats is not None:
        settings = replace(settings, formats=_formats(options.formats))
    if options.extra:
        settings = replace(settings, extras={**settings.extras, **dict(options.extra)})
    return settings


def _formats(names: tuple[str, ...]) -> tuple[UploadFormat, ...]:
    known = {format.value: format for format in UploadFormat}
    for name in names:
        if name not in known:
            raise UsageError(
                tr("“{name}” is no format that is sent.", name=name),
                tr("Choose from {names}.", names=", ".join(known)),
            )
    return tuple(known[name] for name in names)


async def _test(workspace: Workspace, options: argparse.Namespace) -> None:
    profile = workspace.providers.get(options.name)
    check = await check_provider(workspace, profile)
    if check.error is not None and check.fails:
        raise check.error
    if options.json:
        print_json(check_json(check))
        return
    for sentence in check.sentences():
        print_line(sentence)


def check_json(check: ProviderCheck) -> dict[str, object]:
    """What a test found, as JSON."""
    return {
        "name": check.name,
        "reached": check.reached,
        "key": check.key.value,
        "models": [{"id": model.id, "can_edit": model.can_edit} for model in check.models],
        "mask": {
            "convention": check.convention.value,
            "invert": check.invert,
            "meaning": check.mask_meaning,
        },
    }


def profile_json(profile: Profile, place: SecretPlace | None) -> dict[str, object]:
    """A provider as JSON; of its key only where it is kept."""
    return {
        "name": profile.name,
        "title": profile.title,
        "dialect": profile.dialect.name,
        "base_url": profile.base_url,
        "model": profile.default_model,
        "mask_convention": profile.mask_convention.value,
        "invert_mask": profile.invert_mask,
        "mask_meaning": profile.mask_convention.meaning(profile.invert_mask),
        "concurrency": profile.concurrency,
        "timeout": profile.timeout,
        "monthly_limit": profile.monthly_limit,
        "extras": dict(profile.extras),
        "needs_key": profile.needs_key,
        "key": place.value if place else None,
        "built_in": profile.built_in,
        "models": [card_json(card, profile) for card in profile.models],
    }


def card_json(card: ModelCard, profile: Profile) -> dict[str, object]:
    """A model as JSON."""
    return {
        "id": card.id,
        "title": card.title,
        "takes": sorted(card.takes),
        "parameters": [
            {
                "name": parameter.name,
                "kind": parameter.kind.value,
                "minimum": parameter.minimum,
                "maximum": parameter.maximum,
                "choices": list(parameter.choices),
            }
            for parameter in profile.parameters(card.id)
        ],
        "sizes": [str(size) for size in card.sizes.fixed],
        "max_n": card.max_n,
        "needs_mask": card.needs_mask,
        "price": cost_json(card.price),
        "price_date": card.price_date or None,
    }


def _card_row(card: ModelCard, profile: Profile) -> tuple[str, ...]:
    price = f"{card.price.amount:g} {card.price.currency}" if card.price else "?"
    mark = "*" if card.id == profile.default_model else " "
    return (mark, card.id, card.title, price, ", ".join(sorted(card.takes)))


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in value.items()) or "–"
    return "–" if value is None else str(value)
