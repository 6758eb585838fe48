"""EXIF is patched where it stands, and every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.base.geometry import Size
from app.imaging.exif import PREFIX, make_upright, with_size
from tests.imaging.pictures import exif_block

THUMBNAIL = b"\xff\xd8\xff" + bytes(range(1, 200)) + b"\xff\xd9"


def parsed(exif: bytes) -> Image.Exif:
    exif_data = Image.Exif()
    exif_data.load(PREFIX + exif)
    return exif_data


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_turn_is_told_and_reset(order: str, orientation: int) -> None:
    upright = make_upright(exif_block(orientation, order))
    assert upright.orientation == orientation
    assert upright.dpi == (300, 300)
    again = parsed(upright.exif)
    assert again[0x0112] == 1
    inner = again.get_ifd(0x8769)
    turned = orientation >= 5
    assert (inner[0xA002], inner[0xA003]) == ((480, 640) if turned else (640, 480))
    assert inner[0x927C] == bytes(range(40))


def test_only_the_bytes_that_must_change_do() -> None:
    before = exif_block(3)
    after = make_upright(PREFIX + before).exif
    assert len(after) == len(before)
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_thumbnail_goes() -> None:
    before = exif_block(6, ">", THUMBNAIL)
    after = make_upright(before).exif
    assert THUMBNAIL in before
    assert b"\xff\xd8\xff" not in after
    assert len(after) == len(before)
    assert not parsed(after).get_ifd(1)


@pytest.mark.parametrize("block", [b"", b"II", b"II*\0", b"XX*\0\x08\0\0\0\0\0", b"II*\0\xff\0\0\0\0\0"])
def test_what_is_no_exif_is_refused(block: bytes) -> None:
    with pytest.raises(ValueError):
        make_upright(block)


@given(at=st.integers(0, 300), junk=st.binary(min_size=1, max_size=6))
def test_damage_is_refused_or_harmless(at: int, junk: bytes) -> None:
    block = bytearray(exif_block(6, "<", THUMBNAIL))
    block[at : at + len(junk)] = junk
    try:
        upright = make_upright(bytes(block))
    except ValueError:
        return
    assert len(upright.exif) == len(block)
    assert 1 <= upright.orientation <= 8


@pytest.mark.parametrize("order", ["<", ">"])
def test_another_size_is_told_and_nothing_else_changes(order: str) -> None:
    before = make_upright(exif_block(1, order)).exif
    after = with_size(PREFIX + before, Size(1234, 999))
    inner = parsed(after).get_ifd(0x8769)
    assert (inner[0xA002], inner[0xA003]) == (1234, 999)
    assert with_size(after, Size(640, 480)) == before
    with pytest.raises(ValueError):
        with_size(b"II", Size(1, 1))
