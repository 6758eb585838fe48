"""The fields of a request besides its pictures: what is sent under which name, checked and in a fixed order.

What is not set, or not taken by the model, is absent: nothing is ever sent as null or as a guess.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from app.base.errors import UsageError
from app.base.text import tr
from app.edits.types import EditRequest, ParameterValue
from app.gateways.types import Dialect, ModelCard, Parameter, ParameterKind, ParameterPlace, Profile

_LARGEST_SEED = 2**31 - 1


def request_fields(request: EditRequest, profile: Profile, n: int, first: int) -> dict[str, ParameterValue]:
    """The fields by wire name of the call for `n` images, the first of which is number `first` (from 0).

    Raises:
        UsageError: a value that its parameter does not take, or an extra field of a reserved name.
    """
    card = profile.card(request.model)
    fields: dict[str, ParameterValue] = {}
    if request.model:
        fields["model"] = request.model
    values = _parameter_values(request, profile, first)
    if "prompt" in card.takes:
        fields["prompt"] = _prompt(request.prompt, values, profile)
    if "n" in card.takes and n > 1:
        fields["n"] = n
    if "size" in card.takes:
        fields["size"] = _size(request, card, profile.dialect)
    fields |= profile.extras
    for parameter, value in values:
        if parameter.place is ParameterPlace.FIELD:
            fields[parameter.wire] = value
            if value:
                fields |= parameter.also
    for name, extra in request.extras.items():
        if name in profile.dialect.reserved or not name:
            raise UsageError(
                tr("“{name}” is filled by the request itself.", name=name),
                tr("Leave it out of the extra fields."),
                code="reserved_field",
            )
        fields[name] = extra
    return fields


def call_seed(request: EditRequest, profile: Profile, first: int) -> int | None:
    """The seed of the call whose first image is number `first` (from 0) of the request."""
    parameter = next((p for p in profile.parameters(request.model) if p.name == "seed"), None)
    value = request.parameters.get("seed")
    if parameter is None or value is None:
        return None
    low = int(parameter.minimum or 0)
    high = _LARGEST_SEED if parameter.maximum is None else int(parameter.maximum)
    return low + (int(checked(value, parameter)) + first - low) % (high - low + 1)


def checked(value: ParameterValue, parameter: Parameter) -> ParameterValue:
    """`value` as the parameter's own kind and within its range; raises UsageError."""
    try:
        known = _converted(value, parameter)
    except (ValueError, OverflowError):
        raise _refused(value, parameter) from None
    if isinstance(known, (int, float)) and not isinstance(known, bool):
        low, high = parameter.minimum, parameter.maximum
        # Written so that a NaN is refused as well.
        if not ((low is None or known >= low) and (high is None or known <= high)):
            raise _refused(value, parameter)
    return known


def as_text(value: ParameterValue) -> str:
    """A value as it is written into a form, the same in every locale."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def _parameter_values(
    request: EditRequest, profile: Profile, first: int
) -> list[tuple[Parameter, ParameterValue]]:
    """The set parameters that the model takes, in the dialect's order."""
    found = []
    for parameter in profile.parameters(request.model):
        value = request.parameters.get(parameter.name)
        if parameter.name == "seed":
            value = call_seed(request, profile, first)
        if value is not None:
            found.append((parameter, checked(value, parameter)))
    return found


def _size(request: EditRequest, card: ModelCard, dialect: Dialect) -> str:
    if request.size is not None:
        return str(request.size)
    return str(request.plan.size_send) if card.sizes_published or not dialect.auto_size else "auto"


def _prompt(text: str, values: list[tuple[Parameter, ParameterValue]], profile: Profile) -> str:
    """The prompt with the parameters that stand behind it; a tag in the text itself is made harmless."""
    tag = profile.dialect.tag
    if not tag:
        return text
    clean = re.sub(rf"<(/?{re.escape(tag)})", r"< \1", text)
    inside: dict[str, Any] = {}
    for parameter, value in values:
        if parameter.place is ParameterPlace.PROMPT:
            *path, last = parameter.wire.split(".")
            level = inside
            for step in path:
                level = level.setdefault(step, {})
            level[last] = value
    if not inside:
        return clean
    # In one line: the reader's pattern ends at a line break.
    return f"{clean} <{tag}>{msgspec.json.encode(inside).decode()}</{tag}>".lstrip()


def _converted(value: ParameterValue, parameter: Parameter) -> ParameterValue:
    """`value` as a value of the parameter's kind; raises ValueError or OverflowError."""
    match parameter.kind:
        case ParameterKind.NUMBER:
            return float(value)
        case ParameterKind.INTEGER:
            if isinstance(value, float) and not value.is_integer():
                raise ValueError
            return int(value)
        case ParameterKind.FLAG:
            if not isinstance(value, bool):
                raise ValueError
            return value
        case ParameterKind.CHOICE:
            if str(value) not in parameter.choices:
                raise ValueError
            return str(value)
        case ParameterKind.TEXT:
            return str(value)


def _refused(value: ParameterValue, parameter: Parameter) -> UsageError:
    hint = ""
    if parameter.choices:
        hint = tr("Choose one of {choices}.", choices=", ".join(parameter.choices))
    elif parameter.minimum is not None and parameter.maximum is not None:
        hint = tr("It goes from {low:.12g} to {high:.12g}.", low=parameter.minimum, high=parameter.maximum)
    return UsageError(
        tr("{name} cannot be {value}.", name=parameter.name, value=value), hint, code="bad_parameter"
    )
