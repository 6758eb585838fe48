"""Editing through a gateway that is not ours: what leaves, what is kept, how failures are told."""

from __future__ import annotations

import email.parser
import email.policy
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Run = Callable[..., Any]

KEY = "planted-key-4711-abcdef"


@pytest.fixture
def studio(maskroom: Run, gateway: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A provider of the user's own that speaks to the scripted gateway, with a key from the environment."""
    done = maskroom(
        "providers", "set", "my-studio", "--dialect", "openai-multipart",
        "--base-url", gateway.base_url, "--model", "some-model",
    )  # fmt: skip
    assert done.code == 0
    monkeypatch.setenv("MASKROOM_KEY_MY_STUDIO", KEY)
    return gateway


def edit(maskroom: Run, photograph: Path, mask: Path, out: Path, *words: object) -> Any:
    return maskroom(
        "edit", photograph, "--mask", mask, "--provider", "my-studio", "--output", out, "--json", *words
    )


def fields(body: bytes) -> dict[str, str]:
    """The text parts of a multipart body, read by the standard library's own parser."""
    boundary = body.partition(b"\r\n")[0][2:]
    head = b'Content-Type: multipart/form-data; boundary="' + boundary + b'"\r\n\r\n'
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    found = {}
    for part in message.iter_parts():
        if part.get_filename() is None:
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found[str(part.get_param("name", header="content-disposition"))] = content.decode()
    return found


def test_every_parameter_reaches_the_gateway_and_a_repainted_reply_stays_inside(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    studio.answer_with(np.full((512, 512, 3), (10, 200, 30), np.uint8), revised_prompt="a green field")
    out = tmp_path / "out.png"
    done = edit(
        maskroom, photograph, mask, out,
        "--prompt", "grass, “green”", "--strength", "0.7", "--guidance", "7.5", "--steps", "30",
        "--seed", "9", "--param", "quality=low", "--param", "lora=mine",
    )  # fmt: skip
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert result["revised_prompt"] == "a green field"
    assert result["request_id"] == "req-test-7"
    assert result["outside_changed_pixels"] == 0
    assert result["cost"] is None
    sent = fields(studio.bodies[0])
    assert sent["prompt"] == "grass, “green”"
    assert sent["model"] == "some-model"
    assert (sent["strength"], sent["guidance_scale"], sent["num_inference_steps"]) == ("0.7", "7.5", "30")
    assert (sent["seed"], sent["quality"], sent["lora"]) == ("9", "low", "mine")
    assert studio.headers[0]["authorization"] == f"Bearer {KEY}"
    assert b"photo.png" not in studio.bodies[0]
    with Image.open(out) as after, Image.open(photograph) as before, Image.open(mask) as plane:
        keep = np.asarray(plane) == 0
        assert np.array_equal(np.asarray(after)[keep], np.asarray(before)[keep])
        inside = np.asarray(after)[~keep].astype(int)
    assert np.abs(inside - (10, 200, 30)).max() <= 1


def test_what_is_not_asked_for_is_not_sent(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    studio.answer_with(np.zeros((64, 64, 3), np.uint8))
    edit(maskroom, photograph, mask, tmp_path / "o.png", "--prompt", "x")
    assert set(fields(studio.bodies[0])) <= {"model", "prompt", "size", "n"}


def test_a_model_that_takes_no_number_is_asked_once_for_each_variant(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    maskroom("providers", "set", "my-studio", "--fields", "seed")
    studio.answer_with(np.zeros((64, 64, 3), np.uint8))
    words = ("edit", photograph, "--mask", mask, "--provider", "my-studio", "--n", 3, "--seed", 4, "--json")
    plan = maskroom("plan", *words[1:]).json
    assert (plan["n"], plan["calls"], plan["dropped"]) == (3, 3, [])
    done = maskroom(*words, "--output", f"{tmp_path}/")
    assert [result["seed"] for result in done.json["results"]] == [4, 5, 6]
    assert sorted(fields(body)["seed"] for body in studio.bodies) == ["4", "5", "6"]
    assert all("n" not in fields(body) for body in studio.bodies)


def test_the_key_is_nowhere_on_disk(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path, maskroom_home: Path
) -> None:
    studio.answer_with(np.zeros((64, 64, 3), np.uint8))
    edit(maskroom, photograph, mask, tmp_path / "o.png", "--prompt", "x")
    studio.status, studio.reply = 401, f'{{"error":{{"message":"bad key {KEY}"}}}}'.encode()
    refused = edit(maskroom, photograph, mask, tmp_path / "p.png", "--prompt", "x")
    assert refused.code == 3
    assert KEY not in refused.out + refused.err
    for path in maskroom_home.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path


@pytest.mark.parametrize(
    ("status", "reply", "code"),
    [
        (401, b'{"error":{"message":"no","code":"invalid_api_key"}}', 3),
        (402, b'{"error":{"message":"no money","code":"insufficient_credits"}}', 3),
        (429, b'{"error":"slow down"}', 3),
        (500, b"<html>oops</html>", 4),
        (200, b"<html>welcome</html>", 5),
        (200, b'{"data":[]}', 5),
        (200, b'{"data":[{"b64_json":"bm90IGEgcGljdHVyZQ=="}]}', 5),
    ],
)
def test_failures_have_their_exit_codes_and_are_sent_once(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path,
    maskroom_home: Path, status: int, reply: bytes, code: int,
) -> None:  # fmt: skip
    studio.status, studio.reply = status, reply
    out = tmp_path / "out.png"
    done = edit(maskroom, photograph, mask, out, "--prompt", "x")
    assert done.code == code
    assert done.json["error"]["request_id"] == "req-test-7"
    assert not out.exists()
    assert len(studio.bodies) == 1
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    assert (entry["state"], entry["prompt"]) == ("failed", "x")
    assert list((maskroom_home / "spool").iterdir()) == []


def test_nobody_listens(maskroom: Run, photograph: Path, mask: Path, tmp_path: Path) -> None:
    maskroom(
        "providers", "set", "away", "--dialect", "openai-multipart",
        "--base-url", "http://127.0.0.1:9/v1", "--model", "m",
    )  # fmt: skip
    done = maskroom(
        "edit", photograph, "--mask", mask, "--provider", "away", "--prompt", "x",
        "--output", tmp_path / "o.png", "--json",
    )  # fmt: skip
    assert done.code == 4


def test_history_gives_back_the_received_bytes_and_the_composite(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    studio.answer_with(np.full((300, 300, 3), 77, np.uint8), revised_prompt="grey stone")
    out = tmp_path / "out.png"
    edit(maskroom, photograph, mask, out, "--prompt", "a stone")
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    (result,) = entry["results"]
    assert set(entry) == {"id", "state", "created", "prompt", "provider", "model", "results"}
    assert (entry["state"], result["revised_prompt"], result["width"]) == ("done", "grey stone", 300)
    raw, again = tmp_path / "raw.png", tmp_path / "again.png"
    assert maskroom("history", "export", result["id"], "--raw", "--output", raw).code == 0
    assert hashlib.sha256(raw.read_bytes()).hexdigest() == result["received_sha256"]
    photograph.unlink()
    assert maskroom("history", "export", entry["id"], "--output", again).code == 0
    with Image.open(out) as first, Image.open(again) as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))
        assert first.info["icc_profile"] == second.info["icc_profile"]
    assert len(maskroom("history", "search", "ston", "--json").json["entries"]) == 1
    assert maskroom("history", "search", "sofa", "--json").json["entries"] == []
    shown = maskroom("history", "show", entry["id"]).json
    assert shown["parents"] == []
    assert maskroom("history", "export", "nothing", "--output", raw).code == 2


def test_a_provider_that_asks_to_wait_is_told_on_stderr_and_asked_again(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    studio.answer_with(np.full((300, 300, 3), 77, np.uint8))
    studio.busy_first = 1
    studio.headers_out = {"retry-after-ms": "30", "X-RateLimit-Limit": "9", "X-RateLimit-Remaining": "8"}
    done = edit(maskroom, photograph, mask, tmp_path / "o.png", "--prompt", "x")
    assert done.code == 0
    assert done.err.count("for the provider's limit") == 1
    assert len(studio.bodies) == 2
    (result,) = done.json["results"]
    assert result["request_id"] == "req-test-7"
    (entry,) = maskroom("history", "list", "--json").json["entries"]
    shown = maskroom("history", "show", entry["id"]).json
    assert shown["request_ids"] == ["req-test-7", "req-test-7"]
    assert shown["rate_limits"] == {"limit": 9, "remaining": 8, "reset": ""}


def test_a_provider_that_asks_to_wait_for_long_is_refused_with_the_time(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    studio.status, studio.reply = 429, b"{}"
    studio.headers_out = {"Retry-After": "600"}
    done = edit(maskroom, photograph, mask, tmp_path / "o.png", "--prompt", "x")
    assert done.code == 3
    assert "10 min" in done.json["error"]["hint"]
    assert len(studio.bodies) == 1


def test_a_gateway_that_inverts_the_mask_is_told_and_harms_nothing(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    with Image.open(photograph) as before, Image.open(mask) as plane:
        picture, painted = np.asarray(before.convert("RGB")), np.asarray(plane) > 0
    reply = np.full_like(picture, 20)
    reply[painted] = picture[painted]
    studio.answer_with(reply)
    out = tmp_path / "out.png"
    done = edit(maskroom, photograph, mask, out, "--prompt", "x", "--context", "whole")
    assert done.code == 0, done.err
    assert "inverted" in done.err
    assert done.json["results"][0]["outside_changed_pixels"] == 0
    with Image.open(out) as after:
        assert np.array_equal(np.asarray(after)[~painted], picture[~painted])


def test_references_go_along_in_order_and_stay_with_the_entry(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    references: list[object] = []
    for shade in (30, 200):
        path = tmp_path / f"secret-{shade}.png"
        Image.new("RGB", (20, 10), (shade, shade, shade)).save(path)
        references += ["--reference", path]
    studio.answer_with(np.zeros((512, 512, 3), np.uint8))
    done = edit(maskroom, photograph, mask, tmp_path / "out.png", "--prompt", "x", *references)
    assert done.code == 0, done.err
    boundary = studio.bodies[0].partition(b"\r\n")[0]
    pictures = [part for part in studio.bodies[0].split(boundary) if b'name="image[]"' in part]
    shades = [
        np.asarray(Image.open(io.BytesIO(part.partition(b"\r\n\r\n")[2][:-2])))[0, 0, 0] for part in pictures
    ]
    assert len(pictures) == 3
    assert shades[1:] == [30, 200]
    assert b"secret" not in studio.bodies[0]
    done = edit(maskroom, photograph, mask, tmp_path / "out.png", "--reference", tmp_path / "nothing.png")
    assert done.code == 2


def test_plan_tells_the_very_request_and_sends_nothing(
    maskroom: Run, studio: Any, photograph: Path, mask: Path, tmp_path: Path
) -> None:
    words = ("--prompt", "a lamp", "--strength", "0.5", "--guidance", "18", "--param", "watermark=true")
    planned = maskroom("plan", photograph, "--mask", mask, "--provider", "my-studio", "--json", *words)
    assert planned.code == 0, planned.err
    assert studio.bodies == []
    assert any("artefacts" in warning for warning in planned.json["warnings"])
    request = planned.json["request"]
    assert (request["method"], request["host"]) == ("POST", studio.base_url[7:].partition("/")[0])
    studio.answer_with(np.zeros((64, 64, 3), np.uint8))
    done = edit(maskroom, photograph, mask, tmp_path / "out.png", *words)
    assert done.code == 0, done.err
    (body,) = studio.bodies
    assert len(body) == request["body_bytes"]
    assert fields(body) == {
        name: {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
        for name, value in request["fields"].items()
    }
    assert [file["field"] for file in request["files"]] == ["image", "mask"]


@pytest.mark.parametrize("refused", [False, True])
def test_islands_leave_one_by_one_and_one_that_is_refused_leaves_the_other(
    maskroom: Run, studio: Any, photograph: Path, tmp_path: Path, refused: bool
) -> None:
    """Both regions are the whole small photograph: each result still changes its own island only."""
    studio.answer_with(np.full((512, 512, 3), (10, 200, 30), np.uint8))
    if refused:
        studio.refuse_from = 2
    plane = np.zeros((120, 160), np.uint8)
    first, second = (slice(10, 20), slice(8, 20)), (slice(90, 104), slice(130, 146))
    plane[first] = plane[second] = 255
    mask, out = tmp_path / "islands.png", tmp_path / "out.png"
    Image.fromarray(plane).save(mask)
    done = edit(maskroom, photograph, mask, out, "--context", "4", "--islands", "each", "--feather", "0")
    assert done.code == 0, done.err
    assert len(studio.bodies) == 2
    assert len(done.json["results"]) == (1 if refused else 2)
    assert len(done.json["errors"]) == (1 if refused else 0)
    with Image.open(photograph) as before, Image.open(out) as after:
        changed = (np.asarray(before) != np.asarray(after)).any(axis=2)
    filled = [bool(changed[place].all()) for place in (first, second)]
    assert sum(filled) == (1 if refused else 2)
    assert not changed[plane == 0].any()
