"""The exact bytes of a request: parts, names, masks, values, and what is left out."""

import hashlib
import io
import locale
from dataclasses import replace
from email import message_from_bytes
from email.message import Message

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from app.base.errors import UsageError
from app.base.geometry import Rect, Size
from app.base.states import MaskConvention
from app.edits.cut import send_coverage, send_picture
from app.edits.types import EditPlan, EditRequest
from app.gateways.catalogue import Catalogue
from app.gateways.encode import call_sizes, encode, mask_picture
from app.gateways.multipart import Part, build_body, text_part
from app.gateways.types import HttpCall, Profile
from app.imaging.arrays import U8


@pytest.fixture
def profile(catalogue: Catalogue) -> Profile:
    """A provider without any model card, at an address that nobody opens."""
    return replace(catalogue.profiles["openai"], name="mine", base_url="https://h.example/x", models=())


def parts_of(call: HttpCall) -> list[Message]:
    """The parts, taken apart by somebody else's parser."""
    head = f"Content-Type: {dict(call.headers)['Content-Type']}\r\n\r\n".encode()
    parsed = message_from_bytes(head + call.body)
    return [part for part in parsed.get_payload() if isinstance(part, Message)]


def fields_of(call: HttpCall) -> dict[str, str]:
    """Text fields by name; the raw bytes are read as UTF-8."""
    fields = {}
    for part in parts_of(call):
        if part.get_filename() is None:
            name = str(part.get_param("name", header="content-disposition"))
            assert name not in fields
            fields[name] = bytes_of(part).decode("utf-8")
    return fields


def bytes_of(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def file_of(call: HttpCall, name: str) -> Message:
    (found,) = [
        part for part in parts_of(call) if part.get_param("name", header="content-disposition") == name
    ]
    return found


def pixels_of(call: HttpCall, name: str) -> tuple[str, U8]:
    picture = Image.open(io.BytesIO(bytes_of(file_of(call, name))))
    return picture.mode, np.asarray(picture)


def only(calls: tuple[HttpCall, ...]) -> HttpCall:
    (call,) = calls
    return call


GOLDEN = (
    b"--B\r\n"
    b'Content-Disposition: form-data; name="model"\r\n\r\n'
    b"m\r\n"
    b"--B\r\n"
    b'Content-Disposition: form-data; name="prompt"\r\n\r\n'
    b'a "red" sofa\r\nby the window \xe2\x80\x93 1:1\r\n'
    b"--B\r\n"
    b'Content-Disposition: form-data; name="image"; filename="image.png"\r\n'
    b"Content-Type: image/png\r\n\r\n"
    b"\x89PNG\r\n\x1a\n\x00\xff\r\n"
    b"--B--\r\n"
)


def test_a_body_is_golden_to_the_byte() -> None:
    parts = (
        text_part("model", "m"),
        text_part("prompt", 'a "red" sofa\r\nby the window – 1:1'),
        Part("image", b"\x89PNG\r\n\x1a\n\x00\xff", "image.png", "image/png"),
    )
    assert build_body(parts, "B") == ("multipart/form-data; boundary=B", GOLDEN)


def test_a_name_cannot_break_out_of_its_header() -> None:
    _type, body = build_body((text_part('x"\r\nX-Evil: 1', "v"),), "B")
    assert b'name="x%22%0D%0AX-Evil: 1"\r\n\r\nv' in body


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4))
def test_the_boundary_comes_from_the_content_and_is_not_in_it(contents: list[bytes]) -> None:
    parts = [Part(f"p{i}", data) for i, data in enumerate(contents)]
    content_type, body = build_body(parts)
    assert (content_type, body) == build_body(parts)
    boundary = content_type.partition("boundary=")[2].encode()
    assert body.count(boundary) == len(parts) + 1
    nested = build_body([Part("p", body)])
    assert nested[0] != content_type


def test_the_whole_body_of_an_edit(edit: EditRequest, profile: Profile) -> None:
    call = only(encode(replace(edit, prompt="ein “Sofa”\r\nrot"), profile))
    assert call.method == "POST"
    assert call.url == "https://h.example/x/v1/images/edits"
    headers = dict(call.headers)
    assert headers["Content-Length"] == str(len(call.body))
    assert headers["Accept"] == "application/json"
    names = [str(part.get_param("name", header="content-disposition")) for part in parts_of(call)]
    assert names == ["model", "prompt", "size", "image", "mask"]
    assert fields_of(call) == {"model": "any-model", "prompt": "ein “Sofa”\r\nrot", "size": "auto"}
    for name, filename in (("image", "image.png"), ("mask", "mask.png")):
        part = file_of(call, name)
        assert part.get_filename() == filename
        assert part.get_content_type() == "image/png"
    assert call.body == only(encode(replace(edit, prompt="ein “Sofa”\r\nrot"), profile)).body


