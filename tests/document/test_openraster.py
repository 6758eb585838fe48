"""OpenRaster files: ours come back to the bit, others' as they look, and bad ones do no harm."""

import io
import json
import struct
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from app.base.cancel import Cancelled, CancelToken
from app.base.errors import PhotographError
from app.base.geometry import Rect
from app.document.layers import EditLayer
from app.document.openraster import MANIFEST, MERGED, SOURCE, STACK, write_openraster
from app.document.openraster_reader import is_openraster, read_openraster
from app.imaging.codecs import encode_png_quickly
from app.imaging.encoders import encode_png_file
from app.imaging.load import Limits, load_photograph
from app.imaging.photograph import Channels, Metadata
from app.imaging.recipe import BlendMode
from tests.document.saving import (
    document_of,
    same_layer,
    same_photograph,
    saved_document,
    soft_layer,
    written,
)
from tests.imaging.pictures import exif_block, noise


def photograph_file(channels: Channels = Channels.RGB, bits: int = 8) -> bytes:
    return encode_png_file(noise(channels, bits, 60, 90), Metadata(exif=exif_block(), dpi=(300.0, 300.0)))


def layers() -> tuple[EditLayer, ...]:
    first = soft_layer("a", Rect(5, 5, 40, 30), 1)
    hidden = soft_layer("b", Rect(30, 20, 50, 40), 2, BlendMode.MULTIPLY, 0.5)
    object.__setattr__(hidden, "visible", False)
    return first, hidden, soft_layer("c", Rect(20, 10, 30, 30), 3, BlendMode.LUMINOSITY, 0.73)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("channels", list(Channels))
def test_what_was_saved_comes_back_to_the_bit(channels: Channels, bits: int) -> None:
    source = photograph_file(channels, bits)
    document = document_of(load_photograph(source, name="boat.png"), layers())
    saved = saved_document(document, source)
    data = written(document, saved)
    assert is_openraster(data)
    back = read_openraster(data, "boat.ora")
    assert back.notes == ()
    assert back.source == source
    assert same_photograph(back.photograph, load_photograph(source, name="boat.png"))
    assert all(map(same_layer, back.layers, saved.layers))
    assert len(back.layers) == 3
    assert [mask.name for mask in back.masks] == ["Sky", "Boat"]
    assert all(np.array_equal(a.coverage, b.coverage) for a, b in zip(back.masks, saved.masks, strict=True))
    assert back.masks[0].coverage.flags.writeable
    assert (back.active_mask, dict(back.form)) == (1, dict(saved.form))
    assert [(each.name, each.picture.tolist()) for each in back.references] == [
        (each.name, each.picture.tolist()) for each in saved.references
    ]
    again = document_of(back.photograph, back.layers)
    assert np.array_equal(again.flatten_samples(), document.flatten_samples())


def test_the_file_is_laid_out_as_the_format_wants_it() -> None:
    source = photograph_file()
    document = document_of(load_photograph(source, name="boat.png"), layers())
    with zipfile.ZipFile(io.BytesIO(written(document, saved_document(document, source)))) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, archive.read(first)) == (
            "mimetype",
            zipfile.ZIP_STORED,
            b"image/openraster",
        )
        root = ElementTree.fromstring(archive.read(STACK))
        found = [dict(layer.attrib) for layer in root.iter("layer")]
        assert (root.get("w"), root.get("h"), root.get("xres")) == ("90", "60", "300")
        assert [each["name"] for each in found] == ["layer c <&>", "layer b <&>", "layer a <&>", "boat.png"]
        assert [each["composite-op"] for each in found] == [
            *("svg:src-over", "svg:multiply", "svg:src-over", "svg:src-over")
        ]
        assert [each["visibility"] for each in found] == ["visible", "hidden", "visible", "visible"]
        assert [each["opacity"] for each in found] == ["1", "0.5", "1", "1"]
        merged = load_photograph(archive.read(MERGED))
        assert np.array_equal(merged.samples, document.flatten_samples())
        with Image.open(io.BytesIO(archive.read("Thumbnails/thumbnail.png"))) as small:
            assert max(small.size) <= 256
        assert archive.read(SOURCE) == source


def test_a_document_that_is_larger_than_its_file_keeps_its_layers_and_masks(ours: bytes) -> None:
    small = encode_png_file(noise(Channels.RGB, 8, 40, 70), Metadata())
    data = repacked(ours, lambda members: members.update({SOURCE: small}))
    back, before = read_openraster(data, "boat.ora"), read_openraster(ours, "boat.ora")
    assert back.notes == ()
    assert len(back.masks) == 2
    assert np.array_equal(back.photograph.samples, before.photograph.samples)
    assert all(map(same_layer, back.layers, before.layers))


