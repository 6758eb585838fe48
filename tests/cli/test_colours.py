"""Every kind of colour through one edit: what is kept, what is converted and said so, what is refused."""

from __future__ import annotations

import email.parser
import email.policy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from app.imaging.arrays import to_eight_bits
from app.imaging.colour import ColourSpace
from app.imaging.load import load_photograph
from app.imaging.photograph import Channels
from tests.cli.conftest import MASKED, picture
from tests.imaging.pictures import matrix_profile, table_profile

Run = Callable[..., Any]
Make = Callable[[Path], Path]

P3 = (0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)
INKS = {(0, 0, 0, 0): (255, 128, 128), (1, 0, 0, 0): (150, 90, 90), (0, 1, 0, 0): (130, 200, 120)}
WIDE = matrix_profile(2.2, primaries=P3)
LINEAR = matrix_profile(1.0)
GAMMA = matrix_profile(1.8, "GRAY")


def image() -> Image.Image:
    return Image.fromarray(picture())


def deep() -> Any:
    return picture().astype(np.uint16) * 257 + 3


def with_alpha(kind: str) -> Image.Image:
    made = image().convert("RGBA")
    made.putalpha(Image.fromarray(np.tile(np.linspace(0, 255, 160), (120, 1)).astype(np.uint8)))
    return made.convert(kind)


def write_pillow(made: Image.Image, name: str, **options: Any) -> Make:
    def write(folder: Path) -> Path:
        made.save(folder / name, **options)
        return folder / name

    return write


def write_cv2(pixels: Any, name: str) -> Make:
    def write(folder: Path) -> Path:
        assert cv2.imwrite(str(folder / name), pixels)
        return folder / name

    return write


def write_tiff(pixels: Any, photometric: Any, icc: bytes | None = None) -> Make:
    def write(folder: Path) -> Path:
        tifffile.imwrite(folder / "deep.tif", pixels, photometric=photometric, iccprofile=icc)
        return folder / "deep.tif"

    return write


