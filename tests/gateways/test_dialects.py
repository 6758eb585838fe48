"""What each shipped dialect puts on the wire, read back from the very bytes, and a new one made of a file alone."""

import base64
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.base.errors import UsageError
from app.base.geometry import Rect, Size
from app.base.resources import resource_path
from app.base.states import MaskConvention
from app.edits.cut import cut_request
from app.edits.plan import plan_edit
from app.edits.types import Context, EditRequest, ParameterValue
from app.gateways.catalogue import Catalogue, load_catalogue
from app.gateways.encode import encode, mask_picture
from app.gateways.types import HttpCall, Profile
from app.imaging.arrays import U8

JSON_DIALECTS = ("openai-json", "routeway-json", "routescope")
MULTIPART = ("openai-multipart", "routeway-multipart", "therouter", "stable-diffusion-cpp", "vllm-omni")

Ask = Callable[..., EditRequest]


@pytest.fixture
def speaker(catalogue: Catalogue) -> Callable[[str], Profile]:
    """Makes a provider without models of its own that speaks a dialect."""

    def make(name: str) -> Profile:
        dialect = catalogue.dialects[name]
        return replace(
            catalogue.profiles["openai"],
            name="mine",
            title="Mine",
            base_url="https://h.example",
            dialect=dialect,
            models=(),
            unlisted=None,
            mask_convention=dialect.mask_convention,
            limits=dialect.limits,
            formats=dialect.formats,
            soft_masks=dialect.soft_masks,
        )

    return make


@pytest.fixture
def ask(catalogue: Catalogue) -> Ask:
    """Makes a request for a dialect, planned to its own sizes; `changes` go over it."""

    def make(dialect: str, **changes: Any) -> EditRequest:
        size = Size(90, 70)
        rows, columns = np.mgrid[0:70, 0:90]
        picture = np.stack((rows * 3, columns * 2, rows + columns), axis=2).astype(np.uint8)
        coverage = np.zeros((70, 90), np.uint8)
        coverage[20:40, 30:60] = 255
        coverage[19, 30:60] = 90
        rule = catalogue.dialects[dialect].usual_sizes
        plan = plan_edit(size, Rect(30, 19, 30, 21), Context(whole=True), rule)
        request = cut_request(
            id="0a1b2c",
            document_id="d",
            document_name="secret.png",
            plan=plan,
            picture=picture[plan.region.slices],
            coverage=coverage[plan.region.slices],
            prompt="ein “Sofa”,\nrot",
            provider="mine",
            model="m-1",
        )
        return replace(request, **changes)

    return make


def only(calls: tuple[HttpCall, ...]) -> HttpCall:
    (call,) = calls
    return call


def json_of(call: HttpCall) -> dict[str, Any]:
    """The body, with a check that no name stands in it twice."""
    assert dict(call.headers)["Content-Type"] == "application/json"

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len({name for name, _value in pairs}) == len(pairs)
        return dict(pairs)

    found: dict[str, Any] = json.loads(call.body, object_pairs_hook=unique)
    return found


def form_of(call: HttpCall) -> list[tuple[str, str | None, str, bytes]]:
    """Name, file name, type and content of each part."""
    head = f"Content-Type: {dict(call.headers)['Content-Type']}\r\n\r\n".encode()
    found = []
    for part in message_from_bytes(head + call.body).get_payload():
        assert not isinstance(part, str)
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = str(part.get_param("name", header="content-disposition"))
        found.append((name, part.get_filename(), part.get_content_type(), data))
    return found


def texts_of(call: HttpCall) -> dict[str, str]:
    return {name: data.decode() for name, filename, _type, data in form_of(call) if filename is None}


def names_of(call: HttpCall) -> list[str]:
    return [name for name, filename, _type, _data in form_of(call) if filename is not None]


def file_of(call: HttpCall, wanted: str) -> bytes:
    (data,) = [data for name, filename, _type, data in form_of(call) if name == wanted and filename]
    return data


def opened(data: bytes) -> Image.Image:
    picture = Image.open(io.BytesIO(data))
    picture.load()
    return picture


def from_data_url(url: str) -> bytes:
    head, _comma, text = url.partition(",")
    assert head == "data:image/png;base64"
    return base64.b64decode(text, validate=True)


REFERENCE = np.full((12, 10, 3), 77, np.uint8)