def repacked(data: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The file with other members, as another program would write it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def without_ours(members: dict[str, bytes]) -> None:
    for name in [name for name in members if name.startswith("maskroom/")]:
        del members[name]


@pytest.fixture
def ours() -> bytes:
    source = photograph_file()
    document = document_of(load_photograph(source, name="boat.png"), layers()[:2])
    return written(document, saved_document(document, source))


def test_layers_of_another_program_look_the_same(ours: bytes) -> None:
    before = read_openraster(ours, "boat.ora")
    back = read_openraster(repacked(ours, without_ours), "boat.ora")
    assert back.notes == ()
    assert back.masks == ()
    assert [layer.name for layer in back.layers] == ["layer a <&>", "layer b <&>"]
    assert [layer.visible for layer in back.layers] == [True, False]
    assert np.array_equal(back.photograph.samples, before.photograph.samples)
    one = document_of(before.photograph, before.layers).flatten_samples()
    other = document_of(back.photograph, back.layers).flatten_samples()
    assert np.abs(one.astype(int) - other).max() <= 1
    assert load_photograph(back.source).size == back.size


def test_what_another_program_changed_is_not_taken_from_our_part(ours: bytes) -> None:
    def change(members: dict[str, bytes]) -> None:
        members[STACK] = members[STACK].replace(b'visibility="hidden"', b'visibility="visible"')
        del members[MERGED]

    back = read_openraster(repacked(ours, change), "boat.ora")
    assert "Another program changed the file" in back.notes[0]
    assert [layer.visible for layer in back.layers] == [True, True]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"svg:multiply", b"svg:soft-light", "does not know"),
        (
            b'"svg:src-over" />\n    <layer name="boat.png"',
            b'"svg:screen" />\n    <layer name="boat.png"',
            "otherwise",
        ),
        (b"<stack>\n", b'<stack><stack opacity="0.4">\n', "groups"),
    ],
)
def test_what_is_not_understood_opens_as_the_joined_picture(
    ours: bytes, old: bytes, new: bytes, words: str
) -> None:
    def change(members: dict[str, bytes]) -> None:
        without_ours(members)
        assert old in members[STACK]
        text = members[STACK].replace(b"hidden", b"visible").replace(old, new)
        members[STACK] = text.replace(b"</stack>", b"</stack></stack>") if b"<stack><stack" in text else text

    back = read_openraster(repacked(ours, change), "boat.ora")
    assert words in " ".join(back.notes)
    assert back.layers == ()
    with zipfile.ZipFile(io.BytesIO(ours)) as archive:
        assert np.array_equal(back.photograph.samples, load_photograph(archive.read(MERGED)).samples)


def foreign(stack: str, **pictures: np.ndarray) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", b"image/openraster")
        archive.writestr(STACK, f'<image w="20" h="10"><stack>{stack}</stack></image>')
        for name, picture in pictures.items():
            archive.writestr(MERGED if name == "merged" else f"data/{name}.png", encode_png_quickly(picture))
    return file.getvalue()


def test_layers_stand_over_white_and_are_cut_at_the_border() -> None:
    red = np.zeros((10, 10, 4), np.uint8)
    red[...] = 255, 0, 0, 255
    data = foreign('<layer name="r" src="data/red.png" x="15" y="-4"/>', red=red)
    back = read_openraster(data, "red.ora")
    assert [layer.region for layer in back.layers] == [Rect(15, 0, 5, 6)]
    flat = document_of(back.photograph, back.layers).flatten_samples()
    assert (flat[:6, 15:] == (255, 0, 0)).all()
    assert (flat[:, :15] == 255).all()


def test_a_transparent_picture_keeps_its_transparency() -> None:
    red = np.zeros((10, 20, 4), np.uint8)
    red[2:5, 3:9] = 255, 0, 0, 128
    back = read_openraster(foreign('<layer src="data/red.png"/>', red=red, merged=red), "red.ora")
    assert back.photograph.channels is Channels.RGBA
    assert np.array_equal(back.photograph.samples, red)
    assert "transparent" in back.notes[0]


ENTITIES = (
    b'<!DOCTYPE image [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    b'<image w="90" h="60"><stack><layer name="&b;" src="data/layer1.png"/></stack></image>'
)


def stack_of(layer: bytes, size: bytes = b"w='90' h='60'") -> bytes:
    return b"<image " + size + b"><stack><layer src='" + layer + b"'/></stack></image>"


def inflating() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), b"image/openraster")
        archive.writestr(STACK, b" " * (1 << 24))
    return file.getvalue()


def lying_header() -> bytes:
    """A PNG of 4 x 4 pixels that says it has a milliard a side."""
    png = bytes(encode_png_quickly(np.zeros((4, 4, 3), np.uint8)))
    return png[:16] + struct.pack(">II", 1 << 30, 1 << 30) + png[24:]