def test_the_users_file_name_and_ids_stay_at_home(edit: EditRequest, profile: Profile) -> None:
    call = only(encode(edit, profile))
    for secret in (edit.document_name, edit.document_id + edit.id, "holiday"):
        assert secret.encode() not in call.body
        assert secret not in repr(call)


def test_the_picture_is_eight_bit_rgb_of_the_sent_size(edit: EditRequest, profile: Profile) -> None:
    mode, pixels = pixels_of(only(encode(edit, profile)), "image")
    assert mode == "RGB"
    assert np.array_equal(pixels, send_picture(edit))


def test_transparency_is_sent_as_rgba(edit: EditRequest, profile: Profile) -> None:
    alpha = np.full((40, 60), 255, np.uint8)
    alpha[0] = 7
    clear = replace(edit, picture=np.dstack((edit.picture, alpha)))
    mode, pixels = pixels_of(only(encode(clear, profile)), "image")
    assert mode == "RGBA"
    assert np.array_equal(pixels, clear.picture)


def test_the_dual_mask_reads_as_transparent_and_as_white(edit: EditRequest, profile: Profile) -> None:
    mode, mask = pixels_of(only(encode(edit, profile)), "mask")
    painted = edit.coverage > 0
    assert mode == "RGBA"
    assert mask.shape == (40, 60, 4)
    assert (mask[painted] == (255, 255, 255, 0)).all()
    assert (mask[~painted] == (0, 0, 0, 255)).all()


def test_other_conventions_and_the_inversion_reach_the_wire(edit: EditRequest, profile: Profile) -> None:
    painted = edit.coverage > 0
    white = replace(profile, mask_convention=MaskConvention.WHITE)
    mode, mask = pixels_of(only(encode(edit, white)), "mask")
    assert mode == "RGB"
    assert np.array_equal(mask[..., 0] == 255, painted)
    opaque = replace(profile, mask_convention=MaskConvention.OPAQUE, invert_mask=True)
    _mode, mask = pixels_of(only(encode(edit, opaque)), "mask")
    assert np.array_equal(mask[..., 3] == 0, painted)


def understood(mask: U8, convention: MaskConvention) -> U8:
    """What a reader of the convention takes for the pixels to edit."""
    match convention:
        case MaskConvention.WHITE:
            return np.asarray(Image.fromarray(mask).convert("L")) >= 128
        case MaskConvention.OPAQUE:
            return mask[..., 3] == 255
        case MaskConvention.TRANSPARENT | MaskConvention.IGNORED:
            return mask[..., 3] == 0


@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20))),
    st.sampled_from(MaskConvention),
    st.booleans(),
)
def test_every_convention_gives_back_the_same_plane(
    coverage: U8, convention: MaskConvention, invert: bool
) -> None:
    mask = mask_picture(coverage, convention, invert)
    assert mask.shape[2] == (3 if convention is MaskConvention.WHITE else 4)
    assert np.array_equal(understood(mask, convention) != invert, coverage > 0)


def test_a_reduced_mask_keeps_a_single_pixel(edit: EditRequest, profile: Profile) -> None:
    coverage = np.zeros((40, 60), np.uint8)
    coverage[21, 33] = 1
    plan = EditPlan(Rect(0, 0, 60, 40), Rect(33, 21, 1, 1), Size(20, 20), Rect(0, 3, 20, 13), 1 / 3)
    request = replace(edit, coverage=coverage, plan=plan)
    _mode, mask = pixels_of(only(encode(request, profile)), "mask")
    assert mask.shape == (20, 20, 4)
    assert np.array_equal(mask[..., 3] == 0, send_coverage(request) > 0)
    assert (mask[3:16, :, 3] == 0).any()


def test_without_a_mask_there_is_no_mask_part(edit: EditRequest, profile: Profile) -> None:
    call = only(encode(replace(edit, has_mask=False), profile))
    assert b'name="mask"' not in call.body


def test_parameters_go_under_their_wire_names_with_a_point(edit: EditRequest, profile: Profile) -> None:
    request = replace(
        edit,
        n=3,
        size=Size(512, 768),
        parameters={"strength": 0.75, "guidance": 7.5, "steps": 28.0, "seed": 42, "quality": "low"},
        extras={"watermark": False, "ratio": 1.25, "user": "ä"},
    )
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in ("de_DE.UTF-8", "C.UTF-8"):
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
            fields = fields_of(only(encode(request, profile)))
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert fields == {
        "model": "any-model",
        "prompt": "a lamp",
        "n": "3",
        "size": "512x768",
        "strength": "0.75",
        "guidance_scale": "7.5",
        "num_inference_steps": "28",
        "seed": "42",
        "quality": "low",
        "watermark": "false",
        "ratio": "1.25",
        "user": "ä",
    }


