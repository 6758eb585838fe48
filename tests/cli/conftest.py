"""A small photograph with a mask, the command line as a function, and a gateway on loopback."""

import base64
import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from app.cli.main import run_command

SIZE = (160, 120)
MASKED = (slice(40, 70), slice(60, 100))


def picture(seed: int = 3) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(120, 160, 3): a slope with grain, so that any misplaced pixel shows."""
    rng = np.random.default_rng(seed)
    ys, xs = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    base = np.stack([xs, ys * 2, 255 - xs], axis=2)
    return np.clip(base + rng.integers(-9, 10, base.shape), 0, 255).astype(np.uint8)


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    """A JPEG-free PNG with an ICC profile that is not sRGB's bytes."""
    path = tmp_path / "photo.png"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(picture()).save(path, icc_profile=profile)
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """White where the photograph is to be edited."""
    plane = np.zeros((SIZE[1], SIZE[0]), np.uint8)
    plane[MASKED] = 255
    path = tmp_path / "mask.png"
    Image.fromarray(plane).save(path)
    return path


@dataclass(frozen=True)
class Outcome:
    """What one command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def maskroom(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run one command line in this process."""

    def run(*words: object) -> Outcome:
        capsys.readouterr()
        code = run_command([str(word) for word in words])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(code, captured.out, captured.err)

    return run


@dataclass
class Gateway:
    """A scripted `/v1/images/edits` that remembers what it got."""

    base_url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    reply: bytes = b""
    models: bytes = b'{"data": []}'
    models_status: int = 200
    headers_out: dict[str, str] = field(default_factory=dict)
    """Further headers of every answer."""
    busy_first: int = 0
    """So many calls are answered with 429 first."""
    refuse_from: int = 10_000
    """From this call on answer with 400."""
    stall_from: int = 10_000
    """From this call on send half of the reply and then nothing, until the client goes."""

    def answer_with(self, image: np.ndarray[Any, np.dtype[np.uint8]], revised_prompt: str = "") -> None:
        """Reply with this (h, w, 3) picture."""
        file = io.BytesIO()
        Image.fromarray(image).save(file, "PNG")
        item = {"b64_json": base64.b64encode(file.getvalue()).decode(), "revised_prompt": revised_prompt}
        self.reply = json.dumps({"created": 1, "data": [item]}).encode()


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """The gateway, in a thread of its own."""
    state = Gateway("")
    counting = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with counting:
                state.bodies.append(body)
                number = len(state.bodies)
            state.headers.append({key.lower(): value for key, value in self.headers.items()})
            is_busy = number <= state.busy_first
            self.send_response(429 if is_busy else 400 if number >= state.refuse_from else state.status)
            for name, value in state.headers_out.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(state.reply)))
            self.send_header("x-request-id", "req-test-7")
            self.end_headers()
            if number >= state.stall_from:
                self.wfile.write(state.reply[: len(state.reply) // 2])
                self.wfile.flush()
                self.rfile.read(1)
            else:
                self.wfile.write(state.reply)

        def do_GET(self) -> None:
            self.send_response(state.models_status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(state.models)))
            self.end_headers()
            self.wfile.write(state.models)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.base_url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()
