"""Maskroom's client against aimock, which answers from fixtures as gateways answer."""

import base64
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.peers.conftest import PEERS, Subject, free_port, running, wait_for

Run = Callable[..., Any]
PROGRAM = PEERS / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"
GREEN = (10, 200, 30)


def fixtures() -> dict[str, Any]:
    """A picture, a policy refusal and an answer without a picture, by what the prompt says."""
    file = io.BytesIO()
    Image.fromarray(np.full((256, 256, 3), GREEN, np.uint8)).save(file, "PNG")
    green = {"b64Json": base64.b64encode(file.getvalue()).decode(), "revisedPrompt": "a green field"}
    blocked = {
        "message": "Your request was rejected by the safety system.",
        "type": "image_generation_user_error",
        "code": "moderation_blocked",
    }
    return {
        "fixtures": [
            {"match": {"userMessage": "green"}, "response": {"image": green}},
            {
                "match": {"endpoint": "image", "userMessage": "forbidden"},
                "response": {"error": blocked, "status": 400},
            },
            {"match": {"userMessage": "nothing"}, "response": {"images": []}},
        ]
    }


@pytest.fixture(scope="module")
def aimock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        pytest.skip("aimock needs node and npm")
    folder = tmp_path_factory.mktemp("aimock")
    log, port = folder / "log.txt", free_port()
    (folder / "fixtures.json").write_text(json.dumps(fixtures()), encoding="utf-8")
    command = [node, str(PROGRAM), "--port", str(port), "--fixtures", str(folder / "fixtures.json")]
    with running(command, log) as process:
        wait_for(f"http://127.0.0.1:{port}/v1/models", process, log)
        yield f"http://127.0.0.1:{port}/v1"


@pytest.fixture
def edit(maskroom: Run, aimock: str, subject: Subject, tmp_path: Path) -> Run:
    """One edit with a prompt."""
    done = maskroom(
        *("providers", "set", "peer", "--dialect", "openai-multipart"),
        *("--base-url", aimock, "--model", "gpt-image-2"),
    )
    assert done.code == 0, done.err

    def run(prompt: str) -> Any:
        return maskroom(
            *("edit", subject.photograph, "--mask", subject.mask, "--provider", "peer"),
            *("--prompt", prompt, "--output", tmp_path / "out.png", "--json"),
        )

    return run


def test_a_picture_is_laid_into_the_mask_alone(edit: Run, subject: Subject, tmp_path: Path) -> None:
    done = edit("a green field")
    assert done.code == 0, done.err
    (result,) = done.json["results"]
    assert result["outside_changed_pixels"] == 0
    assert result["revised_prompt"] == "a green field"
    with Image.open(tmp_path / "out.png") as image:
        after = np.asarray(image)
    assert np.array_equal(after[subject.keep], subject.pixels[subject.keep])
    assert not np.array_equal(after[~subject.keep], subject.pixels[~subject.keep])


@pytest.mark.parametrize(
    ("prompt", "code", "said"),
    [
        ("something forbidden", 3, "safety system"),
        ("nothing at all", 5, "no image"),
        ("what no fixture knows", 3, "No fixture matched"),
    ],
)
def test_what_is_no_picture_is_a_typed_error(
    edit: Run, tmp_path: Path, prompt: str, code: int, said: str
) -> None:
    done = edit(prompt)
    assert done.code == code
    assert said in done.json["error"]["message"]
    assert not (tmp_path / "out.png").exists()