def test_what_the_model_does_not_take_is_not_sent(edit: EditRequest, catalogue: Catalogue) -> None:
    local = catalogue.profiles["local"]
    request = replace(
        edit, model="auto", size=Size(60, 40), parameters={"seed": 1, "strength": 0.5, "nonsense": 1}
    )
    assert fields_of(only(encode(request, local))) == {"model": "auto", "seed": "1"}


def test_a_model_with_published_sizes_is_told_the_planned_one(
    edit: EditRequest, catalogue: Catalogue
) -> None:
    fields = fields_of(only(encode(replace(edit, model="gpt-image-1"), catalogue.profiles["openai"])))
    assert fields == {"model": "gpt-image-1", "prompt": "a lamp", "size": "60x40"}


def test_the_profiles_own_extras_go_along_and_yield_to_the_requests(
    edit: EditRequest, profile: Profile
) -> None:
    own = replace(profile, extras={"user": "house", "tier": "fast"})
    fields = fields_of(only(encode(replace(edit, extras={"user": "me"}), own)))
    assert (fields["user"], fields["tier"]) == ("me", "fast")


@pytest.mark.parametrize("name", ["image", "image[]", "mask", "prompt", "model", "n", "size", ""])
def test_an_extra_cannot_take_the_place_of_a_field(edit: EditRequest, profile: Profile, name: str) -> None:
    with pytest.raises(UsageError):
        encode(replace(edit, extras={name: "x"}), profile)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strength", 1.01),
        ("strength", -0.1),
        ("strength", float("nan")),
        ("strength", "much"),
        ("steps", 0),
        ("steps", 2.5),
        ("steps", float("inf")),
        ("seed", -1),
        ("quality", "best"),
    ],
)
def test_values_out_of_range_are_refused(
    edit: EditRequest, profile: Profile, name: str, value: float | str
) -> None:
    with pytest.raises(UsageError) as caught:
        encode(replace(edit, parameters={name: value}), profile)
    assert name in caught.value.message


@pytest.mark.parametrize(
    ("n", "most", "sizes"), [(1, 1, (1,)), (3, 1, (1, 1, 1)), (8, 8, (8,)), (10, 4, (4, 4, 2)), (0, 4, (1,))]
)
def test_more_images_than_a_call_gives_become_several_calls(
    catalogue: Catalogue, n: int, most: int, sizes: tuple[int, ...]
) -> None:
    assert call_sizes(n, most) == sizes
    local = catalogue.profiles["local"]
    card = replace(local.models[0], max_n=most)
    assert replace(local, models=(card,)).most_at_once(card.id, {}) == most
    without = replace(card, takes=frozenset({"seed"}))
    assert replace(local, models=(without,)).most_at_once(card.id, {}) == 1


def test_a_stream_brings_one_image_so_several_are_several_calls(
    edit: EditRequest, catalogue: Catalogue
) -> None:
    openai = catalogue.profiles["openai"]
    asked = replace(edit, model="gpt-image-1", n=3)
    assert [call.n for call in encode(asked, openai)] == [3]
    calls = encode(replace(asked, parameters={"partial_images": 2}), openai)
    assert [call.n for call in calls] == [1, 1, 1]
    assert all(fields_of(call)["stream"] == "true" and "n" not in fields_of(call) for call in calls)
    assert [call.n for call in encode(replace(asked, parameters={"partial_images": 0}), openai)] == [3]


def test_seeds_are_counted_on_over_the_calls(edit: EditRequest, profile: Profile) -> None:
    single = replace(profile, unlisted=replace(profile.card("x"), max_n=2))
    calls = encode(replace(edit, n=5, parameters={"seed": 2**31 - 3}), single)
    assert [call.n for call in calls] == [2, 2, 1]
    assert [call.seed for call in calls] == [2**31 - 3, 2**31 - 1, 1]
    assert [fields_of(call)["seed"] for call in calls] == [str(call.seed) for call in calls]
    assert len({hashlib.sha256(call.body).digest() for call in calls}) == 3
    unseeded = encode(replace(edit, n=2), replace(profile, unlisted=replace(profile.card("x"), max_n=1)))
    assert [call.seed for call in unseeded] == [None, None]
    assert "seed" not in fields_of(unseeded[0])
    assert "n" not in fields_of(unseeded[0])


@given(st.text(max_size=40))
def test_any_prompt_is_byte_exact(text: str) -> None:
    part = text_part("prompt", text)
    assert part.data == text.encode()


def test_half_a_surrogate_pair_does_not_stop_an_edit() -> None:
    assert text_part("prompt", "a\ud83d").data == b"a?"