KEPT = {
    "grey with gamma": (write_pillow(image().convert("L"), "a.png", icc_profile=GAMMA), Channels.GRAY, 8, GAMMA, ""),
    "grey of 16 bits": (write_cv2(deep()[..., 0], "a.png"), Channels.GRAY, 16, None, ""),
    "grey with alpha": (write_pillow(with_alpha("LA"), "a.png"), Channels.GRAY_ALPHA, 8, None, ""),
    "alpha": (write_pillow(with_alpha("RGBA"), "a.png"), Channels.RGBA, 8, None, ""),
    "one bit": (write_pillow(image().convert("1"), "a.png"), Channels.GRAY, 8, None, ""),
    "palette": (write_pillow(image().quantize(32), "a.png"), Channels.RGB, 8, None, ""),
    "wide": (write_pillow(image(), "a.png", icc_profile=WIDE), Channels.RGB, 8, WIDE, ""),
    "wide of 16 bits": (write_tiff(deep(), "rgb", WIDE), Channels.RGB, 16, WIDE, ""),
    "linear light": (write_tiff(deep(), "rgb", LINEAR), Channels.RGB, 16, LINEAR, ""),
    "broken profile": (
        write_pillow(image(), "a.png", icc_profile=b"nonsense" * 40), Channels.RGB, 8, None,
        "Its colour profile could not be used; sRGB was taken in its place.",
    ),
    "profile of another kind": (
        write_pillow(image(), "a.png", icc_profile=table_profile("CMYK", INKS)), Channels.RGB, 8, None,
        "Its colour profile could not be used; sRGB was taken in its place.",
    ),
    "inks": (
        write_pillow(image().convert("CMYK"), "a.tif"), Channels.RGB, 8, None,
        "Its CMYK colours were converted to sRGB without a colour profile.",
    ),
    "inks with a profile": (
        write_pillow(image().convert("CMYK"), "a.jpg", icc_profile=table_profile("CMYK", INKS)),
        Channels.RGB, 8, None,
        "Its CMYK colours were converted to sRGB by its colour profile.",
    ),
    "Lab": (
        write_pillow(image().convert("LAB"), "a.tif"), Channels.RGB, 8, None,
        "Its Lab colours were converted to sRGB.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEPT)
def test_an_edit_keeps_what_the_file_is_or_says_what_it_became(
    maskroom: Run, mask: Path, tmp_path: Path, kind: str
) -> None:
    make, channels, bits, icc, note = KEPT[kind]
    source = make(tmp_path)
    out = tmp_path / f"out{'.tif' if source.suffix == '.tif' else '.png'}"
    done = maskroom("edit", source, "--mask", mask, "--output", out, "--seed", "1", "--json")
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert result["outside_changed_pixels"] == 0
    assert (note in done.err) if note else not done.err
    before, after = load_photograph(source), load_photograph(out)
    assert (after.channels, after.bits, after.metadata.icc) == (channels, bits, icc)
    keep = np.ones((120, 160), np.bool_)
    keep[MASKED] = False
    assert np.array_equal(before.samples[keep], after.samples[keep])
    if channels.has_alpha:
        assert np.array_equal(before.samples[..., -1], after.samples[..., -1])


REFUSED = {
    "float": (write_tiff(picture().astype(np.float32) / 255, "rgb"), "floating-point numbers of 32 bits"),
    "half": (write_tiff(picture().astype(np.float16) / 255, "rgb"), "floating-point numbers of 16 bits"),
    "Lab of 16 bits": (write_tiff(deep(), "cielab"), "Lab colours of 16 bits per channel cannot be read"),
    "32 bits": (write_tiff(picture()[..., 0].astype(np.uint32), "minisblack"), "32 bits"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_kept_is_refused_with_the_next_step(
    maskroom: Run, mask: Path, tmp_path: Path, kind: str
) -> None:
    make, words = REFUSED[kind]
    done = maskroom("edit", make(tmp_path), "--mask", mask, "--output", tmp_path / "out.tif", "--json")
    assert done.code == 2
    error = done.json["error"]
    assert words in error["message"]
    assert error["hint"]
    assert not (tmp_path / "out.tif").exists()


def sent_picture(body: bytes) -> Any:
    """The picture of a multipart body."""
    boundary = body.partition(b"\r\n")[0][2:]
    head = b'Content-Type: multipart/form-data; boundary="' + boundary + b'"\r\n\r\n'
    for part in email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body).iter_parts():
        if "image" in str(part.get_param("name", header="content-disposition")):
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    raise AssertionError("no picture was sent")


@pytest.mark.parametrize("icc", [WIDE, LINEAR, None], ids=["wide", "linear", "none"])
def test_the_model_sees_srgb_and_its_echo_is_the_photograph_again(
    maskroom: Run, gateway: Any, mask: Path, tmp_path: Path, icc: bytes | None
) -> None:
    words = ("--dialect", "openai-multipart", "--base-url", gateway.base_url, "--model", "some-model")
    assert maskroom("providers", "set", "echo", *words).code == 0
    shown = np.clip(cv2.GaussianBlur(picture(), (0, 0), 2), 64, 230)
    space = ColourSpace(icc, Channels.RGB)
    samples = space.from_srgb(shown, np.zeros((120, 160, 3), np.uint16))
    source, out = write_tiff(samples, "rgb", icc)(tmp_path), tmp_path / "out.tif"
    order = (
        "edit",
        source,
        "--mask",
        mask,
        "--provider",
        "echo",
        "--output",
        out,
        "--context",
        "whole",
        "--json",
    )
    gateway.answer_with(shown)
    assert maskroom(*order).code == 0
    sent = sent_picture(gateway.bodies[0])
    # The photograph is smaller than the model's smallest size: it stands in the middle of a mirrored rest.
    _, _, (left, top), _ = cv2.minMaxLoc(cv2.matchTemplate(sent, shown, cv2.TM_SQDIFF))
    assert np.abs(sent[top : top + 120, left : left + 160].astype(int) - shown).max() <= 1
    gateway.answer_with(sent)
    assert maskroom(*order).code == 0
    back = load_photograph(out)
    assert back.bits == 16
    assert back.metadata.icc == icc
    inside = np.abs(to_eight_bits(back.samples)[MASKED].astype(int) - to_eight_bits(samples)[MASKED])
    assert inside.mean() < 1.5