BAD_STACKS = {
    "broken xml": b"<image w='90' h='60'><stack>",
    "entities": ENTITIES,
    "entities in another coding": ENTITIES.decode().encode("utf-16"),
    "deep": b"<image w='90' h='60'>" + b"<stack>" * 5000,
    "another tree": b"<svg w='90' h='60'/>",
    "huge": stack_of(b"data/layer1.png", b"w='900000' h='900000'"),
    "no size": stack_of(b"data/layer1.png", b""),
    "not a number": stack_of(b"data/layer1.png", b"w='nan' h='60'"),
    "climbs out": stack_of(b"../../../../etc/passwd"),
    "a missing layer": stack_of(b"data/none.png"),
    "no picture": stack_of(b"mimetype"),
    "a header that lies": stack_of(b"lying.png"),
}


@pytest.mark.parametrize("kind", list(BAD_STACKS))
def test_a_bad_stack_is_told_in_a_sentence(ours: bytes, kind: str) -> None:
    def change(members: dict[str, bytes]) -> None:
        without_ours(members)
        del members[MERGED]
        members |= {STACK: BAD_STACKS[kind], "lying.png": lying_header()}

    with pytest.raises(PhotographError, match=r"“bad\.ora”.*\.$"):
        read_openraster(repacked(ours, change), "bad.ora")


@pytest.mark.parametrize("kind", ["cut short", "only a beginning", "no stack", "inflates", "a flipped bit"])
def test_a_bad_zip_is_told_in_a_sentence(ours: bytes, kind: str) -> None:
    plain = repacked(ours, without_ours)
    at = plain.index(b"<image")
    data = {
        "cut short": ours[: len(ours) // 2],
        "only a beginning": ours[:60],
        "no stack": plain.replace(b"stack.xml", b"stick.xml"),
        "inflates": inflating(),
        "a flipped bit": plain[:at] + b"<imbge" + plain[at + 6 :],
    }[kind]
    with pytest.raises(PhotographError, match=r"“bad\.ora”.*\.$"):
        read_openraster(data, "bad.ora")


def test_a_file_that_would_inflate_beyond_the_limit_is_refused(ours: bytes) -> None:
    with pytest.raises(PhotographError, match="more than can be opened"):
        read_openraster(ours, "bad.ora", Limits(max_bytes=20_000))
    with pytest.raises(PhotographError):
        read_openraster(ours, "bad.ora", Limits(max_pixels=100))


@pytest.mark.parametrize(
    "harm",
    [
        *("no json", "other sizes", "missing part", "newer"),
        *("grey reference", "source of another size", "source elsewhere", "source beyond its frame"),
    ],
)
def test_a_damaged_part_of_ours_costs_only_what_was_in_it(ours: bytes, harm: str) -> None:
    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members[MANIFEST])
        if harm == "no json":
            members[MANIFEST] = b"{"
            return
        if harm == "other sizes":
            manifest["layers"][0]["region"] = [0, 0, 3, 3]
        elif harm == "missing part":
            members.pop(manifest["masks"][0]["file"])
        elif harm == "newer":
            manifest["version"] = 99
        elif harm == "grey reference":
            manifest["references"][0]["file"] = manifest["masks"][0]["file"]
        elif harm == "source of another size":
            manifest["layers"][0]["source"]["picture"] = manifest["references"][0]["file"]
        elif harm == "source elsewhere":
            manifest["layers"][0]["source"]["region"][0] += 1
        else:
            manifest["layers"][0]["source"]["content_send"] = [0, 0, 65, 48]
        members[MANIFEST] = json.dumps(manifest).encode()

    back = read_openraster(repacked(ours, change), "boat.ora")
    assert len(back.layers) == 2
    assert back.notes


def test_whoever_wants_a_picture_is_told_that_it_is_a_document(ours: bytes) -> None:
    with pytest.raises(PhotographError, match="a document, not a picture"):
        load_photograph(ours, name="boat.ora")


def test_saving_can_be_cancelled_and_tells_how_far_it_is(ours: bytes) -> None:
    source = photograph_file()
    document = document_of(load_photograph(source, name="boat.png"), layers())
    saved = saved_document(document, source)
    shares: list[float] = []
    token = CancelToken()

    def tell(share: float) -> None:
        shares.append(share)
        if share > 0.5:
            token.cancel()

    def flatten(layers, rect):  # type: ignore[no-untyped-def]
        return document.flatten_samples(rect, layers)

    write_openraster(saved, flatten, io.BytesIO(), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    with pytest.raises(Cancelled):
        write_openraster(saved, flatten, io.BytesIO(), tell, token)
