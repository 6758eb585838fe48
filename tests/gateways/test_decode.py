"""Replies in every shape that was seen, and those that nobody has seen yet: an image or a typed error."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.base.errors import BadReply, ExitCode, GatewayError, PhotographError, Refused, Unreachable
from app.edits.types import ReceivedImage, Usage
from app.gateways.decode import LinkedImage, Reply, decode_reply
from app.gateways.picture_data import SLICE, decode_base64
from app.imaging.codecs import decode_picture, encode_png

KEY = "sk-planted-0123456789"
PNG = encode_png(np.zeros((3, 4, 3), np.uint8))
OTHER = encode_png(np.full((3, 4, 3), 9, np.uint8))
B64 = base64.b64encode(PNG).decode()
JSON = (("Content-Type", "application/json"), ("X-Request-Id", "req-7"))


def decode(content: object, status: int = 200, **more: object) -> Reply:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return decode_reply(status, JSON, body, hide=lambda text: text.replace(KEY, "•••"), **more)  # type: ignore[arg-type]


def pictures(reply: Reply) -> list[bytes]:
    return [image.data for image in reply.images if isinstance(image, ReceivedImage)]


@pytest.mark.parametrize(
    "content",
    [
        {"data": [{"b64_json": B64}]},
        {"data": {"b64_json": B64}},
        {"data": {"0": {"b64_json": B64}}},
        {"data": [B64]},
        {"data": B64},
        {"data": {"images": [{"b64_json": B64}]}},
        {"data": [{"b64_json": None, "url": f"data:image/png;base64,{B64}"}]},
        {"data": [{"image_url": {"url": f"data:image/png;base64,{B64}"}}]},
        {"images": [{"b64_json": B64}]},
        {"b64_json": B64},
        [{"b64_json": B64}],
        {"data": [{"b64_json": f"data:image/png;base64,{B64}"}]},
        {"data": [{"b64_json": B64.rstrip("=")}]},
        {"data": [{"b64_json": base64.urlsafe_b64encode(PNG).decode()}]},
        {"data": [{"b64_json": "\r\n".join(B64[i : i + 76] for i in range(0, len(B64), 76))}]},
        {"data": [{"b64_json": f"  {B64}\n"}]},
        {"data": [{"b64_json": B64}], "error": None},
        PNG,
        json.dumps({"data": [{"b64_json": B64}]}).encode("utf-16"),
        {"data": [{"b64_json": B64}], "created": 2**80, "usage": {"total_tokens": 10**30}},
        {"data": [{"b64_json": B64, "note": "half \ud800"}], "score": float("nan")},
        b"\xef\xbb\xbf" + json.dumps({"data": [{"b64_json": B64}]}).encode(),
    ],
)
def test_every_known_shape_gives_the_same_bytes(content: object) -> None:
    reply = decode(content)
    assert pictures(reply) == [PNG]
    assert reply.request_id == "req-7"
    assert reply.errors == ()


def test_images_keep_their_order_also_in_a_map_of_numbers() -> None:
    content = {"data": {"10": {"b64_json": base64.b64encode(OTHER).decode()}, "9": {"b64_json": B64}}}
    assert pictures(decode(content, asked=2)) == [PNG, OTHER]


def test_links_are_named_not_followed() -> None:
    reply = decode(
        {"data": [{"url": "/files/1.png", "revised_prompt": "r"}, {"image": "https://h/2"}]}, asked=2
    )
    assert reply.images == (LinkedImage("/files/1.png", "r"), LinkedImage("https://h/2"))


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"data": []},
        {"data": None},
        {"data": {}},
        {"data": [{}]},
        {"data": [{"b64_json": ""}]},
        {"data": [None, 3, {"b64_json": 7}]},
        {"data": [{"b64_json": "%%%"}]},
        {"data": [{"b64_json": base64.b64encode(b"<html>").decode()}]},
        [],
        None,
        "text",
        3,
        b"",
        b"  \n",
        b"<html><body>Hello</body></html>",
        json.dumps({"data": [{"b64_json": B64}]}).encode()[:-30],
        b"data: {}\n\n",
        b"\xff\xfe\x00",
    ],
)
def test_a_good_status_without_an_image_is_an_error_with_its_request_id(content: object) -> None:
    with pytest.raises(BadReply) as caught:
        decode(content)
    error = caught.value
    assert error.exit_code is ExitCode.BAD_REPLY
    assert error.request_id == "req-7"
    assert error.message
    assert error.hint


def test_some_images_are_better_than_none() -> None:
    reply = decode({"data": [{"b64_json": B64}, {"b64_json": "%%"}, {}]}, asked=3)
    assert pictures(reply) == [PNG]
    assert len(reply.errors) == 2
    assert "2" in reply.errors[0]
    fewer = decode({"data": [{"b64_json": B64}]}, asked=4)
    assert "1 of 4" in fewer.errors[0]


def test_words_and_figures_are_kept_where_they_are_sound() -> None:
    reply = decode(
        {
            "data": [{"b64_json": B64, "revised_prompt": "a red sofa", "seed": 12}],
            "usage": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7},
        }
    )
    assert reply.images == (ReceivedImage(PNG, "a red sofa", 12),)
    assert reply.usage == Usage(3, 4, 7)
    other = {"prompt_tokens": 1809, "completion_tokens": None, "total_tokens": "many"}
    assert decode({"data": [B64], "usage": other}).usage == Usage(1809, None, None)
    assert decode({"data": [B64], "usage": "none"}).usage is None
    assert decode({"data": [{"b64_json": B64, "revised_prompt": " ", "seed": True}]}).images == (
        ReceivedImage(PNG),
    )


def test_the_seed_that_was_sent_belongs_to_a_single_image_only() -> None:
    one = decode({"data": [B64]}, asked=1, seed=5).images[0]
    two = decode({"data": [B64, B64]}, asked=2, seed=5).images
    assert one.seed == 5
    assert [image.seed for image in two] == [None, None]


@given(st.binary(max_size=400), st.integers(1, 90), st.booleans())
def test_base64_of_any_bytes_comes_back(data: bytes, width: int, url_safe: bool) -> None:
    text = (base64.urlsafe_b64encode if url_safe else base64.b64encode)(data).decode()
    lines = "\n".join(text[i : i + width] for i in range(0, len(text), width))
    assert decode_base64(lines) == data
    assert decode_base64(lines.rstrip("=\n")) == data


def test_base64_is_sliced_without_a_seam() -> None:
    data = np.random.default_rng(1).bytes(SLICE + 12_345)
    text = "\n" + base64.b64encode(data).decode()
    assert decode_base64(text) == data


@pytest.mark.parametrize("text", ["a", "ab=c", "äöü=", "YWJj!", "=AAA"])
def test_what_is_no_base64_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        decode_base64(text)


def error_body(message: str, code: object = None, type_: str = "invalid_request_error") -> dict[str, object]:
    return {"error": {"message": message, "type": type_, "code": code}}


REFUSALS = [
    (401, error_body("bad", "invalid_api_key"), "key_refused", "key was refused"),
    (401, b"", "key_refused", "key was refused"),
    (403, error_body("organization must be verified"), "forbidden", "must be verified"),
    (402, b"", "billing", "no credit"),
    (429, error_body("quota", "insufficient_quota"), "billing", "no credit"),
    (
        400,
        error_body("Your request was rejected by the safety system", "moderation_blocked"),
        "policy",
        "policy",
    ),
    (400, error_body("blocked", None, "image_generation_user_error"), "policy", "policy"),
    (404, error_body("The model `x` does not exist", "model_not_found"), "unknown_model", "does not exist"),
    (404, b"<html>nginx</html>", "wrong_address", "no image edits"),
    (405, b"", "wrong_address", "no image edits"),
    (400, error_body("no", "model_capability_mismatch"), "model_cannot_edit", "cannot edit"),
    (413, b"<html>413</html>", "too_large", "too large"),
    (
        422,
        {"detail": [{"loc": ["body", "size"], "msg": "field required"}]},
        "refused",
        "size: field required",
    ),
    (400, {"detail": "no such thing"}, "refused", "no such thing"),
    (400, {"error": "just text"}, "refused", "just text"),
    (400, {"message": "top level"}, "refused", "top level"),
    (400, b"plain words", "refused", "plain words"),
    (429, b"", "rate_limited", "no more requests"),
    (302, b"", "redirected", "elsewhere"),
    (200, error_body("inside a 200", "model_not_found"), "unknown_model", "inside a 200"),
    (
        400,
        error_body(
            'litellm.BadRequestError: X - {"error": {"message": "inner", "code": "model_not_found"}}', "400"
        ),
        "unknown_model",
        "inner",
    ),
    (500, error_body("litellm.AuthenticationError: bad", "401"), "key_refused", "key was refused"),
    (
        400,
        error_body(
            "litellm: Error code: 404 - {'error': {'message': 'no \\'x\\'', 'code': 'unknown_model'}}", "400"
        ),
        "unknown_model",
        "no",
    ),
    (402, error_body("top up", "insufficient_credits"), "billing", "top up"),
    (400, error_body("image too large", "image_too_large"), "too_large", "image too large"),
    (400, error_body("slow", "rate_limit_exceeded"), "rate_limited", "slow"),
]
NEXT_STEPS = [
    (401, b"", "key"),
    (402, b"", "credit"),
    (400, error_body("no", "moderation_blocked"), "request id"),
    (404, error_body("m", "model_not_found"), "list of models"),
    (400, error_body("m", "model_capability_mismatch"), "another model"),
    (413, b"<html><h1>413 Request Entity Too Large</h1></html>", "smaller size"),
    (429, b"", "Wait"),
    (404, b"<html>", "/v1"),
    (500, b"", "billed"),
]


@pytest.mark.parametrize(("status", "content", "code", "told"), REFUSALS)
def test_each_refusal_has_its_sentence_and_next_step(
    status: int, content: object, code: str, told: str
) -> None:
    with pytest.raises(Refused) as caught:
        decode(content, status)
    error = caught.value
    assert error.code == code
    assert told in error.message
    assert error.hint
    assert error.request_id == "req-7"
    assert error.exit_code is ExitCode.REFUSED


@pytest.mark.parametrize(("status", "content", "step"), NEXT_STEPS)
def test_each_refusal_tells_what_to_do(status: int, content: object, step: str) -> None:
    with pytest.raises(GatewayError) as caught:
        decode(content, status)
    assert step in caught.value.hint


@pytest.mark.parametrize("status", [400, 413, 422, 429, 500, 503])
def test_the_built_in_engine_is_no_provider(status: int) -> None:
    with pytest.raises(GatewayError) as caught:
        decode(error_body("The mask is empty."), status, here=True)
    told = f"{caught.value.message} {caught.value.hint}"
    assert "built-in engine" in told
    assert "The mask is empty." in told
    assert "provider" not in told
    assert "billed" not in told


@pytest.mark.parametrize(
    ("status", "message", "sent_urls", "code"),
    [
        (400, "images[0].image_url must be an http URL", True, "wants_links"),
        (422, "Invalid url scheme: data:", True, "wants_links"),
        (400, "images[0].image_url must be an http URL", False, "refused"),
        (400, "The size is not supported", True, "refused"),
        (401, "see the url in the docs", True, "key_refused"),
        (500, "cannot fetch url", True, "provider_fault"),
    ],
)
def test_a_provider_that_wants_links_is_told_as_that(
    status: int, message: str, sent_urls: bool, code: str
) -> None:
    with pytest.raises(GatewayError) as caught:
        decode(error_body(message), status, sent_urls=sent_urls)
    assert caught.value.code == code
    if code == "wants_links":
        assert "only links" in caught.value.message
        assert "no other host" in caught.value.hint


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"param": "images[0].image_url"}, "wants_links"),
        ({"code": "invalid_image_url"}, "wants_links"),
        ({"param": "size"}, "refused"),
        ({"param": None}, "refused"),
    ],
)
def test_a_link_may_be_named_beside_the_message(more: dict[str, object], code: str) -> None:
    body = {"error": {"message": "Invalid value.", "type": "invalid_request_error", **more}}
    with pytest.raises(GatewayError) as caught:
        decode(body, 400, sent_urls=True)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("kind", "code"),
    [("server_error", "provider_fault"), ("upstream_error", "provider_fault"), ("odd", "refused")],
)
def test_an_error_inside_a_success_has_no_status_to_tell(kind: str, code: str) -> None:
    with pytest.raises(GatewayError) as caught:
        decode(error_body("boom", None, kind))
    assert caught.value.code == code
    assert "200" not in caught.value.message


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524, 408])
def test_a_fault_over_there_says_that_it_may_be_billed(status: int) -> None:
    with pytest.raises(Unreachable) as caught:
        decode(error_body("boom", "upstream_error"), status)
    assert caught.value.exit_code is ExitCode.UNREACHABLE
    assert "billed" in caught.value.hint
    assert str(status) in caught.value.message


def test_waiting_is_told_in_seconds() -> None:
    with pytest.raises(Refused) as caught:
        decode_reply(429, (("Retry-After", "17"),), b"")
    assert "17 s" in caught.value.hint
    assert caught.value.retryable


def test_a_missing_key_is_told_as_missing() -> None:
    with pytest.raises(Refused, match="wants a key"):
        decode(b"", 401, had_key=False)


@pytest.mark.parametrize("status", [200, 400, 401, 403, 429, 500])
def test_no_error_repeats_the_key(status: int) -> None:
    for content in (
        error_body(f"Incorrect API key provided: {KEY}"),
        f"<html>{KEY}".encode(),
        f"plain {KEY}".encode(),
    ):
        with pytest.raises(GatewayError) as caught:
            decode(content, status)
        error = caught.value
        assert KEY not in f"{error!r} {error.message} {error.hint} {error.details}"


def test_a_strangers_text_is_one_short_line() -> None:
    with pytest.raises(Refused) as caught:
        decode(error_body("a\n\x1b[31mb" + "x" * 5000), 400)
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(
    "body", [PNG[:20], PNG[:-20], b"\x89PNG\r\n", b"<html>" + PNG], ids=["head", "most", "magic", "wrapped"]
)
def test_cut_off_bytes_are_an_error(body: bytes) -> None:
    with pytest.raises(BadReply) as caught:
        decode(body)
    assert caught.value.request_id == "req-7"


def test_half_a_jpeg_is_kept_and_shows_what_is_missing_when_it_is_opened() -> None:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(file, "JPEG")
    half = file.getvalue()[: file.tell() // 2]
    assert decode(half).images == (ReceivedImage(half),)
    with pytest.raises(PhotographError):
        decode_picture(half)


def test_the_format_is_that_of_the_bytes_whatever_the_name_says() -> None:
    file = io.BytesIO()
    Image.new("RGB", (4, 3)).save(file, "JPEG")
    jpeg = file.getvalue()
    item = {"b64_json": base64.b64encode(jpeg).decode(), "output_format": "png", "filename": "image.png"}
    assert pictures(decode({"data": [item]})) == [jpeg]
    raw = decode_reply(200, (("Content-Type", "image/png"),), jpeg)
    assert pictures(raw) == [jpeg]


@pytest.mark.parametrize(
    ("location", "told"),
    [("https://elsewhere.example/v1", "https://elsewhere.example/v1"), ("/v1/x", "base URL")],
)
def test_a_redirect_says_where_it_leads_if_that_is_an_address(location: str, told: str) -> None:
    with pytest.raises(Refused) as refused:
        decode_reply(307, (("Location", location),), b"")
    assert told in refused.value.hint
    assert (location in refused.value.hint) == location.startswith("https")
