"""From a frozen edit to the exact bytes that leave: the wire side of a profile, without its key.

Here, and nowhere else, coverage becomes a picture in a provider's mask convention. Nothing is sent here,
and no provider is known by name: what differs between them stands in the profile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np

from app.base.errors import UsageError
from app.base.states import MaskConvention
from app.base.text import tr
from app.edits.cut import send_coverage, send_picture
from app.edits.types import EditRequest, ParameterValue
from app.gateways.addresses import EDITS, endpoint
from app.gateways.fields import as_text, call_seed, request_fields
from app.gateways.json_body import JsonPicture, JsonValue, build_json
from app.gateways.multipart import Part, build_body, text_part
from app.gateways.types import BodyFormat, Dialect, HttpCall, PictureForm, Profile, UploadFormat
from app.gateways.uploads import Upload, make_upload
from app.imaging.arrays import U8


def encode(request: EditRequest, profile: Profile) -> tuple[HttpCall, ...]:
    """The calls that ask for `request.n` images: several where one call gives fewer, seeds counted on.

    Takes a moment for large regions (pictures are encoded), so it belongs off the event loop.

    Raises:
        UsageError: a value that the profile's parameter does not take, an extra field of a reserved name,
            more pictures than the provider takes, or larger ones.
    """
    return encode_calls(request, profile, encoded_pictures(request, profile))


def encode_calls(request: EditRequest, profile: Profile, pictures: Pictures) -> tuple[HttpCall, ...]:
    """As `encode`, with the pictures of `encoded_pictures` at hand. Raises UsageError for a value."""
    calls = []
    first = 0
    for n in call_sizes(request.n, profile.most_at_once(request.model, request.parameters)):
        fields = request_fields(request, profile, n, first)
        content_type, body = _body(fields, pictures, profile, request.extras)
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
                seed=call_seed(request, profile, first),
                sends_urls=profile.dialect.image_form.is_url,
            )
        )
        first += n
    return tuple(calls)


def call_sizes(n: int, most: int) -> tuple[int, ...]:
    """How many images each call asks for, at most `most`, so that together they are `n`."""
    whole, rest = divmod(max(1, n), most)
    return (most,) * whole + ((rest,) if rest else ())


def mask_picture(coverage: U8, convention: MaskConvention, invert: bool, soft: bool = False) -> U8:
    """A mask as the wire wants it: (h, w, 3) RGB or (h, w, 4) RGBA, uint8.

    Any coverage > 0 is to be edited, or, if `soft`, as much as it says.

    The transparent convention comes in colours that a reader of white = edit understands the same way,
    because many gateways look at the colour and not at the alpha: edit is white and clear, keep is black
    and opaque. The opaque convention is the same with the alpha turned round.
    """
    edit = coverage if soft else np.where(coverage > 0, np.uint8(255), np.uint8(0))
    white = np.uint8(255) - edit if invert else edit
    if convention is MaskConvention.WHITE:
        return np.stack((white, white, white), axis=2)
    alpha = white if convention is MaskConvention.OPAQUE else np.uint8(255) - white
    return np.stack((white, white, white, alpha), axis=2)


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of a request as they are uploaded."""

    images: tuple[Upload, ...]
    """The canvas, then the references."""
    mask: Upload | None


def encoded_pictures(request: EditRequest, profile: Profile) -> Pictures:
    """The very files of a request: the same ones in each of its calls. Raises UsageError as `encode`."""
    dialect, limits = profile.dialect, profile.limits
    if len(request.references) > profile.most_references:
        raise too_many_references(profile, tr("Take some away."))
    images = [
        make_upload(picture, dialect.image_form, profile.formats, limits.image_bytes)
        for picture in (send_picture(request), *request.references)
    ]
    mask = None
    if request.has_mask:
        coverage = send_coverage(request, soft=profile.soft_masks)
        invert = profile.invert_mask != request.inverts_mask
        plane = mask_picture(coverage, profile.mask_convention, invert, profile.soft_masks)
        mask = make_upload(plane, dialect.mask_form, (UploadFormat.PNG,), limits.mask_bytes)
    usable = tuple(image for image in images if image is not None)
    if len(usable) < len(images) or (request.has_mask and mask is None):
        raise too_large(profile)
    return Pictures(usable, mask)


def too_many_references(profile: Profile, hint: str) -> UsageError:
    """The error for more reference images than the provider takes."""
    return UsageError(
        tr("{title} takes no more than {most} reference images.",
           title=profile.title, most=profile.most_references)
        if profile.most_references
        else tr("{title} takes no reference images.", title=profile.title),
        hint,
        code="too_many_images",
    )  # fmt: skip


def too_large(profile: Profile) -> UsageError:
    """The error for pictures that no allowed format brings below the provider's limits."""
    return UsageError(
        tr("The pictures are larger than {title} takes.", title=profile.title),
        tr("Choose a smaller size, or send less of the surroundings."),
        code="too_large",
    )


def _body(
    fields: Mapping[str, ParameterValue],
    pictures: Pictures,
    profile: Profile,
    extras: Mapping[str, ParameterValue],
) -> tuple[str, bytes]:
    """The Content-Type and the body."""
    dialect = profile.dialect
    if dialect.body is BodyFormat.JSON:
        typed: dict[str, JsonValue] = {
            name: _literal(value) if name in extras or name in profile.extras else value
            for name, value in fields.items()
        }
        return "application/json", build_json(typed | _json_pictures(pictures, dialect))
    parts = [text_part(name, as_text(value)) for name, value in fields.items()]
    parts += picture_parts(pictures, dialect)
    return build_body(parts)


def picture_parts(pictures: Pictures, dialect: Dialect) -> list[Part]:
    """The pictures as parts of a form: the canvas, the references, the mask."""
    several = len(pictures.images) > 1
    name = dialect.image_list_field if several else dialect.image_field
    # File names are constant: the name of the user's file is nobody's business.
    parts = [
        Part(name, image.data, f"image{index or ''}.{image.format.value}", image.media_type)
        for index, image in enumerate(pictures.images)
    ]
    if pictures.mask is not None:
        parts.append(Part(dialect.mask_field, pictures.mask.data, "mask.png", pictures.mask.media_type))
    return parts


def _json_pictures(pictures: Pictures, dialect: Dialect) -> dict[str, JsonValue]:
    def value(upload: Upload, form: PictureForm) -> JsonPicture:
        return JsonPicture(upload.data, upload.media_type, form)

    images = [value(image, dialect.image_form) for image in pictures.images]
    found: dict[str, JsonValue] = {}
    if len(images) == 1 and dialect.image_field != dialect.image_list_field:
        found[dialect.image_field] = images[0]
    else:
        found[dialect.image_list_field] = images
    if pictures.mask is not None:
        found[dialect.mask_field] = value(pictures.mask, dialect.mask_form)
    return found


def _literal(value: ParameterValue) -> ParameterValue:
    """An extra field as JSON has it: what was typed as a number, true or false is one."""
    if not isinstance(value, str):
        return value
    try:
        known: ParameterValue = msgspec.json.decode(value, type=bool | int | float)
    except msgspec.DecodeError:
        return value
    return known
