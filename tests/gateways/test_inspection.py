"""What is shown of a request is what is sent, byte for byte, without the key; and the command for it works."""

import asyncio
import json
import shutil
from dataclasses import replace
from email import message_from_bytes
from email.policy import HTTP
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.base.errors import UsageError
from app.base.states import MaskConvention
from app.edits.types import EditRequest
from app.gateways.catalogue import Catalogue
from app.gateways.client import GatewayClient
from app.gateways.encode import encode
from app.gateways.inspection import (
    HIDDEN_KEY,
    Inspection,
    curl_commands,
    curl_files,
    inspect_request,
)
from app.gateways.types import BodyFormat, PictureForm, Profile, UploadFormat
from app.imaging.codecs import decode_picture

KEY = "sk-planted-0123456789"
AWKWARD = "@a 'quoted' \"lamp\"\n<second> line; $HOME `id` ä €"
Parts = list[tuple[str, str | None, str | None, bytes]]


def parts_of(content_type: str, body: bytes) -> Parts:
    """Name, file name, media type and content of every part of a form."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body, policy=HTTP)
    return [
        (
            str(part.get_param("name", header="content-disposition")),
            part.get_filename(),
            str(part["Content-Type"]) if part["Content-Type"] else None,
            part.get_payload(decode=True),
        )
        for part in message.iter_parts()
    ]


@pytest.fixture(params=["openai-multipart", "routeway-json", "openai-json", "stable-diffusion-cpp"])
def spoken(request: pytest.FixtureRequest, catalogue: Catalogue, profile: Profile) -> Profile:
    """The provider of the test in several dialects."""
    dialect = catalogue.dialects[request.param]
    unlisted = replace(profile.card("any"), takes=frozenset({"prompt", "n", "size", "seed"}), max_n=2)
    return replace(
        profile, dialect=dialect, mask_convention=dialect.mask_convention, models=(), unlisted=unlisted
    )


def test_it_shows_the_very_bytes(edit: EditRequest, spoken: Profile) -> None:
    request = replace(edit, n=3, parameters={"seed": 5}, prompt=AWKWARD)
    shown = inspect_request(request, spoken)
    assert shown.calls == encode(request, spoken)
    assert [dict(fields)["seed"] for fields in shown.fields if "seed" in dict(fields)] in ([5, 7], [])
    picture, mask = shown.files
    assert (picture.is_mask, mask.is_mask) == (False, True)
    assert (decode_picture(picture.data) == edit.picture).all()
    assert decode_picture(mask.data).shape[:2] == edit.coverage.shape
    if spoken.dialect.body is BodyFormat.MULTIPART:
        sent = parts_of(dict(shown.calls[0].headers)["Content-Type"], shown.calls[0].body)
        files = [(f.name, f.filename, f.media_type, f.data) for f in shown.files]
        assert [part for part in sent if part[1]] == files
        assert [part[0] for part in sent if not part[1]] == [name for name, _ in shown.fields[0]]
    else:
        content = json.loads(shown.calls[0].body)
        assert set(content) == {name for name, _ in shown.fields[0]} | {picture.name, mask.name}


async def test_the_headers_are_those_on_the_wire(
    gateway: Any, client: GatewayClient, edit: EditRequest, profile: Profile, good: bytes
) -> None:
    gateway.script[0].body = good
    await client.send(edit, profile, KEY)
    shown = inspect_request(edit, profile)
    (sent,) = gateway.requests
    for name, value in shown.headers:
        assert sent.header(name) == value.replace(HIDDEN_KEY, KEY)
    assert (shown.method, shown.url) == (sent.method, gateway.root + sent.target)
    assert shown.host == sent.header("Host")
    assert shown.body_bytes == len(sent.body)
    assert "Authorization" not in dict(inspect_request(edit, replace(profile, needs_key=False)).headers)


def test_it_says_what_is_reduced_and_converted(edit: EditRequest, profile: Profile) -> None:
    soft = edit.coverage.copy()
    soft[9, 20:28] = 90
    plan = replace(
        edit.plan, size_send=edit.plan.size_send.__class__(64, 64), content_send=edit.plan.content_send
    )
    generator = np.random.default_rng(1)
    noisy = generator.integers(0, 256, edit.picture.shape, np.uint8)
    request = replace(edit, coverage=soft, plan=plan, picture=noisy, n=2)
    small = replace(
        profile,
        limits=replace(profile.limits, image_bytes=4000),
        formats=(UploadFormat.PNG, UploadFormat.JPEG),
        models=(),
        unlisted=replace(profile.card("x"), max_n=1),
    )
    notes = " ".join(inspect_request(request, small).notes)
    for word in ("64x64", "JPEG", "soft edge", "2 requests", "Transparent pixels"):
        assert word in notes
    assert inspect_request(edit, profile).notes == (MaskConvention.TRANSPARENT.meaning(),)
    whole = inspect_request(replace(edit, has_mask=False), profile)
    assert [file.is_mask for file in whole.files] == [False]
    assert "No mask" in whole.notes[-1]
    with pytest.raises(UsageError):
        inspect_request(edit, replace(small, limits=replace(profile.limits, image_bytes=10)))


def test_every_convention_has_its_sentence() -> None:
    told = {each.meaning(invert) for each in MaskConvention for invert in (False, True)}
    assert len(told) == 2 * len(MaskConvention) - 1


async def run_curl(inspection: Inspection, folder: Path) -> None:
    for name, data in curl_files(inspection).items():
        (folder / name).write_bytes(data)
    commands = curl_commands(inspection, "MASKROOM_KEY_MINE")
    assert KEY not in commands
    script = commands.replace("curl ", "curl -s --noproxy '*' ").replace("\n\n", " && ")
    process = await asyncio.create_subprocess_shell(
        script, cwd=folder, env={"PATH": "/usr/bin:/bin", "MASKROOM_KEY_MINE": KEY}
    )
    assert await process.wait() == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl to run")
async def test_the_curl_command_sends_the_same_request(
    gateway: Any, edit: EditRequest, spoken: Profile, good: bytes, tmp_path: Path
) -> None:
    gateway.script[0].body = good
    request = replace(edit, n=3, prompt=AWKWARD, parameters={"seed": 5})
    shown = inspect_request(request, spoken)
    await run_curl(shown, tmp_path)
    assert len(gateway.requests) == len(shown.calls)
    for sent, call in zip(gateway.requests, shown.calls, strict=True):
        assert (sent.method, gateway.root + sent.target) == (call.method, call.url)
        assert sent.header("Authorization") == f"Bearer {KEY}"
        if spoken.dialect.body is BodyFormat.JSON:
            assert (sent.header("Content-Type"), sent.body) == ("application/json", call.body)
        else:
            ours = parts_of(dict(call.headers)["Content-Type"], call.body)
            assert parts_of(sent.header("Content-Type"), sent.body) == ours
    replies = sorted(tmp_path.glob("reply*.json"))
    assert [path.read_bytes() for path in replies] == [good] * len(shown.calls)


def test_nothing_of_it_shows_bodies_in_a_repr(edit: EditRequest, spoken: Profile) -> None:
    shown = inspect_request(edit, spoken)
    assert len(repr(shown)) < 4000
    in_json = spoken.dialect.body is BodyFormat.JSON
    assert [file.form is PictureForm.FILE for file in shown.files] == [not in_json] * 2
