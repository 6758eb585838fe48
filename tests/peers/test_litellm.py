"""Case 69: Maskroom's client through a real LiteLLM proxy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.peers.conftest import Subject
from tests.peers.relay import Relay

Run = Callable[..., Any]


@pytest.fixture
def through_litellm(maskroom: Run, litellm: str, relay_to: Callable[[str], Relay]) -> Relay:
    """The profile `peer` leads to the proxy; the relay before it writes down what Maskroom sends."""
    before = relay_to(litellm)
    done = maskroom(
        *("providers", "set", "peer", "--dialect", "openai-multipart"),
        *("--base-url", before.base_url, "--model", "patchmatch"),
    )
    assert done.code == 0, done.err
    return before


def test_a_mask_is_the_same_behind_the_proxy_and_nothing_changes_outside(
    maskroom: Run, through_litellm: Relay, behind_litellm: Relay, subject: Subject, tmp_path: Path
) -> None:
    out = tmp_path / "out.png"
    done = maskroom(
        *("edit", subject.photograph, "--mask", subject.mask, "--provider", "peer"),
        *("--prompt", "heal “this”", "--seed", "3", "--output", out, "--json"),
    )
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert result["outside_changed_pixels"] == 0
    assert result["seed"] == 3
    with Image.open(out) as image:
        after = np.asarray(image)
    assert np.array_equal(after[subject.keep], subject.pixels[subject.keep])
    assert not np.array_equal(after[~subject.keep], subject.pixels[~subject.keep])
    (sent,), (arrived,) = through_litellm.passed, behind_litellm.passed
    assert arrived.digest("mask") == sent.digest("mask")
    assert arrived.files("image[]") == sent.files("image")


def test_what_the_proxy_refuses_is_told_with_its_reason(
    maskroom: Run, through_litellm: Relay, subject: Subject, tmp_path: Path
) -> None:
    done = maskroom(
        *("edit", subject.photograph, "--mask", subject.mask, "--provider", "peer"),
        *("--model", "no-such-model", "--prompt", "heal", "--output", tmp_path / "out.png", "--json"),
    )
    assert done.code == 3
    assert "no-such-model" in done.json["error"]["message"]
    assert not (tmp_path / "out.png").exists()


def test_the_proxy_s_models_are_listed(maskroom: Run, through_litellm: Relay) -> None:
    done = maskroom("models", "--provider", "peer", "--refresh")
    assert done.code == 0, done.err
    assert "patchmatch" in done.out
