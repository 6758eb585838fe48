"""From a frozen edit to the exact bytes that leave: the wire side of a profile, without its key.

Here, and nowhere else, coverage becomes a picture in a provider's mask convention. Nothing is sent here,
and no provider is known by name: what differs between them stands in the profile.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from app.base.errors import UsageError
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.cut import send_coverage, send_picture
from app.edits.types import EditRequest, ParameterValue
from app.gateways.addresses import EDITS, endpoint
from app.gateways.multipart import Part, build_body, text_part
from app.gateways.types import BodyFormat, HttpCall, ModelCard, Parameter, ParameterKind, Profile
from app.imaging.arrays import U8
from app.imaging.codecs import encode_png

_LARGEST_SEED = 2**31 - 1


def encode(request: EditRequest, profile: Profile) -> tuple[HttpCall, ...]:
    """The calls that ask for `request.n` images: several where one call gives fewer, seeds counted on.

    Takes a moment for large regions (two PNGs are encoded), so it belongs off the event loop.

    Raises:
        UsageError: a value that the profile's parameter does not take, or an extra field of a reserved name.
    """
    if profile.dialect.body is not BodyFormat.MULTIPART:
        raise UsageError(
            tr("The dialect {title} cannot be sent yet.", title=profile.dialect.title),
            tr("Choose a multipart dialect for this provider."),
        )
    card = profile.card(request.model)
    pictures = tuple(_picture_parts(request, profile))
    calls = []
    first = 0
    for n in call_sizes(request.n, card):
        fields = _fields(request, profile, card, n, first)
        parts = (*(text_part(name, _as_text(value)) for name, value in fields.items()), *pictures)
        content_type, body = build_body(parts)
        calls.append(
            HttpCall(
                method="POST",
                url=endpoint(profile.base_url, EDITS),
                headers=(
                    ("Accept", "application/json"),
                    ("Content-Type", content_type),
                    ("Content-Length", str(len(body))),
                ),
                body=body,
                n=n,
                seed=_seed(request, profile, first),
            )
        )
        first += n
    return tuple(calls)


def call_sizes(n: int, card: ModelCard) -> tuple[int, ...]:
    """How many images each call asks for, so that together they are `n`."""
    most = card.max_n if "n" in card.takes else 1
    whole, rest = divmod(max(1, n), most)
    return (most,) * whole + ((rest,) if rest else ())


def mask_picture(coverage: U8, convention: MaskConvention, invert: bool) -> U8:
    """A mask as the wire wants it: (h, w, 3) RGB or (h, w, 4) RGBA, uint8; any coverage > 0 is to be edited.

    The transparent convention comes in colours that a reader of white = edit understands the same way,
    because many gateways look at the colour and not at the alpha: edit is white and clear, keep is black
    and opaque. The opaque convention is the same with the alpha turned round.
    """
    edit = (coverage > 0) != invert
    white = np.where(edit, np.uint8(255), np.uint8(0))
    if convention is MaskConvention.WHITE:
        return np.stack((white, white, white), axis=2)
    alpha = white if convention is MaskConvention.OPAQUE else np.uint8(255) - white
    return np.stack((white, white, white, alpha), axis=2)


def _picture_parts(request: EditRequest, profile: Profile) -> Iterator[Part]:
    dialect = profile.dialect
    # File names are constant: the name of the user's file is nobody's business.
    yield Part(dialect.image_field, encode_png(send_picture(request)), "image.png", "image/png")
    if request.has_mask:
        mask = mask_picture(send_coverage(request), profile.mask_convention, profile.invert_mask)
        yield Part(dialect.mask_field, encode_png(mask), "mask.png", "image/png")


def _fields(
    request: EditRequest, profile: Profile, card: ModelCard, n: int, first: int
) -> dict[str, ParameterValue]:
    """The text fields by wire name, in the order they are sent; what is unset or not taken is absent."""
    dialect = profile.dialect
    fields: dict[str, ParameterValue] = {}
    if request.model:
        fields["model"] = request.model
    if "prompt" in card.takes:
        fields["prompt"] = request.prompt
    if "n" in card.takes and n > 1:
        fields["n"] = n
    if "size" in card.takes:
        if request.size is not None:
            fields["size"] = str(request.size)
        else:
            fields["size"] = str(request.plan.size_send) if card.sizes_published else "auto"
    fields |= profile.extras
    if dialect.response_format is not None:
        fields["response_format"] = dialect.response_format
    for parameter in profile.parameters(request.model):
        value = request.parameters.get(parameter.name)
        if parameter.name == "seed":
            value = _seed(request, profile, first)
        if value is not None:
            fields[parameter.wire] = _checked(value, parameter)
    for name, extra in request.extras.items():
        if name in dialect.reserved or not name:
            raise UsageError(
                tr("“{name}” is filled by the request itself.", name=name),
                tr("Leave it out of the extra fields."),
                code="reserved_field",
            )
        fields[name] = extra
    return fields


def _seed(request: EditRequest, profile: Profile, first: int) -> int | None:
    """The seed of the call whose first image is number `first` (from 0) of the request."""
    parameter = next((p for p in profile.parameters(request.model) if p.name == "seed"), None)
    value = request.parameters.get("seed")
    if parameter is None or value is None:
        return None
    low = int(parameter.minimum or 0)
    high = _LARGEST_SEED if parameter.maximum is None else int(parameter.maximum)
    return low + (int(_checked(value, parameter)) + first - low) % (high - low + 1)


def _checked(value: ParameterValue, parameter: Parameter) -> ParameterValue:
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


def _as_text(value: ParameterValue) -> str:
    """A value as it is written on the wire, the same in every locale."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)
