"""A request laid open before it leaves: every field, every file, every byte count, and nothing of the key.

It is made by the same functions as the request itself, so it cannot differ from what is sent.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.base.text import tr
from app.edits.cut import send_coverage
from app.edits.types import EditRequest, ParameterValue
from app.gateways.encode import Pictures, encode_calls, encoded_pictures, picture_parts
from app.gateways.fields import as_text, request_fields
from app.gateways.types import BodyFormat, HttpCall, PictureForm, Profile, Transport

HIDDEN_KEY = "•••"


@dataclass(frozen=True, slots=True)
class SentFile:
    """One picture of a request."""

    name: str
    """Of its field."""
    filename: str
    """As in the form; in a JSON body, which has no file names, the name under which it can be saved."""
    media_type: str
    form: PictureForm
    data: bytes = field(repr=False)
    """The very bytes, before any base64."""
    is_mask: bool = False
    quality: int | None = None
    """Of a lossy format; None = nothing was lost."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What would leave, and where to. Holds the bodies, but no key."""

    method: str
    url: str
    host: str
    stays_here: bool
    """True: it is handed over inside this process."""
    sends_key: bool
    """True: a key goes along, if one is stored."""
    headers: tuple[tuple[str, str], ...]
    """Those that Maskroom sets, the key hidden."""
    body: BodyFormat
    fields: tuple[tuple[tuple[str, ParameterValue], ...], ...]
    """Name and value of every field besides the pictures, for each call."""
    files: tuple[SentFile, ...]
    """The pictures; the same in each call."""
    calls: tuple[HttpCall, ...]
    notes: tuple[str, ...]
    """Sentences on what was reduced, converted or split."""

    @property
    def body_bytes(self) -> int:
        """The size of one call's body, the largest if they differ."""
        return max(len(call.body) for call in self.calls)


def inspect_request(request: EditRequest, profile: Profile) -> Inspection:
    """Lay open what `request` would send to `profile`. Nothing is sent.

    Encodes the pictures, so it belongs off the event loop.

    Raises:
        UsageError: it cannot be sent, as told by `encode`.
    """
    pictures = encoded_pictures(request, profile)
    calls = encode_calls(request, profile, pictures)
    fields, first = [], 0
    for call in calls:
        fields.append(tuple(request_fields(request, profile, call.n, first).items()))
        first += call.n
    return Inspection(
        method=calls[0].method,
        url=calls[0].url,
        host=urlsplit(calls[0].url).netloc.rpartition("@")[2],
        stays_here=profile.transport is Transport.IN_PROCESS,
        sends_key=profile.needs_key,
        headers=_headers(calls[0], request, profile),
        body=profile.dialect.body,
        fields=tuple(fields),
        files=_files(pictures, profile),
        calls=calls,
        notes=tuple(_notes(request, profile, pictures, len(calls))),
    )


def curl_commands(inspection: Inspection, key_variable: str) -> str:
    """Commands for a POSIX shell, one for each call, that send the same requests.

    They read the files of `curl_files` from the current folder and the key from `key_variable`.
    """
    several = len(inspection.calls) > 1
    return "\n\n".join(
        " \\\n  ".join(_curl_words(inspection, index, f"-{index + 1}" if several else "", key_variable))
        for index in range(len(inspection.calls))
    )


def curl_files(inspection: Inspection) -> dict[str, bytes]:
    """The files that the commands read, by name."""
    if inspection.body is BodyFormat.MULTIPART:
        return {file.filename: file.data for file in inspection.files}
    several = len(inspection.calls) > 1
    return {
        f"request-{index + 1}.json" if several else "request.json": call.body
        for index, call in enumerate(inspection.calls)
    }


def _curl_words(inspection: Inspection, index: int, number: str, key_variable: str) -> list[str]:
    words = [f"curl -X {inspection.method} {shlex.quote(inspection.url)}", "-H 'Accept: application/json'"]
    if inspection.sends_key:
        words.append(f'-H "Authorization: Bearer ${key_variable}"')
    if inspection.body is BodyFormat.JSON:
        words += ["-H 'Content-Type: application/json'", f"--data-binary @request{number}.json"]
    else:
        # A value that begins with @ or < would otherwise be read as the name of a file.
        words += [
            f"--form-string {shlex.quote(f'{name}={as_text(value)}')}"
            for name, value in inspection.fields[index]
        ]
        words += [
            f"-F {shlex.quote(f'{file.name}=@{file.filename};type={file.media_type}')}"
            for file in inspection.files
        ]
    return [*words, f"-o reply{number}.json"]


def _headers(call: HttpCall, request: EditRequest, profile: Profile) -> tuple[tuple[str, str], ...]:
    key = (("Authorization", f"Bearer {HIDDEN_KEY}"),) if profile.needs_key else ()
    return (*call.headers, *key, ("X-Client-Request-Id", request.id))


def _files(pictures: Pictures, profile: Profile) -> tuple[SentFile, ...]:
    dialect = profile.dialect
    parts = picture_parts(pictures, dialect)
    uploads = [*pictures.images, *([pictures.mask] if pictures.mask else [])]
    found = []
    for part, upload in zip(parts, uploads, strict=True):
        is_mask = upload is pictures.mask
        form = dialect.mask_form if is_mask else dialect.image_form
        found.append(
            SentFile(part.name, part.filename, part.media_type, form, part.data, is_mask, upload.quality)
        )
    return tuple(found)


def _notes(request: EditRequest, profile: Profile, pictures: Pictures, calls: int) -> list[str]:
    plan, found = request.plan, []
    if plan.content_send.size != plan.region.size:
        found.append(
            tr("The region of {region} is reduced to {sent}; the result is put back at full size.",
               region=plan.region.size, sent=plan.content_send.size)
        )  # fmt: skip
    if plan.content_send != plan.size_send.rect:
        found.append(
            tr("It does not fill {size}: the rest is its mirror and is cut off again.", size=plan.size_send)
        )
    found += [
        tr("One picture goes as {format} of quality {quality}, because a PNG is larger than allowed.",
           format=upload.format.name, quality=upload.quality)
        for upload in pictures.images
        if upload.quality is not None
    ]  # fmt: skip
    if request.has_mask:
        if request.inverts_mask:
            found.append(tr("The mask goes inverted, in this request only."))
        found.append(profile.mask_convention.meaning(profile.invert_mask != request.inverts_mask))
        if not profile.soft_masks and _is_soft(request):
            found.append(
                tr("Its soft edge goes as fully edited; the edge is softened when the result is laid in.")
            )
    else:
        found.append(tr("No mask goes along: the whole region may change."))
    if calls > 1:
        found.append(tr("{n} variants are asked for by {calls} requests.", n=request.n, calls=calls))
    return found


def _is_soft(request: EditRequest) -> bool:
    coverage = send_coverage(request, soft=True)
    return bool(((coverage > 0) & (coverage < 255)).any())
