"""Mask files in every convention."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import MaskError, OutputError
from app.base.geometry import Size
from app.base.states import MaskConvention
from app.imaging.arrays import U8
from app.imaging.mask_files import load_mask, save_mask
from tests.imaging.pictures import encoded

SIZE = Size(17, 13)


def coverage() -> U8:
    made = np.random.default_rng(2).integers(0, 256, (13, 17), dtype=np.uint8)
    made[0, 0], made[0, 1] = 0, 255
    return made


def file_of(*planes: U8) -> bytes:
    array = planes[0] if len(planes) == 1 else np.dstack(planes)
    return encoded(Image.fromarray(array), "PNG")


def test_white_means_edit_in_a_file_without_alpha() -> None:
    for data in (file_of(coverage()), file_of(coverage(), coverage(), coverage())):
        assert np.array_equal(load_mask(data, SIZE), coverage())
        assert np.array_equal(load_mask(data, SIZE, MaskConvention.WHITE), coverage())
        assert np.array_equal(load_mask(data, SIZE, invert=True), 255 - coverage())


def test_transparent_means_edit_in_a_file_with_varying_alpha() -> None:
    colour = np.full((13, 17), 90, np.uint8)
    data = file_of(colour, colour, colour, 255 - coverage())
    assert np.array_equal(load_mask(data, SIZE), coverage())
    assert np.array_equal(load_mask(data, SIZE, MaskConvention.TRANSPARENT), coverage())
    assert np.array_equal(load_mask(data, SIZE, MaskConvention.OPAQUE), 255 - coverage())
    assert np.array_equal(load_mask(data, SIZE, MaskConvention.OPAQUE, invert=True), coverage())


def test_alpha_that_does_not_vary_says_nothing() -> None:
    full = np.full((13, 17), 255, np.uint8)
    assert np.array_equal(load_mask(file_of(coverage(), full), SIZE), coverage())


def test_transparent_white_is_no_white() -> None:
    white = np.full((13, 17), 255, np.uint8)
    data = file_of(white, white, white, coverage())
    assert np.array_equal(load_mask(data, SIZE, MaskConvention.WHITE), coverage())


def test_masks_of_sixteen_bits_are_read(tmp_path: Path) -> None:
    deep = coverage().astype(np.uint16) * 257
    assert np.array_equal(load_mask(encoded(Image.fromarray(deep), "PNG"), SIZE), coverage())


def refusal(data: bytes | Path, **options: object) -> str:
    with pytest.raises(MaskError) as caught:
        load_mask(data, options.pop("size", SIZE), name="mask.png", **options)
    assert "mask.png" in caught.value.message
    assert caught.value.hint
    return caught.value.message


def test_masks_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    black = np.zeros((13, 17), np.uint8)
    assert "nothing to edit" in refusal(file_of(black))
    assert "nothing to edit" in refusal(file_of(255 - black), invert=True)
    assert "17 × 13" in refusal(file_of(coverage()), size=Size(13, 17))
    assert "no transparency" in refusal(file_of(coverage()), convention=MaskConvention.TRANSPARENT)
    assert "not a picture" in refusal(b"a letter")
    assert "does not exist" in refusal(tmp_path / "none.png")
    with pytest.raises(ValueError):
        load_mask(file_of(coverage()), SIZE, MaskConvention.IGNORED)


@given(seed=st.integers(0, 30))
def test_masks_come_back_as_they_were_saved(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    made = np.random.default_rng(seed).integers(0, 256, (9, 8), dtype=np.uint8)
    path = tmp_path_factory.mktemp("masks") / "mask.png"
    save_mask(made, path)
    assert np.array_equal(load_mask(path, Size(8, 9)), made)


def test_masks_are_written_as_png_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_mask(coverage(), tmp_path / "mask.jpg")
    with pytest.raises(OutputError):
        save_mask(coverage(), tmp_path / "none" / "mask.png")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "convention", [MaskConvention.WHITE, MaskConvention.TRANSPARENT, MaskConvention.OPAQUE]
)
def test_a_saved_mask_comes_back_in_its_convention(tmp_path: Path, convention: MaskConvention) -> None:
    path = tmp_path / "mask.png"
    save_mask(coverage(), path, convention)
    assert np.array_equal(load_mask(path, SIZE, convention), coverage())
    if convention is not MaskConvention.OPAQUE:
        assert np.array_equal(load_mask(path, SIZE), coverage())
    with Image.open(path) as written:
        assert written.mode == ("L" if convention is MaskConvention.WHITE else "RGBA")
        assert np.array_equal(np.asarray(written.convert("RGB"))[..., 0], coverage())


def test_a_mask_is_never_saved_as_ignored(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ignored"):
        save_mask(coverage(), tmp_path / "mask.png", MaskConvention.IGNORED)
