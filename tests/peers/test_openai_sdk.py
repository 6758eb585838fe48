"""Case 68: the real `openai` SDK as a client of a real `maskroom serve`."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.peers.conftest import Subject, plain_environment

CLIENT = Path(__file__).with_name("sdk_client.py")
USAGE = {
    "input_tokens": 0,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 0},
    "output_tokens": 0,
    "total_tokens": 0,
}


@pytest.fixture(scope="module")
def told(peers_python: Path, served: str, subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the SDK was told, by one conversation."""
    folder = tmp_path_factory.mktemp("sdk")
    with Image.open(subject.mask) as plane:
        alpha = Image.eval(plane, lambda value: 255 - value)
    Image.merge("RGBA", (alpha, alpha, alpha, alpha)).save(folder / "mask.png")
    done = subprocess.run(
        [peers_python, CLIENT, served, subject.photograph, folder / "mask.png", folder],
        env=plain_environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def pixels(path: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def assert_healed(path: str, subject: Subject) -> None:
    result = pixels(path)
    assert np.array_equal(result[subject.keep], subject.pixels[subject.keep])
    assert not np.array_equal(result[~subject.keep], subject.pixels[~subject.keep])


def test_an_edit_keeps_every_pixel_outside_the_mask(told: Any, subject: Subject) -> None:
    first, second = told["b64"]
    assert_healed(first, subject)
    assert_healed(second, subject)
    assert not np.array_equal(pixels(first), pixels(second))
    assert told["seeds"][1] == told["seeds"][0] + 1
    about = told["about"]
    assert about["usage"] == USAGE
    assert (about["background"], about["output_format"]) == ("opaque", "png")
    assert (about["size"], about["quality"]) == ("400x300", "high")


def test_a_link_leads_to_the_picture(told: Any, served: str, subject: Subject) -> None:
    assert told["url"].startswith(f"{served}/files/")
    with Image.open(told["linked"]) as image:
        assert image.format == "WEBP"
    assert_healed(told["linked"], subject)


def test_another_size_is_made(told: Any) -> None:
    assert pixels(told["scaled"]).shape == (1024, 1536, 3)


def test_a_stream_is_typed_as_the_sdk_types_it(told: Any, subject: Subject) -> None:
    partial, completed = told["events"]
    assert partial["class"] == "ImageEditPartialImageEvent"
    assert completed["class"] == "ImageEditCompletedEvent"
    assert partial["about"]["partial_image_index"] == 0
    assert completed["about"]["usage"] == USAGE
    for event in (partial, completed):
        assert_healed(event["file"], subject)
        assert event["about"]["size"] == "400x300"
        assert event["about"]["created_at"] > 0
    assert not np.array_equal(pixels(partial["file"]), pixels(completed["file"]))


def test_models_are_listed(told: Any) -> None:
    assert told["models"] == ["auto", "patchmatch", "instant"]
    assert told["one_model"]["object"] == "model"
    assert told["one_model"]["capabilities"] == ["image_edit"]


def test_errors_become_the_sdk_s_own(told: Any) -> None:
    kinds = {name: tuple(error[:4]) for name, error in told["errors"].items()}
    invalid = "invalid_request_error"
    assert kinds == {
        "model": ("NotFoundError", "model_not_found", "model", invalid),
        "n": ("BadRequestError", "invalid_value", "n", invalid),
        "quality": ("BadRequestError", "unsupported_value", "quality", invalid),
        "stream": ("BadRequestError", "unsupported_value", "n", invalid),
        "mask": ("BadRequestError", "missing_mask", "mask", invalid),
        "generations": ("NotFoundError", "not_found", None, invalid),
    }
    assert all(error[4].startswith("req_") for error in told["errors"].values())
