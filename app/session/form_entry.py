"""The form of a document as plain data, for the files that documents are kept in."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from app.base.errors import MaskroomError
from app.edits.types import ParameterValue
from app.session.form import EditForm


def form_entry(form: EditForm) -> dict[str, Any]:
    """Everything but the reference pictures; `fill_form` takes it back."""
    return {
        "provider": form.provider,
        "model": form.model,
        "prompt": form.prompt,
        "variants": form.variants,
        "feather": form.feather,
        "kept": dict(form.kept()),
        "values": dict(form.values),
        "extras": dict(form.extras),
    }


def fill_form(form: EditForm, entry: Mapping[str, Any]) -> None:
    """Take up what `form_entry` gave, maybe in another version: what makes no sense is left as it is."""
    provider, model = entry.get("provider"), entry.get("model")
    if isinstance(provider, str):
        # One that is set up where the file comes from, and not here, leaves the usual one.
        with contextlib.suppress(MaskroomError):
            form.set_provider(provider, model if isinstance(model, str) else "")
    if isinstance(prompt := entry.get("prompt"), str):
        form.set_prompt(prompt)
    if isinstance(variants := entry.get("variants"), int):
        form.set_variants(min(variants, 10))
    if isinstance(feather := entry.get("feather"), int):
        form.set_feather(min(feather, 500))
    form.restore(_plain(entry.get("kept")))
    for name, value in _plain(entry.get("values")).items():
        form.set_value(name, value)
    form.set_extras(_plain(entry.get("extras")))


def _plain(entry: object) -> dict[str, ParameterValue]:
    """The items of a mapping that can be values of parameters."""
    if not isinstance(entry, Mapping):
        return {}
    return {
        name: value
        for name, value in entry.items()
        if isinstance(name, str) and isinstance(value, str | int | float | bool)
    }
