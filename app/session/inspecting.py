"""The request that Generate would send now, laid open, and its files written where a command finds them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from app.base.errors import OutputError, from_os_error
from app.base.files import write_atomically
from app.base.geometry import Size
from app.base.text import tr
from app.gateways.inspection import Inspection, SentFile, curl_commands, curl_files, inspect_request
from app.imaging.arrays import U8
from app.imaging.codecs import decode_picture
from app.imaging.resample import resize_picture
from app.session.document_session import DocumentSession
from app.session.requests import freeze_request
from app.session.workspace import Workspace

REQUEST_ID = "inspection"
"""In the place of the number that a request gets when it is sent."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownFile:
    """One picture of a request, decoded from the bytes that would leave."""

    file: SentFile
    pixels: U8
    """(h, w, 3) RGB or (h, w, 4) RGBA, no larger than asked for."""
    size: Size
    """Of the picture itself."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownRequest:
    """What the next request of a photograph would be."""

    inspection: Inspection
    pictures: tuple[ShownFile, ...]
    left_out: tuple[str, ...]
    """Titles of what is set but not taken by the model, and so not sent."""
    has_key: bool


async def inspect_next(workspace: Workspace, session: DocumentSession, bounds: Size) -> ShownRequest | None:
    """The request that `session` would send now, its pictures reduced to `bounds`; None when it has none.

    Raises:
        MaskroomError: it cannot be sent as it is.
    """
    plan = await session.planned()
    document = session.document
    if plan is None or document is None:
        return None
    mask, form = session.planning.requests.parts[0].mask, session.form
    picture = await asyncio.to_thread(document.cut, plan.region)
    request = await asyncio.to_thread(
        freeze_request,
        form,
        plan,
        picture,
        mask,
        id=REQUEST_ID,
        document_id=session.id,
        document_name=session.name,
    )
    profile = form.profile
    inspection = await asyncio.to_thread(inspect_request, request, profile)
    pictures = await asyncio.to_thread(lambda: tuple(_shown(file, bounds) for file in inspection.files))
    left_out = form.untaken()
    if form.prompt and not form.takes("prompt"):
        left_out = (tr("Prompt"), *left_out)
    has_key = profile.needs_key and await workspace.secrets.place(profile.name) is not None
    return ShownRequest(inspection, pictures, left_out, has_key)


def command_for(workspace: Workspace, provider: str, inspection: Inspection) -> str:
    """The shell command that sends the same; the key stands in it as the name of a variable only."""
    return curl_commands(inspection, workspace.key_variable(provider))


async def write_command_files(inspection: Inspection, command: str, folder: Path) -> tuple[Path, ...]:
    """Write the files that the command reads, and the command as `request.sh`, into `folder`.

    Raises:
        OutputError: it cannot be written.
    """
    files = {**curl_files(inspection), "request.sh": f"#!/bin/sh\n{command}\n".encode()}

    for name, data in files.items():
        await asyncio.to_thread(_write, folder / name, data)
    return tuple(folder / name for name in files)


def _write(path: Path, data: bytes) -> None:
    try:
        write_atomically(path, lambda file: file.write(data))
    except OSError as error:
        raise from_os_error(error, path.name, kind=OutputError) from error


def _shown(file: SentFile, bounds: Size) -> ShownFile:
    pixels = decode_picture(file.data)
    size = Size(pixels.shape[1], pixels.shape[0])
    fitted = size.fitted_into(bounds)
    return ShownFile(file, pixels if fitted == size else resize_picture(pixels, fitted), size)