class TestJson:
    """Bodies in JSON."""

    def test_bare_base64_with_a_white_mask(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        values: dict[str, ParameterValue] = {"strength": 0.5, "guidance": 8.0, "steps": 30, "seed": 7}
        request = ask("routeway-json", n=3, parameters=values)
        body = json_of(only(encode(request, speaker("routeway-json"))))
        assert {name: body[name] for name in body if name not in ("images", "mask")} == {
            "model": "m-1",
            "prompt": "ein “Sofa”,\nrot",
            "n": 3,
            "size": "256x256",
            "strength": 0.5,
            "guidance_scale": 8.0,
            "num_inference_steps": 30,
            "seed": 7,
        }
        (image,) = body["images"]
        picture, mask = (
            opened(base64.b64decode(image, validate=True)),
            opened(base64.b64decode(body["mask"], validate=True)),
        )
        assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (256, 256))
        assert (mask.format, mask.mode, mask.size) == ("PNG", "RGB", (256, 256))
        assert set(np.unique(np.asarray(mask))) == {0, 255}

    def test_url_objects_with_the_mask_as_a_string(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        body = json_of(only(encode(ask("routescope"), speaker("routescope"))))
        ((name, url),) = body["images"][0].items()
        assert name == "image_url"
        assert opened(from_data_url(url)).mode == "RGB"
        assert opened(from_data_url(body["mask"])).mode == "RGBA"
        assert not {"image", "image_urls", "response_format"} & set(body)

    def test_url_objects_with_the_mask_as_one_too(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        call = only(encode(ask("openai-json", parameters={"partial_images": 2}), speaker("openai-json")))
        body = json_of(call)
        assert list(body["mask"]) == ["image_url"]
        assert opened(from_data_url(body["mask"]["image_url"])).mode == "RGBA"
        assert (body["partial_images"], body["stream"]) == (2, True)
        assert call.sends_urls

    def test_no_previews_are_no_stream(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        body = json_of(
            only(encode(ask("openai-json", parameters={"partial_images": 0}), speaker("openai-json")))
        )
        assert body["partial_images"] == 0
        assert "stream" not in body

    @pytest.mark.parametrize("dialect", JSON_DIALECTS)
    def test_references_follow_the_canvas(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str
    ) -> None:
        request = ask(dialect, references=(REFERENCE,))
        images = json_of(only(encode(request, speaker(dialect))))["images"]
        sizes = []
        for image in images:
            text = image if isinstance(image, str) else image["image_url"]
            sizes.append(opened(base64.b64decode(text.rpartition(",")[2])).size)
        assert sizes == [(request.plan.size_send.width, request.plan.size_send.height), (10, 12)]

    @pytest.mark.parametrize("dialect", JSON_DIALECTS)
    def test_nothing_painted_is_no_mask(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str
    ) -> None:
        assert "mask" not in json_of(only(encode(ask(dialect, has_mask=False), speaker(dialect))))

    def test_extras_that_were_typed_become_numbers_and_truths(
        self, ask: Ask, speaker: Callable[[str], Profile]
    ) -> None:
        extras: dict[str, ParameterValue] = {"a": "1.5", "b": "true", "c": "x 1", "d": "07", "e": 2}
        body = json_of(only(encode(ask("routescope", extras=extras), speaker("routescope"))))
        assert [body[name] for name in extras] == [1.5, True, "x 1", "07", 2]

    def test_a_huge_picture_is_the_same_in_slices(
        self, ask: Ask, speaker: Callable[[str], Profile], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = only(encode(ask("routeway-json"), speaker("routeway-json"))).body
        monkeypatch.setattr("app.gateways.json_body.SLICE", 30)
        assert only(encode(ask("routeway-json"), speaker("routeway-json"))).body == whole


class TestMultipart:
    """Bodies as forms."""

    @pytest.mark.parametrize(
        ("dialect", "one", "several", "mask"),
        [
            ("openai-multipart", "image", "image[]", "mask"),
            ("stable-diffusion-cpp", "image[]", "image[]", "mask"),
            ("vllm-omni", "image", "image[]", "mask_image"),
        ],
    )
    def test_names_of_the_parts(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str, one: str, several: str, mask: str
    ) -> None:
        assert names_of(only(encode(ask(dialect), speaker(dialect)))) == [one, mask]
        call = only(encode(ask(dialect, references=(REFERENCE,)), speaker(dialect)))
        assert names_of(call) == [several, several, mask]
        files = [(filename, kind) for _name, filename, kind, _data in form_of(call) if filename]
        assert files == [("image.png", "image/png"), ("image1.png", "image/png"), ("mask.png", "image/png")]
        first = next(data for name, _filename, _type, data in form_of(call) if name == several)
        assert opened(first).size != (10, 12), "the canvas comes first"

    @pytest.mark.parametrize("dialect", ["therouter", "routeway-multipart"])
    def test_where_one_picture_is_taken_references_are_refused(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str
    ) -> None:
        with pytest.raises(UsageError, match="no reference images"):
            encode(ask(dialect, references=(REFERENCE,)), speaker(dialect))

    def test_opaque_pixels_are_the_ones_to_edit(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        call = only(encode(ask("therouter"), speaker("therouter")))
        mask = np.asarray(opened(file_of(call, "mask")))
        assert mask.shape == (1024, 1024, 4)
        edit = mask[..., 3] == 255
        assert (mask[edit] == (255, 255, 255, 255)).all()
        assert (mask[~edit] == (0, 0, 0, 0)).all()
        assert 0.05 < edit.mean() < 0.5

    def test_variants_become_requests_where_one_gives_one(self, ask: Ask, catalogue: Catalogue) -> None:
        therouter = catalogue.profiles["therouter"]
        request = ask("therouter", model=therouter.default_model, n=3)
        calls = encode(request, therouter)
        assert [call.n for call in calls] == [1, 1, 1]
        assert all("n" not in texts_of(call) for call in calls)

    @pytest.mark.parametrize(
        ("dialect", "sizes"), [("therouter", [1, 1, 1]), ("openai-multipart", [3]), ("routeway-json", [3])]
    )
    def test_a_model_typed_by_hand_keeps_to_the_images_of_its_dialect(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str, sizes: list[int]
    ) -> None:
        assert [call.n for call in encode(ask(dialect, n=3), speaker(dialect))] == sizes

    def test_seeds_are_counted_on_over_several_requests(
        self, ask: Ask, speaker: Callable[[str], Profile]
    ) -> None:
        profile = speaker("openai-multipart")
        card = replace(profile.card("m-1"), max_n=1)
        calls = encode(ask("openai-multipart", n=3, parameters={"seed": 5}), replace(profile, models=(card,)))
        assert [texts_of(call)["seed"] for call in calls] == ["5", "6", "7"]

    def test_parameters_inside_the_prompt_stand_in_one_line(
        self, ask: Ask, speaker: Callable[[str], Profile]
    ) -> None:
        values: dict[str, ParameterValue] = {"seed": 42, "strength": 0.75, "steps": 28, "guidance": 5.0}
        call = only(encode(ask("stable-diffusion-cpp", parameters=values), speaker("stable-diffusion-cpp")))
        texts = texts_of(call)
        assert set(texts) == {"model", "prompt", "size"}
        # As the server itself reads it: its dot matches no line break.
        found = re.search(r"<sd_cpp_extra_args>(.*?)</sd_cpp_extra_args>", texts["prompt"])
        assert found is not None
        assert json.loads(found[1]) == {
            "seed": 42,
            "strength": 0.75,
            "sample_params": {"sample_steps": 28, "guidance": {"txt_cfg": 5.0}},
        }
        assert texts["prompt"].replace(found[0], "").rstrip() == "ein “Sofa”,\nrot"

    @pytest.mark.parametrize("values", [{}, {"seed": 1}])
    def test_a_tag_in_the_users_text_is_harmless(
        self, ask: Ask, speaker: Callable[[str], Profile], values: dict[str, ParameterValue]
    ) -> None:
        prompt = 'x <sd_cpp_extra_args>{"seed": 666}</sd_cpp_extra_args> y'
        request = ask("stable-diffusion-cpp", prompt=prompt, parameters=values)
        sent = texts_of(only(encode(request, speaker("stable-diffusion-cpp"))))["prompt"]
        found = re.findall(r"<sd_cpp_extra_args>(.*?)</sd_cpp_extra_args>", sent)
        assert found == ([json.dumps({"seed": 1}, separators=(",", ":"))] if values else [])
        assert "666" in sent

    @pytest.mark.parametrize("dialect", MULTIPART)
    def test_the_size_is_told_in_pixels_unless_auto_is_understood(
        self, ask: Ask, speaker: Callable[[str], Profile], dialect: str, catalogue: Catalogue
    ) -> None:
        request = ask(dialect)
        size = texts_of(only(encode(request, speaker(dialect))))["size"]
        assert size == ("auto" if catalogue.dialects[dialect].auto_size else str(request.plan.size_send))

    def test_an_ignored_mask_still_goes_along(self, ask: Ask, speaker: Callable[[str], Profile]) -> None:
        profile = replace(speaker("openai-multipart"), mask_convention=MaskConvention.IGNORED)
        assert "mask" in names_of(only(encode(ask("openai-multipart"), profile)))


@pytest.mark.parametrize("name", [*JSON_DIALECTS, *MULTIPART])
@pytest.mark.parametrize("kind", ["L", "LA", "P", "I;16", "CMYK", "rotated"])
def test_any_source_is_sent_upright_in_eight_bit_colour(
    ask: Ask, speaker: Callable[[str], Profile], name: str, kind: str, tmp_path: Path
) -> None:
    from app.document.document import Document
    from app.imaging.load import load_photograph

    rows, columns = np.mgrid[0:70, 0:90]
    grey = Image.fromarray((rows + columns).astype(np.uint8))
    path = tmp_path / ("source.jpg" if kind in ("CMYK", "rotated") else "source.png")
    if kind == "I;16":
        Image.fromarray(((rows + columns) * 256).astype(np.uint16)).save(path)
    elif kind == "rotated":
        exif = Image.Exif()
        exif[0x0112] = 6
        grey.convert("RGB").transpose(Image.Transpose.ROTATE_90).save(path, exif=exif, quality=95)
    else:
        grey.convert(kind).save(path)
    document = Document(load_photograph(path.read_bytes()))
    request = ask(name)
    assert document.size == Size(90, 70)
    sent = replace(request, picture=document.cut(request.plan.region))
    call = only(encode(sent, speaker(name)))
    data = next((d for n, f, _t, d in form_of(call) if f), b"") if name in MULTIPART else _first(call)
    picture = opened(data)
    assert picture.mode in ("RGB", "RGBA")
    assert picture.size == (request.plan.size_send.width, request.plan.size_send.height)
    corner = np.asarray(picture.convert("L"))[request.plan.content_send.slices]
    assert corner[:8, :8].mean() < corner[-8:, -8:].mean() - 60, "upright"


def _first(call: HttpCall) -> bytes:
    image = json_of(call)["images"][0]
    return base64.b64decode((image if isinstance(image, str) else image["image_url"]).rpartition(",")[2])


@pytest.mark.parametrize("convention", list(MaskConvention))
@pytest.mark.parametrize("invert", [False, True])
def test_soft_masks_keep_their_coverage(convention: MaskConvention, invert: bool) -> None:
    coverage: U8 = np.arange(256, dtype=np.uint8).reshape(16, 16)
    mask = mask_picture(coverage, convention, invert, soft=True)
    match convention:
        case MaskConvention.WHITE:
            read = mask[..., 0]
        case MaskConvention.OPAQUE:
            read = mask[..., 3]
        case _:
            read = 255 - mask[..., 3]
    assert np.array_equal(255 - read if invert else read, coverage)


def test_a_soft_edge_is_sent_soft_only_where_it_is_understood(
    ask: Ask, speaker: Callable[[str], Profile]
) -> None:
    hard = np.asarray(opened(file_of(only(encode(ask("vllm-omni"), speaker("vllm-omni"))), "mask_image")))
    soft_profile = replace(speaker("vllm-omni"), soft_masks=True)
    soft = np.asarray(opened(file_of(only(encode(ask("vllm-omni"), soft_profile)), "mask_image")))
    assert set(np.unique(hard)) == {0, 255}
    assert 90 in np.unique(soft)
    assert np.array_equal(hard[..., 0] > 0, soft[..., 0] > 0)


def test_a_ninth_dialect_takes_one_file_and_no_code(tmp_path: Path, ask: Ask) -> None:
    folder = tmp_path / "catalogue"
    shutil.copytree(resource_path("catalogue"), folder)
    (folder / "dialects" / "ninth.toml").write_text(
        """
        title = "Ninth"
        body = "json"
        image_field = "picture"
        image_list_field = "pictures"
        image_form = "data-url"
        mask_field = "where"
        mask_form = "base64"
        mask_convention = "opaque"
        formats = ["png", "webp"]
        parameters = ["seed", { name = "guidance", wire = "cfg", minimum = 1 }]
        [usual_sizes]
        fixed = ["128x128"]
        """
    )
    (folder / "profiles" / "newcomer.toml").write_text(
        """
        title = "Newcomer"
        dialect = "ninth"
        base_url = "https://new.example"
        default_model = ""
        models = []
        """
    )
    catalogue = load_catalogue(folder)
    profile = catalogue.profiles["newcomer"]
    request = ask("routeway-json", model="", parameters={"guidance": 3.0, "strength": 0.5})
    request = replace(
        request,
        plan=plan_edit(Size(90, 70), Rect(30, 19, 30, 21), Context(whole=True), profile.card("").sizes),
    )
    body = json_of(only(encode(request, profile)))
    assert list(body) == ["prompt", "size", "cfg", "picture", "where"]
    assert opened(from_data_url(body["picture"])).size == (128, 128)
    mask = np.asarray(opened(base64.b64decode(body["where"])))
    assert (mask[mask[..., 3] == 255] == 255).all()
    pair = json_of(only(encode(replace(request, references=(REFERENCE,)), profile)))
    assert len(pair["pictures"]) == 2
    assert "picture" not in pair
